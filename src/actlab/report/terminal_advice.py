"""Advice told in a terminal: what to take first, what else, what to avoid, each with its reason and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from rich.console import Group, RenderableType
from rich.text import Text

from .terminal import DIM, indented
from .words import join, say, word


class Advice(Protocol):
    """What is told of a piece of advice; reason and initialisation are by language."""

    @property
    def entries(self) -> Sequence[str]:
        """Catalogue names, the recommended one first."""
        ...

    @property
    def strength(self) -> str:
        """ "first choice", "alternative" or "avoid"."""
        ...

    @property
    def reason(self) -> Mapping[str, str]:
        """Why."""
        ...

    @property
    def initialisation(self) -> Mapping[str, str]:
        """How to draw the weights before it, or nothing."""
        ...

    @property
    def source(self) -> str:
        """Who says so."""
        ...

    @property
    def loss(self) -> str:
        """The loss it is paired with at an output, or nothing."""
        ...


_STYLE = {"first choice": "bold green", "alternative": "cyan", "avoid": "bold yellow"}


def advice(given: Sequence[Advice], lang: str) -> Group:
    """Each piece of advice: strength, names, the loss it is paired with, reason, initialisation, source."""
    parts: list[RenderableType] = []
    for each in given:
        paired = say(lang, "advice.loss", loss=each.loss) if each.loss else ""
        strength = word(lang, "strength", each.strength)
        parts.append(Text.assemble((strength, _STYLE[each.strength]), "  ", (join(lang, each.entries), "bold"), paired))
        parts += [indented(Text(told[lang])) for told in (each.reason, each.initialisation) if lang in told]
        parts += [indented(Text(each.source, style=DIM)), Text()]
    return Group(*parts[:-1])
