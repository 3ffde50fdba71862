"""An entry's formulas written for people."""

from __future__ import annotations

from ..catalogue import Entry, find
from ..language import Expr, tidy
from ..renderers import latex as _latex
from ..renderers import mathml as _mathml
from ..renderers import plain_text as _plain_text

_PARTS = ("value", "slope")


def _part(entry: Entry, of: str) -> Expr:
    if of not in _PARTS:
        raise ValueError(f"a formula is shown of its {' or its '.join(_PARTS)}, not of {of!r}")
    return tidy(entry.value if of == "value" else entry.slope)


def latex(name: str | Entry, of: str = "value") -> str:
    """The formula of an activation in LaTeX: of its "value" or of its "slope".

    Along an axis the slope is the Jacobian applied to a direction t. Raises ValueError for an unknown name or part.
    """
    entry = find(name)
    return _latex(_part(entry, of), "i" if entry.along_axis else "")


def plain_text(name: str | Entry, of: str = "value") -> str:
    """The same on one line of Unicode, for terminals."""
    entry = find(name)
    return _plain_text(_part(entry, of), "i" if entry.along_axis else "")


def mathml(name: str | Entry, of: str = "value") -> str:
    """The same as one `<math>` element, for pages."""
    entry = find(name)
    return _mathml(_part(entry, of), "i" if entry.along_axis else "")
