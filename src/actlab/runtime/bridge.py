"""The bridge to autograd: value, gradient, forward mode and every higher derivative come from formulas.

One Function serves every formula; its derivative is the same Function on the differentiated formula.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.autograd import forward_ad

from . import native
from .again import computed_again
from .dtypes import HALF
from .kernel import Kernel
from .one_pass import Task


def product(kernel: Kernel, along: Tensor, x: Tensor, tensors: tuple[Tensor, ...]) -> Tensor:
    """`along` times the kernel's value, in the width the kernel computes in; differentiable again if asked for."""
    if torch.is_grad_enabled() and not torch.compiler.is_compiling():
        return along * pointwise(kernel, x, tensors)
    found = native.product(kernel, along, x, tensors)  # where one of several derivatives kept them from one pass
    if found is not None:
        return found
    if x.dtype not in HALF:
        return along * kernel(x, *tensors)
    return (along.to(torch.float32) * kernel(x.to(torch.float32), *tensors)).to(x.dtype)


def gradients(ctx: Any, along: Tensor) -> Any:
    """The gradients of every input of a Pointwise function, given the gradient of its output."""
    x, *others = ctx.saved_tensors
    kernel: Kernel = ctx.kernel
    if not others and not torch.is_grad_enabled() and (y := kernel.partial("x").quick_product(x, along)) is not None:
        return None, y
    tensors = tuple(others)
    needed = tuple(at for at, wanted in enumerate(ctx.needs_input_grad[1:]) if wanted)
    found = None
    if not torch.is_grad_enabled() or torch.compiler.is_compiling():
        found = native.pullback(Task(kernel, (), x, tensors, along, of=needed))
    if found is None:
        names = ("x", *kernel.names)
        found = [product(kernel.partial(names[at]), along, x, tensors) for at in needed]
    pulled: list[Tensor | None] = [None] * (2 + len(tensors))
    for at, gradient in zip(needed, found, strict=True):
        pulled[1 + at] = summed(gradient, x if at == 0 else tensors[at - 1])
    return tuple(pulled)


def summed(gradient: Tensor, variable: Tensor) -> Tensor:
    """A gradient in the shape and dtype of what it is the gradient of; halves are added up in float32."""
    if gradient.shape != variable.shape:
        gradient = (gradient.to(torch.float32) if gradient.dtype in HALF else gradient).sum_to_size(variable.shape)
    return gradient.to(variable.dtype)


def evaluated(kernel: Kernel, x: Tensor, *tensors: Tensor) -> Tensor:
    """The kernel's value without a gradient, by the shortest way; the same bits in forward and when computed again."""
    y = None if tensors else kernel.quick(x)
    return kernel(x, *tensors) if y is None else y


@computed_again(lambda node: partial(evaluated, node.kernel))
class Pointwise(torch.autograd.Function):
    """A formula as an autograd function of (kernel, x, *tensors)."""

    @staticmethod
    def forward(ctx: Any, kernel: Kernel, x: Tensor, *tensors: Tensor) -> Tensor:
        ctx.kernel = kernel
        ctx.save_for_backward(x, *tensors)
        if forward_ad._current_level >= 0:
            ctx.save_for_forward(x, *tensors)
        return evaluated(kernel, x, *tensors)

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


# what Function.apply calls once it has asked for transforms, which `pointwise` has asked for already
_recorded: Callable[..., Tensor] = super(torch.autograd.Function, Pointwise).apply  # type: ignore[misc]


def pointwise(kernel: Kernel, x: Tensor, tensors: tuple[Tensor, ...] = ()) -> Tensor:
    """The kernel's value at `x`, differentiable to any order in reverse and forward mode."""
    if kernel.is_identity:
        return x  # as torch.nn.Identity does
    if torch.compiler.is_compiling():
        return PointwiseTraced.apply(kernel, x, *tensors)
    if torch._C._are_functorch_transforms_active():
        return PointwiseTransformed.apply(kernel, x, *tensors)
    learns = x.requires_grad or (bool(tensors) and any(tensor.requires_grad for tensor in tensors))
    if forward_ad._current_level < 0 and not (learns and torch.is_grad_enabled()):
        return kernel(x, *tensors)  # nothing to remember: the value alone, without a node
    if is_functorch_wrapped_tensor(x) or (tensors and any(map(is_functorch_wrapped_tensor, tensors))):
        return Pointwise.apply(kernel, x, *tensors)  # left behind by a transform that has ended, which this unwraps
    return _recorded(kernel, x, *tensors)
