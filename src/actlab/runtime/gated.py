"""Gated formulas on one tensor that holds both halves: one pass forward, and one pass back into one gradient."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd import forward_ad

from . import native
from .again import computed_again
from .bridge import pointwise, product, summed
from .kernel import Kernel
from .one_pass import Task


class Halves(Protocol):
    """How a tensor holds a gate and what it gates."""

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(gate, up), views of `x`."""
        ...

    def join(self, gate: Tensor, up: Tensor) -> Tensor:
        """The tensor that is split into these."""
        ...


def _evaluated(kernel: Kernel, halves: Halves, x: Tensor, *tensors: Tensor) -> Tensor:
    gate, up = halves.split(x)
    return kernel(gate, up, *tensors)


@computed_again(lambda node: partial(_evaluated, node.kernel, node.halves))
class _Gated(torch.autograd.Function):
    """A gated formula as an autograd function of (kernel, halves, x, *tensors)."""

    @staticmethod
    def forward(ctx: Any, kernel: Kernel, halves: Halves, x: Tensor, *tensors: Tensor) -> Tensor:
        ctx.kernel, ctx.halves = kernel, halves
        ctx.save_for_backward(x, *tensors)
        return _evaluated(kernel, halves, x, *tensors)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        kernel: Kernel = ctx.kernel
        halves: Halves = ctx.halves
        x, *others = ctx.saved_tensors
        along: Tensor = upstream[0]
        gate, up = halves.split(x)
        tensors = (up, *others)
        _, _, wanted, *learned = ctx.needs_input_grad
        needed = (*((0, 1) if wanted else ()), *[at for at, learns in enumerate(learned, 2) if learns])
        found = None
        if not torch.is_grad_enabled():
            whole = torch.empty_like(x)
            outs = halves.split(whole) if wanted else ()
            found = native.pullback(Task(kernel, (), gate, tensors, along, outs, needed))
            if found is not None and wanted:
                found[:2] = [whole]
        if found is None:
            names = ("x", *kernel.names)
            found = [product(kernel.partial(names[at]), along, gate, tensors) for at in needed]
            if wanted:
                found[:2] = [halves.join(found[0], found[1])]
        pulled: list[Tensor | None] = [None] * (3 + len(others))
        places = (*((2,) if wanted else ()), *[at + 1 for at in needed if at > 1])
        for at, gradient in zip(places, found, strict=True):
            pulled[at] = summed(gradient, x if at == 2 else others[at - 3])
        return tuple(pulled)


def gated(kernel: Kernel, halves: Halves, x: Tensor, tensors: tuple[Tensor, ...] = ()) -> Tensor:
    """The value of a formula of a gate `x`, `up` and further tensors, where one tensor holds gate and up."""
    learns = torch.is_grad_enabled() and any(one.requires_grad for one in (x, *tensors))
    if learns and forward_ad._current_level < 0 and native.suits(x.detach()):
        return _Gated.apply(kernel, halves, x, *tensors)
    gate, up = halves.split(x)
    return pointwise(kernel, gate, (up, *tensors))
