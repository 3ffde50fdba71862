"""Experiment trackers: where the numbers of a watched training go, beside the report.

Each function makes a tracker for `actlab.watch(..., tracker=...)`; its package is imported then, and an ImportError
says what to install when it is missing. An object with `log(step, numbers)` and `finish()` is a tracker as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Sink:
    """A tracker made of two functions: what takes the finite numbers of a step, and what closes."""

    send: Callable[[int, dict[str, float]], object]
    close: Callable[[], object]

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """Send the numbers of one step; what is not finite is left out, which no tracker can draw."""
        self.send(step, {name: number for name, number in numbers.items() if math.isfinite(number)})

    def finish(self) -> None:
        """Write what is left and close."""
        self.close()


def _package(module: str, install: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(f"{install} is not installed; run: pip install {install}") from error


def tensorboard(folder: str | Path = "runs") -> Sink:
    """TensorBoard: event files under `folder`. Raises ImportError, saying what to install, without tensorboard."""
    _package("tensorboard", "tensorboard")
    writer = import_module("torch.utils.tensorboard").SummaryWriter(str(folder))

    def send(step: int, numbers: dict[str, float]) -> None:
        for name, number in numbers.items():
            writer.add_scalar(name, number, step)

    return Sink(send, writer.close)


def wandb(project: str = "actlab", mode: str = "offline", **settings: Any) -> Sink:
    """Weights & Biases: a run of this project, by default offline, so that nothing leaves the machine.

    settings: further arguments of `wandb.init`, such as dir. Raises ImportError, saying what to install, without wandb.
    """
    run = _package("wandb", "wandb").init(project=project, mode=mode, **settings)
    return Sink(lambda step, numbers: run.log(numbers, step=step), run.finish)


def mlflow(experiment: str = "actlab", uri: str | None = None) -> Sink:
    """MLflow: a run of this experiment; uri: of the tracking server or store, by default MLflow's own.

    Raises ImportError, saying what to install, without mlflow.
    """
    client = _package("mlflow", "mlflow").MlflowClient(tracking_uri=uri)
    found = client.get_experiment_by_name(experiment)
    run = client.create_run(
        found.experiment_id if found is not None else client.create_experiment(experiment)
    ).info.run_id

    def send(step: int, numbers: dict[str, float]) -> None:
        for name, number in numbers.items():
            client.log_metric(run, name, number, step=step)

    return Sink(send, lambda: client.set_terminated(run))


def swanlab(project: str = "actlab", mode: str = "offline", **settings: Any) -> Sink:
    """SwanLab: a run of this project, by default offline, so that nothing leaves the machine.

    settings: further arguments of `swanlab.init`, such as logdir. Raises ImportError, saying what to install, without
    swanlab.
    """
    package = _package("swanlab", "swanlab")
    package.init(project=project, mode=mode, **settings)
    return Sink(lambda step, numbers: package.log(numbers, step=step), package.finish)
