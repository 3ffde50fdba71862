"""Measured passes over the data: traced, forward and backward."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .loops import Loop, gates, hand_written
from .node import Node, ancestors, call_model, tensors_in
from .numbers import NotFinite
from .records import Case, CaseError, adam
from .recurrence import Gates, Recurrence, listen, unroll
from .shapes import Shape, measure
from .sites import Site
from .trace import Trace

ENOUGH = (
    1000  # samples below which nothing is called dead: silent on 1000 means active on fewer than 0.3 % (rule of three)
)
MOST = 4096


@dataclass
class LossCalls:
    """The values that one recognised loss call was given, batch by batch."""

    node: Node
    inputs: list[Tensor] = field(default_factory=list[Tensor])
    targets: list[Tensor] = field(default_factory=list[Tensor])
    values: list[float] = field(default_factory=list[float])


@dataclass
class Measured:
    """What one measured pass found."""

    nodes: list[Node]
    end: Node | None
    output: Any
    sites: dict[tuple[str, str, int], Site]
    gradients: dict[tuple[str, str, int], float]
    losses: dict[tuple[str, str, int], LossCalls]
    total: list[float]
    gates: list[Gates]
    samples: int
    spread: float
    through_time: list[tuple[str, str, list[float]]] = field(default_factory=list[tuple[str, str, list[float]]])
    not_finite: NotFinite | None = None
    output_node: Node | None = None
    loops: list[Loop] = field(default_factory=list[Loop])
    reached: set[int] = field(default_factory=set[int])
    called: set[str] = field(default_factory=set[str])
    checkpoints: list[str] = field(default_factory=list[str])
    exits: list[tuple[str, str, Node]] = field(default_factory=list[tuple[str, str, Node]])


def set_seed(seed: int) -> None:
    """Seed Python, numpy and torch."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def size_of(value: Any) -> int:
    """The number of samples in a batch's input or target: the first axis of its first tensor."""
    first = next(iter(tensors_in(value)), None)
    return int(first.shape[0]) if first is not None and first.dim() else 1


def reading(data: Iterable[Any]) -> Iterator[Any]:
    """The batches; an error of the loader becomes a CaseError in one sentence."""
    try:
        yield from data
    except Exception as error:
        raise CaseError(f"the data failed when they were read: {_first_line(error)}; look at the loader") from error


def collect(case: Case) -> tuple[list[tuple[Any, Any]], bool]:
    """Batches for the measured passes, ENOUGH samples where the data have them, and whether these are all."""
    batches: list[tuple[Any, Any]] = []
    seen = 0
    whole = True
    for batch in reading(case.data):
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise CaseError(
                f"the data give a {type(batch).__name__} where a pair (input, target) is needed; let each batch be a "
                "tuple of two"
            )
        if seen >= ENOUGH:
            whole = False
            break
        batches.append((batch[0], batch[1]))
        seen += size_of(batch[0])
    if not batches or seen == 0:
        raise CaseError(
            "the data hold no batch; give at least one (input, target) pair, and check drop_last and filters"
        )
    while seen > MOST and len(batches) > 1:
        seen -= size_of(batches.pop()[0])
        whole = False
    return batches, whole


def forward(case: Case, value: Any, target: Any, trace: Trace | None = None) -> tuple[Any, Tensor]:
    """Output and loss on one batch. Raises CaseError in one sentence when the model or the loss refuses it."""
    try:
        output = call_model(case.model, value)
    except (KeyboardInterrupt, CaseError):
        raise
    except Exception as error:
        raise CaseError(
            f"the model cannot take the data's input ({_shapes(value)}): {_first_line(error)}; check the shapes and "
            "types that the loader gives"
        ) from error
    if trace is not None:
        for tensor in tensors_in(output):
            trace.node_of(tensor)
    try:
        loss = case.loss(output, target)
    except (KeyboardInterrupt, CaseError):
        raise
    except Exception as error:
        raise CaseError(
            f"the output ({_shapes(output)}) does not fit the loss with this target ({_shapes(target)}): "
            f"{_first_line(error)}; make their shapes and types agree"
        ) from error
    if not isinstance(loss, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise CaseError(f"the loss returned a {type(loss).__name__}; it must return a scalar tensor")
    if loss.numel() != 1:
        raise CaseError(
            f"the loss returned a tensor of shape {tuple(loss.shape)}; it must return one number: take its mean"
        )
    return output, loss.reshape(())


def _shapes(value: Any) -> str:
    parts = [f"{tuple(t.shape)} {str(t.dtype).removeprefix('torch.')}" for t in tensors_in(value)]
    return ", ".join(parts) or type(value).__name__


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0].rstrip('.') if text else 'no message'}"


