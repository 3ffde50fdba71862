"""Asking the catalogue, and adding one's own function with everything a built-in has."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from types import MappingProxyType

from ..language import Expr, parse
from . import ENTRIES, FAMILIES, KINDS, find, nearest
from .entry import Entry, Parameter, activation


def names(kind: str | None = None, family: str | None = None) -> tuple[str, ...]:
    """The names of all activations in reading order, of one kind or one family if asked.

    Raises ValueError for an unknown kind or family, listing the known ones.
    """
    for asked, known in ((kind, KINDS), (family, FAMILIES)):
        if asked is not None and asked not in known:
            raise ValueError(f"{asked!r} is neither here nor there{nearest(asked, known)}; known: {', '.join(known)}")
    return tuple(e.name for e in ENTRIES.values() if kind in (None, e.kind) and family in (None, e.family))


def entry(name: str | Entry) -> Entry:
    """The definition of the activation with this name or alias; ValueError with the nearest names otherwise."""
    return find(name)


def define(formula: str | Callable[..., Expr], name: str | None = None, **defaults: float) -> Entry:
    """An entry of your own, from text such as "x*tanh(exp(x))" or from a Python function of expressions.

    formula: text read by a whitelisted grammar (never evaluated), or a function `f(x, alpha=1.0)` built from
    `actlab.language`. name: needed for text. defaults: the parameters of a text formula with their numbers.
    The entry works wherever a name does: create, value, slope, properties, pictures, check_activation.
    Raises ValueError with one sentence naming what is not understood.
    """
    if not isinstance(formula, str):
        if name is not None:
            formula.__name__ = name
        if not (formula.__doc__ or "").strip().endswith("."):
            formula.__doc__ = f"{formula.__name__}, defined by its user."
        declared = activation(source="defined by its user", zh=f"用户定义的 {formula.__name__}。")(formula)
        _usable(declared.name)
        return declared
    _usable(name)
    assert name is not None
    for key, default in defaults.items():
        if key == "x" or isinstance(default, bool) or not isinstance(default, (int, float)):
            raise ValueError(f"the parameter {key!r} needs a number as its default and a name other than x")
    value = parse(formula, ("x", *defaults))
    unused = [key for key in defaults if key not in value.symbols]
    if unused:
        raise ValueError(f"the parameter {unused[0]!r} is not used in {formula!r}")
    return Entry(
        name=name,
        kind="pointwise",
        parameters=MappingProxyType({key: Parameter(default, name=key) for key, default in defaults.items()}),
        source="defined by its user",
        value=value,
        summaries=MappingProxyType({"en": f"{formula}, defined by its user.", "zh": f"用户定义的 {formula}。"}),
        family="own",
    )


def _usable(name: str | None) -> None:
    if not name or not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"an activation needs a name that is a Python identifier, such as my_relu, not {name!r}")
    try:
        taken = find(name)
    except ValueError:
        return
    raise ValueError(f"the name {name!r} belongs to {taken.name} in the catalogue; choose another")
