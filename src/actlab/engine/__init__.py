"""How work is spread: jobs, the store that keeps their records, and engines that run them.

Nothing here knows what a job computes: a job is the JSON arguments of a function named by its path.
"""

from __future__ import annotations

from .job import Engine, Job, MissingExtra, Record, execute, function_at
from .local import Local, cores
from .store import Store


def engine(name: str | Engine) -> Engine:
    """The engine with this name: "local" (one worker per core), "local:4", "ray" or "ray://host:port".

    An engine is returned as it is. Raises ValueError for any other name.
    """
    if not isinstance(name, str):
        return name
    kind, _, rest = name.partition(":")
    if name == "local":
        return Local()
    if kind == "local" and rest.isdecimal() and int(rest):
        return Local(int(rest))
    if name == "ray" or (name.startswith("ray://") and rest != "//"):
        from .ray_adapter import RayEngine

        return RayEngine("" if name == "ray" else name)
    raise ValueError(
        f'there is no engine {name!r}; write "local", "local:4" (four workers), "ray" or "ray://host:port"'
    )


__all__ = [
    "Engine",
    "Job",
    "Local",
    "MissingExtra",
    "Record",
    "Store",
    "cores",
    "engine",
    "execute",
    "function_at",
]
