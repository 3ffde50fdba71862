"""What sampled steps have shown so far, of one rank or of all: values that become the numbers the rules are given."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, cast

import torch
from torch import Tensor, nn

from .live import PART, Key, Live, part
from .node import Node
from .numbers import NOTHING, NotFinite, Numbers, WeightNumbers
from .passes import ENOUGH
from .preserve import State
from .records import LayerNumbers
from .rows import layer_rows, weight_rows
from .rules.units import WHOLE
from .shapes import expected_dead_share
from .sites import Site

PATIENCE = 200  # steps before a loss that has not fallen says anything
Sites = dict[Key, Site]
BARE = Node(0, "", "activation", "", 0, (), None, True)


@dataclass(frozen=True)
class Losses:
    """Mean, deviation and number of the losses told between two sampled steps."""

    mean: float
    deviation: float
    count: int


@dataclass(frozen=True)
class Seen:
    """Everything kept of the sampled steps.

    start: each activation's units over the first ENOUGH samples; recent: the latest steps with ENOUGH samples. flat:
    share of saturated values in the very first step. layers, weights: rows of the latest step.
    """

    start: Sites = field(default_factory=dict[Key, Site])
    recent: tuple[Sites, ...] = ()
    flat: Mapping[Key, float] = field(default_factory=dict[Key, float])
    layers: Mapping[Key, LayerNumbers] = field(default_factory=dict[Key, LayerNumbers])
    weights: tuple[WeightNumbers, ...] = ()
    losses: tuple[Losses, ...] = ()
    samples: int = 0
    trouble: NotFinite | None = None
    residual_blocks: int = 0

    def with_step(self, live: Live, names: dict[int, str], trouble: NotFinite | None) -> Seen:
        """This and one step more."""
        found, state = live.measured, _Present(live.model, live.parts)
        new = {key: _bare(site) for key, site in found.sites.items()}
        start = dict(self.start)
        for key, site in new.items():
            start[key] = (
                _pooled(start[key], site) if key in start and start[key].samples < ENOUGH else start.get(key, site)
            )
        recent = (*self.recent, new)
        while len(recent) > 1 and all(_samples(key, recent[1:]) >= ENOUGH for key in new):
            recent = recent[1:]
        rows = layer_rows(found, found, state, True)
        return replace(
            self,
            start=start,
            recent=recent,
            flat={**{key: site.saturated_elements for key, site in new.items()}, **self.flat},
            layers=dict(zip(found.sites, rows, strict=True)),
            weights=weight_rows(found, state, names, {}, {}),
            samples=self.samples + found.samples,
            trouble=self.trouble or trouble,
            residual_blocks=sum(node.role == "sum" for node in found.nodes if node.children),
        )

    def with_losses(self, values: Sequence[float]) -> Seen:
        """This and the losses told since the last sampled step."""
        deviation = statistics.pstdev(values) if all(map(math.isfinite, values)) else math.nan
        return replace(self, losses=(*self.losses, Losses(statistics.fmean(values), deviation, len(values))))

    def numbers(self, steps: int, optimizer: torch.optim.Optimizer) -> Numbers:
        """What the rules are given. A loss counts once there has been time to learn."""
        told = self.losses
        start, end, error = math.nan, math.nan, 0.0
        if len(told) > 1 and steps >= PATIENCE:
            start, end = told[0].mean, told[-1].mean
            spread = max(told[0].deviation, told[-1].deviation)
            error = spread * math.sqrt(1 / told[0].count + 1 / told[-1].count)
        recent = _pool(self.recent)
        return replace(
            NOTHING,
            layers=tuple(self._row(key, row, self.start[key], recent[key]) for key, row in self.layers.items()),
            weights=self.weights,
            samples=self.samples,
            steps=steps,
            steps_done=steps,
            curve=tuple(part.mean for part in told),
            task_start=start,
            task_end=end,
            standard_error=error,
            not_finite=self.trouble,
            learning_rate=float(optimizer.param_groups[0]["lr"]),
            optimizer=type(optimizer).__name__,
            residual_blocks=self.residual_blocks,
        )

    def _row(self, key: Key, row: LayerNumbers, start: Site, recent: Site) -> LayerNumbers:
        c = row.expected_mean_shift / (1 + row.expected_mean_shift)
        return replace(
            row,
            samples=recent.samples,
            dead_share=_dead(start),
            dead_share_end=_dead(recent),
            expected_dead_share=expected_dead_share(c, start.samples) if row.dead_type else 0.0,
            saturated_share=start.saturated_share,
            saturated_share_end=recent.saturated_share,
            saturated_elements=self.flat[key],
        )

    # -- ranks ---------------------------------------------------------------------------------------------------------

    def gathered(self) -> Seen:
        """This of all ranks together: one exchange of small tensors, which every rank has to join."""
        parts: list[Seen | None] = [None] * torch.distributed.get_world_size()
        own = replace(self, start=_light(self.start), recent=(_light(_pool(self.recent)),), layers=dict(self.layers))
        torch.distributed.all_gather_object(parts, own)
        return self._joined([part for part in parts if part is not None])

    def _joined(self, parts: Sequence[Seen]) -> Seen:
        return replace(
            self,
            start=self._together(self.start, (part.start for part in parts)),
            recent=(self._together(_pool(self.recent), (_pool(part.recent) for part in parts)),),
            flat={
                key: statistics.fmean(part.flat.get(key, share) for part in parts) for key, share in self.flat.items()
            },
            layers={
                key: replace(
                    row, gradient_norm=_root(part.layers[key].gradient_norm for part in parts if key in part.layers)
                )
                for key, row in self.layers.items()
            },
            weights=tuple(
                replace(
                    row,
                    gradient_norm=_root(part.weights[at].gradient_norm for part in parts if at < len(part.weights))
                    or 0.0,
                )
                for at, row in enumerate(self.weights)
            ),
            losses=tuple(
                Losses(
                    statistics.fmean(p.mean for p in each),
                    statistics.fmean(p.deviation for p in each),
                    sum(p.count for p in each),
                )
                for each in zip(*(part.losses for part in parts), strict=False)
            ),
            samples=sum(part.samples for part in parts),
            trouble=next((part.trouble for part in parts if part.trouble is not None), None),
        )

    @staticmethod
    def _together(own: Sites, parts: Iterable[Sites]) -> Sites:
        """The pools of all ranks; the shape of a function, which all ranks know, did not travel."""
        found = list(parts)
        return {
            key: reduce(_pooled, (replace(part[key], shape=site.shape) for part in found if key in part))
            for key, site in own.items()
        }


class _Present(State):
    """A model's state where only the present is known; parts: some values of each tensor, by its id."""

    def __init__(self, model: nn.Module, parts: Mapping[int, Tensor]) -> None:
        self.model = model
        self._parts = parts

    def original(self, tensor: Tensor) -> Tensor:
        found = self._parts.get(id(tensor))
        found = part(tensor, PART) if found is None else found
        return found if found.numel() else tensor.new_zeros(1)


