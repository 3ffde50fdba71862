"""The built-in tasks of a study: small, without network, and different enough to disagree."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from torch import Generator, Tensor

SHARES = (0.6, 0.2, 0.2)  # of the samples, for training, validation and held-out


class Batch(NamedTuple):
    """Samples and their targets: (samples, features) float32; (samples,) int64 classes or float32 values."""

    inputs: Tensor
    targets: Tensor


class Split(NamedTuple):
    """One way to divide a task's samples; inputs and real targets have mean 0 and variance 1 in training."""

    training: Batch
    validation: Batch
    held_out: Batch


@dataclass(frozen=True)
class Metric:
    """What is measured on samples not trained on, and how a difference of it is written (`scale`, `unit`)."""

    name: str
    larger_is_better: bool
    scale: float
    digits: int
    names: Mapping[str, str]
    unit: Mapping[str, str]


ACCURACY = Metric(
    "accuracy", True, 100.0, 1, MappingProxyType({"en": "accuracy", "zh": "准确率"}),
    MappingProxyType({"en": " pp", "zh": " 个百分点"}),
)  # fmt: skip
R2 = Metric("r2", True, 1.0, 3, MappingProxyType({"en": "R²", "zh": "R²"}), MappingProxyType({"en": "", "zh": ""}))


@dataclass(frozen=True)
class Task:
    """A data set, the network that learns it, and what counts as a difference that matters.

    outputs: classes, or 1 for regression. hidden: units of each hidden layer. epochs, batch: the full budget.
    margin: a smaller difference of the metric is practically none (for accuracies about two held-out samples,
    at least half a percentage point). draw: (generator) -> all samples; generated tasks draw new ones for
    each seed.
    """

    name: str
    summaries: Mapping[str, str]
    draw: Callable[[Generator], Batch] = field(repr=False)
    hidden: tuple[int, ...]
    outputs: int
    epochs: int
    batch: int
    margin: float
    metric: Metric = ACCURACY

    def summary(self, lang: str = "en") -> str:
        """What the task is, in one sentence, in English ("en") or Chinese ("zh")."""
        return self.summaries[lang]

    def split(self, seed: int) -> Split:
        """The samples divided by this seed: each class in the same shares, the same for every activation."""
        import torch

        generator = torch.Generator().manual_seed(seed)
        inputs, targets = self.draw(generator)
        classes = targets if self.outputs > 1 else torch.zeros(len(targets), dtype=torch.long)
        parts: tuple[list[Tensor], ...] = ([], [], [])
        for kind in range(max(self.outputs, 1)):
            members = torch.nonzero(classes == kind).flatten()
            members = members[torch.randperm(len(members), generator=generator)]
            first, second = round(SHARES[0] * len(members)), round((SHARES[0] + SHARES[1]) * len(members))
            for part, piece in zip(parts, (members[:first], members[first:second], members[second:]), strict=True):
                part.append(piece)
        training, validation, held_out = (torch.cat(part) for part in parts)
        inputs = _standardised(inputs, training)
        if self.outputs == 1:
            targets = _standardised(targets, training)
        return Split(*(Batch(inputs[part], targets[part]) for part in (training, validation, held_out)))


def _standardised(values: Tensor, training: Tensor) -> Tensor:
    values = values.double()
    mean, deviation = values[training].mean(0), values[training].std(0, correction=0)
    return ((values - mean) / deviation.where(deviation > 0, 1.0)).float()


def _bundled(name: str) -> Callable[[Generator], Batch]:
    """A data set that comes inside scikit-learn."""

    def draw(generator: Generator) -> Batch:
        import sklearn.datasets
        import torch

        loaded: Any = getattr(sklearn.datasets, f"load_{name}")(return_X_y=True)
        return Batch(torch.as_tensor(loaded[0]), torch.as_tensor(loaded[1]))

    return draw


