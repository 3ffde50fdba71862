"""How a formula is written: one table per target, text in, text out."""

from .latex import latex
from .mathml import mathml
from .plain_text import plain_text
from .spelling import CannotSpell, Table, function, write

__all__ = ["CannotSpell", "Table", "function", "latex", "mathml", "plain_text", "write"]
