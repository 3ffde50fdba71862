"""Records written by hand: a sick network, its repair, and a comparison with a failed run."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from torch import nn

from actlab.doctor.records import (
    Arm,
    Attempt,
    Change,
    Curve,
    Diagnosis,
    Finding,
    LayerNumbers,
    Margin,
    Prescription,
    Repair,
)
from actlab.study import Comparison, Difference, Failure, Row, find_task
from actlab.study.plan import Tried

DEPTH = 10


def _default(annotation: str, at: int) -> Any:
    """A harmless value for a field that these tests do not care about."""
    kinds = {"str": "", "int": at, "float": 0.5, "bool": False, "None": None}
    return None if "None" in annotation else kinds.get(annotation, ())


def layer(at: int, **given: Any) -> LayerNumbers:
    """One hidden sigmoid layer of a deep network whose gradient shrinks by a factor of 0.15 a layer."""
    own: dict[str, Any] = {
        "path": f"net.{2 * at + 1}",
        "kind": "Sigmoid",
        "role": "hidden",
        "depth": at,
        "samples": 1024,
        "units": 64,
        "dead_share": 0.0,
        "dead_share_end": 0.0,
        "saturated_share": 0.0,
        "saturated_share_end": 0.05 * at,
        "mean": 0.012,
        "std": 0.58,
        "histogram": ((3, 20, 60, 120, 61, 19, 4), tuple(0.3 + 0.05 * step for step in range(8))),
        "gradient_norm": 1e-2 * 0.15 ** (DEPTH - 1 - at),
        "predicted_gradient_factor": 0.144,
        "measured_gradient_factor": 0.15,
    }
    fields = {field.name: str(field.type) for field in dataclasses.fields(LayerNumbers)}
    values = {name: own.get(name, _default(kind, at)) for name, kind in fields.items()}
    return LayerNumbers(**{**values, **given})


def diagnosis(**given: Any) -> Diagnosis:
    """Ten sigmoid layers that do not learn, with one finding of each severity."""
    paths = tuple(f"net.{2 * at + 1}" for at in range(DEPTH))
    cure = Prescription(
        action="swap",
        changes=tuple(Change(path, "Sigmoid()", "GELU()") for path in paths),
        code='plan = actlab.swap(model, "gelu")\nplan.apply()',
        why={"en": "Replace the 10 Sigmoid modules by GELU.", "zh": "把 10 个 Sigmoid 模块换成 GELU。"},
    )
    findings = tuple(
        Finding(
            code=f"G{at}",
            name=name,
            severity=severity,
            where=paths,
            evidence={"factor_per_layer": 0.15, "norms": [1e-9, 1e-2], "note": "<b>not markup</b>"},
            text={"en": "The gradient shrinks to 0.15 a layer [1e-9 at the input].", "zh": "梯度每层缩小到 0.15 倍。"},
            title={"en": "Gradients vanish & die", "zh": "梯度消失"},
            prescriptions=(cure,) if at < 3 else (),
            reference="Glorot & Bengio 2010",
        )
        for at, (name, severity) in enumerate(
            (("vanishing-gradient", "illness"), ("saturating-hidden-activation", "warning"), ("input-scale", "note")), 1
        )
    )
    own: dict[str, Any] = {
        "findings": findings,
        "layers": tuple(layer(at) for at in range(DEPTH)),
        "loss_start": 2.31,
        "loss_end": 2.302,
        "trivial_loss": 2.3026,
        "learning": "no",
        "losses": tuple(2.302 + 0.1 * math.exp(-step / 8) for step in range(50)),
        "samples": 1024,
        "steps": 50,
        "seed": 0,
        "name": "digits_deep_sigmoid",
    }
    fields = {field.name: str(field.type) for field in dataclasses.fields(Diagnosis)}
    return Diagnosis(**{**{name: own.get(name, _default(kind, 0)) for name, kind in fields.items()}, **given})


def repair(**given: Any) -> Repair:
    """A repair that worked."""
    epochs = range(12)
    own: dict[str, Any] = {
        "model": nn.Identity(),
        "changes": diagnosis().findings[0].prescriptions[0].changes,
        "before": Curve(tuple(2.31 - 0.001 * e for e in epochs), (0.1,) * 12, "accuracy"),
        "after": Curve(tuple(2.3 * 0.6**e for e in epochs), tuple(0.97 - 0.8 * 0.5**e for e in epochs), "accuracy"),
        "accepted": True,
        "left": (),
        "arms": (
            Arm("no repair", (0, 1, 2), (0.1, 0.1, 0.1), (2.31, 2.31, 2.31)),
            Arm("new seed only", (0, 1, 2), (0.1, 0.12, 0.11), (2.31, 2.3, math.inf)),
            Arm("repaired", (0, 1, 2), (0.97, 0.96, 0.98), (0.1, 0.12, 0.11)),
        ),
        "margins": (Margin("no repair", "metric", 0.87, 0.006), Margin("new seed only", "metric", 0.86, 0.008)),
        "tried": (
            Attempt("vanishing-gradient", diagnosis().findings[0].prescriptions[0], "alarm stays", ("dead-units",)),
            Attempt(
                "vanishing-gradient",
                diagnosis().findings[0].prescriptions[0],
                "proved",
                margins=(Margin("no repair", "metric", 0.87, 0.006), Margin("new seed only", "metric", 0.86, 0.008)),
            ),
        ),
        "reasons": {"en": "Accepted: accuracy rises from 0.10 to 0.97.", "zh": "采纳：准确率由 0.10 升至 0.97。"},
    }
    return Repair(**{**own, **given})


def comparison() -> Comparison:
    """Four activations on the digits with six seeds; one run of mish diverged."""
    task = find_task("digits")
    base = [0.951, 0.960, 0.955, 0.949, 0.957, 0.953]
    gains: dict[str, tuple[float, str]] = {
        "gelu": (0.012, "better"),
        "mish": (0.004, "no decision"),
        "relu": (0.0, ""),
        "tanh": (0.001, "practically equal"),
        "sigmoid": (-0.03, "worse"),
    }
    rows: list[Row] = []
    for at, (name, (gain, verdict)) in enumerate(gains.items()):
        scores: list[float | None] = [score + gain + 0.001 * ((seed * 7) % 3) for seed, score in enumerate(base)]
        scores = [None, *scores[1:]] if name == "mish" else scores
        done = [score for score in scores if score is not None]
        found = Difference(gain, gain - 0.006, gain + 0.005, len(done), 0.9, 0.6, 0.99, 0.03, 0.09, verdict, 4)  # type: ignore[arg-type]
        rows.append(
            Row(
                name=name,
                scores=tuple(scores),
                mean=sum(done) / len(done),
                sd=0.004,
                least=min(done),
                greatest=max(done),
                rank=1.0 + at,
                failures=len(scores) - len(done),
                failure_low=0.0,
                failure_high=0.5,
                learning_rate=3e-3,
                tried=(Tried(1e-3, 0.95, 0), Tried(3e-3, 0.96, 0), Tried(1e-2, 0.94, 0)),
                dead_share=0.01,
                seconds=1.5,
                curve=(2.3, 0.5, 0.1),
                difference=found if verdict else None,
            )
        )
    return Comparison(
        task="digits",
        metric="accuracy",
        larger_is_better=True,
        margin=0.005,
        baseline="relu",
        seeds=tuple(range(6)),
        budget="full",
        engine="local",
        rows=tuple(rows),
        failures=(Failure("mish", 0, 3e-3, ""),),
        search_failures=(),
        provenance={
            "versions": {"torch": "2.13.0"},
            "cores": 2,
            "learning_rates": [1e-3, 3e-3],
            "command": "actlab compare",
        },
        about=task,
    )
