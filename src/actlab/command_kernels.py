"""The commands about compiled CPU kernels, `actlab warm` and `actlab bench`; `cli.py` holds the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .command_line import command
from .report.voice import Voice
from .report.words import say

if TYPE_CHECKING:
    from .catalogue import Entry

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME...]")]
Dtype = Annotated[list[str] | None, typer.Option("--dtype", metavar="DTYPE")]


def _entries(names: list[str] | None) -> list[Entry]:
    """The entries with these names, each once; all without any."""
    from .catalogue import ENTRIES
    from .catalogue.naming import resolve

    return list(dict.fromkeys(resolve(name).entry for name in names or ENTRIES))


@command("warm")
def warm(
    voice: Voice,
    names: Names = None,
    everything: Annotated[bool, typer.Option("--all")] = False,
    dtype: Dtype = None,
) -> None:
    """Compile kernels ahead."""
    if bool(names) == everything:
        raise ValueError(say(voice.lang, "bad.warm"))
    from .nn.warm import compile_ahead
    from .report import terminal_kernels
    from .runtime.machine import cache_folder

    with voice.busy("busy.warm") as tell:
        rows = compile_ahead(_entries(names), dtype or (), lambda done, of: tell("busy.warm.done", done=done, of=of))
    voice.remark("warm.kept", path=cache_folder())
    voice.tell(lambda width: terminal_kernels.warmed(rows, voice.lang), lambda: [row.to_json() for row in rows])


@command("bench")
def bench(
    voice: Voice,
    names: Names = None,
    choices: Annotated[bool, typer.Option("--choices")] = False,
    dtype: Dtype = None,
) -> None:
    """Measure where torch's own operation is faster than a kernel that gives the same bits."""
    from .nn.warm import chosen
    from .report import terminal_kernels

    with voice.busy("busy.bench"):
        rows = chosen(_entries(names), dtype or (), again=not choices)
    voice.tell(lambda width: terminal_kernels.chosen(rows, voice.lang), lambda: [row.to_json() for row in rows])
