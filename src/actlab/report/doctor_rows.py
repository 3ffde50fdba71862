"""A diagnosis and a repair as rows and lines of words, the same for terminals and pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .numbers import number, predicted_norms, share
from .words import join, say, word

if TYPE_CHECKING:
    from ..doctor.records import Diagnosis, LayerNumbers, Prescription, Repair

# the columns of the table of layers, and from which width of a terminal each is shown
COLUMNS = {
    "layer": 0,
    "kind": 76,
    "dead": 0,
    "saturated": 0,
    "mean": 96,
    "std": 96,
    "gradient": 0,
    "gradient.theory": 96,
    "factor": 0,
    "factor.theory": 0,
}
WORDS = ("layer", "kind")  # columns of words; the others are numbers
FEWEST, LONGEST, ENOUGH = 8, 8, 24  # steps of a loop, activations of a step, and rows, from which a loop is folded


def verdict(found: Diagnosis, lang: str) -> str:
    """Healthy, or the alarms by name, root cause first."""
    if found.healthy:
        return say(lang, "doctor.healthy")
    names = join(lang, [finding.name for finding in found.alarms])
    return say(lang, "doctor.alarms", count=len(found.alarms)) + say(lang, "list.colon") + names


def training(found: Diagnosis, lang: str) -> str:
    """How the short training went, in one line."""
    if not found.losses:
        return say(lang, "doctor.untold", steps=found.steps, samples=found.samples)
    told = say(
        lang,
        "doctor.training",
        steps=found.steps,
        samples=found.samples,
        start=number(found.loss_start, 4),
        end=number(found.loss_end, 4),
        learning=word(lang, "learning", found.learning),
    )
    return (
        told if found.trivial_loss is None else told + say(lang, "doctor.trivial", loss=number(found.trivial_loss, 4))
    )


def cures(found: Diagnosis) -> list[list[tuple[Prescription, int | None]]]:
    """For each finding its prescriptions, with the number of the earlier finding that has the same one, or None."""
    first: dict[tuple[object, str], int] = {}
    told: list[list[tuple[Prescription, int | None]]] = []
    for at, finding in enumerate(found.findings, 1):
        numbers = [first.setdefault((cure.changes, cure.code), at) for cure in finding.prescriptions]
        told.append([(cure, n if n < at else None) for cure, n in zip(finding.prescriptions, numbers, strict=True)])
    return told


def layer_rows(layers: Sequence[LayerNumbers]) -> list[dict[str, str]]:
    """One row for each layer in forward order, keyed by column; theory stands beside what was measured.

    Of a loop written by hand, which calls the same activations step after step, the first step and the last are told.
    """
    rows = [
        {
            "layer": layer.path,
            "kind": layer.kind,
            "dead": _moved(layer.dead_share, layer.dead_share_end),
            "saturated": _moved(layer.saturated_share, layer.saturated_share_end),
            "mean": number(layer.mean, 2),
            "std": number(layer.std, 2),
            "gradient": number(layer.gradient_norm, 2),
            "gradient.theory": number(expected, 2),
            "factor": number(layer.measured_gradient_factor, 2),
            "factor.theory": number(layer.predicted_gradient_factor, 2),
        }
        for layer, expected in zip(layers, predicted_norms(layers), strict=True)
    ]
    return _folded(rows)


def _folded(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    told: list[dict[str, str]] = []
    at = 0
    while at < len(rows):
        counts = ((length, _steps(rows[at:], length)) for length in range(1, LONGEST + 1))
        length, count = next(((n, c) for n, c in counts if c >= FEWEST and n * c > ENOUGH), (1, 1))
        end = at + length * count
        told += rows[at : at + length]
        if count > 1:
            told += [{**dict.fromkeys(COLUMNS, ""), "layer": f"⋮ × {count - 2}"}, *rows[end - length : end]]
        at = end
    return told


def _steps(rows: list[dict[str, str]], length: int) -> int:
    """How often the activations of the first rows, so many, follow one another."""
    names = [(row["layer"], row["kind"]) for row in rows]
    step = names[:length]
    return next((i for i in range(1, len(rows) + 1) if names[i * length : (i + 1) * length] != step), 1)


def ends(result: Repair, lang: str) -> list[tuple[str, str, str]]:
    """(original or repaired, loss, held-out metric), each as first → last epoch; the original alone if nothing held."""
    both = {"repair.before": result.before, "repair.after": result.after}
    shown = list(both.items())[: 1 + (result.after != result.before)]
    return [(say(lang, key), _course(part.loss), _course(part.held_out)) for key, part in shown]


def arm_rows(result: Repair, lang: str) -> list[tuple[str, str, str]]:
    """For each arm of the proof its name, and held-out metric and loss as mean ± standard error over the seeds."""
    return [
        (
            word(lang, "arm", arm.name),
            give_or_take(*arm.mean_and_error("scores")),
            give_or_take(*arm.mean_and_error("losses")),
        )
        for arm in result.arms
    ]


def proof(result: Repair, lang: str) -> str:
    """How the arms were trained."""
    seeds = result.arms[-1].seeds
    return say(lang, "repair.proof", count=len(seeds), seeds=join(lang, [str(seed) for seed in seeds]))


def tried_rows(result: Repair, lang: str) -> list[tuple[str, str, str, str]]:
    """For each prescription tried: the alarm, what it is, what came of it, and how far ahead it was."""
    ahead = "; " if lang == "en" else "；"
    return [
        (
            attempt.finding,
            attempt.prescription.action,
            word(lang, "outcome", attempt.outcome),
            ahead.join(give_or_take(margin.difference, margin.error) for margin in attempt.margins),
        )
        for attempt in result.tried
    ]


def give_or_take(value: float, error: float) -> str:
    """A number and its standard error, where there is one."""
    return f"{_told(value)} ± {_told(error, 2)}" if error > 0 else _told(value)


def _told(value: float, digits: int = 3) -> str:
    return "NaN" if math.isnan(value) else number(value, digits)


def held_out(result: Repair, lang: str) -> str:
    """The heading of the held-out metric."""
    return f"{say(lang, 'repair.held_out')} ({word(lang, 'metric', result.before.metric_name)})"


def _moved(start: float, end: float) -> str:
    first, last = share(start), share(end)
    return first if first == last else f"{first.removesuffix(' %')} → {last}"


def _course(values: Sequence[float]) -> str:
    return " → ".join(number(value, 4) for value in dict.fromkeys((*values[:1], *values[-1:])))
