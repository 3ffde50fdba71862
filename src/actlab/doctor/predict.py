"""Before training: what a network's architecture and initial weights let expect, beside what one pass measures."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from ..theory.profile import LENGTHS, born_dead, correlation_length, silent_share
from .expected import Expected, given_to
from .node import Node, ancestors, call_example, tensors_in
from .passes import Measured, size_of, take_sites
from .prediction import PredictedLayer, Prediction
from .preserve import preserved
from .records import Case, CaseError
from .shapes import DEAD, Shape
from .structure import role_of
from .trace import Trace

SHOWN = ("weight", "recurrent", "attention", "activation", "norm", "sum")


def predict(model: nn.Module, example: Any, seed: int = 0, name: str = "") -> Prediction:
    """What signal and gradient do with depth in a network as it is initialised, without training and without labels.

    Each layer's own weights give the variance that theory expects after it and, on the way back, the factor of the
    gradient; one forward and backward pass with a gradient of random direction gives what they really are. Where theory
    knows nothing of a call (attention, a product of branches, a module of your own), the measured numbers go on from
    there. example: an input batch: a tensor, a tuple (positional arguments) or a mapping (keywords). seed: of the
    random direction.
    The model is left exactly as it was. Raises CaseError in one sentence when it cannot be run.
    """
    if not isinstance(model, nn.Module):
        raise CaseError(f"what is predicted is a torch.nn.Module, not a {type(model).__name__}")
    with preserved(model), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        return _Walk(model, example, name or type(model).__name__).prediction()


def first_input(case: Case) -> Any:
    """The input of a case's first batch. Raises CaseError when there is none."""
    for batch in case.data:
        return batch[0]
    raise CaseError("the data hold no batch; give at least one (input, target) pair, and check drop_last and filters")


