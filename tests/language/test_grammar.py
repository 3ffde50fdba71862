"""Typed formulas: read through a whitelist, never run."""

from __future__ import annotations

import string
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actlab.catalogue import ENTRIES
from actlab.language import Expr, constant, exp, parse, symbol, tanh, where
from actlab.language.expr import rebuild, walk
from actlab.language.grammar import DEEPEST, LONGEST

X, A = symbol("x"), symbol("alpha")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x*tanh(exp(x))", X * tanh(exp(X))),
        ("where(x > 0, x, alpha*x)", where(X > 0, X, A * X)),
        ("x^2 + 1", X**2 + 1),
        ("x**2", X**2),
        ("-x", -X),
        ("+x", X),
        (" 2 * x ", 2 * X),
        ("pi", constant(3.141592653589793)),
        ("abs(x)", abs(X)),
        ("x**alpha", X**A),
        ("1e-3", constant(0.001)),
    ],
)
def test_formulas_are_read(text: str, expected: Expr) -> None:
    """Operators, whitelisted functions, numbers, parameters and constants become the expression they spell."""
    assert parse(text, ("x", "alpha")) is expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("__import__('os').system('true')", "no place|not a function|not a real number"),
        ("x.__class__", "no place"),
        ("(lambda: 1)()", "no place"),
        ("[y for y in x]", "no place"),
        ("x if x > 0 else 0", "no place"),
        ("x and x", "no place"),
        ("f'{x}'", "no place"),
        ("open('f')", "not a function"),
        ("exp(x, base=2)", "not a function|no place"),
        ("exp(*x)", "no place"),
        ("tanh(x, x)", "takes 1 argument"),
        ("maximum(x)", "takes 2 arguments"),
        ("y + 1", "'y'"),
        ("x > 0", "where"),
        ("(x > 0) + 1", "where"),
        ("0 < x < 1", "no place"),
        ("where(x, 1, 0)", "comparison"),
        ("'text'", "not a real number"),
        ("True", "not a real number"),
        ("1j", "not a real number"),
        ("None", "not a real number"),
        ("x**x", "exponent"),
        ("x**1000", "exponent"),
        ("1e999", "1e300"),
        ("9" * 400, "1e300|cannot be read"),
        ("", "cannot be read"),
        ("x +", "cannot be read"),
        ("x\x00", "cannot be read"),
        ("x; x", "cannot be read"),
        ("-" * (DEEPEST + 1) + "x", "nested"),
        ("x" * (LONGEST + 1), "longest"),
    ],
    ids=range(31),
)
def test_everything_else_is_refused_in_one_sentence(text: str, said: str) -> None:
    """What is not on the whitelist, too long, too deep or no number raises ValueError that says so."""
    with pytest.raises(ValueError, match=said) as caught:
        parse(text)
    assert "\n" not in str(caught.value).strip()


def test_deep_parentheses_are_refused_not_crashed_on() -> None:
    """The parser's own limits surface as ValueError too."""
    for text in ("(" * 400 + "x" + ")" * 400, "exp(" * 190 + "x" + ")" * 190, "[" * 900, "-" * 990 + "x"):
        with pytest.raises(ValueError, match=r"nested|cannot be read"):
            parse(text)


_PIECES = st.sampled_from(
    [
        *"x+-*/()^,.<>=[]{}:'\"\\ \n\t0123456789eE_@!%&|~;",
        "exp",
        "where",
        "lambda",
        "__",
        "import",
        "os",
        "tanh",
        "x",
        "**",
    ]
)


@given(
    st.one_of(st.lists(_PIECES, max_size=30).map("".join), st.text(string.printable, max_size=60), st.text(max_size=40))
)
def test_random_text_gives_a_formula_or_a_value_error(text: str) -> None:
    """Whatever is typed, the answer is an expression of x or one ValueError; nothing else can come out."""
    import warnings

    before = set(sys.modules)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            read = parse(text)
        except ValueError:
            return
    assert isinstance(read, Expr) and read.symbols <= {"x"}
    assert set(sys.modules) == before, "reading a formula imports nothing"


def test_reading_a_formula_runs_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even text that names a function with an effect leaves no trace: it is parsed, never evaluated."""
    touched: list[str] = []
    monkeypatch.setattr("builtins.print", lambda *a: touched.append("print"))
    monkeypatch.setattr("os.system", lambda *a: touched.append("system"))
    for text in ("print(1)", "__import__('os').system('x')", "exp(print(1))", "[print(1) for i in (1,)]"):
        with pytest.raises(ValueError):
            parse(text)
    assert not touched


def _infix(expr: Expr) -> str:
    """The formula as text that the grammar reads; a stand-in for a user typing it."""
    signs = {"add": "+", "sub": "-", "mul": "*", "damp": "*", "div": "/", "power": "**"}
    signs |= {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}
    if expr.op == "symbol":
        return expr.name
    if expr.op == "constant":
        return repr(expr.number) if expr.number >= 0 else f"({expr.number!r})"
    inside = [_infix(arg) for arg in expr.args]
    if expr.op in signs:
        return f"({inside[0]} {signs[expr.op]} {inside[1]})"
    return f"(-{inside[0]})" if expr.op == "neg" else f"{expr.op}({', '.join(inside)})"


@pytest.mark.parametrize("entry", [e for e in ENTRIES.values() if not e.along_axis], ids=lambda e: e.name)
def test_formulas_of_the_catalogue_survive_being_typed(entry) -> None:  # type: ignore[no-untyped-def]
    """What the catalogue says in Python, a user can type, and reads back the same expression."""
    text = _infix(entry.value)
    special = ["characters"] * (len(text) > LONGEST)
    special += [name for name in ("bessel", "hypotm1", "ramp(", "sigmoid_slope", "straight", "inf") if name in text]
    if special:
        with pytest.raises(ValueError, match="|".join(name.rstrip("(") for name in special)):
            parse(text, ("x", *entry.parameters))
        return
    assert parse(text, ("x", *entry.parameters)) is _undamped(entry.value)


def _undamped(expr: Expr) -> Expr:
    """The same with plain products: a user cannot say which factor wins."""
    made: dict[Expr, Expr] = {}
    for node in walk(expr):
        made[node] = (
            rebuild("mul" if node.op == "damp" else node.op, tuple(made[a] for a in node.args)) if node.args else node
        )
    return made[expr]
