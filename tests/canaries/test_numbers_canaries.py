"""Planted faults in numbers: every check of the conformance suite has to catch the one meant for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from actlab.catalogue import ENTRIES, Entry, Kink
from actlab.language import Expr, cos, exp, log, sin, symbol, tanh
from actlab.testing import NUMBER_CHECKS, Check, Subject, oracle, subject
from actlab.testing.number_checks import FACT_CHECKS
from actlab.testing.subject import Array

X = symbol("x")
CHECKS = {check.__name__: check for check in NUMBER_CHECKS}


class _Sloped(torch.autograd.Function):
    """A value with a slope that somebody wrote by hand."""

    @staticmethod
    def forward(ctx, x, value, slope):  # type: ignore[no-untyped-def]
        ctx.save_for_backward(x)
        ctx.slope = slope
        return value(x)

    @staticmethod
    def backward(ctx, upstream):  # type: ignore[no-untyped-def]
        (x,) = ctx.saved_tensors
        return upstream * ctx.slope(x), None, None


def _sloped(value: Callable[[Tensor], Tensor], slope: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda x: _Sloped.apply(x, value, slope)


def _with_tensors(name: str, run: Callable[[Tensor], Tensor]) -> Subject:
    return replace(subject(name), tensors=run)


def _with_entry(name: str, **changed: object) -> Subject:
    return subject(replace(ENTRIES[name], **changed))  # type: ignore[arg-type]


def _only_numpy(name: str, order: int, spoil: Callable[[Array, Array], Array]) -> Subject:
    """numpy's derivative of that order spoiled: (x, honest result) -> result."""
    honest = subject(name)
    return replace(honest, numbers=lambda n, x: spoil(x, honest.numbers(n, x)) if n == order else honest.numbers(n, x))


def _undeclared() -> Entry:
    return replace(ENTRIES["hard_tanh"], kinks=ENTRIES["hard_tanh"].kinks[:1], name="planted")


FAULTS: dict[str, tuple[str, Callable[[], Subject]]] = {
    # the textbook line: all digits of the left tail are lost
    "a cancelling formula": (
        "value_agrees",
        lambda: _with_tensors("gelu", lambda x: 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))),
    ),
    "an approximation in place of the function": (
        "value_agrees",
        lambda: _with_tensors("gelu", lambda x: torch.nn.functional.gelu(x, approximate="tanh")),
    ),
    "a value off by 1e-11": ("value_agrees", lambda: _only_numpy("tanh", 0, lambda x, y: y * (1 + 1e-11))),
    "one wrong value at a kink": (
        "value_agrees",
        lambda: _only_numpy("step", 0, lambda x, y: np.where(x == 0, 0.0, y)),
    ),
    "a cancelled share": (
        "value_agrees",
        lambda: _with_tensors("softmax", lambda x: torch.softmax(x.float(), -1).double()),
    ),
    "a swapped sign in a Jacobian": ("slope_agrees", lambda: _only_numpy("softmax", 1, lambda x, y: -y)),
    "a slope from a rounded output": (
        "slope_agrees",
        lambda: _with_tensors("tanh", _sloped(torch.tanh, lambda x: 1 - torch.tanh(x) ** 2)),
    ),
    "a forgotten factor": (
        "slope_agrees",
        lambda: _with_tensors(
            "symmetrical_sigmoid", _sloped(lambda x: torch.tanh(x / 2), lambda x: 1 - torch.tanh(x / 2) ** 2)
        ),
    ),
    "another slope at a kink": (
        "slope_agrees",
        lambda: _with_tensors("relu", lambda x: torch.where(x >= 0, x, 0.0)),
    ),
    "a kink made of max and abs where the truth is smooth": (
        "slope_agrees",
        lambda: _with_tensors("softplus", lambda x: torch.relu(x) + torch.log1p(torch.exp(-torch.abs(x)))),
    ),
    "a curvature that overflows": (
        "curvature_agrees",
        lambda: _only_numpy("silu", 2, lambda x, y: np.where(x > 700, np.nan, y)),
    ),
    "a curvature with a wrong factor": ("curvature_agrees", lambda: _only_numpy("tanh", 2, lambda x, y: 1.001 * y)),
    "zero times infinity": ("infinities", lambda: _with_tensors("silu", lambda x: x * torch.sigmoid(x))),
    "a wrong limit": ("infinities", lambda: _only_numpy("arctan", 0, lambda x, y: np.where(x > 1e300, 1.0, y))),
    "a limit where there is none": (
        "infinities",
        lambda: _only_numpy("sinusoid", 0, lambda x, y: np.where(np.isinf(x), 0.0, y)),
    ),
    "a swallowed NaN": (
        "nan",
        lambda: _with_tensors("relu", lambda x: torch.where(x > 0, x, 0.0 * torch.ones_like(x))),
    ),
    "a NaN swallowed by the slope alone": (
        "nan",
        lambda: _with_tensors(
            "elu", _sloped(torch.nn.functional.elu, lambda x: torch.where(x <= 0, torch.exp(x), 1.0))
        ),
    ),
    "a misprinted table": ("hand_points", lambda: _with_entry("tanh", points={1.0: 0.7616})),
    "unequal shares of equal scores": (
        "hand_points",
        lambda: _only_numpy("softmax", 0, lambda x, y: y * np.linspace(1, 1 + 1e-9, y.shape[-1])),
    ),
    "an undeclared kink": ("kinks", lambda: subject(_undeclared())),
    "an undeclared jump": ("kinks", lambda: _with_entry("step", kinks=())),
    "a kink that is none": ("kinks", lambda: _with_entry("tanh", kinks=(Kink(0.5, 0.7),))),
    "a tail that float32 loses": (
        "single_precision",
        lambda: _with_tensors("gelu", lambda x: 0.5 * x * (1 + torch.erf(x * 0.7071067811865476))),
    ),
    "a product rounded in half precision": (
        "half_precision",
        lambda: _with_tensors("softsign", lambda x: x * (1 / (1 + torch.abs(x)))),
    ),
    "a half-precision tail that overflows": (
        "half_precision",
        lambda: _with_tensors("bent_identity", lambda x: (torch.sqrt(x * x + 1) - 1) / 2 + x),
    ),
    "rows shifted by nothing": (
        "half_precision",
        lambda: _with_tensors("softmax", lambda x: torch.exp(x) / torch.exp(x).sum(-1, keepdim=True)),
    ),
}
# facts: for every word, an entry of which it is not true
UNTRUE = {
    "smooth": "softsign",
    "monotone": "gelu",
    "not monotone": "tanh",
    "odd": "sigmoid",
    "even": "tanh",
    "bounded": "softplus",
    "bounded below": "log_sigmoid",
    "bounded above": "softplus",
    "convex": "tanh",
    "concave": "softplus",
    "not trainable by gradient": "relu",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault: str) -> None:
    """The check meant for a fault refuses it with a sentence that names the activation."""
    check, plant = FAULTS[fault]
    spoiled = plant()
    with pytest.raises(AssertionError) as caught:
        CHECKS[check](spoiled)
    assert spoiled.name in str(caught.value)


