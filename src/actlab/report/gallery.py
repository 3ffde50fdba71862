"""The gallery: one page for each entry and an index, in both languages, as files that need no server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..catalogue import Entry
from ..theory.formulas import mathml
from ..theory.nearness import Neighbour, neighbours
from . import files
from .accuracy_rows import Measured
from .curves import sample
from .line_drawing import curve_svg, spark_svg
from .numbers import number
from .property_rows import property_rows
from .rendering import render
from .sources import dated, linked
from .words import LANGUAGES, clauses, formula_labels, say, word

if TYPE_CHECKING:
    from ..theory import Properties

# entry -> its properties, and when to use it and when not
Told = Callable[[Entry], tuple["Properties", Mapping[str, Any]]]

# characters of MathML: of a formula that does not fit beside the picture, and of one that nobody reads unasked
_LONG, _ENDLESS = 3000, 15_000
_STYLES = ("style.css", "gallery.css")


@dataclass(frozen=True)
class _Shown:
    """What pages ask about an entry: its small picture, its nearest curves, and what stands beside it in the list."""

    spark: str
    near: tuple[Neighbour, ...]
    before: Entry | None
    after: Entry | None


def write_gallery(
    folder: str | Path,
    entries: Sequence[Entry],
    told: Told,
    measured: Measured = lambda entry, lang: (),
    on_page: Callable[[int, int], None] = lambda done, of: None,
) -> Path:
    """Write the gallery of these entries into `folder` and give back its index page.

    told: properties and usage of an entry. measured: further rows about its accuracy, none by default. on_page: told
    how many entries are done. Raises OSError where a file cannot be written.
    """
    home = Path(folder).expanduser()
    close = neighbours(entries)
    shown = {
        entry.name: _Shown(spark_svg(sample(entry)), close.get(entry.name, ()), before, after)
        for before, entry, after in zip([None, *entries], entries, [*entries[1:], None], strict=False)
    }
    for done, entry in enumerate(entries, start=1):
        properties, usage = told(entry)
        drawn = sample(entry)
        formulas = [mathml(entry, of) for of in ("value", "slope")]
        for lang in LANGUAGES:
            page = render(
                "gallery_entry.html",
                lang,
                entry.name,
                styles=_STYLES,
                other=_other(lang),
                shown=shown,
                this=shown[entry.name],
                entry=entry,
                formulas=list(zip(formula_labels(entry, lang), _spoken(formulas, lang), strict=True)),
                picture=curve_svg(drawn, lang),
                drawn=drawn,
                remark=drawn_as(entry, lang),
                long=max(map(len, formulas)) > _LONG,
                endless=_ENDLESS,
                origin=_origin(entry, lang),
                source=list(linked(entry.source)),
                parameters=list(_parameters(entry, lang)),
                rows=_rows(properties, lang),
                usage=usage,
                accuracy=list(measured(entry, lang)),
                same=[each for each in shown[entry.name].near if each.distance == 0],
                nearest=[(each, number(each.distance)) for each in shown[entry.name].near if each.distance > 0],
                family=[each for each in entries if each.family == entry.family and each is not entry],
                code=code(entry),
            )
            files.write(home / lang / f"{entry.name}.html", page)
        on_page(done, len(entries))
    for lang in LANGUAGES:
        files.write(home / lang / "index.html", _index(entries, shown, lang))
    return files.write(home / "index.html", render("gallery_door.html", "en", "actlab", styles=_STYLES))


def _index(entries: Sequence[Entry], shown: Mapping[str, _Shown], lang: str) -> str:
    families = [(family, list(members)) for family, members in groupby(entries, key=lambda entry: entry.family)]
    kinds = [(word(lang, "kind", kind), sum(e.kind == kind for e in entries)) for kind in _kinds(entries)]
    return render(
        "gallery_index.html",
        lang,
        say(lang, "gallery.title"),
        styles=_STYLES,
        other=_other(lang),
        families=families,
        kinds=kinds,
        shown=shown,
        count=len(entries),
    )


def _kinds(entries: Sequence[Entry]) -> list[str]:
    return list(dict.fromkeys(entry.kind for entry in entries))


def _other(lang: str) -> str:
    return next(each for each in LANGUAGES if each != lang)


def _origin(entry: Entry, lang: str) -> str:
    year = dated(entry.source)
    return (
        "" if year is None else say(lang, "gallery.proposed" if year.origin else "gallery.used_since", year=year.year)
    )


def drawn_as(entry: Entry, lang: str) -> str:
    """What a picture of one curve shows of an entry that is more than one curve."""
    told = [say(lang, "gallery.drawn.row")] if entry.along_axis else []
    told += [say(lang, f"gallery.drawn.{entry.kind}")] if entry.kind in ("gated", "random") else []
    return " ".join(told)


def _spoken(formulas: Sequence[str], lang: str) -> Iterator[str]:
    """The formulas with the words between their signs in the language of the page."""
    for formula in formulas:
        yield re.sub(r"<mtext>(if|otherwise)", lambda found: f"<mtext>{say(lang, f'formula.{found[1]}')}", formula)


def _rows(properties: Properties, lang: str) -> list[tuple[str, str]]:
    """The properties; parameters have a table of their own."""
    return [row for row in property_rows(properties, lang) if row[0] != say(lang, "property.parameters")]


def _parameters(entry: Entry, lang: str) -> Iterator[tuple[str, str, str, str]]:
    """(name, default, allowed set, what becomes of it) of everything that can be chosen."""
    for name, count in entry.counts.items():
        yield name, str(count.default), f"{count.low}, …, {count.high}", say(lang, "gallery.count")
    # what a draw lies between cannot be learned
    between = {bound for row in entry.parameters.values() if row.draw for bound in row.draw.bounds}
    for name, parameter in entry.parameters.items():
        if parameter.operand:
            continue
        if parameter.draw is not None:
            low, high = (*parameter.draw.bounds, "", "")[:2]
            yield name, "", "", say(lang, f"gallery.drawn.{parameter.draw.law}", low=low, high=high)
            continue
        bounds = ((">", parameter.above), ("≥", parameter.low), ("<", parameter.below), ("≤", parameter.high))
        allowed = clauses(lang, [f"{sign} {number(bound, 6)}" for sign, bound in bounds if bound is not None])
        role = "learned" if parameter.learned else "stays" if name in between else "fixed"
        yield name, number(parameter.default, 6), allowed or say(lang, "gallery.any"), say(lang, f"gallery.{role}")


# what creating or calling an entry of a kind asks for beside the input
_CREATED = {"gated": ', gate="first", layout="chunk"'}
_CALLED = {"gated": "gate, up", "along axis": "x, dim=-1", "random": "x, training=True"}


def code(entry: Entry) -> str:
    """How the entry is made and called, in five lines of Python."""
    lines = (
        "import actlab",
        "",
        f'layer = actlab.create("{entry.name}"{_CREATED.get(entry.kind, "")})',
        "y = layer(x)",
        f"y = actlab.functional.{entry.name}({_CALLED.get(entry.kind, 'x')})",
    )
    return "\n".join(lines)
