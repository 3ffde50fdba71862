"""Which compiled kernel may stand in for a formula: one that agrees with it over every exponent, or none.

The judge is the torch text in float64. Asked for are at most `MOST` units in the last place, or what the conditioning
of the formula makes unavoidable, or no more than the torch text of the same dtype loses; and NaN, infinities and
limits exactly. Where the kernel is double precision too, the judge is no better than it, and a few roundings of every
operation are allowed. Tried are single precision first, then double precision rounded once.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from ..language import Expr, derivative, symbol, walk
from ..renderers.llvm_cpu import Part
from ..renderers.llvm_loops import Plan, kernel_text
from .launch import run
from .machine import keep, kept, machine

if TYPE_CHECKING:
    from .kernel import Kernel

MOST = {torch.float32: 4.0, torch.float64: 16.0}
_RULES = 3  # of this file; verdicts under other rules are not read
_MANTISSAS = 20  # inputs per exponent and sign
_ROUNDINGS = 4  # of the input, that a formula may make beside those of its result
_FORMATS = {torch.float32: (24, -126, torch.int32, 255), torch.float64: (53, -1022, torch.int64, 2047)}


class Verdict(NamedTuple):
    """Whether a kernel passed, its largest error in units in the last place, and where it stood."""

    passed: bool
    ulp: float
    at: float


@cache
def inputs(dtype: torch.dtype) -> Tensor:
    """What is tried: every exponent of both signs, the middle densely, zeros, infinities and NaN."""
    bits, _, whole, exponents = _FORMATS[dtype]
    kept_bits = bits - 1
    fields = torch.arange(exponents, dtype=torch.int64)
    # mantissas that change with the exponent, so that they are not all round numbers
    mantissas = (fields[:, None] * 7919 + torch.arange(_MANTISSAS) * (2**kept_bits // _MANTISSAS)) % 2**kept_bits
    spread = ((fields[:, None] << kept_bits) + mantissas).flatten().to(whole).view(dtype)
    if dtype is torch.float64:
        spread = spread[:: 2047 // 255]
    middle = torch.linspace(-12.3, 12.9, 4001, dtype=dtype)
    ends = torch.tensor([0.0, -0.0, math.inf, -math.inf, math.nan], dtype=dtype)
    return torch.cat((spread, -spread, middle, ends))


def parts(kernel: Kernel, dtype: torch.dtype) -> Iterator[Part]:
    """What is tried, the fastest first: bare arithmetic if the torch text needs no more, then put right, then wide."""
    at = torch.tensor([math.inf, -math.inf], dtype=torch.float64)
    known = () if kernel.names else tuple(zip(at.tolist(), kernel.text(at).tolist(), strict=True))
    lost = tuple(end for end in known if math.copysign(1.0, end[0]) in kernel.lost)
    bare = Part(kernel.expr, lost, not kernel.swallows_nan)
    yield bare
    put_right = Part(kernel.expr, known)
    if put_right != bare:
        yield put_right
    if dtype is torch.float32:
        yield replace(put_right, wide=True)


def plan_of(kernel: Kernel, part: Part, dtype: torch.dtype) -> Plan:
    """The plan of one part alone, for single numbers as its tensors."""
    name = "float32" if dtype is torch.float32 else "float64"
    return Plan((part,), kernel.names, name, (name,) * len(kernel.names))


def judged(kernel: Kernel, part: Part, dtype: torch.dtype) -> Verdict:
    """How `part` compares with the kernel's formula; the tensors `names` are single numbers."""
    worst = Verdict(True, 0.0, math.nan)
    for factor in (1.0, 1.7, -1.0, 0.0) if kernel.names else (1.0,):
        numbers = [factor * kernel.defaults[name] for name in kernel.names]
        seen = _compared(kernel, part, dtype, numbers)
        worst = max(worst, seen, key=lambda verdict: (not verdict.passed, verdict.ulp))
    return worst


