"""Numbers as people read them; the same in the terminal and on pages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

MINUS = "−"
_BLOCKS = "▁▂▃▄▅▆▇█"


def number(value: float | None, digits: int = 3) -> str:
    """A number to `digits` significant digits; an empty text for None."""
    if value is None:
        return ""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if value == int(value) and abs(value) < 10**6:
        return str(int(value)).replace("-", MINUS)
    return f"{value:.{digits}g}".replace("-", MINUS)


def share(value: float | None) -> str:
    """A part of a whole in per cent; what is not nothing never shows as 0 %."""
    if value is None or math.isnan(value):
        return ""
    if 0 < value < 0.005:
        return "<1 %"
    return f"{100 * value:.0f} %"


def spark(values: Sequence[float]) -> str:
    """The numbers as a row of blocks, a space where one is not finite."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    step = (high - low) / 7 or 1.0
    return "".join(_BLOCKS[round((value - low) / step)] if math.isfinite(value) else " " for value in values)


def thinned(values: Sequence[float], most: int = 40) -> list[float]:
    """About `most` of the numbers, evenly spread."""
    return list(values[:: max(1, -(-len(values) // most))])


def shorten(items: Sequence[str], most: int = 6) -> tuple[list[str], int]:
    """The first `most` items and how many are left out; one too many is not left out."""
    return (list(items), 0) if len(items) <= most + 1 else (list(items[:most]), len(items) - most)


def same_changes(changes: Iterable[Any]) -> list[tuple[list[str], str, str]]:
    """Changes of a diff with the same old and new text together: (module paths, old, new)."""
    found: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        found.setdefault((change.old, change.new), []).append(change.path)
    return [(paths, old, new) for (old, new), paths in found.items()]


def predicted_norms(layers: Sequence[Any]) -> list[float | None]:
    """The gradient norm that theory expects at each layer, counted back from the last measured one.

    Each layer's factor leads from the next layer's gradient to its own; where a factor is missing the count starts
    again from what was measured.
    """
    expected: list[float | None] = [None] * len(layers)
    after: float | None = None
    for at in range(len(layers) - 1, -1, -1):
        factor = layers[at].predicted_gradient_factor
        expected[at] = after * factor if after is not None and factor is not None else layers[at].gradient_norm
        after = expected[at]
    return expected
