"""A sick and a healthy training program for every rule of the doctor, on data drawn here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from actlab.doctor import Case

Build = Callable[[], Case]
SAMPLES, FEATURES, CLASSES, BATCH = 1024, 16, 4, 64


def features() -> Tensor:
    """Standard normal inputs, always the same."""
    return torch.randn(SAMPLES, FEATURES, generator=torch.Generator().manual_seed(1))


def labels(x: Tensor) -> Tensor:
    """Four equally common classes: quarters of the angle of the first two features."""
    return ((torch.atan2(x[:, 1], x[:, 0]) + math.pi) / (2 * math.pi) * CLASSES).long().clamp(0, CLASSES - 1)


def numbers(x: Tensor) -> Tensor:
    """A smooth regression target of deviation about 1."""
    return (torch.sin(2 * x[:, :1]) + 0.5 * x[:, 1:2] * x[:, 2:3]) / 0.87


def batches(x: Tensor, y: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Pairs of BATCH samples."""
    return list(zip(x.split(BATCH), y.split(BATCH), strict=True))


def stack(sizes: Iterable[int], make: Callable[[], nn.Module] | None = nn.ReLU, last: nn.Module | None = None) -> Any:
    """A plain network with torch's default initialisation, seeded."""
    torch.manual_seed(0)
    widths = list(sizes)
    layers: list[nn.Module] = []
    for i, (inner, outer) in enumerate(pairwise(widths)):
        layers.append(nn.Linear(inner, outer))
        if make is not None and i < len(widths) - 2:
            layers.append(make())
    return nn.Sequential(*layers, *([last] if last is not None else []))


def draw(model: nn.Sequential, gain: float) -> nn.Sequential:
    """Weights of deviation gain / sqrt(fan_in), biases 0."""
    for module in model:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0, gain / module.in_features**0.5)
            nn.init.zeros_(module.bias)
    return model


def classify(model: nn.Module, loss: Any = F.cross_entropy, **more: Any) -> Case:
    """The four classes."""
    x = features()
    return Case(model, batches(x, labels(x)), loss, **more)


def regress(
    model: nn.Module, change: Callable[[Tensor], Tensor] = lambda y: y, loss: Any = F.mse_loss, **more: Any
) -> Case:
    """The smooth target, changed."""
    x = features()
    return Case(model, batches(x, change(numbers(x))), loss, **more)


def decide(model: nn.Module, loss: Any = F.binary_cross_entropy_with_logits) -> Case:
    """Two classes as a float column."""
    x = features()
    return Case(model, batches(x, (labels(x) < 2).float()[:, None]), loss)


def adam(rate: float) -> Callable[[Any], torch.optim.Optimizer]:
    """Adam with this step."""
    return lambda parameters: torch.optim.Adam(parameters, lr=rate)


def sgd(rate: float) -> Callable[[Any], torch.optim.Optimizer]:
    """Plain gradient descent with this step."""
    return lambda parameters: torch.optim.SGD(parameters, lr=rate)


def with_bias(bias: float) -> Case:
    """Three layers, the middle bias shifted."""
    model = stack([FEATURES, 32, 32, CLASSES])
    nn.init.constant_(model[2].bias, bias)
    return classify(model)


class Ladder(nn.Module):
    """A residual stack h + scale * relu(W h)."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Linear(FEATURES, 32)
        self.blocks = nn.ModuleList(nn.Linear(32, 32) for _ in range(24))
        self.last = nn.Linear(32, CLASSES)
        for block in self.blocks:
            nn.init.kaiming_normal_(block.weight, nonlinearity="relu")
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        for block in self.blocks:
            h = h + self.scale * F.relu(block(h))
        return self.last(h)


class Halves(nn.Module):
    """Two layers; with `cut`, the first is detached from the second."""

    def __init__(self, cut: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.below, self.above, self.cut = nn.Linear(FEATURES, 32), nn.Linear(32, CLASSES), cut

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.below(x))
        return self.above(h.detach() if self.cut else h)


class Distance(nn.Module):
    """A square root of something that is zero."""

    def __init__(self, margin: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.below, self.above, self.margin = nn.Linear(FEATURES, 32), nn.Linear(32, CLASSES), margin

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.below(x))
        return self.above(h) + 0.1 * ((h - h).pow(2).sum(1, keepdim=True) + self.margin).sqrt()


class Recurrent(nn.Module):
    """An LSTM that reads the features as a sequence of four; `size` is the deviation of its weights, 0 the default."""

    def __init__(self, size: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.cell, self.last = nn.LSTM(4, 16, batch_first=True), nn.Linear(16, CLASSES)
        for name, weight in self.cell.named_parameters():
            if size and name.startswith("weight"):
                nn.init.normal_(weight, 0, size)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.cell(x.reshape(-1, 4, 4))[0][:, -1])


class Remembering(nn.Module):
    """A plain recurrence; gain of its orthogonal weight, 0 for torch's default."""

    def __init__(self, gain: float, kind: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.cell = nn.RNN(2, 16, batch_first=True, nonlinearity=kind)
        self.last = nn.Linear(16, CLASSES)
        if gain:
            nn.init.orthogonal_(self.cell.weight_hh_l0, gain)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.cell(x)[0][:, -1])


