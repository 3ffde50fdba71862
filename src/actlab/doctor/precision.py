"""What 16-bit number formats cost: values near the limit, gradients and updates that are rounded away."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from .node import Node
from .numbers import Place, PrecisionNumbers
from .passes import Measured, forward, set_seed
from .records import Case
from .rehearsal import NARROW, Trained
from .trace import Trace

LIMIT = torch.finfo(torch.float16).max  # 65504; bfloat16 reaches as far as float32
SCALE = 1024.0  # a usual loss scale; three decades of room below float16's smallest number, 6e-8


def precision_numbers(case: Case, batch: tuple[Any, Any], start: Measured, trained: Trained) -> PrecisionNumbers:
    """The numbers of `PrecisionNumbers`; the scaled pass runs only where something was computed in float16."""
    halves = [node for node in start.nodes if node.out is not None and node.out.dtype == torch.float16]
    formats = [p.dtype for p in case.model.parameters() if p.requires_grad and p.dtype in NARROW]
    weights = "" if not formats else "float16" if torch.float16 in formats else "bfloat16"
    sizes = [(size, node) for node in halves if (size := _largest(node)) is not None]
    size, place = max(sizes, key=lambda pair: pair[0], default=(0.0, None))
    return PrecisionNumbers(
        weights=weights,
        peak=size,
        peak_at=place.path if place is not None else "",
        overflow=next((Place(n.path, n.op, _facts(n)) for n in halves if _overflows(n)), None),
        lost_gradients=_lost_gradients(case, batch) if halves else (),
        lost_updates=trained.lost_updates if weights else 0.0,
        vanished_eps=trained.eps if weights and trained.eps is not None and _vanishes(trained.eps, weights) else None,
    )


def _largest(node: Node) -> float | None:
    assert node.out is not None
    finite = node.out.detach()[torch.isfinite(node.out)]
    return float(finite.abs().max()) if node.data and finite.numel() else None


def _vanishes(eps: float, weights: str) -> bool:
    return eps > 0 and float(torch.tensor(eps, dtype=getattr(torch, weights))) == 0


def _overflows(node: Node) -> bool:
    """Whether a float16 call gave an infinity, masks apart, from finite inputs."""
    if node.role == "mask" or not _infinite(node.out):
        return False
    return not any(_infinite(parent.out) for parent in node.parents)


def _infinite(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.is_floating_point() and bool(torch.isinf(tensor).any())


def _facts(node: Node) -> dict[str, float]:
    sizes = [float(p.out.detach().abs().max()) for p in node.parents if p.out is not None and p.out.numel()]
    return {"largest_input": max(sizes, default=math.nan)}


def _lost_gradients(case: Case, batch: tuple[Any, Any]) -> tuple[Place, ...]:
    plain, scaled = (_gradients(case, batch, factor) for factor in (1.0, SCALE))
    lost: list[Place] = []
    for key, (path, op, small) in plain.items():
        large = scaled[key][2] if key in scaled else None
        if large is None or large.shape != small.shape:
            continue
        alive = (large != 0) & torch.isfinite(large)
        if bool(alive.any()):
            lost.append(Place(path, op, {"share": float(((small == 0) & alive).sum()) / float(alive.sum())}))
    return tuple(lost)


def _gradients(case: Case, batch: tuple[Any, Any], factor: float) -> dict[Any, tuple[str, str, Tensor]]:
    """The float16 gradients at the outputs of weight operations when the loss gradient starts at `factor`."""
    set_seed(0)
    trace = Trace(case.model)
    with trace:
        trace.begin(batch[0])
        _, loss = forward(case, *batch, trace)
    if loss.requires_grad:
        loss.backward(torch.full_like(loss, factor))
    for parameter in case.model.parameters():
        parameter.grad = None
    return {
        node.key: (node.path, node.op, node.gradient)
        for node in trace.nodes
        if node.role in ("weight", "recurrent", "attention")
        and node.gradient is not None
        and node.gradient.dtype == torch.float16
    }
