"""Gated units that keep their gate and their output for the gradient: what the gate let through is their quotient.

z = act(gate) up, and the next layer keeps z anyway; so up = z / act(gate). Where rounding has lost it (z or act(gate)
is zero, smaller than the smallest normal number, or no finite number, and the slope of the gate is not zero) the few
values of up are kept with their places; where that would take more memory than both halves, they are kept instead.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.autograd import forward_ad

from ..language import Expr, derivative, maximum, symbol, where
from ..renderers.llvm_codes import Coding
from . import native
from .admission import inputs
from .branches import Refused
from .bridge import pointwise, product
from .codes import only_once
from .dtypes import DTYPES, HALF
from .gated import Halves, gated
from .kernel import Kernel, kernel
from .one_pass import Task
from .output_plan import Certificate
from .tables import every

_FLOOR = 1e-37  # above the smallest normal number of single precision, 1.2e-38, which computes all but float64
_MOST = 1e-5  # of a gradient in single precision: act computed twice to different bits near a zero would be worse
_MANY = 8192  # normal gates that a certificate is about
_WORDS = 3  # 16-bit words for each value kept with its place, a 32-bit number
_RELATIVE = {torch.float32: 2.0**-20, torch.float64: 2.0**-45}  # of a quotient, where rounding z is not what limits


class Quotient(NamedTuple):
    """A formula act(x) up: the kernels of act, and of what the gradient of x is in terms of x and z = act(x) up."""

    act: Kernel
    back: Kernel


@cache
def quotient_plan(run: Kernel) -> Quotient | Refused:
    """How the gradient of a gated kernel follows from its gate and its output; why it does not."""
    up = symbol("up")
    if run.names != ("up",):
        return Refused("learned", (), "its gate depends on learned tensors")
    act = [factor for factor in run.expr.args if factor is not up]
    if run.expr.op != "mul" or len(act) != 1 or set(act[0].symbols) != {"x"}:
        return Refused("product", (), "its formula is no product of a curve of the gate with the other half")
    return _checked(run, act[0])


def _checked(run: Kernel, act: Expr) -> Quotient | Refused:
    recovered = where(abs(act) >= _FLOOR, symbol("z") / act, 0)
    plan = Quotient(kernel(act), kernel(recovered * derivative(act), ("z",), (("z", 1.0),)))
    seen = _certified(run, plan, torch.float32)
    if seen.max_error > _MOST:
        told = f"its gradient would be off by {seen.max_error:.2g} of itself at a gate of {seen.at:.4g}"
        return Refused("lossy", (("error", seen.max_error), ("at", seen.at)), told)
    return plan


def _tolerance(dtype: torch.dtype) -> float:
    """How far a quotient may be off, relatively: rounding z, and then little."""
    return _RELATIVE.get(dtype, torch.finfo(dtype).eps * 0.52)


@cache
def _doubt(run: Kernel, plan: Quotient, dtype: torch.dtype) -> Kernel:
    """1 where rounding to a dtype may have lost up, or where it cannot be told; else 0."""
    z, up, limits = run.expr, symbol("up"), torch.finfo(dtype)
    lost = where(abs(z) >= maximum(max(limits.tiny, 2 * _FLOOR), 2 * _FLOOR * abs(up)), 0, 1)
    slope = plan.act.partial("x")
    with torch.device("cpu"), torch.no_grad():
        flat = bool((slope.text(torch.linspace(-6, 6, 1001, dtype=torch.float64)) == 0).sum() > 1)
    if flat:  # where the slope is 0, up does not matter; asked only if that is often
        lost = where(abs(slope.expr) > 0, lost, 0)
    return kernel(where(abs(z) < limits.max * (1 - limits.eps), lost, 1), run.names, tuple(run.defaults.items()))


def _forward(run: Kernel, plan: Quotient, gate: Tensor, up: Tensor, copied: bool) -> tuple[Tensor, Tensor, Tensor]:
    """(the value, the gate in memory of its own if asked for, a byte for each element: 0 where up is not lost)."""
    doubt = _doubt(run, plan, gate.dtype)
    asked = (run, doubt, kernel(symbol("x")))[: 2 + copied]
    codings = (None, Coding(1.0, 0.0), None)[: 2 + copied]
    found = native.computed(Task(run, asked, gate, (up,), of=(0,) * len(asked), codings=codings))
    if found is not None:
        return found[0], found[-1] if copied else gate, found[1]
    own = gate.clone(memory_format=torch.contiguous_format) if copied else gate
    return run(gate, up), own, (doubt(gate, up) != 0).to(torch.uint8)


def _places(doubt: Tensor) -> Tensor:
    """Where bytes are not 0, in reading order, eight of them looked at together."""
    flat = doubt.reshape(-1)
    if flat.numel() % 8 or not flat.is_contiguous():
        return flat.nonzero().squeeze(1)
    words = flat.view(torch.int64).nonzero().squeeze(1)
    word, byte = flat.reshape(-1, 8)[words].nonzero(as_tuple=True)
    return words[word] * 8 + byte


def _missing(run: Kernel, plan: Quotient, read: tuple[Tensor, Tensor, Tensor], doubt: Tensor) -> Tensor | None:
    """Where up does not follow from gate and z, as places in reading order; None: nowhere. read: gate, up and z."""
    z, places = read[-1], _places(doubt)
    if not len(places):
        return None
    at = torch.unravel_index(places, z.shape)
    wide = DTYPES[z.dtype][1]
    g, u, v = (one[at].to(wide) for one in read)
    true = run.partial("x")(g, u)
    error = (plan.back(g, v) - true).abs()
    found = places[~(error <= _tolerance(z.dtype) * true.abs() + _FLOOR)]
    if not len(found):
        return None
    return found.to(torch.int32) if z.numel() < 2**31 else found


class _Divided(torch.autograd.Function):
    """A gated formula as an autograd function of (kernel, plan, halves, x), or of (kernel, plan, None, gate, up), that
    keeps its gate and its output.
    """

    @staticmethod
    def forward(ctx: Any, run: Kernel, plan: Quotient, halves: Halves | None, *tensors: Tensor) -> Tensor:
        ctx.run, ctx.plan, ctx.halves, ctx.shape = run, plan, halves, tensors[0].shape
        gate, other = tensors if halves is None else halves.split(tensors[0])
        part = gate.untyped_storage().nbytes() > gate.numel() * gate.element_size()  # which would keep the whole
        z, own, doubt = _forward(run, plan, gate, other, part)
        missing = _missing(run, plan, (gate, other, z), doubt)
        ctx.whole = missing is not None and len(missing) * _WORDS > z.numel()
        if ctx.whole:
            ctx.save_for_backward(gate, other)
            return z
        rare = () if missing is None else (missing, other[torch.unravel_index(missing.to(torch.int64), z.shape)])
        ctx.save_for_backward(own, z, *rare)
        return z

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        only_once("the gate and the output")
        plan: Quotient = ctx.plan
        halves: Halves | None = ctx.halves
        gate, z, *rare = ctx.saved_tensors
        along: Tensor = upstream[0]
        owner, asked = (ctx.run, _partials(ctx.run)) if ctx.whole else (plan.back, (plan.back, plan.act))
        whole = None if halves is None else gate.new_empty(ctx.shape)
        outs = (torch.empty_like(gate), torch.empty_like(gate)) if whole is None else ctx.halves.split(whole)
        task = Task(owner, asked, gate, (z,), along, outs, (0, 0))
        found = native.computed(task)
        if found is None:
            found = [product(one, along, gate, (z,) if one.names else ()) for one in asked]
            whole = None if halves is None else halves.join(found[0], found[1])
        if whole is not None:
            found = list(ctx.halves.split(whole))
        if rare:
            places, up = rare
            at = torch.unravel_index(places.to(torch.int64), along.shape)
            found[0][at] = product(ctx.run.partial("x"), along[at], gate[at], (up,))
        if whole is not None:
            return None, None, None, whole
        wanted = [one if asked_for else None for one, asked_for in zip(found, ctx.needs_input_grad[3:], strict=True)]
        return None, None, None, *wanted


def _partials(run: Kernel) -> tuple[Kernel, Kernel]:
    return run.partial("x"), run.partial("up")


def divided(run: Kernel, halves: Halves | None, x: Tensor, up: Tensor | None = None) -> Tensor:
    """The value of a gated kernel, which keeps for its gradient the gate and the value itself.

    With halves `x` holds gate and up; without, `x` is the gate. A second derivative is an error. While torch traces or
    transforms, where no gradient is recorded or gate and up differ in shape or dtype, it is `gated` or `pointwise`.
    Raises ValueError for a kernel that does not allow it, see `quotient_plan`.
    """
    plan = quotient_plan(run)
    if isinstance(plan, Refused):
        raise ValueError(f"its gradient does not follow from gate and output: {plan.said}")
    learns = torch.is_grad_enabled() and (x.requires_grad or (up is not None and up.requires_grad))
    alike = up is None or (up.shape == x.shape and up.dtype == x.dtype)
    if learns and alike and forward_ad._current_level < 0 and native.untraced():
        return _Divided.apply(run, plan, halves, *((x,) if up is None else (x, up)))
    if halves is not None:
        return gated(run, halves, x)
    return pointwise(run, x, (cast("Tensor", up),))


@cache
def quotient_certificate(run: Kernel, dtype: torch.dtype) -> Certificate:
    """The largest error of the gate's gradient relative to itself against keeping both halves.

    Tried are every number of a 16-bit dtype or twenty of every exponent as gates of normal numbers; `rms_error` is the
    norm of the error over that of the gradient, for standard normal gates.
    """
    return _certified(run, cast("Quotient", quotient_plan(run)), dtype)


def _certified(run: Kernel, plan: Quotient, dtype: torch.dtype) -> Certificate:
    wide = DTYPES[dtype][1]
    with torch.device("cpu"), torch.no_grad():
        chance = torch.Generator().manual_seed(0)
        x = every(dtype) if dtype in HALF else inputs(dtype)
        gate = torch.cat((x[x.isfinite()], torch.randn(_MANY, generator=chance, dtype=torch.float64).to(dtype)))
        up = torch.randn(gate.shape, generator=chance, dtype=torch.float64).to(dtype)
        z, _, doubt = _forward(run, plan, gate, up, False)
        missing = _missing(run, plan, (gate, up, z), doubt)
        true = run.partial("x")(gate.to(wide), up.to(wide))
        found = plan.back(gate.to(wide), z.to(wide))
        if missing is not None:
            found[missing.to(torch.int64)] = true[missing.to(torch.int64)]
        found, true = found.to(torch.float64), true.to(torch.float64)
        error = torch.where(found == true, 0.0, (found - true).abs())
        relative = torch.where(error <= 2 * _FLOOR, 0.0, error / true.abs())
        at = int(relative.argmax())
        rms = (error[-_MANY:].square().sum() / true[-_MANY:].square().sum()).sqrt()
        return Certificate(float(relative[at]), float(rms), float(gate[at]))
