"""How far a network is from a straight line."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from .inputs import mapped
from .node import Node, call_model, source_of, tensors_in
from .passes import Measured
from .structure import role_of
from .trace import Trace


def departure(model: nn.Module, value: Any, start: Measured) -> float:
    """|| f((a+b)/2) - (f(a)+f(b))/2 || / || f(a)-f(b) || over random chords, before the output activation.

    0 for an affine network, also where a norm layer or dropout (evaluation mode) is in it; NaN where it has no
    meaning.
    """
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        with torch.no_grad():
            return _chords(model, value, start)
    except (RuntimeError, TypeError, ValueError, IndexError, KeyError):
        return math.nan
    finally:
        for module, mode in modes:
            module.training = mode


def _chords(model: nn.Module, value: Any, start: Measured) -> float:
    node = start.output_node
    if node is None:
        return math.nan
    node = source_of(node)
    while node.role in ("softmax", "log_softmax", "activation") and role_of(node) == "output":
        data = [p for p in node.parents if p.data]
        if len(data) != 1:
            break
        node = source_of(data[0])
    floats = [t for t in tensors_in(value) if t.is_floating_point()]
    if floats and floats[0].shape[0] >= 2:
        ends = [value, mapped(value, lambda t: t.roll(1, 0)), mapped(value, lambda t: (t + t.roll(1, 0)) / 2)]
        a, b, middle = (_value_at(model, node, v) for v in ends)
    else:
        entry = next((n for n in start.nodes if n.op == "embedding" and n.data), None)
        if entry is None or entry.out is None or entry.out.shape[0] < 2:
            return math.nan
        there = entry.out.detach()
        points = [there, there.roll(1, 0), (there + there.roll(1, 0)) / 2]
        a, b, middle = (_value_at(model, node, value, (entry.key, p)) for p in points)
    difference = float((a - b).norm())
    if not math.isfinite(difference) or difference <= 1e-4 * float(a.norm()):
        return math.nan  # an output this constant is rounding noise in float32
    return float((middle - (a + b) / 2).norm()) / difference


def _value_at(
    model: nn.Module, wanted: Node, value: Any, inner: tuple[tuple[str, str, int], Tensor] | None = None
) -> Tensor:
    trace = Trace(model, watch_gradient=False, replace=inner)
    with trace:
        trace.begin(value)
        call_model(model, value)
    node = next(n for n in trace.nodes if n.key == wanted.key)
    assert node.out is not None
    return node.out.detach().double()
