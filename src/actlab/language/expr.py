"""Expressions: immutable, interned trees of primitives that every target is written from.

Two equal expressions are the same object, so `is` compares formulas, hashing is free and a shared
subexpression is shared by construction.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias, Union
from weakref import WeakValueDictionary

Number: TypeAlias = Union[int, float]
Operand: TypeAlias = Union["Expr", int, float]

_interned: WeakValueDictionary[tuple[object, ...], Expr] = WeakValueDictionary()


class Expr:
    """One node: a symbol, a constant, or a primitive applied to expressions.

    `op` is "symbol", "constant" or the name of a row of `operations.OPERATIONS`; `args` are the operands;
    `name` is a symbol's name, `number` a constant's value.
    """

    __slots__ = ("op", "args", "name", "number", "symbols", "__weakref__")

    op: str
    args: tuple[Expr, ...]
    name: str
    number: float
    symbols: frozenset[str]

    def __new__(cls, op: str, args: tuple[Expr, ...] = (), name: str = "", number: float = 0.0) -> Expr:
        key = (op, tuple(map(id, args)), name, number, math.copysign(1.0, number))
        found = _interned.get(key)
        if found is not None:
            return found
        self = object.__new__(cls)
        own = frozenset((name,)) if op == "symbol" else frozenset[str]()
        free = own.union(*(arg.symbols for arg in args))
        for field, value in zip(cls.__slots__[:5], (op, args, name, number, free), strict=True):
            object.__setattr__(self, field, value)
        _interned[key] = self
        return self

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an Expr never changes; build a new one")

    def __reduce__(self) -> tuple[object, ...]:
        return Expr, (self.op, self.args, self.name, self.number)

    def __copy__(self) -> Expr:
        return self

    def __deepcopy__(self, memo: object) -> Expr:
        return self

    def __bool__(self) -> bool:
        raise TypeError("an expression has no truth value yet: write where(condition, a, b) instead of if")

    def __repr__(self) -> str:
        if self.op == "symbol":
            return self.name
        if self.op == "constant":
            return f"{self.number:g}"
        return f"{self.op}({', '.join(map(repr, self.args))})"

    # Arithmetic. Neutral elements vanish and signs move outwards, both exact; nothing is reordered.
    def __add__(self, other: Operand) -> Expr:
        return add(self, lift(other))

    def __radd__(self, other: Operand) -> Expr:
        return add(lift(other), self)

    def __sub__(self, other: Operand) -> Expr:
        return sub(self, lift(other))

    def __rsub__(self, other: Operand) -> Expr:
        return sub(lift(other), self)

    def __mul__(self, other: Operand) -> Expr:
        return mul(self, lift(other))

    def __rmul__(self, other: Operand) -> Expr:
        return mul(lift(other), self)

    def __truediv__(self, other: Operand) -> Expr:
        return div(self, lift(other))

    def __rtruediv__(self, other: Operand) -> Expr:
        return div(lift(other), self)

    def __neg__(self) -> Expr:
        return neg(self)

    def __pos__(self) -> Expr:
        return self

    def __pow__(self, exponent: Operand) -> Expr:
        return power(self, lift(exponent))

    def __rpow__(self, base: Operand) -> Expr:
        return power(lift(base), self)

    def __abs__(self) -> Expr:
        return Expr("abs", (self,))

    def __lt__(self, other: Operand) -> Expr:
        return Expr("lt", (self, lift(other)))

    def __le__(self, other: Operand) -> Expr:
        return Expr("le", (self, lift(other)))

    def __gt__(self, other: Operand) -> Expr:
        return Expr("gt", (self, lift(other)))

    def __ge__(self, other: Operand) -> Expr:
        return Expr("ge", (self, lift(other)))


def symbol(name: str) -> Expr:
    """A free variable: the input `x` or a parameter."""
    return Expr("symbol", name=name)


def constant(value: Number) -> Expr:
    """A real number; rendered in the input's dtype."""
    return Expr("constant", number=float(value))


def lift(value: Operand) -> Expr:
    """An expression from an expression or a Python number; anything else is a TypeError."""
    if isinstance(value, Expr):
        return value
    if isinstance(value, (int, float)):
        return constant(value)
    raise TypeError(f"a formula holds numbers and expressions, not {type(value).__name__}")


