"""What a terminal would show, as text without colours."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from .terminal_doctor import whole

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..doctor.records import Diagnosis


def diagnosis(found: Diagnosis, lang: str, width: int) -> str:
    """A diagnosis as lines of at most `width` columns."""
    return written(whole(found, None, lang, width), width)


def written(part: RenderableType, width: int) -> str:
    """Whatever can be shown in a terminal, as lines of at most `width` columns without trailing blanks."""
    from rich.console import Console

    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False, color_system=None).print(part)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"
