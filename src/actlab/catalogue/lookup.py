"""Asking the catalogue, and adding one's own function with everything a built-in has."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any

from ..language import Expr, parse, symbol
from . import ENTRIES, KINDS, find, nearest
from .entry import OWN, Entry, Parameter, activation
from .plugins import all_entries


def names(kind: str | None = None, family: str | None = None) -> tuple[str, ...]:
    """The names of all activations in reading order, of one kind or one family if asked.

    Those that installed packages contribute come last, each in a family named after its package.
    Raises ValueError for an unknown kind or family, listing the known ones.
    """
    entries = all_entries()
    for asked, known in ((kind, KINDS), (family, tuple(each.name for each in entries.families))):
        if asked is not None and asked not in known:
            raise ValueError(f"{asked!r} is neither here nor there{nearest(asked, known)}; known: {', '.join(known)}")
    return tuple(e.name for e in entries.values() if kind in (None, e.kind) and family in (None, e.family))


def entry(name: str | Entry) -> Entry:
    """The definition of the activation with this name or alias; ValueError with the nearest names otherwise."""
    return find(name)


def define(formula: str | Callable[..., Expr], name: str | None = None, **defaults: float) -> Entry:
    """An entry of your own, from text such as "x*tanh(exp(x))" or from a Python function of expressions.

    formula: text read by a whitelisted grammar (never evaluated), or a function `f(x, alpha=1.0)` built from
    `actlab.language`. name: needed for text, by default that of the function. defaults: the parameters of a text
    formula with their numbers, or other numbers for those of a function. The entry works wherever a name does: create,
    value, slope, properties, pictures, check_activation. Where it bends needs no declaration; to state more about it,
    such as hand-computed values or the set of a parameter, write a function under `@actlab.activation`.
    Raises ValueError with one sentence naming what is not understood.
    """
    if not isinstance(formula, str):
        function = _renamed(formula, name or getattr(formula, "__name__", ""), defaults)
        _usable(function.__name__)
        return activation(source=OWN, zh=f"用户定义的 {function.__name__}。")(function)
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
        source=OWN,
        value=value,
        summaries=MappingProxyType({"en": f"{formula}, {OWN}.", "zh": f"用户定义的 {formula}。"}),
        family="own",
    )


def _renamed(formula: Callable[..., Expr], name: str, defaults: Mapping[str, float]) -> Callable[..., Expr]:
    """The function under another name and with other defaults; the user's own stays as it is."""
    if not callable(formula) or not inspect.signature(formula).parameters:
        raise ValueError(f"a formula is text or a function of x, not {formula!r}")
    found = inspect.signature(formula)
    unknown = [key for key in defaults if key not in list(found.parameters)[1:]]
    if unknown:
        raise ValueError(f"{name} has no parameter {unknown[0]!r}; its arguments are {found}")

    def renamed(*args: Any, **kwargs: Any) -> Expr:
        result: object = formula(*args, **kwargs)
        if not isinstance(result, Expr):
            raise ValueError(f"{name} returns {result!r}; build it from x with the functions of actlab.language")
        return result

    summary = inspect.getdoc(formula) or ""
    renamed.__name__, renamed.__module__ = name, getattr(formula, "__module__", None) or "__main__"
    renamed.__doc__ = summary if summary.endswith(".") else f"{name}, {OWN}."
    rows = [row.replace(default=defaults.get(key, row.default)) for key, row in found.parameters.items()]
    renamed.__signature__ = found.replace(parameters=rows)  # type: ignore[attr-defined]
    return renamed


def _usable(name: str | None) -> None:
    if not name or not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"an activation needs a name that is a Python identifier, such as my_relu, not {name!r}")
    try:
        taken = ENTRIES.find(name)
    except ValueError:
        return
    raise ValueError(f"the name {name!r} belongs to {taken.name} in the catalogue; choose another")


@cache
def gated(name: str | Entry) -> Entry:
    """The gated linear unit that has a pointwise activation as its gate: `gated("mish")` is mish(gate) times up.

    The entry works wherever a name does, as `define`'s do. Raises ValueError for an unknown name or an entry that is
    not pointwise.
    """
    own = find(name)
    if own.kind != "pointwise":
        raise ValueError(f"{own.name} is {own.kind} and cannot be the gate of a unit; choose a pointwise activation")
    up = Parameter(1.0, operand=True, name="up")
    return replace(
        own,
        name=f"{own.name}_glu",
        kind="gated",
        parameters=MappingProxyType({"up": up, **own.parameters}),
        source=f"{own.source}; as the gate of a unit, Shazeer 2020, arXiv:2002.05202",
        value=own.value * symbol("up"),
        summaries=MappingProxyType(
            {"en": f"The other half, let through by a gate of {own.name}.", "zh": f"以 {own.name} 为门控制另一半。"}
        ),
        family=OWN,
        aliases=(),
        elsewhere=MappingProxyType({}),
        notes=MappingProxyType({}),
    )
