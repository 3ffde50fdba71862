"""Pictures of a training: what each layer does, how the gradient fares with depth, and what a repair changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .numbers import predicted_norms
from .pictures import PALE, PALETTE, Picture, labelled, swatch
from .words import say, word

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..doctor.records import Diagnosis, LayerNumbers, Repair

MOST_HISTOGRAMS = 12
_LONG = 22  # characters of a module path that fit on an axis


def histograms(layers: Sequence[LayerNumbers], lang: str) -> Picture:
    """What each activation gives out: a small histogram for each, first layer first; at most twelve, spread evenly."""
    filled = [layer for layer in layers if sum(layer.histogram[0])]
    every = max(1, math.ceil(len(filled) / MOST_HISTOGRAMS))
    shown = filled[::every]
    columns = min(3, max(1, len(shown)))
    rows = max(1, math.ceil(len(shown) / columns))

    def draw(figure: Figure, words: str) -> None:
        grid: Any = figure.subplots(rows, columns, squeeze=False)
        for axes in list(grid.flat)[len(shown) :]:
            axes.set_axis_off()
        for axes, layer in zip(grid.flat, shown, strict=False):
            counts, edges = layer.histogram
            total = sum(counts)
            axes.stairs([count / total for count in counts], edges, fill=True, color=PALETTE[0], alpha=0.75)
            axes.set_title(_short(layer.path), fontsize=9)
            axes.tick_params(labelsize=8)
            axes.set_yticks([])
            axes.grid(visible=False)
        figure.supxlabel(say(words, "picture.output"), fontsize=10)

    return Picture(draw, (6.6, 0.5 + 1.45 * rows), say(lang, "picture.alt.histograms"), lang)


def unit_shares(layers: Sequence[LayerNumbers], lang: str) -> Picture:
    """The share of dead and of saturated units in each layer, at the end of the short training."""

    def draw(figure: Figure, words: str) -> None:
        axes: Any = figure.subplots()
        places = list(range(len(layers)))
        series = (
            ("picture.dead", [100 * layer.dead_share_end for layer in layers], PALETTE[1], "", -0.2),
            ("picture.saturated_units", [100 * layer.saturated_share_end for layer in layers], PALETTE[0], "///", 0.2),
        )
        for key, heights, colour, hatch, shift in series:
            at = [place + shift for place in places]
            axes.bar(
                at, heights, 0.38, color=colour, hatch=hatch, edgecolor="white", linewidth=0, label=say(words, key)
            )
        axes.set_ylim(0, 100)
        axes.grid(visible=False, axis="x")
        name_places(axes, [layer.path for layer in layers])
        labelled(axes, words, y="picture.percent")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)

    return Picture(draw, (6.6, 3.6), say(lang, "picture.alt.shares"), lang)


def gradient_by_depth(layers: Sequence[LayerNumbers], lang: str) -> Picture | None:
    """The gradient norm at each layer, measured and as theory predicts it; None when nothing was measured."""
    measured = [layer.gradient_norm or math.nan for layer in layers]
    if not any(math.isfinite(norm) for norm in measured):
        return None
    predicted = [norm or math.nan for norm in predicted_norms(layers)]
    has_theory = any(layer.predicted_gradient_factor is not None for layer in layers)

    def draw(figure: Figure, words: str) -> None:
        axes: Any = figure.subplots()
        places = list(range(len(layers)))
        axes.plot(places, measured, marker="o", ms=6, label=say(words, "picture.measured"), **swatch(0))
        if has_theory:
            axes.plot(
                places,
                predicted,
                marker="D",
                ms=6,
                mfc="none",
                mew=1.5,
                label=say(words, "picture.predicted"),
                **swatch(1),
            )
        axes.set_yscale("log")
        name_places(axes, [layer.path for layer in layers])
        labelled(axes, words, y="picture.gradient")
        axes.legend(loc="best")

    return Picture(draw, (6.6, 3.8), say(lang, "picture.alt.gradient"), lang)


def short_training(found: Diagnosis, lang: str) -> Picture:
    """The loss of the short training, beside what the best constant output would reach."""

    def draw(figure: Figure, words: str) -> None:
        axes: Any = figure.subplots()
        axes.plot(range(1, len(found.losses) + 1), found.losses, label=say(words, "picture.loss"), **swatch(0))
        if found.trivial_loss is not None:
            axes.axhline(found.trivial_loss, color=PALE, linestyle=":", label=say(words, "picture.trivial"))
        labelled(axes, words, x="picture.step", y="picture.loss")
        axes.legend(loc="best")

    return Picture(draw, (6.6, 3.0), say(lang, "picture.alt.loss"), lang)


def before_and_after(result: Repair, lang: str) -> Picture:
    """Training loss and held-out metric of the original and of the repaired copy, by epoch."""

    def draw(figure: Figure, words: str) -> None:
        both: Any = figure.subplots(1, 2)
        metric = word(words, "metric", result.before.metric_name)
        parts = (("loss", say(words, "picture.loss")), ("held_out", f"{say(words, 'picture.held_out')} ({metric})"))
        for axes, (part, title) in zip(both, parts, strict=True):
            for at, key, training in ((1, "picture.before", result.before), (0, "picture.after", result.after)):
                values = getattr(training, part)
                axes.plot(range(1, len(values) + 1), values, label=say(words, key), **swatch(at))
            axes.set_title(title)
            labelled(axes, words, x="picture.epoch")
        if result.before.metric_name == "accuracy":
            both[1].set_ylim(0, 1.02)
        both[0].legend(loc="best")

    return Picture(draw, (7.0, 3.2), say(lang, "picture.alt.repair"), lang)


def _short(path: str) -> str:
    return path if len(path) <= _LONG else f"…{path[1 - _LONG :]}"


def name_places(axes: Any, paths: Sequence[str]) -> None:
    """Module paths along the horizontal axis, as many as can be read."""
    every = max(1, math.ceil(len(paths) / 24))
    places = list(range(0, len(paths), every))
    longest = max(map(len, paths), default=0)
    slant = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if longest * len(places) > 60 else {}
    axes.set_xticks(places, [_short(paths[place]) for place in places], fontsize=8.5, **slant)
