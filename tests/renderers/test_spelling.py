"""Every target spells every primitive, and the targets that compute, compute it."""

from __future__ import annotations

import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

import actlab.renderers
from actlab.catalogue import ENTRIES
from actlab.language import OPERATIONS, Expr, constant, exp, is_along_axis, sigmoid, symbol, where
from actlab.renderers import CannotSpell, function, numpy_reference, torch_eager, write
from actlab.renderers.infix import Style, write_infix
from actlab.renderers.spelling import Table
from actlab.testing import oracle
from actlab.testing.comparison import close, counted

X, A = symbol("x"), symbol("a")

TARGETS: dict[str, ModuleType] = {
    found.name: module
    for found in pkgutil.iter_modules(actlab.renderers.__path__)
    if hasattr(module := import_module(f"actlab.renderers.{found.name}"), "TABLE") or hasattr(module, "STYLE")
}


def _sheet(target: str) -> Table | Style:
    module = TARGETS[target]
    return module.TABLE if hasattr(module, "TABLE") else module.STYLE


def missing_cells(sheet: Table | Style) -> set[str]:
    """The primitives a target cannot spell; people's formulas write `where` as cases."""
    known = set(sheet.cells) | ({"where"} if isinstance(sheet, Style) else set[str]())
    return set(OPERATIONS) - known


def test_the_targets_of_the_design_exist() -> None:
    """At least two targets compute and at least two are for people."""
    sheets = [_sheet(name) for name in TARGETS]
    assert sum(isinstance(sheet, Table) for sheet in sheets) >= 2
    assert sum(isinstance(sheet, Style) for sheet in sheets) >= 2


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_spells_every_primitive(target: str) -> None:
    """A row of the operations table without a cell in a target's table is an unfinished primitive."""
    assert not missing_cells(_sheet(target)), f"add them to src/actlab/renderers/{target}.py"


@pytest.mark.parametrize("target", TARGETS)
def test_no_target_spells_what_does_not_exist(target: str) -> None:
    """A cell for an operation that nobody can write is dead text."""
    assert set(_sheet(target).cells) <= set(OPERATIONS)
    assert _sheet(target).target == target, "the name in an error message leads to the file"


@pytest.mark.parametrize("target", TARGETS)
def test_a_missing_cell_names_the_operation_and_the_file_to_edit(target: str) -> None:
    """CannotSpell tells a contributor exactly where to add one line."""
    sheet = _sheet(target)
    poorer: Any = replace(sheet, cells={name: cell for name, cell in sheet.cells.items() if name != "tanh"})
    with pytest.raises(CannotSpell, match=f"'tanh'.*src/actlab/renderers/{target}.py"):
        write_infix(poorer, Expr("tanh", (X,))) if isinstance(sheet, Style) else write(
            poorer, {"y": Expr("tanh", (X,))}
        )


@pytest.mark.parametrize("target", TARGETS)
def test_every_formula_of_the_catalogue_can_be_written(target: str) -> None:
    """Values and slopes of all entries can be spelled for every target."""
    sheet = _sheet(target)
    for entry in ENTRIES.values():
        for expr in (entry.value, entry.slope):
            made = write_infix(sheet, expr, "i") if isinstance(sheet, Style) else "\n".join(write(sheet, {"y": expr}))
            assert made and "Expr" not in made


def test_shared_parts_are_computed_once() -> None:
    """Value and slope that use the same exponential contain it once."""
    shared = exp(X * A)
    text = function(numpy_reference.TABLE, "f", ("x", "a"), {"y": shared + 1, "dy": A * shared})
    assert text.count("np.exp(") == 1
    assert text.startswith("def f(x, a):") and text.rstrip().endswith("return y, dy")


def _compiled(target: ModuleType, expr: Expr) -> Callable[..., Any]:
    space: dict[str, Any] = {}
    exec(target.PRELUDE, space)
    exec(function(target.TABLE, "formula", ("x", "a", "dim"), {"y": expr}), space)
    return space["formula"]


def _by_numpy(expr: Expr, x: list[float], a: float) -> list[float]:
    with np.errstate(all="ignore"):
        y = _compiled(numpy_reference, expr)(np.array(x), np.float64(a), -1)
    return [float(v) for v in (np.ravel(y) if is_along_axis(expr) else np.broadcast_to(y, (len(x),)))]


