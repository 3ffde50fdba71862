"""Slopes kept as one byte each: what a gradient needs of an activation whose input and output nobody else keeps.

A byte holds the slope itself, rounded to a step of 1/n with a whole n, so that slopes of 0 and 1, which most functions
have far out, are held exactly. Going back is one product. With `unbiased` a slope is rounded up or down by chance, so
that its mean over seeds is the slope; chance is a hash of a seed and of the element's index, see
`renderers.llvm_codes`.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.autograd import forward_ad

from ..language import symbol
from ..renderers.llvm_codes import APART, LAST, NAN, ROUNDS, SHIFT, Coding
from . import native
from .admission import inputs
from .branches import Refused
from .bridge import pointwise
from .dtypes import DTYPES, HALF
from .kernel import Kernel, kernel
from .one_pass import Task
from .output_plan import Certificate
from .tables import every

# a step larger than this share of the slopes' root mean square under a standard normal input is no slope worth keeping
_COARSEST = 0.05
_WIDEST = 1e4
_FINE = 16  # steps of 1/n with a smaller n would waste more of the range than two exact slopes are worth
_ROUNDS, _PLACES = 3, 2001  # of the search for the largest slope, each 1000 times closer
_NORMAL = 4001  # numbers that stand for the standard normal distribution
_MASK = 0xFFFFFFFF


class CodePlan(NamedTuple):
    """How the slopes of a kernel become bytes: the whole number nearest to slope/step, plus `zero`."""

    step: float
    zero: float
    low: float
    high: float

    def coding(self, unbiased: bool) -> Coding:
        """The same as a compiled kernel is told."""
        return Coding(1.0 / self.step, self.zero, unbiased)


@cache
def code_plan(run: Kernel) -> CodePlan | Refused:
    """How the kernel's slopes are kept as bytes; why they cannot be."""
    if run.names:
        return Refused("learned", (), "its slope depends on learned or drawn tensors")
    slope = run.partial("x")
    with torch.device("cpu"), torch.no_grad():
        x = _line()
        y = slope.text(x)
        if not bool(y.isfinite().all()):
            at = float(x[(~y.isfinite()).nonzero()[0, 0]])
            return Refused("infinite", (("at", at),), f"its slope is not a finite number at {at:.4g}")
        low, high = -_largest(slope, x, -y, -1.0), _largest(slope, x, y, 1.0)
        mean_square = float(slope.text(_normal()).square().mean())
    if high - low > _WIDEST:
        return Refused("unbounded", (("low", low), ("high", high)), f"its slopes grow to {max(-low, high):.3g}")
    step = _step(low, high)
    if low < high and step > _COARSEST * math.sqrt(mean_square):
        told = f"its slopes reach from {low:.3g} to {high:.3g}, and {step:.2g} is too coarse a step for most of them"
        return Refused("coarse", (("low", low), ("high", high)), told)
    return CodePlan(step, -math.floor(low / step) + 0.0, low, high)


def _largest(slope: Kernel, x: Tensor, y: Tensor, sign: float) -> float:
    """The largest of `sign` times the slope, searched between the neighbours of the largest of the places tried."""
    for _ in range(_ROUNDS):
        at = int(y.argmax())
        best = float(y[at])
        ends = x[max(at - 1, 0)], x[min(at + 1, len(x) - 1)]
        x = torch.linspace(float(ends[0]), float(ends[1]), _PLACES, dtype=torch.float64)
        y = torch.cat((sign * slope.text(x), torch.tensor([best], dtype=torch.float64)))
        x = torch.cat((x, x[-1:]))
        y = y.nan_to_num(best, best, best)
    return float(y.max())


def _step(low: float, high: float) -> float:
    """The smallest step whose whole multiples cover the range with 255 of them, 1/n where n is worth it."""
    if low == high:
        return abs(low) or 1.0
    n = math.floor(LAST / (high - low)) if math.isfinite(LAST / (high - low)) else 0
    while n >= _FINE and not (_covers(1.0 / n, low, high) and _exact(n)):
        n -= 1
    return 1.0 / n if n >= _FINE else (high - low) / (LAST - 1)