def _compared(kernel: Kernel, part: Part, dtype: torch.dtype, numbers: list[float]) -> Verdict:
    x = inputs(dtype)
    bits, lowest, _, _ = _FORMATS[dtype]
    tensors = [torch.tensor(number, dtype=dtype) for number in numbers]
    at = x.to(torch.float64)
    wide = [tensor.to(torch.float64) for tensor in tensors]
    truth = kernel.text(at, *wide)
    found = run(plan_of(kernel, part, dtype), x, tensors)
    y = found.to(torch.float64)
    unit = torch.exp2((torch.frexp(truth.abs())[1].to(torch.float64) - 1).clamp(min=lowest) - bits + 1)
    error = (y - truth).abs()
    same = (y == truth.to(dtype).to(torch.float64)) | (y.isnan() & truth.isnan())
    # below the smallest normal number arithmetic may give 0; at the edge of the format rounding may fall either way
    edge = ((truth.abs() / torch.finfo(dtype).max - 1).abs() < 2.0 ** (1 - bits)) & (y.sign() == truth.sign())
    good = same | (error <= MOST[dtype] * unit + 2.0**lowest) | edge
    if kernel.names and kernel.lost:
        good |= x.isinf() & y.isnan()  # seen after every run, and left to the torch text
    units = torch.where(good & ~same & (truth.abs() >= 2.0**lowest) & error.isfinite(), error / unit, 0.0)
    size, place = float(units.max()), float(x[units.argmax()])
    bad = ~good
    if bad.any():
        bad &= ~(error <= MOST[dtype] * unit + _unavoidable(kernel, at, wide, dtype))  # NaN is no excuse
    if bad.any():
        text = kernel.text(x, *tensors).to(torch.float64)
        no_worse = (error <= (text - truth).abs() + unit) | ((y - text).abs() <= MOST[dtype] * unit)
        bad &= ~(no_worse | (y == text) | (y.isnan() & text.isnan()))
    if bad.any() and (part.wide or dtype is torch.float64):  # the truth itself is no better
        bad &= ~(error <= MOST[dtype] * unit + _of_every_operation(kernel, at, wide))
    if bad.any():
        first = int(torch.where(bad, torch.nan_to_num(error / unit, math.inf, math.inf), -1.0).argmax())
        return Verdict(False, float(error[first] / unit[first]), float(x[first]))
    return Verdict(True, size, place)


def _unavoidable(kernel: Kernel, at: Tensor, wide: list[Tensor], dtype: torch.dtype) -> Tensor:
    """What a few roundings of the input do to the result."""
    slope = kernel.partial("x")
    width = 2.0 ** (1 - _FORMATS[dtype][0])
    first = torch.nan_to_num(slope.text(at, *wide).abs(), 0.0, 0.0)
    second = torch.nan_to_num(slope.partial("x").text(at, *wide).abs(), 0.0, 0.0)
    shift = _ROUNDINGS * width * at.abs()
    curved = second / 2 * (shift**2 + _ROUNDINGS * width * at.abs().clamp(max=1) ** 2)  # may overflow: anything goes
    return torch.nan_to_num(torch.nan_to_num(first * shift) + torch.nan_to_num(curved))


def _of_every_operation(kernel: Kernel, at: Tensor, wide: list[Tensor]) -> Tensor:
    """What a few roundings of every operation in double precision do to the result, to first order."""
    from .kernel import compiled  # which needs this module first

    moved = torch.zeros_like(at)
    for node in walk(kernel.expr):
        if not node.args or node.op in ("lt", "le", "gt", "ge"):
            continue
        size = compiled(node, kernel.names)(at, *wide)
        through = derivative(_opened(kernel.expr, node), "_")
        slope = compiled(through, (*kernel.names, "_"))(at, *wide, size)
        moved += torch.nan_to_num(abs(torch.as_tensor(slope * size)), 0.0, 0.0)
    return torch.nan_to_num(_ROUNDINGS * 2.0**-52 * moved)


def _opened(expr: Expr, place: Expr) -> Expr:
    """The formula with a symbol `_` in place of one of its parts."""
    made: dict[Expr, Expr] = {place: symbol("_")}
    for node in walk(expr):
        if node not in made:
            made[node] = Expr(node.op, tuple(made[arg] for arg in node.args)) if node.args else node
    return made[expr]


def admitted(kernel: Kernel, dtype: torch.dtype) -> Part | None:
    """The first part that passes, for tensors of float32 or float64; None if none does. Raises CannotSpell."""
    for part in parts(kernel, dtype):
        if verdict(kernel, part, dtype).passed:
            return part
    return None


def verdict(kernel: Kernel, part: Part, dtype: torch.dtype) -> Verdict:
    """The verdict on a part, found once per machine."""
    about = f"verdict {_RULES} {torch.__version__} {machine().name} {sorted(kernel.defaults.items())}\0"
    place = hashlib.sha256((about + kernel_text(plan_of(kernel, part, dtype))).encode()).hexdigest()
    known = kept(place)
    if known is not None:
        passed, ulp, at = known.decode().split()
        return Verdict(passed == "passed", float(ulp), float(at))
    found = judged(kernel, part, dtype)
    keep(place, f"{'passed' if found.passed else 'failed'} {found.ulp!r} {found.at!r}".encode())
    return found
