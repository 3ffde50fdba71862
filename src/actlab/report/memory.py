"""What is kept for the backward pass, told: sentences, a table, a picture of every mode, a page."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import files
from .numbers import number, share, shorten
from .pictures import PALETTE, Picture, writers
from .words import join, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Group

    from ..doctor.keeping import Memory, Saving

# the columns before those of the modes, and from which width of a terminal each is shown
COLUMNS = {"place": 0, "module": 76, "kept_by": 96}
WORDS = tuple(COLUMNS)
KINDS = 5  # kinds of modules that have a colour of their own in the picture
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def size(count: int) -> str:
    """A number of bytes as people read it."""
    at = next((at for at in range(len(UNITS)) if abs(count) < 1000 * 1024**at), len(UNITS) - 1)
    return f"{number(count / 1024**at)} {UNITS[at]}"


def sentence(found: Memory, lang: str) -> str:
    """What is kept and what would be saved, as one paragraph."""
    return (" " if lang == "en" else "").join(sentences(found, lang))


def sentences(found: Memory, lang: str) -> list[str]:
    """What is kept, and for each mode that keeps less what it wins and where."""
    about = say(
        lang,
        "memory.about",
        samples=found.samples,
        total=size(found.total()),
        share=share(found.activations / max(found.total(), 1)),
        parameters=size(found.parameters),
        input=size(found.input),
    )
    return [about, *(_advised(found, one, lang) for one in found.savings)] + [say(lang, "memory.nothing")] * (
        not found.savings
    )


def _advised(found: Memory, one: Saving, lang: str) -> str:
    places, left = shorten(one.places, 4)
    told = join(lang, places) + (say(lang, "list.more", count=left) if left else "")
    values = {"saved": size(one.bytes), "share": share(one.bytes / found.total())}
    return say(lang, f"memory.advice.{one.mode}", places=told, error=number(one.error, 2), **values)


def columns(found: Memory) -> dict[str, int]:
    """The columns of the table, and from which width of a terminal each is shown."""
    return {**COLUMNS, **dict.fromkeys(found.modes, 0)}


def rows(found: Memory, lang: str) -> list[dict[str, str]]:
    """One row for each module in forward order, and the total, keyed by column."""
    told = [
        {
            "place": layer.path,
            "module": layer.kind,
            "kept_by": join(lang, layer.functions),
            **{mode: size(count) for mode, count in layer.kept.items()},
        }
        for layer in found.rows
    ]
    total = {mode: size(found.total(mode)) for mode in found.modes}
    return [*told, {"place": say(lang, "memory.total"), "module": "", "kept_by": "", **total}]


def text(found: Memory, lang: str, width: int) -> str:
    """The account as lines of at most `width` columns."""
    from .terminal import text_of

    return text_of(terminal(found, lang, width), width)


def terminal(found: Memory, lang: str, width: int) -> Group:
    """The account for a terminal: sentences, then the table."""
    from .terminal import by_layer, fitted

    grid = fitted(columns(found), WORDS, rows(found, lang), lang=lang, width=width)
    return by_layer("memory", found.name, sentences(found, lang), grid, lang)


def picture(found: Memory, lang: str) -> Picture:
    """A bar for each mode, made of what each layer keeps, coloured by the kind of module."""
    by_kind: Counter[str] = Counter()
    for layer in found.rows:
        by_kind[layer.kind] += layer.kept["plain"]
    coloured = [kind for kind, _ in by_kind.most_common(KINDS)]
    unit = max(found.total(mode) for mode in found.modes)
    scale = next((at for at in range(len(UNITS)) if unit < 1000 * 1024**at), len(UNITS) - 1)

    def draw(figure: Figure, words: str) -> None:
        axes: Any = figure.subplots()
        named: dict[int, Any] = {}
        for at, mode in enumerate(found.modes):
            left = 0.0
            for layer in found.rows:
                colour = coloured.index(layer.kind) if layer.kind in coloured else KINDS
                height = layer.kept[mode] / 1024**scale
                bar = axes.barh(at, height, left=left, color=PALETTE[colour], edgecolor="white", linewidth=0.6)
                named.setdefault(colour, bar)
                left += height
        axes.set_yticks(range(len(found.modes)), [say(words, f"column.{mode}") for mode in found.modes])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(UNITS[scale])
        names = [*coloured, *[say(words, "memory.others")] * (KINDS in named)]
        shown = [(named[colour], names[colour]) for colour in sorted(named)]
        figure.legend(*zip(*shown, strict=True), loc="outside lower center", ncols=3)

    return Picture(draw, (6.8, 3.6), say(lang, "picture.alt.memory"), lang)


def page(found: Memory, lang: str) -> str:
    """A page of its own: sentences, picture, table."""
    from .rendering import render

    return render(
        "by_layer.html",
        lang,
        f"{found.name} · {say(lang, 'memory.title')}",
        found=found,
        sentences=sentences(found, lang),
        part="memory",
        picture=picture(found, lang),
        rows=rows(found, lang),
        columns=columns(found),
        words=WORDS,
    )


WRITERS = writers(page, picture)


def save(found: Memory, path: str | Path, lang: str) -> Path:
    """Write the account in the way the path's ending says. Raises ValueError for an ending that is not known."""
    return files.save(path, WRITERS, found, lang)
