"""Pictures of activations: value and slope of one, or several laid over each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..catalogue import Entry
from .curves import Curve, reach, sample
from .pictures import INK, PALE, PALETTE, Picture, labelled, swatch
from .words import join, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curve(entry: Entry, lang: str, **params: Any) -> Picture:
    """Value and slope of one activation over its reach, kinks marked and saturation shaded."""
    drawn = sample(entry, **params)

    def draw(figure: Figure, words: str) -> None:
        axes: Any = figure.subplots()
        _zero(axes)
        axes.plot(drawn.x, drawn.value, label=say(words, "picture.value"), zorder=4, **swatch(0))
        axes.plot(drawn.x, drawn.slope, label=say(words, "picture.slope"), zorder=3, **swatch(1))
        if drawn.kinks:
            x, y = zip(*drawn.kinks, strict=True)
            axes.plot(x, y, "o", ms=6, mfc="white", mec=INK, mew=1.3, label=say(words, "picture.kink"), zorder=5)
        for low, high in drawn.saturated:
            axes.axvspan(low, high, color=PALE, alpha=0.13, linewidth=0)
        if drawn.saturated:
            axes.plot([], [], color=PALE, alpha=0.3, linewidth=7, label=say(words, "picture.saturated"))
        axes.set_title(_title(entry, params))
        axes.set_xlim(drawn.x[0], drawn.x[-1])
        labelled(axes, words, x="picture.first_score" if entry.along_axis else "picture.x")
        axes.legend(loc="best")

    return Picture(draw, (6.4, 4.0), say(lang, "picture.alt.curve", name=entry.name), lang)


def overlay(entries: Sequence[Entry], lang: str) -> Picture:
    """Values of several activations in one picture, their slopes in a second one below."""
    half = max(reach(entry) for entry in entries)
    curves = [sample(entry, -half, half) for entry in entries]

    def draw(figure: Figure, words: str) -> None:
        above, below = figure.subplots(2, 1, sharex=True)
        for axes, key in ((above, "picture.value"), (below, "picture.slope")):
            _zero(axes)
            for at, drawn in enumerate(curves):
                axes.plot(drawn.x, _series(drawn, key), label=drawn.name, **swatch(at))
            labelled(axes, words, title=key)
        above.legend(loc="best", ncols=2 if len(curves) > 4 else 1)
        labelled(below, words, x="picture.x")
        below.set_xlim(-half, half)

    names = join(lang, [entry.name for entry in entries])
    return Picture(draw, (6.4, 6.0), say(lang, "picture.alt.overlay", names=names), lang)


def sparkline(entry: Entry, lang: str) -> Picture:
    """The value alone, without axes, to stand beside a name."""
    drawn = sample(entry)

    def draw(figure: Figure, words: str) -> None:
        axes: Any = figure.subplots()
        axes.plot(drawn.x, drawn.value, color=PALETTE[0])
        axes.set_axis_off()

    return Picture(draw, (1.2, 0.7), say(lang, "picture.alt.curve", name=entry.name), lang)


def _series(drawn: Curve, key: str) -> list[float]:
    return drawn.value if key == "picture.value" else drawn.slope


def _zero(axes: Any) -> None:
    axes.axhline(0, color=PALE, linewidth=0.8, zorder=1)
    axes.axvline(0, color=PALE, linewidth=0.8, zorder=1)


def _title(entry: Entry, params: Mapping[str, Any]) -> str:
    shown = [f"{key} = {number:g}" for key, number in entry.arguments(params).items() if math.isfinite(number)]
    return f"{entry.name}  ({', '.join(shown)})" if shown else entry.name
