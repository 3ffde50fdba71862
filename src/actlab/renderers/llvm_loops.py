"""LLVM text for the CPU: the loops around a body, for any number of threads, any strides, and several results at once.

Memory is walked row by row, a row in strips of `STRIP` elements, a strip block by block; a strip is the unit that
threads share out, so that what is summed over a strip does not depend on how many threads there are. The last block of
a row, if it is not full, goes through buffers on the stack and the same instructions.
"""

from __future__ import annotations

from dataclasses import dataclass

from .llvm_codes import encoded
from .llvm_cpu import ELEMENTS, Element, Part, loaded, looked_up, narrowed, written
from .llvm_module import API, ATTRIBUTES, declared, entrance, share, tables
from .vector_lines import DOUBLE, SINGLE, Format, Lines, Vector, choose

STRIP = 4096  # elements, a few microseconds of work; a multiple of every number of lanes

# how the elements of an operand follow each other along a row -> elements from one to the next
WAYS = {"each": 1, "same": 0, "even": 2, "odd": 2}


@dataclass(frozen=True)
class Plan:
    """What a kernel is asked to do.

    parts: its results. names, held: the tensors beside `x` and their dtypes. dtype: of `x` and of every result that is
    stored; what is summed leaves one number of the arithmetic's own format per strip. along: the parts are multiplied
    by a further tensor of that dtype, as a gradient is. ways: how each input and then each part lies along a row (a key
    of WAYS; "even" and "odd" are the two of each pair, at one address). rows: whether there are several rows, with
    strides. watched: whether a NaN among the results is reported. table: the one part is not computed but looked up by
    the bits of a 16-bit `x`, in a last input of 65,536 numbers of single precision. lanes: the elements of a block;
    four vectors of the machine keep enough work in flight to hide the latency of a fused multiply-add.
    """

    parts: tuple[Part, ...]
    names: tuple[str, ...] = ()
    dtype: str = "float32"
    held: tuple[str, ...] = ()
    along: bool = False
    ways: tuple[str, ...] = ()
    rows: bool = False
    watched: bool = False
    table: bool = False
    lanes: int = 64

    @property
    def inputs(self) -> tuple[str, ...]:
        """The dtypes of the tensors that are read: `x`, those of the names, the gradient, the table."""
        return (self.dtype, *self.held, *((self.dtype,) if self.along else ()), *(("float32",) if self.table else ()))

    @property
    def random(self) -> bool:
        """Whether chance takes part, which counts the elements of one row."""
        return any(part.coding is not None and part.coding.random for part in self.parts)


@dataclass(frozen=True)
class _Operand:
    """A tensor that the loop moves along: its element, its way, and whether it is written."""

    element: Element
    way: str
    lanes: int
    part: int | None = None  # which result; None: it is read
    summed: bool = False

    @property
    def span(self) -> int:
        """Bytes of a block."""
        return max(WAYS[self.way] * self.lanes, 1) * self.element.bytes


def _operands(plan: Plan) -> list[_Operand]:
    count = len(plan.inputs)
    ways = plan.ways or ("each",) * (count + len(plan.parts))
    found = [_Operand(ELEMENTS[dtype], way, plan.lanes) for dtype, way in zip(plan.inputs, ways, strict=False)]
    for at, (part, way) in enumerate(zip(plan.parts, ways[count:], strict=True)):
        if part.summed:
            found.append(_Operand(ELEMENTS[sum_dtype(plan, part)], "same", plan.lanes, at, summed=True))
        else:
            found.append(_Operand(ELEMENTS["code" if part.coding else plan.dtype], way, plan.lanes, at))
    return found


def sum_dtype(plan: Plan, part: Part) -> str:
    """The dtype of what a part's sums over strips are stored in."""
    return "float64" if part.wide or ELEMENTS[plan.dtype].form is DOUBLE else "float32"


