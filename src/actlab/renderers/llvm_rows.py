"""LLVM text for the CPU: an along-axis formula as passes over one row at a time, which stays in the nearest cache.

Each pass is a function of its own; what it sums up goes into a few doubles that later passes read. Lanes are added in
fours, then in double precision, each by itself, then two by two, so that a row's result depends on nothing but the
row. The last block of a row, if it is not full, lies in a buffer; lanes behind the end are left out of every sum.
`call` is that of `llvm_loops`.
"""

from __future__ import annotations

from collections.abc import Iterable

from . import vector_functions as f
from .llvm_cpu import ELEMENTS, narrowed
from .llvm_module import API, ATTRIBUTES, declared, entrance, tables
from .row_lines import LANES, RowPlan, Writer
from .row_passes import Row
from .vector_lines import DOUBLE, SINGLE, Lines, Mask, Vector, choose

SHORT = 4096  # elements of a row for which what is kept of it lies on the stack
_STEPS = 100  # of Newton's method, which needs 3 to 12; each is nearer, so that they end by themselves
_BITS = f"<{LANES} x i1>"
_SUM = "<8 x double>"  # lanes are added in fours, then in double precision; a vector of the widest kind


def _higher(name: str, kind: str, a: str, b: str) -> list[str]:
    """The larger of a and b where both are numbers."""
    bits = f"{kind.partition(' ')[0]} x i1>"
    return [f"{name}m = fcmp ogt {kind} {a}, {b}", f"{name} = select {bits} {name}m, {kind} {a}, {kind} {b}"]


def _halved(name: str, real: str, widths: Iterable[int], largest: bool = False) -> list[str]:
    """%<name> with its lanes added two by two (or the larger of two): %<name>c16, %<name>c8 ... for these widths."""
    lines: list[str] = []
    text = f"%{name}"
    for half in widths:
        kind, less = f"<{2 * half} x {real}>", f"<{half} x {real}>"
        for side, start in (("a", 0), ("b", half)):
            mask = ", ".join(f"i32 {lane}" for lane in range(start, start + half))
            lines.append(f"%{name}{side}{half} = shufflevector {kind} {text}, {kind} poison, <{half} x i32> <{mask}>")
        a, b, text = f"%{name}a{half}", f"%{name}b{half}", f"%{name}c{half}"
        lines += _higher(text, less, a, b) if largest else [f"{text} = fadd {less} {a}, {b}"]
    return lines


def _added(name: str, inside: str, v: Vector, to: str = "n") -> list[str]:
    """%<name>n: the sums of %<name> and of the lanes that take part."""
    return [
        f"%{name}k = select {_BITS} {inside}, {v.kind} {v.text}, {v.kind} zeroinitializer",
        *_halved(f"{name}k", "float", (16, 8)),
        f"%{name}w = fpext <8 x float> %{name}kc8 to {_SUM}",
        f"%{name}{to} = fadd {_SUM} %{name}, %{name}w",
    ]


def _summed(name: str) -> list[str]:
    """%<name>r: all lanes of a sum."""
    return [*_halved(name, "double", (4, 2, 1)), f"%{name}r = extractelement <1 x double> %{name}c1, i64 0"]


def _within() -> list[str]:
    """%within: the lanes that are part of the row."""
    return [
        "%few = trunc i64 %left to i32",
        f"%least = and i32 %few, {LANES - 1}",
        "%beyond = shl i32 1, %least",
        "%lower = sub i32 %beyond, 1",
        "%taking = select i1 %full, i32 -1, i32 %lower",
        f"%within = bitcast i32 %taking to {_BITS}",
    ]


def _arguments(plan: RowPlan) -> str:
    pointers = [f"{kind}{at}" for at in range(len(plan.names)) for kind in ("row", "end")]
    return ", ".join(
        ["i64 %n", "i64 %padded", "ptr %given", "ptr %ones", "ptr %kept", *[f"ptr %{name}" for name in pointers]]
    )


def _blocks(plan: RowPlan, before: str, carried: dict[str, tuple[str, str]], after: str) -> list[str]:
    """The start of a loop over the blocks of a row: %left, %begin and the pointers %p0, %p1 ..."""
    lines = [
        "next:",
        f"%begin = phi i64 [ 0, %{before} ], [ %following, %{after} ]",
        *[
            f"%{name} = phi {kind} [ {start}, %{before} ], [ %{name}n, %{after} ]"
            for name, (kind, start) in carried.items()
        ],
        "%left = sub i64 %n, %begin",
        f"%full = icmp uge i64 %left, {LANES}",
    ]
    element = ELEMENTS[plan.dtype]
    for at in range(len(plan.names)):
        lines += [
            f"%in{at} = getelementptr {element.kind}, ptr %row{at}, i64 %begin",
            f"%p{at} = select i1 %full, ptr %in{at}, ptr %end{at}",
        ]
    return lines


