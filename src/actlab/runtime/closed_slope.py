"""Slopes that are polynomials of the output between the seams of a monotone formula: 1 - y^2 of tanh, y + 1 of elu."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..language import Expr, constant, symbol, where
from .branches import Branches
from .kernel import Kernel, kernel
from .pieces import intervals, single

_DEGREES = 3  # constant, straight, square
_LIKE = 1e-10  # of the slope, or of 1
_NEAR = 1e-6  # the same at a seam, where inputs that are rounded to it have slopes of their own
_DIGITS = 12  # of a coefficient: the rest is rounding
_NARROW = 16.0  # coefficients are found where an output is no larger


def closed(found: Branches, y: Tensor, low: Tensor, high: Tensor, far: Tensor) -> Kernel | None:
    """The slope as a formula of the output `x`; None if it is no such polynomial, or there are two branches.

    y, low, high, far: outputs of single precision, between what their slopes lie, and which are limits at infinity,
    whose slope counts alone.
    """
    branch, *others = found.parts
    if others:
        return None
    between = [(single(a), single(b)) for a, b in intervals(branch)]
    pieces: list[tuple[float, ...]] = []
    for a, b in between:
        inside = (branch.y > a) & (branch.y < b)
        piece = _polynomial(branch.y[inside], branch.slope[inside])
        if piece is None:
            return None
        pieces.append(piece)
    edges = [*[a for a, _ in between], single(branch.ends[1])]
    made: Expr | None = None
    x = symbol("x")
    for at, edge in enumerate(edges):
        sides = [pieces[side] for side in (at - 1, at) if 0 <= side < len(pieces)]
        above = _written(pieces[at]) if at < len(pieces) else None
        if math.isinf(edge):
            made = above if made is None else made
            continue
        own = y == edge
        own = own & far if bool((own & far).any()) else own
        least, most = (float(low[own].max()), float(high[own].min())) if bool(own.any()) else (-math.inf, math.inf)
        place = torch.tensor(edge, dtype=torch.float64)
        fitting = [side for side in sides if least - _NEAR <= float(_at(side, place)) <= most + _NEAR]
        if not fitting:
            middle = constant(round((least + most) / 2, _DIGITS))
            made = middle if made is None else where(x >= edge, middle, made)
            made = made if above is None else where(x > edge, above, made)
        elif above is None:
            continue
        elif made is None:
            made = above
        elif above != _written(pieces[at - 1]):
            made = where(x > edge if fitting[0] is sides[0] else x >= edge, above, made)
    return None if made is None else kernel(made)


def _polynomial(y: Tensor, slope: Tensor) -> tuple[float, ...] | None:
    """The coefficients of the lowest polynomial of `y` that the slopes are; None if there is none."""
    if not len(y):
        return (0.0,)
    narrow = y.abs() <= max(_NARROW, 2 * float(y.abs().min()))
    for degree in range(_DEGREES):
        powers = torch.stack([y[narrow] ** power for power in range(degree + 1)], 1)
        found = torch.linalg.lstsq(powers, slope[narrow, None], driver="gelsd").solution.flatten().tolist()
        piece = tuple(round(coefficient, _DIGITS) + 0.0 for coefficient in found)
        if bool(((_at(piece, y) - slope).abs() <= _LIKE * slope.abs().clamp(min=1.0)).all()):
            return piece
    return None


def _at(piece: tuple[float, ...], y: Tensor) -> Tensor:
    return sum((coefficient * y**power for power, coefficient in enumerate(piece) if coefficient), torch.zeros_like(y))


def _written(piece: tuple[float, ...]) -> Expr:
    """The polynomial of `x`, by Horner's rule."""
    made: Expr = constant(piece[-1])
    for coefficient in reversed(piece[:-1]):
        made = made * symbol("x") + coefficient
    return made
