"""What the page trains, once more in PyTorch: the same networks, numbers and batches, and then the doctor's view."""

from __future__ import annotations

import math
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from ..catalogue import Entry, find
from ..catalogue.lookup import define
from ..doctor import Case, CaseError, examine
from ..nn import create
from ..report.words import LANGUAGES, say
from ..theory import gain
from .functions import numbers, other_scores
from .samples import SHAPES, TRAINED, Random, Samples, make_samples

# smallest, largest, whole; as in explorer/src/learn/settings.ts
BOUNDS = {
    "noise": (0, 0.5, False),
    "seed": (0, 999999, True),
    "depth": (1, 10, True),
    "width": (1, 64, True),
    "rate": (0.0001, 100, False),
    "batch": (1, TRAINED, True),
    "steps": (1, 20000, True),
}
# standard deviation of the first weights, from inputs, outputs and gain
SPREADS: dict[str, Callable[[int, int, float], float]] = {
    "zeros": lambda inputs, outputs, gain: 0.0,
    "small": lambda inputs, outputs, gain: 0.2 / math.sqrt(inputs),
    "lecun": lambda inputs, outputs, gain: 1 / math.sqrt(inputs),
    "xavier": lambda inputs, outputs, gain: math.sqrt(2 / (inputs + outputs)),
    "he": lambda inputs, outputs, gain: math.sqrt(2 / inputs),
    "gain": lambda inputs, outputs, gain: gain / math.sqrt(inputs),
    "large": lambda inputs, outputs, gain: 5 / math.sqrt(inputs),
}
OPTIMISERS: dict[str, Callable[[Any, float], torch.optim.Optimizer]] = {
    "sgd": lambda parameters, rate: torch.optim.SGD(parameters, lr=rate),
    "momentum": lambda parameters, rate: torch.optim.SGD(parameters, lr=rate, momentum=0.9),
    "adam": lambda parameters, rate: torch.optim.Adam(parameters, lr=rate),
}
WORDS = {"data": tuple(SHAPES), "start": tuple(SPREADS), "optimiser": tuple(OPTIMISERS)}
MOST = 4  # functions at once
DEAD = 1e-6  # a unit whose slope is smaller at every point gets no gradient
FLAT = 0.01


class SettingsError(ValueError):
    """Settings that no training can have; `text` is the sentence in every language."""

    def __init__(self, key: str, **values: object) -> None:
        self.text = {lang: say(lang, f"explore.run.{key}", **values) for lang in LANGUAGES}
        super().__init__(self.text["en"])


@dataclass(frozen=True)
class Function:
    """A chosen function: its entry and a number for each of its parameters, other scores and other half."""

    entry: Entry
    numbers: Mapping[str, float]

    @property
    def settable(self) -> dict[str, float]:
        """The numbers that `create` and theory take: no companions, and nothing that is drawn."""
        rows = self.entry.parameters
        return {name: number for name, number in self.numbers.items() if name in rows and rows[name].settable}

    def module(self) -> nn.Module:
        """The function as a module of one input whose parameters no training changes."""
        return _Curve(self).requires_grad_(False)


@dataclass(frozen=True)
class Settings:
    """Everything that decides a training; see BOUNDS, WORDS and `read`."""

    data: str
    noise: float
    seed: int
    depth: int
    width: int
    start: str
    optimiser: str
    rate: float
    batch: int
    steps: int
    functions: tuple[Function, ...]