_AGAIN = [f"%following = add i64 %begin, {LANES}", "%going = icmp ult i64 %following, %n"]


def _stored(slot: int, value: str) -> list[str]:
    return [f"%slot{slot} = getelementptr double, ptr %ones, i64 {slot}", f"store double {value}, ptr %slot{slot}"]


def _summing(plan: RowPlan, writer: Writer) -> list[str]:
    """A pass that sums up."""
    carried: dict[str, tuple[str, str]] = {}
    ends: list[str] = []
    steps: list[str] = []
    for at, node in enumerate(writer.now.makes):
        name, slot = f"acc{at}", writer.slots[node]
        v = writer.place(node.args[0])
        if node.op == "total":
            carried[name] = (_SUM, "zeroinitializer")
            steps += _added(name, "%within", v)
            ends += [*_summed(f"{name}n"), *_stored(slot, f"%{name}nr")]
            continue
        lowest = "splat (float 0xFFF0000000000000)"
        carried |= {name: (v.kind, lowest), f"{name}u": (_BITS, "zeroinitializer")}
        steps += [
            f"%{name}k = select {_BITS} %within, {v.kind} {v.text}, {v.kind} {lowest}",
            *_higher(f"%{name}n", v.kind, f"%{name}", f"%{name}k"),
            f"%{name}x = fcmp uno {v.kind} %{name}k, %{name}k",
            f"%{name}un = or {_BITS} %{name}u, %{name}x",
        ]
        ends += [
            *_halved(f"{name}n", "float", (16, 8, 4, 2, 1), largest=True),
            f"%{name}r = extractelement <1 x float> %{name}nc1, i64 0",
            f"%{name}d = fpext float %{name}r to double",
            f"%{name}no = call i1 @llvm.vector.reduce.or.v{LANES}i1({_BITS} %{name}un)",
            f"%{name}t = select i1 %{name}no, double 0x7FF8000000000000, double %{name}d",
            *_stored(slot, f"%{name}t"),
        ]
    return [
        *writer.head.lines,
        "br label %next",
        *_blocks(plan, "entry", carried, "next"),
        *writer.body.lines,
        *writer.stores,
        *_within(),
        *steps,
        *_AGAIN,
        "br i1 %going, label %next, label %done",
        "done:",
        *ends,
        "ret void",
    ]


def _powers(p: float, u: Vector, inside: Mask) -> tuple[Vector, Vector]:
    """(u^p, u^(p - 1)) where u is above 0, else 0."""
    zero = u.lift(0.0)
    over = choose(inside, u, zero)
    if p == 1.0:
        return over, choose(inside, u.lift(1.0), zero)
    if 2 * p == int(2 * p) and p <= 64:
        weight = f.whole_power(over, int(2 * p) - 2)
    else:  # of the parts of a sum that is 1: what a small part loses relative to itself does not count
        weight = choose(inside, f.exp(f.log(choose(inside, u, 1.0)) * (p - 1)), zero)
    return weight * over, weight


