"""What actlab's own functions and modules are to a trace: which entry, which half is the gate, what stands for f."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from ..catalogue import ENTRIES, Entry
from ..nn.halves import halves
from ..theory.evaluate import specialised
from ..theory.rows import measure_rows


@cache
def share_of_rows(entry: Entry) -> str:
    """The role of an along-axis function that shares 1 out over its row; "" for one that does something else to it."""
    if entry.name == "log_softmax":
        return "log_softmax"
    return "softmax" if measure_rows(entry).total == 1 else ""


@cache
def entry_name(expr: Any) -> str:
    """The catalogue entry that this formula is at its default parameters, or a general word."""
    kind = "gated" if "up" in expr.symbols else "pointwise"
    known = (e for e in ENTRIES.values() if e.kind == kind)
    return next((e.name for e in known if specialised(e) == expr), "glu" if kind == "gated" else kind)


def row_entry(context: Any) -> Entry | None:
    """The along-axis entry of one of our autograd functions, which works on rows; None for any other function."""
    if not hasattr(context, "pair"):  # the kernels of its value and its gradient
        return None
    known = (entry for entry in ENTRIES.values() if entry.along_axis)
    return next((entry for entry in known if specialised(entry) == context.kernel.expr), None)


def gate_of(module: nn.Module, inputs: Sequence[Any]) -> Tensor | None:
    """The gate that a module of ours was given; None for any other module."""
    entry: Any = getattr(module, "entry", None)
    if not isinstance(entry, Entry) or entry.kind != "gated" or not inputs or not isinstance(inputs[0], Tensor):
        return None
    if len(inputs) > 1 and isinstance(inputs[1], Tensor):
        return inputs[0]
    own: Any = module
    return halves(entry.name, inputs[0], own.gate, own.layout, own.dim).split(inputs[0])[0]


def seen_alone(context: Any) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """(what it was given, f) for one of our autograd functions; of a gated one the gate, and the unit with up = 1."""
    x, *rest = context.saved_tensors
    call, kernel, split = context._forward_cls, context.kernel, getattr(context, "halves", None)
    if split is not None:
        gate = split.split(x)[0]
        line = [-1 if at == split.dim else 1 for at in range(gate.dim())]

        def unit(z: Tensor) -> Tensor:
            shaped = z if z.dim() == gate.dim() else z.reshape(line)
            joined = split.join(shaped, torch.ones_like(shaped))
            return call.apply(kernel, split, joined, *rest).reshape(z.shape)

        return gate, unit
    if "up" in kernel.expr.symbols:
        return x, lambda z: call.apply(kernel, z, torch.ones_like(z), *rest[1:])
    return x, lambda z: call.apply(kernel, z, *rest)
