"""LLVM text for a look at rows: whether one of them has the same number in every place, as a masked row has."""

from __future__ import annotations

import struct

from .llvm_cpu import ELEMENTS
from .llvm_module import API, ATTRIBUTES, given


def look_text(dtype: str, number: float) -> str:
    """The LLVM module whose `call` tells 1 where a row of float32 or float64 has this number everywhere, else 0.

    It takes an address, how many blocks of rows lie there without gaps, how many rows alternate in a block, and how
    many places a row has. Only the first place of most rows is read.
    """
    element = ELEMENTS[dtype]
    kind, (bits,) = element.kind, struct.unpack("<Q", struct.pack("<d", number))
    constant = f"0x{bits:016X}"
    lines = [
        *given(4),
        "%block = mul i64 %v2, %v3",
        "br label %blocks",
        "blocks:",
        "%b = phi i64 [ 0, %read ], [ %bnext, %over ]",
        "%left = icmp ult i64 %b, %v1",
        "br i1 %left, label %begin, label %none",
        "begin:",
        "%base = mul i64 %b, %block",
        "br label %rows",
        "rows:",
        "%r = phi i64 [ 0, %begin ], [ %rnext, %further ]",
        "%more = icmp ult i64 %r, %v2",
        "br i1 %more, label %places, label %over",
        "places:",
        "%k = phi i64 [ 0, %rows ], [ %knext, %masked ]",
        "%there = icmp ult i64 %k, %v3",
        "br i1 %there, label %look, label %found",
        "look:",
        "%step = mul i64 %k, %v2",
        "%in = add i64 %base, %r",
        "%at = add i64 %in, %step",
        f"%bytes = mul i64 %at, {element.bytes}",
        "%address = add i64 %v0, %bytes",
        "%place = inttoptr i64 %address to ptr",
        f"%number = load {kind}, ptr %place, align {element.bytes}",
        f"%is = fcmp oeq {kind} %number, {constant}",
        "br i1 %is, label %masked, label %further, !prof !0",
        "masked:",
        "%knext = add i64 %k, 1",
        "br label %places",
        "further:",
        "%rnext = add i64 %r, 1",
        "br label %rows",
        "over:",
        "%bnext = add i64 %b, 1",
        "br label %blocks",
        "found:",
        "%one = call ptr @actlab_object(i64 1)",
        "ret ptr %one",
        "none:",
        "%zero = call ptr @actlab_object(i64 0)",
        "ret ptr %zero",
        "}",
        *API,
        ATTRIBUTES,
        '!0 = !{!"branch_weights", i32 1, i32 64}',
    ]
    return "\n".join(lines) + "\n"
