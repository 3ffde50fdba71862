"""Comparing numbers: every helper asserts, pairs strictly, and returns how many values it compared.

A comparison of nothing proves nothing, so zero is a failure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from .oracle import mp

# dtype: (bits of precision with the hidden one, smallest normal exponent)
FORMAT = {
    torch.float16: (11, -14),
    torch.bfloat16: (8, -126),
    torch.float32: (24, -126),
    torch.float64: (53, -1022),
}


def counted(compared: int, what: str) -> int:
    """`compared` itself; AssertionError when it is zero."""
    assert compared > 0, f"{what}: nothing was compared"
    return compared


def ulp(truth: float, dtype: torch.dtype = torch.float64) -> float:
    """The distance between neighbours of `dtype` around a finite number."""
    bits, lowest = FORMAT[dtype]
    exponent = math.frexp(truth)[1] - 1 if truth else lowest
    return math.ldexp(1.0, max(exponent, lowest) - bits + 1)


def ulps(actual: float, truth: float, dtype: torch.dtype = torch.float64) -> float:
    """How far `actual` lies from `truth`, in units in the last place of `dtype`; 0 for equal infinities or two NaN."""
    if actual == truth or (math.isnan(actual) and math.isnan(truth)):
        return 0.0
    if not (math.isfinite(actual) and math.isfinite(truth)):
        return math.inf
    return abs(actual - truth) / ulp(truth, dtype)


def close(
    actual: Sequence[float] | Any,
    truth: Iterable[Any],
    at: Iterable[Any],
    what: str,
    *,
    relative: float = 1e-12,
    absolute: float = 1e-300,
    allowance: Callable[[float], float] | None = None,
) -> int:
    """Assert that float64 results agree with high-precision truths; returns how many were compared.

    at: the input of each pair, for the message and the allowance. A truth beyond float64 must come out infinite;
    None (no limit) must come out NaN. allowance: an extra absolute error that an input may have.
    """
    compared = 0
    for found, expected, x in zip(actual, truth, at, strict=True):
        compared += 1
        said = f"{what} at x = {x!r}: {float(found)!r}, but the truth is "
        if expected is None or mp.isnan(expected):
            assert math.isnan(found), f"{said}NaN (there is no limit)"
            continue
        nearest = float(expected)
        assert not math.isnan(found), f"{said}{nearest!r}"
        if math.isinf(nearest):
            assert found == nearest, f"{said}{nearest!r}"
            continue
        assert math.isfinite(found), f"{said}{nearest!r}"
        allowed = mp.mpf(relative) * abs(expected) + absolute
        error = abs(mp.mpf(float(found)) - expected)
        if error > allowed and allowance:  # asked for only here: it may cost two more derivatives
            allowed += allowance(x)
        assert error <= allowed, f"{said}{nearest!r} (error {mp.nstr(error, 3)}, allowed {mp.nstr(allowed, 3)})"
    return counted(compared, what)


def within(
    actual: Tensor, truth: Tensor, at: Tensor, what: str, *, most: float = 1.0, allowance: Tensor | None = None
) -> tuple[int, float]:
    """Assert that a tensor lies within `most` ULP of its dtype from float64 truths rounded to that dtype.

    allowance: extra absolute error per element. NaN must meet NaN and infinity the same infinity. Returns how many
    were compared and the largest error seen, in ULP.
    """
    assert actual.shape == truth.shape == at.shape, f"{what}: shapes {actual.shape} and {truth.shape} differ"
    dtype = actual.dtype
    bits, lowest = FORMAT[dtype]
    compared = counted(actual.numel(), what)
    rounded = truth.to(dtype).to(torch.float64)
    found = actual.to(torch.float64)
    differ = ~((found == rounded) | (found.isnan() & rounded.isnan()))
    if not differ.any():
        return compared, 0.0
    # nearly all values are the rounded truth itself: only the others are measured
    given = torch.zeros_like(rounded) if allowance is None else allowance
    at, actual, truth, rounded, found, given = (t[differ] for t in (at, actual, truth, rounded, found, given))
    exponent = torch.frexp(rounded.abs())[1].to(torch.float64) - 1
    spacing = torch.exp2(exponent.clamp(min=lowest) - bits + 1)
    error = (found - rounded).abs()
    # at the edge of the format one neighbour is infinite: rounding may fall either way
    beyond = (truth.abs() / torch.finfo(dtype).max - 1).abs() < 2.0 ** (1 - bits)
    edge = beyond & (found.isinf() ^ rounded.isinf()) & (found.sign() == truth.sign())
    wrong = ~((error <= most * spacing + given) | edge)
    if wrong.any():
        k = int(torch.nonzero(wrong)[0])
        values = [float(t[k]) for t in (at, actual, rounded, error / spacing)]
        raise AssertionError(
            f"{what} at x = {values[0]!r}: {values[1]!r}, but the truth is {values[2]!r} "
            f"({values[3]:.2f} ULP; {int(wrong.sum())} of {compared} values are off)"
        )
    finite = torch.where(error.isfinite(), error / spacing, 0.0)
    return compared, float(finite.max())


def same_bits(actual: Tensor, expected: Tensor, what: str, empty: bool = False) -> int:
    """Assert equal shape, dtype and bits (NaN equals NaN); returns how many elements were compared.

    empty: the tensors are meant to hold nothing; the shape counts as the one thing compared.
    """
    assert actual.dtype == expected.dtype, f"{what}: dtype {actual.dtype} instead of {expected.dtype}"
    assert actual.shape == expected.shape, f"{what}: shape {tuple(actual.shape)} instead of {tuple(expected.shape)}"
    if empty:
        assert expected.numel() == 0, f"{what}: meant to be empty"
        return 1
    a, b = actual.detach(), expected.detach()
    differ = ~((a == b) & (torch.signbit(a) == torch.signbit(b)) | (a.isnan() & b.isnan()))
    if differ.any():
        k = int(torch.nonzero(differ.flatten())[0])
        pair = f"{a.flatten()[k].item()!r} and {b.flatten()[k].item()!r}"
        raise AssertionError(f"{what}: {int(differ.sum())} of {a.numel()} elements differ, the first being {pair}")
    return counted(a.numel(), what)