def _dead(site: Site) -> float:
    """The dead share, once enough samples are in; a layer without one living unit needs no more of them."""
    return site.dead_share if site.samples >= ENOUGH or site.dead_share >= WHOLE else 0.0


def _bare(site: Site) -> Site:
    """The counts per unit of a site, without what it was measured on."""
    assert site.alive is not None and site.low is not None and site.high is not None
    alive, low, high = site.alive.cpu(), site.low.cpu(), site.high.cpu()
    return replace(site, node=BARE, alive=alive, low=low, high=high, unit_total=None, edges=None, bins=None)


def _light(sites: Sites) -> Sites:
    """Sites to send: the shapes of their functions stay at home."""
    return {key: replace(site, shape=cast(Any, None)) for key, site in sites.items()}


def _samples(key: Key, parts: Sequence[Sites]) -> int:
    return sum(part[key].samples for part in parts if key in part)


def _pool(parts: Sequence[Sites]) -> Sites:
    """Several steps together, for the activations of the last one."""
    if not parts:
        return {}
    return {key: reduce(_pooled, (part[key] for part in parts if key in part)) for key in parts[-1]}


def _pooled(a: Site, b: Site) -> Site:
    """Two sites of one activation together; the second alone where the number of units has changed."""
    assert a.alive is not None and a.low is not None and a.high is not None
    assert b.alive is not None and b.low is not None and b.high is not None
    if a.alive.shape != b.alive.shape:
        return b
    return replace(
        b, alive=a.alive | b.alive, low=a.low + b.low, high=a.high + b.high, count=a.count + b.count,
        samples=a.samples + b.samples,
    )  # fmt: skip


def _root(norms: Iterable[float | None]) -> float | None:
    """The norm over all ranks; None where no rank has one."""
    known = [norm for norm in norms if norm is not None]
    return math.sqrt(sum(norm**2 for norm in known)) if known else None
