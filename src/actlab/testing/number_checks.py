"""Checks of the numbers: value, slope, curvature, limits, NaN, hand-made points, facts and kinks.

Each takes a `Subject`, asserts, and returns how many values it compared.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import oracle
from .comparison import close, counted
from .subject import Array, Subject, in_catalogue, variants

EPSILON = 2.0**-52
_BOUND = 1e6  # a function that stays below this out to 1e300 counts as bounded


def tensor_derivative(f: Callable[[Tensor], Tensor], x: Tensor, order: int) -> Tensor:
    """The derivative of that order of an elementwise torch function, by autograd."""
    x = x.detach().clone().requires_grad_(order > 0)
    y = f(x)
    for left in reversed(range(order)):
        if not y.requires_grad:
            return torch.zeros_like(x)  # a constant slope, as that of the identity
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=left > 0)
    return y.detach()


def _computed(subject: Subject, order: int, x: Sequence[float]) -> Iterable[tuple[str, Array]]:
    """(who computed it, the derivative at x) for the numpy reference and the torch function."""
    yield "numpy", subject.numbers(order, np.array(x, dtype=np.float64))
    yield "torch", tensor_derivative(subject.tensors, torch.tensor(x, dtype=torch.float64), order).numpy()


def _finite(subject: Subject, order: int) -> tuple[list[float], list[Any]]:
    pairs = list(zip(subject.points(), subject.truths(order), strict=True))
    kept = [(x, truth) for x, truth in pairs if math.isfinite(x) and truth is not None]
    return [x for x, _ in kept], [truth for _, truth in kept]


def _conditioning(subject: Subject, order: int) -> Callable[[float], Any]:
    """The error that rounding cannot avoid, by input; added to the relative tolerance.

    A product such as 1.7 x rounds, which moves the result as a shift h of four roundings of x does, f' h + f'' h^2/2
    with f the derivative asked for. And where f and f' vanish together, as those of 1 + cos(x) do at pi, nothing
    smaller than a rounding of the surroundings, f''/2 within a unit of x, can be kept.
    """

    def allowance(at: float) -> Any:
        if any(at == place for place, _ in subject.kinks):
            return oracle.mp.zero
        first, second = (abs(subject.truth(at, order + n)) for n in (1, 2))
        shift = 4 * EPSILON * abs(oracle.mp.mpf(at))
        return first * shift + second / 2 * (shift**2 + 4 * EPSILON * min(1.0, abs(at)) ** 2)

    return allowance


def _agrees(subject: Subject, order: int, what: str) -> int:
    x, truth = _finite(subject, order)
    allowance = _conditioning(subject, order)
    return sum(
        close(y, truth, x, f"{subject.name}: {what} ({who})", allowance=allowance)
        for who, y in _computed(subject, order, x)
    )


def value_agrees(subject: Subject) -> int:
    """The value agrees with 60 digits to 1e-12 relative on ordinary, tiny and huge points and beside kinks."""
    return _rows_agree(subject) if subject.along_axis else _agrees(subject, 0, "value")


def _rows_agree(subject: Subject) -> int:
    compared = 0
    for row in subject.rows():
        truth = oracle.row_value(subject.entry.value, row, subject.arguments)
        if any(map(oracle.mp.isnan, truth)):
            continue  # two infinities cancel: no limit
        # the largest score of log_softmax subtracts a logarithm near 0 in every library: a few eps, absolute
        for who, y in _computed(subject, 0, row):
            what = f"{subject.name}{row}: value ({who})"
            compared += close(y, truth, range(len(truth)), what, allowance=lambda _: 2 * EPSILON)
    return counted(compared, f"{subject.name}: value")


def slope_agrees(subject: Subject) -> int:
    """The slope agrees with the limit of the value to 1e-12 relative, and with the declared slope at a kink."""
    return _jacobians_agree(subject) if subject.along_axis else _agrees(subject, 1, "slope")


def _jacobians_agree(subject: Subject) -> int:
    compared = 0
    kinks = {place for place, _ in subject.kinks}
    for row in subject.rows():
        value = oracle.row_value(subject.entry.value, row, subject.arguments)
        stand_in = oracle.row_value(subject.sloped, row, subject.arguments)
        if any(map(oracle.mp.isnan, (*value, *stand_in))):
            continue
        if all(map(math.isinf, row)):
            truth = [[oracle.mp.zero] * len(row)] * len(value)
        else:
            truth = oracle.jacobian(subject.sloped, row, subject.arguments)
        at = torch.tensor(row, dtype=torch.float64)
        by_torch = torch.autograd.functional.jacobian(subject.tensors, at).numpy()
        for who, found in (("numpy", subject.numbers(1, np.array(row))), ("torch", by_torch)):
            for k, x in enumerate(row):
                if math.isinf(x) or x in kinks:
                    continue  # a masked place has no slope of its own: it can only stay masked
                same = len(value) == len(row)
                kept = [i for i in range(len(value)) if not (same and math.isinf(row[i]))]
                what = f"{subject.name}{row}: slope by input {k} ({who})"
                column = [truth[i][k] for i in kept]
                # p (1 - p) subtracts from 1: a few eps, absolute
                compared += close(found[kept, k], column, kept, what, allowance=lambda _: 8 * EPSILON)
    return counted(compared, f"{subject.name}: slope")


def curvature_agrees(subject: Subject) -> int:
    """The curvature is finite wherever the function is smooth, and agrees with the limit of the value.

    Allowed beside 1e-12 relative: the rounding of a slope, eps times slope over max(1, |x|), because a curvature
    near its root or in a slow tail is a difference of slopes.
    """
    if subject.along_axis:
        return 1  # its second derivative is checked by `gradgradcheck`
    x, truth = _finite(subject, 2)
    slopes = dict(zip(subject.points(), subject.truths(1), strict=True))
    unavoidable = _conditioning(subject, 2)

    def allowance(at: float) -> Any:
        rounding = 4 * EPSILON * abs(slopes[at]) / max(1.0, abs(at))
        return rounding + unavoidable(at)

    compared = 0
    for who, y in _computed(subject, 2, x):
        compared += close(y, truth, x, f"{subject.name}: curvature ({who})", allowance=allowance)
    return compared


def infinities(subject: Subject) -> int:
    """At both infinities value, slope and curvature are the mathematical limits, NaN only where there is none."""
    if subject.along_axis:
        return sum(math.isinf(x) for row in subject.rows() for x in row)  # among the rows of `value_agrees`
    x = [math.inf, -math.inf]
    compared = 0
    for order in (0, 1, 2):
        truth = [subject.truth(at, order) for at in x]
        for who, y in _computed(subject, order, x):
            what = f"{subject.name}: derivative {order} ({who})"
            compared += close(y, truth, x, what, absolute=1e-30)  # limits are measured where 1e40 has died out
    return compared


def nan(subject: Subject) -> int:
    """NaN in gives NaN out: value, slope and curvature, in every dtype."""
    compared = 0
    # 17 elements: the vectorised body and the tail of a kernel
    lanes = torch.full((17, 4) if subject.along_axis else (17,), math.nan, dtype=torch.float64)
    # a function that hands its input on (the identity) computes nothing that could be NaN but its value
    hands_on = subject.tensors(lanes) is lanes
    for order in (0,) if subject.along_axis or hands_on else (0, 1, 2):
        found = {"numpy": bool(np.isnan(subject.numbers(order, lanes.numpy())).all())}
        for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
            found[str(dtype)] = bool(tensor_derivative(subject.tensors, lanes.to(dtype), order).isnan().all())
        for who, kept in found.items():
            assert kept, f"{subject.name}: NaN in does not give NaN out for derivative {order} ({who})"
            compared += 1
    return counted(compared, f"{subject.name}: NaN")


def hand_points(subject: Subject) -> int:
    """The values that a person computed by hand or took from a published table come out."""
    if subject.along_axis:
        return _hand_rows(subject)
    if subject.params or subject.entry.root or (not subject.entry.points and not in_catalogue(subject.entry)):
        return 1  # they are stated for the default numbers of pieces and parameters; one's own function needs none
    x, truth = list(subject.entry.points), [oracle.mp.mpf(y) for y in subject.entry.points.values()]
    exact = [oracle.value(subject.entry.value, at, subject.arguments) for at in x]
    what = f"{subject.name}: the value stated by hand"
    compared = close([float(y) for y in exact], truth, x, what, relative=1e-15, absolute=1e-16)
    return compared + sum(close(y, truth, x, f"{what} ({who})", absolute=1e-16) for who, y in _computed(subject, 0, x))


def _hand_rows(subject: Subject) -> int:
    if subject.params or subject.entry.root or (not subject.entry.rows and not in_catalogue(subject.entry)):
        return 1  # they are stated for the defaults; one's own function needs none
    compared = 0
    for row, values in subject.entry.rows.items():
        truth = [oracle.mp.mpf(y) for y in values]
        for who, y in _computed(subject, 0, row):
            what = f"{subject.name}{row}: the row stated by hand ({who})"
            compared += close(y, truth, range(len(truth)), what, absolute=1e-16)
    return counted(compared, f"{subject.name}: rows stated by hand")


def kinks(subject: Subject) -> int:
    """Every jump of value or slope is declared, and every declared kink is real for some parameters."""
    if subject.along_axis:
        return 1  # where it bends depends on the whole row
    places = [place for place, _ in subject.kinks]
    found = [x for order in (0, 1) for x in subject.jumps(order)]
    for x in found:
        known = any(abs(x - place) < 1e-6 for place in places)
        assert known, f"{subject.name}: value or slope jumps at x = {x:.6g}, which is not declared as a kink"
    for corner in subject.own_kinks:
        sides = f"{corner.slope_left:.6g} and {corner.slope_right:.6g}"
        low, high = sorted((corner.slope_left, corner.slope_right))
        rounding = 1e-9 * max(1.0, abs(low), abs(high))
        assert corner.value_jump or low - rounding <= corner.slope <= high + rounding, (
            f"{subject.name}: the slope at x = {corner.at:.6g} is {corner.slope:.6g}, which is not between {sides}, "
            f"those on its sides; write where(x > {corner.at:.6g}, ..., ...) to choose a side"
        )
    for at, kink in enumerate(subject.entry.kinks):
        real = any(_jumps_near(other, other.kinks[at][0]) for other in variants(subject.entry))
        assert real, f"{subject.name}: nothing jumps at the kink declared at {kink.at!r}, up to the curvature"
    return 1 + len(found) + len(places)


def _jumps_near(subject: Subject, place: float) -> bool:
    return any(abs(x - place) < 1e-6 for order in (0, 1, 2) for x in subject.jumps(order))


def _values(subject: Subject) -> list[Any]:
    """Exact values in the order of x, from -1e300 to 1e300; for rows, all their finite values."""
    if subject.along_axis:
        rows = [oracle.row_value(subject.entry.value, row, subject.arguments) for row in subject.rows()]
        return [y for row in rows for y in row if not oracle.mp.isnan(y)]
    known = dict(zip(subject.points(), subject.truths(0), strict=True))
    return [known[x] for x in sorted(known) if math.isfinite(x)]


def _steps(subject: Subject) -> list[Any]:
    values = _values(subject)
    return [b - a for a, b in itertools.pairwise(values)]


def _mirrored(subject: Subject, sign: int) -> bool:
    known = dict(zip(subject.points(), subject.truths(0), strict=True))
    pairs = [(y, known[-x] if -x in known else subject.exact(-x)) for x, y in known.items() if math.isfinite(x)]
    return all(abs(mirrored - sign * y) <= abs(y) * oracle.mp.mpf("1e-50") for y, mirrored in pairs)


def _bends(subject: Subject) -> list[Any]:
    y = [subject.exact(k * oracle.mp.mpf("0.0731") - 12) for k in range(330)]
    return [c - 2 * b + a for a, b, c in zip(y, y[1:], y[2:], strict=False)]


_ROUNDING = oracle.mp.mpf("1e-50")

# One measurement for each word of `catalogue.FACTS`.
FACT_CHECKS: dict[str, Callable[[Subject], bool]] = {
    "smooth": lambda s: not s.kinks and not any(s.jumps(order) for order in (0, 1, 2)),
    "monotone": lambda s: all(d >= 0 for d in _steps(s)) or all(d <= 0 for d in _steps(s)),
    "not monotone": lambda s: any(d > 0 for d in _steps(s)) and any(d < 0 for d in _steps(s)),
    "odd": lambda s: _mirrored(s, -1),
    "even": lambda s: _mirrored(s, 1),
    "bounded": lambda s: all(abs(y) < _BOUND for y in _values(s)),
    "bounded below": lambda s: all(y > -_BOUND for y in _values(s)),
    "bounded above": lambda s: all(y < _BOUND for y in _values(s)),
    "convex": lambda s: all(d >= -_ROUNDING for d in _bends(s)),
    "concave": lambda s: all(d <= _ROUNDING for d in _bends(s)),
    "not trainable by gradient": lambda s: all(
        truth == 0 for x, truth in zip(s.points(), s.truths(1), strict=True) if x not in dict(s.kinks)
    ),
}


def facts(subject: Subject) -> int:
    """What an entry states about itself is what the oracle measures."""
    if subject.params:
        return 1  # facts are stated for the defaults
    for fact in subject.entry.facts:
        assert FACT_CHECKS[fact](subject), f"{subject.name} is said to be {fact!r}, but it is not"
    return max(1, len(subject.entry.facts))
