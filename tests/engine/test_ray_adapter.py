"""The Ray adapter, against a stand-in with Ray's interface, and against Ray where it is installed."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from actlab.engine import Job, MissingExtra, Record, engine

NUMBERS = [Job.of(number=number) for number in range(30)]


class Lost(Exception):
    """What the stand-in raises for a job whose node is gone."""


class Tasks:
    """Ray's interface, as far as the adapter uses it; job 13 loses its node."""

    def __init__(self) -> None:
        self.exceptions = SimpleNamespace(RayError=Lost)
        self.calls: list[str] = []
        self.waiting: dict[int, Callable[[], Record]] = {}
        self.most_waiting = 0

    def is_initialized(self) -> bool:
        return False

    def init(self, **options: Any) -> None:
        self.calls.append(f"init {options.get('address', 'here')}")

    def shutdown(self) -> None:
        self.calls.append("shutdown")

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0}

    def remote(self, **options: Any) -> Callable[[Callable[[str, Job], Record]], SimpleNamespace]:
        def wrap(function: Callable[[str, Job], Record]) -> SimpleNamespace:
            return SimpleNamespace(remote=lambda path, job: self._submit(function, path, job))

        return wrap

    def _submit(self, function: Callable[[str, Job], Record], path: str, job: Job) -> int:
        reference = job.arguments["number"]
        self.waiting[reference] = lambda: function(path, job)
        self.most_waiting = max(self.most_waiting, len(self.waiting))
        return reference

    def wait(self, references: list[int], num_returns: int) -> tuple[list[int], list[int]]:
        return references[-num_returns:], references[:-num_returns]

    def get(self, reference: int) -> Record:
        if reference == 13:
            raise Lost("the node died")
        return self.waiting.pop(reference)()

    def cancel(self, reference: int, force: bool) -> None:
        self.calls.append("cancel")


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Tasks:
    tasks = Tasks()
    monkeypatch.setitem(sys.modules, "ray", tasks)  # type: ignore[arg-type]
    return tasks


def test_without_ray_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Choosing Ray without having it names the extra."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r'pip install "actlab\[ray\]"'):
        engine("ray").run("engine_specimens:square", NUMBERS, print)


def test_every_job_gets_a_record_and_a_lost_node_costs_one(ray: Tasks) -> None:
    """All jobs are recorded once, the lost one as failed, with few submitted at a time."""
    found: list[Record] = []
    engine("ray://head:10001").run("engine_specimens:square", NUMBERS, found.append)
    assert sorted(record.key for record in found) == sorted(job.key for job in NUMBERS)
    assert [record.arguments["number"] for record in found if record.status == "failed"] == [13]
    assert all(record.value == record.arguments["number"] ** 2 for record in found if record.status == "done")
    assert 1 < ray.most_waiting <= 9
    assert ray.calls == ["init ray://head:10001", "shutdown"]


def test_an_interrupt_cancels_what_is_submitted(ray: Tasks) -> None:
    """Ctrl-C leaves no jobs running on the cluster."""

    def interrupt(record: Record) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine("ray").run("engine_specimens:square", NUMBERS, interrupt)
    assert ray.calls[0] == "init here" and ray.calls.count("cancel") == 7 and ray.calls[-1] == "shutdown"


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is an extra and is not installed here")
def test_ray_itself_runs_jobs() -> None:
    """The real thing computes what the local engine computes."""
    found: list[Record] = []
    engine("ray").run("builtins:dict", NUMBERS[:3], found.append)
    assert sorted(record.value["number"] for record in found) == [0, 1, 2]
