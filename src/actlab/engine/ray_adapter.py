"""Jobs on a Ray cluster, behind the same interface as the local engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .job import Job, MissingExtra, Record, execute
from .local import ATTEMPTS, ONE_THREAD


@dataclass(frozen=True)
class RayEngine:
    """Runs each job as a Ray task on one core, on the cluster at `address` ("ray://host:10001") or here ("").

    Every node needs actlab and the module of the function. At most `ahead` jobs per core are submitted at a
    time, so that a million jobs do not fill the memory of the head node.
    """

    address: str = ""
    ahead: int = 4

    def run(self, function_path: str, jobs: Iterable[Job], on_result: Callable[[Record], None]) -> None:
        """See `Engine.run`; raises MissingExtra when Ray is not installed."""
        ray = _ray()
        started_here = not ray.is_initialized()
        if started_here:
            place: dict[str, Any] = {"address": self.address} if self.address else {"include_dashboard": False}
            ray.init(log_to_driver=False, runtime_env={"env_vars": ONE_THREAD}, **place)
        running: dict[Any, Job] = {}
        try:
            # Ray tries a job again whose worker died; errors of the job itself come back as failed records
            task = ray.remote(num_cpus=1, max_retries=ATTEMPTS - 1)(execute)
            room = self.ahead * max(1, int(ray.cluster_resources().get("CPU", 1)))
            waiting = iter(jobs)
            while True:
                for job in waiting:
                    running[task.remote(function_path, job)] = job
                    if len(running) >= room:
                        break
                if not running:
                    return
                for reference in ray.wait(list(running), num_returns=1)[0]:
                    on_result(_result(ray, reference, running.pop(reference)))
        finally:
            for reference in running:
                ray.cancel(reference, force=True)
            if started_here:
                ray.shutdown()


def _result(ray: Any, reference: Any, job: Job) -> Record:
    try:
        return ray.get(reference)
    except ray.exceptions.RayError as error:
        return Record.failed(job, f"Ray could not finish this job: {' '.join(str(error).split())}")


def _ray() -> Any:
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise MissingExtra("Ray", "ray", 'engine="ray"') from error
    return ray  # pyright: ignore[reportUnknownVariableType]
