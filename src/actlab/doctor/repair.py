"""Apply prescriptions to a copy, train original and copy alike, and say honestly whether it helped."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from .cures import CURES
from .gather import examine
from .node import call_model, tensors_in
from .passes import forward, make_optimizer, set_seed
from .preserve import preserved
from .records import Case, Change, Curve, Diagnosis, Prescription, Repair

ROUNDS = 6  # cures applied one after the other, each followed by another look
BLOCKS = 10  # parts of the held-out data on which before and after are compared, pair by pair
EPOCHS = 20

Progress = Callable[[str, int, int], None]


@dataclass
class _Arm:
    """One training: the curve so far, and the held-out scores per block at its end."""

    loss: list[float] = field(default_factory=list[float])
    held_out: list[float] = field(default_factory=list[float])
    blocks: list[float] = field(default_factory=list[float])

    def curve(self, metric: str) -> Curve:
        return Curve(tuple(self.loss), tuple(self.held_out), metric)


def repair(
    case: Case, diagnosis: Diagnosis, epochs: int = EPOCHS, seed: int | None = None, progress: Progress | None = None
) -> Repair:
    """Carry out the prescriptions of the alarms, root cause first and one at a time, and prove the result.

    Original and repaired model are trained with the same seed, data order and number of epochs; the user's model
    is left as it was and `Repair.model` is a trained copy. Accepted: no alarm is left, and the held-out metric is
    better by more than two standard errors of the paired differences over blocks of the held-out data. progress:
    called with ("before" or "after", epoch, epochs). An interrupt returns what is known so far, marked interrupted.
    """
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, not {epochs}")
    chance = diagnosis.seed if seed is None else seed
    metric, metric_name = _metric(case, diagnosis)
    before, after = _Arm(), _Arm()
    done: list[Change] = []
    advice: list[Prescription] = []
    left: tuple[str, ...] = tuple(f.name for f in diagnosis.alarms)
    interrupted = False
    with preserved(case.model, case.data):
        if not case.model.training:
            case.model.train()
        model = case.model
        cured = case
        try:
            with preserved(case.model, case.data):
                _train(case, epochs, chance, before, metric, name="before", progress=progress)
            set_seed(chance)
            cured, done, advice, left = _cure(case, diagnosis, chance)
            with preserved(nn.Module(), case.data):
                _train(cured, epochs, chance, after, metric, name="after", progress=progress)
            model = cured.model
        except KeyboardInterrupt:
            interrupted = True
            model = cured.model
        result = _copied(replace(cured, model=model))
    better, difference, error = _compare(before, after)
    accepted = bool(done) and not left and better and not interrupted
    return Repair(
        model=result,
        changes=tuple(done),
        before=before.curve(metric_name),
        after=after.curve(metric_name),
        accepted=accepted,
        left=left,
        reasons=_verdict(
            before,
            after,
            metric_name,
            done=done,
            left=left,
            accepted=accepted,
            difference=difference,
            error=error,
            interrupted=interrupted,
        ),
        interrupted=interrupted,
        advice=tuple(advice),
    )


def _cure(
    case: Case, diagnosis: Diagnosis, seed: int
) -> tuple[Case, list[Change], list[Prescription], tuple[str, ...]]:
    """The cured case, what was changed, what only a person can do, and the alarms that remain."""
    changes: list[Change] = []
    advice: list[Prescription] = []
    used: set[tuple[str, str]] = set()
    current = diagnosis
    for _ in range(ROUNDS):
        applied = None
        for finding in current.alarms:
            for prescription in finding.prescriptions:
                key = (prescription.action, str(prescription.changes))
                if key in used:
                    continue
                used.add(key)
                cure = CURES.get(prescription.action)
                changed = cure(case, prescription.settings) if cure is not None else None
                if changed is not None:
                    case, applied = changed, prescription
                    break
                advice.append(prescription)
            if applied is not None:
                break
        if applied is None:
            break
        changes.extend(applied.changes)
        current = examine(case, diagnosis.steps if diagnosis.steps > 1 else 50, seed)
        if current.healthy:
            break
    return case, changes, advice, tuple(finding.name for finding in current.alarms)


def _train(
    case: Case,
    epochs: int,
    seed: int,
    arm: _Arm,
    metric: Callable[[Any, Any], float],
    *,
    name: str,
    progress: Progress | None,
) -> None:
    set_seed(seed)
    optimizer = make_optimizer(case)
    held_out = list(case.held_out) if case.held_out is not None else None
    for epoch in range(epochs):
        if progress is not None:
            progress(name, epoch, epochs)
        case.model.train()
        losses: list[float] = []
        for value, target in case.data:
            optimizer.zero_grad(set_to_none=True)
            _, loss = forward(case, value, target)
            losses.append(float(loss.detach()))
            if not math.isfinite(losses[-1]) or not loss.requires_grad:
                continue
            loss.backward()
            optimizer.step()
        arm.loss.append(sum(losses) / max(len(losses), 1))
        outputs, targets = _predict(case, held_out if held_out is not None else case.data)
        arm.held_out.append(_score(metric, outputs, targets))
    outputs, targets = _predict(case, held_out if held_out is not None else case.data)
    arm.blocks = _by_blocks(metric, outputs, targets)
    case.model.train()
    if progress is not None:
        progress(name, epochs, epochs)


def _predict(case: Case, data: Any) -> tuple[Any, Any]:
    case.model.eval()
    outputs: list[Any] = []
    targets: list[Any] = []
    with torch.no_grad():
        for value, target in data:
            outputs.append(call_model(case.model, value))
            targets.append(target)
    return _joined(outputs), _joined(targets)


def _joined(parts: list[Any]) -> Any:
    first = parts[0]
    if isinstance(first, Tensor):
        same = all(isinstance(p, Tensor) and p.shape[1:] == first.shape[1:] for p in parts)
        return torch.cat(parts) if same and first.dim() else parts[-1]
    if isinstance(first, (tuple, list)):
        return type(first)(_joined([p[i] for p in parts]) for i in range(len(first)))  # type: ignore[misc]
    if isinstance(first, dict):
        return {key: _joined([p[key] for p in parts]) for key in first}  # type: ignore[misc]
    return first


def _score(metric: Callable[[Any, Any], float], output: Any, target: Any) -> float:
    try:
        return float(metric(output, target))
    except (RuntimeError, TypeError, ValueError, IndexError):
        return math.nan


def _part(value: Any, rows: Tensor) -> Any:
    if isinstance(value, Tensor):
        return value[rows]
    if isinstance(value, (tuple, list)):
        return type(value)(_part(item, rows) for item in value)  # type: ignore[misc]
    if isinstance(value, dict):
        return {key: _part(item, rows) for key, item in value.items()}  # type: ignore[misc]
    return value


def _by_blocks(metric: Callable[[Any, Any], float], output: Any, target: Any) -> list[float]:
    first = next(iter(tensors_in(target)), None)
    if first is None or first.dim() == 0 or first.shape[0] < 2 * BLOCKS:
        return [_score(metric, output, target)]
    return [
        _score(metric, _part(output, rows), _part(target, rows))
        for rows in (torch.arange(i, first.shape[0], BLOCKS) for i in range(BLOCKS))
    ]


def _compare(before: _Arm, after: _Arm) -> tuple[bool, float, float]:
    """Whether after is better beyond two standard errors of the paired block differences; the difference; its error."""
    pairs = [
        (a - b) for a, b in zip(after.blocks, before.blocks, strict=False) if math.isfinite(a) and math.isfinite(b)
    ]
    if not pairs:
        broken = bool(after.blocks) and all(math.isfinite(a) for a in after.blocks)
        return broken and bool(before.blocks), math.nan, math.nan
    mean = sum(pairs) / len(pairs)
    if len(pairs) < 2:
        return mean > 0, mean, 0.0
    error = math.sqrt(sum((p - mean) ** 2 for p in pairs) / (len(pairs) - 1) / len(pairs))
    return mean > 2 * error and mean > 0, mean, error


def _metric(case: Case, diagnosis: Diagnosis) -> tuple[Callable[[Any, Any], float], str]:
    """The case's metric, or balanced accuracy where classes are uneven, accuracy for classes, else R²."""
    if case.metric is not None:
        return case.metric, getattr(case.metric, "__name__", "metric").replace("<lambda>", "metric")
    target = next(iter(tensors_in(next(iter(case.held_out or case.data))[1])), None)
    if target is not None and not target.is_floating_point():
        if any(finding.name == "class-imbalance" for finding in diagnosis.findings):
            return balanced_accuracy, "balanced accuracy"
        return accuracy, "accuracy"
    return r_squared, "R²"