def _covers(step: float, low: float, high: float) -> bool:
    return math.ceil(high / step) - math.floor(low / step) <= LAST


def _exact(n: int) -> bool:
    """Whether n steps of single precision make 1."""
    return float(torch.tensor(1.0 / n, dtype=torch.float32, device="cpu") * n) == 1.0


@cache
def _line() -> Tensor:
    """Where slopes are looked at, in rising order: every exponent, and the numbers of float16 that end in 00."""
    with torch.device("cpu"):
        x = torch.cat((inputs(torch.float32).to(torch.float64), every(torch.float16)[::4].to(torch.float64)))
        return x[x.isfinite()].unique()


@cache
def _normal() -> Tensor:
    """Numbers that stand for the standard normal distribution, each for the same share of it."""
    with torch.device("cpu"):
        return torch.special.ndtri((torch.arange(_NORMAL, dtype=torch.float64) + 0.5) / _NORMAL)


@cache
def code_certificate(run: Kernel, dtype: torch.dtype, unbiased: bool = False) -> Certificate:
    """The largest error of a slope kept as a byte, against the slope that is computed from an input that is kept.

    Seen on every number of a 16-bit dtype; of wider ones on twenty of every exponent, and at least half a step unless
    all of them were exact.
    """
    plan = cast("CodePlan", code_plan(run))
    slope = run.partial("x")
    with torch.device("cpu"), torch.no_grad():
        x = every(dtype) if dtype in HALF else inputs(dtype)
        x = x[x.isfinite()]
        truth = slope(x.to(DTYPES[dtype][1])).to(torch.float64)
        if unbiased:
            place = truth / plan.step
            aside = place - place.floor()
            normal = slope.text(_normal()) / plan.step
            part = normal - normal.floor()
            error = torch.maximum(aside, 1 - aside) * (aside > 0)
            return _certificate(error * plan.step, x, (part * (1 - part)).mean().sqrt() * plan.step)
        error = (_back(plan, slopes_coded(run, plan, x)[1]) - truth).abs().nan_to_num(0.0)
        if dtype not in HALF and error.max() > 0:
            error = error.where(error < error.max(), error.max().clamp(min=plan.step / 2))
        near = _normal()
        rms = (_back(plan, slopes_coded(run, plan, near)[1]) - slope.text(near)).square().mean().sqrt()
        return _certificate(error, x, rms)


def _certificate(error: Tensor, x: Tensor, rms: Tensor) -> Certificate:
    at = int(error.argmax())
    return Certificate(float(error[at]), float(rms), float(x[at]))


def _back(plan: CodePlan, code: Tensor) -> Tensor:
    return (code.to(torch.float64) - plan.zero) * plan.step


def slopes_coded(run: Kernel, plan: CodePlan, x: Tensor, seed: int | None = None) -> tuple[Tensor, Tensor]:
    """(the kernel's value at `x`, its slope there as a byte); seed: of unbiased rounding, if it is.

    With a seed the bytes lie in reading order, so that chance does not depend on the layout.
    """
    slope = run.partial("x")
    coding = plan.coding(seed is not None)
    start = 0 if seed is None else seed
    # of 16 bits the value alone may be looked up: two passes give the same bits as without codes
    apart = x.dtype in HALF or (coding.random and not x.is_contiguous())
    both = Task(run, (run, slope), x, of=(0, 0), codings=(None, coding), seed=start)
    found = None if apart else native.computed(both)
    if found is not None:
        return found[0], found[1]
    at = x.contiguous() if coding.random else x
    found = native.computed(Task(run, (slope,), at, codings=(coding,), seed=start))
    return run(x), _by_torch(slope(at.to(DTYPES[x.dtype][1])), coding, start) if found is None else found[0]


def _by_torch(slope: Tensor, coding: Coding, seed: int) -> Tensor:
    """The codes by torch operations; a slope that compiled code computes to the same bits gets the same code."""
    place = slope.to(torch.float32).to(torch.float64) * coding.scale
    if coding.random:
        place = (place + coding.zero).to(torch.float32) + chance(slope, seed)
    else:
        place = (place + (coding.zero + 0.5)).to(torch.float32)
    return torch.where(place.isnan(), float(NAN), place.clamp(0.0, float(LAST))).to(torch.uint8)


