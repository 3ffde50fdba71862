"""The slope of a formula as a function of its output: short straight pieces, fitted to the formula in float64."""

from __future__ import annotations

import math
import struct
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from ..renderers.llvm_slope import MANTISSA, Region

if TYPE_CHECKING:
    from .branches import Branch, Branches
    from .kernel import Kernel

_LARGEST = torch.finfo(torch.float32).max
_SETTLED = 2e-7  # a slope that changes by less is taken as constant
_VANISHED = 1e-12  # where it goes to 0, it does so down to here
# branches -> bits that number the pieces of an octave: next to an extremum a slope cannot be told closer than 3e-5, so
# the others need not be 1e-6, and a smaller table is faster by a quarter
_FINE = {1: 8, 2: 6}
_NEWTON, _HALVINGS = 5, 90
_CLOSE = 1e-10  # of x: the size of a last step


class Pieces(NamedTuple):
    """regions: those of each branch, in rising order. table: a row (a, b) for every piece: the slope is a + b d.

    fine: an octave of distances has 2^fine pieces.
    """

    regions: tuple[tuple[Region, ...], ...]
    table: Tensor
    fine: int

    def rows(self, y: Tensor, right: Tensor | None) -> tuple[Tensor, Tensor]:
        """(row of the table, distance) for every `y` of single precision; right: where it belongs to the right branch.

        NaN has some row.
        """
        flat = [region for branch in self.regions for region in branch]
        number = torch.tensor([region[1:5] for region in flat], dtype=torch.float32, device=y.device)
        base = torch.tensor([region.base for region in flat], device=y.device)
        at = torch.zeros(y.shape, dtype=torch.int64, device=y.device)
        first = 0
        for side, branch in enumerate(self.regions):
            own = torch.full_like(at, first)
            for region in branch[1:]:
                own += y >= region.start
            at = own if not side or right is None else torch.where(right, own, at)
            first += len(branch)
        high, low, least, most = number.unbind(1)
        distance = ((y - high[at]) - low[at]).abs()
        distance = torch.where(distance > least[at], distance, least[at])
        distance = torch.where(distance < most[at], distance, most[at])
        row = (distance.view(torch.int32) >> MANTISSA - self.fine) + base[at] - (y == high[at]).to(torch.int64)
        return row, distance

    def slope(self, y: Tensor, right: Tensor | None) -> Tensor:
        """The slope for every `y` of single precision."""
        row, distance = self.rows(y, right)
        a, b = self.table.to(y.device)[row].unbind(-1)
        return torch.where(y.isnan(), y, a + b * distance)


class _Stretch(NamedTuple):
    """Outputs on one side of an anchor, up to `reach` from it."""

    start: float
    anchor: float
    side: float
    reach: float
    within: tuple[float, float]


def single(number: float) -> float:
    """The number of single precision nearest to this one."""
    return float(torch.tensor(number, dtype=torch.float64).to(torch.float32)) + 0.0  # no negative zero


def points(branch: Branch) -> list[float]:
    """The outputs at which something may change, in rising order: finite ends, and seams."""
    found: list[float] = []
    for point in (branch.ends[0], *branch.seams, branch.ends[1]):
        if math.isfinite(point) and (not found or single(point) != single(found[-1])):
            found.append(point)
    return found


def intervals(branch: Branch) -> list[tuple[float, float]]:
    """The stretches of outputs between them; two from 0 on where there are none."""
    low, high = branch.ends
    inside = points(branch) or [0.0]
    edges = [*([] if math.isfinite(low) else [-math.inf]), *inside, *([] if math.isfinite(high) else [math.inf])]
    return list(pairwise(edges))


def _stretches(branch: Branch) -> list[_Stretch]:
    found: list[_Stretch] = []
    for a, b in intervals(branch):
        if math.isinf(a):
            found.append(_Stretch(-math.inf, b, -1.0, math.inf, (a, b)))
        elif math.isinf(b):
            found.append(_Stretch(single(a), a, 1.0, math.inf, (a, b)))
        else:
            half = (b - a) / 2
            found += [_Stretch(single(a), a, 1.0, half, (a, b)), _Stretch(single(a + half), b, -1.0, half, (a, b))]
    level = branch.ends[0]
    return found or [_Stretch(-math.inf, level, 1.0, 1.0, (level, level))]


def fitted(kernel: Kernel, found: Branches) -> Pieces:
    """The pieces of every branch of a formula."""
    fine = _FINE[len(found.parts)]
    steps = 1 + torch.arange(2 ** (fine + 1), dtype=torch.float64) / 2 ** (fine + 1)
    regions: list[tuple[Region, ...]] = []
    rows: list[Tensor] = []
    for branch in found.parts:
        stretches = _stretches(branch)
        ladders = [torch.exp2(torch.arange(*_octaves(stretch), dtype=torch.float64)) for stretch in stretches]
        coarse = _slopes(kernel, branch, stretches, ladders)
        octaves = [
            ladder[slice(*_changing(s, math.isinf(stretch.reach)))]
            for stretch, ladder, s in zip(stretches, ladders, coarse, strict=True)
        ]
        nodes = [torch.cat(((own[:, None] * steps).flatten(), own[-1:] * 2)) for own in octaves]
        own: list[Region] = []
        slopes = _slopes(kernel, branch, stretches, nodes)
        for stretch, k, s, ends in zip(stretches, nodes, slopes, coarse, strict=True):
            own.append(_region(stretch, k, sum(map(len, rows)), MANTISSA - fine))
            rows.append(_rows(k, s, ends[-1] if math.isinf(stretch.reach) else s[-1]))
        regions.append(tuple(own))
    table = torch.cat(rows).nan_to_num(nan=0.0, posinf=_LARGEST, neginf=-_LARGEST)
    return Pieces(tuple(regions), table.to(torch.float32).contiguous(), fine)


