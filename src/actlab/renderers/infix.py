"""Formulas for people: infix text with as few parentheses as the reader needs.

A style gives each operation a template, how tightly the result binds, and how tightly each operand must bind to
stand without parentheses. Along an axis the input carries an index: i outside sums, j or k inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..language import Expr
from .spelling import CannotSpell

# how tightly things bind; what reaches over everything that follows it (a sum sign, a logarithm without parentheses)
# stands in a product only inside parentheses
LOOSE, SIGN, SUM, REACH, PRODUCT, FRACTION, POWER, ATOM = 0.0, 0.9, 1.0, 1.5, 2.0, 3.0, 4.0, 9.0


@dataclass(frozen=True)
class Cell:
    """How one operation is written: template, binding of the result, binding asked of each slot of the template.

    `slots` says which operand fills each slot and under which index ("" keeps the current one); without it the
    slots are the operands.
    """

    template: str | Callable[..., str]
    binds: float
    asks: tuple[float, ...]
    slots: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Style:
    """One way of writing for people."""

    target: str
    cells: Mapping[str, Cell]
    name: Callable[[str, str], str]
    constant: Callable[[float], tuple[str, float]]
    parentheses: str
    cases: Callable[[list[tuple[str, str | None]]], str]


def call(symbol: str, template: str = "{name}({{0}})") -> Cell:
    """A function written with its argument in parentheses."""
    return Cell(template.format(name=symbol), ATOM, (LOOSE,))


def write_infix(style: Style, expr: Expr, index: str = "") -> str:
    """The formula in this style; `index` is the subscript of along-axis input. Raises CannotSpell."""
    return _write(style, expr, index)[0]


def _write(style: Style, expr: Expr, index: str) -> tuple[str, float]:
    if expr.op == "symbol":
        return style.name(expr.name, index if expr.name in ("x", "t") else ""), ATOM
    if expr.op == "constant":
        return style.constant(expr.number)
    if expr.op == "where":
        return style.cases(_rows(style, expr, index)), SUM
    while expr.op == "add" and expr.args[1].op in _OPPOSITE:  # a + (b - c) reads a + b - c
        inner = expr.args[1]
        expr = Expr(inner.op, (Expr("add", (expr.args[0], inner.args[0])), inner.args[1]))
    if expr.op in _OPPOSITE and (rest := _unsigned(expr.args[1])) is not None:
        expr = Expr(_OPPOSITE[expr.op], (expr.args[0], rest))  # a - b c, not a + -b c
    cell = style.cells.get(expr.op)
    if cell is None:
        raise CannotSpell(
            f"{style.target} has no spelling for {expr.op!r}; add one to src/actlab/renderers/{style.target}.py"
        )
    slots = cell.slots or tuple((at, "") for at in range(len(expr.args)))
    operands: list[str] = []
    for (at, inner), asked in zip(slots, cell.asks, strict=True):
        text, binds = _write(style, expr.args[at], inner or index)
        operands.append(text if binds >= asked else style.parentheses.format(text))
    template = cell.template
    return (template.format(*operands) if isinstance(template, str) else template(*operands)), cell.binds


_OPPOSITE = {"add": "sub", "sub": "add"}


def _unsigned(expr: Expr) -> Expr | None:
    """The expression without the minus that it would start with; None if it starts with none."""
    if expr.op == "neg":
        return expr.args[0]
    if expr.op not in ("mul", "damp", "div"):
        return None
    first = _unsigned(expr.args[0])
    return None if first is None else Expr(expr.op, (first, expr.args[1]))


def _rows(style: Style, expr: Expr, index: str) -> list[tuple[str, str | None]]:
    rows: list[tuple[str, str | None]] = []
    while expr.op == "where":
        condition, then, expr = expr.args
        rows.append((_write(style, then, index)[0], _write(style, condition, index)[0]))
    rows.append((_write(style, expr, index)[0], None))
    return rows