def result(plan: Plan, part: Part, lines: Lines, read: list[Vector]) -> Vector:
    """One result of a block, in the format of its arithmetic or of the element."""
    own = ELEMENTS[plan.dtype].form
    form: Format = DOUBLE if part.wide else own
    symbols = {name: vector.as_format(form) for name, vector in zip(("x", *plan.names), read, strict=False)}
    x = symbols["x"]
    y = written(part.expr, symbols)
    for place, limit in part.ends:
        y = choose(x.equals(place), limit, y)
    y = y if part.keeps_nan else choose(x.is_nan(), x, y)
    if part.summed and part.wide:
        return read[-1].as_format(form) * y if plan.along else y
    if part.coding is not None:
        return encoded(lines, y, part.coding)
    y = y.as_format(own)
    return read[-1] * y if plan.along else y


def kernel_text(plan: Plan) -> str:
    """The LLVM module of a kernel, whose `call` takes whole numbers and gives 0. Raises CannotSpell.

    In this order: threads, 1 to let other Python threads run meanwhile (else 0), elements of a row, strips in all; if
    watched, the address of a 32-bit word that becomes 1 at a NaN; if chance takes part, its seed, not negative; the
    address of each operand; and if there are rows, how many follow each other evenly, then for each operand the bytes
    from one such run of rows to the next and from one row to the next.
    """
    lanes = plan.lanes
    operands = _operands(plan)
    words = _words(plan, operands)
    body, after, sums = _body(plan, operands)
    lines = [
        *entrance(len(words)),
        *share(words, {at: one.span for at, one in enumerate(operands) if _buffered(one)}),
        f"%up = add i64 %n, {lanes - 1}",
        f"%blocks = udiv i64 %up, {lanes}",
        f"%more = add i64 %blocks, {STRIP // lanes - 1}",
        f"%strips = udiv i64 %more, {STRIP // lanes}",
        "%rest = add i64 %units, %team",
        "%sooner = sub i64 %rest, 1",
        "%each = udiv i64 %sooner, %team",
        "%first = mul i64 %thread, %each",
        "%until = add i64 %first, %each",
        "%last = call i64 @llvm.umin.i64(i64 %until, i64 %units)",
        "%any = icmp ult i64 %first, %last",
        "br i1 %any, label %strip, label %done",
        "strip:",
        "%u = phi i64 [ %first, %entry ], [ %unext, %closing ]",
        "%row = udiv i64 %u, %strips",
        "%whole = mul i64 %row, %strips",
        "%in = sub i64 %u, %whole",
        f"%begin = mul i64 %in, {STRIP // lanes}",
        f"%beyond = add i64 %begin, {STRIP // lanes}",
        "%end = call i64 @llvm.umin.i64(i64 %beyond, i64 %blocks)",
        *_bases(plan, operands),
        "br label %next",
        "next:",
        "%block = phi i64 [ %begin, %strip ], [ %following, %again ]",
        *[f"%acc{at} = phi {kind} [ zeroinitializer, %strip ], [ %sum{at}, %again ]" for at, kind in sums.items()],
        *([f"%seen = phi <{lanes} x i1> [ zeroinitializer, %strip ], [ %nans, %again ]"] if plan.watched else []),
        f"%behind = mul i64 %block, {lanes}",
        "%left = sub i64 %n, %behind",
        *_places(operands),
        f"%full = icmp uge i64 %left, {lanes}",
        "br i1 %full, label %compute, label %gather, !prof !0",
        "gather:",
        *[
            line
            for at, one in enumerate(operands)
            if one.part is None and _buffered(one)
            for line in (
                f"%m{at} = mul i64 %left, {one.span // lanes}",
                f"call void @llvm.memcpy.p0.p0.i64(ptr %b{at}, ptr %x{at}, i64 %m{at}, i1 false)",
            )
        ],
        "br label %compute",
        "compute:",
        *[
            f"%p{at} = phi ptr [ %x{at}, %next ], [ {f'%b{at}' if _buffered(one) else f'%x{at}'}, %gather ]"
            for at, one in enumerate(operands)
        ],
        *body,
        "br i1 %full, label %again, label %scatter, !prof !0",
        "scatter:",
        *[
            line
            for at, one in enumerate(operands)
            if one.part is not None and _buffered(one)
            for line in (
                f"%m{at} = mul i64 %left, {one.span // lanes}",
                f"call void @llvm.memcpy.p0.p0.i64(ptr %x{at}, ptr %b{at}, i64 %m{at}, i1 false)",
            )
        ],
        "br label %again",
        "again:",
        "%following = add i64 %block, 1",
        "%going = icmp ult i64 %following, %end",
        "br i1 %going, label %next, label %ready",
        "ready:",
        *after,
        "br label %closing",
        "closing:",
        "%unext = add i64 %u, 1",
        "%further = icmp ult i64 %unext, %last",
        "br i1 %further, label %strip, label %done",
        "done:",
        "ret void",
        "}",
        *API,
        *declared([*body, *after]),
        *tables(body),
        ATTRIBUTES,
        '!0 = !{!"branch_weights", i32 4096, i32 1}',  # most blocks are full
    ]
    return "\n".join(lines) + "\n"


