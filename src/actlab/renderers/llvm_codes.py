"""LLVM text for the CPU: numbers kept in one byte, rounded to the nearest step or, without bias, at random.

Chance is a hash of a seed and of the element's index, so it is the same for any number of threads. The hash is two
rounds of the 32-bit mixer "lowbias32" (Wellons 2018, github.com/skeeto/hash-prospector).
"""

from __future__ import annotations

from dataclasses import dataclass

from .vector_lines import SINGLE, Lines, Vector, choose, fma

LAST = 254  # the largest code; the byte above it stands for NaN
NAN = 255
# (shift, factor) of the mixer's rounds, and its last shift
ROUNDS = ((16, 0x7FEB352D), (15, 0x846CA68B))
SHIFT = 16
APART = 0x9E3779B9  # 2^32 over the golden ratio: moves the key for every 2^32 elements


@dataclass(frozen=True)
class Coding:
    """How a number becomes a byte: the whole number nearest to `scale` times it plus `zero`, from 0 to 254.

    random: up or down by chance, so that the mean over seeds is the number itself.
    """

    scale: float
    zero: float
    random: bool = False


def encoded(lines: Lines, y: Vector, coding: Coding) -> Vector:
    """The codes of a block, as whole numbers of single precision; 255 where `y` is NaN."""
    y = y.as_format(SINGLE)
    place = fma(y, coding.scale, coding.zero) + _chance(lines) if coding.random else _nearest(y, coding)
    place = choose(place.compare("olt", 0.0), 0.0, place)
    place = choose(place.compare("ogt", float(LAST)), float(LAST), place)
    return choose(y.is_nan(), float(NAN), place)


def _nearest(y: Vector, coding: Coding) -> Vector:
    return fma(y, coding.scale, coding.zero + 0.5)


def decoded(lines: Lines, text: str) -> Vector:
    """A block of bytes as numbers; NaN for 255."""
    whole, real = lines.vector("i32"), lines.vector("float")
    wide = lines.let(f"zext {lines.vector('i8')} {text} to {whole}")
    number = Vector(lines, SINGLE, lines.let(f"sitofp {whole} {wide} to {real}"))
    return choose(number.compare("ogt", float(LAST)), float("nan"), number)


def _chance(lines: Lines) -> Vector:
    """A number from 0 to below 1 in steps of 2^-24 for every element, by its index from the start of the row."""
    key, index = _halves(lines, "%seed"), _halves(lines, "%behind")
    far = lines.let(f"add i32 {key[1]}, {lines.let(f'mul i32 {index[1]}, {_signed(APART)}')}")
    whole = lines.vector("i32")
    lanes = ", ".join(f"i32 {lane}" for lane in range(lines.lanes))
    place = lines.let(f"add {whole} {_everywhere(lines, index[0])}, <{lanes}>")
    mixed = _mixed(lines, lines.let(f"xor {whole} {place}, {_everywhere(lines, key[0])}"))
    mixed = _mixed(lines, lines.let(f"add {whole} {mixed}, {_everywhere(lines, far)}"))
    short = lines.let(f"lshr {whole} {mixed}, splat (i32 8)")
    return Vector(lines, SINGLE, lines.let(f"sitofp {whole} {short} to {lines.vector('float')}")) * 2.0**-24


def _mixed(lines: Lines, text: str) -> str:
    whole = lines.vector("i32")
    for shift, factor in ROUNDS:
        text = _folded(lines, text, shift)
        text = lines.let(f"mul {whole} {text}, splat (i32 {_signed(factor)})")
    return _folded(lines, text, SHIFT)


def _folded(lines: Lines, text: str, shift: int) -> str:
    whole = lines.vector("i32")
    return lines.let(f"xor {whole} {text}, {lines.let(f'lshr {whole} {text}, splat (i32 {shift})')}")


def _halves(lines: Lines, word: str) -> tuple[str, str]:
    """The low and the high 32 bits of a 64-bit word."""
    high = lines.let(f"trunc i64 {lines.let(f'lshr i64 {word}, 32')} to i32")
    return lines.let(f"trunc i64 {word} to i32"), high


def _everywhere(lines: Lines, word: str) -> str:
    """A word in every lane."""
    whole = lines.vector("i32")
    one = lines.let(f"insertelement {whole} poison, i32 {word}, i64 0")
    return lines.let(f"shufflevector {whole} {one}, {whole} poison, {whole} zeroinitializer")


def _signed(word: int) -> int:
    return word - (1 << 32) if word >> 31 else word