def _by_torch(expr: Expr, x: list[float], a: float) -> list[float]:
    y = _compiled(torch_eager, expr)(torch.tensor(x, dtype=torch.float64), torch.tensor(a, dtype=torch.float64), -1)
    return [float(v) for v in (y if is_along_axis(expr) else torch.as_tensor(y).expand(len(x)))]


RUNNERS: Mapping[str, Callable[[Expr, list[float], float], list[float]]] = {"numpy": _by_numpy, "torch": _by_torch}
_CONDITIONS = ("lt", "le", "gt", "ge")
_ROWS = [op for op, row in OPERATIONS.items() if row.along_axis]
_POINTS = [
    s * v for v in (1e-300, 1e-17, 1e-9, 3e-4, 0.2, 0.9, 1.0, 2.3, 5.7, 11.0, 36.4, 130.0, 700.0) for s in (1.0, -1.0)
]


def _nodes(op: str) -> list[Expr]:
    if op in _CONDITIONS:
        return [where(Expr(op, (X, A)), X, A)]
    if op == "where":
        return [where(X > A, X, A), where(X > A, constant(1), constant(0))]
    if op == "bessel":
        return [Expr(op, (constant(n), X)) for n in range(4)]
    if op == "power":
        return [X ** constant(3), X ** constant(-2), abs(X) ** A]
    return [Expr(op, (X,))] if OPERATIONS[op].arity == 1 else [Expr(op, (X, A)), Expr(op, (A, X))]


# how strongly a primitive's value reacts to the rounding inside it: digits that no spelling can keep
_CONDITION: dict[str, Callable[[float], float]] = {
    # sums of a series whose terms are of order 1, near a root; relative to the largest term
    "bessel": lambda x: 2e-15 * min(1.0, abs(x)),
}


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("op", [op for op in OPERATIONS if op not in _ROWS])
def test_a_spelled_primitive_computes_itself(op: str, runner: str) -> None:
    """In float64 every primitive agrees with the 60-digit oracle, near zero and in both tails."""
    for expr in _nodes(op):
        truth = [oracle.value(expr, x, {"a": 0.75}) for x in _POINTS]
        kept = [k for k, t in enumerate(truth) if oracle.mp.isfinite(t)]  # inside the primitive's domain
        x = [_POINTS[k] for k in kept]
        found = RUNNERS[runner](expr, _POINTS, 0.75)
        what = f"{runner}: {expr!r}"
        close([found[k] for k in kept], [truth[k] for k in kept], x, what, allowance=_CONDITION.get(op))


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("op", _ROWS)
def test_a_spelled_row_operation_computes_itself(op: str, runner: str) -> None:
    """Along-axis primitives agree with the oracle on ordinary, far-apart and masked rows."""
    compared = 0
    for row in ([0.3, -1.2, 2.4, 0.1], [700.0, -700.0, 3.0, 2.0], [0.5, -math.inf, 1.7, 0.2], [-math.inf, -math.inf]):
        for expr in _row_nodes(op):
            truth = oracle.row_value(expr, row)
            if not all(map(oracle.mp.isfinite, truth)) and op in ("mean", "rms", "unit"):
                continue  # an infinite score leaves no size to speak of
            found = RUNNERS[runner](expr, row, 0.0)
            compared += close(found, truth, range(len(truth)), f"{runner}: {expr!r} of {row}", absolute=1e-15)
    counted(compared, op)


def _row_nodes(op: str) -> list[Expr]:
    if OPERATIONS[op].arity == 1:
        return [Expr(op, (X,))]
    return [Expr(op, (X, -X))] if op == "join" else [Expr(op, (constant(n), X)) for n in (1, 2)]


@pytest.mark.parametrize("runner", RUNNERS)
def test_constants_keep_the_dtype_of_the_input(runner: str) -> None:
    """A where between two constants gives the input's dtype, not the language's default."""
    expr = where(X > 0, constant(1), constant(0)) + sigmoid(X) * 0
    assert RUNNERS[runner](expr, [1.0, -1.0], 0.0) == [1.0, 0.0]
    if runner == "torch":
        for dtype in (torch.float32, torch.float64):
            y = _compiled(torch_eager, expr)(torch.tensor([1.0, -1.0], dtype=dtype), torch.tensor(0.0, dtype=dtype), -1)
            assert y.dtype == dtype
