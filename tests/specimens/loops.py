"""Small training loops that are watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from tests.specimens.programs import CLASSES, FEATURES, batches, features, labels, stack
from torch import Tensor, nn
from torch.nn import functional as F

from actlab.doctor import Watch, watch

SIZES = [FEATURES, 32, 32, CLASSES]


def sick(make: Callable[[], nn.Module] | None = nn.ReLU) -> Any:
    """Two hidden layers, the second one dead."""
    model = stack(SIZES, make)
    nn.init.constant_(model[2].bias, -12.0)
    return model


def data(size: int = 64) -> Iterator[tuple[Tensor, Tensor]]:
    """The four classes, over and over."""
    while True:
        for x, y in batches(features(), labels(features())):
            yield from zip(x.split(size), y.split(size), strict=True)


def loop(model: Any, steps: int, every: int = 5, tell: bool = True, **more: Any) -> Watch:
    """A plain training loop, watched."""
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    with watch(model, optimizer, every, **more) as watched:
        for (x, y), _ in zip(data(), range(steps), strict=False):
            loss = F.cross_entropy(model(x), y)
            if tell:
                watched.loss(loss)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return watched


def names(watched: Watch) -> list[str]:
    """The names of the findings."""
    return [finding.name for finding in watched.findings]


def hooks(model: nn.Module) -> int:
    """How many hooks and attributes beyond those of a fresh module a model holds."""
    parts = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_forward_hooks_with_kwargs")
    return sum(len(getattr(module, part)) for module in model.modules() for part in parts)
