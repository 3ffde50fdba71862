"""Typed formulas: text to expression through a whitelist; nothing is ever evaluated as Python.

Python's own parser reads the text into a syntax tree (it runs nothing); every node kind that is not listed
here is refused by name.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from . import operations
from .expr import Expr, constant, symbol

LONGEST = 1000  # characters
DEEPEST = 40  # nested operations
LARGEST_EXPONENT = 64.0

_FUNCTIONS: dict[str, tuple[int, Callable[..., Expr]]] = {
    name: (operations.OPERATIONS[name].arity, getattr(operations, name))
    for name in (
        *("sqrt", "exp", "expm1", "log", "log1p", "sigmoid", "log_sigmoid", "softplus", "tanh", "erf", "Phi"),
        *(
            "phi",
            "sin",
            "cos",
            "atan",
            "asinh",
            "sinh",
            "cosh",
            "sech",
            "log_cosh",
            "sign",
            "maximum",
            "minimum",
            "hypot",
            "softsign",
            "where",
        ),
    )
} | {"abs": (1, abs), "sinc": (1, operations.sinc), "relu": (1, lambda a: operations.maximum(a, 0))}
_CONSTANTS = {"pi": 3.141592653589793, "e": 2.718281828459045}
_BINARY: dict[type[ast.operator], Callable[[Expr, Expr], Expr]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Expr, Expr], Expr]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}
_CONDITIONS = ("lt", "le", "gt", "ge")


def parse(text: str, names: Iterable[str] = ("x",)) -> Expr:
    """The expression written in `text`, e.g. "x*tanh(exp(x))".

    `names` are the symbols allowed (the input `x` and the parameters). `^` and `**` are powers with a number or
    a parameter as exponent. Raises ValueError with one sentence naming what is not understood.
    """
    if len(text) > LONGEST:
        raise ValueError(f"the formula has {len(text)} characters; the longest read is {LONGEST}")
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError(f"the formula {text!r} cannot be read: {getattr(error, 'msg', error)}") from None
    expr = _read(tree.body, frozenset(names), DEEPEST)
    if expr.op in _CONDITIONS:
        raise ValueError(f"the formula {text!r} is a comparison; write where({text}, a, b)")
    return expr


def _number(expr: Expr) -> Expr:
    if expr.op in _CONDITIONS:
        raise ValueError("a comparison can only stand as the first argument of where(condition, a, b)")
    return expr


def _read(node: ast.expr, names: frozenset[str], depth: int) -> Expr:
    if depth == 0:
        raise ValueError(f"the formula is nested deeper than {DEEPEST} operations")

    def operand(part: ast.expr) -> Expr:
        return _number(_read(part, names, depth - 1))

    match node:
        case ast.Constant(value=bool() | complex() | str() | bytes() | None):
            raise ValueError(f"{ast.unparse(node)} is not a real number")
        case ast.Constant(value=int() | float() as value):
            if abs(value) > 1e300:
                raise ValueError(f"the number {ast.unparse(node)[:24]} is larger than 1e300")
            return constant(value)
        case ast.Name(id=name) if name in names:
            return symbol(name)
        case ast.Name(id=name) if name in _CONSTANTS:
            return constant(_CONSTANTS[name])
        case ast.Name(id=name):
            raise ValueError(f"{name!r} is neither x, a parameter nor a known constant ({', '.join(_CONSTANTS)})")
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return -operand(part)
        case ast.UnaryOp(op=ast.UAdd(), operand=part):
            return operand(part)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            exponent = operand(right)
            if exponent.op == "constant" and abs(exponent.number) > LARGEST_EXPONENT:
                raise ValueError(f"the exponent {exponent.number:g} is larger than {LARGEST_EXPONENT:g}")
            if "x" in exponent.symbols:
                raise ValueError("the exponent depends on x; write exp(... * log(...)) where the base is positive")
            return operand(left) ** exponent
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](operand(left), operand(right))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            return _COMPARE[type(op)](operand(left), operand(right))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            arity, build = _FUNCTIONS[name]
            if len(args) != arity:
                raise ValueError(f"{name} takes {arity} argument{'s' * (arity > 1)}, not {len(args)}")
            if name == "where":
                condition = _read(args[0], names, depth - 1)
                if condition.op not in _CONDITIONS:
                    raise ValueError("where needs a comparison such as x > 0 as its first argument")
                return build(condition, *map(operand, args[1:]))
            return build(*map(operand, args))
        case ast.Call(func=ast.Name(id=name)):
            raise ValueError(f"{name!r} is not a function a formula can use; known: {', '.join(sorted(_FUNCTIONS))}")
        case _:
            raise ValueError(f"{ast.unparse(node)[:40]!r} ({type(node).__name__}) has no place in a formula")
