"""The slope of a formula from its output: a plan for every formula that allows one, and a certificate of its errors.

Where a formula is monotone its output says what the slope was; where it has one extremum, one bit says which side of it
the input lay on. For float16 and bfloat16 the answer is a table of all outputs, and where rounding these has lost too
much, another bit says which half of the slopes that share an output is meant. For float32 it is a short formula of the
output where one exists, else a table of pieces. float64 keeps its input: no table is as exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..renderers.llvm_slope import Bottom
from .admission import inputs
from .branches import Branches, Refused, branches
from .closed_slope import closed
from .dtypes import DTYPES, HALF
from .kernel import Kernel
from .launch import Native
from .pieces import Pieces, fitted, single
from .tables import every

# the largest error of a slope in float32, in units of the slope or of 1 where that is larger: between two neighbouring
# outputs at a minimum the slope itself moves by about 1e-4, of which a bit beside the output leaves a half
MOST = 5e-5
# the same for the root mean square under N(0, 1) of 16-bit slopes: rounding them costs 1.3e-3 in bfloat16
MOST_RMS = 3e-3
_ENOUGH_RMS = 1.4e-3  # above it the slopes of a 16-bit dtype are worth another bit
_NEAR = 1 << 15  # numbers next to an extremum that are looked at, and
_FEW = 64  # on each side of other places where pieces of a formula meet; and
_FURTHER = 384  # at growing distances from them: where a slope goes to 0, many inputs share one output
# of a place or of its value: inputs that are no further from a kink share their outputs with inputs behind it
_BESIDE = 2.0**-22
_FLATTEST = 2.0**-7  # of such an input's slope, which divides what is said of the value
_TINY = 2.0**-104  # numbers next to 0, of which products are subnormal or 0, are shared likewise
_NORMAL = 1 << 15  # quantiles of N(0, 1)
_CELLS = 16  # units in the last place above an extremum within which values are rounded once
# of a unit: so far above the number that it is rounded to is a minimum put, by less than a unit. Then the slopes that
# share that number and those that share the next one are equally few, as few as can be
_LOWEST = 1 / 6
_EXACT = 1e-6  # the error that is allowed a formula of the slope


class Certificate(NamedTuple):
    """How far slopes found from an output are from the true ones.

    max_error: the largest error, divided by the slope where that is larger than 1, and `at` which input; of all inputs
    in 16 bits, in float32 of some 80,000, every exponent and all that is next to a kink or an extremum among them.
    rms_error: root mean square of the error itself under N(0, 1). In float32 every slope between those of the two sides
    of a kink is right for inputs so near to it that they share their output with inputs behind it.
    """

    max_error: float
    rms_error: float
    at: float


class _Seen(NamedTuple):
    """Inputs, what a formula gives there in their dtype, and the true slope.

    weight: which share of N(0, 1) each stands for. low, high: at a kink the slopes on both sides of it, of which
    rounding makes one as right as the other; elsewhere the slope itself.
    """

    x: Tensor
    y: Tensor
    slope: Tensor
    weight: Tensor
    low: Tensor
    high: Tensor


class Table(NamedTuple):
    """How slopes are found in a 16-bit dtype.

    codes: for the bits of every input what is kept beside its output, `planes` bits: on which branch it lies, if there
    are two, and then, if that is kept, whether its slope is above the mean of those that share output and branch.
    slopes: for the bits of every output, with such a code above them, the mean of those slopes.
    """

    codes: Tensor
    slopes: Tensor
    planes: int


@dataclass(frozen=True, eq=False)
class Plan:
    """How the slope of a formula is found from its output.

    turn: the largest input of the left branch, None for a monotone formula. bottom: how values of float32 next to the
    extremum are rounded. formula: of the slope, in the output, for float32; None where `pieces` tell it. tables: of
    each 16-bit dtype. certificate: by the name of the dtype. native: compiled kernels, by dtype and direction; words:
    for a 16-bit dtype what the forward one looks up.
    """

    turn: float | None
    bottom: Bottom | None
    formula: Kernel | None
    pieces: Pieces | None
    tables: dict[torch.dtype, Table]
    certificate: dict[str, Certificate]
    native: dict[tuple[torch.dtype, str], Native | None] = field(default_factory=dict[Any, Any])
    words: dict[torch.dtype, Tensor] = field(default_factory=dict[Any, Any])

    @property
    def dtypes(self) -> tuple[torch.dtype, ...]:
        """The dtypes whose slopes are found from the output; another one keeps its input."""
        return (torch.float32, *self.tables)

    def bits(self, dtype: torch.dtype) -> int:
        """How many bits per element are kept beside the output: 0, 1 or, in a 16-bit dtype, 2."""
        return self.tables[dtype].planes if dtype in self.tables else int(self.turn is not None)

    def sides(self, x: Tensor) -> tuple[Tensor, ...]:
        """These bits for every input, the first of two branches the one of the right branch."""
        bits = self.bits(x.dtype)
        if bits and x.dtype in self.tables:
            code = self.tables[x.dtype].codes.to(x.device)[_row(x)]
            return tuple((code >> at & 1).to(torch.bool) for at in range(bits))
        return () if self.turn is None else (x > self.turn,)

    def slope(self, y: Tensor, sides: Sequence[Tensor]) -> Tensor:
        """The slope for every output, in float32, by torch operations."""
        if y.dtype in self.tables:
            row = _row(y)
            for at, side in enumerate(sides):
                row += side.to(torch.int64) << (16 + at)
            return self.tables[y.dtype].slopes.to(y.device)[row]
        if self.formula is not None:
            return self.formula.text(y)
        assert self.pieces is not None
        return self.pieces.slope(y, sides[0] if sides else None)


def slope_plan(kernel: Kernel) -> Plan | Refused:
    """The plan of a kernel, made once; why there is none where its certificate would be worse than the bounds."""
    found = kernel.output_plan
    if found is None:
        # a mode that names the device is asked at every operation, so there is one only where it changes something
        elsewhere = torch.get_default_device().type != "cpu"
        with torch.device("cpu") if elsewhere else nullcontext(), torch.inference_mode(False), torch.no_grad():
            found = kernel.output_plan = _plan(kernel)
    return found


def _plan(kernel: Kernel) -> Plan | Refused:
    found = branches(kernel)
    if isinstance(found, Refused):
        return found
    turn, bottom = _single_below(found.turn), _bottom(kernel, found)
    seen = _seen_single(kernel, found.seams, bottom)
    plan = Plan(turn, bottom, closed(found, seen.y, seen.low, seen.high, seen.x.isinf()), None, {}, {})
    exact = plan.formula is not None and _certificate(plan, seen).max_error <= _EXACT
    if not exact:
        pieces = fitted(kernel, found)
        _settle_cells(pieces, plan.sides(seen.x), seen)
        plan = replace(plan, formula=None, pieces=pieces)
    for dtype in (torch.float32, *HALF):
        rows = seen if dtype is torch.float32 else _seen_half(kernel, dtype)
        if dtype in HALF:
            plan.tables[dtype] = _table(turn, rows)
        known = _certificate(plan, rows)
        if dtype in HALF and known.rms_error > _ENOUGH_RMS:
            plan.tables[dtype] = _refined(plan.tables[dtype], rows)
            known = _certificate(plan, rows)
        plan.certificate[DTYPES[dtype][0]] = known
        refused = _too_inexact(dtype, known)
        if refused is not None:
            return refused
    return plan


def _too_inexact(dtype: torch.dtype, known: Certificate) -> Refused | None:
    name = DTYPES[dtype][0]
    if dtype in HALF:
        error, bound, kind = known.rms_error, MOST_RMS, "rms"
    else:
        error, bound, kind = known.max_error, MOST, "max"
    if error <= bound:
        return None
    numbers = (("dtype", name), ("kind", kind), ("error", error), ("bound", bound), ("at", known.at))
    said = f"its slopes from a {name} output would be wrong by {error:.2g} ({kind}), and {bound:g} is allowed"
    return Refused("inexact", numbers, said)


def _seen(kernel: Kernel, bottom: Bottom | None, x: Tensor, weight: Tensor) -> _Seen:
    slope = kernel.partial("x").text(x.to(torch.float64))
    compiled, text = [rounded_once(bottom, x, y) for y in (kernel(x), kernel.text(x))]
    other = torch.nonzero(compiled != text).flatten()  # the last bit may differ
    at = torch.cat((torch.arange(len(x)), other))
    y = torch.cat((compiled, text[other]))
    known = ~y.isnan() & ~(y.isinf() & x[at].isfinite())  # nothing is learned where numbers have run out
    at, y = at[known], y[known]
    return _Seen(x[at], y, slope[at], weight[at], slope[at], slope[at])


def _seen_half(kernel: Kernel, dtype: torch.dtype) -> _Seen:
    """All numbers of a 16-bit dtype."""
    x = every(dtype)
    x = x[~x.isnan()]
    order = x.to(torch.float64).sort()
    edges = torch.special.ndtr((order.values[1:] + order.values[:-1]).nan_to_num() / 2)
    shares = torch.cat((edges, torch.ones(1))) - torch.cat((torch.zeros(1), edges))
    weight = torch.empty_like(order.values).index_copy(0, order.indices, shares.clamp(min=0.0))
    return _seen(kernel, None, x, weight)


def _seen_single(kernel: Kernel, met: Tensor, bottom: Bottom | None) -> _Seen:
    """Numbers of every size, quantiles of N(0, 1), and numbers near places where pieces or branches meet."""
    normal = torch.special.ndtri((torch.arange(_NORMAL, dtype=torch.float64) + 0.5) / _NORMAL).to(torch.float32)
    spread = inputs(torch.float32)
    away = torch.exp2(torch.linspace(-24, 0, _FURTHER, dtype=torch.float64))
    others = [spread[~spread.isnan()], *[_around(place, _FEW) for place in met.tolist()]]
    for place in met.tolist():
        distance = max(abs(place), _TINY) * away
        others.append(torch.cat((place - distance, place + distance)).to(torch.float32))
    if bottom is not None:
        near = torch.linspace(-2 * bottom.reach, 2 * bottom.reach, _NEAR, dtype=torch.float64) + bottom.high
        others.append(near.to(torch.float32))
    x = torch.cat((*others, normal))
    weight = torch.zeros(len(x), dtype=torch.float64)
    weight[-_NORMAL:] = 1 / _NORMAL
    return _beside_kinks(kernel, met, _seen(kernel, bottom, x, weight))


def _beside_kinks(kernel: Kernel, met: Tensor, seen: _Seen) -> _Seen:
    """What is seen, with the slopes of both sides where inputs share their outputs with inputs behind a kink."""
    x, low, high = seen.x.to(torch.float64), seen.low.clone(), seen.high.clone()
    own = torch.ones(len(x), dtype=torch.bool)
    for place, level in zip(met.tolist(), kernel.text(met).tolist(), strict=True):
        if not math.isfinite(level):
            continue
        width = _BESIDE * max(abs(place), _TINY)
        places = torch.tensor([place - width, place + width], dtype=torch.float64)
        sides = kernel.partial("x").text(places).tolist()
        flattest = min([abs(slope) for slope in sides if slope] or [1.0])
        width = max(width, _BESIDE * abs(level) / max(flattest, _FLATTEST))
        near = ((x - place).abs() <= width) & (x != place)
        low[near] = low[near].clamp(max=min(sides))
        high[near] = high[near].clamp(min=max(sides))
        own &= (x != place) | (level == 0)  # the kink itself is one of those that share an output
    return _Seen(*[row[own] for row in seen._replace(low=low, high=high)])


def _around(place: float, count: int) -> Tensor:
    """So many numbers of single precision on each side of a place."""
    bits = torch.tensor(place, dtype=torch.float64).to(torch.float32).view(torch.int32).to(torch.int64)
    magnitude = bits & 0x7FFFFFFF
    ordinal = torch.where(bits < 0, -magnitude, magnitude) + torch.arange(-count, count + 1)
    ordinal = ordinal.clamp(-0x7F7FFFFF, 0x7F7FFFFF)
    sizes = ordinal.abs().to(torch.int32).view(torch.float32)
    return torch.where(ordinal < 0, -sizes, sizes)


def _middles(place: Tensor, seen: _Seen, count: int) -> tuple[Tensor, Tensor]:
    """(the middle of the slopes at each of `count` places, which places have any)."""
    low = torch.full((count,), math.inf, dtype=torch.float64).scatter_reduce(0, place, seen.slope, "amin")
    high = torch.full((count,), -math.inf, dtype=torch.float64).scatter_reduce(0, place, seen.slope, "amax")
    return torch.where(low == high, low, low + (high - low) / 2), low <= high


def _with_limits(slope: Tensor, place: Tensor, seen: _Seen) -> Tensor:
    """These slopes, where an infinite input is among those of a place the one that it has."""
    far = seen.x.isinf() & seen.slope.isfinite()
    return slope.index_copy(0, place[far], seen.slope[far])


def _row(numbers: Tensor) -> Tensor:
    """The bits of 16-bit numbers."""
    return numbers.view(torch.int16).to(torch.int64) & 0xFFFF


def _means(codes: Tensor, planes: int, seen: _Seen) -> tuple[Tensor, Tensor, Tensor]:
    """(what of the table each input shares, the mean slope for every place there, which places have any)."""
    place = _row(seen.y) + (codes[_row(seen.x)].to(torch.int64) << 16)
    slope, known = _middles(place, seen, 1 << (16 + planes))
    shares = torch.zeros_like(slope).index_add(0, place, seen.weight)
    mean = torch.zeros_like(slope).index_add(0, place, seen.weight * seen.slope.nan_to_num()) / shares
    return place, torch.where(shares > 0, mean, slope), known


def _table(turn: float | None, seen: _Seen) -> Table:
    """The table of a 16-bit dtype that keeps no more than the branch."""
    numbers, planes = every(seen.y.dtype), int(turn is not None)
    # compared in float32, because 16 bits would round the place
    codes = (numbers.to(torch.float32) > (math.inf if turn is None else turn)).to(torch.uint8)
    place, mean, known = _means(codes, planes, seen)
    slope = _with_limits(mean, place, seen)
    wide = numbers.to(torch.float64)
    made: list[Tensor] = []
    for own, has in zip(slope.split(1 << 16), known.split(1 << 16), strict=True):
        at = torch.nonzero(has).flatten()
        order = wide[at].sort()
        nearest = torch.searchsorted(order.values, wide.nan_to_num()).clamp(max=len(at) - 1)
        filled = torch.where(has, own, own[at[order.indices[nearest]]])  # what no input gives takes the next one's
        made.append(torch.where(wide.isnan(), math.nan, filled))
    return Table(codes, torch.cat(made).to(torch.float32), planes)


def _refined(table: Table, seen: _Seen) -> Table:
    """The same with another bit, for slopes above the mean of those that share a place in this one."""
    place, mean, _ = _means(table.codes, table.planes, seen)
    above = (seen.slope > mean[place]).to(torch.uint8)
    above = torch.zeros_like(table.codes).scatter_reduce(0, _row(seen.x), above, "amax")
    codes, planes = table.codes + (above << table.planes), table.planes + 1
    place, mean, known = _means(codes, planes, seen)
    slopes = _with_limits(mean, place, seen).to(torch.float32)
    return Table(codes, torch.where(known, slopes, table.slopes.repeat(2)), planes)


def _settle_cells(pieces: Pieces, sides: tuple[Tensor, ...], seen: _Seen) -> None:
    """Where one output alone falls on a piece, its slope becomes the middle of those of the inputs that give it."""
    row, _ = pieces.rows(seen.y, sides[0] if sides else None)
    count = len(pieces.table)
    y = seen.y.to(torch.float64)
    lowest = torch.full((count,), math.inf, dtype=torch.float64).scatter_reduce(0, row, y, "amin")
    highest = torch.full((count,), -math.inf, dtype=torch.float64).scatter_reduce(0, row, y, "amax")
    middle, _ = _middles(row, seen, count)
    certain = seen.low == seen.high  # what lies beside a kink has a say only where nothing else is seen
    sure, known = _middles(row[certain], _Seen(*[column[certain] for column in seen]), count)
    middle = _with_limits(torch.where(known, sure, middle), row, seen)
    alone = (lowest == highest) & (torch.bincount(row, minlength=count) > 2) & middle.isfinite()
    pieces.table[alone, 0] = middle[alone].to(torch.float32)
    pieces.table[alone, 1] = 0.0


def _certificate(plan: Plan, seen: _Seen) -> Certificate:
    found = plan.slope(seen.y, plan.sides(seen.x)).to(torch.float64)
    error = torch.maximum(found - seen.high, seen.low - found)
    error = torch.where((found == seen.low) | (found == seen.high) | ~seen.slope.isfinite(), 0.0, error)
    error = error.clamp(min=0.0).nan_to_num(nan=math.inf)
    scaled = error / seen.slope.abs().clamp(min=1.0).nan_to_num(nan=1.0, posinf=1.0)
    worst = int(scaled.argmax())
    rms = math.sqrt(float((torch.where(seen.weight > 0, error, 0.0) ** 2 * seen.weight).sum()))
    return Certificate(float(scaled[worst]), rms, float(seen.x[worst]))


def rounded_once(bottom: Bottom | None, x: Tensor, y: Tensor) -> Tensor:
    """The values `y` at `x` of single precision, next to an extremum those of `bottom`."""
    if bottom is None:
        return y
    t = (x - bottom.high) - bottom.low
    near = bottom.value + (bottom.rest + t * t * (bottom.square + t * bottom.cube))
    return torch.where(t.abs() < bottom.reach, near, y)


def _bottom(kernel: Kernel, found: Branches) -> Bottom | None:
    """What the formula is next to its extremum; None if there is none, or a corner."""
    if math.isnan(found.turn) or found.extremum == 0:
        return None
    slope, place = kernel.partial("x"), torch.tensor(found.turn, dtype=torch.float64)
    square = float(slope.partial("x").text(place)) / 2
    cube = float(slope.partial("x").partial("x").text(place)) / 6
    if not math.isfinite(cube) or not abs(square) > 0:
        return None
    value = single(found.extremum)
    inward = torch.tensor([value, math.copysign(math.inf, square)], dtype=torch.float32)
    unit = abs(float(torch.nextafter(*inward)) - value)
    reach = math.sqrt(_CELLS * unit / abs(square))
    t = torch.linspace(-reach, reach, 101, dtype=torch.float64)
    apart = kernel.text(place + t) - found.extremum - (square + cube * t) * t * t
    if not float(apart.abs().max()) < unit / 64:
        return None
    high = single(found.turn)
    rest = math.copysign(unit * _LOWEST, square)
    return Bottom(high, single(found.turn - high), value, single(rest), single(square), single(cube), single(reach))


def _single_below(number: float) -> float | None:
    """The largest number of single precision that is not larger; None for NaN."""
    if math.isnan(number):
        return None
    near = torch.tensor(number, dtype=torch.float64).to(torch.float32)
    return float(near if float(near) <= number else torch.nextafter(near, torch.tensor(-math.inf)))