def _octaves(stretch: _Stretch) -> tuple[int, int]:
    """The exponents of the distances from the anchor, which start at a quarter of the step between numbers there."""
    high = single(stretch.anchor)
    top = math.ceil(math.log2(stretch.reach)) if stretch.reach < _LARGEST else 128
    bottom = math.frexp(high)[1] - 24 - 2 if high else -126
    return max(-126, min(bottom, top - 1)), top + 1


def _region(stretch: _Stretch, nodes: Tensor, row: int, shift: int) -> Region:
    """The region of a stretch whose first row is this one; shift: what leads from a distance's bits to its piece."""
    high = single(stretch.anchor)
    least, most = float(nodes[0]), min(float(nodes[-1]), _LARGEST)
    (bits,) = struct.unpack("<i", struct.pack("<f", least))
    return Region(stretch.start, high, single(stretch.anchor - high), least, most, row + 1 - (bits >> shift))


def _rows(nodes: Tensor, s: Tensor, beyond: Tensor) -> Tensor:
    """A row at the anchor, one for every piece from one node to the next but one, and one beyond."""
    starts, ends, s0, middle, s1 = nodes[:-1:2], nodes[2::2], s[:-1:2], s[1::2], s[2::2]
    b = (s1 - s0) / (ends - starts)
    a = s0 - b * starts + (middle - (s0 + s1) / 2) / 2
    edges = torch.stack((torch.stack((s[0], beyond)), torch.zeros(2, dtype=torch.float64)), 1)
    return torch.cat((edges[:1], torch.stack((a, b), 1), edges[1:]))


def _changing(s: Tensor, far: bool) -> tuple[int, int]:
    """The first and the last of these slopes, at doubling distances, between which they change, as a slice."""
    allowed = [_VANISHED if abs(float(end)) < _SETTLED else _SETTLED for end in (s[0], s[-1])]
    size = s.abs().clamp(min=1.0)
    moved = torch.nonzero((s - s[0]).abs() > allowed[0] * size).flatten().tolist()
    first = max(0, moved[0] - 1) if moved else len(s) - 2
    last = len(s) - 1
    if far:
        moved = torch.nonzero((s - s[-1]).abs() > allowed[1] * size).flatten().tolist()
        last = min(last, moved[-1] + 1) if moved else first + 1
    return first, max(last, first + 1)


def _slopes(kernel: Kernel, branch: Branch, stretches: list[_Stretch], distances: list[Tensor]) -> tuple[Tensor, ...]:
    """The slopes where the output is so far from each stretch's anchor."""
    y = [
        (stretch.anchor + stretch.side * distance).clamp(*stretch.within).clamp(-_LARGEST, _LARGEST)
        for stretch, distance in zip(stretches, distances, strict=True)
    ]
    return kernel.partial("x").text(_input_at(kernel, branch, torch.cat(y))).split([len(own) for own in y])


def _input_at(kernel: Kernel, branch: Branch, y: Tensor) -> Tensor:
    """The input of a branch that gives `y`: Newton's steps between two known places, and halving where they fail."""
    slope = kernel.partial("x")
    if len(branch.x) < 2:
        return branch.x[:1].expand_as(y)
    after = torch.searchsorted(branch.y, y).clamp(1, len(branch.y) - 1)
    low, high, below, above = branch.x[after - 1], branch.x[after], branch.y[after - 1], branch.y[after]
    share = ((y - below) / (above - below)).nan_to_num(nan=0.5, posinf=0.5, neginf=0.5).clamp(0.0, 1.0)
    x = low + (high - low) * share
    first, last = torch.minimum(low, high), torch.maximum(low, high)
    for _ in range(_NEWTON):
        step = (kernel.text(x) - y) / slope.text(x)
        x = torch.minimum(torch.maximum(torch.where(step.isfinite(), x - step, x), first), last)
    step = (kernel.text(x) - y) / slope.text(x)
    left = torch.nonzero(~(step.abs() <= _CLOSE * x.abs())).flatten()
    if len(left):
        low, high, wanted = low[left], high[left], y[left]
        for _ in range(_HALVINGS):
            middle = low + (high - low) / 2
            if bool(((middle == low) | (middle == high)).all()):
                break
            under = kernel.text(middle) < wanted
            low, high = torch.where(under, middle, low), torch.where(under, high, middle)
        x = x.index_copy(0, left, low + (high - low) / 2)
    return x
