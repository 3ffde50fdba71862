"""How a command speaks: its language, data on stdout as text or JSON, everything else on stderr."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import files
from .record import text
from .words import say

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


@dataclass(frozen=True)
class Voice:
    """How a command speaks: its language, and whether as text or as JSON."""

    lang: str
    json: bool
    debug: bool

    def tell(self, part: Callable[[int], RenderableType], record: Callable[[], Any]) -> None:
        """Print `part` for the width of the terminal, or `record` as JSON."""
        if self.json:
            sys.stdout.write(text(record()))
        else:
            console = _console(sys.stdout)
            console.print(part(console.width))

    def remark(self, key: str, **values: object) -> None:
        """Say something beside the data, on stderr."""
        _console(sys.stderr).print(say(self.lang, key, **values), style="bright_black", markup=False, soft_wrap=True)

    def save(self, paths: Sequence[str], writers: Mapping[str, Callable[[], str | bytes]]) -> None:
        """Write each file in the way its ending says, and tell on stderr where it is."""
        for path in paths:
            self.remark("saved", path=files.save(path, writers))

    @contextlib.contextmanager
    def busy(self, key: str) -> Generator[Callable[..., None]]:
        """Show on stderr that work goes on, if somebody is watching; what the work prints goes to stderr too.

        What is given is a function of a key and its values that tells how far the work is.
        """
        with contextlib.redirect_stdout(sys.stderr), _console(sys.stderr).status(say(self.lang, key)) as status:
            yield lambda key, **values: status.update(say(self.lang, key, **values))


def _console(stream: Any) -> Console:
    from rich.console import Console

    return Console(file=stream, highlight=False)
