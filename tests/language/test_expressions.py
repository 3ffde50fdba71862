"""Expressions: immutable, interned, built with operators, and they refuse to be an `if`."""

from __future__ import annotations

import copy
import pickle

import pytest

from actlab.language import Expr, constant, exp, lift, maximum, substitute, symbol, tanh, walk, where

X, A = symbol("x"), symbol("a")


def test_equal_expressions_are_the_same_object() -> None:
    """Interning: equality is identity, so sharing costs nothing."""
    assert X * tanh(exp(X)) is X * tanh(exp(X))
    assert X + 1 is not 1 + X, "nothing is reordered"
    assert constant(0.0) is not constant(-0.0), "the sign of zero is kept"
    assert hash(X * 2) == hash(X * 2)


def test_an_expression_never_changes() -> None:
    """Assigning to a field is an AttributeError."""
    with pytest.raises(AttributeError, match="never changes"):
        X.op = "constant"


def test_copy_and_pickle_keep_identity() -> None:
    """Copies and unpickled expressions are the interned object itself."""
    expr = where(X > 0, X, A * exp(X))
    assert copy.copy(expr) is copy.deepcopy(expr) is pickle.loads(pickle.dumps(expr)) is expr


def test_truth_is_refused_with_advice() -> None:
    """`if x > 0` in a formula says to write where(...)."""
    with pytest.raises(TypeError, match="where"):
        bool(X > 0)
    with pytest.raises(TypeError, match="where"):
        max(X, A)  # pyright: ignore[reportArgumentType]  (Python's max asks for a truth value)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (X + 0, X),
        (0 + X, X),
        (X - 0, X),
        (0 - X, -X),
        (X * 1, X),
        (1 * X, X),
        (X * 0, constant(0)),
        (X / 1, X),
        (-(-X), X),  # noqa: B002
        (+X, X),
        (X**1, X),
        (X**0, constant(1)),
        (lift(2) + 3, constant(5)),
        (lift(2) ** 3, constant(8)),
        (3 - lift(1), constant(2)),
        (1 / lift(4), constant(0.25)),
        (X + (-A), X - A),
        (X - (-A), X + A),
        (-X * A, -(X * A)),
    ],
    ids=repr,
)
def test_neutral_elements_vanish_and_signs_move_outwards(made: Expr, expected: Expr) -> None:
    """Every simplification on building is exact."""
    assert made is expected


def test_a_quotient_by_zero_stays_in_the_formula() -> None:
    """Constants fold only to finite numbers; what has no value is left for IEEE rules to answer."""
    assert (lift(1) / 0).op == "div"
    assert (lift(1e200) ** 9).op == "power"


def test_formulas_hold_numbers_and_expressions_only() -> None:
    """Text, lists and None are a TypeError that names their type."""
    for wrong in ("2", [1.0], None):
        with pytest.raises(TypeError, match=type(wrong).__name__):
            X + wrong  # type: ignore[operator]
    with pytest.raises(TypeError, match="comparison"):
        where(X, 1.0, 0.0)


def test_symbols_are_collected() -> None:
    """Every node knows the symbols below it."""
    assert (X * A + exp(X)).symbols == {"x", "a"}
    assert constant(2).symbols == frozenset()


def test_walk_visits_operands_first_and_everything_once() -> None:
    """Shared parts are visited once, before the nodes that use them."""
    shared = exp(X)
    nodes = list(walk(shared * shared + shared))
    assert len(nodes) == len(set(nodes)) == 4
    assert all(nodes.index(arg) < nodes.index(node) for node in nodes for arg in node.args)


def test_a_deep_formula_does_not_exhaust_the_stack() -> None:
    """Walking and substituting work on formulas deeper than Python's recursion limit."""
    expr = X
    for _ in range(5000):
        expr = expr + A
    assert sum(1 for _ in walk(expr)) == 5002
    assert substitute(expr, {"a": 0.0}) is X


def test_substitution_replaces_symbols_by_numbers_and_expressions() -> None:
    """Neutral elements vanish again after a substitution; other symbols stay."""
    expr = where(X > A, X, A * X)
    assert substitute(expr, {"a": 1.0}).args == (X > 1, X, X)
    assert substitute(expr, {"a": 2 * A}) is where(X > 2 * A, X, 2 * A * X)
    assert substitute(maximum(X, A), {"b": 1.0}) is maximum(X, A)


def test_a_case_that_numbers_settle_is_no_case() -> None:
    """A comparison of two numbers, written so or left by a substitution, chooses its branch at once."""
    assert where(constant(1.0) > 0, X, A) is X
    assert substitute(where(A > 0, X, -X), {"a": 2.0}) is X
    assert substitute(where(A > 0, X, -X), {"a": -2.0}) is -X


def test_repr_reads_like_a_call() -> None:
    """Debugging output names operations and numbers."""
    assert repr(X * tanh(A) + 0.5) == "add(mul(x, tanh(a)), 0.5)"
