"""Compiled kernels told in a terminal: which there are, by entry and dtype, and why the others are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .numbers import number
from .terminal import DIM, HEAD, bullets
from .words import join, say


class Refusal(Protocol):
    """The key of a reason and the values that its sentence tells."""

    @property
    def key(self) -> str: ...
    @property
    def values(self) -> Mapping[str, Any]: ...


class Warmed(Protocol):
    """What is told of one entry in one dtype."""

    @property
    def name(self) -> str: ...
    @property
    def dtype(self) -> str: ...
    @property
    def refusals(self) -> Mapping[str, Refusal]:
        """ "value" or "slope" -> why it has no kernel."""
        ...


class Measured(Protocol):
    """The microseconds of a kernel and of torch's operation at one size, and which of them computes from there on."""

    @property
    def elements(self) -> int: ...
    @property
    def kernel(self) -> float: ...
    @property
    def torch(self) -> float: ...
    @property
    def taken(self) -> str: ...


class Chosen(Protocol):
    """What was measured of one entry in one dtype."""

    @property
    def name(self) -> str: ...
    @property
    def dtype(self) -> str: ...
    @property
    def sizes(self) -> Sequence[Measured]: ...


_PARTS = ("value", "slope")


def warmed(rows: Sequence[Warmed], lang: str) -> Group:
    """A line for each entry, a column for each dtype with a mark for value and one for slope; then the reasons."""
    dtypes = list(dict.fromkeys(row.dtype for row in rows))
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style=HEAD)
    for title in (say(lang, "warm.name"), *dtypes):
        grid.add_column(title, overflow="fold")
    marks = {(row.name, row.dtype): _marks(row) for row in rows}
    for name in dict.fromkeys(row.name for row in rows):
        grid.add_row(Text(name), *(marks[name, dtype] for dtype in dtypes))
    made = sum(len(_PARTS) - len(row.refusals) for row in rows)
    summary = say(lang, "warm.summary", made=made, missing=len(_PARTS) * len(rows) - made)
    parts: list[RenderableType] = [grid, Text(say(lang, "warm.read"), style=DIM), Text(summary, style="bold")]
    return Group(*parts, bullets("–", "yellow", _reasons(rows, lang)))


def _marks(row: Warmed) -> Text:
    return Text.assemble(*(("–", "yellow") if part in row.refusals else ("✓", "green") for part in _PARTS))


def _reasons(rows: Sequence[Warmed], lang: str) -> list[str]:
    """Each reason once, with the entries that it is about; the grid shows the dtypes."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        for why in row.refusals.values():
            values = {key: number(told) if isinstance(told, float) else told for key, told in why.values.items()}
            found.setdefault(say(lang, f"warm.refused.{why.key}", **values), {})[row.name] = None
    return [sentence + say(lang, "list.colon") + join(lang, list(names)) for sentence, names in found.items()]


def chosen(rows: Sequence[Chosen], lang: str) -> Group:
    """A line for each entry and dtype, a column for each size with both times; the shorter one is the one that runs."""
    if not rows:
        return Group(Text(say(lang, "bench.none")))
    sizes = list(dict.fromkeys(size.elements for row in rows for size in row.sizes))
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style=HEAD)
    for title in (say(lang, "warm.name"), say(lang, "bench.dtype")):
        grid.add_column(title, no_wrap=True)
    for size in sizes:
        grid.add_column(f"{size:,}", justify="right", overflow="fold")
    for row in rows:
        times = {size.elements: _times(size) for size in row.sizes}
        grid.add_row(row.name, row.dtype, *(times.get(size, Text()) for size in sizes))
    return Group(grid, Text(say(lang, "bench.read"), style=DIM))


def _times(size: Measured) -> Text:
    styles = ("green", "") if size.taken == "kernel" else ("", "green")
    told = [(f"{time:.1f}", style) for time, style in zip((size.kernel, size.torch), styles, strict=True)]
    return Text.assemble(told[0], " / ", told[1])
