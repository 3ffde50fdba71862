"""A prediction told: sentences, a table, a picture with theory and measurement in it, a page."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import files
from .numbers import number, share, shorten
from .pictures import Picture, labelled, swatch, writers
from .training_pictures import name_places
from .words import join, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Group

    from ..doctor.prediction import PredictedLayer, Prediction

# the columns of the table, and from which width of a terminal each is shown
COLUMNS = {
    "place": 0,
    "call": 80,
    "signal": 0,
    "signal.theory": 0,
    "norm": 0,
    "norm.theory": 0,
    "per_layer": 90,
    "silent": 100,
    "silent.theory": 100,
}
WORDS = ("place", "call")


def sentences(found: Prediction, lang: str) -> list[str]:
    """What is to be expected, in words."""
    told = [say(lang, "predict.about", samples=found.samples, depth=found.depth)]
    if found.gradient_ratio_measured is not None:
        theory = "" if found.gradient_ratio is None else number(found.gradient_ratio)
        key = "predict.gradient" if theory else "predict.gradient.measured"
        told.append(say(lang, key, measured=number(found.gradient_ratio_measured), theory=theory))
    if found.factor is not None and found.correlation_length is not None and found.trainable_depth is not None:
        values = {"factor": number(math.sqrt(found.factor)), "length": number(found.correlation_length)}
        key = "predict.depth.ends" if math.isfinite(found.correlation_length) else "predict.depth.endless"
        told.append(say(lang, key, **values, reach=number(found.trainable_depth), depth=found.depth))
        if not found.trainable:
            told.append(say(lang, "predict.too_deep"))
    if found.born_dead is not None:
        told.append(say(lang, "predict.born_dead", share=_chance(found.born_dead)))
    if found.unknown:
        places, left = shorten(found.unknown, 4)
        more = say(lang, "list.more", count=left) if left else ""
        told.append(say(lang, "predict.unknown", places=join(lang, places) + more))
    return told


def rows(found: Prediction) -> list[dict[str, str]]:
    """One row for each place in forward order, keyed by column."""
    return [
        {
            "place": layer.path,
            "call": layer.kind,
            "signal": number(layer.signal_measured),
            "signal.theory": number(layer.signal),
            "norm": number(layer.gradient_measured),
            "norm.theory": number(layer.gradient),
            "per_layer": "" if layer.factor is None else number(math.sqrt(layer.factor)),
            "silent": share(layer.dead_measured),
            "silent.theory": share(layer.dead),
        }
        for layer in found.layers
    ]


def text(found: Prediction, lang: str, width: int) -> str:
    """The prediction as lines of at most `width` columns."""
    from .terminal import text_of

    return text_of(terminal(found, lang, width), width)


def terminal(found: Prediction, lang: str, width: int) -> Group:
    """The prediction for a terminal: sentences, then the table."""
    from .terminal import by_layer, fitted

    grid = fitted(COLUMNS, WORDS, rows(found), lang=lang, width=width)
    return by_layer("predict", found.name, sentences(found, lang), grid, lang)


def picture(found: Prediction, lang: str) -> Picture:
    """Signal and gradient after each weight operation, as theory has them and as measured."""
    layers = [layer for layer in found.layers if layer.role in ("weight", "recurrent", "attention")]

    def draw(figure: Figure, words: str) -> None:
        both: Any = figure.subplots(2, 1, sharex=True)
        for axes, part, key in zip(both, ("signal", "gradient"), ("column.signal", "column.norm"), strict=True):
            for at, kind, label, marker in ((0, f"{part}_measured", "measured", "o"), (1, part, "predicted", "D")):
                heights = [_height(layer, kind) for layer in layers]
                style = swatch(at) | ({"mfc": "none", "mew": 1.5} if at else {})
                axes.plot(heights, marker=marker, ms=5, label=say(words, f"picture.{label}"), **style)
            axes.set_yscale("log")
            labelled(axes, words, y=key)
        name_places(both[1], [layer.path for layer in layers])
        both[0].legend(loc="best")

    return Picture(draw, (6.8, 5.4), say(lang, "picture.alt.prediction"), lang)


def page(found: Prediction, lang: str) -> str:
    """A page of its own: sentences, picture, table."""
    from .rendering import render

    return render(
        "by_layer.html",
        lang,
        f"{found.name} · {say(lang, 'predict.title')}",
        found=found,
        sentences=sentences(found, lang),
        part="predict",
        picture=picture(found, lang),
        rows=rows(found),
        columns=COLUMNS,
        words=WORDS,
    )


WRITERS = writers(page, picture)


def save(found: Prediction, path: str | Path, lang: str) -> Path:
    """Write the prediction in the way the path's ending says. Raises ValueError for an ending that is not known."""
    return files.save(path, WRITERS, found, lang)


def _height(layer: PredictedLayer, part: str) -> float:
    height = getattr(layer, part)
    return math.nan if height is None or height <= 0 else height


def _chance(value: float) -> str:
    """A probability in per cent, as many digits as a small one needs."""
    return f"{number(100 * value, 2)} %" if value >= 1e-6 else "< 0.0001 %"
