"""Formulas that torch has as one operation, and how it is called: as text, like every rendering."""

from __future__ import annotations

from ..language import Expr, maximum, minimum, symbol, where

_x, _a, _b = symbol("x"), symbol("a"), symbol("b")

# (formula, where a and b stand for any number; the call)
CALLS: tuple[tuple[Expr, str], ...] = (
    (maximum(_x, 0), "torch.relu(x)"),
    (minimum(maximum(_x, _a), _b), "torch.nn.functional.hardtanh(x, {a}, {b})"),
    (where(_x > 0, _x, _a * _x), "torch.nn.functional.leaky_relu(x, {a})"),
    (where(_x > _a, _x, _b), "torch.nn.functional.threshold(x, {a}, {b})"),
    ((minimum(maximum(_x, -3), 3) + 3) / 6, "torch.nn.functional.hardsigmoid(x)"),
    (_x**2, "torch.square(x)"),
    (abs(_x), "torch.abs(x)"),
    (-_x, "torch.neg(x)"),
    (_x + _a, "x + {a}"),
    (_x - _a, "x - {a}"),
    (_x / _a, "x / {a}"),
    (_x * _a, "x * {a}"),
    (_a * _x, "x * {a}"),
)


def call(expr: Expr) -> str | None:
    """The torch call, of `x`, that computes a formula; None where torch needs several."""
    for pattern, text in CALLS:
        found: dict[str, float] = {}
        if _matches(pattern, expr, found):
            return text.format(**{name: repr(number) for name, number in found.items()})
    return None


def _matches(pattern: Expr, expr: Expr, found: dict[str, float]) -> bool:
    if pattern.op == "symbol" and pattern.name != "x":
        return expr.op == "constant" and found.setdefault(pattern.name, expr.number) == expr.number
    if pattern is expr:
        return True
    same = pattern.op == expr.op and len(pattern.args) == len(expr.args) and bool(pattern.args)
    return same and all(_matches(own, other, found) for own, other in zip(pattern.args, expr.args, strict=True))
