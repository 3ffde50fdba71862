"""Trackers get what a watch sees: through stand-ins that keep what they are told, and through the real packages."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tests.specimens.programs import FEATURES, features, labels, stack
from torch.nn import functional as F

from actlab.doctor import Tracker, watch
from actlab.integrations import trackers
from actlab.integrations.trackers import Sink

NUMBERS = {"loss": 0.5, "dead/1": 0.25, "gradient/0.weight": math.nan}


def watched_by(tracker: Tracker) -> None:
    """Three steps of a small training, all of them sampled."""
    model = stack([FEATURES, 8, 4])
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with watch(model, optimizer, every=1, tracker=tracker) as seen:
        for _ in range(3):
            loss = F.cross_entropy(model(features()), labels(features()))
            seen.loss(loss)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def stand_in(told: list[Any]) -> Any:
    """A package with every call that our trackers make, which keeps them in order."""

    def keep(name: str, answer: Any = None) -> Callable[..., Any]:
        return lambda *given, **named: told.append((name, given, named)) or answer

    run = SimpleNamespace(log=keep("log"), finish=keep("finish"))
    known = SimpleNamespace(experiment_id="7")
    created = SimpleNamespace(info=SimpleNamespace(run_id="r"))
    client = SimpleNamespace(
        get_experiment_by_name=keep("find", known), create_run=keep("create", created),
        log_metric=keep("log_metric"), set_terminated=keep("finish"),
    )  # fmt: skip
    return SimpleNamespace(
        init=keep("init", run), log=keep("log"), finish=keep("finish"), MlflowClient=keep("client", client)
    )


CALLS: dict[str, tuple[Any, ...]] = {
    "wandb": ("log", ({"loss": 0.5, "dead/1": 0.25},), {"step": 3}),
    "swanlab": ("log", ({"loss": 0.5, "dead/1": 0.25},), {"step": 3}),
    "mlflow": ("log_metric", ("r", "loss", 0.5), {"step": 3}),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_tracker_passes_on_finite_numbers_with_their_step_and_closes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not finite is left out; offline is what these packages are started with unless asked otherwise."""
    told: list[Any] = []
    monkeypatch.setitem(sys.modules, name, stand_in(told))
    tracker: Sink = getattr(trackers, name)()
    tracker.log(3, NUMBERS)
    tracker.finish()
    assert CALLS[name] in told and told[-1][0] == "finish"
    assert "nan" not in str(told)
    if name != "mlflow":
        assert told[0][0] == "init" and told[0][2]["mode"] == "offline"


@pytest.mark.parametrize("name", [*CALLS, "tensorboard"])
def test_a_missing_package_is_told_with_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, when the tracker is made and not at the first step."""
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=f"{name} is not installed; run: pip install {name}") as told:
        getattr(trackers, name)()
    assert "\n" not in str(told.value)


REAL: dict[str, Callable[[Path], Sink]] = {
    "tensorboard": trackers.tensorboard,
    "wandb": lambda folder: trackers.wandb(dir=str(folder)),
    "swanlab": lambda folder: trackers.swanlab(logdir=str(folder)),
    "mlflow": lambda folder: trackers.mlflow(uri=f"sqlite:///{folder / 'runs.db'}"),
}


@pytest.mark.parametrize("name", REAL)
@pytest.mark.filterwarnings("ignore")  # these packages warn about their own dependencies
def test_the_real_package_writes_files(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is installed: a watched training leaves files in the folder it was told."""
    pytest.importorskip(name)
    if name == "mlflow":
        pytest.importorskip("sqlalchemy")
    monkeypatch.chdir(tmp_path)
    watched_by(REAL[name](tmp_path))
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) > 0