def _classes(output: Any, target: Tensor) -> tuple[Tensor, Tensor]:
    scores = tensors_in(output)[0]
    if scores.dim() == target.dim() or scores.shape[-1] == 1:
        return (scores.reshape(target.shape) > 0).long(), target
    axis = 1 if scores.shape[0] == target.shape[0] and scores.shape[2:] == target.shape[1:] else -1
    return scores.argmax(axis), target


def accuracy(output: Any, target: Any) -> float:
    """The share of targets that the largest score names."""
    predicted, actual = _classes(output, tensors_in(target)[0])
    return float((predicted == actual).double().mean())


def balanced_accuracy(output: Any, target: Any) -> float:
    """The mean over classes of the share of each that is named."""
    predicted, actual = _classes(output, tensors_in(target)[0])
    return float(torch.stack([(predicted[actual == c] == c).double().mean() for c in actual.unique()]).mean())


def r_squared(output: Any, target: Any) -> float:
    """1 - squared error / variance of the target."""
    predicted, actual = tensors_in(output)[0].double(), tensors_in(target)[0].double()
    error = (predicted.reshape(actual.shape) - actual).pow(2).mean()
    return float(1 - error / actual.var(unbiased=False).clamp_min(1e-300))


def _copied(case: Case) -> nn.Module:
    """A copy of the trained model; tensors that a forward pass left as attributes are freed of their graph first."""
    case.model.eval()
    for module in case.model.modules():
        for name, value in list(vars(module).items()):
            if isinstance(value, Tensor) and not value.is_leaf:
                object.__setattr__(module, name, value.detach())
    return copy.deepcopy(case.model)


