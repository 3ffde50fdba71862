"""Gradients of along-axis formulas: the derivative in a direction is linear in it, and is read backwards.

`derivative` gives the Jacobian of a row applied to a direction; `pulled_back` gives its transpose applied to the
gradient that comes in, as reverse mode needs it. Both come from the same derivative rows.
"""

from __future__ import annotations

from collections.abc import Iterator

from .derivative import derivative
from .expr import Expr, rebuild, symbol, walk
from .operations import ONE, ZERO, damp, softmax, total, where

UPSTREAM = "upstream"  # the symbol of the gradient that comes in
_DIRECTION = "direction"

# operations that make one number of a row
SUMMARIES = frozenset(("total", "mean", "rms", "logsumexp"))


def per_row(expr: Expr) -> set[Expr]:
    """The nodes of a formula that have one value for a whole row."""
    found: set[Expr] = set()
    for node in walk(expr):
        if node.op in SUMMARIES or (node.op != "symbol" and found.issuperset(node.args)):
            found.add(node)
    return found


def _turned(node: Expr, pulled: Expr, ones: set[Expr]) -> Iterator[tuple[int, Expr]]:
    """(operand, what reaches it) for every operand that the direction may come from. Raises ValueError."""
    args = node.args
    if node.op in ("add", "sub", "neg"):
        for at in range(len(args)):
            yield at, -pulled if node.op == "neg" or (node.op, at) == ("sub", 1) else pulled
    elif node.op == "mul":
        damped = any(part.op == "damp" for part in walk(pulled))  # and may be infinite where this factor is 0
        yield from ((at, damp(args[1 - at], pulled) if damped else args[1 - at] * pulled) for at in (0, 1))
    elif node.op == "damp":
        yield 0, damp(pulled, args[1])
        yield 1, damp(args[0], pulled)
    elif node.op == "div":
        if args[1] not in ones:
            yield 0, pulled / args[1]
        else:  # what nothing takes part in, as an empty row, is moved by nothing
            found = abs(args[1]) > ZERO
            yield 0, where(found, pulled / where(found, args[1], ONE), ZERO)
    elif node.op == "where":
        yield 1, where(args[0], pulled, ZERO)
        yield 2, where(args[0], ZERO, pulled)
    elif node.op in ("total", "mean"):
        yield 0, pulled if node.op == "total" else pulled / total(ONE)
    else:
        raise ValueError(f"{node.op!r} is not read backwards; add a row to src/actlab/language/transposed.py")


def _sum(a: Expr, b: Expr) -> Expr:
    """a + b; a common first factor or condition is taken out, so that what cancels is added before it is scaled."""
    same = bool(a.args) and bool(b.args) and a.args[0] is b.args[0]
    ops = {a.op, b.op}
    if same and ops <= {"mul", "damp"}:
        return rebuild("damp" if "damp" in ops else "mul", (a.args[0], _sum(a.args[1], b.args[1])))
    if same and ops == {"where"} and a.args[2] is b.args[2] is ZERO:
        return where(a.args[0], _sum(a.args[1], b.args[1]), ZERO)
    for one, other in ((a, b), (b, a)):
        if one.op == "add" and one.args[1].op in SUMMARIES:  # a sum over the row cancels what it is made of first
            return other + one.args[1] + one.args[0]
    return a + b


def pulled_back(expr: Expr) -> Expr:
    """The gradient by `x` of an along-axis formula, given the gradient `UPSTREAM` of its value.

    `total(1)` in it is the length of the row. Raises ValueError for a formula whose derivative uses an operation that
    is not read backwards.
    """
    along = derivative(expr, "x", symbol(_DIRECTION))
    ones = per_row(along)
    pulled = {along: symbol(UPSTREAM)}
    for node in reversed(list(walk(along))):
        if _DIRECTION not in node.symbols or node not in pulled or node.op == "symbol":
            continue
        for at, part in _turned(node, pulled[node], ones):
            arg = node.args[at]
            if _DIRECTION not in arg.symbols:
                continue
            # what was one number for all places gathers from all of them
            gathers = arg in ones and (node.op in SUMMARIES or node not in ones)
            reached = total(part) if gathers else part
            pulled[arg] = _sum(pulled[arg], reached) if arg in pulled else reached
    found = pulled.get(symbol(_DIRECTION), ZERO)
    for node in walk(expr):
        if node.op == "log_softmax":  # of an empty row it is -inf, which nothing moves
            found = where(total(softmax(node.args[0])) > ZERO, found, ZERO)
    return found
