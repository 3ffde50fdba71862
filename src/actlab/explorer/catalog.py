"""The catalogue as JSON for the page: words, formulas, properties and sampled curves of every entry."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..catalogue import Entry
from ..report.curves import jumps, sample_even
from ..report.property_rows import property_labels, property_rows
from ..report.record import full, plain
from ..report.words import LANGUAGES
from ..theory.formulas import mathml

if TYPE_CHECKING:
    from ..theory import Properties

LOW, HIGH, POINTS = -6.0, 6.0, 241  # every twentieth, so that whole numbers and most kinks lie on the grid
SERIES = ("value", "slope", "curvature")


def catalog(entries: Iterable[tuple[Entry, Properties, Any]]) -> dict[str, Any]:
    """Everything the page shows.

    entries: (entry, its properties, when to use it). The result has `x`, the common places, `labels`, the order
    of property rows by language, and for each entry its
    full record, `curve` (series name -> numbers at x, null where undefined), `jumps` (places where a line breaks),
    `rows` (language -> property rows) and `mathml`.
    """
    x = [LOW + (HIGH - LOW) * step / (POINTS - 1) for step in range(POINTS)]
    return {
        "version": __version__,
        "labels": {lang: property_labels(lang) for lang in LANGUAGES},
        "x": [round(place, 6) for place in x],
        "entries": [_entry(entry, properties, usage, x) for entry, properties, usage in entries],
    }


def _entry(entry: Entry, properties: Properties, usage: Any, x: list[float]) -> dict[str, Any]:
    curves = zip(SERIES, sample_even(entry, x), strict=False)
    return {
        **plain(full(entry, properties, usage)),
        "curve": {series: [_short(number) for number in numbers] for series, numbers in curves},
        "jumps": jumps(entry),
        "rows": {lang: property_rows(properties, lang) for lang in LANGUAGES},
        "mathml": {of: mathml(entry, of) for of in ("value", "slope")},
    }


def _short(number: float) -> float | None:
    """Six significant digits are more than a screen can show; JSON has no NaN."""
    return float(f"{number:.6g}") if math.isfinite(number) else None
