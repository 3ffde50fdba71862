"""What the doctor is given and what it hands back: plain values, each JSON-able through `to_json()`."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

SEVERITIES = ("illness", "warning", "note")
ALARMS = ("illness", "warning")


def adam(parameters: Iterable[Any]) -> torch.optim.Optimizer:
    """The optimiser of a case that names none: Adam with a step of 1e-3."""
    return torch.optim.Adam(parameters, lr=1e-3)


@dataclass(frozen=True)
class Case:
    """A training program to look at: a model, its data and its loss.

    model: a torch module. data: re-iterable of (input, target) batches; an input is a tensor, a tuple (passed as
    positional arguments) or a mapping (passed as keywords). loss: (output, target) -> scalar tensor. task: a word
    such as "regression" that settles what the data leave open. optimizer: parameters -> torch optimiser. held_out:
    re-iterable of batches that training never sees. metric: (output, target) -> float, larger is better; default
    accuracy for integer targets, else R². name: shown in reports.
    """

    model: nn.Module
    data: Iterable[tuple[Any, Any]]
    loss: Callable[[Any, Any], Tensor]
    task: str | None = None
    optimizer: Callable[[Iterable[Any]], torch.optim.Optimizer] | None = None
    held_out: Iterable[tuple[Any, Any]] | None = None
    metric: Callable[[Any, Any], float] | None = None
    name: str = ""


class CaseError(ValueError):
    """A case that cannot be examined; the message is one sentence: what, where, what to do."""


@dataclass(frozen=True)
class Change:
    """One line of a diff: the module path (or "loss", "optimizer", "data"), the old text and the new."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Prescription:
    """A concrete cure: what to do, as a diff and as code to paste.

    action: a key of `prescriptions.CURES`, or one that only a person can carry out. changes: the diff. code: Python
    to paste. why: the reason in both languages. settings: the numbers and paths that `repair` needs to apply it.
    """

    action: str
    changes: tuple[Change, ...]
    code: str
    why: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def explain(self, lang: str = "en") -> str:
        """The reason, in English ("en") or Chinese ("zh")."""
        return self.why[lang]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, with its numbers and its cures.

    code: never reused. name: kebab case. severity: "illness", "warning" (both alarms) or "note". where: module
    paths, or "input", "target", "output", "loss", "optimizer". evidence: numbers. text: the explanation per language.
    """

    code: str
    name: str
    severity: str
    where: tuple[str, ...]
    evidence: Mapping[str, Any]
    text: Mapping[str, str]
    title: Mapping[str, str]
    prescriptions: tuple[Prescription, ...] = ()
    reference: str = ""

    @property
    def alarm(self) -> bool:
        """Whether this is more than a note."""
        return self.severity in ALARMS

    def explain(self, lang: str = "en") -> str:
        """What is wrong, with the numbers, in full sentences, in English ("en") or Chinese ("zh")."""
        return self.text[lang]


@dataclass(frozen=True)
class LayerNumbers:
    """What was measured at one activation, at the start and after the short training.

    Shares are of units (channels), pooled over samples and positions; `saturated_elements` counts single values. mean,
    std and second belong to the pre-activation, the histogram to the output. gradient_norm: norm of the loss gradient
    at the pre-activation, over the samples. predicted_gradient_factor: sqrt(weight_variance * E[f'(z)²]), the factor
    that theory gives for the step from the next layer's gradient to this one's; measured_gradient_factor beside it.
    """

    path: str
    kind: str
    role: str
    depth: int
    samples: int
    units: int
    dead_share: float
    dead_share_end: float
    expected_dead_share: float
    saturated_share: float
    saturated_share_end: float
    saturated_elements: float
    mean: float
    std: float
    second: float
    histogram: tuple[tuple[int, ...], tuple[float, ...]]
    gradient_norm: float | None
    weight_variance: float | None
    slope_second: float | None
    predicted_gradient_factor: float | None
    measured_gradient_factor: float | None
    bias_mean: float | None
    weight_path: str | None
    best_slope: float
    dead_type: bool
    saturating: bool
    affine: bool


@dataclass(frozen=True)
class Diagnosis:
    """The result of `examine`: findings (root cause first), the numbers per layer and the short training's losses.

    loss_start, loss_end: the task loss over the same samples before and after. trivial_loss: what the best constant
    output reaches, None if the loss is not a known one. learning: "yes", "no" or "unclear".
    """

    findings: tuple[Finding, ...]
    layers: tuple[LayerNumbers, ...]
    loss_start: float
    loss_end: float
    trivial_loss: float | None
    learning: str
    losses: tuple[float, ...]
    samples: int
    steps: int
    seed: int
    name: str = ""

    @property
    def healthy(self) -> bool:
        """True when no finding is more than a note."""
        return not any(finding.alarm for finding in self.findings)

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """The findings above a note, root cause first."""
        return tuple(finding for finding in self.findings if finding.alarm)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values; a number that is not finite becomes a string."""
        return {**plain(self), "healthy": self.healthy}

    def save(self, path: str | Path, lang: str = "en") -> Path:
        """Write the diagnosis: .html a report in `lang`, .json the numbers. Raises ValueError for another suffix."""
        return _save(self, path, lang)


@dataclass(frozen=True)
class Curve:
    """One training: the mean training loss and the held-out metric per epoch."""

    loss: tuple[float, ...]
    held_out: tuple[float, ...]
    metric_name: str


@dataclass(frozen=True)
class Repair:
    """A repair and its proof: both trainings with the same seed, data order and budget.

    model: the repaired, trained copy. changes: what was changed. accepted: better on held-out data beyond noise and no
    alarm left of those it was made for. left: names of alarms that remain. reasons: the verdict per language.
    """

    model: nn.Module
    changes: tuple[Change, ...]
    before: Curve
    after: Curve
    accepted: bool
    left: tuple[str, ...]
    reasons: Mapping[str, str]
    interrupted: bool = False
    advice: tuple[Prescription, ...] = ()

    def verdict(self, lang: str = "en") -> str:
        """Whether the repair is accepted and why, in one or two sentences."""
        return self.reasons[lang]

    def to_json(self) -> dict[str, Any]:
        """Everything but the model, as JSON values."""
        return {key: value for key, value in plain(self).items() if key != "model"}


def plain(value: Any) -> Any:
    """A record as JSON values: dataclasses become dictionaries, infinities and NaN become strings."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            part.name: plain(getattr(value, part.name))
            for part in dataclasses.fields(value)
            if not isinstance(getattr(value, part.name), nn.Module)
        }
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}  # type: ignore[misc]
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]  # type: ignore[misc]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _save(diagnosis: Diagnosis, path: str | Path, lang: str) -> Path:
    import json
    import os

    target = Path(path)
    if target.suffix not in (".html", ".json"):
        raise ValueError(f"cannot write {target.name}: give the file the suffix .html or .json")
    if target.suffix == ".json":
        text = json.dumps(diagnosis.to_json(), indent=1, ensure_ascii=False)
    else:
        # the page is made by `report`, which knows these records; found by name, so that the doctor works without it
        text = import_module("..report.html", __package__).doctor_page(diagnosis, None, lang)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(target)
    return target
