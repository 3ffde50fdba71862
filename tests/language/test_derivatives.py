"""Each row of the derivative table against the limit of the primitive's value."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from actlab.language import (
    OPERATIONS,
    Expr,
    constant,
    derivative,
    join,
    nth_derivative,
    sin,
    straight,
    symbol,
    tidy,
    where,
)
from actlab.language.derivative import DERIVATIVES
from actlab.testing import oracle
from actlab.testing.comparison import counted
from actlab.theory.evaluate import along_rows, evaluate

X, A = symbol("x"), symbol("a")
_CONDITIONS = ("lt", "le", "gt", "ge")
# away from kinks and poles; positive where a domain asks for it
_POINTS = (-3.1, -1.7, -0.6, -0.21, 0.23, 0.58, 1.9, 3.3)
_POSITIVE = tuple(abs(x) for x in _POINTS)


def _inner(k: int) -> Expr:
    """Two smooth, differently moving operands, so that a forgotten chain rule shows."""
    return (X * 0.8 + 0.05 * X**2, 1.3 - 0.4 * X + 0.02 * X**3)[k]


def _uses(op: str) -> list[Expr]:
    """The primitive applied to operands that depend on x, one at a time and together."""
    arity = OPERATIONS[op].arity
    if op == "where":
        return [where(X > 0.1, _inner(0), _inner(1))]
    if op == "bessel":
        return [Expr(op, (constant(n), _inner(0))) for n in range(4)]
    if arity == 1:
        return [Expr(op, (X,)), Expr(op, (_inner(0),))]
    if op == "power":
        return [_inner(0) ** 3, _inner(0) ** A, A ** _inner(0)]
    return [Expr(op, pair) for pair in ((_inner(0), A), (A, _inner(0)), (_inner(0), _inner(1)))]


ELEMENTWISE = [op for op, row in OPERATIONS.items() if not row.along_axis and op != "straight"]
ALONG_AXIS = [op for op, row in OPERATIONS.items() if row.along_axis]


def _compare(expr: Expr, by: Expr, order: int = 1) -> int:
    """How many points agree; AssertionError at the first that does not."""
    compared = 0
    for x in _POINTS:
        exact = oracle.value(expr, x, {"a": 1.7})
        if oracle.mp.isnan(exact) or not oracle.mp.isfinite(exact):
            continue  # outside the primitive's domain
        truth = oracle.derivative(expr, x, order, {"a": 1.7})
        found = oracle.value(by, x, {"a": 1.7})
        # rows such as erf's hold constants rounded to float64, inside an exponential
        assert abs(found - truth) <= abs(truth) * oracle.mp.mpf("1e-14") + oracle.mp.mpf("1e-30"), (
            f"derivative {order} of {expr!r} at {x}: {oracle.mp.nstr(found, 15)}, not {oracle.mp.nstr(truth, 15)}"
        )
        compared += 1
    return counted(compared, repr(expr))


@pytest.mark.parametrize("op", ELEMENTWISE)
def test_a_derivative_row_is_the_limit_of_the_value(op: str) -> None:
    """First and second derivative of every primitive, evaluated at 60 digits, agree with differences of the value."""
    for expr in _uses(op):
        if op in _CONDITIONS:
            assert derivative(expr) is constant(0.0)
            continue
        _compare(expr, derivative(expr))
        _compare(expr, nth_derivative(expr, 2), order=2)


def _rowwise(op: str, inner: Expr) -> list[Expr]:
    if OPERATIONS[op].arity == 1:
        return [Expr(op, (inner,))]
    return [join(inner, X * X)] if op == "join" else [Expr(op, (constant(n), inner)) for n in (1, 2)]


@pytest.mark.parametrize("op", ALONG_AXIS)
def test_an_along_axis_row_is_the_jacobian(op: str) -> None:
    """The derivative in a direction, evaluated at 60 digits, is the Jacobian times that direction."""
    row, direction = (0.4, -1.3, 2.2, 0.9), 2
    for expr in (*_rowwise(op, X), *_rowwise(op, _inner(0))):
        truth = oracle.jacobian(expr, row)
        seeds = [float(k == direction) for k in range(len(row))]
        found = _jacobian_times(derivative(expr, seed=symbol("t")), row, seeds)
        found = found * len(truth) if len(found) == 1 else found  # the slope of a step is the number 0
        for value, exact in zip(found, truth, strict=True):
            assert abs(value - exact[direction]) < 1e-14
        counted(len(found), op)


def _jacobian_times(expr: Expr, row: tuple[float, ...], seeds: list[float]) -> list[float]:
    return [float(v) for v in np.ravel(along_rows(expr, np.array(row), {"t": np.array(seeds)}))]


def test_every_operation_is_covered_here() -> None:
    """No primitive escapes: the two tests above span the derivative table."""
    assert {*ELEMENTWISE, *ALONG_AXIS, "straight"} == set(DERIVATIVES) == set(OPERATIONS)


def test_a_straight_through_step_has_the_slope_of_its_stand_in() -> None:
    """The value is the step's; every derivative is the stand-in's."""
    step, gentle = where(X > 0, 1, -1), sin(X)
    assert derivative(straight(step, gentle)) is derivative(gentle)
    assert oracle.value(straight(step, gentle), 0.5) == 1


def test_a_where_differentiates_to_a_where() -> None:
    """The branch that is not taken cannot poison a slope: elu'(1000) is 1, not inf * 0."""
    expr = where(X > 0, X, Expr("expm1", (X,)))
    assert derivative(expr).op == "where"
    assert float(evaluate(derivative(expr), 1000.0)) == 1.0


def test_a_derivative_by_a_parameter_treats_x_as_constant() -> None:
    """d/da (a sin(x) + x^2) is sin(x)."""
    assert derivative(A * sin(X) + X**2, "a") is sin(X)


def test_order_zero_is_the_formula_itself() -> None:
    """nth_derivative(expr, 0) is expr."""
    assert nth_derivative(sin(X), 0) is sin(X)


@pytest.mark.parametrize("op", [op for op in ELEMENTWISE if op not in _CONDITIONS])
def test_tidying_keeps_the_value(op: str) -> None:
    """Formulas shortened for reading equal the formulas that run, at 60 digits, up to derivative 2."""
    compared = 0
    for expr, order in itertools.product(_uses(op), (0, 1, 2)):
        made = nth_derivative(expr, order)
        short = tidy(made)
        for x in _POINTS:
            exact = oracle.value(made, x, {"a": 1.7})
            if oracle.mp.isnan(exact):
                continue
            # tidy may write 1/6 for 0.1666..., so constants agree to double precision only
            error = abs(oracle.value(short, x, {"a": 1.7}) - exact)
            assert error <= abs(exact) * oracle.mp.mpf("1e-14") + oracle.mp.mpf("1e-15"), (made, short, x)
            compared += 1
    counted(compared, op)
