"""Formulas made shorter for reading; the formula that runs stays as it was derived.

Only steps that hold for real numbers and that a reader would take: a factor cancels, a case that is decided
inside another joins it.
"""

from __future__ import annotations

from .expr import Expr, constant, div, is_number, mul, rebuild, walk


def tidy(expr: Expr) -> Expr:
    """`expr` with cancelled factors, collected constants and flattened cases."""
    made: dict[Expr, Expr] = {}
    for node in walk(expr):
        args = tuple(made[arg] for arg in node.args)
        made[node] = _step(rebuild(node.op, args) if args else node)
    return made[expr]


def _step(node: Expr) -> Expr:
    if node.op in ("mul", "damp", "div"):
        return _cancel(node)
    if node.op == "where":
        condition, then, otherwise = node.args
        if then is otherwise:
            return then
        # max(u, low) < high, with low < high, says u < high
        if condition.op in ("lt", "gt") and condition.args[0].op in ("maximum", "minimum"):
            inner, other = condition.args[0].args
            bounds_outside = {("lt", "maximum"): 1, ("gt", "minimum"): -1}.get((condition.op, condition.args[0].op))
            limit = condition.args[1]
            if bounds_outside and not (other.symbols & {"x"}) and _ordered(other, limit, bounds_outside):
                return _step(Expr("where", (Expr(condition.op, (inner, limit)), then, otherwise)))
        # where(u < high, where(u > low, a, b), b) reads better with the outer cases first
        if then.op == "where" and then.args[2] is otherwise:
            return Expr("where", (_opposite(condition), otherwise, then))
    return node


def _ordered(low: Expr, high: Expr, direction: int) -> bool:
    if low.op == high.op == "constant":
        return direction * (high.number - low.number) > 0
    return low.op == high.op == "symbol"  # bounds named by parameters are ordered by their constraint


def _opposite(condition: Expr) -> Expr:
    return Expr({"lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}[condition.op], condition.args)


def _factors(expr: Expr) -> tuple[float, list[Expr], list[Expr]]:
    """(number, factors above, factors below the fraction line)."""
    if expr.op == "constant":
        return expr.number, [], []
    if expr.op == "neg":
        number, above, below = _factors(expr.args[0])
        return -number, above, below
    if expr.op in ("mul", "damp"):
        (p, a, b), (q, c, d) = map(_factors, expr.args)
        return p * q, a + c, b + d
    if expr.op == "div" and not is_number(expr.args[1], 0.0):
        (p, a, b), (q, c, d) = map(_factors, expr.args)
        return p / q, a + d, b + c
    return 1.0, [expr], []


def _cancel(expr: Expr) -> Expr:
    number, above, below = _factors(expr)
    for factor in list(below):
        if factor in above:
            above.remove(factor)
            below.remove(factor)
    sign, number = (-1, -number) if number < 0 else (1, number)
    result, divisor = constant(number), constant(1.0)
    if 0 < number < 1 and abs(1 / number - round(1 / number)) < 1e-12:
        result, divisor = constant(1.0), constant(round(1 / number))
    for factor in above:
        result = mul(result, factor)
    for factor in below:
        divisor = mul(divisor, factor)
    result = div(result, divisor)
    return -result if sign < 0 else result
