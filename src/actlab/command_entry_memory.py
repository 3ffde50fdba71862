"""`actlab show NAME --memory`: what an activation keeps for the backward pass; `cli.py` holds the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .report.files import suffix
from .report.record import text
from .report.voice import Voice

if TYPE_CHECKING:
    from .catalogue import Entry


def show_memory(voice: Voice, entry: Entry, params: Mapping[str, Any], save: Sequence[str]) -> None:
    """Tell what the entry keeps in every mode and dtype, counted; files may be .json."""
    for path in save:
        suffix(path, (".json",))
    from .doctor.entry_memory import entry_memory
    from .report.entry_memory import terminal

    with voice.busy("busy.kept"):
        found = entry_memory(entry, **params)
    voice.save(save, {".json": lambda: text(found.to_json())})
    voice.tell(lambda width: terminal(found, voice.lang, width), found.to_json)
