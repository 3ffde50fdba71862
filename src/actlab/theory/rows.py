"""What an activation along an axis does to its rows, measured on many random ones."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..catalogue import Entry
from .evaluate import slope, value


class Rows(NamedTuple):
    """What all rows of an along-axis activation have in common.

    total: the sum of every output row, or None. shift_invariant: adding a number to all scores changes nothing.
    order: whether larger scores give larger ("kept") or smaller ("reversed") outputs, or neither ("mixed").
    """

    total: float | None
    shift_invariant: bool
    order: str


def measure_rows(entry: Entry, **params: Any) -> Rows:
    """Measure an along-axis entry with these parameters on random rows of eight scores."""
    scores = np.random.default_rng(0).normal(scale=3.0, size=(200, 8))
    y = value(entry, scores, **params)
    sums = y.sum(axis=-1)
    constant = bool(np.allclose(sums, sums[0], rtol=1e-12, atol=0))
    shifted = value(entry, scores + 7.0, **params)
    by_score = np.take_along_axis(y, np.argsort(scores, axis=-1), axis=-1)
    steps = np.diff(by_score, axis=-1)
    order = "kept" if np.all(steps >= 0) else "reversed" if np.all(steps <= 0) else "mixed"
    return Rows(
        round(float(sums[0]), 12) if constant else None,
        bool(np.allclose(shifted, y, rtol=1e-9, atol=1e-12)),
        order,
    )


def steepest(entry: Entry, **params: Any) -> float:
    """The largest factor by which a change of a row can grow (2-norm), for rows of any length; else infinite.

    Measured on rows of two and of eight scores: the sharp and the undecided ones, where it is largest, and random ones.
    """
    found = [_steepest(entry, length, params) for length in (2, 8)]
    return max(found) if math.isclose(*found, rel_tol=1e-6) else math.inf


def _steepest(entry: Entry, length: int, params: dict[str, Any]) -> float:
    leaders = np.tril(np.ones((length, length)))  # the first k scores lead, all alike
    edges = [scale * leaders for scale in (-1e3, -1.0, 1.0, 1e3)]
    scores = np.concatenate([*edges, np.random.default_rng(0).normal(scale=3.0, size=(100, length))])
    return float(np.linalg.norm(slope(entry, scores, **params), ord=2, axis=(-2, -1)).max())
