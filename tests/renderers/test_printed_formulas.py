"""What is printed for people, read back by precedence alone, means what is computed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.renderers.formula_reader import read

from actlab.catalogue import ENTRIES, Entry
from actlab.language import OPERATIONS, Expr, constant, is_along_axis, join, symbol, tidy, where
from actlab.renderers import latex, plain_text
from actlab.testing.comparison import counted
from actlab.theory.evaluate import Array, along_rows, evaluate

X, A = symbol("x"), symbol("alpha")
PRINTERS = {"latex": (latex, True), "plain_text": (plain_text, False)}
_PARAMETERS = {"alpha": 1.7}
_ALONG_AXIS = [op for op, row in OPERATIONS.items() if row.along_axis and op != "block_total"]  # that one shortens
_CONDITIONS = ("lt", "le", "gt", "ge")


def evaluate_rows(expr: Expr, row: Array, names: dict[str, Any]) -> Array:
    """The formula's values: one for each place of the row, or as many as the formula makes of it."""
    if not is_along_axis(expr):
        return np.broadcast_to(evaluate(expr, row, names), row.shape)
    y = np.asarray(along_rows(expr, row, names))
    return y if y.size > 1 else np.broadcast_to(y, row.shape)


def _agree(printer: str, expr: Expr, row: tuple[float, ...], names: dict[str, float], index: str = "") -> int:
    write, is_latex = PRINTERS[printer]
    printed = write(expr, index)
    along = any(mark in printed for mark in ("_i", "_j", "_k", "ᵢ", "ⱼ", "ₖ"))
    direction = {} if "t" in names else {"t": row[::-1]}  # of a Jacobian along an axis; a parameter may be called t too
    truth = evaluate_rows(expr, np.array(row), {**names, **{key: np.array(part) for key, part in direction.items()}})
    meaning = read(printed, is_latex)
    compared = 0
    for i, expected in enumerate(truth):
        env = {**names, **direction, "x": row if along else row[i], "_i": i, "_j": 0, "_k": 0}
        found = meaning(env)
        if math.isnan(expected) or math.isnan(found):
            continue  # outside a domain, where powers and roots have no real value
        # six printed digits per constant
        assert math.isclose(found, expected, rel_tol=3e-4, abs_tol=3e-4), f"{printed} reads as {found}, not {expected}"
        compared += 1
    return compared


@pytest.mark.parametrize("printer", PRINTERS)
@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda e: e.name)
def test_a_printed_formula_reads_as_the_function_and_its_slope(entry: Entry, printer: str) -> None:
    """Value and tidied slope of every entry, printed and read back, give the numbers that are computed."""
    row = (-2.3, -0.7, 0.4, 1.9, 3.6, 0.9)
    names = entry.arguments({})
    compared = 0
    for expr in (entry.value, entry.slope, tidy(entry.slope)):
        index = "i" if entry.along_axis else ""
        compared += _agree(printer, expr, row, names, index)
    counted(compared, entry.name)


def _applied(op: str, operand: Expr) -> list[Expr]:
    """The operation with `operand` in each of its places, plain symbols in the others."""
    if op == "where":
        return [where(X > 0.5, operand, A), where(X > 0.5, A, operand), where(operand > 0.2, X, A)]
    if op == "bessel":
        return [Expr(op, (constant(n), operand)) for n in (0, 1)]
    arity = OPERATIONS[op].arity
    if arity == 1:
        return [Expr(op, (operand,))]
    if op == "power":
        return [operand ** constant(2), operand**A, A**operand]
    return [Expr(op, pair) for pair in ((operand, A), (A, operand), (operand, operand))]


def _rows(op: str, operand: Expr) -> list[Expr]:
    """The along-axis operation applied to a row."""
    if OPERATIONS[op].arity == 1:
        return [Expr(op, (operand,))]
    return [Expr(op, (constant(2), operand))] if op != "join" else [join(operand, X)]


# a straight-through step prints as its value, which the operation below it already does
_NUMBERS: list[str] = [
    op for op, row in OPERATIONS.items() if not row.along_axis and op not in (*_CONDITIONS, "straight")
]
_LEAVES: list[Callable[[], Expr]] = [lambda: X, lambda: constant(-1.5), lambda: constant(1 / 3), lambda: constant(2e-7)]


@pytest.mark.parametrize("printer", PRINTERS)
@pytest.mark.parametrize("outer", _NUMBERS)
def test_parentheses_stand_wherever_a_reader_needs_them(outer: str, printer: str) -> None:
    """Every operation inside every place of every other operation reads back with its value."""
    operands = [leaf() for leaf in _LEAVES] + [e for inner in _NUMBERS for e in _applied(inner, X)]
    compared = 0
    for operand in operands:
        for expr in _applied(outer, operand):
            compared += _agree(printer, expr, (0.7, -1.3, 2.1), _PARAMETERS)
    counted(compared, outer)


@pytest.mark.parametrize("printer", PRINTERS)
def test_sums_along_an_axis_reach_exactly_as_far_as_they_seem(printer: str) -> None:
    """Along-axis operations inside and around products, sums and quotients read back with their values."""
    compared = 0
    for op, other in itertools.product(_ALONG_AXIS, ("add", "sub", "mul", "div", "neg", "exp")):
        for expr in [
            *(e for row in _rows(op, X) for e in _applied(other, row)),
            *(row for e in _applied(other, X * A) for row in _rows(op, e)),
        ]:
            compared += _agree(printer, expr, (0.7, -1.3, 2.1, 0.2), _PARAMETERS, "i")
    counted(compared, printer)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda e: e.name)
def test_latex_is_balanced(entry: Entry) -> None:
    """Braces, \\left ... \\right and environments close in order, whatever the order of the derivative."""
    orders = (0, 1) if entry.along_axis else (0, 1, 2)
    for order in orders:
        text = latex(tidy(entry.slope if order == 1 else entry.derivative(order)), "i")
        depth = 0
        for letter in text.replace(r"\{", "").replace(r"\}", ""):
            depth += {"{": 1, "}": -1}.get(letter, 0)
            assert depth >= 0, text
        assert depth == 0, text
        assert text.count(r"\left") == text.count(r"\right") and text.count(r"\begin") == text.count(r"\end"), text
        assert "None" not in text and "Expr" not in text