def _verdict(
    before: _Arm,
    after: _Arm,
    metric: str,
    *,
    done: list[Change],
    left: tuple[str, ...],
    accepted: bool,
    difference: float,
    error: float,
    interrupted: bool,
) -> dict[str, str]:
    if interrupted:
        return {
            "en": f"Interrupted after {len(before.loss)} epochs before and {len(after.loss)} after the repair; "
            "nothing is proved.",
            "zh": f"已中断：修复前训练了 {len(before.loss)} 轮，修复后 {len(after.loss)} 轮；尚不能下结论。",
        }
    if not done:
        return {
            "en": "No prescription could be carried out automatically; the advice needs a change in your code.",
            "zh": "没有可以自动执行的处方；建议需要您修改代码。",
        }
    first, last = before.held_out[-1], after.held_out[-1]
    chinese = {"accuracy": "准确率", "balanced accuracy": "平衡准确率"}.get(metric, metric)
    en = (
        f"Held-out {metric} went from {first:.3f} to {last:.3f} (paired difference {difference:.3f} ± {error:.3f}) "
        "with the same seed and budget"
    )
    zh = (
        f"在相同随机种子与训练预算下，留出集{chinese}由 {first:.3f} 变为 {last:.3f}（配对差 {difference:.3f} ± "
        f"{error:.3f}）"
    )
    if left:
        en += f"; still alarming: {', '.join(left)}"
        zh += f"；仍有警报：{'、'.join(left)}"
    else:
        en += "; no alarm is left"
        zh += "；已无警报"
    tail = (
        ("The repair is accepted.", "接受此修复。") if accepted else ("The repair is not proved.", "此修复未获证实。")
    )
    return {"en": f"{en}. {tail[0]}", "zh": f"{zh}。{tail[1]}"}