class _Walk:
    """One pass over the model, and theory along the same calls."""

    def __init__(self, model: nn.Module, example: Any, name: str) -> None:
        self.name = name
        trace = Trace(model)
        with trace:
            trace.begin(example)
            output = call_example(model, example)
            ends = [t for t in tensors_in(output) if t.requires_grad]
            nodes = [node for tensor in ends if (node := trace.node_of(tensor)) is not None]
        if not nodes:
            raise CaseError("the model's output depends on no trainable weight; unfreeze one with requires_grad_(True)")
        self.ends = {id(node) for node in nodes}
        torch.autograd.backward(ends, [torch.randn_like(tensor) for tensor in ends])
        used = {id(node): node for end in nodes for node in ancestors(end)}
        self.nodes = [node for node in sorted(used.values(), key=lambda node: node.index) if node.data]
        self.shapes: dict[tuple[str, str, int], Shape | None] = {}
        self.sites = Measured([], None, None, {}, {}, {}, [], [], 0, math.nan)
        take_sites(self.nodes, self.sites, self.shapes)
        self.samples = size_of(example)
        self.chain = not any(node.role == "sum" and len(given_to(node)) > 1 for node in self.nodes)
        self.theory = Expected(dict(model.named_modules()), self.shapes)
        self.back: dict[int, float | None] = {}

    def prediction(self) -> Prediction:
        """Theory forward, theory backward, and the rows."""
        for node in self.nodes:
            self.theory.forward(node)
        for node in reversed(self.nodes):
            self.back[id(node)] = self._gradient(node)
        rows = {id(node): self._row(node) for node in self.nodes if node.role in SHOWN}
        weights = [rows[id(node)] for node in self.nodes if node.role == "weight" and "embedding" not in node.op]
        hidden = [node for node in self.nodes if node.role == "activation" and role_of(node) == "hidden"]
        factors = [self._factor(rows[id(a)], rows[id(b)]) for a, b in pairwise(hidden)]
        for node, factor in zip(hidden, factors, strict=False):
            rows[id(node)] = replace(rows[id(node)], factor=factor)
        sure = [factor for factor in factors if factor is not None]
        factor = math.exp(sum(map(math.log, sure)) / len(sure)) if sure else None
        length = correlation_length(factor) if factor is not None else None
        flat = [node for node in hidden if self._rectifies(node) and node.out is not None and node.out.dim() == 2]
        silent = [(self._silent(node), self.sites.sites[node.key].units) for node in flat]
        first, last = (weights[0], weights[-1]) if len(weights) > 1 else (None, None)
        return Prediction(
            name=self.name,
            samples=self.samples,
            layers=tuple(rows.values()),
            depth=len(hidden),
            factor=factor,
            correlation_length=length,
            trainable_depth=None if length is None else LENGTHS * length,
            gradient_ratio=_ratio(first and first.gradient, last and last.gradient),
            gradient_ratio_measured=_ratio(first and first.gradient_measured, last and last.gradient_measured),
            born_dead=born_dead(silent) if silent and self.chain else None,
            unknown=tuple(
                dict.fromkeys(
                    f"{node.path or self.name} ({node.op})"
                    for node in self.nodes
                    if not self.theory.known[id(node)] and node.role != "input"
                )
            ),
        )

    # -- backward ------------------------------------------------------------------------------------------------------

    def _gradient(self, node: Node) -> float | None:
        """The squared norm of the gradient at a call's output: what its users hand back; measured where one is unknown.

        None where no gradient is to be had at all.
        """
        own = node.out.numel() if id(node) in self.ends and node.out is not None else 0
        total = float(own)
        for user in node.children:
            if id(user) not in self.back:
                continue
            factor, given = self.theory.backward(user, node), self.back[id(user)]
            if factor is None or given is None:
                return float(node.gradient.double().pow(2).sum()) if node.gradient is not None else None
            total += factor * given
        return total

    # -- rows ----------------------------------------------------------------------------------------------------------

    def _row(self, node: Node) -> PredictedLayer:
        assert node.out is not None
        signal, back = self.theory.signals[id(node)], self.back[id(node)]
        sure = all(self.known_back(user) for user in node.children if id(user) in self.back)
        measured = None if node.gradient is None else float(node.gradient.double().norm())
        site = self.sites.sites.get(node.key)
        rectifies = site is not None and self._rectifies(node)
        dead = None
        if rectifies and node.out.dim() == 2:  # units at many positions are not independent draws
            dead = silent_share(self.theory.signal_of(node), self._edge(node), self.samples)
        return PredictedLayer(
            path=node.path or self.name,
            kind=node.op,
            role=role_of(node) if node.role == "activation" else node.role,
            signal=math.sqrt(signal.second) if self.theory.known[id(node)] else None,
            signal_measured=float(node.out.detach().double().pow(2).mean().sqrt()),
            gradient=math.sqrt(back) if back is not None and sure else None,
            gradient_measured=measured,
            dead=dead,
            dead_measured=site.dead_share if site is not None and rectifies else None,
        )

    def known_back(self, node: Node) -> bool:
        """Whether theory knows what a call does to a gradient."""
        return self.back[id(node)] is not None and self.theory.backward(node, given_to(node)[0]) is not None

    def _factor(self, here: PredictedLayer, following: PredictedLayer) -> float | None:
        """Of the gradient's squared norm, from one activation back to the one before it."""
        if not self.chain or here.gradient is None or not following.gradient:
            return None
        return (here.gradient / following.gradient) ** 2 or None

    def _rectifies(self, node: Node) -> bool:
        shape = self.shapes.get(node.key)
        return shape is not None and shape.dead_type and bool(given_to(node)) and node.key in self.sites.sites

    def _edge(self, node: Node) -> float:
        """Where a rectifier begins to pass a gradient."""
        shape = self.shapes[node.key]
        assert shape is not None
        alive = torch.nonzero(shape.slopes.abs() > DEAD * shape.best_slope)
        return float(shape.grid[max(int(alive[0]) - 1, 0)])

    def _silent(self, node: Node) -> float:
        signal = self.theory.signal_of(node)
        deviation = math.sqrt(max(signal.variance, 1e-300))
        return 0.5 * math.erfc((signal.mean - self._edge(node)) / deviation / math.sqrt(2))


def _ratio(first: float | None, last: float | None) -> float | None:
    return first / last if first is not None and last else None