def remember(gain: float, kind: str = "tanh") -> Case:
    """The signs of the first of 24 steps, the others silent."""
    start = features()[:, :2]
    x = torch.zeros(SAMPLES, 24, 2)
    x[:, 0] = start
    y = (start > 0).long() @ torch.tensor([1, 2])
    return Case(Remembering(gain, kind), batches(x, y), F.cross_entropy, optimizer=adam(5e-3))


def constant_weights() -> Case:
    """Every weight 0.05."""
    model = stack([FEATURES, 32, 32, CLASSES])
    for module in model:
        if isinstance(module, nn.Linear):
            nn.init.constant_(module.weight, 0.05)
            nn.init.zeros_(module.bias)
    return classify(model)


def rare(weight: float, shift: float = 0.0) -> Case:
    """A rare class of 4 %, with this weight in the loss, moved by `shift` along the first feature."""
    x = features()
    y = (torch.arange(SAMPLES) % 25 == 0).long()
    x[:, 0] += shift * y
    balance = torch.tensor([1.0, weight])
    model = stack([FEATURES, 16, 2])
    return Case(model, batches(x, y), lambda o, t: F.cross_entropy(o, t, weight=balance), optimizer=adam(1e-2))


def rare_plain() -> Case:
    """The rare class hidden in a sum of features, plain loss, plain gradient descent."""
    case = rare(1.0)
    return Case(case.model, case.data, F.cross_entropy, optimizer=sgd(0.02))


def scaled_input(factor: float) -> Case:
    """tanh layers on inputs times a factor."""
    x = features()
    return Case(stack([FEATURES, 32, 32, CLASSES], nn.Tanh), batches(x * factor, labels(x)), F.cross_entropy)


def holed(value: float) -> Case:
    """One input is replaced."""
    x = features()
    y = labels(x)
    x[5, 3] = value
    return Case(stack([FEATURES, 32, CLASSES]), batches(x, y), F.cross_entropy)


def codes(as_classes: bool) -> Case:
    """Class numbers as classes, or as numbers."""
    x = features()
    y = labels(x)
    if as_classes:
        return Case(stack([FEATURES, 32, CLASSES]), batches(x, y), F.cross_entropy)
    return Case(stack([FEATURES, 32, 1]), batches(x, y.float()[:, None]), F.mse_loss)


def relu_stack(depth: int, gain: float | None) -> Case:
    """A deep ReLU network, by default or drawn with a gain."""
    model = stack([FEATURES, *[48] * depth, CLASSES])
    return classify(model if gain is None else draw(model, gain), optimizer=sgd(0.02))