def chance(x: Tensor, seed: int) -> Tensor:
    """A number from 0 to below 1 for every element of `x`, by its index in reading order."""
    index = torch.arange(x.numel(), dtype=torch.int64, device=x.device)
    mixed = _mixed((index & _MASK) ^ (seed & _MASK))
    mixed = _mixed((mixed + (seed >> 32) + (index >> 32) * APART) & _MASK)
    return ((mixed >> 8).to(torch.float32) * 2.0**-24).reshape(x.shape)


def _mixed(word: Tensor) -> Tensor:
    for shift, factor in ROUNDS:
        word = word ^ (word >> shift)
        # in two halves, because a product of two words does not fit
        word = ((word * (factor & 0xFFFF)) + (((word * (factor >> 16)) & 0xFFFF) << 16)) & _MASK
    return word ^ (word >> SHIFT)


@cache
def _decoder() -> Kernel:
    code, zero, step = symbol("code"), symbol("zero"), symbol("step")
    return kernel((code - zero) * step, ("code", "zero", "step"), (("code", 100.0), ("zero", 26.0), ("step", 0.005)))


def _returned(along: Tensor, code: Tensor, plan: CodePlan) -> Tensor:
    """The gradient `along` times the slopes that the codes hold; NaN where a code stands for NaN."""
    wide = DTYPES[along.dtype][1]
    zero, step = [torch.tensor(number, dtype=wide, device=along.device) for number in (plan.zero, plan.step)]
    found = native.product(_decoder(), along, along, (code, zero, step))
    if found is not None:
        return found
    slope = torch.where(code == NAN, math.nan, code.to(wide)).sub(zero).mul(step)
    return (along.to(wide) * slope).to(along.dtype)


def only_once(kept: str) -> None:
    """RuntimeError where a gradient is asked for that can be differentiated again, of which only `kept` was kept."""
    if torch.is_grad_enabled():
        raise RuntimeError(
            f"this activation kept only {kept} for its gradient, which therefore has no derivative; for backward with "
            'create_graph=True make the module with saves="input" and inplace=False'
        )


class _Coded(torch.autograd.Function):
    """A formula as an autograd function of (kernel, plan, x, seed) that keeps a byte for each element."""

    @staticmethod
    def forward(ctx: Any, run: Kernel, plan: CodePlan, x: Tensor, seed: int | None) -> Tensor:
        y, code = slopes_coded(run, plan, x, seed)
        ctx.plan = plan
        ctx.save_for_backward(code)
        return y

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        only_once("its slopes as bytes")
        (code,) = ctx.saved_tensors
        return None, None, _returned(upstream[0], code, ctx.plan), None


def coded(run: Kernel, x: Tensor, unbiased: bool = False) -> Tensor:
    """The kernel's value at `x`, which keeps for its gradient one byte for each element of `x`.

    unbiased: the slope's mean over draws of torch's generator is exact; see `drawn`. A second derivative is an error.
    While torch traces or transforms, and where no gradient is recorded, it is `pointwise`. Raises ValueError for a
    kernel whose slopes cannot be kept so, see `code_plan`.
    """
    plan = code_plan(run)
    if isinstance(plan, Refused):
        raise ValueError(f"slopes cannot be kept as bytes: {plan.said}")
    seed = drawn() if unbiased else None
    recorded = torch.is_grad_enabled() and x.requires_grad and forward_ad._current_level < 0
    if not recorded or not native.untraced() or x.is_nested:
        return pointwise(run, x)
    return _Coded.apply(run, plan, x, seed)


def drawn() -> int | None:
    """A seed of unbiased rounding from torch's generator; None while torch traces or transforms.

    Drawn at every call, whether a gradient is recorded or not: a checkpoint may record it only when it runs the call
    again, and what is drawn by others afterwards, as by dropout, has to be the same both times.
    """
    return int(torch.empty((), dtype=torch.int64, device="cpu").random_()) if native.untraced() else None
