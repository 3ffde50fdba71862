"""Unit statistics: per activation call, over many batches, without keeping the batches."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .node import Node, source_of
from .shapes import DEAD, FLAT, Shape

BINS = 40
PRODUCTS = ("matmul", "mm", "addmm", "rmatmul")
DRAWN = 512  # random units: a share of a tenth is then known to about one in a hundred
FARTHEST = 1e37  # a histogram over a wider range overflows float32
PICTURED = 2**14  # values of one batch that a histogram is drawn from: 1 % of a bin of average height
SAME_SIDE = 0.95  # share of samples on one side from which a unit carries no signal but its rare exceptions


def axis_of_units(node: Node, x: Tensor) -> int:
    """The axis of units of an activation's input: known from what made it, else 1 for pictures and last otherwise."""
    if x.dim() < 2:
        return 0
    if node.unit_dim is not None and -x.dim() <= node.unit_dim < x.dim():
        return node.unit_dim % x.dim()
    return 1 if x.dim() in (4, 5) else x.dim() - 1


@dataclass
class Site:
    """Running statistics of one activation call."""

    node: Node
    shape: Shape
    units: int = 0
    samples: int = 0
    elements: int = 0
    alive: Tensor | None = None
    low: Tensor | None = None
    high: Tensor | None = None
    count: int = 0
    flat_elements: int = 0
    total: float = 0.0
    square: float = 0.0
    unit_total: Tensor | None = None
    edges: Tensor | None = None
    bins: Tensor | None = None
    chance: Chance | None = None

    def add(self, node: Node) -> None:
        """Take in one batch's call at this place."""
        x = node.x
        if x is None or node.function is None or x.numel() == 0:
            return
        with torch.enable_grad():
            z = x.detach().clone().requires_grad_()
            value = node.function(z * 1.0)
            slope = torch.autograd.grad(value.sum(), z)[0] if value.requires_grad else torch.zeros_like(z)
        axis = axis_of_units(node, x)
        units = x.shape[axis] if x.dim() else 1
        rows = x.detach().movedim(axis, -1).reshape(-1, units).double()
        steep = slope.detach().abs().movedim(axis, -1).reshape(-1, units) / self.shape.best_slope
        positions = rows.shape[0] // max(x.shape[0], 1) if x.dim() > 1 else 1
        flat = steep <= FLAT
        sided = self._sides(rows, flat)
        new = {"alive": (steep > DEAD).any(0), "low": sided[0].sum(0), "high": sided[1].sum(0)}
        if self.alive is None or self.alive.shape != new["alive"].shape:
            self.units, self.alive, self.low, self.high = units, new["alive"], new["low"], new["high"]
            self.unit_total = rows.sum(0)
        else:
            assert self.low is not None and self.high is not None and self.unit_total is not None
            self.alive = self.alive | new["alive"]
            self.low, self.high = self.low + new["low"], self.high + new["high"]
            self.unit_total = self.unit_total + rows.sum(0)
        self.count += rows.shape[0]
        self.samples += rows.shape[0] // positions
        self.elements += rows.numel()
        self.flat_elements += int((sided[0] | sided[1]).sum())
        self.total += float(rows.sum())
        self.square += float((rows**2).sum())
        self._histogram(value.detach().float())

    def draw(self, node: Node) -> None:
        """Show one batch's inputs of the layer before to random units, for `chance_dead`."""
        pre = next((p for p in node.parents if p.data), None)
        origin = plain_layer(pre) if pre is not None and self.shape.dead_type else None
        if origin is not None:
            self.chance = self.chance or Chance.of(origin[0])
            self.chance.add(origin[1])

    @property
    def chance_dead(self) -> float | None:
        """The share of random units that are silent on all the samples; None where no plain layer is before it."""
        if self.chance is None:
            return None
        waking = self.shape.grid[self.shape.slopes.abs() > DEAD * self.shape.best_slope].min()
        return float((self.chance.largest <= waking).double().mean())

    def _sides(self, rows: Tensor, flat: Tensor) -> tuple[Tensor, Tensor]:
        """Which values lie in a flat tail, low and high; a rectifier's silent side is no saturation."""
        nothing = torch.zeros_like(flat)
        low = flat & (rows < 0) if self.shape.low_flat and not self.shape.dead_type else nothing
        high = flat & (rows > 0) if self.shape.high_flat else nothing
        return low, high

    def _histogram(self, value: Tensor) -> None:
        value = value.flatten()[:: max(1, value.numel() // PICTURED)]
        value = value[torch.isfinite(value)]
        if value.numel() == 0:
            return
        if self.edges is None:
            low, high = float(value.min()), float(value.max())
            if not high > low:
                low, high = low - 0.5, high + 0.5
            if not math.isfinite(high - low) or high - low > FARTHEST:
                return
            self.edges = torch.linspace(low, high, BINS + 1)
            self.bins = torch.zeros(BINS)
        assert self.bins is not None
        low, high = float(self.edges[0]), float(self.edges[-1])
        self.bins += torch.histc(value.clamp(low, high).cpu(), BINS, low, high)

    @property
    def mean(self) -> float:
        return self.total / max(self.elements, 1)

    @property
    def second(self) -> float:
        return self.square / max(self.elements, 1)

    @property
    def std(self) -> float:
        return math.sqrt(max(self.second - self.mean**2, 0.0))

    @property
    def mean_shift(self) -> float:
        """The mean over units of their squared means, over the mean of their variances."""
        if self.unit_total is None or self.count == 0:
            return 0.0
        squared = float((self.unit_total / self.count).pow(2).mean())
        return squared / max(self.second - squared, 1e-300)

    @property
    def scatter(self) -> float:
        """How far the units' means lie apart, squared, over the mean of their variances: chance, not a common shift."""
        if self.unit_total is None or self.count == 0:
            return 0.0
        means = self.unit_total / self.count
        return float(means.var(unbiased=False)) / max(self.second - float(means.pow(2).mean()), 1e-300)

    @property
    def dead_share(self) -> float:
        """The share of units whose slope was below DEAD of the steepest on every sample, for rectifier-like shapes."""
        if self.alive is None or not self.shape.dead_type:
            return 0.0
        return 1 - float(self.alive.double().mean())

    @property
    def saturated_share(self) -> float:
        """The share of units in the same flat tail on SAME_SIDE of the samples."""
        if self.low is None or self.high is None or self.count == 0:
            return 0.0
        return float((torch.maximum(self.low, self.high) >= SAME_SIDE * self.count).double().mean())

    @property
    def saturated_elements(self) -> float:
        return self.flat_elements / max(self.elements, 1)


@dataclass
class Chance:
    """Random units on what a plain layer is given: DRAWN of them, weights and biases of mean 0 and its own deviations.

    How many stay silent on the very same inputs is what chance gives, whatever the inputs look like; a formula for
    one correlation underrates it for inputs of few dimensions.
    """

    weights: Tensor
    biases: Tensor
    largest: Tensor

    @classmethod
    def of(cls, layer: Node) -> Chance:
        """Units drawn for a layer, always the same for the same layer."""
        assert layer.weight is not None
        source = torch.Generator(device="cpu").manual_seed(0)
        width = layer.weight.shape[0 if layer.op in PRODUCTS else 1]
        size = float(layer.weight.detach().double().pow(2).mean().sqrt())
        shift = float(layer.bias.detach().double().std(unbiased=False)) if layer.bias is not None else 0.0
        weights = torch.randn(width, DRAWN, generator=source) * size
        return cls(weights, torch.randn(DRAWN, generator=source) * shift, torch.full((DRAWN,), -math.inf))

    def add(self, given: Tensor) -> None:
        """Take in one batch of the layer's inputs."""
        rows = given.detach().float().reshape(-1, given.shape[-1]).cpu()
        if rows.shape[1] == self.weights.shape[0]:
            self.largest = torch.maximum(self.largest, (rows @ self.weights + self.biases).amax(0))


def plain_layer(pre: Node) -> tuple[Node, Tensor] | None:
    """The linear layer that made a pre-activation, and what it was given; None for any other origin."""
    node = source_of(pre, ("view", "dropout", "affine"))
    given = next((p for p in node.parents if p.data), None)
    plain = node.op in ("linear", *PRODUCTS) and node.weight is not None and node.weight.dim() == 2
    if not plain or given is None or given.out is None or given.out.dim() < 2 or not given.out.is_floating_point():
        return None
    return node, given.out


def likeness(pre: Node) -> float | None:
    """The correlation of two samples' pre-activations at this call, over random weights: what the input alone imposes.

    The mean cosine of the weight operation's inputs (their length does not move a sign), raised by a bias drawn at
    random, which all samples share; 0 after batch norm, which centres; None where no single weight operation made it.
    A bias that is shifted as a whole is no chance and is left out.
    """
    if pre.op == "batch_norm":
        return 0.0
    node = source_of(pre, ("view", "dropout", "norm", "affine"))
    parent = next((p for p in node.parents if p.data), None)
    if node.role != "weight" or node.weight is None or parent is None or parent.out is None:
        return None
    x = parent.out.detach()
    if not x.is_floating_point() or x.dim() < 2 or x.shape[0] < 2:
        return 0.0
    rows = x.double().reshape(x.shape[0], -1)
    energy = float(rows.pow(2).sum(1).mean())
    cosine = float(torch.nn.functional.normalize(rows, dim=1).mean(0).pow(2).sum()) if energy > 0 else 1.0
    if node.bias is None or node.bias.numel() < 2:
        return cosine
    spread = float(node.bias.detach().double().var(unbiased=False))
    size = float(torch.linalg.vector_norm(node.weight.detach(), dtype=torch.float64))
    signal = size**2 / node.weight.numel() * energy
    return (signal * cosine + spread) / (signal + spread) if signal + spread > 0 else 1.0
