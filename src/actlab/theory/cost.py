"""What one element costs, counted on the formula with shared parts counted once."""

from __future__ import annotations

from typing import NamedTuple

from ..catalogue import Entry
from ..language import Expr, walk

# transcendental calls inside one primitive; everything else is one multiply or add
_CALLS = {
    **dict.fromkeys(("exp", "expm1", "log", "log1p", "sigmoid", "sigmoid_slope", "tanh", "tanh_slope"), 1),
    **dict.fromkeys(("sinh", "cosh", "sech", "erf", "Phi", "phi", "sin", "cos", "atan", "asinh", "softmax"), 1),
    **dict.fromkeys(("log_sigmoid", "softplus", "log_cosh", "bessel", "log_softmax"), 2),
}
_LEAVES = ("symbol", "constant")
_FLOAT32 = 4


class Cost(NamedTuple):
    """Work and memory traffic for one element.

    transcendental, arithmetic: calls of exp and its like, and multiply-adds (comparisons and divisions included) of
    the value. slope_transcendental, slope_arithmetic: what the slope needs beside the value's parts.
    forward_bytes, backward_bytes: read and written in float32 by a fused kernel. saved_bytes: kept for backward.
    """

    transcendental: int
    arithmetic: int
    slope_transcendental: int
    slope_arithmetic: int
    forward_bytes: int
    backward_bytes: int
    saved_bytes: int


def cost(entry: Entry) -> Cost:
    """The cost of one element of an entry's value and slope."""
    value = set(walk(entry.value))
    slope = set(walk(entry.slope)) - value
    # a slope that does not depend on the input needs no saved input
    saved = _FLOAT32 if "x" in entry.slope.symbols else 0
    return Cost(*_count(value), *_count(slope), 2 * _FLOAT32, 2 * _FLOAT32 + saved, saved)


def _count(nodes: set[Expr]) -> tuple[int, int]:
    calls = sum(_CALLS.get(node.op, 0) for node in nodes)
    calls -= sum(node.op == "bessel" and node.args[0].number == 0 for node in nodes)  # sin(x)/x needs no cosine
    return calls, sum(node.op not in _CALLS and node.op not in _LEAVES for node in nodes)
