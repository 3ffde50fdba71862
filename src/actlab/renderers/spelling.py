"""How a target spells expressions: a table of cells, and the writer that turns a formula into lines of text.

A target is a `Table`: one cell per operation. A cell is a format string over its operands, or a function of
their spellings. Subexpressions used more than once get a name, so they are computed once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..language import Expr, walk

Cell = str | Callable[..., str]


class CannotSpell(LookupError):
    """An operation has no cell in a target's table; the message names both and the file to edit."""


@dataclass(frozen=True)
class Table:
    """One target: its name (the module that holds it), cells, and how a constant is written."""

    target: str
    cells: Mapping[str, Cell]
    constant: Callable[[float], str]
    # a cell that needs its constants as values of the input's dtype, e.g. torch.where with two constants
    boxed: Mapping[str, tuple[int, ...]] | None = None
    box: str = "{0}"

    def spell(self, node: Expr, operands: tuple[str, ...]) -> str:
        """One node, its operands already spelled. Raises CannotSpell."""
        cell = self.cells.get(node.op)
        if cell is None:
            raise CannotSpell(
                f"{self.target} has no spelling for {node.op!r}; add one to src/actlab/renderers/{self.target}.py"
            )
        if self.boxed and node.op in self.boxed:
            operands = tuple(
                self.box.format(text) if at in self.boxed[node.op] and not node.args[at].symbols else text
                for at, text in enumerate(operands)
            )
        return cell.format(*operands) if isinstance(cell, str) else cell(*operands)


def write(table: Table, outputs: Mapping[str, Expr]) -> list[str]:
    """Assignments that compute each named output from the symbols, shared parts first and once."""
    uses = Counter(arg for node in _nodes(outputs) for arg in node.args) + Counter(outputs.values())
    spelled: dict[Expr, str] = {}
    lines: list[str] = []
    for node in _nodes(outputs):
        if node.op == "symbol":
            spelled[node] = node.name
        elif node.op == "constant":
            spelled[node] = table.constant(node.number)
        else:
            text = table.spell(node, tuple(spelled[arg] for arg in node.args))
            if uses[node] > 1 and node.args:
                name = f"t{len(lines)}"
                lines.append(f"{name} = {text}")
                text = name
            spelled[node] = text
    return lines + [f"{name} = {spelled[expr]}" for name, expr in outputs.items()]


def _nodes(outputs: Mapping[str, Expr]) -> list[Expr]:
    return list(dict.fromkeys(node for expr in outputs.values() for node in walk(expr)))


def function(table: Table, name: str, arguments: tuple[str, ...], outputs: Mapping[str, Expr]) -> str:
    """The text of a Python function of `arguments` that returns the outputs in order."""
    body = [f"    {line}" for line in write(table, outputs)]
    return "\n".join([f"def {name}({', '.join(arguments)}):", *body, f"    return {', '.join(outputs)}", ""])
