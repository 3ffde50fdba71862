"""Shared measures of unit rules: which layers count as silent beyond what chance explains."""

from __future__ import annotations

import math

from ..numbers import Numbers, Place
from ..records import LayerNumbers

NOTEWORTHY = 0.2  # a fifth of a layer's width; below it the loss of capacity is smaller than common width choices
MAJORITY = 0.5
WHOLE = 0.99
RARE = 3.2e-5  # one-sided probability of four standard deviations
CHANCE_FLOOR = 0.01  # the theory's dead share is never taken as smaller: finite width and drawn biases


def beyond_chance(row: LayerNumbers, share: float) -> bool:
    """Whether a dead share exceeds NOTEWORTHY, and chance: the binomial tail is below RARE at the expected share."""
    p = min(max(row.expected_dead_share, CHANCE_FLOOR), 1.0)
    dead = round(share * row.units)
    tail = sum(
        math.exp(
            math.lgamma(row.units + 1) - math.lgamma(k + 1) - math.lgamma(row.units - k + 1)
            + k * math.log(p) + (row.units - k) * math.log(max(1 - p, 1e-300))
        )
        for k in range(dead, row.units + 1)
    )  # fmt: skip
    return share > NOTEWORTHY and tail < RARE


def dead_layers(numbers: Numbers) -> list[tuple[LayerNumbers, float]]:
    """Layers with too many dead units, with the larger of the shares at the start and at the end."""
    found: list[tuple[LayerNumbers, float]] = []
    for row in numbers.layers:
        if not row.dead_type or row.role == "output" or row.units < 2:
            continue
        share = max(row.dead_share, row.dead_share_end)
        grown = row.dead_share_end - row.dead_share > NOTEWORTHY
        if beyond_chance(row, share) and (grown or beyond_chance(row, row.dead_share)):
            found.append((row, share))
    return found


def whole_layer_dead(numbers: Numbers) -> bool:
    """Whether some hidden layer has no living unit at the start, so that nothing before it gets a gradient."""
    return any(row.dead_type and row.role == "hidden" and row.dead_share >= WHOLE for row in numbers.layers)


def saturated_layers(numbers: Numbers) -> list[tuple[LayerNumbers, float, str]]:
    """Layers whose majority is saturated: (layer, share, when).

    At the start no learned code exists, so single values count; after training only units stuck on one side do, since
    a unit that is at both ends is a binary code. Gates may close on purpose: for them only the start counts.
    """
    found: list[tuple[LayerNumbers, float, str]] = []
    for row in numbers.layers:
        if row.role in ("output", "attention") or row.dead_type:
            continue
        if row.saturating and row.saturated_elements > MAJORITY:
            found.append((row, row.saturated_elements, "start"))
        elif row.role == "hidden" and row.saturated_share > MAJORITY:
            found.append((row, row.saturated_share, "start"))
        elif row.role == "hidden" and row.saturated_share_end > MAJORITY:
            found.append((row, row.saturated_share_end, "end"))
    return found


def looped(numbers: Numbers) -> set[str]:
    """The paths of recurrences written by hand, where depth is time."""
    return {place.path for place in numbers.through_time if place.detail["loop"]}


def gradient_ratio(numbers: Numbers) -> tuple[float, str, str] | None:
    """Gradient norm at the first weight operation over the largest one, with both paths; None when it has no meaning.

    An exact zero is not attenuation but a zero factor (ReZero at its start, a dead layer), told by other rules.
    """
    apart = looped(numbers)
    rows = [
        w for w in numbers.weights if w.gradient_norm > 0 and math.isfinite(w.gradient_norm) and w.path not in apart
    ]
    hidden = [w for w in rows if not w.last]
    if len(hidden) < 2:
        return None
    shallow = min(w.depth for w in numbers.weights)
    first = [w for w in hidden if w.depth == shallow]
    if not first:
        return None
    start = max(first, key=lambda w: w.gradient_norm)
    end = max(rows, key=lambda w: w.depth)
    if end.depth == start.depth:
        return None
    return start.gradient_norm / end.gradient_norm, start.path, end.path


# Gates a value passes on its way through a recurrent cell: input gate, candidate and output gate of an LSTM,
# update gate and candidate of a GRU.
GATES = {"LSTM": 3, "GRU": 2, "RNN_TANH": 1}


def saturated_gates(numbers: Numbers) -> list[Place]:
    """Recurrent modules where a majority of values meets at least one flat gate at the start: 1 - (1 - s)^k > 1/2."""
    return [gate for gate in numbers.gates if 1 - (1 - gate.detail["flat_share"]) ** GATES.get(gate.op, 1) > MAJORITY]
