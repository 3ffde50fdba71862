"""Functions that engines run in the tests: quick, slow, failing, deadly."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def square(number: int) -> int:
    return number * number


def slow_square(number: int, seconds: float = 0.15) -> int:
    time.sleep(seconds)
    return number * number


def chatty(number: int) -> int:
    print('{"key": "not a record"}', flush=True)
    return number


def fails(number: int) -> int:
    if number == 2:
        raise RuntimeError("two is\nnot allowed")
    return number


def not_json(number: int) -> object:
    return {1, 2, number}


def not_a_number(number: int) -> float:
    return float("nan")


def kills_its_process(number: int, deadly: int = 3) -> int:
    if number == deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def kills_once(number: int, mark: str) -> int:
    if number == 1 and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def process() -> int:
    return os.getpid()


def threads(number: int) -> str | None:
    return os.environ.get("OMP_NUM_THREADS")
