"""The bridge to autograd: value, gradient, forward mode and every higher derivative come from formulas.

One Function serves every formula; its derivative is the same Function on the differentiated formula.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from . import native
from .kernel import HALF, Kernel


def _product(kernel: Kernel, along: Tensor, x: Tensor, tensors: tuple[Tensor, ...]) -> Tensor:
    """`along` times the kernel's value, in the width the kernel computes in; differentiable again if asked for."""
    if torch.is_grad_enabled() and not torch.compiler.is_compiling():
        return along * pointwise(kernel, x, tensors)
    found = native.product(kernel, along, x, tensors)
    if found is not None:
        return found
    if x.dtype not in HALF:
        return along * kernel(x, *tensors)
    return (along.to(torch.float32) * kernel(x.to(torch.float32), *tensors)).to(x.dtype)


def gradients(ctx: Any, along: Tensor) -> Any:
    """The gradients of every input of a Pointwise function, given the gradient of its output."""
    x, *tensors = ctx.saved_tensors
    kernel: Kernel = ctx.kernel
    pulled: list[Tensor | None] = []
    for needed, name, variable in zip(ctx.needs_input_grad[1:], ("x", *kernel.names), (x, *tensors), strict=True):
        if not needed:
            pulled.append(None)
            continue
        gradient = _product(kernel.partial(name), along, x, tuple(tensors))
        pulled.append(gradient.sum_to_size(variable.shape).to(variable.dtype))
    return None, *pulled


class Pointwise(torch.autograd.Function):
    """A formula as an autograd function of (kernel, x, *tensors)."""

    @staticmethod
    def forward(ctx: Any, kernel: Kernel, x: Tensor, *tensors: Tensor) -> Tensor:
        ctx.kernel = kernel
        ctx.save_for_backward(x, *tensors)
        ctx.save_for_forward(x, *tensors)
        return kernel(x, *tensors)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        return gradients(ctx, upstream[0])

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        x, *tensors = ctx.saved_tensors
        kernel: Kernel = ctx.kernel
        pushed = None
        for name, tangent in zip(("x", *kernel.names), tangents[1:], strict=True):
            if tangent is not None:
                part = (tangent * pointwise(kernel.partial(name), x, tuple(tensors))).to(x.dtype)
                pushed = part if pushed is None else pushed + part
        return pushed


def _batched(tensor: Tensor, at: int | None, deep: int, size: int) -> Tensor:
    """The tensor with its samples along the first dimension, `deep` dimensions behind it."""
    if at is None:
        return tensor.reshape(1, *[1] * (deep - tensor.ndim), *tensor.shape).expand(size, *[-1] * deep)
    first = tensor.movedim(at, 0)
    return first.reshape(size, *[1] * (deep - first.ndim + 1), *first.shape[1:])


class PointwiseTransformed(Pointwise):
    """The same under functorch transforms, which need the context set up apart (and cost a signature binding)."""

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *args: Any) -> tuple[Tensor, int]:
        """All samples at once, as the same numbers in one tensor would be computed."""
        kernel, *tensors = args
        deep = max([tensor.ndim - (at is not None) for tensor, at in zip(tensors, in_dims[1:], strict=True)])
        x, *others = [
            _batched(tensor, at, deep, info.batch_size) for tensor, at in zip(tensors, in_dims[1:], strict=True)
        ]
        return pointwise(kernel, x, tuple(others)), 0

    @staticmethod
    def forward(kernel: Kernel, x: Tensor, *tensors: Tensor) -> Tensor:  # type: ignore[override]
        return kernel(x, *tensors)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        kernel, x, *tensors = inputs
        ctx.kernel = kernel
        ctx.save_for_backward(x, *tensors)
        ctx.save_for_forward(x, *tensors)


class PointwiseTraced(torch.autograd.Function):
    """The same inside torch.compile, which does not trace functions with a forward-mode rule."""

    @staticmethod
    def forward(ctx: Any, kernel: Kernel, x: Tensor, *tensors: Tensor) -> Tensor:
        ctx.kernel = kernel
        ctx.save_for_backward(x, *tensors)
        return kernel(x, *tensors)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        return gradients(ctx, upstream[0])


def _any_learns(x: Tensor, tensors: tuple[Tensor, ...]) -> bool:
    return x.requires_grad or any(tensor.requires_grad for tensor in tensors)


def pointwise(kernel: Kernel, x: Tensor, tensors: tuple[Tensor, ...] = ()) -> Tensor:
    """The kernel's value at `x`, differentiable to any order in reverse and forward mode."""
    if kernel.expr.op == "symbol" and kernel.expr.name == "x":
        return x  # the identity, as torch.nn.Identity does
    if torch.compiler.is_compiling():
        return PointwiseTraced.apply(kernel, x, *tensors)
    if torch._C._are_functorch_transforms_active():
        return PointwiseTransformed.apply(kernel, x, *tensors)
    if forward_ad._current_level < 0 and not (torch.is_grad_enabled() and _any_learns(x, tensors)):
        return kernel(x, *tensors)  # nothing to remember: the value alone, without a node
    return Pointwise.apply(kernel, x, *tensors)