class _Curve(nn.Module):
    """A function as the page shows it: one number in, one out; companions fixed, random ones at their mean."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        entry, numbers = function.entry, function.numbers
        self.others = tuple(numbers[name] for name in other_scores(entry))
        self.up = [numbers[name] for name, parameter in entry.parameters.items() if parameter.operand]
        halves = {"gate": "first", "layout": "chunk"} if entry.kind == "gated" else {}
        self.unit = create(entry, **halves, **function.settable).eval()

    def train(self, mode: bool = True) -> _Curve:
        super().train(mode)
        self.unit.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        if self.others:
            row = torch.stack([x, *(torch.full_like(x, score) for score in self.others)], -1)
            return self.unit(row)[..., 0]
        return self.unit(x, *(torch.full_like(x, number) for number in self.up))


def read(given: Any) -> Settings:
    """The settings that the page sends: {"settings": {...}, "functions": [{"name", "params"}, ...]}.

    Raises SettingsError in one sentence.
    """
    if not isinstance(given, dict) or not isinstance(given.get("settings"), dict):
        raise SettingsError("shape", most=MOST)
    chosen = given.get("functions")
    if not isinstance(chosen, list) or not 1 <= len(chosen) <= MOST:
        raise SettingsError("shape", most=MOST)
    values: dict[str, Any] = {}
    for name, choices in WORDS.items():
        values[name] = given["settings"].get(name)
        if values[name] not in choices:
            raise SettingsError("word", name=name, choices=", ".join(choices), value=_shown(values[name]))
    for name, (low, high, whole) in BOUNDS.items():
        value = given["settings"].get(name)
        if not _number(value) or not low <= value <= high or (whole and value != int(value)):
            raise SettingsError("whole" if whole else "number", name=name, low=low, high=high, value=_shown(value))
        values[name] = int(value) if whole else float(value)
    return Settings(**values, functions=tuple(_function(each) for each in chosen))


def run(given: Any) -> Iterator[dict[str, Any]]:
    """Train what the page trains and tell how it goes, as JSON values; then the doctor examines every first network.

    given: see `read`. Events: {"type": "progress", "function", "step", "loss"}; {"type": "trained", "function", "loss",
    "heldLoss", "right", "heldRight", "broken", "layers"}; {"type": "findings", "function", "findings" or "error"}.
    Losses are means in float64; what is not finite is None. Raises SettingsError before the first event.
    """
    settings = read(given)
    samples = make_samples(settings.data, settings.noise, settings.seed)
    starts = [_network(settings, function) for function in settings.functions]
    for index, start in enumerate(starts):
        for event in _train(settings, samples, start()):
            yield {**event, "function": index}
        yield {"type": "findings", "function": index, **_examined(settings, samples, start())}


def _number(value: Any) -> bool:
    # compared, not asked isfinite, which fails on whole numbers beyond float64
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _function(given: Any) -> Function:
    name, params = (given.get("name"), given.get("params", {})) if isinstance(given, dict) else (None, {})
    if not isinstance(name, str) or not isinstance(params, dict) or not all(_number(v) for v in params.values()):
        raise SettingsError("shape", most=MOST)
    try:
        entry = define(name[1:], name="formula", **params) if name.startswith("=") else find(name)
        defaults = numbers(entry)
        if unknown := [key for key in params if key not in defaults]:
            raise ValueError(f"it has no parameter {unknown[0]!r}")
        function = Function(entry, {**defaults, **params})
        function.module()
    except (TypeError, ValueError, KeyError) as fault:
        raise SettingsError("function", name=_shown(name), reason=str(fault)) from fault
    return function


def _network(settings: Settings, function: Function) -> Callable[[], nn.Sequential]:
    """Makes the network with its first weights, as often as it is asked for."""
    factor = 1.0
    if settings.start == "gain":
        try:
            factor = gain(function.entry, **function.settable)
        except ValueError as fault:
            raise SettingsError("function", name=function.entry.name, reason=str(fault)) from fault

    def made() -> nn.Sequential:
        random = Random(settings.seed, 2)
        sizes = [1 if settings.data == "sine" else 2, *[settings.width] * settings.depth, 1]
        layers: OrderedDict[str, nn.Module] = OrderedDict()  # the doctor names places by these keys
        for depth, (inputs, outputs) in enumerate(pairwise(sizes)):
            last = depth == settings.depth
            spread = SPREADS[settings.start](inputs, outputs, 1.0 if last else factor)
            linear = nn.Linear(inputs, outputs, dtype=torch.float64)
            drawn = [spread * random.normal() for _ in range(inputs * outputs)]
            with torch.no_grad():
                linear.weight.copy_(torch.tensor(drawn, dtype=torch.float64).reshape(outputs, inputs))
                linear.bias.zero_()
            layers["output" if last else f"linear{depth + 1}"] = linear
            if not last:
                layers[f"activation{depth + 1}"] = function.module()
        return nn.Sequential(layers)

    return made


def _loss(samples: Samples) -> Callable[[Tensor, Tensor], Tensor]:
    return nn.functional.binary_cross_entropy_with_logits if samples.classes else nn.functional.mse_loss


def _tensors(inputs: list[list[float]], targets: list[float]) -> tuple[Tensor, Tensor]:
    return torch.tensor(inputs, dtype=torch.float64), torch.tensor(targets, dtype=torch.float64)[:, None]


def _train(settings: Settings, samples: Samples, model: nn.Sequential) -> Iterator[dict[str, Any]]:
    x, y = _tensors(samples.inputs, samples.targets)
    loss_of, random = _loss(samples), Random(settings.seed, 3)
    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = OPTIMISERS[settings.optimiser](weights, settings.rate)
    order, at = list(range(TRAINED)), TRAINED
    window, total, broken = math.ceil(settings.steps / 200), 0.0, 0
    for step in range(1, settings.steps + 1):
        if at + settings.batch > TRAINED:
            random.shuffle(order)
            at = 0
        rows = order[at : at + settings.batch]
        at += settings.batch
        optimiser.zero_grad()
        loss = loss_of(model(x[rows]), y[rows])
        loss.backward()
        optimiser.step()
        total += float(loss.detach())
        if step % window == 0:
            yield {"type": "progress", "step": step, "loss": _finite(total / window)}
            total = 0.0
        if not math.isfinite(float(loss.detach())):
            broken = step
            break
    yield {"type": "trained", "broken": broken, **_report(samples, model)}


def _report(samples: Samples, model: nn.Sequential) -> dict[str, Any]:
    """How the network stands over all points, and what each layer's activation does to the training points."""
    x, y = _tensors(samples.inputs, samples.targets)
    held_x, held_y = _tensors(samples.held_inputs, samples.held_targets)
    loss_of = _loss(samples)
    model.zero_grad()
    inner: list[tuple[nn.Module, Tensor]] = []
    flow = x
    for part in model:
        if isinstance(part, _Curve):
            flow.retain_grad()
            inner.append((part, flow))
        flow = part(flow)
    loss = loss_of(flow, y)
    loss.backward()
    with torch.no_grad():
        held = model(held_x)
    layers: list[dict[str, float | None]] = []
    for part, before in inner:
        at = before.detach().requires_grad_()
        (slope,) = torch.autograd.grad(part(at).sum(), at)
        steep, passed = slope.abs(), before.grad
        assert passed is not None
        layers.append(
            {
                "gradient": _finite(float(passed.norm())),
                "dead": float((steep < DEAD).all(0).double().mean()),
                "saturated": float((steep < FLAT).double().mean()),
            }
        )
    return {
        "loss": _finite(float(loss.detach())),
        "heldLoss": _finite(float(loss_of(held, held_y))),
        "right": _right(flow.detach(), y) if samples.classes else None,
        "heldRight": _right(held, held_y) if samples.classes else None,
        "layers": layers,
    }


def _right(output: Tensor, targets: Tensor) -> float:
    return float(((output > 0) == (targets > 0.5)).double().mean())


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _examined(settings: Settings, samples: Samples, model: nn.Sequential) -> dict[str, Any]:
    x, y = _tensors(samples.inputs, samples.targets)
    held = _tensors(samples.held_inputs, samples.held_targets)
    case = Case(
        model,
        list(zip(x.split(settings.batch), y.split(settings.batch), strict=True)),
        _loss(samples),
        task="binary" if samples.classes else "regression",
        optimizer=lambda parameters: OPTIMISERS[settings.optimiser](parameters, settings.rate),
        held_out=[held],
    )
    try:
        findings = examine(case, seed=settings.seed).findings
    except CaseError as fault:
        return {"findings": [], "error": dict.fromkeys(LANGUAGES, str(fault))}
    return {
        "findings": [
            {"name": each.name, "severity": each.severity, "title": dict(each.title), "text": dict(each.text)}
            for each in findings
        ]
    }
