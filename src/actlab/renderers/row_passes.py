"""An along-axis formula as passes over one row: what a row is summed up to first, and what follows from that.

Left after `summed_up` are operations that work place by place, among them `fall`, which is e^a for a up to 0, and four
that make one number of a row: `top` (its largest), `total`, and `level` and `slack`, which together are the t of
`excess`, coarse and what is left of it. `count` is the length of the row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..language import Expr, exp, log, sqrt, walk, where
from ..language.expr import rebuild
from ..language.operations import ONE, ZERO, total
from .spelling import CannotSpell

LARGEST = 3.4028234663852886e38  # of float32; what is beyond it is infinite
SUMS = frozenset(("top", "total", "level", "slack"))
COUNT = Expr("count")

# operations that cost no more than reading back what they gave
_CHEAP = frozenset(
    (
        *("add", "sub", "mul", "div", "damp", "neg", "abs", "sign", "maximum", "minimum", "where"),
        *("lt", "le", "gt", "ge", "sqrt", "straight", "symbol", "constant"),
    )
)


def _top(a: Expr) -> Expr:
    # 0 of a row in which everything is masked, so that nothing is taken off its minus infinities
    top = Expr("top", (a,))
    return where(top < -LARGEST, ZERO, top)


def _part(a: Expr) -> tuple[Expr, Expr]:
    """(e^(a - top), its total, which is 0 of an empty row)."""
    part = Expr("fall", (a - _top(a),))
    whole = total(part)
    return part, whole


def _or_one(a: Expr) -> Expr:
    return where(a <= ZERO, ONE, a)  # NaN stays


def _softmax(a: Expr) -> Expr:
    part, whole = _part(a)
    return part * (ONE / _or_one(whole))  # one division for a row, in double precision


def _log_softmax(a: Expr) -> Expr:
    return (a - _top(a)) - log(_or_one(_part(a)[1]))


def _logsumexp(a: Expr) -> Expr:
    top = Expr("top", (a,))
    top = where(abs(top) > LARGEST, ZERO, top)  # beside +inf the rest is nothing
    return log(total(exp(a - top))) + top


def _mean(a: Expr) -> Expr:
    return total(a) / COUNT


def _scaled(a: Expr) -> tuple[Expr, Expr]:
    size = Expr("top", (abs(a),))
    size = _or_one(size)
    return a / size, size


def _rms(a: Expr) -> Expr:
    near, size = _scaled(a)
    return size * sqrt(_mean(near * near))


def _unit(a: Expr) -> Expr:
    near, _ = _scaled(a)
    square = total(near * near)
    return near / sqrt(_or_one(square))


def _excess(p: Expr, a: Expr) -> Expr:
    if p.op != "constant" or p.number < 1:
        raise CannotSpell("llvm_rows solves for powers from 1, where the excess is convex; the torch text for others")
    below = a - _top(a)
    over = below - Expr("level", (p, below)) - Expr("slack", (p, below))
    return where(over > ZERO, over, where(below <= ZERO, ZERO, below))  # NaN stays


_WRITTEN: dict[str, Callable[..., Expr]] = {
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "logsumexp": _logsumexp,
    "mean": _mean,
    "rms": _rms,
    "unit": _unit,
    "excess": _excess,
}


def summed_up(expr: Expr) -> Expr:
    """The formula with every along-axis operation written by the four sums. Raises CannotSpell."""
    made: dict[Expr, Expr] = {}
    for node in walk(expr):
        args = tuple(made[arg] for arg in node.args)
        if node.op in _WRITTEN:
            made[node] = _WRITTEN[node.op](*args)
        elif node.op == "total" and node.args[0].op == "softmax":
            whole = _part(made[node.args[0].args[0]])[1]
            made[node] = where(whole <= ZERO, ZERO, ONE)
        elif node.op == "total" and not args[0].symbols:
            made[node] = args[0] * COUNT
        elif node.op == "total" and args[0].op == "neg":
            made[node] = -total(args[0].args[0])
        else:
            made[node] = _decided(rebuild(node.op, args)) if args else node
    return made[expr]


def _decided(node: Expr) -> Expr:
    """A case inside another of the same condition is no case."""
    if node.op != "where":
        return node
    condition, then, otherwise = node.args
    then = then.args[1] if then.op == "where" and then.args[0] is condition else then
    otherwise = otherwise.args[2] if otherwise.op == "where" and otherwise.args[0] is condition else otherwise
    return where(condition, then, otherwise)


class Pass(NamedTuple):
    """One reading of the row: the sums it makes, or the result; what it writes down beside them for later passes."""

    makes: tuple[Expr, ...]
    keeps: tuple[Expr, ...]

    @property
    def solves(self) -> bool:
        """Whether it is repeated until a level is found."""
        return self.makes[0].op == "level"


class Row(NamedTuple):
    """A formula in passes: `sums` in the order of their slots, `given` and `kept` nodes in the order of theirs.

    given: sums that are known before. ones: nodes that have one value for the row.
    """

    passes: tuple[Pass, ...]
    sums: tuple[Expr, ...]
    given: tuple[Expr, ...]
    kept: tuple[Expr, ...]
    ones: frozenset[Expr]


def _depths(expr: Expr, given: tuple[Expr, ...]) -> dict[Expr, int]:
    depths: dict[Expr, int] = {}
    for node in walk(expr):
        below = max([depths[arg] for arg in node.args], default=0)
        depths[node] = 0 if node in given else below + (node.op in SUMS)
    return depths


def _needed(roots: tuple[Expr, ...], ones: frozenset[Expr]) -> set[Expr]:
    """What a pass computes in every place, the operands of its sums included."""
    found: set[Expr] = set()
    stack = [arg for root in roots for arg in (root.args if root.op in SUMS else (root,))]
    while stack:
        node = stack.pop()
        if node not in found and node not in ones:
            found.add(node)
            stack += node.args
    return found


def in_passes(expr: Expr, before: Expr | None = None) -> Row:
    """The passes of a formula, the result last. Raises CannotSpell for what is not written in passes.

    before: a formula of the same row whose sums are known, as those of a value are when its gradient is wanted.
    """
    given = () if before is None else in_passes(before).sums
    whole = summed_up(expr)
    nodes = list(walk(whole))
    ones: set[Expr] = set()
    for node in nodes:
        if node.op in SUMS or (node.op != "symbol" and ones.issuperset(node.args)):
            ones.add(node)
    if whole in ones:
        raise CannotSpell("llvm_rows writes a value in every place of a row; the torch text computes one for the row")
    depths = _depths(whole, given)
    sums = [node for node in nodes if node.op in SUMS and depths[node]]
    order: list[tuple[Expr, ...]] = []
    for depth in range(1, max([depths[node] for node in sums], default=0) + 1):
        here = [node for node in sums if depths[node] == depth]
        order += [(node, Expr("slack", node.args)) for node in here if node.op == "level"]
        plain = tuple(node for node in here if node.op in ("top", "total"))
        order += [plain] if plain else []
    order.append((whole,))
    frozen = frozenset(ones)
    needed = [_needed(roots, frozen) for roots in order]
    kept: list[Expr] = []
    for node in nodes:
        if node.op not in _CHEAP and node not in ones and sum(node in need for need in needed) > 1:
            kept.append(node)
    passes: list[Pass] = []
    written: set[Expr] = set()
    for roots, need in zip(order, needed, strict=True):
        new = tuple(node for node in kept if node in need and node not in written)
        written.update(new)
        passes.append(Pass(roots, new))
    slots = tuple(node for one in passes[:-1] for node in one.makes)
    return Row(tuple(passes), slots, given, tuple(kept), frozen)
