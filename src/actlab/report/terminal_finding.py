"""The page of a finding in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from .terminal import DIM, heading, indented
from .words import say

if TYPE_CHECKING:
    from ..doctor.records import Page


def page(shown: Page, lang: str) -> Group:
    """What the finding is, what the rule does, why it matters, an example of each kind, and the source."""
    title = Text.assemble((shown.name, "bold"), (f"  {shown.code}", DIM), "  ", (shown.title, "italic"))
    parts: list[RenderableType] = [title, Text(), Text(shown.summary)]
    for head, told in shown.parts.items():
        parts += [Text(), heading(head), indented(Text(told))]
    return Group(*parts, Text(), Text(say(lang, "doctor.reference") + shown.reference, style=DIM))