def _buffered(one: _Operand) -> bool:
    """Whether it has a block of its own; the odd result is stored together with the even one."""
    return one.way != "same" and not (one.part is not None and one.way == "odd")


def _words(plan: Plan, operands: list[_Operand]) -> list[str]:
    told = [*(["flag"] if plan.watched else []), *(["seed"] if plan.random else [])]
    words = ["n", "units", *told, *[f"a{at}" for at in range(len(operands))]]
    if plan.rows:
        moved = [at for at, one in enumerate(operands) if not one.summed]
        words += ["run", *[f"{stride}{at}" for at in moved for stride in ("s", "t")]]
    return words


def _bases(plan: Plan, operands: list[_Operand]) -> list[str]:
    """Where the row of a strip starts in every operand; sums have one place per strip."""
    lines = ["%outer = udiv i64 %row, %run", "%under = mul i64 %outer, %run", "%inner = sub i64 %row, %under"]
    lines = lines if plan.rows else []
    for at, one in enumerate(operands):
        if one.summed:
            lines += [f"%y{at} = mul i64 %u, {one.element.bytes}", f"%z{at} = add i64 %a{at}, %y{at}"]
        elif plan.rows:
            lines += [
                f"%j{at} = mul i64 %outer, %s{at}",
                f"%k{at} = mul i64 %inner, %t{at}",
                f"%l{at} = add i64 %j{at}, %k{at}",
                f"%z{at} = add i64 %a{at}, %l{at}",
            ]
        else:
            lines += [f"%z{at} = add i64 %a{at}, 0"]
    return lines


def _places(operands: list[_Operand]) -> list[str]:
    """The pointer to the block in every operand."""
    lines: list[str] = []
    for at, one in enumerate(operands):
        if _buffered(one):
            start = one.element.bytes if one.way == "odd" else 0  # it is read with the even one before it
            lines += [
                f"%d{at} = mul i64 %block, {one.span}",
                f"%c{at}p = sub i64 %d{at}, {start}",
                f"%e{at} = add i64 %z{at}, %c{at}p",
            ]
        else:
            lines += [f"%e{at} = add i64 %z{at}, 0"]
        lines += [f"%x{at} = inttoptr i64 %e{at} to ptr"]
    return lines


