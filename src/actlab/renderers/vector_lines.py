"""LLVM text, written line by line from arithmetic on vectors of one width: the pen of the CPU renderer.

Every line is one correctly rounded IEEE operation (a sum, a product, a fused multiply-add, a root, a comparison, a
choice, a move of bits), so what an element becomes cannot depend on where it stands, and no library is called.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, Union


@dataclass(frozen=True)
class Format:
    """A floating-point format of the arithmetic: its LLVM names, bits of mantissa and bias of the exponent."""

    real: str
    whole: str
    suffix: str
    mantissa: int
    bias: int

    @property
    def bytes(self) -> int:
        """What one number takes."""
        return int(self.suffix[1:]) // 8

    @property
    def magic(self) -> float:
        """Adding it rounds to a whole number, which is then found in the low bits."""
        return 1.5 * 2.0**self.mantissa

    def rounded(self, value: float) -> float:
        """The number of this format nearest to `value`."""
        return value if self.real == "double" else _single(value)


def _single(value: float) -> float:
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


SINGLE = Format("float", "i32", "f32", 23, 127)
DOUBLE = Format("double", "i64", "f64", 52, 1023)

Real: TypeAlias = Union["Vector", float, int]


class Lines:
    """The body of a function: lines so far, each result named once (equal lines share a name).

    jumps: whether lines may be jumped over, which leaves the writer of the loop around them with other labels.
    """

    def __init__(self, lanes: int, letter: str = "v", jumps: bool = False) -> None:
        self.lanes = lanes
        self.letter = letter
        self.jumps = jumps
        self.lines: list[str] = []
        self._names: dict[str, str] = {}

    def let(self, text: str) -> str:
        """The name of the value that `text` computes."""
        if text not in self._names:
            self._names[text] = f"%{self.letter}{len(self.lines)}"
            self.lines.append(f"{self._names[text]} = {text}")
        return self._names[text]

    def rarely(self, asked: Mask, usual: Vector, make: Callable[[], Vector]) -> Vector:
        """`usual`, in the lanes of `asked` what `make` writes: lines that are jumped over where no lane asks."""
        if not self.jumps:
            return choose(asked, make(), usual)
        mark, lanes = f"{self.letter}{len(self.lines)}", f"i{self.lanes}"
        any_lane = self.let(f"bitcast {self.vector('i1')} {asked.text} to {lanes}")
        here, rare, end, on = [f"{mark}.{place}" for place in ("here", "rare", "end", "on")]
        jump = f"br i1 {self.let(f'icmp ne {lanes} {any_lane}, 0')}, label %{rare}, label %{on}"
        self.lines += [f"br label %{here}", f"{here}:", jump, f"{rare}:"]
        outside = dict(self._names)
        y = choose(asked, make(), usual)
        self._names = outside  # what was written inside is known only there
        self.lines += [f"br label %{end}", f"{end}:", f"br label %{on}", f"{on}:"]
        text = f"phi {usual.kind} [ {usual.text}, %{here} ], [ {y.text}, %{end} ]"
        return Vector(self, usual.form, self.let(text))

    def vector(self, scalar: str) -> str:
        """The type of a vector of these scalars."""
        return f"<{self.lanes} x {scalar}>"

    def number(self, value: float, form: Format) -> Vector:
        """A constant in every lane, rounded to the format."""
        (bits,) = struct.unpack("<Q", struct.pack("<d", form.rounded(value)))
        return Vector(self, form, f"splat ({form.real} 0x{bits:016X})")


@dataclass(frozen=True, eq=False)
class Mask:
    """The outcome of a comparison in every lane."""

    lines: Lines
    text: str

    def __or__(self, other: Mask) -> Mask:
        return Mask(self.lines, self.lines.let(f"or {self.lines.vector('i1')} {self.text}, {other.text}"))


@dataclass(frozen=True, eq=False)
class Bits:
    """The bits of a vector, as whole numbers of its format."""

    lines: Lines
    form: Format
    text: str

    def _with(self, operation: str, other: Bits | int) -> Bits:
        kind = self.lines.vector(self.form.whole)
        text = other.text if isinstance(other, Bits) else f"splat ({self.form.whole} {other})"
        return Bits(self.lines, self.form, self.lines.let(f"{operation} {kind} {self.text}, {text}"))

    def __add__(self, other: Bits | int) -> Bits:
        return self._with("add", other)

    def __sub__(self, other: Bits | int) -> Bits:
        return self._with("sub", other)

    def __xor__(self, other: Bits | int) -> Bits:
        return self._with("xor", other)

    def __and__(self, other: Bits | int) -> Bits:
        return self._with("and", other)

    def __lshift__(self, places: int) -> Bits:
        return self._with("shl", places)

    def __rshift__(self, places: int) -> Bits:
        """Shifted with the sign kept."""
        return self._with("ashr", places)

    def real(self) -> Vector:
        """The numbers that these bits write."""
        whole, real = self.lines.vector(self.form.whole), self.lines.vector(self.form.real)
        return Vector(self.lines, self.form, self.lines.let(f"bitcast {whole} {self.text} to {real}"))


@dataclass(frozen=True, eq=False)
class Vector:
    """A number in every lane."""

    lines: Lines
    form: Format
    text: str

    @property
    def kind(self) -> str:
        """Its LLVM type."""
        return self.lines.vector(self.form.real)

    @property
    def constant(self) -> bool:
        """Whether it is the same known number in every lane."""
        return self.text.startswith("splat")

    def lift(self, other: Real) -> Vector:
        """`other` in the same format, a constant if it is a number."""
        return other if isinstance(other, Vector) else self.lines.number(other, self.form)

    def _made(self, text: str) -> Vector:
        return Vector(self.lines, self.form, self.lines.let(text))

    def _with(self, operation: str, other: Real) -> Vector:
        return self._made(f"{operation} {self.kind} {self.text}, {self.lift(other).text}")

    def __add__(self, other: Real) -> Vector:
        return self._with("fadd", other)

    def __radd__(self, other: Real) -> Vector:
        return self.lift(other) + self

    def __sub__(self, other: Real) -> Vector:
        return self._with("fsub", other)

    def __rsub__(self, other: Real) -> Vector:
        return self.lift(other) - self

    def __mul__(self, other: Real) -> Vector:
        return self._with("fmul", other)

    def __rmul__(self, other: Real) -> Vector:
        return self.lift(other) * self

    def __truediv__(self, other: Real) -> Vector:
        return self._with("fdiv", other)

    def __rtruediv__(self, other: Real) -> Vector:
        return self.lift(other) / self

    def __neg__(self) -> Vector:
        return self._made(f"fneg {self.kind} {self.text}")

    def compare(self, condition: str, other: Real) -> Mask:
        """The comparison by an LLVM condition: olt, ole, ogt, oge, oeq, uno ..."""
        return Mask(self.lines, self.lines.let(f"fcmp {condition} {self.kind} {self.text}, {self.lift(other).text}"))

    def __lt__(self, other: Real) -> Mask:
        return self.compare("olt", other)

    def __le__(self, other: Real) -> Mask:
        return self.compare("ole", other)

    def __gt__(self, other: Real) -> Mask:
        return self.compare("ogt", other)

    def __ge__(self, other: Real) -> Mask:
        return self.compare("oge", other)

    def equals(self, other: Real) -> Mask:
        """Where the two are equal."""
        return self.compare("oeq", other)

    def is_nan(self) -> Mask:
        """Where it is no number."""
        return self.compare("uno", self)

    def called(self, intrinsic: str, *others: Real) -> Vector:
        """An LLVM intrinsic that is one instruction of the machine."""
        operands = ", ".join(f"{self.kind} {self.lift(other).text}" for other in (self, *others))
        suffix = f"v{self.lines.lanes}{self.form.suffix}"
        return self._made(f"call {self.kind} @llvm.{intrinsic}.{suffix}({operands})")

    def __abs__(self) -> Vector:
        return self.called("fabs")

    def looked_up(self, table: str, index: Bits) -> Vector:
        """In every lane the number of a table of doubles at the index there."""
        lanes, kind = self.lines.lanes, self.lines.vector("double")
        places = f"getelementptr double, ptr @{table}, {self.lines.vector(index.form.whole)} {index.text}"
        every = f"{self.lines.vector('i1')} splat (i1 true)"
        text = f"call {kind} @llvm.masked.gather.v{lanes}f64.v{lanes}p0("
        text += f"{self.lines.vector('ptr')} {self.lines.let(places)}, i32 8, {every}, {kind} zeroinitializer)"
        return Vector(self.lines, DOUBLE, self.lines.let(text))

    def bits(self) -> Bits:
        """Its bits as whole numbers."""
        whole = self.lines.vector(self.form.whole)
        return Bits(self.lines, self.form, self.lines.let(f"bitcast {self.kind} {self.text} to {whole}"))

    def as_format(self, form: Format) -> Vector:
        """The same numbers in another format, rounded where it is narrower."""
        if form is self.form:
            return self
        operation = "fpext" if form is DOUBLE else "fptrunc"
        return Vector(
            self.lines, form, self.lines.let(f"{operation} {self.kind} {self.text} to {self.lines.vector(form.real)}")
        )


def fma(a: Vector, b: Real, c: Real) -> Vector:
    """a b + c, rounded once."""
    return a.called("fma", b, c)


def choose(condition: Mask, then: Real, otherwise: Real) -> Vector:
    """`then` in the lanes where the condition holds, else `otherwise`; one of the two is a vector."""
    lead = then if isinstance(then, Vector) else otherwise
    if not isinstance(lead, Vector):
        raise TypeError("a choice between two numbers needs one of them as a vector")
    a, b = lead.lift(then), lead.lift(otherwise)
    mask = f"{lead.lines.vector('i1')} {condition.text}"
    return Vector(lead.lines, lead.form, lead.lines.let(f"select {mask}, {a.kind} {a.text}, {b.kind} {b.text}"))


def polynomial(x: Vector, coefficients: tuple[float, ...]) -> Vector:
    """c0 + c1 x + c2 x^2 ... by Horner's rule, one fused step for each coefficient."""
    total = x.lift(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = fma(total, x, coefficient)
    return total