def he(*sizes: int, make: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    """A He-initialised network."""
    return draw(stack(sizes, make), math.sqrt(2))


def narrow(width: int) -> Case:
    """Sixteen ReLU layers."""
    torch.manual_seed(0)
    return classify(he(FEATURES, *[width] * 16, CLASSES))


Two = FEATURES, 32, CLASSES
One = FEATURES, 32, 1

# rule -> (sick, healthy twin)
SPECIMENS: dict[str, tuple[Build, Build]] = {
    "dead-units": (lambda: with_bias(-10.0), lambda: with_bias(0.0)),
    "saturated-units": (
        lambda: classify(draw(stack([FEATURES, 32, 32, 32, CLASSES], nn.Tanh), 6.0)),
        lambda: classify(draw(stack([FEATURES, 32, 32, 32, CLASSES], nn.Tanh), 1.0)),
    ),
    "vanishing-gradient": (lambda: relu_stack(16, None), lambda: relu_stack(16, math.sqrt(2))),
    "exploding-gradient": (lambda: relu_stack(12, 4.0), lambda: relu_stack(12, math.sqrt(2))),
    "growing-activations": (lambda: classify(Ladder(1.0), optimizer=sgd(0.02)), lambda: classify(Ladder(1 / 24))),
    "vanishing-through-time": (lambda: remember(0.0), lambda: remember(1.0)),
    "exploding-through-time": (lambda: remember(2.5, "relu"), lambda: remember(1.0)),
    "linear-collapse": (lambda: classify(stack([FEATURES, 32, 32, CLASSES], None)), lambda: classify(stack(Two))),
    "identity-activation": (
        lambda: classify(stack([FEATURES, 32, 32, CLASSES], lambda: nn.LeakyReLU(1.0))),
        lambda: classify(stack([FEATURES, 32, 32, CLASSES], nn.LeakyReLU)),
    ),
    "saturating-hidden-activation": (
        lambda: classify(stack([FEATURES, 32, 32, 32, CLASSES], nn.Sigmoid), optimizer=sgd(0.05)),
        lambda: classify(stack(Two, nn.Sigmoid), optimizer=adam(1e-2)),
    ),
    "softmax-in-hidden-layer": (
        lambda: classify(stack([FEATURES, 32, 32, CLASSES], lambda: nn.Softmax(-1))),
        lambda: classify(stack([FEATURES, 32, 32, CLASSES])),
    ),
    "poor-initialisation": (
        lambda: classify(Recurrent(3.0), optimizer=adam(3e-3)),
        lambda: classify(Recurrent(0.0), optimizer=adam(3e-3)),
    ),
    "symmetric-initialisation": (constant_weights, lambda: classify(stack([FEATURES, 32, 32, CLASSES]))),
    "born-dead-network": (lambda: narrow(2), lambda: narrow(32)),
    "blocked-gradient": (lambda: classify(Halves(True)), lambda: classify(Halves(False))),
    "input-scale": (lambda: scaled_input(500.0), lambda: scaled_input(1.0)),
    "target-scale": (
        lambda: regress(stack(One), lambda y: y + 1000),
        lambda: regress(stack(One), lambda y: 3 * y + 5, optimizer=adam(1e-2)),
    ),
    "learning-rate-too-high": (
        lambda: classify(stack([FEATURES, 32, 32, CLASSES]), optimizer=adam(1.0)),
        lambda: classify(stack([FEATURES, 32, 32, CLASSES]), optimizer=adam(3e-3)),
    ),
    "learning-rate-too-low": (
        lambda: classify(stack(Two), optimizer=sgd(1e-6)),
        lambda: classify(stack(Two), optimizer=sgd(0.05)),
    ),
    "not-finite": (lambda: classify(Distance(0.0)), lambda: classify(Distance(1e-8))),
    "not-finite-input": (lambda: holed(math.nan), lambda: holed(0.0)),
    "class-imbalance": (rare_plain, lambda: rare(1.0, shift=6.0)),
    "constant-output": (lambda: with_bias(-30.0), lambda: with_bias(0.1)),
    "softmax-before-cross-entropy": (
        lambda: classify(stack(Two, last=nn.Softmax(1))),
        lambda: classify(stack(Two, last=nn.LogSoftmax(1)), F.nll_loss),
    ),
    "sigmoid-before-bce-with-logits": (
        lambda: decide(stack(One, last=nn.Sigmoid())),
        lambda: decide(stack(One, last=nn.Sigmoid()), F.binary_cross_entropy),
    ),
    "double-sigmoid": (
        lambda: decide(stack(One, last=nn.Sigmoid()), lambda o, t: F.binary_cross_entropy(o.sigmoid(), t)),
        lambda: decide(stack(One), lambda o, t: F.binary_cross_entropy(o.sigmoid(), t)),
    ),
    "logits-before-nll": (
        lambda: classify(stack(Two), F.nll_loss),
        lambda: classify(stack(Two), lambda o, t: F.nll_loss(o - o.logsumexp(1, keepdim=True), t)),
    ),
    "probabilities-before-nll": (
        lambda: classify(stack(Two, last=nn.Softmax(1)), F.nll_loss),
        lambda: classify(stack(Two, last=nn.Softmax(1)), lambda o, t: F.nll_loss(o.log(), t)),
    ),
    "squashed-logits": (
        lambda: classify(stack(Two, last=nn.ReLU())),
        lambda: classify(stack(Two), lambda o, t: F.cross_entropy(o / 0.5, t)),
    ),
    "softmax-wrong-dim": (
        lambda: classify(stack(Two, last=nn.LogSoftmax(0)), F.nll_loss),
        lambda: classify(stack(Two, last=nn.LogSoftmax(-1)), F.nll_loss),
    ),
    "softmax-over-one-unit": (
        lambda: decide(stack(One, last=nn.Softmax(1)), F.binary_cross_entropy),
        lambda: decide(stack(One)),
    ),
    "redundant-log-softmax": (
        lambda: classify(stack(Two, last=nn.LogSoftmax(1))),
        lambda: classify(stack(Two)),
    ),
    "output-range": (
        lambda: regress(stack(One, last=nn.Tanh()), lambda y: 5 * y),
        lambda: regress(stack(One, last=nn.Tanh()), lambda y: y.clamp(-1, 1)),
    ),
    "loss-does-not-fit-task": (lambda: codes(False), lambda: codes(True)),
}
