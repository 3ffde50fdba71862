"""What is left in narrow formats: float32 over its whole range, float16 and bfloat16 on all 65,536 inputs."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .comparison import within
from .number_checks import tensor_derivative
from .subject import Subject

# the computation runs in float32: its own rounding, times how strongly the result reacts to the input
_WIDE = 2.0**-23

# below its smallest normal number float32 arithmetic may give 0 (x^2 in 1/(1 + x^2) overflows first)
_FLUSHED = 2.0**-126


def every(dtype: torch.dtype) -> Tensor:
    """All bit patterns of a 16-bit format, in order."""
    return torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)


def _asked(subject: Subject, x: Tensor) -> Tensor:
    """The inputs that float32 can answer for.

    Left out: a neighbour of a kink whose place is no float32 number (constants take the input's dtype), and, with
    changed parameters, inputs that a parameter carries beyond float32.
    """
    wide = x.to(torch.float64)
    keep = torch.ones_like(wide, dtype=torch.bool)
    for place, _ in subject.kinks:
        keep &= ((wide - place).abs() > _WIDE * abs(place)) | (wide == place)
    if subject.params:
        keep &= (wide.abs() < 1e37) | ~wide.isfinite()
    return x[keep]


def _exact(subject: Subject, x: Tensor, order: int) -> Tensor:
    """The derivative of that order of the float64 reference at `x`."""
    return torch.from_numpy(np.ascontiguousarray(subject.numbers(order, x.to(torch.float64).numpy())))


def _within(subject: Subject, x: Tensor, found: Tensor, order: int, *, what: str, most: float) -> float:
    """The largest error of `found` in ULP; asserts that it is at most `most`, plus what rounding cannot avoid.

    That is, as for float64 (`number_checks`): f' h + f'' h^2/2 for a shift h of four roundings of the input, a rounding
    of f''/2 within a unit of x, one of each parameter, and everything below the smallest normal number of float32.
    """
    truth = _exact(subject, x, order)
    try:
        return within(found, truth, x, what, most=most, allowance=torch.full_like(truth, _FLUSHED))[1]
    except AssertionError:  # two more derivatives are computed only where they are needed
        wide = x.to(torch.float64).abs()
        first, second = (torch.nan_to_num(_exact(subject, x, order + n).abs(), 0.0, 0.0) for n in (1, 2))
        shift = 4 * _WIDE * wide
        allowance = first * shift + second / 2 * (shift**2 + 4 * _WIDE * wide.clamp(max=1) ** 2) + _FLUSHED
        allowance = allowance + _rounded_constants(subject, x, order, truth)
        return within(found, truth, x, what, most=most, allowance=torch.nan_to_num(allowance, 0.0, 0.0))[1]


def _rounded_constants(subject: Subject, x: Tensor, order: int, truth: Tensor) -> Tensor:
    """How far the truth moves when each parameter is rounded to float32, as constants are in a float32 formula."""
    moved = torch.zeros_like(truth)
    for name, number in subject.arguments.items():
        if subject.entry.parameters[name].settable and number != float(np.float32(number)):
            other = Subject.of(subject.entry, {**subject.params, name: float(np.float32(number))})
            moved += torch.nan_to_num((_exact(other, x, order) - truth).abs(), 0.0, 0.0)
    return moved


def single_precision_errors(subject: Subject) -> dict[str, float]:
    """The largest error of value and slope in float32 over its whole range, in ULP; asserts the bound.

    Allowed: 8 ULP, plus 8 roundings of the input where the result is ill-conditioned.
    """
    sizes = torch.logspace(-37, 38, 3001, dtype=torch.float64)
    near = torch.linspace(-12.3, 12.9, 3001, dtype=torch.float64)
    x = _asked(subject, torch.cat((sizes, -sizes, near)).to(torch.float32))
    seen: dict[str, float] = {}
    for order in (0, 1):
        found = tensor_derivative(subject.tensors, x, order)
        what = f"{subject.name}: derivative {order} in float32"
        seen[("value", "slope")[order]] = _within(subject, x, found, order, what=what, most=8.0)
    return seen


def single_precision(subject: Subject) -> int:
    """In float32 value and slope keep their digits over the whole range, both tails included."""
    if subject.along_axis:
        return _rows(subject, torch.float32, torch.logspace(-37, 38, 2001, dtype=torch.float64).to(torch.float32))
    single_precision_errors(subject)
    return 2 * 9003


def half_precision_errors(subject: Subject) -> dict[str, float]:
    """The largest error of value and slope over all inputs of both half formats, in ULP; asserts the rules.

    At most 1 ULP from the float64 reference rounded to the format, plus what float32 arithmetic itself may lose
    where the result is ill-conditioned (near a root); NaN stays NaN and infinities go where the reference goes.
    """
    seen: dict[str, float] = {}
    for dtype in (torch.float16, torch.bfloat16):
        x = _asked(subject, every(dtype))
        if subject.tensors(x) is x:
            x = x[~x.isnan()]  # the identity hands NaN on, with slope 1
        for order in (0, 1):
            found = tensor_derivative(subject.tensors, x, order)
            what = f"{subject.name}: derivative {order} in {dtype}"
            error = _within(subject, x, found, order, what=what, most=1.0)
            seen[f"{('value', 'slope')[order]} {str(dtype).removeprefix('torch.')}"] = error
    return seen


def half_precision(subject: Subject) -> int:
    """All 65,536 inputs of float16 and bfloat16 give the rounded reference within 1 ULP, value and slope."""
    if subject.along_axis:
        finite = {dtype: every(dtype)[torch.isfinite(every(dtype))] for dtype in (torch.float16, torch.bfloat16)}
        return sum(_rows(subject, dtype, x) for dtype, x in finite.items())
    half_precision_errors(subject)
    return 4 * 2**16


def _rows(subject: Subject, dtype: torch.dtype, x: Tensor) -> int:
    """Every number once, in rows of four."""
    x = x[x.abs() < 1e37] if subject.params else x  # what a parameter carries beyond float32 is left out
    rows = torch.stack((x, -x / 2, x / 4, torch.zeros_like(x)), dim=1)
    truth = torch.from_numpy(np.ascontiguousarray(subject.numbers(0, rows.to(torch.float64).numpy())))
    reach = rows.to(torch.float64).abs().amax(1, keepdim=True).expand_as(truth)
    # e^a reacts to a with a, which float32 keeps only to 2^-24 of the largest score; and the largest score's
    # logarithm is that of a sum near 1, kept to an eps or two of 1
    allowance = _WIDE * (truth.abs() * reach.clamp(max=200) + 2)
    for signs in ((1, 1, 1, 1), (1, 1, -1, -1), (1, -1, 1, -1)):  # and it moves as a few roundings of its inputs do
        moved = rows.to(torch.float64) * (1 + 8 * _WIDE * torch.tensor(signs))
        change = torch.from_numpy(np.ascontiguousarray(subject.numbers(0, moved.numpy()))) - truth
        allowance = allowance + torch.nan_to_num(change.abs(), 0.0, 0.0)
    at = rows if truth.shape == rows.shape else truth  # a row may change its length
    return within(subject.tensors(rows), truth, at, f"{subject.name} in {dtype}", allowance=allowance)[0]
