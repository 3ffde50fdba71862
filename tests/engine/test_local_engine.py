"""The local engine: spreading, failing, dying, interrupting, resuming."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from actlab.engine import Engine, Job, Local, Record, Store, engine

NUMBERS = [Job.of(number=number) for number in range(6)]


def run(runner: Engine, function: str, jobs: list[Job]) -> dict[str, Record]:
    """The records by key; fails when a job has two."""
    found: dict[str, Record] = {}

    def keep(record: Record) -> None:
        assert record.key not in found, "a job has two records"
        found[record.key] = record

    runner.run(f"engine_specimens:{function}", jobs, keep)
    assert set(found) == {job.key for job in jobs}
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_gets_the_record_of_its_own_arguments(workers: int) -> None:
    """Values belong to the arguments they were computed from, with any number of workers."""
    found = run(Local(workers), "square", NUMBERS)
    assert [found[job.key].value for job in NUMBERS] == [number * number for number in range(6)]
    assert all(record.arguments["number"] ** 2 == record.value for record in found.values())


@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_that_raises_stops_nothing(workers: int) -> None:
    """One failed record, the others done."""
    found = run(Local(workers), "fails", NUMBERS)
    assert [found[job.key].status for job in NUMBERS] == ["done", "done", "failed", "done", "done", "done"]
    assert "two is not allowed" in found[NUMBERS[2].key].error


def test_a_job_that_kills_its_worker_twice_is_recorded_as_failed() -> None:
    """The deadly job is named; every other job is done although workers died."""
    found = run(Local(2), "kills_its_process", NUMBERS)
    assert [found[job.key].status for job in NUMBERS] == ["done", "done", "done", "failed", "done", "done"]
    assert "died 2 times" in found[NUMBERS[3].key].error and "signal 9" in found[NUMBERS[3].key].error


def test_a_job_whose_worker_died_once_is_run_again(tmp_path: Path) -> None:
    """A worker killed from outside costs no result."""
    jobs = [Job.of(number=number, mark=str(tmp_path / "mark")) for number in range(3)]
    found = run(Local(2), "kills_once", jobs)
    assert [found[job.key].value for job in jobs] == [0, 1, 2]


def test_what_a_job_prints_is_not_taken_for_a_record() -> None:
    """Standard output of a job goes elsewhere."""
    found = run(Local(2), "chatty", NUMBERS[:3])
    assert [found[job.key].value for job in NUMBERS[:3]] == [0, 1, 2]


def test_workers_get_one_thread_and_this_process_keeps_its_own() -> None:
    """Thread counts are set in the environment of the workers only."""
    before = dict(os.environ)
    found = run(Local(2), "threads", NUMBERS[:2])
    assert {record.value for record in found.values()} == {"1"}
    assert dict(os.environ) == before


def test_one_worker_runs_in_this_process() -> None:
    """With one worker no process is started."""
    (record,) = run(Local(1), "process", [Job.of()]).values()
    assert record.value == os.getpid()


def test_workers_end_with_the_run() -> None:
    """No process is left behind."""
    found = run(Local(2), "process", [Job.of()])
    (record,) = found.values()
    assert record.value != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(record.value, 0)


def test_no_jobs_are_done_at_once() -> None:
    """An empty list starts nothing and returns."""
    assert run(Local(2), "square", []) == {}


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_while_keeping_a_result_ends_the_run(workers: int) -> None:
    """A full disk is told to the caller, not swallowed."""

    def full(record: Record) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        Local(workers).run("engine_specimens:square", NUMBERS, full)


INTERRUPTED = """
    import signal, sys
    # a suite that runs in the background hands down an ignored Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from actlab.engine import Job, Local, Store
    store = Store(sys.argv[1])
    jobs = [Job.of(number=number) for number in range(20)]
    todo = store.missing(jobs)
    print(len(todo), flush=True)
    Local(int(sys.argv[2])).run("engine_specimens:slow_square", todo, lambda record: store.append([record]))
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_keeps_what_is_done_and_the_next_run_does_the_rest(tmp_path: Path, workers: int) -> None:
    """After an interrupt the store holds the finished jobs, whole; the same program again completes them."""
    script, path = tmp_path / "study.py", tmp_path / "records.jsonl"
    script.write_text(textwrap.dedent(INTERRUPTED))
    command = [sys.executable, str(script), str(path), str(workers)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    started = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while len(list(Store(path))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    started.send_signal(signal.SIGINT)
    _, told = started.communicate(timeout=30)
    assert "KeyboardInterrupt" in told and started.returncode != 0

    kept = list(Store(path))
    assert 3 <= len(kept) < 20 and all(record.status == "done" for record in kept)
    again = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert int(again.stdout) == 20 - len(kept)
    assert sorted(record.value for record in Store(path)) == [number * number for number in range(20)]


def test_a_script_without_a_main_guard_can_use_workers(tmp_path: Path) -> None:
    """Workers never run the caller's script again, so a plain top-level call works."""
    script = tmp_path / "plain.py"
    script.write_text(
        "from actlab.engine import Job, Local\n"
        "found = []\n"
        "Local(2).run('engine_specimens:square', [Job.of(number=n) for n in range(3)], found.append)\n"
        "print(sorted(record.value for record in found))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[0, 1, 4]\n"


@pytest.mark.parametrize(("name", "workers"), [("local:1", 1), ("local:3", 3)])
def test_the_name_of_an_engine_says_how_many_workers(name: str, workers: int) -> None:
    """ "local:3" is three workers; an engine is returned as it is."""
    found = engine(name)
    assert found == Local(workers) and engine(found) is found


@pytest.mark.parametrize("name", ["", "locl", "local:", "local:0", "local:-1", "local:two", "ray:", "ray://", "dask"])
def test_an_unknown_engine_is_refused_with_the_names_there_are(name: str) -> None:
    """The message lists what can be written."""
    with pytest.raises(ValueError, match='write "local"'):
        engine(name)


def test_the_engine_knows_neither_torch_nor_activations() -> None:
    """Importing the engine loads no numerical library and nothing else of actlab."""
    code = (
        "import sys, actlab.engine, actlab.engine.worker, actlab.engine.ray_adapter\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('torch', 'numpy', 'ray')"
        " or (m.startswith('actlab.') and not m.startswith('actlab.engine'))))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
