"""Where pieces of a formula meet: the places at which it changes from one formula to another, or stops being smooth."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .expr import Expr, walk

# node -> the expression whose roots are where it changes from one formula to another, or stops being smooth
_SWITCHES: dict[str, Callable[[tuple[Expr, ...]], Expr]] = {
    **dict.fromkeys(("lt", "le", "gt", "ge", "maximum", "minimum"), lambda args: args[0] - args[1]),
    **dict.fromkeys(("abs", "sign", "softsign", "sqrt", "log", "power"), lambda args: args[0]),
    "log1p": lambda args: args[0] + 1,
    "div": lambda args: args[1],
    **dict.fromkeys(("hypot", "ramp"), lambda args: args[0] * args[0] + args[1] * args[1]),
}


def switches(expr: Expr) -> Iterator[Expr]:
    """Expressions of `x` at whose roots, and nowhere else, the formula can have a kink or a jump."""
    for node in walk(expr):
        if node.op in _SWITCHES and not (node.op == "power" and _whole_power(node.args[1])):
            switch = _SWITCHES[node.op](node.args)
            if "x" in switch.symbols:
                yield switch


def _whole_power(exponent: Expr) -> bool:
    return exponent.op == "constant" and exponent.number >= 0 and exponent.number == int(exponent.number)
