"""Where a number format runs out: from which input on every larger one gives the same output."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .function import Numbers


class Format(NamedTuple):
    """A floating-point format whose positive numbers, read as whole numbers, rise one by one.

    largest: encoding of the largest finite number. decode, encode: between whole numbers and numbers.
    """

    largest: int
    decode: Callable[[NDArray[np.int64]], Numbers]
    encode: Callable[[Numbers], NDArray[np.int64]]


def _from_half(code: NDArray[np.int64]) -> Numbers:
    return code.astype(np.uint16).view(np.float16).astype(np.float64)


def _to_half(x: Numbers) -> NDArray[np.int64]:
    return x.astype(np.float32).astype(np.float16).view(np.uint16).astype(np.int64)


def _from_single(code: NDArray[np.int64]) -> Numbers:
    return code.astype(np.uint32).view(np.float32).astype(np.float64)


def _to_single(x: Numbers) -> NDArray[np.int64]:
    return x.astype(np.float32).view(np.uint32).astype(np.int64)


def _from_brain(code: NDArray[np.int64]) -> Numbers:
    return _from_single(code << 16)


def _to_brain(x: Numbers) -> NDArray[np.int64]:
    code = _to_single(x)
    return (code + 0x7FFF + ((code >> 16) & 1)) >> 16  # to nearest, ties to even


FORMATS: dict[str, Format] = {
    "float16": Format(0x7BFF, _from_half, _to_half),
    "bfloat16": Format(0x7F7F, _from_brain, _to_brain),
    "float32": Format(0x7F7FFFFF, _from_single, _to_single),
}


class Collapse(NamedTuple):
    """The input nearest to 0 on each side beyond which every output is the same number; None where none is.

    Outputs that round together only within a factor 2 of the largest number do not count.
    """

    left: float | None
    right: float | None


def collapse(curve: Callable[[Numbers], Numbers]) -> dict[str, Collapse]:
    """For each format, where neighbouring inputs stop giving different outputs for good."""
    return {name: Collapse(_edge(curve, f, -1.0), _edge(curve, f, 1.0)) for name, f in FORMATS.items()}


def _edge(curve: Callable[[Numbers], Numbers], form: Format, sign: float) -> float | None:
    def alike(codes: NDArray[np.int64]) -> NDArray[np.bool_]:
        with np.errstate(all="ignore"):
            encoded = form.encode(curve(sign * form.decode(codes)))
        return encoded == last

    with np.errstate(all="ignore"):
        end = curve(sign * form.decode(np.array([form.largest])))
        last = int(form.encode(end)[0])
    if math.isnan(float(end[0])):
        return None
    codes = np.unique(np.concatenate([np.linspace(1, form.largest, 600).astype(np.int64), [form.largest - 1]]))
    agree = alike(codes)
    differ = np.flatnonzero(~agree)
    if not differ.size:
        return 0.0
    if differ[-1] >= len(codes) - 2:
        return None
    low, high = int(codes[differ[-1]]), int(codes[differ[-1] + 1])
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if alike(np.array([middle]))[0] else (middle, high)
    edge, largest = form.decode(np.array([high, form.largest])).tolist()
    return sign * edge if edge < largest / 2 else None