def _solving(plan: RowPlan, writer: Writer) -> list[str]:
    """A pass that finds the t with total(max(a - t, 0)^p) = 1, by Newton's method on the p-norm from top - 1.

    The norm is convex, so each step comes nearer from the left until rounding stops it; what the last step would be is
    the slack, which the level cannot hold.
    """
    node = writer.now.makes[0]
    p = node.args[0].number
    below = writer.place(node.args[1])
    at = Vector(writer.body, SINGLE, "%level")
    u = below - at
    inside = u > 0.0
    shown = len(writer.body.lines)
    powers, weights = _powers(p, u, inside)
    step = Lines(1, "r")
    whole, weight = Vector(step, DOUBLE, "%sum1"), Vector(step, DOUBLE, "%weight1")
    # (|u| - 1) over the slope of the norm |u| = whole^(1/p), both times whole^(1 - 1/p)
    known = {1.0: lambda: whole.lift(1.0), 2.0: lambda: whole.called("sqrt")}
    moved = (whole - known.get(p, lambda: f.exp(f.log(whole) * (1 - 1 / p)))()) / weight
    there = (Vector(step, DOUBLE, "%at1") + moved).as_format(SINGLE)
    many = f"<{LANES} x i32> zeroinitializer"
    return [
        *writer.head.lines,
        "br label %iterate",
        "iterate:",
        "%t = phi float [ -1.0, %entry ], [ %nearer, %done ]",
        "%step = phi i32 [ 0, %entry ], [ %stepped, %done ]",
        "%t1 = insertelement <1 x float> poison, float %t, i64 0",
        f"%level = shufflevector <1 x float> %t1, <1 x float> poison, {many}",
        "br label %next",
        *_blocks(plan, "iterate", dict.fromkeys(("sum", "weight"), (_SUM, "zeroinitializer")), "ready"),
        *writer.body.lines[:shown],
        *_within(),
        f"%taken = and {_BITS} {inside.text}, %within",
        f"%some = call i1 @llvm.vector.reduce.or.v{LANES}i1({_BITS} %taken)",
        "br i1 %some, label %work, label %ready",
        "work:",
        *writer.body.lines[shown:],
        *_added("sum", "%taken", powers, "x"),
        *_added("weight", "%taken", weights, "x"),
        "br label %ready",
        "ready:",
        f"%sumn = phi {_SUM} [ %sum, %next ], [ %sumx, %work ]",
        f"%weightn = phi {_SUM} [ %weight, %next ], [ %weightx, %work ]",
        *_AGAIN,
        "br i1 %going, label %next, label %done",
        "done:",
        *_summed("sumn"),
        *_summed("weightn"),
        "%sum1 = insertelement <1 x double> poison, double %sumnr, i64 0",
        "%weight1 = insertelement <1 x double> poison, double %weightnr, i64 0",
        "%at1 = fpext <1 x float> %t1 to <1 x double>",
        *step.lines,
        f"%nearer = extractelement <1 x float> {there.text}, i64 0",
        "%higher = fcmp ogt float %nearer, %t",
        "%stepped = add i32 %step, 1",
        f"%going_on = icmp ult i32 %stepped, {_STEPS}",
        "%on = and i1 %higher, %going_on",
        "br i1 %on, label %iterate, label %found",
        "found:",
        "%told = fpext float %t to double",
        *_stored(writer.slots[node], "%told"),
        f"%rest = extractelement <1 x double> {moved.text}, i64 0",
        *_stored(writer.slots[node] + 1, "%rest"),
        "ret void",
    ]


def _writing(plan: RowPlan, writer: Writer) -> list[str]:
    """The last pass, which writes the result."""
    element = ELEMENTS[plan.dtype]
    text = narrowed(writer.body, element, writer.place(writer.now.makes[0]))
    return [
        *writer.head.lines,
        "br label %next",
        *_blocks(plan, "entry", {}, "next"),
        f"%out = getelementptr {element.kind}, ptr %result, i64 %begin",
        "%q = select i1 %full, ptr %out, ptr %last",
        *writer.body.lines,
        *writer.stores,
        f"store {writer.body.vector(element.kind)} {text}, ptr %q, align {element.bytes}",
        *_AGAIN,
        "br i1 %going, label %next, label %done",
        "done:",
        "ret void",
    ]


def _pass(plan: RowPlan, row: Row, at: int) -> list[str]:
    now = row.passes[at]
    final = at == len(row.passes) - 1
    write = _writing if final else _solving if now.solves else _summing
    more = ", ptr %result, ptr %last" if final else ""
    return [
        f"define internal void @pass{at}({_arguments(plan)}{more}) #0 {{",
        "entry:",
        "%long = uitofp i64 %n to double",
        *write(plan, Writer(plan, row, now)),
        "}",
    ]


def _copied(to: str, source: str) -> str:
    return f"call void @llvm.memcpy.p0.p0.i64(ptr {to}, ptr {source}, i64 %behind, i1 false)"


