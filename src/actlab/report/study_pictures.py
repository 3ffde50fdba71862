"""Pictures of a comparison: differences with their intervals, and every seed as a dot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .pictures import INK, PALE, PALETTE, Picture
from .study_rows import unit
from .words import say, word

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..study import Comparison

_MARKS = {"better": ("o", PALETTE[2]), "worse": ("s", PALETTE[1]), "practically equal": ("D", PALETTE[0])}


def forest(result: Comparison, lang: str) -> Picture:
    """The difference of each activation to the baseline with its 95 % interval; practically none is shaded."""
    rows = [row for row in result.rows if row.difference is not None and row.difference.mean is not None]
    scale = result.about.metric.scale

    def draw(figure: Figure, words: str) -> None:
        axes: Any = figure.subplots()
        axes.axvspan(-result.margin * scale, result.margin * scale, color=PALE, alpha=0.13, linewidth=0)
        axes.axvline(0, color=PALE, linewidth=1)
        told: set[str] = set()
        for at, row in enumerate(rows):
            other = row.difference
            if other is None or other.mean is None:
                continue
            mark, colour = _MARKS.get(other.verdict, ("X", INK))
            if other.low is not None and other.high is not None:
                axes.plot([other.low * scale, other.high * scale], [at, at], color=colour, linewidth=2.4)
            label = word(words, "verdict", other.verdict) if other.verdict not in told else None
            axes.plot(other.mean * scale, at, mark, color=colour, ms=8, label=label)
            told.add(other.verdict)
        axes.set_yticks(range(len(rows)), [row.name for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(say(words, "picture.difference", unit=unit(result, words), baseline=result.baseline))
        if told:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0.2)

    return Picture(draw, (6.6, 1.7 + 0.38 * len(rows)), say(lang, "picture.alt.forest"), lang)


def seed_dots(result: Comparison, lang: str) -> Picture:
    """The score of every run, one dot for each seed, and the mean as a line; failed runs stand at the left edge."""
    scale = result.about.metric.scale
    scores = [score * scale for row in result.rows for score in row.scores if score is not None]
    low = min(scores, default=0.0)
    edge = low - 0.06 * ((max(scores, default=1.0) - low) or 1.0)

    def draw(figure: Figure, words: str) -> None:
        axes: Any = figure.subplots()
        failed: list[tuple[float, float]] = []
        for at, row in enumerate(result.rows):
            for seed, score in enumerate(row.scores):
                # seeds keep their height within each row, so a pair can be followed from row to row
                height = at + 0.28 * math.sin(2.4 * seed)
                if score is None:
                    failed.append((edge, height))
                else:
                    axes.plot(score * scale, height, "o", ms=5, color=PALETTE[0], alpha=0.65, mew=0)
            if row.mean is not None:
                axes.plot([row.mean * scale] * 2, [at - 0.38, at + 0.38], color=PALETTE[1], linewidth=2.2)
        if failed:
            x, y = zip(*failed, strict=True)
            axes.plot(x, y, "x", color=PALETTE[1], ms=7, mew=1.8, label=say(words, "picture.failed"))
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
        axes.set_yticks(range(len(result.rows)), [row.name for row in result.rows])
        axes.set_ylim(len(result.rows) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(say(words, "picture.score", unit=unit(result, words)))

    return Picture(draw, (6.6, 1.5 + 0.45 * len(result.rows)), say(lang, "picture.alt.seeds"), lang)
