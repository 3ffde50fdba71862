"""Rows of numbers: one per activation, one per weight operation."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor

from .node import Node, ancestors, source_of
from .numbers import WeightNumbers
from .passes import ENOUGH, Measured
from .preserve import State
from .records import LayerNumbers
from .shapes import expected_dead_share
from .sites import likeness
from .structure import reaches, role_of

ROUTED = 300  # samples of a conditional branch: silent on 300 of those sent there means active on fewer than 1 %
# Matrix products whose weight has its units in the last axis; linear and convolution have them in the first.
PRODUCTS = ("matmul", "mm", "addmm", "bmm", "rmatmul")


def weight_rows(
    start: Measured, state: State, names: dict[int, str], first: dict[str, bool], last: dict[str, bool]
) -> tuple[WeightNumbers, ...]:
    """The weight operations the loss depends on.

    names: id of a parameter -> its name. first, last: whether all units of a parameter are alike, then.
    """
    used = ancestors(start.end) if start.end is not None else start.nodes
    rows: list[WeightNumbers] = []
    with torch.no_grad():
        for node in used:
            if node.role not in ("weight", "recurrent", "attention") or not node.data:
                continue
            name = names.get(id(node.weight), "") if node.weight is not None else ""
            weight = state.original(node.weight) if node.weight is not None else None
            bias = state.original(node.bias) if node.bias is not None else None
            second = float(weight.double().pow(2).mean()) if weight is not None else math.nan
            parent = next((p for p in node.parents if p.data), None)
            rows.append(
                WeightNumbers(
                    path=node.path,
                    op=node.op,
                    depth=node.weight_depth,
                    fan_in=fan_in(node),
                    fan_out=fan_out(node),
                    variance=second * fan_in(node),
                    bias_mean=float(bias.double().mean()) if bias is not None else 0.0,
                    bias_std=float(bias.double().std(unbiased=False)) if bias is not None else 0.0,
                    second_in=_second(parent.out if parent else None),
                    second_out=_second(node.out),
                    gradient_norm=math.sqrt(start.gradients.get(node.key, 0.0)),
                    trainable=bool(name) and bool(node.weight is not None and node.weight.requires_grad),
                    identical_rows=first.get(name, False),
                    identical_rows_end=last.get(name, False),
                    all_zero=second == 0,
                    last=not reaches(node, ("weight", "recurrent", "attention")),
                    parameter=name,
                )
            )
    return tuple(rows)


def layer_rows(start: Measured, end: Measured, state: State, whole: bool) -> tuple[LayerNumbers, ...]:
    """What was measured at each activation the loss depends on; whole: the samples are all there are."""
    rows: list[LayerNumbers] = []
    sites = list(start.sites.items())
    used = {id(n) for n in ancestors(start.end)} if start.end is not None else set[int]()
    enough = whole or start.samples >= ENOUGH
    for key, site in sites:
        node = site.node
        if id(node) not in used:
            continue
        pre = next((p for p in node.parents if p.data), node)
        square = start.gradients.get(pre.key, start.gradients.get(key))
        after = reaches(node, ("weight",))
        following = min(after, key=lambda n: n.index) if after else None
        variance = None
        if following is not None and following.weight is not None:
            original = state.original(following.weight)
            variance = float(original.double().pow(2).mean()) * fan_in(following)
        slope = site.shape.slope_second(site.mean, site.std)
        source = source_of(pre, ("view", "dropout", "norm", "affine"))
        own = source if source.role == "weight" else None
        last = end.sites.get(key)
        bias = state.original(own.bias) if own is not None and own.bias is not None else None
        norm = pre if pre.role == "norm" else None
        if norm is not None:
            bias = _norm_bias(norm, state)
        c = likeness(pre)
        c = site.scatter / (1 + site.scatter) if c is None else c
        silent = site.chance_dead if site.shape.dead_type else 0.0
        silent = expected_dead_share(c, site.samples) if silent is None else silent
        counted = [each is not None and (whole or (enough and each.samples >= ROUTED)) for each in (site, last)]
        gradient = math.sqrt(square) if square is not None else None
        bins = site.bins.tolist() if site.bins is not None else []
        role = role_of(node)
        chained = variance if role == "hidden" else None  # gates stand side by side: no factor leads through them
        rows.append(
            LayerNumbers(
                path=node.path,
                kind=node.op,
                role=role,
                depth=node.depth,
                samples=site.samples,
                units=site.units,
                dead_share=site.dead_share if counted[0] else 0.0,
                dead_share_end=last.dead_share if last is not None and counted[1] else 0.0,
                expected_dead_share=silent,
                saturated_share=site.saturated_share,
                saturated_share_end=last.saturated_share if last is not None else 0.0,
                saturated_elements=site.saturated_elements,
                mean=site.mean,
                std=site.std,
                second=site.second,
                histogram=(
                    tuple(int(b) for b in bins),
                    tuple(site.edges.tolist()) if site.edges is not None else (),
                ),
                gradient_norm=gradient,
                weight_variance=variance,
                slope_second=slope,
                predicted_gradient_factor=math.sqrt(chained * slope) if chained is not None else None,
                measured_gradient_factor=None,
                bias_mean=float(bias.double().mean()) if bias is not None else None,
                weight_path=norm.path if norm is not None else own.path if own is not None else None,
                best_slope=site.shape.best_slope,
                dead_type=site.shape.dead_type,
                saturating=site.shape.saturating,
                affine=site.shape.affine,
                mean_shift=site.mean_shift,
                expected_mean_shift=c / max(1 - c, 1e-9),
            )
        )
    hidden = [i for i, row in enumerate(rows) if row.role == "hidden"]
    for this, following in pairwise(hidden):
        a, b = rows[this].gradient_norm, rows[following].gradient_norm
        if a is not None and b:
            rows[this] = replace(rows[this], measured_gradient_factor=a / b)
    return tuple(rows)


def _norm_bias(node: Node, state: State) -> Tensor | None:
    module = dict(state.model.named_modules()).get(node.path)
    bias = getattr(module, "bias", None)
    return state.original(bias) if isinstance(bias, Tensor) else None


def fan_out(node: Node) -> int:
    """The number of units of a weight operation."""
    if node.weight is None:
        return 0
    return int(node.weight.shape[-1] if node.op in PRODUCTS else node.weight.shape[0])


def fan_in(node: Node) -> int:
    """The number of inputs each unit of a weight operation sums over."""
    if node.weight is None:
        return 0
    weight = node.weight
    return int(weight.shape[-2] if node.op in PRODUCTS else weight.shape[1:].numel())


def positions(node: Node) -> int:
    """At how many places of one sample a weight operation computes its units: pixels, tokens, or 1."""
    if node.out is None or node.out.dim() < 2 or not node.out.shape[0] or not fan_out(node):
        return 1
    return max(node.out[0].numel() // fan_out(node), 1)


def _second(tensor: Tensor | None) -> float:
    if tensor is None or not tensor.is_floating_point() or tensor.numel() == 0:
        return math.nan
    return float(tensor.detach().double().pow(2).mean())