def _body(plan: Plan, operands: list[_Operand]) -> tuple[list[str], list[str], dict[int, str]]:
    """(the lines of a block, those at the end of a strip, accumulator -> its type)."""
    lanes, bits = plan.lanes, f"<{plan.lanes} x i1>"
    lines = Lines(lanes, jumps=True)
    count = len(plan.inputs)
    given = operands[: count - plan.table]
    read = [loaded(lines, one.element, f"%p{at}", one.way) for at, one in enumerate(given)]
    if plan.table:
        found = looked_up(lines, "%p0", operands[0].way, f"%p{count - 1}")
        results = [read[-1] * found if plan.along else found]
    else:
        results = [result(plan, part, lines, read) for part in plan.parts]
    stores: list[str] = []
    after: list[str] = []
    sums: dict[int, str] = {}
    for at, one in enumerate(operands[count:], count):
        assert one.part is not None
        y = results[one.part]
        if one.summed:
            sums[at] = y.kind
            stores += _masked(f"%sum{at}", y, at, lanes)
            after += [f"%q{at} = inttoptr i64 %z{at} to ptr", *_tree(f"%sum{at}", y, at, lanes)]
            continue
        element = one.element
        kept = narrowed(lines, element, y)
        kind = lines.vector(element.kind)
        if one.way == "odd":
            continue
        if one.way == "even":
            (odd,) = [other.part for other in operands if other.part is not None and other.way == "odd"]
            other = narrowed(lines, element, results[odd])
            both = ", ".join(f"i32 {lane}, i32 {lanes + lane}" for lane in range(lanes))
            kept = lines.let(f"shufflevector {kind} {kept}, {kind} {other}, <{2 * lanes} x i32> <{both}>")
            kind = f"<{2 * lanes} x {element.kind}>"
        stores.append(f"store {kind} {kept}, ptr %p{at}, align {element.bytes}")
    if plan.watched:
        found = [result.is_nan() for result in results]
        mask = found[0]
        for further in found[1:]:
            mask = mask | further
        stores.append(f"%real = and {bits} %inside, {mask.text}")
        stores.append(f"%nans = or {bits} %seen, %real")
        after += [
            f"%nan = call i1 @llvm.vector.reduce.or.v{lanes}i1({bits} %nans)",
            "br i1 %nan, label %told, label %closing",
            "told:",
            "%word = inttoptr i64 %flag to ptr",
            "store i32 1, ptr %word",
        ]
    # a block that is not full holds anything behind its end
    inside = _inside(lanes) if plan.watched or sums else []
    return [*lines.lines, *inside, *stores], after, sums


def _inside(lanes: int) -> list[str]:
    """Which lanes of a block lie before the end of the row."""
    kind = f"<{lanes} x i32>"
    return [
        f"%most = call i64 @llvm.umin.i64(i64 %left, i64 {lanes})",
        "%few = trunc i64 %most to i32",
        f"%one = insertelement {kind} poison, i32 %few, i64 0",
        f"%all = shufflevector {kind} %one, {kind} poison, {kind} zeroinitializer",
        f"%inside = icmp ult {kind} <{', '.join(f'i32 {lane}' for lane in range(lanes))}>, %all",
    ]


def _masked(name: str, y: Vector, at: int, lanes: int) -> list[str]:
    """The sum so far with a block's values."""
    return [
        f"%c{at} = select <{lanes} x i1> %inside, {y.kind} {y.text}, {y.kind} zeroinitializer",
        f"{name} = fadd {y.kind} %acc{at}, %c{at}",
    ]


def _tree(name: str, y: Vector, at: int, lanes: int) -> list[str]:
    """The lanes of a sum added two by two, and the total stored."""
    lines: list[str] = []
    width, text, real = lanes, name, y.form.real
    while width > 1:
        half = width // 2
        kind = f"<{width} x {real}>"
        for side, start in (("u", 0), ("v", half)):
            mask = ", ".join(f"i32 {lane}" for lane in range(start, start + half))
            lines.append(f"%{side}{at}x{half} = shufflevector {kind} {text}, {kind} poison, <{half} x i32> <{mask}>")
        text = f"%w{at}x{half}"
        lines.append(f"{text} = fadd <{half} x {real}> %u{at}x{half}, %v{at}x{half}")
        width = half
    return [
        *lines,
        f"%r{at} = extractelement <1 x {real}> {text}, i64 0",
        f"store {real} %r{at}, ptr %q{at}, align {4 if y.form is SINGLE else 8}",
    ]
