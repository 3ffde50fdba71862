"""LLVM text for the CPU: forward to an output and its side bits, and back by a slope found from these two.

A branch is cut into regions. In each the distance d of y from the region's anchor says in which piece of a geometric
ladder y lies, and the slope is a + b d there; so pieces are small where numbers are dense. For 16-bit dtypes value and
side bits stand in a table of all inputs, and the slope in one of all outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .llvm_cpu import ELEMENTS, Part, loaded, looked_up, narrowed
from .llvm_flat import Array, flat_text
from .llvm_loops import Plan, result
from .vector_lines import DOUBLE, SINGLE, Format, Lines, Mask, Vector, choose

MANTISSA = 23  # bits of single precision, of which the first few number the pieces of an octave


class Region(NamedTuple):
    """A stretch of outputs.

    start: from which y on it holds, until the next one does. high, low: the anchor, in two numbers of single precision.
    least, most: distances below and above which the slope does not change. base: what leads from the leading bits of
    a distance to the row of the table; the row before the first is that of y = high.
    """

    start: float
    high: float
    low: float
    least: float
    most: float
    base: int


class Bottom(NamedTuple):
    """What the values of a formula are next to its extremum, rounded once: there a last bit is what tells the slope.

    high, low: the place in two numbers of single precision. value, rest: the value there, less than a unit from the
    true one. square, cube: what is added to it at the distance t from the place: (square + cube t) t^2, for t below
    reach.
    """

    high: float
    low: float
    value: float
    rest: float
    square: float
    cube: float
    reach: float


@dataclass(frozen=True)
class Forward:
    """A kernel from `x` to its value and the bits that say on which side of `turn` it lies, in arrays in this order."""

    part: Part
    dtype: str
    turn: float
    bottom: Bottom | None = None
    lanes: int = 64


@dataclass(frozen=True)
class LookedUp:
    """A kernel from 16-bit `x` to its value and so many bits, each in an array of its own.

    The table has for the bits of every input the value in its upper half and the others, the first one lowest, below.
    """

    planes: int
    lanes: int = 64


@dataclass(frozen=True)
class Backward:
    """A kernel from the output, a gradient and so many arrays of bits to the gradient times the slope.

    regions: of each branch, for single precision, with 2^fine pieces in an octave; none for a 16-bit dtype. The table
    is the last operand.
    """

    dtype: str
    planes: int
    regions: tuple[tuple[Region, ...], ...] = ()
    fine: int = 0
    lanes: int = 64


def forward_text(plan: Forward) -> str:
    """The LLVM module of the kernel, see `flat_text`. Raises CannotSpell."""
    element = ELEMENTS[plan.dtype]
    lines = Lines(plan.lanes, jumps=True)
    x = loaded(lines, element, "%p0", "each")
    y = result(Plan((plan.part,), dtype=plan.dtype), plan.part, lines, [x])
    y = y if plan.bottom is None else _rounded_once(plan.bottom, x, y)
    right, kept = x.compare("ogt", plan.turn), narrowed(lines, element, y)
    body = [
        *lines.lines,
        f"store {lines.vector(element.kind)} {kept}, ptr %p1, align {element.bytes}",
        f"store {lines.vector('i1')} {right.text}, ptr %p2, align 1",
    ]
    size = 8 * element.bytes
    return flat_text(plan.lanes, (Array(size), Array(size, True), Array(1, True)), 0, body)


def looked_up_text(plan: LookedUp) -> str:
    """The LLVM module of the kernel, see `flat_text`."""
    lines = Lines(plan.lanes)
    word = looked_up(lines, "%p0", "each", "%t0").bits().text

    def above(place: int, kind: str) -> str:
        whole, short = lines.vector("i32"), lines.vector(kind)
        shifted = lines.let(f"lshr {whole} {word}, splat (i32 {place})")
        return f"{short} {lines.let(f'trunc {whole} {shifted} to {short}')}"

    stores = [f"store {above(16, 'i16')}, ptr %p1, align 2"]
    stores += [f"store {above(at, 'i1')}, ptr %p{2 + at}, align 1" for at in range(plan.planes)]
    arrays = (Array(16), Array(16, True), *[Array(1, True)] * plan.planes)
    return flat_text(plan.lanes, arrays, 1, [*lines.lines, *stores])


def _rounded_once(bottom: Bottom, x: Vector, y: Vector) -> Vector:
    t = (x - bottom.high) - bottom.low

    def near() -> Vector:  # products and sums rounded one by one, as torch does it
        return (t * t * (t * bottom.cube + bottom.square) + bottom.rest) + bottom.value

    return x.lines.rarely(abs(t) < bottom.reach, y, near)


def backward_text(plan: Backward) -> str:
    """The LLVM module of the kernel, see `flat_text`."""
    element, lanes = ELEMENTS[plan.dtype], plan.lanes
    lines = Lines(lanes)
    y, along = [loaded(lines, element, f"%p{at}", "each") for at in (0, 1)]
    sides = [Mask(lines, lines.let(f"load {lines.vector('i1')}, ptr %p{2 + at}, align 1")) for at in range(plan.planes)]
    slope = _in_pieces(plan, y, sides[0] if sides else None) if plan.regions else _in_table(lines, sides)
    target = 2 + plan.planes
    kept = narrowed(lines, element, along * slope)
    body = [*lines.lines, f"store {lines.vector(element.kind)} {kept}, ptr %p{target}, align {element.bytes}"]
    size = 8 * element.bytes
    arrays = (Array(size), Array(size), *[Array(1)] * plan.planes, Array(size, True))
    return flat_text(lanes, arrays, 1, body)


def _in_table(lines: Lines, sides: list[Mask]) -> Vector:
    """The slope that a table has for the bits of every 16-bit output below those that are kept beside it."""
    if not sides:
        return looked_up(lines, "%p0", "each", "%t0")
    whole, short = lines.vector("i32"), lines.vector("i16")
    row = lines.let(f"zext {short} {lines.let(f'load {short}, ptr %p0, align 2')} to {whole}")
    for at, side in enumerate(sides):
        bit = lines.let(f"zext {lines.vector('i1')} {side.text} to {whole}")
        row = lines.let(f"or {whole} {row}, {lines.let(f'shl {whole} {bit}, splat (i32 {16 + at})')}")
    return Vector(lines, SINGLE, _gathered(lines, row, SINGLE))


def _in_pieces(plan: Backward, y: Vector, right: Mask | None) -> Vector:
    """The slope by the piece that every output falls on; NaN for NaN."""
    lines, whole, regions = y.lines, y.lines.vector("i32"), plan.regions
    high, low, least, most = [
        Vector(lines, SINGLE, _chosen(regions, place, y, right)) for place in ("high", "low", "least", "most")
    ]
    distance = abs((y - high) - low)
    distance = choose(distance > least, distance, least)
    distance = choose(distance < most, distance, most)
    row = lines.let(
        f"add {whole} {(distance.bits() >> MANTISSA - plan.fine).text}, {_chosen(regions, 'base', y, right)}"
    )
    at_anchor = lines.let(f"sext {lines.vector('i1')} {y.equals(high).text} to {whole}")
    row = lines.let(f"add {whole} {row}, {at_anchor}")
    a, b = _halves(lines, _gathered(lines, row, DOUBLE))
    return choose(y.is_nan(), y, b * distance + a)


def _chosen(regions: tuple[tuple[Region, ...], ...], field: str, y: Vector, right: Mask | None) -> str:
    """The vector that has for every output this number of its region."""
    lines, form = y.lines, "i32" if field == "base" else "float"
    kind, bits = lines.vector(form), lines.vector("i1")

    def number(region: Region) -> str:
        value = getattr(region, field)
        return f"splat (i32 {value})" if form == "i32" else lines.number(value, SINGLE).text

    def select(condition: Mask, then: str, otherwise: str) -> str:
        same = then == otherwise
        return then if same else lines.let(f"select {bits} {condition.text}, {kind} {then}, {kind} {otherwise}")

    sides: list[str] = []
    for branch in regions:
        text = number(branch[0])
        for region in branch[1:]:
            text = select(y.compare("oge", region.start), number(region), text)
        sides.append(text)
    return sides[0] if right is None else select(right, sides[1], sides[0])


def _gathered(lines: Lines, row: str, form: Format) -> str:
    """What the table has at every row."""
    lanes, kind = lines.lanes, lines.vector(form.real)
    places = lines.let(f"getelementptr {form.real}, ptr %t0, {lines.vector('i32')} {row}")
    call = f"call {kind} @llvm.masked.gather.v{lanes}{form.suffix}.v{lanes}p0"
    every = f"{lines.vector('i1')} splat (i1 true)"
    return lines.let(f"{call}({lines.vector('ptr')} {places}, i32 {form.bytes}, {every}, {kind} zeroinitializer)")


def _halves(lines: Lines, pairs: str) -> tuple[Vector, Vector]:
    """The first and the second number of each pair that lies in the place of a double."""
    both = f"<{2 * lines.lanes} x float>"
    numbers = lines.let(f"bitcast {lines.vector('double')} {pairs} to {both}")
    found: list[Vector] = []
    for odd in (0, 1):
        lanes = ", ".join(f"i32 {2 * lane + odd}" for lane in range(lines.lanes))
        text = lines.let(f"shufflevector {both} {numbers}, {both} poison, {lines.vector('i32')} <{lanes}>")
        found.append(Vector(lines, SINGLE, text))
    return found[0], found[1]
