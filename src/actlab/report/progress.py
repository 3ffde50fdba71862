"""The progress of long work on stderr: one bar, how far, how long still, how many failed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Protocol

from .words import say


class Progress(Protocol):
    """How far the work is: `done` of `total` steps, how many of them failed, and the key of what is being done."""

    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def failed(self) -> int: ...
    @property
    def stage(self) -> str: ...


@contextmanager
def bar(lang: str) -> Generator[Callable[[Progress], None]]:
    """A function to call with each `Progress`; without a terminal it writes a line for every tenth of the way."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(file=sys.stderr, highlight=False)
    if not console.is_terminal:
        yield _lines(lang)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=console, transient=True) as drawn:
        running = drawn.add_task("", total=None)

        def watch(state: Progress) -> None:
            drawn.update(running, description=_stage(state, lang), completed=state.done, total=state.total)

        yield watch


def _stage(state: Progress, lang: str) -> str:
    failed = f" ({say(lang, 'progress.failed', count=state.failed)})" if state.failed else ""
    return say(lang, f"progress.{state.stage}") + failed


def _lines(lang: str) -> Callable[[Progress], None]:
    told = -1

    def watch(state: Progress) -> None:
        nonlocal told
        tenth = 10 * state.done // max(state.total, 1)
        if tenth > told:
            told = tenth
            sys.stderr.write(f"{_stage(state, lang)}: {state.done}/{state.total}\n")

    return watch
