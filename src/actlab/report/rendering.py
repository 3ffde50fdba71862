"""Templates filled in: every page of ours goes through here, with its style inside."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from .. import __version__
from .words import say, word

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, lang: str, title: str, *, styles: Sequence[str] = ("style.css",), **parts: Any) -> str:
    """The page made of a template of ours.

    styles: style sheets that stand in the page. parts: what the template asks for beside `t`, `word`, `lang`, `title`
    and `version`; a part that it asks for and does not get is an error.
    """
    environment = _environment()
    style = "".join(_sheet(name) for name in styles)
    words = {"t": partial(say, lang), "word": partial(word, lang)}
    page = environment.get_template(template)
    return page.render(lang=lang, title=title, version=__version__, style=style, **words, **parts)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("actlab.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )


@cache
def _sheet(name: str) -> str:
    environment = _environment()
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]
