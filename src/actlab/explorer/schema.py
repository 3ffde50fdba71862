"""The form of the page's data, stated once: for Python as types, for the page as a TypeScript declaration.

`python -m actlab.explorer.schema` rewrites the declaration; a test fails when it is out of date.
"""

from __future__ import annotations

import sys
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypedDict, Union, get_args, get_origin, get_type_hints, is_typeddict

Lang = Literal["en", "zh"]
Kind = Literal["pointwise", "gated", "along axis", "random", "straight-through"]
Texts = dict[Lang, str]


class Parameter(TypedDict):
    """A number a reader can change: its default, the ends and the step of its slider, and what it is.

    Numbers from `low` to `high` are allowed and shown; `whole`: only whole ones. `learned`: training changes it.
    `drawn`: a random entry draws it in training, and the default is its mean. `floor` and `ceiling` are the ends of the
    allowed set, null where there is none; `open` tells whether they are excluded.
    """

    name: str
    default: float
    low: float
    high: float
    step: float
    whole: bool
    learned: bool
    drawn: bool
    floor: float | None
    ceiling: float | None
    open: tuple[bool, bool]


class Formulas(TypedDict):
    """An entry's formulas as MathML; empty where a formula is too long for anybody to read."""

    value: str
    slope: str


class Usage(TypedDict):
    """When an activation helps and when it hurts, as sentences."""

    good: list[str]
    bad: list[str]


class Entry(TypedDict):
    """One activation. Its functions are `actlabFunctions[name]`, which take `parameters` in this order.

    kinks: places where value or slope jumps; jumps: those where the value does; both at default parameters. ordered:
    pairs of parameters of which the first must not exceed the second. window: what to show first. properties: raw, to
    sort and filter by; rows: as people read them. where: libraries that have it. spark: the value at even places over
    the window, null where undefined. code: how it is written with actlab and torch. latex: of the value, empty where
    nobody could read it. remark: what one curve leaves out of a gated, random or along-axis entry.
    """

    name: str
    aliases: list[str]
    kind: Kind
    family: str
    year: int | None
    summary: Texts
    source: str
    parameters: list[Parameter]
    ordered: list[tuple[str, str]]
    mathml: Formulas
    latex: str
    code: str
    kinks: list[float]
    jumps: list[float]
    window: tuple[float, float]
    properties: dict[str, float | bool | str | None]
    rows: dict[Lang, list[tuple[str, str]]]
    where: list[str]
    spark: list[float | None]
    usage: dict[Lang, Usage]
    remark: Texts


class Choice(TypedDict):
    """One answer to a question of the guide; the id is empty for "no matter"."""

    id: str
    label: Texts


class Question(TypedDict):
    """One question of the guide: task, architecture or trouble, with its answers in reading order."""

    id: str
    choices: list[Choice]


class Place(TypedDict):
    """Where an activation may stand in a network, and what is asked about it there."""

    id: str
    label: Texts
    questions: list[Question]


class Advised(TypedDict):
    """One recommendation or warning, as `actlab.advise` gives it.

    strength: "first choice", "alternative" or "avoid". loss: the torch loss it goes with, else empty.
    """

    entries: list[str]
    strength: str
    reason: Texts
    source: str
    loss: str
    initialisation: Texts


class Guide(TypedDict):
    """The choice guide as data.

    answers: under the ids of the place and of the chosen answers, joined by "|", the recommendations as places in
    `advice`, the best first.
    """

    places: list[Place]
    advice: list[Advised]
    answers: dict[str, list[int]]


class Catalog(TypedDict):
    """Everything the page shows. labels: keys of `Entry.properties`, `family.<id>`, `kind.<id>`, words."""

    version: str
    labels: dict[Lang, dict[str, str]]
    entries: list[Entry]
    guide: Guide


class Packed(TypedDict):
    """How `Catalog` travels: the entries by columns, which compress to half.

    A column is a list with an item for each entry, or a record of columns. `rows` is a record by label, null where an
    entry has no such row; `spark` is left out, because the functions give it.
    """

    version: str
    labels: dict[Lang, dict[str, str]]
    columns: dict[str, Any]
    guide: Guide


_NAMED = {"Lang": Lang, "Kind": Kind}
_PLAIN = {str: "string", float: "number", int: "number", bool: "boolean", type(None): "null", Any: "unknown"}


def _literals(union: Any) -> str:
    return " | ".join(f'"{word}"' for word in get_args(union))


def _written(kind: Any) -> str:
    """A type as TypeScript writes it."""
    for name, union in _NAMED.items():
        if kind == union:
            return name
    if kind in _PLAIN:
        return _PLAIN[kind]
    if is_typeddict(kind):
        return kind.__name__
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return _literals(kind)
    if origin in (Union, types.UnionType):
        return " | ".join(dict.fromkeys(map(_written, inside)))
    if origin is list:
        text = _written(inside[0])
        return f"({text})[]" if "|" in text else f"{text}[]"
    if origin is tuple:
        return f"[{', '.join(map(_written, inside))}]"
    if origin is dict:
        return f"Record<{_written(inside[0])}, {_written(inside[1])}>"
    raise TypeError(f"{kind!r} has no TypeScript form in explorer/schema.py; use str, float, list, dict or a TypedDict")


def _reached(kind: Any) -> Iterator[Any]:
    """The records a type is made of, innermost first."""
    if is_typeddict(kind):
        for part in get_type_hints(kind).values():
            yield from _reached(part)
        yield kind
    for part in get_args(kind):
        yield from _reached(part)


def declaration() -> str:
    """The TypeScript declaration of `Catalog` and of the functions that are served beside it."""
    lines = ["// Generated by `python -m actlab.explorer.schema`; do not edit.", ""]
    lines += [f"export type {name} = {_literals(union)};" for name, union in _NAMED.items()]
    for record in dict.fromkeys((*_reached(Catalog), Packed)):
        told = textwrap.dedent(f"    {record.__doc__}").strip()
        comment = "\n".join(f" * {line}".rstrip() for line in told.splitlines())
        fields = [f"  {name}: {_written(kind)};" for name, kind in get_type_hints(record).items()]
        lines += ["", "/**", comment, " */", f"export interface {record.__name__} {{", *fields, "}"]
    lines += [
        "",
        "/** x, and the numbers of the entry's parameters in their order. */",
        "export type Numeric = (x: number, p: readonly number[]) => number;",
        "",
        "declare global {",
        "  /** name -> value, slope and curvature; NaN where undefined. */",
        "  var actlabFunctions: Record<string, readonly [value: Numeric, slope: Numeric, curvature: Numeric]>;",
        "  /** operation -> function of its operands; a condition gives true or false. */",
        "  var actlabOperations: Record<string, (...operands: number[]) => number | boolean>;",
        "}",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    place = Path(sys.argv[1] if len(sys.argv) > 1 else "explorer/src/types/catalog.d.ts")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(declaration(), encoding="utf-8")