def _share(plan: RowPlan, row: Row) -> list[str]:
    """One thread's rows: the ends of inputs brought into buffers, the passes, the end of the result brought back."""
    element = ELEMENTS[plan.dtype]
    words = ["n", "rows", *[f"a{at}" for at in range(len(plan.names))], "to", "aside", "sums", "known"]
    read = [
        line
        for at, word in enumerate(words)
        for line in (f"%f{at} = getelementptr i64, ptr %record, i64 {at}", f"%{word} = load i64, ptr %f{at}")
    ]
    starts: list[str] = []
    gathered: list[str] = []
    for at in range(len(plan.names)):
        starts += [f"%u{at} = add i64 %a{at}, %along", f"%row{at} = inttoptr i64 %u{at} to ptr"]
        gathered += [f"%v{at} = getelementptr i8, ptr %row{at}, i64 %before", _copied(f"%end{at}", f"%v{at}")]
    final = len(row.passes) - 1
    calls = [
        f"call void @pass{at}({_arguments(plan)}{', ptr %result, ptr %last' if at == final else ''})"
        for at in range(final + 1)
    ]
    block = f"[{LANES} x {element.kind}]"
    return [
        "define internal void @share(ptr %record, i64 %thread, i64 %team) #0 {",
        "entry:",
        f"%own = alloca [{max(1, len(row.sums))} x double], align 64",
        *[f"%end{at} = alloca {block}, align 64" for at in range(len(plan.names))],
        f"%last = alloca {block}, align 64",
        f"%near = alloca [{max(1, len(row.kept)) * SHORT} x float], align 64",
        *[f"store {block} zeroinitializer, ptr %end{at}" for at in range(len(plan.names))],
        *read,
        f"%up = add i64 %n, {LANES - 1}",
        f"%padded = and i64 %up, {-LANES}",
        f"%wide = mul i64 %padded, {4 * len(row.kept)}",
        "%skipped = mul i64 %wide, %thread",
        "%mine = add i64 %aside, %skipped",
        "%lent = inttoptr i64 %mine to ptr",
        f"%short = icmp ule i64 %n, {SHORT}",
        "%kept = select i1 %short, ptr %near, ptr %lent",
        "%wanted = icmp ne i64 %sums, 0",
        f"%odd = and i64 %n, {LANES - 1}",
        "%even = icmp eq i64 %odd, 0",
        f"%behind = mul i64 %odd, {element.bytes}",
        f"%length = mul i64 %n, {element.bytes}",
        "%before = sub i64 %length, %behind",
        "%rest = add i64 %rows, %team",
        "%sooner = sub i64 %rest, 1",
        "%each = udiv i64 %sooner, %team",
        "%first = mul i64 %thread, %each",
        "%until = add i64 %first, %each",
        "%end = call i64 @llvm.umin.i64(i64 %until, i64 %rows)",
        "%any = icmp ult i64 %first, %end",
        "br i1 %any, label %next, label %done",
        "next:",
        "%at = phi i64 [ %first, %entry ], [ %following, %again ]",
        "%along = mul i64 %at, %length",
        *starts,
        "br i1 %even, label %pass, label %gather",
        "gather:",
        *gathered,
        "br label %pass",
        "pass:",
        "%out = add i64 %to, %along",
        "%result = inttoptr i64 %out to ptr",
        f"%told = mul i64 %at, {8 * len(row.given)}",
        "%asked = add i64 %known, %told",
        "%given = inttoptr i64 %asked to ptr",
        f"%made = mul i64 %at, {8 * len(row.sums)}",
        "%left = add i64 %sums, %made",
        "%theirs = inttoptr i64 %left to ptr",
        "%ones = select i1 %wanted, ptr %theirs, ptr %own",
        *calls,
        "br i1 %even, label %again, label %scatter",
        "scatter:",
        "%tail = getelementptr i8, ptr %result, i64 %before",
        _copied("%tail", "%last"),
        "br label %again",
        "again:",
        "%following = add i64 %at, 1",
        "%going = icmp ult i64 %following, %end",
        "br i1 %going, label %next, label %done",
        "done:",
        "ret void",
        "}",
    ]


def rows_text(plan: RowPlan) -> str:
    """The LLVM module of a plan, whose `call` takes whole numbers and gives 0. Raises CannotSpell.

    In this order: threads, 1 to let other Python threads run meanwhile (else 0), elements of a row, rows, the address
    of each input, of the result, of as many rows of float32, padded to whole blocks, for each thread as nodes are kept
    (for rows longer than `SHORT`), of where to leave the sums of each row (0: nowhere), and of the sums that are given.
    """
    row = plan.row
    body = [line for at in range(len(row.passes)) for line in _pass(plan, row, at)]
    return "\n".join(
        [
            *entrance(len(plan.names) + 6),
            *_share(plan, row),
            *body,
            *API,
            *declared(body),
            *tables(body),
            ATTRIBUTES,
            "",
        ]
    )
