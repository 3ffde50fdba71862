"""Jobs on this machine: in this process, or spread over worker processes."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import IO

from .job import Job, Record, execute

# Workers already use every core: more threads in each would only compete. Libraries read these on loading.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
# A worker can die through no fault of its job (memory taken by others), hardly twice.
ATTEMPTS = 2


def cores() -> int:
    """The number of processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Local:
    """Runs jobs on this machine in `workers` processes (default: one per core), or in this process if 1.

    Each worker holds one job at a time, so a death names its job: the job is tried again in a fresh worker,
    and recorded as failed when it kills that one too. With one worker nothing protects this process.
    """

    workers: int = field(default_factory=cores)

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"an engine needs at least 1 worker, not {self.workers}")

    def run(self, function_path: str, jobs: Iterable[Job], on_result: Callable[[Record], None]) -> None:
        """See `Engine.run`."""
        waiting = deque(jobs)
        if self.workers == 1:
            for job in waiting:
                on_result(execute(function_path, job))
            return
        total = len(waiting)
        results: queue.Queue[Record | BaseException] = queue.Queue()
        lanes = [_Lane(function_path, waiting, results) for _ in range(min(self.workers, total))]
        try:
            for lane in lanes:
                lane.start()
            for _ in range(total):
                result = _next(results)
                if isinstance(result, BaseException):
                    raise result
                on_result(result)
        finally:
            waiting.clear()
            for lane in lanes:
                lane.end()


def _next(results: queue.Queue[Record | BaseException]) -> Record | BaseException:
    """The next result; waits in short steps, because on Windows a blocking wait would hold Ctrl-C back."""
    while True:
        try:
            return results.get(timeout=0.2)
        except queue.Empty:
            continue


class _Lane(threading.Thread):
    """One worker process at a time and the thread that feeds it."""

    def __init__(self, function_path: str, waiting: deque[Job], results: queue.Queue[Record | BaseException]) -> None:
        super().__init__(daemon=True)
        self._function_path = function_path
        self._waiting = waiting
        self._results = results
        self._process: subprocess.Popen[str] | None = None
        self._ended = False
        self._lock = threading.Lock()

    def run(self) -> None:
        try:
            while True:
                try:
                    job = self._waiting.popleft()
                except IndexError:
                    return
                record = self._attempt(job)
                if record is not None:
                    self._results.put(record)
        except BaseException as error:  # raised in the caller's thread: a silent death would hang the run
            self._results.put(error)

    def end(self) -> None:
        """Kill the worker, if any, wait for it and for the thread; no job runs afterwards."""
        with self._lock:
            self._ended = True
            if self._process is not None:
                self._process.kill()
        if self.ident is not None:
            self.join()
        if self._process is not None:
            _close(self._process)

    def _attempt(self, job: Job) -> Record | None:
        code = 0
        for _ in range(ATTEMPTS):
            worker = self._worker()
            if worker is None:
                return None
            assert worker.stdin is not None and worker.stdout is not None
            try:
                worker.stdin.write(json.dumps(job.text) + "\n")
                worker.stdin.flush()
                line = worker.stdout.readline()
            except OSError:
                line = ""
            if line.endswith("\n"):
                return Record.from_json(line)
            code = worker.wait()
            _close(worker)
            with self._lock:
                self._process = None
        return Record.failed(job, f"the worker process died {ATTEMPTS} times running this job ({_death(code)})")

    def _worker(self) -> subprocess.Popen[str] | None:
        """The live worker, started if needed; None once the run has ended."""
        with self._lock:
            if self._ended:
                return None
            if self._process is None:
                # the worker must find the modules this process finds, wherever it found them
                search = os.pathsep.join(folder or os.getcwd() for folder in sys.path)
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "actlab.engine.worker"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    encoding="utf-8",
                    env={**os.environ, **ONE_THREAD, "PYTHONPATH": search, "PYTHONIOENCODING": "utf-8"},
                )
                assert self._process.stdin is not None
                _say(self._process.stdin, json.dumps(self._function_path))
            return self._process


def _say(pipe: IO[str], line: str) -> None:
    try:
        pipe.write(line + "\n")
        pipe.flush()
    except OSError:  # the worker died at once; the first job finds out and tells how
        pass


def _close(process: subprocess.Popen[str]) -> None:
    process.wait()
    for pipe in (process.stdin, process.stdout):
        try:
            if pipe is not None:
                pipe.close()
        except OSError:  # what was still unsent had nobody to read it
            pass


def _death(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
