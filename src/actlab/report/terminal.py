"""Entries told in a terminal of any width: one in full, several side by side, all by family."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..catalogue import Entry
from ..theory.formulas import plain_text
from .braille import plot
from .curves import sample
from .property_rows import property_rows, property_table
from .words import formula_labels, join, say, word

if TYPE_CHECKING:
    from ..theory import Properties

HEAD = "bold cyan"
DIM = "bright_black"
SIDE_BY_SIDE = 96  # columns that two pictures need to stand beside each other
_LABELS, _COLUMN = 20, 19  # widths in the comparison of several entries


def heading(text: str) -> Text:
    """A line that opens a section."""
    return Text(text, style="bold")


def pairs(rows: Iterable[tuple[str, str]], widest: int = 36) -> Table:
    """Two columns, label and text; long texts fold, labels at `widest` columns."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style=DIM, overflow="fold", max_width=widest)
    table.add_column(overflow="fold")
    for label, text in rows:
        table.add_row(Text(label), Text(text))
    return table


def bullets(mark: str, style: str, sentences: Iterable[str]) -> Table:
    """Sentences behind a mark, folded under themselves."""
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(style=style, width=cell_len(mark))
    table.add_column(overflow="fold")
    for sentence in sentences:
        table.add_row(Text(mark), Text(sentence))
    return table


def indented(part: RenderableType) -> Padding:
    """`part`, two columns to the right."""
    return Padding(part, (0, 0, 0, 2))


def show(
    entry: Entry,
    properties: Properties,
    usage: Mapping[str, Sequence[Mapping[str, str]]],
    *,
    lang: str,
    width: int,
    params: Mapping[str, Any] | None = None,
) -> Group:
    """Everything about one entry.

    usage: "when" and "when_not", sentences by language. width: columns of the terminal. params: numbers other
    than the defaults.
    """
    title = Text.assemble((entry.name, HEAD), "  ", entry.summary(lang))
    words = tags(entry, lang)
    parts: list[RenderableType] = [title, Text(" · ".join(words), style=DIM), Text()]
    formulas = zip(formula_labels(entry, lang), (plain_text(entry), plain_text(entry, "slope")), strict=True)
    parts += [indented(pairs(formulas)), Text(), _pictures(entry, lang, width, params or {}), Text()]
    parts += [heading(say(lang, "show.properties")), indented(pairs(property_rows(properties, lang))), Text()]
    for key, mark, style in (("when", "+", "green"), ("when_not", "−", "yellow")):
        if usage[key]:
            parts += [
                heading(say(lang, f"show.{key}")),
                indented(bullets(mark, style, [sentence[lang] for sentence in usage[key]])),
                Text(),
            ]
    if entry.notes:
        parts += [heading(say(lang, "show.note")), indented(Text(entry.notes[lang])), Text()]
    if known_as := sorted(entry.known_as.items()):
        parts += [heading(say(lang, "show.elsewhere")), indented(pairs(known_as)), Text()]
    return Group(*parts, Text(say(lang, "show.source", source=entry.source), style=DIM))


def tags(entry: Entry, lang: str) -> list[str]:
    """Family, kind unless the family says it, and other names."""
    found = [word(lang, "family", entry.family)]
    found += [word(lang, "kind", entry.kind)] if entry.kind.replace(" ", "_") != entry.family else []
    return found + ([say(lang, "show.aliases", names=join(lang, entry.aliases))] if entry.aliases else [])


def _pictures(entry: Entry, lang: str, width: int, params: Mapping[str, Any]) -> Text:
    drawn = sample(entry, **params)
    space = max(width - 2, 30)
    single = (space - 3) // 2 if space >= SIDE_BY_SIDE else min(space, 80)
    first = plot(drawn.x, drawn.value, single, 11, say(lang, "picture.value"))
    second = plot(drawn.x, drawn.slope, single, 11, say(lang, "picture.slope"))
    wide = _pad_titles([first[0], second[0]], single)
    first, second = [wide[0], *first[1:]], [wide[1], *second[1:]]
    if space >= SIDE_BY_SIDE:
        lines = [f"{a}   {b}" for a, b in zip(first, second, strict=True)]
    else:
        lines = [*first, "", *second]
    return Text("\n".join(line.rstrip() for line in lines), no_wrap=True, overflow="crop")


