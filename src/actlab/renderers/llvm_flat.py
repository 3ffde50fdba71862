"""LLVM text for the CPU: one loop along arrays that lie side by side, for any number of threads.

Elements may be bits. The last block, if it is not full, goes through buffers on the stack and the same instructions.
"""

from __future__ import annotations

from typing import NamedTuple

from .llvm_loops import STRIP
from .llvm_module import API, ATTRIBUTES, declared, entrance, share, tables


class Array(NamedTuple):
    """An array that the loop moves along: the bits of an element, and whether it is written."""

    bits: int
    written: bool = False


def flat_text(lanes: int, arrays: tuple[Array, ...], looked_up: int, body: list[str]) -> str:
    """The LLVM module of a kernel, whose `call` takes whole numbers and gives 0.

    In this order: threads, 1 to let other Python threads run meanwhile (else 0), elements, strips, the address of each
    array, and those of the tables that are looked up. body: the lines of a block, for which array 0 is at %p0 and
    table 0 at %t0.
    """
    count = len(arrays)
    words = ["n", "units", *[f"a{at}" for at in range(count + looked_up)]]
    lines = [
        *entrance(len(words)),
        *share(words, {at: one.bits * lanes // 8 for at, one in enumerate(arrays)}),
        *[f"%t{at} = inttoptr i64 %a{count + at} to ptr" for at in range(looked_up)],
        f"%up = add i64 %n, {lanes - 1}",
        f"%blocks = udiv i64 %up, {lanes}",
        "%rest = add i64 %units, %team",
        "%sooner = sub i64 %rest, 1",
        "%each = udiv i64 %sooner, %team",
        f"%strips = mul i64 %each, {STRIP // lanes}",
        "%first = mul i64 %thread, %strips",
        "%until = add i64 %first, %strips",
        "%last = call i64 @llvm.umin.i64(i64 %until, i64 %blocks)",
        "%any = icmp ult i64 %first, %last",
        "br i1 %any, label %next, label %done",
        "next:",
        "%block = phi i64 [ %first, %entry ], [ %following, %again ]",
        f"%behind = mul i64 %block, {lanes}",
        "%left = sub i64 %n, %behind",
    ]
    for at, one in enumerate(arrays):
        lines += [
            f"%d{at} = mul i64 %block, {one.bits * lanes // 8}",
            f"%e{at} = add i64 %a{at}, %d{at}",
            f"%x{at} = inttoptr i64 %e{at} to ptr",
        ]
    lines += [f"%full = icmp uge i64 %left, {lanes}", "br i1 %full, label %compute, label %gather, !prof !0", "gather:"]
    for at, one in enumerate(arrays):
        lines += [
            f"%g{at} = mul i64 %left, {one.bits}",
            f"%h{at} = add i64 %g{at}, 7",
            f"%m{at} = lshr i64 %h{at}, 3",
        ]
        if not one.written:
            lines.append(f"call void @llvm.memcpy.p0.p0.i64(ptr %b{at}, ptr %x{at}, i64 %m{at}, i1 false)")
    lines += [
        "br label %compute",
        "compute:",
        *[f"%p{at} = phi ptr [ %x{at}, %next ], [ %b{at}, %gather ]" for at in range(count)],
        *body,
        "br i1 %full, label %again, label %scatter, !prof !0",
        "scatter:",
    ]
    for at, one in enumerate(arrays):
        if one.written:
            lines += [
                f"%k{at} = mul i64 %left, {one.bits}",
                f"%l{at} = add i64 %k{at}, 7",
                f"%o{at} = lshr i64 %l{at}, 3",
                f"call void @llvm.memcpy.p0.p0.i64(ptr %x{at}, ptr %b{at}, i64 %o{at}, i1 false)",
            ]
    lines += [
        "br label %again",
        "again:",
        "%following = add i64 %block, 1",
        "%going = icmp ult i64 %following, %last",
        "br i1 %going, label %next, label %done",
        "done:",
        "ret void",
        "}",
        *API,
        *declared(body),
        *tables(body),
        ATTRIBUTES,
        '!0 = !{!"branch_weights", i32 4096, i32 1}',  # most blocks are full
    ]
    return "\n".join(lines) + "\n"
