"""What the doctor is given and what it hands back: plain values, each JSON-able through `to_json()`."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
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
    accuracy for integer targets, else R². name: shown in reports. source: the file and line it comes from, such
    as "model.py:12".
    """

    model: nn.Module
    data: Iterable[tuple[Any, Any]]
    loss: Callable[[Any, Any], Tensor]
    task: str | None = None
    optimizer: Callable[[Iterable[Any]], torch.optim.Optimizer] | None = None
    held_out: Iterable[tuple[Any, Any]] | None = None
    metric: Callable[[Any, Any], float] | None = None
    name: str = ""
    source: str = ""


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
    cause: the name of the earlier finding that this one follows from, or "".
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
    cause: str = ""

    @property
    def alarm(self) -> bool:
        """Whether this is more than a note."""
        return self.severity in ALARMS

    def explain(self, lang: str = "en") -> str:
        """What is wrong, with the numbers, in full sentences, in English ("en") or Chinese ("zh")."""
        return self.text[lang]


@dataclass(frozen=True)
class Page:
    """What a reader is told about a finding: name, code, title, the first sentence, headed parts, the reference."""

    name: str
    code: str
    title: str
    summary: str
    parts: Mapping[str, str]
    reference: str


@dataclass(frozen=True)
class LayerNumbers:
    """What was measured at one activation, at the start and after the short training.

    Shares are of units (channels), pooled over samples and positions; `saturated_elements` counts single values. mean,
    std and second belong to the pre-activation, the histogram to the output. gradient_norm: norm of the loss gradient
    at the pre-activation, over the samples. mean_shift: the mean of the units' squared means over the mean of their
    variances, beside what theory expects for weights without a mean, c/(1-c). predicted_gradient_factor:
    sqrt(weight_variance * E[f'(z)²]), the factor that theory gives for the step from the next layer's gradient to this
    one's; measured_gradient_factor beside it.
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
    mean_shift: float = 0.0
    expected_mean_shift: float = 0.0


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
    source: str = ""

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
        """Write the diagnosis: .html a report in `lang`, .json the numbers, .sarif for editors and code hosts.

        Raises ValueError for another suffix.
        """
        return _save(self, path, lang)


@dataclass(frozen=True)
class Curve:
    """One training: the mean training loss and the held-out metric per epoch."""

    loss: tuple[float, ...]
    held_out: tuple[float, ...]
    metric_name: str


@dataclass(frozen=True)
class Arm:
    """One arm of a proof: the same training under several seeds.

    name: "no repair", "new seed only" or "repaired". seeds: one per training. scores: the held-out metric of each,
    larger is better. losses: the held-out loss of each.
    """

    name: str
    seeds: tuple[int, ...]
    scores: tuple[float, ...]
    losses: tuple[float, ...]

    def mean_and_error(self, of: str = "scores") -> tuple[float, float]:
        """Mean and standard error over the seeds, of "scores" or "losses"; the error of one training is NaN."""
        values: tuple[float, ...] = getattr(self, of)
        count = len(values)
        mean = sum(values) / count if count else math.nan
        if count < 2:
            return mean, math.nan
        apart = [v - values[0] for v in values]  # equal values have no error, and no rounding makes one
        middle = sum(apart) / count
        return mean, math.sqrt(sum((d - middle) ** 2 for d in apart) / (count - 1) / count)


@dataclass(frozen=True)
class Margin:
    """How much better the repaired arm is than a control on held-out data, and how sure that is.

    by: "metric" or "loss". difference: the mean over seeds, positive is better. error: its standard error, from the
    spread over seeds and over parts of the held-out data.
    """

    control: str
    by: str
    difference: float
    error: float

    @property
    def better(self) -> bool:
        """Whether the difference is positive and larger than two standard errors."""
        return self.difference > 0 and self.difference > 2 * self.error

    @property
    def worse(self) -> bool:
        """Whether the difference is negative beyond two standard errors."""
        return self.difference < 0 and -self.difference > 2 * self.error


@dataclass(frozen=True)
class Attempt:
    """One prescription that was tried on a copy.

    finding: the alarm it was made for. outcome: "proved", "kept" (its alarm cleared, and a cure for what then remained
    was proved with it), "alarm stays", "not better" (or no better beyond chance), "fails" (the program no longer runs)
    or "by hand" (only a person can carry it out). left: the alarms after it. margins: against each control, where it
    was trained.
    """

    finding: str
    prescription: Prescription
    outcome: str
    left: tuple[str, ...] = ()
    margins: tuple[Margin, ...] = ()


@dataclass(frozen=True)
class Repair:
    """A repair and its proof: every arm with the same seeds, data order and budget.

    model: the repaired, trained copy; without a verified repair the original, trained. changes: what was changed.
    before, after: the training with the first seed, original and repaired. accepted: no alarm is left, and the held-out
    metric (or, where that stays equal, the loss) beats both controls by more than two standard errors. left: names of
    alarms that remain. reasons: the verdict per language. advice: what only a person can do. arms: the trainings.
    margins: repaired against each control. tried: every prescription tried, in order. prescriptions: those that
    `apply` carries out. case: the program they are for. seed: of the first training.
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
    arms: tuple[Arm, ...] = ()
    margins: tuple[Margin, ...] = ()
    tried: tuple[Attempt, ...] = ()
    prescriptions: tuple[Prescription, ...] = ()
    case: Case | None = field(default=None, repr=False)
    seed: int = 0

    def verdict(self, lang: str = "en") -> str:
        """Whether the repair is accepted and why, in one or two sentences."""
        return self.reasons[lang]

    def apply(self) -> Case:
        """Carry the repair out on the user's own model and return the case to train: model, data, loss, optimiser.

        The weights are those the proof started from, untrained; `model` holds the trained ones. A call written in
        forward() is replaced by a model around yours, until you change the line. Raises CaseError when no repair was
        verified.
        """
        if self.case is None or not self.prescriptions:
            raise CaseError("there is no verified repair to apply; see Repair.tried for what was tried")
        return import_module(".repair", __package__).applied(self.case, self.prescriptions, self.seed)

    def to_json(self) -> dict[str, Any]:
        """Everything but the model and the case, as JSON values."""
        return {key: value for key, value in plain(replace(self, case=None)).items() if key not in ("model", "case")}


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
    if target.suffix not in (".html", ".json", ".sarif"):
        raise ValueError(f"cannot write {target.name}: give the file the suffix .html or .json or .sarif")
    if target.suffix == ".json":
        text = json.dumps(diagnosis.to_json(), indent=1, ensure_ascii=False)
    elif target.suffix == ".sarif":
        text = json.dumps(import_module(".sarif", __package__).sarif(diagnosis, lang), indent=1, ensure_ascii=False)
    else:
        # the page is made by `report`, which knows these records; found by name, so that the doctor works without it
        text = import_module("..report.html", __package__).doctor_page(diagnosis, None, lang)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(target)
    return target
