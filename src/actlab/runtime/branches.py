"""Where a formula of one number rises and falls: its monotone branches over all numbers of single precision."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from ..language import switches
from .kernel import compiled

if TYPE_CHECKING:
    from .kernel import Kernel

_LARGEST = torch.finfo(torch.float32).max
_FLAT = 1e-13  # of the largest slope, or of 1: below it a slope is rounding, and its sign says nothing
_LEVEL = 64 * 2.0**-52  # two values this near to each other may be one that was rounded twice
_STEPS = 60  # of a search between two neighbours of the grid


class Refused(NamedTuple):
    """Why no slope can be found from an output.

    code: "learned", "undefined", "turns", "infinite" or "inexact". numbers: what a sentence about it needs.
    said: that sentence as a clause, in English.
    """

    code: str
    numbers: tuple[tuple[str, float | str], ...]
    said: str


class Branch(NamedTuple):
    """A stretch of inputs on which a formula never falls, or never rises, seen at many places.

    x: in rising order of y; finite. y, slope: there. ends: the values at the lower and at the upper end of y, which may
    be infinite, and seams: the values, inside, at which pieces of the formula meet.
    """

    x: Tensor
    y: Tensor
    slope: Tensor
    ends: tuple[float, float]
    seams: tuple[float, ...]


class Branches(NamedTuple):
    """One branch, or the two on both sides of the extremum.

    seams: the places at which pieces of the formula meet. turn: where the left one ends and the right one begins, and
    extremum: the value there; NaN if there is one only.
    """

    parts: tuple[Branch, ...]
    seams: Tensor
    turn: float = math.nan
    extremum: float = math.nan


@cache
def grid() -> Tensor:
    """Places of every size, in rising order, densely where activations bend."""
    exponents = torch.arange(-149.0, 128.0, dtype=torch.float64)
    mantissas = 1 + torch.arange(16, dtype=torch.float64) / 16
    sizes = (torch.exp2(exponents)[:, None] * mantissas).flatten()
    middle = torch.linspace(-60.0, 60.0, 19201, dtype=torch.float64)
    ends = torch.tensor([_LARGEST, -_LARGEST], dtype=torch.float64)
    return torch.cat((sizes, -sizes, middle, ends)).unique()


def root(g: Callable[[Tensor], Tensor], low: Tensor, high: Tensor) -> Tensor:
    """Where `g`, of one sign at `low` and of another at `high`, changes it, to the last digit."""
    start = g(low).sign()
    for _ in range(_STEPS):
        middle = low + (high - low) / 2
        same = g(middle).sign() == start
        low, high = torch.where(same, middle, low), torch.where(same, high, middle)
    return high


def seams(kernel: Kernel) -> Tensor:
    """The places where pieces of the formula meet, in rising order; the grid's neighbourhood at least."""
    x = grid()
    found = [torch.zeros(0, dtype=torch.float64)]
    for switch in switches(kernel.expr):
        at = compiled(switch, ())
        y = at(x) + torch.zeros_like(x)
        found.append(x[(y == 0) & ~((y.roll(1) == 0) & (y.roll(-1) == 0))])
        change = torch.nonzero(y[:-1].sign() * y[1:].sign() < 0).flatten()
        found.append(root(at, x[change], x[change + 1]))
    places = torch.cat(found)
    near = places.to(torch.float32).to(torch.float64)  # a seam that was written as a number is that number
    return torch.where((near - places).abs() <= 1e-12 * places.abs(), near, places).unique()


def branches(kernel: Kernel) -> Branches | Refused:
    """The branches of a formula of `x` alone, or why there are none."""
    if kernel.names:
        learned = ", ".join(kernel.names)
        return Refused("learned", (("names", learned),), f"it also depends on {learned}, which may change")
    slope = kernel.partial("x")
    met = seams(kernel)
    x = torch.cat((grid(), met, *[_beside(met, side) for side in (-1.0, 1.0)])).unique()
    y, s = kernel.text(x), slope.text(x)
    undefined = y.isnan() | s.isnan()
    if undefined.any():
        at = float(x[undefined][0])
        return Refused("undefined", (("at", at),), f"its value or its slope is undefined at {at:g}")
    if (s.isinf() & y.isfinite()).any():
        at = float(x[s.isinf() & y.isfinite()][0])
        return Refused("infinite", (("at", at),), f"its slope is infinite at {at:g}")
    signs, at = _directions(x, y, s)
    changes = torch.nonzero(signs[1:] != signs[:-1]).flatten()
    if len(changes) > 1:
        return Refused("turns", (("count", len(changes)),), f"it changes its direction {len(changes)} times")
    if not len(changes):
        return Branches((_branch(kernel, x, y, s, met),), met)
    first = int(changes[0])
    low, high = at[first], at[first + 1]
    turn = root(slope.text, low[None], high[None])
    extremum = float(kernel.text(turn))
    x = torch.cat((x, turn)).unique()
    y, s = kernel.text(x), slope.text(x)
    parts = tuple(
        _branch(kernel, x[side], y[side], s[side], met[inside])
        for side, inside in ((x <= turn, met < turn), (x >= turn, met > turn))
    )
    return Branches(parts, met, float(turn), extremum)


def _beside(x: Tensor, side: float) -> Tensor:
    """The nearest numbers of single precision on one side."""
    near = x.to(torch.float32)
    return torch.nextafter(near, near + side * (near.abs() + 1)).to(torch.float64)


def _directions(x: Tensor, y: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
    """(whether it rises: 1, or falls: -1, place) wherever that is certain, in rising order of the place."""
    steep = _FLAT * min(1.0, float(s.abs().nan_to_num(posinf=0.0).max()))
    own = torch.where(s.abs() > steep, s.sign(), 0.0)
    step = (y[1:] - y[:-1]).nan_to_num(nan=0.0)
    between = torch.where(step.abs() > _LEVEL * torch.maximum(y[1:].abs(), y[:-1].abs()), step.sign(), 0.0)
    signs = torch.stack((own[:-1], between), 1).flatten()
    places = torch.stack((x[:-1], (x[:-1] + x[1:]) / 2), 1).flatten()
    signs, places = torch.cat((signs, own[-1:])), torch.cat((places, x[-1:]))
    certain = signs != 0
    return signs[certain], places[certain]


def _branch(kernel: Kernel, x: Tensor, y: Tensor, s: Tensor, met: Tensor) -> Branch:
    """The branch that these places belong to."""
    far = [sign * math.inf for sign, end in ((-1, x[0]), (1, x[-1])) if abs(float(end)) == _LARGEST]
    seen = torch.cat((y, kernel.text(torch.tensor(far, dtype=torch.float64))))
    low, high = [
        end if abs(end) <= _LARGEST else math.copysign(math.inf, end)
        for end in (float(edge(seen[~seen.isnan()])) for edge in (torch.min, torch.max))
    ]
    finite = y.isfinite()
    rows = torch.stack((x, y, s))[:, finite]
    if float(y[-1]) < float(y[0]):
        rows = rows.flip(1)
    levels = kernel.text(met)
    inside = levels[(levels > low) & (levels < high)].unique().tolist()
    return Branch(rows[0], rows[1].cummax(0).values, rows[2], (low, high), tuple(inside))
