"""What one activation keeps for the backward pass, told in a terminal: bytes and slope errors in every mode."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from .numbers import number
from .terminal import DIM, HEAD, bullets, fitted, heading
from .words import join, say

if TYPE_CHECKING:
    from ..doctor.entry_memory import EntryMemory

# column -> from which width of a terminal it is shown
_COLUMNS = {"mode": 0, "dtype": 0, "before_linear": 0, "before_sum": 0, "max_error": 0, "at": 66, "rms_error": 78}
_WORDS = ("mode", "dtype")


def terminal(found: EntryMemory, lang: str, width: int) -> Group:
    """A row for every mode and dtype; then why the other modes are missing."""
    grid = fitted(_COLUMNS, _WORDS, _rows(found), lang=lang, width=width)
    title = Text(say(lang, "kept.title", name=found.name), style=HEAD)
    parts = [title, grid, Text(say(lang, "kept.read"), style=DIM)]
    if not found.refused:
        return Group(*parts)
    return Group(*parts, Text(), heading(say(lang, "kept.missing")), bullets("–", "yellow", _reasons(found, lang)))


def _rows(found: EntryMemory) -> Iterator[dict[str, str]]:
    before = ""
    for row in found.rows:
        exact = row.max_error == 0
        yield {
            "mode": row.mode if row.mode != before else "",
            "dtype": row.dtype,
            "before_linear": number(row.before_linear),
            "before_sum": number(row.before_sum),
            "max_error": "0" if exact else number(row.max_error, 2),
            "at": "" if exact else number(row.at, 2),
            "rms_error": "0" if exact else number(row.rms_error, 2),
        }
        before = row.mode


def _reasons(found: EntryMemory, lang: str) -> Iterator[str]:
    modes: dict[str, list[str]] = {}
    for each in found.refused:
        values: dict[str, Any] = {
            key: number(told) if isinstance(told, float) else told for key, told in each.numbers.items()
        }
        modes.setdefault(say(lang, f"kept.refused.{each.reason}", **values), []).append(each.mode)
    for reason, names in modes.items():
        yield join(lang, names) + say(lang, "list.colon") + reason
