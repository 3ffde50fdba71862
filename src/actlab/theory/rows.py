"""What an activation along an axis does to its rows, measured on many random ones."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..catalogue import Entry
from .evaluate import Array, slope, value


class Rows(NamedTuple):
    """What all rows of an along-axis activation have in common.

    total: the sum of every output row, or None. shift_invariant: adding a number to all scores changes nothing.
    order: whether larger scores give larger ("kept") or smaller ("reversed") outputs, or neither ("mixed").
    scale_invariant: multiplying all scores by a positive number changes nothing. most: the largest sum of an output
    row of numbers from 0 to 1, or None where they leave that interval. zeros: the share of outputs that are exactly 0.
    stretch: how many times as long as its row the output is.
    """

    total: float | None
    shift_invariant: bool
    order: str
    scale_invariant: bool
    most: float | None
    zeros: float
    stretch: float


# what stays while the first score moves: one score, or several where one leaves nothing to be seen
_ZERO, _SEVERAL = (0.0,), (-0.9, -0.5, -0.2, 0.1, 0.4, 0.8, 1.1, 0.0)


def _unit(entry: Entry) -> int:
    """A length that every count of the entry fits into."""
    return math.prod(entry.sizes.values())


def companions(entry: Entry, **params: Any) -> tuple[float, ...]:
    """The other scores of the row through which an along-axis entry is looked at while its first score moves."""
    moving = np.linspace(-3.1, 3.3, 17)
    unit = _unit(entry)
    few, many = _ZERO * (2 * unit - 1), (_SEVERAL * unit)[:-1]
    for others in (few, many):
        seen = value(entry, first_moves(moving, others), **params)[:, 0]
        if not np.all(seen == seen[0]):
            return others
    return few


def first_moves(x: Any, others: tuple[float, ...]) -> Array:
    """One row for each place: the place first, then the others."""
    at = np.asarray(x, dtype=np.float64)
    return np.concatenate([at[..., None], np.broadcast_to(np.array(others), (*at.shape, len(others)))], axis=-1)


def measure_rows(entry: Entry, **params: Any) -> Rows:
    """Measure an along-axis entry with these parameters on random rows of eight scores, or of eight per piece."""
    scores = np.random.default_rng(0).normal(scale=3.0, size=(200, 8 * _unit(entry)))
    y = value(entry, scores, **params)
    sums = y.sum(axis=-1)
    constant = bool(np.allclose(sums, sums[0], rtol=1e-12, atol=0))
    shifted = value(entry, scores + 7.0, **params)
    return Rows(
        total=round(float(sums[0]), 12) if constant else None,
        shift_invariant=bool(np.allclose(shifted, y, rtol=1e-9, atol=1e-12)),
        order=_order(scores, y) if y.shape == scores.shape else "mixed",
        # 1e-5: an epsilon in the formula counts for little
        scale_invariant=bool(np.allclose(value(entry, 3.0 * scores, **params), y, rtol=1e-5, atol=1e-5)),
        most=float(sums.max()) if y.min() >= 0 and y.max() <= 1 else None,
        zeros=float(np.mean(y == 0)),
        stretch=y.shape[-1] / scores.shape[-1],
    )


def _order(scores: Array, y: Array) -> str:
    steps = np.diff(np.take_along_axis(y, np.argsort(scores, axis=-1), axis=-1), axis=-1)
    return "kept" if np.all(steps >= 0) else "reversed" if np.all(steps <= 0) else "mixed"


def steepest(entry: Entry, **params: Any) -> float:
    """The largest factor by which a change of a row can grow (2-norm), for rows of any length; else infinite.

    Measured on rows of two and of eight scores: the sharp and the undecided ones, where it is largest, and random ones.
    """
    found = [_steepest(entry, length * _unit(entry), params) for length in (2, 8)]
    return max(found) if math.isclose(*found, rel_tol=1e-6) else math.inf


def _steepest(entry: Entry, length: int, params: dict[str, Any]) -> float:
    leaders = np.tril(np.ones((length, length)))  # the first k scores lead, all alike
    edges = [scale * leaders for scale in (-1e3, -1.0, 1.0, 1e3)]
    scores = np.concatenate([*edges, np.random.default_rng(0).normal(scale=3.0, size=(100, length))])
    return float(np.linalg.norm(slope(entry, scores, **params), ord=2, axis=(-2, -1)).max())
