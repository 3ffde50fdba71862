"""How far value and slope lie from the truth, in ULP, and where it is worst: one measurement per dtype.

float16 and bfloat16: all finite inputs. float32: every exponent, both signs, many mantissas. These are compared with
the float64 numpy reference, and the worst place is judged again by the 60-digit oracle. float64: the points of the
contracts, against the oracle itself; every exponent for finiteness.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import oracle
from .comparison import FORMAT, ulp
from .number_checks import tensor_derivative
from .precision import every
from .subject import Subject

MANTISSAS = 512  # float32 inputs per exponent and sign
_SPARSE = 4  # of float64, where only finiteness is asked
ROUNDINGS = 4  # of the input, that a formula may make beside those of its result
_OF = ("value", "slope")
# dtype -> (bits of the mantissa, number of finite exponents, the integer of that size)
_WIDE = {torch.float32: (23, 255, torch.int32), torch.float64: (52, 2047, torch.int64)}
_NOISE = 1e-6  # ULP: the oracle's own rounding
_JUDGED = 6  # the worst places that the oracle sees; further ones only if it contradicts the reference at all these

WIDTHS = {torch.float16: 2.0**-23, torch.bfloat16: 2.0**-23, torch.float32: 2.0**-23, torch.float64: 2.0**-52}
"""Dtype -> the rounding of the arithmetic behind it: the half formats are computed in float32."""


@dataclass(frozen=True)
class Error:
    """The worst error of value or slope in one dtype.

    ulp: its size at input `at`, in units in the last place of the dtype. limit: what is allowed without a reason.
    beyond: the worst error left after what a rounding of the input explains (`sensitivity`: how far one rounding of
    the input, half a unit in its last place, moves the result there, in ULP). compared: how many inputs. lost: how
    many finite inputs give NaN or infinity though the truth fits the dtype. overflow: the smallest |x| whose truth
    does not fit.
    """

    of: str
    dtype: str
    ulp: float
    at: float
    limit: float
    beyond: float
    sensitivity: float
    compared: int
    lost: int = 0
    lost_at: float | None = None
    overflow: float | None = None

    @property
    def explained(self) -> bool:
        """Whether the error exceeds the limit only as far as the conditioning of the function explains."""
        return self.beyond <= self.limit < self.ulp

    @property
    def fault(self) -> str:
        """What is wrong, in one sentence; empty if nothing is."""
        if self.lost:
            return f"{self.of} in {self.dtype} is not finite at x = {self.lost_at!r} ({self.lost} inputs)"
        if self.beyond > self.limit:
            return f"{self.of} in {self.dtype} is off by {self.ulp:.3g} ULP at x = {self.at!r}, allowed {self.limit:g}"
        return ""


def inputs(dtype: torch.dtype, mantissas: int = MANTISSAS) -> Tensor:
    """The finite inputs that are tried: all of float16 and bfloat16, every exponent of float32 and float64.

    mantissas: how many for each exponent and sign of the wide formats.
    """
    if dtype not in _WIDE:
        x = every(dtype)
        return x[x.isfinite()]
    kept, highest, bits_type = _WIDE[dtype]
    step = 2**kept // mantissas
    exponents = torch.arange(highest, dtype=torch.int64)
    # an offset that changes with the exponent, so that mantissas are not all round numbers
    offsets = (exponents * 7919 + 1) % step
    bits = (exponents[:, None] << kept) + torch.arange(mantissas) * step + offsets[:, None]
    powers_of_two = (exponents << kept)[:, None]
    x = torch.cat((bits, powers_of_two), dim=1).flatten().to(bits_type).view(dtype)
    return torch.cat((x, -x))


def _near(subject: Subject) -> Tensor:
    """Inputs around the kinks and between -12 and 12, where a sweep by exponents is thin."""
    places = [place for place, _ in subject.kinks]
    around = [place + sign * 2.0**-k for place in places for k in range(2, 20) for sign in (1, -1)]
    return torch.cat((torch.linspace(-12.3, 12.9, 4001), torch.tensor([*places, *around], dtype=torch.float32)))


def asked(subject: Subject, x: Tensor) -> Tensor:
    """`x` without the neighbours of a kink whose place is no number of the dtype: constants take the input's dtype."""
    wide = x.to(torch.float64)
    keep = torch.ones_like(wide, dtype=torch.bool)
    for place, _ in subject.kinks:
        keep &= ((wide - place).abs() > WIDTHS[x.dtype] * abs(place)) | (wide == place)
    return x[keep]