def _pad_titles(titles: Sequence[str], width: int) -> list[str]:
    return [title.rstrip() + " " * max(width - cell_len(title.rstrip()), 0) for title in titles]


def table(entries: Sequence[Entry], properties: Sequence[Properties], lang: str, width: int) -> Group:
    """Entries side by side, a row for each property; as many columns at a time as the width allows."""
    rows = property_table(properties, lang)
    at_once = max(1, (width - _LABELS) // _COLUMN)
    parts: list[RenderableType] = []
    for start in range(0, len(entries), at_once):
        shown = slice(start, start + at_once)
        grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style=HEAD, show_lines=False)
        grid.add_column(style=DIM, overflow="fold", max_width=_LABELS)
        for entry in entries[shown]:
            grid.add_column(entry.name, overflow="fold")
        grid.add_row(say(lang, "table.formula"), *(Text(plain_text(entry)) for entry in entries[shown]))
        grid.add_row(say(lang, "table.slope"), *(Text(plain_text(entry, "slope")) for entry in entries[shown]))
        for label, cells in rows:
            grid.add_row(Text(label), *map(Text, cells[shown]))
        parts.append(grid)
    return Group(*parts)


def listing(entries: Iterable[Entry], lang: str) -> Group:
    """All entries by family, a line for each."""
    parts: list[RenderableType] = []
    listed = list(entries)
    longest = max((len(entry.name) for entry in listed), default=0)
    for family, members in groupby(listed, key=lambda entry: entry.family):
        parts.append(Text(word(lang, "family", family), style="bold"))
        grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        grid.add_column(style="cyan", no_wrap=True, width=longest)
        grid.add_column(overflow="fold")
        for entry in members:
            grid.add_row(entry.name, Text(entry.summary(lang)))
        parts += [indented(grid), Text()]
    return Group(*parts[:-1])


def values(x: Sequence[float], value: Sequence[float], slope: Sequence[float] | None, lang: str) -> Table:
    """A row for each input: x, value and slope to 10 significant digits."""
    grid = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style=HEAD)
    for title in ("x", say(lang, "picture.value"), *([say(lang, "picture.slope")] if slope is not None else [])):
        grid.add_column(title)
    for row in zip(x, value, *([slope] if slope is not None else []), strict=True):
        grid.add_row(*(f"{number:.10g}" for number in row))
    return grid


def fitted(
    columns: Mapping[str, int], words: Sequence[str], rows: Iterable[Mapping[str, str]], *, lang: str, width: int
) -> Table:
    """A table of rows keyed by column. columns: from which width of a terminal each is shown; words: not numbers."""
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style=HEAD, padding=(0, 1))
    keys = [key for key, needed in columns.items() if width >= needed]
    for key in keys:
        grid.add_column(say(lang, f"column.{key}"), justify="left" if key in words else "right", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(row[key]) for key in keys))
    return grid


def by_layer(part: str, name: str, sentences: Iterable[str], grid: Table, lang: str) -> Group:
    """What was seen of a model before training: title, sentences, the table of its layers and how to read it."""
    return Group(
        Text(f"{name}{say(lang, 'list.colon')}{say(lang, f'{part}.title')}", style="bold"),
        Text(),
        *map(Text, sentences),
        Text(),
        heading(say(lang, f"{part}.profile")),
        grid,
        Text(say(lang, f"{part}.legend"), style=DIM),
    )


def text_of(part: RenderableType, width: int = 80) -> str:
    """`part` as plain text without trailing blanks, for files and notebooks."""
    import io

    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None, highlight=False).print(part)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"
