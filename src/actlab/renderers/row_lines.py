"""The lines of one pass over a row: what is known for the whole row, and what is computed in every place of a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..language import Expr
from . import vector_functions as f
from .llvm_cpu import CELLS, ELEMENTS, JOINED, loaded
from .row_passes import Pass, Row, in_passes
from .spelling import CannotSpell
from .vector_lines import DOUBLE, SINGLE, Lines, Mask, Vector

LANES = 32  # a row is short: half of what a walk over much memory takes at once


@dataclass(frozen=True)
class RowPlan:
    """An along-axis formula of rows of one dtype (not float64), `names` in the order in which they are passed.

    before: the formula whose sums over each row are known, as those of a value are when its gradient is computed.
    """

    expr: Expr
    names: tuple[str, ...] = ("x",)
    dtype: str = "float32"
    before: Expr | None = None

    @property
    def row(self) -> Row:
        """The formula in passes. Raises CannotSpell."""
        return in_passes(self.expr, self.before)


class Writer:
    """The lines of one pass: `head` once per row, in single doubles, `body` once per block, `stores` after it."""

    def __init__(self, plan: RowPlan, row: Row, now: Pass) -> None:
        self.row, self.now = row, now
        self.head, self.body = Lines(1, "s"), Lines(LANES)
        self.element = ELEMENTS[plan.dtype]
        self.names = plan.names
        self.slots = {node: slot for slot, node in enumerate(row.sums)}
        self._ones: dict[Expr, Any] = {}
        self._places: dict[Expr, Any] = {}
        self.stores: list[str] = []

    def one(self, node: Expr) -> Any:
        """What a node is for the whole row: a double, or the outcome of a comparison of doubles."""
        if node not in self._ones:
            if node in self.row.given or node in self.slots:
                known = node in self.row.given
                slot, table = (self.row.given.index(node), "given") if known else (self.slots[node], "ones")
                place = self.head.let(f"getelementptr double, ptr %{table}, i64 {slot}")
                made: Any = Vector(self.head, DOUBLE, self.head.let(f"load <1 x double>, ptr {place}, align 8"))
            elif node.op == "count":
                made = Vector(
                    self.head, DOUBLE, self.head.let("insertelement <1 x double> poison, double %long, i64 0")
                )
            elif node.op == "constant":
                made = self.head.number(node.number, DOUBLE)
            else:
                made = _cell(node)(node, *[self.one(arg) for arg in node.args])
            self._ones[node] = made
        return self._ones[node]

    def spread(self, one: Any) -> Any:
        """What is known for the row, in every lane."""
        many = f"<{LANES} x i32> zeroinitializer"
        if isinstance(one, Mask):
            return Mask(self.body, self.head.let(f"shufflevector <1 x i1> {one.text}, <1 x i1> poison, {many}"))
        near = one.as_format(SINGLE)
        return Vector(
            self.body, SINGLE, self.head.let(f"shufflevector <1 x float> {near.text}, <1 x float> poison, {many}")
        )

    def place(self, node: Expr) -> Any:
        """What a node is in every place of a block."""
        if node not in self._places:
            self._places[node] = self._made(node)
            if node in self.now.keeps:
                kept = self._places[node]
                self.stores.append(f"store {kept.kind} {kept.text}, ptr {self._kept(node)}, align 4")
        return self._places[node]

    def _made(self, node: Expr) -> Any:
        inner = node.args[0].op if node.args else ""
        if node.op == "constant":
            return self.body.number(node.number, SINGLE)
        if node in self.row.ones:
            return self.spread(self.one(node))
        if node.op == "symbol":
            if node.name not in self.names:
                raise CannotSpell(f"llvm_rows is given no {node.name!r}; the torch text takes tensors beside the row")
            return loaded(self.body, self.element, f"%p{self.names.index(node.name)}", "each")
        if node in self.row.kept and node not in self.now.keeps:
            text = self.body.let(f"load {self.body.vector('float')}, ptr {self._kept(node)}, align 4")
            return Vector(self.body, SINGLE, text)
        if (node.op, inner) in JOINED:
            return JOINED[node.op, inner](self.place(node.args[0].args[0]))
        return _cell(node)(node, *[self.place(arg) for arg in node.args])

    def _kept(self, node: Expr) -> str:
        at = self.body.let(f"mul i64 %padded, {self.row.kept.index(node)}")
        at = self.body.let(f"add i64 {at}, %begin")
        return self.body.let(f"getelementptr float, ptr %kept, i64 {at}")


def _cell(node: Expr) -> Any:
    if node.op == "fall":
        return lambda node, a: f.falling(a)
    if node.op not in CELLS:
        raise CannotSpell(f"llvm_rows has no spelling for {node.op!r}; the torch text computes it")
    return CELLS[node.op]
