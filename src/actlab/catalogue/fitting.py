"""Starting numbers of learned curves: small linear systems, in plain Python so that the catalogue needs no library."""

from __future__ import annotations

from collections.abc import Callable, Sequence

STEPS = 1024  # starting numbers are whole multiples of 1/1024: the same on every machine, and exact in float32


def rounded(number: float) -> float:
    """The nearest whole multiple of 1/1024."""
    return round(number * STEPS) / STEPS


def solve(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """The solution of a positive definite system, by elimination."""
    rows = [[*row, target] for row, target in zip(matrix, right, strict=True)]
    for k, pivot in enumerate(rows):
        for below in rows[k + 1 :]:
            factor = below[k] / pivot[k]
            below[k:] = [a - factor * b for a, b in zip(below[k:], pivot[k:], strict=True)]
    found: list[float] = []
    for k in reversed(range(len(rows))):
        known = sum(a * b for a, b in zip(rows[k][k + 1 : -1], reversed(found), strict=True))
        found.append((rows[k][-1] - known) / rows[k][k])
    return found[::-1]


def least_squares(
    basis: Sequence[Callable[[float], float]], target: Callable[[float], float], places: Sequence[float]
) -> list[float]:
    """The weights of the basis functions whose sum comes nearest to the target at these places, rounded."""
    columns = [[f(x) for x in places] for f in basis]
    aims = [target(x) for x in places]
    products = [[sum(a * b for a, b in zip(one, other, strict=True)) for other in columns] for one in columns]
    found = solve(products, [sum(a * y for a, y in zip(one, aims, strict=True)) for one in columns])
    return [rounded(weight) for weight in found]
