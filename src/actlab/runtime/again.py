"""What an autograd node computed, computed again: for each node that keeps its whole input, the function behind it.

A result that can be computed again need not be kept by whoever uses it next. Only nodes are listed that keep their
inputs themselves; relu, sigmoid, tanh and softmax keep their result, so that there is nothing to gain. Not listed is
rrelu: in bfloat16 its noise is rounded after it was used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F


class Again(NamedTuple):
    """A function and the saved tensors that it takes; also: further ones that the node keeps and a function gives."""

    run: Callable[..., Tensor]
    inputs: tuple[Any, ...]
    also: tuple[tuple[Any, Callable[..., Tensor]], ...] = ()


Class = TypeVar("Class", bound=type)
Look = Callable[[Any], Tensor]
# of a node, its result and a way to look at a saved tensor: how the result comes about
Row = Callable[[Any, Tensor, Look], Again]
NODES: dict[type, Row] = {}


def computed_again(run: Callable[[Any], Callable[..., Tensor]]) -> Callable[[Class], Class]:
    """A class decorator for autograd functions: `run(node)` gives the value from all tensors that the node saved."""

    def entered(cls: Class) -> Class:
        node_class: type = cls._backward_cls  # type: ignore[attr-defined]
        NODES[node_class] = lambda node, y, look: Again(run(node), node._raw_saved_tensors)
        return cls

    return entered


def _row(run: Callable[..., Tensor], *numbers: str, tensors: tuple[str, ...] = ("self",)) -> Row:
    """A node of torch: its function takes the saved `tensors`, then the saved `numbers`."""
    saved, fixed = tuple(f"_raw_saved_{name}" for name in tensors), tuple(f"_saved_{name}" for name in numbers)

    def again(node: Any, y: Tensor, look: Look) -> Again:
        values = [getattr(node, name) for name in fixed]
        whole = (lambda *held: run(*held, *values)) if values else run
        return Again(whole, tuple([getattr(node, name) for name in saved]))

    return again


def _glu(x: Tensor, dim: int) -> Tensor:
    return F.glu(x, dim - 2**64 if dim >= 2**63 else dim)  # the node tells -1 as an unsigned number


def _log_sigmoid(node: Any, y: Tensor, look: Look) -> Again:
    also = (node._raw_saved_buffer, lambda x: torch.ops.aten.log_sigmoid_forward(x)[1])
    return Again(F.logsigmoid, (node._raw_saved_self,), (also,))


def _threshold(node: Any, y: Tensor, look: Look) -> Again:
    """The node does not know what replaces the numbers below the threshold, but the result holds it."""
    limit = node._saved_threshold
    seen = look(node._raw_saved_self) <= limit
    below = seen.reshape(-1).to(torch.uint8).argmax() if seen.numel() else None
    value = 0.0 if below is None else y.detach().reshape(-1)[below].item()
    return Again(lambda x: F.threshold(x, limit, value), (node._raw_saved_self,))


def _quotient(node: Any, y: Tensor, look: Look) -> Again:
    """x / (1 + |x|) keeps its divisor as well, which is recognised and proved to come from x alone."""
    plain = Again(torch.div, (node._raw_saved_self, node._raw_saved_other))
    sum_node = node.next_functions[1][0]
    if type(sum_node).__name__ != "AddBackward0" or type(sum_node.next_functions[0][0]).__name__ != "AbsBackward0":
        return plain
    x, other = map(look, plain.inputs)
    if x.shape != other.shape or not torch.equal(_one_more(x), other):
        return plain
    return Again(F.softsign, plain.inputs[:1], ((plain.inputs[1], _one_more),))


def _one_more(x: Tensor) -> Tensor:
    return x.abs() + 1


_TORCH: Mapping[str, Row] = {
    "GeluBackward0": _row(lambda x, how: F.gelu(x, approximate=how), "approximate"),
    "SiluBackward0": _row(F.silu),
    "MishBackward0": _row(F.mish),
    "HardswishBackward0": _row(F.hardswish),
    "HardsigmoidBackward0": _row(F.hardsigmoid),
    "EluBackward0": _row(torch.ops.aten.elu, "alpha", "scale", "input_scale"),
    "CeluBackward0": _row(torch.celu, "alpha"),
    "LeakyReluBackward0": _row(F.leaky_relu, "negative_slope"),
    "HardtanhBackward0": _row(F.hardtanh, "min_val", "max_val"),
    "SoftplusBackward0": _row(F.softplus, "beta", "threshold"),
    "HardshrinkBackward0": _row(F.hardshrink, "lambd"),
    "SoftshrinkBackward0": _row(F.softshrink, "lambd"),
    "PreluKernelBackward0": _row(torch.ops.aten._prelu_kernel, tensors=("self", "weight")),
    "GluBackward0": _row(_glu, "dim"),
    "LogSigmoidBackward0": _log_sigmoid,
    "ThresholdBackward0": _threshold,
    # what activations and gated units are spelled with by hand, where it comes last
    "MulBackward0": _row(torch.mul, tensors=("self", "other")),
    "DivBackward0": _quotient,
    "PowBackward0": _row(torch.pow, "exponent"),
    "SinBackward0": _row(torch.sin),
    "AbsBackward0": _row(torch.abs),
    "ClampBackward1": _row(torch.clamp, "min", "max"),
    "ClampMinBackward0": _row(torch.clamp_min, "min"),
}
_home: Any = torch._C
NODES.update({getattr(_home._functions, name): row for name, row in _TORCH.items() if hasattr(_home._functions, name)})