def is_number(expr: Expr, value: float) -> bool:
    """Whether `expr` is exactly this constant."""
    return expr.op == "constant" and expr.number == value


def _fold(op: str, compute: Callable[[float, float], float], a: Expr, b: Expr) -> Expr:
    """Constants are folded when the result is finite; infinities keep their place in the formula."""
    if a.op == b.op == "constant":
        try:
            result = compute(a.number, b.number)
        except (OverflowError, ZeroDivisionError):
            return Expr(op, (a, b))
        if isinstance(result, float) and math.isfinite(result):
            return constant(result)
    return Expr(op, (a, b))


def signs(*factors: Expr) -> tuple[int, tuple[Expr, ...]]:
    """The product of the signs written before the factors, and the factors without them."""
    negative = sum(factor.op == "neg" for factor in factors) % 2
    return -1 if negative else 1, tuple(f.args[0] if f.op == "neg" else f for f in factors)


def add(a: Expr, b: Expr) -> Expr:
    """a + b."""
    if is_number(a, 0.0):
        return b
    if is_number(b, 0.0):
        return a
    if b.op == "neg":
        return sub(a, b.args[0])
    return _fold("add", lambda p, q: p + q, a, b)


def sub(a: Expr, b: Expr) -> Expr:
    """a - b."""
    if is_number(b, 0.0):
        return a
    if is_number(a, 0.0):
        return neg(b)
    if b.op == "neg":
        return add(a, b.args[0])
    return _fold("sub", lambda p, q: p - q, a, b)


def mul(a: Expr, b: Expr) -> Expr:
    """a * b; a literal zero factor makes the product zero."""
    if is_number(a, 0.0) or is_number(b, 0.0):
        return constant(0.0)
    if is_number(a, 1.0):
        return b
    if is_number(b, 1.0):
        return a
    if a.op == "neg" or b.op == "neg":
        sign, (c, d) = signs(a, b)
        return neg(mul(c, d)) if sign < 0 else mul(c, d)
    return _fold("mul", lambda p, q: p * q, a, b)


def div(a: Expr, b: Expr) -> Expr:
    """a / b."""
    if is_number(b, 1.0):
        return a
    if is_number(a, 0.0):
        return a
    if a.op == "neg":
        return neg(div(a.args[0], b))
    return _fold("div", lambda p, q: p / q, a, b)


def neg(a: Expr) -> Expr:
    """-a."""
    if a.op == "constant":
        return constant(-a.number)
    return a.args[0] if a.op == "neg" else Expr("neg", (a,))


def power(base: Expr, exponent: Expr) -> Expr:
    """base ** exponent."""
    if is_number(exponent, 1.0):
        return base
    if is_number(exponent, 0.0):
        return constant(1.0)
    return _fold("power", lambda p, q: p**q, base, exponent)


_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


def choose(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    """`then` where the condition holds, else `otherwise`; one of them alone where numbers settle it."""
    a, b = condition.args
    if a.op == b.op == "constant":
        return then if _HOLDS[condition.op](a.number, b.number) else otherwise
    return Expr("where", (condition, then, otherwise))


REBUILD: Mapping[str, Callable[..., Expr]] = {
    "add": add,
    "sub": sub,
    "mul": mul,
    "div": div,
    "neg": neg,
    "power": power,
    "where": choose,
}


def rebuild(op: str, args: tuple[Expr, ...]) -> Expr:
    """The node `op(*args)` with neutral elements removed."""
    return REBUILD[op](*args) if op in REBUILD else Expr(op, args)


def walk(expr: Expr) -> Iterator[Expr]:
    """Every distinct node, operands before the nodes that use them."""
    seen: set[Expr] = set()
    stack: list[tuple[Expr, bool]] = [(expr, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((arg, False) for arg in reversed(node.args))


def substitute(expr: Expr, values: Mapping[str, Operand]) -> Expr:
    """`expr` with symbols replaced by numbers or expressions."""
    made: dict[Expr, Expr] = {}
    for node in walk(expr):
        if node.op == "symbol":
            made[node] = lift(values[node.name]) if node.name in values else node
        elif node.op == "constant":
            made[node] = node
        else:
            made[node] = rebuild(node.op, tuple(made[arg] for arg in node.args))
    return made[expr]
