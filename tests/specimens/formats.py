"""Sick and healthy programs of number formats, SELU stacks, means and forgotten modules."""

from __future__ import annotations

import torch
from tests.specimens.programs import (
    CLASSES,
    FEATURES,
    Build,
    adam,
    batches,
    classify,
    draw,
    features,
    labels,
    sgd,
    stack,
)
from torch import Tensor, nn
from torch.nn import functional as F

from actlab.doctor import Case


class Autocast(nn.Module):
    """A network whose forward runs under autocast in this format."""

    def __init__(self, net: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.net, self.dtype = net, dtype

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=self.dtype):
            return self.net(x)


class Loud(nn.Module):
    """Products around 1e5, then a norm."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.below, self.norm, self.last = nn.Linear(FEATURES, 32), nn.LayerNorm(32), nn.Linear(32, CLASSES)
        nn.init.normal_(self.below.weight, 0, 3e4)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.relu(self.norm(self.below(x))))


def stored(dtype: torch.dtype, rate: float) -> Case:
    """A network whose weights and inputs are of this format."""
    case = classify(stack([FEATURES, 32, 32, CLASSES]).to(dtype), optimizer=adam(rate))
    return Case(case.model, [(x.to(dtype), y) for x, y in case.data], F.cross_entropy, optimizer=case.optimizer)


def under(net: nn.Module, dtype: torch.dtype, rate: float = 1e-3) -> Case:
    """The four classes under autocast."""
    return classify(Autocast(net, dtype), optimizer=adam(rate))


def on_one_side(positive: bool) -> Case:
    """Inputs between 0 and 1; weights drawn around 0, or all positive and as small as sums of equal signs allow."""
    model = draw(stack([FEATURES, *[32] * 4, CLASSES]), 1.4)
    with torch.no_grad():
        for module in model:
            if isinstance(module, nn.Linear) and positive:
                module.weight.abs_().div_(module.in_features**0.5)
    x = features()
    return Case(model, batches(x.sigmoid(), labels(x)), F.cross_entropy, optimizer=sgd(0.1))


def selu_stack(gain: float) -> Case:
    """Sixteen SELU layers; gain 1 is LeCun's draw, 0 torch's default."""
    model = stack([FEATURES, *[48] * 16, CLASSES], nn.SELU)
    return classify(draw(model, gain) if gain else model, optimizer=sgd(0.02))


class Forgetful(nn.Module):
    """An encoder and a head; the head reads the encoder's answer, or the input by mistake."""

    def __init__(self, used: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoder = nn.Sequential(nn.Linear(FEATURES, FEATURES * 2), nn.Tanh(), nn.Linear(FEATURES * 2, FEATURES))
        self.head, self.used = nn.Linear(FEATURES, 2), used

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.encoder(x))
        return self.head(h if self.used else x)


def opposite_corners(used: bool) -> Case:
    """Whether two features have the same sign: no straight line tells."""
    x = features()
    return Case(Forgetful(used), batches(x, (x[:, 0] * x[:, 1] > 0).long()), F.cross_entropy, optimizer=adam(2e-2))


MORE: dict[str, tuple[Build, Build]] = {
    "half-precision-overflow": (lambda: under(Loud(), torch.float16), lambda: under(Loud(), torch.bfloat16)),
    "half-precision-underflow": (
        lambda: stored(torch.float16, 1e-3),
        lambda: under(stack([FEATURES, 32, 32, CLASSES]), torch.float16, 3e-3),
    ),
    "lost-updates": (
        lambda: stored(torch.bfloat16, 1e-4),
        lambda: under(stack([FEATURES, 32, 32, CLASSES]), torch.bfloat16, 1e-3),
    ),
    "mean-shift": (lambda: on_one_side(True), lambda: on_one_side(False)),
    "selu-misuse": (lambda: selu_stack(0.0), lambda: selu_stack(1.0)),
    "unused-module": (lambda: opposite_corners(False), lambda: opposite_corners(True)),
}