def _friedman1(generator: Generator) -> Batch:
    """Friedman 1991, Annals of Statistics 19(1): five of ten inputs matter, noise of variance 1."""
    import torch

    x = torch.rand(1000, 10, generator=generator, dtype=torch.float64)
    value = 10 * torch.sin(math.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    return Batch(x, value + torch.randn(len(x), generator=generator, dtype=torch.float64))


def _two_moons(generator: Generator) -> Batch:
    """Two half circles that reach into each other, noise 0.25 beside a radius of 1."""
    import torch

    kind = torch.arange(1000) % 2
    angle = math.pi * torch.rand(1000, generator=generator, dtype=torch.float64)
    upper = torch.stack([torch.cos(angle), torch.sin(angle)], 1)
    lower = torch.stack([1 - torch.cos(angle), 0.5 - torch.sin(angle)], 1)
    place = torch.where(kind[:, None] == 0, upper, lower)
    return Batch(place + 0.25 * torch.randn(place.shape, generator=generator, dtype=torch.float64), kind)


def _two_spirals(generator: Generator) -> Batch:
    """Two arms of two turns each (Lang & Witbrock 1988 used three), radius 0.1 to 1, noise 0.02."""
    import torch

    kind = torch.arange(1000) % 2
    along = torch.rand(1000, generator=generator, dtype=torch.float64).sqrt()
    angle = 4 * math.pi * along + math.pi * kind
    place = (0.1 + 0.9 * along)[:, None] * torch.stack([torch.cos(angle), torch.sin(angle)], 1)
    return Batch(place + 0.02 * torch.randn(place.shape, generator=generator, dtype=torch.float64), kind)


def _named(*tasks: Task) -> Mapping[str, Task]:
    return MappingProxyType({task.name: task for task in tasks})


def _words(en: str, zh: str) -> Mapping[str, str]:
    return MappingProxyType({"en": en, "zh": zh})


TASKS = _named(
    Task(
        "digits",
        _words("1,797 scanned digits of 8×8 pixels, ten classes.", "1797 张 8×8 像素的手写数字，十类。"),
        _bundled("digits"), (128, 128), outputs=10, epochs=30, batch=64, margin=0.005,
    ),
    Task(
        "deep_digits",
        _words("The same digits through ten hidden layers.", "同样的手写数字，经过十个隐藏层。"),
        _bundled("digits"), (64,) * 10, outputs=10, epochs=30, batch=64, margin=0.005,
    ),
    Task(
        "breast_cancer",
        _words("569 tumours described by 30 numbers, two classes.", "569 例肿瘤的 30 项测量值，两类。"),
        _bundled("breast_cancer"), (64, 64), outputs=2, epochs=40, batch=32, margin=0.015,
    ),
    Task(
        "wine",
        _words("178 wines described by 13 numbers, three classes.", "178 种葡萄酒的 13 项测量值，三类。"),
        _bundled("wine"), (32, 32), outputs=3, epochs=60, batch=16, margin=0.05,
    ),
    Task(
        "two_moons",
        _words("Noisy points on two half circles, two classes.", "两个半圆上带噪声的点，两类。"),
        _two_moons, (32, 32), outputs=2, epochs=30, batch=32, margin=0.01,
    ),
    Task(
        "two_spirals",
        _words("Points on two interleaved spirals, two classes.", "两条交错螺线上的点，两类。"),
        _two_spirals, (64, 64), outputs=2, epochs=60, batch=32, margin=0.01,
    ),
    Task(
        "diabetes",
        _words("Diabetes progress of 442 patients from 10 numbers.", "由 10 项测量值预测 442 名患者的病情。"),
        _bundled("diabetes"), (32, 32), outputs=1, epochs=30, batch=32, margin=0.02, metric=R2,
    ),
    Task(
        "friedman1",
        _words("A noisy function of five of ten inputs.", "十个输入中五个起作用的带噪声函数。"),
        _friedman1, (64, 64), outputs=1, epochs=40, batch=32, margin=0.01, metric=R2,
    ),
)  # fmt: skip


def find_task(name: str) -> Task:
    """The built-in task with this name; ValueError with the nearest names otherwise."""
    if name in TASKS:
        return TASKS[name]
    close = difflib.get_close_matches(name, TASKS, n=3, cutoff=0.5)
    advice = f"did you mean {', '.join(close)}?" if close else f"the tasks are {', '.join(TASKS)}"
    raise ValueError(f"there is no task named {name!r}; {advice}")