@pytest.mark.parametrize("fact", UNTRUE)
def test_an_untrue_fact_is_caught(fact: str) -> None:
    """Every word an entry may state about itself is measured by something that can say no."""
    with pytest.raises(AssertionError, match=fact):
        CHECKS["facts"](_with_entry(UNTRUE[fact], facts=(fact,)))


def test_every_number_check_has_a_canary() -> None:
    """A check without a planted fault is not known to work."""
    covered: set[Check] = {CHECKS[check] for check, _ in FAULTS.values()} | {CHECKS["facts"]}
    assert covered == set(NUMBER_CHECKS)
    assert set(UNTRUE) == set(FACT_CHECKS)


def test_the_oracle_does_not_follow_a_wrong_slope() -> None:
    """A derivative row that is wrong cannot mislead the judge: it never reads it."""
    wrong = replace(ENTRIES["tanh"])
    vars(wrong)["slope"] = 2 * tanh(X)
    with pytest.raises(AssertionError, match="slope"):
        CHECKS["slope_agrees"](
            replace(subject("tanh"), entry=wrong, numbers=lambda order, x: 2 * np.tanh(x) if order else np.tanh(x))
        )


@pytest.mark.parametrize(
    ("formula", "order", "expected"),
    [
        (X + cos(X), 1, None),
        (X * sin(X), 0, None),
        (log(1.0 + X**2), 0, math.inf),
        (log(1.0 + X**2), 1, 0.0),
        (exp(X), 2, math.inf),
        (X**3, 2, math.inf),
    ],
    ids=repr,
)
def test_a_limit_is_told_from_a_ripple(formula: Expr, order: int, expected: float | None) -> None:
    """A ripple has no limit however its samples fall; slow and enormous growth have theirs."""
    assert oracle.limit(formula, 1, {}, order) == expected


@pytest.mark.parametrize(("height", "seen"), [(1e-2, [[], [0.4], [0.4]]), (0.0, [[], [], []])])
def test_a_corner_is_found_beside_a_steep_curve(height: float, seen: list[list[float]]) -> None:
    """One scan finds a small jump of the slope of a steep function, and none where there is none."""
    formula = exp(X) + height * abs(X - 0.4)
    found = oracle.jumps(lambda x: oracle.value(formula, x))
    assert [[round(place, 6) for place in places] for places in found] == seen
