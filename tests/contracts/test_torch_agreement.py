"""Where torch has a function too, ours agrees with it, except where torch is wrong by a documented reason."""

from __future__ import annotations

import math
from collections.abc import Callable
from inspect import isbuiltin, signature
from operator import attrgetter
from typing import Any

import pytest
import torch
from torch import Tensor

from actlab.catalogue import ENTRIES
from actlab.testing import subject
from actlab.testing.comparison import counted
from actlab.testing.number_checks import tensor_derivative
from actlab.testing.subject import ROWS

# torch's gumbel_softmax draws at all times: tests/nn compares frequencies instead
SHARED = [
    name
    for name, entry in ENTRIES.items()
    if "torch" in entry.elsewhere and not (entry.kind == "random" and entry.along_axis)
]
_EPSILON = 2.0**-52
Excused = Callable[[Tensor, Tensor], Tensor]  # (x, ours) -> how far torch may be off there

EVERYWHERE = math.inf


def _at(condition: Callable[[Tensor], Tensor]) -> Excused:
    return lambda x, ours: torch.where(condition(x), EVERYWHERE, 0.0)


_INFINITE = _at(torch.isinf)

# (name, order): (what torch 2.13 does differently, where or by how much). The oracle decides for ours in each case.
FAULTS: dict[tuple[str, int], tuple[str, Excused]] = {
    ("signum", 0): ("sign(nan) is 0", _at(torch.isnan)),
    ("hard_sigmoid", 1): ("1/6 is rounded to float32", lambda x, ours: ours.abs() * 1e-7),
    ("hard_swish", 0): ("6 x overflows, and -inf gives inf * 0", _at(lambda x: x.abs() > 2e307)),
    ("sigmoid", 1): ("s (1 - s) cancels in the right tail", lambda x, ours: torch.full_like(x, _EPSILON)),
    ("glu", 1): ("s (1 - s) cancels in the right tail", lambda x, ours: torch.full_like(x, _EPSILON)),
    ("tanh", 1): ("1 - tanh^2 cancels in both tails", lambda x, ours: torch.full_like(x, 2 * _EPSILON)),
    ("softsign", 0): ("inf / inf", _INFINITE),
    ("softsign", 1): ("inf / inf, and 1 - |y| cancels in the tails", _at(lambda x: x.abs() > 1e3)),
    ("gelu", 0): ("1 + erf cancels in the left tail; 0 * inf", lambda x, ours: _INFINITE(x, ours) + 20 * _EPSILON),
    ("gelu", 1): ("1 + erf cancels in the left tail; 0 * inf", lambda x, ours: _INFINITE(x, ours) + 20 * _EPSILON),
    ("silu", 0): ("-inf * 0", _INFINITE),
    ("silu", 1): ("inf * 0", _INFINITE),
    ("mish", 0): ("-inf * 0", _INFINITE),
    ("mish", 1): ("inf * 0", _INFINITE),
    ("normal_cdf", 0): ("1 + erf cancels in the left tail", lambda x, ours: torch.full_like(x, _EPSILON)),
    ("tanh_shrink", 0): ("x - tanh(x) cancels near 0", lambda x, ours: _EPSILON * x.abs()),
    ("tanh_shrink", 1): ("1 - (1 - tanh^2) cancels near 0", lambda x, ours: torch.full_like(x, _EPSILON)),
}


def _theirs(name: str) -> Callable[[Tensor], Tensor]:
    found: Any = attrgetter(ENTRIES[name].elsewhere["torch"])(torch)
    if isinstance(found, type):
        return found().double()
    if ENTRIES[name].kind == "gated":  # torch's gate is the second half
        return lambda x: found(torch.stack((torch.ones_like(x), x), -1), dim=-1).squeeze(-1)
    if ENTRIES[name].along_axis:
        return lambda x: found(x, dim=-1)
    given = ENTRIES[name].arguments({}) if not isbuiltin(found) else {}
    # torch gives some parameters no default
    needed = {key for key in given if key in signature(found).parameters and _has_no_default(found, key)}
    return lambda x: found(x, **{key: given[key] for key in needed})


def _has_no_default(function: Callable[..., Any], key: str) -> bool:
    row = signature(function).parameters[key]
    return row.default is row.empty


@pytest.mark.parametrize("order", (0, 1), ids=("value", "slope"))
@pytest.mark.parametrize("name", SHARED)
def test_values_and_slopes_are_those_of_torch(name: str, order: int) -> None:
    """In float64 value and gradient agree with torch's function to 1e-12, its documented faults aside."""
    asked = subject(name)
    if asked.along_axis:
        rows = [torch.tensor(row, dtype=torch.float64) for row in ROWS]
        rows = [row for row in rows if not _theirs(name)(row).isnan().any()]
        for row in rows:
            weights = torch.linspace(1.0, 2.0, len(row), dtype=torch.float64)

            def f(x: Tensor, run: Callable[[Tensor], Tensor], weights: Tensor = weights) -> Tensor:
                return run(x).nan_to_num(neginf=0.0) * weights

            ours, theirs = (
                tensor_derivative(lambda x, run=run: f(x, run), row, order) for run in (asked.tensors, _theirs(name))
            )
            torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-15)
        counted(len(rows), name)
        return
    # a slope at NaN is NaN for us and a number for torch, which only selects a branch
    x = torch.tensor(asked.points() + [math.nan] * (order == 0), dtype=torch.float64)
    ours, theirs = tensor_derivative(asked.tensors, x, order), tensor_derivative(_theirs(name), x, order)
    _, excused = FAULTS.get((name, order), ("", lambda x, ours: torch.zeros_like(x)))
    same = (ours == theirs) | (ours.isnan() & theirs.isnan())
    allowed = excused(x, ours)
    wrong = ~(same | ((ours - theirs).abs() <= 1e-12 * ours.abs() + 1e-300 + allowed) | allowed.isinf())
    assert not wrong.any(), f"{name}: x {x[wrong][:3]}, ours {ours[wrong][:3]}, torch {theirs[wrong][:3]}"
    counted(int((~allowed.isinf()).sum()), name)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_every_documented_fault_of_torch_still_exists(fault: tuple[str, int]) -> None:
    """An excuse is dropped as soon as torch no longer needs it."""
    name, order = fault
    asked = subject(name)
    x = torch.tensor([*asked.points(), math.nan], dtype=torch.float64)
    ours, theirs = tensor_derivative(asked.tensors, x, order), tensor_derivative(_theirs(name), x, order)
    same = (ours == theirs) | (ours.isnan() & theirs.isnan()) | ((ours - theirs).abs() <= 1e-12 * ours.abs() + 1e-300)
    assert not same[~x.isnan() | (fault == ("signum", 0))].all(), f"{name}: torch agrees now; remove the excuse"
