"""An activation sampled for drawing: value, slope, curvature, with gaps where they jump."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..catalogue import Entry, at_kink
from ..catalogue.entry import OWN
from ..theory.evaluate import evaluate, slope, value
from ..theory.function import function_of
from ..theory.rows import companions, first_moves
from ..theory.shape import corners

SAMPLES = 241
SATURATED = 0.01  # a slope this small passes no gradient worth having


@dataclass(frozen=True)
class Curve:
    """Sampled numbers of one activation; NaN marks a jump, so that a line breaks there.

    x: the places, rising. value, slope, curvature: one number for each place; an along-axis entry has no curvature
    and is drawn as its first output while the first score of a row moves and the others stay.
    kinks: (place, value there). saturated: intervals of x where |slope| < 0.01.
    """

    name: str
    x: list[float]
    value: list[float]
    slope: list[float]
    curvature: list[float]
    kinks: tuple[tuple[float, float], ...]
    saturated: tuple[tuple[float, float], ...]


def kinks(entry: Entry, **params: Any) -> tuple[float, ...]:
    """The places of the declared kinks, for these parameters; those found, of a function made with `actlab.define`."""
    if entry.source == OWN and not entry.along_axis:
        return tuple(corner.at for corner in corners(function_of(entry, "a kink", **params)))
    arguments = entry.arguments(params)
    return tuple(sorted(float(evaluate(at_kink(kink.at, arguments), 0.0, arguments)) for kink in entry.kinks))


def reach(entry: Entry, **params: Any) -> float:
    """Half the width of the interval that shows the whole shape: all kinks, and some swings of an oscillation."""
    far = max((abs(place) for place in kinks(entry, **params)), default=0.0)
    if entry.along_axis:
        return 5.0
    slopes = slope(entry, [step / 2 for step in range(-20, 21)], **params).tolist()
    turns = sum(a * b < 0 for a, b in pairwise(slopes))
    return 10.0 if turns > 3 else max(5.0, math.ceil(far * 1.4))


def sample(
    entry: Entry, low: float | None = None, high: float | None = None, points: int = SAMPLES, /, **params: Any
) -> Curve:
    """The entry sampled at `points` even places and on both sides of each kink.

    low, high: the ends of the interval; the entry's own reach otherwise. Raises ValueError for an empty interval.
    """
    half = reach(entry, **params)
    low, high = -half if low is None else low, half if high is None else high
    if not low < high:
        raise ValueError(f"{entry.name}: the interval from {low:g} to {high:g} is empty")
    even = [low + (high - low) * step / (points - 1) for step in range(points)]
    if entry.along_axis:
        values, slopes = sample_even(entry, even, **params)
        return Curve(entry.name, even, values, slopes, [], (), _flat(even, slopes))
    places = sorted({place for place in kinks(entry, **params) if low < place < high})
    beside = (high - low) * 1e-7
    near = {place: (place - beside, place + beside) for place in places}
    away = [x for x in even if all(abs(x - place) > beside for place in places)]
    x = sorted([*away, *places, *(side for pair in near.values() for side in pair)])
    series = sample_even(entry, x, **params)
    marks = tuple((place, series[0][x.index(place)]) for place in places)
    flat = _flat(x, series[1])
    for numbers in series:
        for place in places:
            at = x.index(place)
            if abs(numbers[at + 1] - numbers[at - 1]) > 1e-4 * (1 + abs(numbers[at])):
                numbers[at] = math.nan
    return Curve(entry.name, x, *series, kinks=marks, saturated=flat)


def sample_even(entry: Entry, x: list[float], /, **params: Any) -> tuple[list[float], ...]:
    """Value, slope and curvature at the places `x`; an along-axis entry has no curvature."""
    if entry.along_axis:
        rows = first_moves(x, companions(entry, **params))
        return value(entry, rows, **params)[:, 0].tolist(), slope(entry, rows, **params)[:, 0, 0].tolist()
    return tuple(slope(entry, x, order, **params).tolist() for order in range(3))


def jumps(entry: Entry) -> dict[str, list[float]]:
    """Where value, slope and curvature jump, at default parameters."""
    found: dict[str, list[float]] = {}
    if entry.along_axis:
        return found
    for order, series in enumerate(("value", "slope", "curvature")):
        for place in kinks(entry):
            before, after = slope(entry, [place - 1e-7, place + 1e-7], order).tolist()
            if abs(after - before) > 1e-4 * (1 + abs(before)):
                found.setdefault(series, []).append(place)
    return found


def _flat(x: list[float], slopes: list[float]) -> tuple[tuple[float, float], ...]:
    """Intervals of at least a twentieth of the picture where the slope stays below the threshold."""
    found: list[list[float]] = []
    inside = False
    for place, number in zip(x, slopes, strict=True):
        small = abs(number) < SATURATED
        if small and inside:
            found[-1][1] = place
        elif small:
            found.append([place, place])
        inside = small
    return tuple((a, b) for a, b in found if b - a > (x[-1] - x[0]) / 20)