def measured_pass(
    case: Case, batches: list[tuple[Any, Any]], shapes: dict[tuple[str, str, int], Shape | None]
) -> Measured:
    """Forward and backward over the batches in the model's current mode, traced; weights stay, gradients are dropped.

    shapes: filled with the shape of each activation, measured once.
    """
    result = Measured([], None, None, {}, {}, {}, [], [], 0, 0.0)
    rows: list[Tensor] = []
    for number, (value, target) in enumerate(batches):
        recurrent: list[Recurrence] = []
        handles = listen(case.model, recurrent) if number == 0 else []
        trace = Trace(case.model)
        try:
            with trace:
                trace.begin(value)
                output, loss = forward(case, value, target, trace)
        finally:
            for handle in handles:
                handle.remove()
        if loss.requires_grad:
            loss.backward()
        result.called |= trace.called
        for parameter in case.model.parameters():
            if parameter.grad is not None:
                result.reached.add(id(parameter))
            parameter.grad = None
        if number == 0:
            result.checkpoints, result.exits = trace.checkpoints, trace.exits
            result.nodes = trace.nodes
            result.end = trace.made.get(id(loss)) or (trace.nodes[-1] if trace.nodes else None)
            result.output = output
            result.gates = [g for heard in recurrent if (g := unroll(heard))]
            result.through_time = [(heard.path, heard.module.mode, heard.profile()) for heard in recurrent]
            result.loops = hand_written(trace.nodes, result.end)
            first = next(iter(tensors_in(output)), None)
            result.output_node = trace.made.get(id(first)) if first is not None else None
        _recognise_differences(trace, target)
        take_sites(trace.nodes, result, shapes)
        for node in trace.nodes:
            if node.role == "activation" and node.key in result.sites:
                result.sites[node.key].draw(node)
            if node.gradient is not None:
                square = float(node.gradient.double().pow(2).sum())
                result.gradients[node.key] = result.gradients.get(node.key, 0.0) + square
            if node.role == "loss":
                _take_loss(node, result)
        result.total.append(float(loss.detach()))
        result.samples += size_of(value)
        first = next(iter(tensors_in(output)), None)
        if first is not None and first.is_floating_point() and first.dim():
            rows.append(first.detach().double().reshape(first.shape[0], -1).cpu())
        if result.not_finite is None and not _all_finite(loss, trace):
            result.not_finite = blame(trace, loss, 0)
    result.gates += gates(result.loops, result.sites)
    result.spread = _spread(rows)
    return result


def take_sites(nodes: list[Node], result: Measured, shapes: dict[tuple[str, str, int], Shape | None]) -> None:
    """Take the activations among the calls into the result's sites; shapes is filled as in `measured_pass`."""
    for node in nodes:
        if node.role != "activation" or node.function is None or node.x is None or not node.data:
            continue
        if not node.x.is_floating_point():
            continue
        with torch.random.fork_rng(devices=[]):
            if node.key not in shapes:
                shapes[node.key] = measure(node.function, node.x)
            shape = shapes[node.key]
            if shape is not None:
                result.sites.setdefault(node.key, Site(node, shape)).add(node)


def _recognise_differences(trace: Trace, target: Any) -> None:
    """A difference of output and target that is then squared or made absolute is a regression loss written by hand."""
    if any(node.role == "loss" for node in trace.nodes):
        return
    targets = {id(tensor): tensor for tensor in tensors_in(target) if tensor.is_floating_point()}
    for node in trace.nodes:
        wanted = targets.get(id(node.other))
        power = next((child.op for child in node.children if child.op in DIFFERENCES and _alone(child)), None)
        given = next((p for p in node.parents if p.data), None)
        if node.op not in ("sub", "rsub") or wanted is None or power is None or given is None or given.out is None:
            continue
        node.op, function = DIFFERENCES[power]
        node.role = "loss"
        node.arguments = {"arg0": given.out, "arg1": wanted, "function": function}


