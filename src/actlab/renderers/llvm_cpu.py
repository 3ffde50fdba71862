"""LLVM text for the CPU: one formula on a block of elements, and how elements lie in memory.

Every operation is a cell of a table; `llvm_loops` writes the loops around the block.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..language import Expr, walk
from . import vector_circle as circle
from . import vector_functions as f
from .llvm_codes import Coding, decoded
from .spelling import CannotSpell
from .vector_lines import DOUBLE, SINGLE, Format, Lines, Mask, Vector, choose, fma


@dataclass(frozen=True)
class Element:
    """How a dtype lies in memory: LLVM type, bytes, and the arithmetic that computes it."""

    kind: str
    bytes: int
    form: Format


ELEMENTS: dict[str, Element] = {
    "float64": Element("double", 8, DOUBLE),
    "float32": Element("float", 4, SINGLE),
    "float16": Element("half", 2, SINGLE),
    "bfloat16": Element("i16", 2, SINGLE),
    "code": Element("i8", 1, SINGLE),
}


@dataclass(frozen=True)
class Part:
    """One result of a kernel: a formula in `x` and further symbols, and how it is made right.

    ends: (infinity, value there) where the formula's own arithmetic is not trusted. keeps_nan: whether that
    arithmetic hands a NaN on. wide: computed in double precision. summed: added up instead of stored. coding: how it is
    stored in one byte, if it is.
    """

    expr: Expr
    ends: tuple[tuple[float, float], ...] = ()
    keeps_nan: bool = False
    wide: bool = False
    summed: bool = False
    coding: Coding | None = None


def _power(node: Expr, a: Any, b: Any) -> Vector:
    exponent = node.args[1]
    if exponent.op == "constant" and abs(exponent.number) <= 64 and 2 * exponent.number == int(2 * exponent.number):
        return f.whole_power(a, int(2 * exponent.number))
    return f.general_power(a, b)


def _divided(node: Expr, a: Any, b: Any) -> Vector:
    by = node.args[1].number if node.args[1].op == "constant" else 3.0
    # by a power of two, or by infinity, a product is as exact as a quotient and ten times as fast
    if math.isinf(by) or (abs(math.frexp(by)[0]) == 0.5 and 2.0**-100 < abs(by) < 2.0**100):
        return a * (1.0 / by)
    return a / b


def _plainly(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda node, *operands: function(*operands)


CELLS: dict[str, Callable[..., Any]] = {
    "power": _power,
    "div": _divided,
    "bessel": lambda node, order, a: circle.bessel(int(node.args[0].number), a),
    **{
        name: _plainly(function)
        for name, function in {
            "add": lambda a, b: a + b,
            "sub": lambda a, b: a - b,
            "mul": lambda a, b: a * b,
            "neg": lambda a: -a,
            "abs": abs,
            "lt": lambda a, b: a < b,
            "le": lambda a, b: a <= b,
            "gt": lambda a, b: a > b,
            "ge": lambda a, b: a >= b,
            "where": choose,
            "log_sigmoid": lambda a: -f.softplus(-a),
            "straight": lambda a, b: a,
            "sin": circle.sin,
            "cos": circle.cos,
            **{
                name: getattr(f, name)
                for name in (
                    *("damp", "hypot", "hypotm1", "ramp", "sign", "maximum", "minimum", "sqrt", "exp", "expm1", "log"),
                    *("log1p", "sigmoid", "sigmoid_slope", "softplus", "tanh", "tanh_slope", "sinh", "cosh", "sech"),
                    *("log_cosh", "softsign", "erf", "Phi", "phi", "atan", "asinh"),
                )
            },
        }.items()
    },
}

# an operation on another, together shorter and more exact than one after the other
JOINED: dict[tuple[str, str], Callable[[Vector], Vector]] = {
    ("tanh", "softplus"): f.tanh_softplus,
    ("tanh_slope", "softplus"): f.tanh_slope_softplus,
}


def written(expr: Expr, symbols: Mapping[str, Vector]) -> Vector:
    """The formula as lines. Raises CannotSpell for an operation without a cell."""
    lead = symbols["x"]
    made: dict[Expr, Any] = {}
    for node in walk(expr):
        inner = node.args[0].op if node.args else ""
        if node.op == "symbol":
            made[node] = symbols[node.name]
        elif node.op == "constant":
            made[node] = lead.lift(node.number)
        elif (node.op, inner) in JOINED:
            made[node] = JOINED[node.op, inner](made[node.args[0].args[0]])
        elif node.op in ("add", "sub") and sum(arg.op == "mul" for arg in node.args) == 1:
            made[node] = _fused(node, made)
        elif node.op in CELLS:
            made[node] = CELLS[node.op](node, *[made[arg] for arg in node.args])
        else:
            raise CannotSpell(f"llvm_cpu has no spelling for {node.op!r}; add one to src/actlab/renderers/llvm_cpu.py")
    return made[expr]


def _fused(node: Expr, made: Mapping[Expr, Any]) -> Vector:
    """A product and what is added to it, rounded once."""
    first, second = node.args
    if first.op == "mul":
        a, b, c = made[first.args[0]], made[first.args[1]], made[second]
        return fma(a, b, c if node.op == "add" else -c)
    a, b, c = made[second.args[0]], made[second.args[1]], made[first]
    return fma(a if node.op == "add" else -a, b, c)


def loaded(lines: Lines, element: Element, pointer: str, way: str) -> Vector:
    """A block of elements: one after the other ("each"), one number for all ("same"), or every second one."""
    if way == "same":
        one = lines.let(f"load {element.kind}, ptr {pointer}, align {element.bytes}")
        first = lines.let(f"insertelement {lines.vector(element.kind)} poison, {element.kind} {one}, i64 0")
        text = _shuffled(lines, element, first, "poison", [0] * lines.lanes)
    elif way == "each":
        text = lines.let(f"load {lines.vector(element.kind)}, ptr {pointer}, align {element.bytes}")
    else:
        kind = lines.vector(element.kind)
        text = lines.let(f"load {kind}, ptr {pointer}, align {element.bytes}")
        behind = lines.let(f"getelementptr {kind}, ptr {pointer}, i64 1")
        second = lines.let(f"load {kind}, ptr {behind}, align {element.bytes}")
        places = range(0 if way == "even" else 1, 2 * lines.lanes, 2)
        text = _shuffled(lines, element, text, second, places)
    return _widened(lines, element, text)


def _shuffled(lines: Lines, element: Element, first: str, second: str, places: Iterable[int]) -> str:
    kind, mask = lines.vector(element.kind), ", ".join(f"i32 {place}" for place in places)
    return lines.let(f"shufflevector {kind} {first}, {kind} {second}, {lines.vector('i32')} <{mask}>")


def _widened(lines: Lines, element: Element, text: str) -> Vector:
    kind = lines.vector(element.kind)
    if element.kind == "i8":
        return decoded(lines, text)
    if element.kind == "i16":
        whole = lines.vector("i32")
        spread = lines.let(f"shl {whole} {lines.let(f'zext {kind} {text} to {whole}')}, splat (i32 16)")
        text = lines.let(f"bitcast {whole} {spread} to {lines.vector('float')}")
    elif element.kind == "half":
        text = lines.let(f"fpext {kind} {text} to {lines.vector('float')}")
    return Vector(lines, element.form, text)


def looked_up(lines: Lines, pointer: str, way: str, table: str) -> Vector:
    """For a block of 16-bit elements the numbers that a table of single precision has at their bits.

    Element by element: on Zen 4 the machine's own gather takes half as long again.
    """
    apart, start = {"each": (1, 0), "even": (2, 0), "odd": (2, 1), "same": (0, 0)}[way]
    kind = lines.vector("float")
    text = "poison"
    for lane in range(lines.lanes):
        place = lines.let(f"getelementptr i16, ptr {pointer}, i64 {start + lane * apart}")
        bits = lines.let(f"zext i16 {lines.let(f'load i16, ptr {place}, align 2')} to i64")
        entry = lines.let(f"getelementptr float, ptr {table}, i64 {bits}")
        number = lines.let(f"load float, ptr {entry}, align 4")
        text = lines.let(f"insertelement {kind} {text}, float {number}, i64 {lane}")
    return Vector(lines, SINGLE, text)


def narrowed(lines: Lines, element: Element, y: Vector) -> str:
    """The name of the block as it is stored, rounded to the element."""
    y = y.as_format(element.form)
    kind = lines.vector(element.kind)
    if element.kind == "half":
        return lines.let(f"fptrunc {y.kind} {y.text} to {kind}")
    if element.kind == "i8":
        return lines.let(f"fptoui {y.kind} {y.text} to {kind}")
    if element.kind != "i16":
        return y.text
    # to the nearest, ties to even, on the bits: the conversion instruction would flush subnormal numbers
    bits = y.bits()
    whole = lines.vector("i32")
    odd = lines.let(f"and {whole} {lines.let(f'lshr {whole} {bits.text}, splat (i32 16)')}, splat (i32 1)")
    up = lines.let(f"add {whole} {bits.text}, {lines.let(f'add {whole} {odd}, splat (i32 32767)')}")
    nan: Mask = y.is_nan()
    kept = lines.let(f"select {lines.vector('i1')} {nan.text}, {whole} splat (i32 2143289344), {whole} {up}")
    return lines.let(f"trunc {whole} {lines.let(f'lshr {whole} {kept}, splat (i32 16)')} to {kind}")