def spacing(truth: Tensor, dtype: torch.dtype) -> Tensor:
    """The ULP of `dtype` around each float64 truth."""
    bits, lowest = FORMAT[dtype]
    exponent = torch.frexp(truth.abs())[1].to(torch.float64) - 1
    return torch.exp2(exponent.clamp(min=lowest) - bits + 1)


def errors(subject: Subject, dtype: torch.dtype, limit: float, at_kinks: bool = True) -> tuple[Error, Error]:
    """The worst errors of value and slope in float16, bfloat16 or float32.

    at_kinks: whether the declared slopes at kinks are asked for; another library may have chosen others.
    """
    x = inputs(dtype)
    if dtype is torch.float32:
        x = torch.cat((x, _near(subject)))
    x = asked(subject, x)
    if not at_kinks:
        x = x[~torch.isin(x, torch.tensor([place for place, _ in subject.kinks], dtype=dtype))]
    at = x.to(torch.float64).numpy()
    with np.errstate(all="ignore"):
        known = [torch.from_numpy(np.ascontiguousarray(subject.numbers(order, at))) for order in range(4)]
    value, slope = (_measured(subject, x, known, order, limit) for order in (0, 1))
    return value, slope


def _measured(subject: Subject, x: Tensor, known: list[Tensor], order: int, limit: float) -> Error:
    dtype, truth = x.dtype, known[order]
    found = tensor_derivative(subject.tensors, x, order).to(torch.float64)
    unit, most = spacing(truth, dtype), torch.finfo(dtype).max
    fits = truth.abs() < most * (1 + 2.0 ** (-1 - FORMAT[dtype][0]))  # what rounds to a finite number
    # at the edge of the format rounding may fall either way
    edge = (truth.abs() / most - 1).abs() < 2.0 ** (1 - FORMAT[dtype][0])
    lost = fits & ~found.isfinite() & ~edge
    known_here = fits & found.isfinite()
    error = torch.where(known_here, (found - truth).abs(), 0.0)
    # below the smallest normal number of float32 its arithmetic may give 0
    flushed = error <= 2.0**-126
    error = torch.where(flushed, 0.0, error)
    overflowed = found.isinf() & (found.sign() == truth.sign())
    wrong = ~fits & ~edge & ~(overflowed | (truth.isnan() & found.isnan()))
    error = torch.where(wrong, math.inf, error)
    units = error / unit
    allowance, sensitivity = _unavoidable(x, known, order, unit)
    left = torch.where(units > limit, (units - allowance).clamp(min=0), units)
    place, ulp = _judged(subject, order, x, found, units=units)
    _, beyond = _judged(subject, order, x, found, units=units, ranking=left)
    over = x[~fits & ~truth.isnan()].to(torch.float64).abs()
    return Error(
        _OF[order],
        str(dtype).removeprefix("torch."),
        ulp,
        float(x[place]),
        limit,
        max(beyond, 0.0),
        float(sensitivity[place]),
        x.numel(),
        int(lost.sum()),
        float(x[lost][0]) if lost.any() else None,
        float(over.min()) if over.numel() else None,
    )


def _unavoidable(x: Tensor, known: list[Tensor], order: int, unit: Tensor) -> tuple[Tensor, Tensor]:
    """(what rounding cannot avoid, what one rounding of the input does), both in ULP of the result."""
    width = WIDTHS[x.dtype]
    wide = x.to(torch.float64).abs()
    first, second = (torch.nan_to_num(known[order + n].abs(), 0.0, 0.0) for n in (1, 2))
    shift = ROUNDINGS * width * wide
    moved = first * shift + second / 2 * (shift**2 + ROUNDINGS * width * wide.clamp(max=1) ** 2)
    return torch.nan_to_num(moved / unit, 0.0, 0.0), torch.nan_to_num(first * wide * width / 2 / unit, 0.0, 0.0)


