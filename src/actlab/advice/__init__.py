"""What to choose, and why: rules with reasons and sources, and usage that follows from computed properties."""

from .answer import RULES, Advice, advise
from .rule import ALTERNATIVE, AVOID, FIRST, Rule
from .usage import Usage, use
from .words import ARCHITECTURES, PLACES, TASKS, TROUBLES

__all__ = [
    "ALTERNATIVE",
    "ARCHITECTURES",
    "AVOID",
    "FIRST",
    "PLACES",
    "RULES",
    "TASKS",
    "TROUBLES",
    "Advice",
    "Rule",
    "Usage",
    "advise",
    "use",
]
