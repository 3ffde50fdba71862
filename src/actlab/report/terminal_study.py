"""A comparison told in a terminal: one sentence for each verdict, then the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .study_rows import COLUMNS, WORDS, cells, headline, unit
from .terminal import DIM, HEAD, bullets
from .words import say

if TYPE_CHECKING:
    from ..study import Comparison

VERDICTS = {"better": "green", "worse": "red", "practically equal": "cyan", "no decision": "yellow"}


def comparison(result: Comparison, lang: str, width: int) -> Group:
    """Sentences first, then the table; narrow terminals see the columns that decide."""
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style=HEAD, padding=(0, 1))
    keys = [key for key, needed in COLUMNS.items() if width >= needed]
    for key in keys:
        title = unit(result, lang) if key == "score" else say(lang, f"study.{key}")
        grid.add_column(title, justify="left" if key in WORDS else "right", overflow="fold")
    styles = [VERDICTS.get(row.difference.verdict, "") if row.difference else DIM for row in result.rows]
    for row, style in zip(cells(result, lang), styles, strict=True):
        grid.add_row(*(Text(row[key], style=style if key == "verdict" else "") for key in keys))
    parts: list[RenderableType] = [
        Text(headline(result, lang), style="bold"),
        Text(),
        bullets("•", "cyan", result.sentences(lang)),
        grid,
    ]
    if warnings := result.warnings(lang):
        parts.append(bullets("!", "yellow", warnings))
    return Group(*parts)