def _judged(
    subject: Subject, order: int, x: Tensor, found: Tensor, *, units: Tensor, ranking: Tensor | None = None
) -> tuple[int, float]:
    """(the worst place by `ranking`, the ranking there) once the oracle has replaced the errors `units`."""
    asked_by = units if ranking is None else ranking
    places = torch.topk(asked_by, min(_JUDGED, asked_by.numel())).indices.tolist()
    best = (places[0], 0.0)
    for k in places:
        allowed = float(units[k] - asked_by[k])
        exact = exactly(subject, float(x[k]), float(found[k]), order, x.dtype)
        size = float(asked_by[k]) if exact is None else exact - allowed
        if size > best[1]:
            best = (k, size)
        if size >= 0.9 * float(asked_by[k]):
            break
    return best if best[1] > _NOISE else (best[0], 0.0)


def exactly(subject: Subject, x: float, found: float, order: int, dtype: torch.dtype) -> float | None:
    """The error of `found` in ULP of the dtype by the 60-digit oracle; None where it knows no finite truth."""
    truth = subject.truth(x, order)
    if truth is None or not oracle.mp.isfinite(truth) or not math.isfinite(found):
        return None
    return float(abs(oracle.mp.mpf(found) - truth) / ulp(float(truth), dtype))


def wide_errors(subject: Subject, limit: float) -> tuple[Error, Error]:
    """The worst errors of value and slope in float64, on the points of the contracts, by the oracle."""
    value, slope = (_wide(subject, order, limit) for order in (0, 1))
    return value, slope


def _wide(subject: Subject, order: int, limit: float) -> Error:
    known: list[tuple[float, Any]] = [
        (x, truth)
        for x, truth in zip(subject.points(), subject.truths(order), strict=True)
        if math.isfinite(x) and truth is not None
    ]
    points = [x for x, _ in known]
    found = tensor_derivative(subject.tensors, torch.tensor(points, dtype=torch.float64), order).tolist()
    worst, place, beyond, felt, lost, over = 0.0, points[0], 0.0, 0.0, list[float](), list[float]()
    kinks = dict(subject.kinks)
    for y, (x, truth) in zip(found, known, strict=True):
        nearest = float(truth)
        if math.isinf(nearest) or math.isnan(nearest):
            over.append(abs(x))
            continue
        if not math.isfinite(y):
            lost.append(x)
            continue
        unit = ulp(nearest)
        error = float(abs(oracle.mp.mpf(y) - truth))
        size = 0.0 if error <= 2.0**-1022 else error / unit
        if size > limit:
            first, second = (0, 0) if x in kinks else (abs(subject.truth(x, order + n)) for n in (1, 2))
            width = WIDTHS[torch.float64]
            shift = ROUNDINGS * width * abs(oracle.mp.mpf(x))
            moved = first * shift + second / 2 * (shift**2 + ROUNDINGS * width * min(1.0, abs(x)) ** 2)
            beyond = max(beyond, size - float(moved / unit))
            if size > worst:
                worst, place, felt = size, x, float(first * abs(x) * width / 2 / unit)
        elif size > worst:
            worst, place = size, x
    beyond = max(beyond, min(worst, limit))
    lost += _lost(subject, order)
    at = min(over) if over else None
    return Error(
        _OF[order],
        "float64",
        worst if worst > _NOISE else 0.0,
        place,
        limit,
        beyond,
        felt,
        len(points) + inputs(torch.float64, _SPARSE).numel(),
        len(lost),
        lost[0] if lost else None,
        at,
    )


def _lost(subject: Subject, order: int) -> list[float]:
    """The inputs of float64 at which the reference is finite and the function is not; every exponent, both signs."""
    x = inputs(torch.float64, _SPARSE)
    with np.errstate(all="ignore"):
        truth = subject.numbers(order, x.numpy())
    found = tensor_derivative(subject.tensors, x, order)
    # within a factor of 2 of the edge of the format rounding decides
    fits = torch.from_numpy(np.abs(truth) <= torch.finfo(torch.float64).max / 2)
    return x[fits & ~found.isfinite()].tolist()