def _alone(node: Node) -> bool:
    """Whether a product is a square: no other factor, tensor or number, takes part."""
    return node.op != "mul" or (
        node.other is None and not node.arguments and all(p.op in ("sub", "rsub") for p in node.parents)
    )


# What is done with the difference -> the loss it is.
DIFFERENCES: Mapping[str, tuple[str, Callable[..., Tensor]]] = {
    **dict.fromkeys(("pow", "square", "mul"), ("mse_loss", F.mse_loss)),
    **dict.fromkeys(("abs", "absolute"), ("l1_loss", F.l1_loss)),
}


def _take_loss(node: Node, result: Measured) -> None:
    given = tensors_in(node.arguments.get("arg0", node.arguments.get("input")))
    target = tensors_in(node.arguments.get("arg1", node.arguments.get("target")))
    if not given or not target or node.out is None:
        return
    calls = result.losses.setdefault(node.key, LossCalls(node))
    calls.inputs.append(given[0].detach())
    calls.targets.append(target[0].detach())
    calls.values.append(float(node.out.detach().double().mean()))


def _spread(rows: list[Tensor]) -> float:
    """How much the output differs between samples, relative to its size."""
    widths = {row.shape[1] for row in rows}
    if len(widths) != 1:
        return math.nan
    table = torch.cat(rows)
    size = float(table.pow(2).mean().sqrt())
    return float(table.std(0, unbiased=False).pow(2).mean().sqrt()) / size if size > 0 else 0.0


def _all_finite(loss: Tensor, trace: Trace) -> bool:
    if not torch.isfinite(loss):
        return False
    return all(node.gradient is None or bool(torch.isfinite(node.gradient).all()) for node in trace.nodes)


def blame(trace: Trace, loss: Tensor, step: int) -> NotFinite | None:
    """The call where a finite value became NaN or infinite: forward first, then in the gradient.

    Infinities that a mask put there on purpose, and that no loss sees, are not blamed.
    """
    end = trace.made.get(id(loss))
    if _not_finite(loss):
        node = end
        while node is not None:
            bad = [p for p in node.parents if p.role != "mask" and _not_finite(p.out)]
            if not bad:
                break
            node = bad[0]
        chain = node or end
        path = chain.path if chain else ""
        value = chain.out if chain else loss
        return NotFinite("value", step, path, chain.op if chain else "loss", _kind(value), _format(value))
    for node in reversed(trace.nodes):
        for parent in node.parents:
            own = node.gradient is None or not _not_finite(node.gradient)
            if own and parent.gradient is not None and _not_finite(parent.gradient):
                bad = parent.gradient
                return NotFinite("gradient", step, node.path, node.op, _kind(bad), _format(bad))
    for node in ancestors(end) if end else []:
        if node.gradient is not None and _not_finite(node.gradient):
            return NotFinite("gradient", step, node.path, node.op, _kind(node.gradient), _format(node.gradient))
    return NotFinite("gradient", step, "", "backward", "nan")


def _not_finite(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.is_floating_point() and not bool(torch.isfinite(tensor).all())


def _format(tensor: Tensor | None) -> str:
    return "" if tensor is None else str(tensor.dtype).removeprefix("torch.")


def _kind(tensor: Tensor | None) -> str:
    return "nan" if tensor is not None and bool(torch.isnan(tensor).any()) else "inf"


def make_optimizer(case: Case, given: list[Tensor] | None = None) -> torch.optim.Optimizer:
    """The case's optimiser on its model's trainable parameters, or on those given; CaseError when that fails."""
    make = case.optimizer or adam
    parameters = given if given is not None else [p for p in case.model.parameters() if p.requires_grad]
    if not parameters:
        raise CaseError("the model has no trainable parameter; unfreeze at least one with requires_grad_(True)")
    try:
        return make(parameters)
    except (TypeError, ValueError) as error:
        raise CaseError(
            f"the case's optimizer function failed: {_first_line(error)}; it takes the parameters"
        ) from error
