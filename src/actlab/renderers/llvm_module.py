"""What every LLVM module of a kernel holds beside its loops: the entrance from Python, declarations and tables.

`call` is a function of Python's own calling convention (METH_FASTCALL), because ctypes alone costs as much as a small
activation.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence

from .vector_numbers import TABLES

ATTRIBUTES = 'attributes #0 = { nounwind "prefer-vector-width"="512" "min-legal-vector-width"="512" }'

# what a kernel calls; the runtime gives each an address
API = (
    "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)",
    "declare i64 @llvm.umin.i64(i64, i64)",
    "declare void @actlab_parallel(ptr, ptr, i32, i32)",
    "declare i32 @actlab_thread_num()",
    "declare i32 @actlab_num_threads()",
    "declare i64 @actlab_number(ptr)",
    "declare i32 @actlab_refuse()",
    "declare ptr @actlab_object(i64)",
    "declare ptr @actlab_release()",
    "declare void @actlab_resume(ptr)",
)


def given(count: int) -> list[str]:
    """The head of `call`, a function of so many of Python's whole numbers, which become `%v0`, `%v1`, ..."""
    lines = [
        "define ptr @call(ptr %self, ptr %args, i64 %count) #0 {",
        f"%right = icmp eq i64 %count, {count}",
        "br i1 %right, label %read, label %wrong",
        "wrong:",  # what is behind the arguments is no number
        "%refused = call i32 @actlab_refuse()",
        "ret ptr null",
        "read:",
    ]
    for at in range(count):
        lines += [
            f"%p{at} = getelementptr ptr, ptr %args, i64 {at}",
            f"%o{at} = load ptr, ptr %p{at}",
            f"%v{at} = call i64 @actlab_number(ptr %o{at})",
        ]
    return lines


def entrance(words: int) -> list[str]:
    """`call`, which reads Python's whole numbers into a record, and `part`, which finds a thread's share."""
    lines = [*given(words + 2), f"%record = alloca [{words} x i64], align 8"]
    for at in range(words):
        lines += [f"%w{at} = getelementptr i64, ptr %record, i64 {at}", f"store i64 %v{at + 2}, ptr %w{at}"]
    return [
        *lines,
        "%alone = icmp eq i64 %v1, 0",
        "br i1 %alone, label %short, label %long",
        "short:",
        "call void @share(ptr %record, i64 0, i64 1)",
        "%zero = call ptr @actlab_object(i64 0)",
        "ret ptr %zero",
        "long:",
        "%state = call ptr @actlab_release()",
        "%several = icmp sgt i64 %v0, 1",
        "br i1 %several, label %many, label %one",
        "many:",
        "%threads = trunc i64 %v0 to i32",
        "call void @actlab_parallel(ptr @part, ptr %record, i32 %threads, i32 0)",
        "br label %back",
        "one:",
        "call void @share(ptr %record, i64 0, i64 1)",
        "br label %back",
        "back:",
        "call void @actlab_resume(ptr %state)",
        "%nothing = call ptr @actlab_object(i64 0)",
        "ret ptr %nothing",
        "}",
        "define internal void @part(ptr %record) #0 {",
        "%t = call i32 @actlab_thread_num()",
        "%m = call i32 @actlab_num_threads()",
        "%t8 = sext i32 %t to i64",
        "%m8 = sext i32 %m to i64",
        "call void @share(ptr %record, i64 %t8, i64 %m8)",
        "ret void",
        "}",
    ]


def share(words: Sequence[str], buffers: Mapping[int, int]) -> list[str]:
    """The head of `share`, which does a thread's part: buffers `%b0`, ... of so many bytes, and the record's words."""
    return [
        "define internal void @share(ptr %record, i64 %thread, i64 %team) #0 {",
        "entry:",
        *[f"%b{at} = alloca [{span} x i8], align 64" for at, span in buffers.items()],
        *[
            line
            for at, word in enumerate(words)
            for line in (f"%f{at} = getelementptr i64, ptr %record, i64 {at}", f"%{word} = load i64, ptr %f{at}")
        ],
    ]


def declared(body: list[str]) -> list[str]:
    """A declaration for every intrinsic that the lines call."""
    found: dict[str, str] = {}
    for line in body:
        gathered = re.search(r"@(llvm\.masked\.gather\.v(\d+)(f\d+)\.v\d+p0)", line)
        reduced = re.search(r"@(llvm\.vector\.reduce\.or\.v(\d+)i1)", line)
        if gathered:
            name, lanes, suffix = gathered.groups()
            kind = f"<{lanes} x {'double' if suffix == 'f64' else 'float'}>"
            found[name] = f"declare {kind} @{name}(<{lanes} x ptr>, i32, <{lanes} x i1>, {kind})"
        elif reduced:
            found[reduced[1]] = f"declare i1 @{reduced[1]}(<{reduced[2]} x i1>)"
        elif "@llvm." in line and "@llvm.umin" not in line:
            kind, _, rest = line.partition(" = call ")[2].partition(" @")
            name, _, operands = rest.partition("(")
            found[name] = f"declare {kind} @{name}({', '.join([kind] * (operands.count(f'{kind} ')))})"
    return [found[name] for name in sorted(found)]


def tables(body: list[str]) -> list[str]:
    """The tables that the lines look numbers up in."""
    return [
        f"@{name} = internal constant [{len(table())} x double] [{', '.join(map(_double, table()))}]"
        for name, table in TABLES.items()
        if any(f"@{name}" in line for line in body)
    ]


def _double(value: float) -> str:
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    return f"double 0x{bits:016X}"
