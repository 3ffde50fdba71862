"""What an engine is given and what it gives back: a job, and the record of running it."""

from __future__ import annotations

import hashlib
import importlib
import json
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol, cast


class MissingExtra(ImportError):
    """A package of an optional extra is not installed; the message says what to install."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f'{purpose} needs {package}, which is not installed: pip install "actlab[{extra}]"')


@dataclass(frozen=True)
class Job:
    """The arguments of one call as canonical JSON text: equal work has an equal key on every machine.

    Make one with `Job.of(task="digits", seed=3)`.
    """

    text: str

    @classmethod
    def of(cls, **arguments: object) -> Job:
        """A job with these keyword arguments; TypeError or ValueError when they are not plain JSON values."""
        canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return cls(canonical.encode(arguments))

    @property
    def arguments(self) -> dict[str, Any]:
        """The keyword arguments, a fresh dictionary each time."""
        return cast("dict[str, Any]", json.loads(self.text))

    @cached_property
    def key(self) -> str:
        """The first 24 hexadecimal digits (96 bits) of the SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Record:
    """What running a job gave: `value` (JSON) when done, `error` (one line) when failed, and the time."""

    key: str
    arguments: dict[str, Any]
    status: Literal["done", "failed"]
    value: Any = None
    error: str = ""
    elapsed_ms: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, line: str) -> Record:
        """The record written in this line; ValueError when the line holds no record."""
        found = json.loads(line)
        values = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
        if not {"key", "arguments", "status"} <= values.keys():
            raise ValueError("the line holds no record")
        return cls(**{name: values[name] for name in cls.__dataclass_fields__ if name in values})

    @classmethod
    def failed(cls, job: Job, error: str, elapsed_ms: float = 0.0) -> Record:
        """The record of a job that gave no value, with the reason in one line."""
        return cls(job.key, job.arguments, "failed", None, error, elapsed_ms)


class Engine(Protocol):
    """Runs the function at `function_path` ("package.module:function") once for each job.

    `on_result` gets each record in the caller's thread as soon as it is there, in any order. A job that
    raises, or kills its process, is a failed record and stops nothing. `run` returns when every job has a
    record; an exception from `on_result`, or Ctrl-C, ends the work at once and is passed on.
    """

    def run(self, function_path: str, jobs: Iterable[Job], on_result: Callable[[Record], None]) -> None: ...


def function_at(path: str) -> Callable[..., Any]:
    """The function at "package.module:function"; ValueError, ImportError or AttributeError otherwise."""
    module, colon, name = path.partition(":")
    if not (module and colon and name):
        raise ValueError(f"{path!r} names no function; write package.module:function")
    return getattr(importlib.import_module(module), name)


def execute(function_path: str, job: Job) -> Record:
    """Run one job here and record the outcome; only KeyboardInterrupt and SystemExit escape."""
    start = time.perf_counter()

    def elapsed() -> float:
        return round((time.perf_counter() - start) * 1000, 3)

    try:
        value = function_at(function_path)(**job.arguments)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return Record.failed(job, f"{reason} ({place.filename}, line {place.lineno})", elapsed())
    try:
        value = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        reason = f"{function_path} returned a value that is not plain JSON: {error}"
        return Record.failed(job, reason, elapsed())
    return Record(job.key, job.arguments, "done", value, "", elapsed())
