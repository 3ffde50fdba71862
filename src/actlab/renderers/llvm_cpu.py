"""LLVM text for the CPU: a formula as one pass over memory, a whole vector at a time, for any number of threads.

The text holds three functions. `blocks` computes one thread's share of the blocks of `LANES` elements; the last block,
if it is not full, goes through buffers on the stack and the same instructions. `part` finds out which share a thread
has. `run` calls `blocks` once, or asks OpenMP, whose functions it is handed as addresses, to call `part` on several
threads.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..language import Expr, walk
from . import vector_functions as f
from .spelling import CannotSpell
from .vector_lines import DOUBLE, SINGLE, Format, Lines, Mask, Vector, choose
from .vector_numbers import quarter_turns

LANES = 32  # two vectors of 512 bits: enough work in flight to hide the latency of a fused multiply-add


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
}


@dataclass(frozen=True)
class Plan:
    """What a kernel is asked to do.

    expr: the formula in `x` and `names`. dtype: of the input and the output. held: dtype of each of the tensors
    `names`. ends: (infinity, value there) where the formula's own arithmetic is not trusted. keeps_nan: whether that
    arithmetic hands a NaN on. wide: computed in double precision. along: multiplied by a further tensor of the same
    dtype, as a gradient is.
    """

    expr: Expr
    names: tuple[str, ...] = ()
    dtype: str = "float32"
    held: tuple[str, ...] = ()
    ends: tuple[tuple[float, float], ...] = ()
    keeps_nan: bool = False
    wide: bool = False
    along: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """The dtypes of the tensors that are read, `x` first and the gradient last."""
        return (self.dtype, *self.held, *((self.dtype,) if self.along else ()))


def _power(node: Expr, a: Any, b: Any) -> Vector:
    exponent = node.args[1]
    if exponent.op == "constant" and abs(exponent.number) <= 64 and 2 * exponent.number == int(2 * exponent.number):
        return f.whole_power(a, int(2 * exponent.number))
    if a.form is DOUBLE:
        raise CannotSpell("llvm_cpu has no power with this exponent in double precision; the torch text computes it")
    return f.general_power(a, b)


def _plainly(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda node, *operands: function(*operands)


CELLS: dict[str, Callable[..., Any]] = {
    "power": _power,
    **{
        name: _plainly(function)
        for name, function in {
            "add": lambda a, b: a + b,
            "sub": lambda a, b: a - b,
            "mul": lambda a, b: a * b,
            "div": lambda a, b: a / b,
            "neg": lambda a: -a,
            "abs": abs,
            "lt": lambda a, b: a < b,
            "le": lambda a, b: a <= b,
            "gt": lambda a, b: a > b,
            "ge": lambda a, b: a >= b,
            "where": choose,
            "log_sigmoid": lambda a: -f.softplus(-a),
            "tanh_slope": lambda a: 4.0 * f.sigmoid_slope(2.0 * a),
            "straight": lambda a, b: a,
            **{
                name: getattr(f, name)
                for name in (
                    *("damp", "hypot", "hypotm1", "ramp", "sign", "maximum", "minimum", "sqrt", "exp", "expm1", "log"),
                    *("log1p", "sigmoid", "sigmoid_slope", "softplus", "tanh", "sinh", "cosh", "sech", "log_cosh"),
                    *("softsign", "erf", "Phi", "phi", "sin", "cos", "atan", "asinh"),
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


def _written(expr: Expr, symbols: Mapping[str, Vector]) -> Vector:
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
        elif node.op in CELLS:
            made[node] = CELLS[node.op](node, *[made[arg] for arg in node.args])
        else:
            raise CannotSpell(f"llvm_cpu has no spelling for {node.op!r}; add one to src/actlab/renderers/llvm_cpu.py")
    return made[expr]


def _load(lines: Lines, element: Element, pointer: str) -> Vector:
    kind = lines.vector(element.kind)
    text = lines.let(f"load {kind}, ptr {pointer}, align {element.bytes}")
    form = element.form
    if element.kind == "i16":
        whole = lines.vector("i32")
        spread = lines.let(f"shl {whole} {lines.let(f'zext {kind} {text} to {whole}')}, splat (i32 16)")
        text = lines.let(f"bitcast {whole} {spread} to {lines.vector('float')}")
    elif element.kind == "half":
        text = lines.let(f"fpext {kind} {text} to {lines.vector('float')}")
    return Vector(lines, form, text)


def _narrowed(lines: Lines, element: Element, y: Vector) -> str:
    y = y.as_format(element.form)
    kind = lines.vector(element.kind)
    if element.kind == "half":
        return lines.let(f"fptrunc {y.kind} {y.text} to {kind}")
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


def _body(plan: Plan) -> list[str]:
    """The lines that turn one block at the pointers %p0, %p1 ... into one block at %q."""
    lines = Lines(LANES)
    element = ELEMENTS[plan.dtype]
    form = DOUBLE if plan.wide else element.form
    read = [_load(lines, ELEMENTS[dtype], f"%p{at}") for at, dtype in enumerate(plan.inputs)]
    symbols = {name: vector.as_format(form) for name, vector in zip(("x", *plan.names), read, strict=False)}
    x = symbols["x"]
    y = _written(plan.expr, symbols)
    for place, limit in plan.ends:
        y = choose(x.equals(place), limit, y)
    y = (y if plan.keeps_nan else choose(x.is_nan(), x, y)).as_format(element.form)
    if plan.along:
        y = read[-1] * y
    text = _narrowed(lines, element, y)
    return [*lines.lines, f"store {lines.vector(element.kind)} {text}, ptr %q, align {element.bytes}"]


def kernel_text(plan: Plan) -> str:
    """The LLVM module of a kernel, whose `run` takes (n, threads, inputs, output, steps, OpenMP's three functions).

    inputs: one address each; steps: for each input after the first the bytes from one block to the next, 0 for a
    block of `LANES` equal numbers that is read again and again. Raises CannotSpell.
    """
    body = _body(plan)
    inputs = [ELEMENTS[dtype] for dtype in plan.inputs]
    out = ELEMENTS[plan.dtype]
    count = len(inputs)
    # words of the record that `part` is handed: n, inputs, output, steps, thread_num, num_threads
    words = 1 + count + 1 + (count - 1) + 2
    steps = ["", *[f"%s{at}" for at in range(1, count)]]
    arguments = [
        *("i64 %n", "i32 %threads"),
        *[f"i64 %a{at}" for at in range(count)],
        "i64 %out",
        *[f"i64 %s{at}" for at in range(1, count)],
        *("i64 %parallel", "i64 %thread_num", "i64 %num_threads"),
    ]
    fields = ["%n", *[f"%a{at}" for at in range(count)], "%out", *steps[1:], "%thread_num", "%num_threads"]
    filled: list[str] = []
    for at, field in enumerate(fields):
        filled += [f"%w{at} = getelementptr i64, ptr %record, i64 {at}", f"store i64 {field}, ptr %w{at}"]
    unpacked: list[str] = []
    for at in range(words):
        unpacked += [f"%f{at} = getelementptr i64, ptr %record, i64 {at}", f"%g{at} = load i64, ptr %f{at}"]
    buffers = [f"%b{at} = alloca [{LANES} x {kind.kind}], align 64" for at, kind in enumerate([*inputs, out])]
    places: list[str] = []
    for at, kind in enumerate(inputs):
        step = f"mul i64 %block, {LANES * kind.bytes}" if at == 0 else f"mul i64 %block, %g{count + 1 + at}"
        places += [f"%o{at} = {step}", f"%i{at} = add i64 %g{1 + at}, %o{at}", f"%x{at} = inttoptr i64 %i{at} to ptr"]
    places += [
        f"%oo = mul i64 %block, {LANES * out.bytes}",
        f"%io = add i64 %g{1 + count}, %oo",
        "%xo = inttoptr i64 %io to ptr",
    ]
    into: list[str] = []
    for at, kind in enumerate(inputs):
        into += [f"%m{at} = mul i64 %left, {kind.bytes}", _copy(f"%b{at}", f"%x{at}", f"%m{at}")]
    chosen = [f"%p{at} = phi ptr [ %x{at}, %next ], [ %b{at}, %gather ]" for at in range(count)]
    lines = [
        f"define void @run({', '.join(arguments)}) #0 {{",
        "entry:",
        f"%record = alloca [{words} x i64], align 8",
        *filled,
        "%several = icmp sgt i32 %threads, 1",
        "br i1 %several, label %many, label %one",
        "many:",
        "%call = inttoptr i64 %parallel to ptr",
        "call void %call(ptr @part, ptr %record, i32 %threads, i32 0)",
        "ret void",
        "one:",
        "call void @blocks(ptr %record, i64 0, i64 1)",
        "ret void",
        "}",
        "define internal void @part(ptr %record) #0 {",
        f"%pt = getelementptr i64, ptr %record, i64 {words - 2}",
        "%at = load i64, ptr %pt",
        "%ft = inttoptr i64 %at to ptr",
        "%t = call i32 %ft()",
        f"%pn = getelementptr i64, ptr %record, i64 {words - 1}",
        "%an = load i64, ptr %pn",
        "%fn = inttoptr i64 %an to ptr",
        "%m = call i32 %fn()",
        "%t8 = sext i32 %t to i64",
        "%m8 = sext i32 %m to i64",
        "call void @blocks(ptr %record, i64 %t8, i64 %m8)",
        "ret void",
        "}",
        "define internal void @blocks(ptr %record, i64 %thread, i64 %team) #0 {",
        "entry:",
        *buffers,
        *unpacked,
        f"%up = add i64 %g0, {LANES - 1}",
        f"%all = udiv i64 %up, {LANES}",
        "%more = add i64 %all, %team",
        "%rest = sub i64 %more, 1",
        "%each = udiv i64 %rest, %team",
        "%first = mul i64 %thread, %each",
        "%end = add i64 %first, %each",
        "%short = icmp ult i64 %end, %all",
        "%last = select i1 %short, i64 %end, i64 %all",
        "%any = icmp ult i64 %first, %last",
        "br i1 %any, label %next, label %done",
        "next:",
        "%block = phi i64 [ %first, %entry ], [ %following, %again ]",
        f"%begin = mul i64 %block, {LANES}",
        "%left = sub i64 %g0, %begin",
        *places,
        f"%full = icmp uge i64 %left, {LANES}",
        "br i1 %full, label %compute, label %gather",
        "gather:",
        *into,
        "br label %compute",
        "compute:",
        *chosen,
        f"%q = phi ptr [ %xo, %next ], [ %b{count}, %gather ]",
        *body,
        "br i1 %full, label %again, label %scatter",
        "scatter:",
        f"%mo = mul i64 %left, {out.bytes}",
        _copy("%xo", f"%b{count}", "%mo"),
        "br label %again",
        "again:",
        "%following = add i64 %block, 1",
        "%going = icmp ult i64 %following, %last",
        "br i1 %going, label %next, label %done",
        "done:",
        "ret void",
        "}",
        "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)",
        *_declared(body),
        *_tables(body),
        'attributes #0 = { nounwind "prefer-vector-width"="512" "min-legal-vector-width"="512" }',
    ]
    return "\n".join(lines) + "\n"


def _copy(to: str, source: str, size: str) -> str:
    return f"call void @llvm.memcpy.p0.p0.i64(ptr {to}, ptr {source}, i64 {size}, i1 false)"


def _declared(body: list[str]) -> list[str]:
    """A declaration for every intrinsic that the lines call."""
    found: dict[str, str] = {}
    for line in body:
        if "@llvm.masked.gather" in line:
            kind, pointers, mask = f"<{LANES} x double>", f"<{LANES} x ptr>", f"<{LANES} x i1>"
            name = f"llvm.masked.gather.v{LANES}f64.v{LANES}p0"
            found[name] = f"declare {kind} @{name}({pointers}, i32, {mask}, {kind})"
        elif "@llvm." in line:
            kind, _, rest = line.partition(" = call ")[2].partition(" @")
            name, _, operands = rest.partition("(")
            found[name] = f"declare {kind} @{name}({', '.join([kind] * (operands.count(f'{kind} ')))})"
    return [found[name] for name in sorted(found)]


def _tables(body: list[str]) -> list[str]:
    """The tables that the lines look numbers up in."""
    if not any("@quarter_turns_first" in line for line in body):
        return []
    return [
        f"@quarter_turns_{name} = internal constant [{len(numbers)} x double] [{', '.join(map(_double, numbers))}]"
        for name, numbers in zip(("first", "second"), quarter_turns(), strict=True)
    ]


def _double(value: float) -> str:
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    return f"double 0x{bits:016X}"
