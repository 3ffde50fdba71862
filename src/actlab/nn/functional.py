"""Every entry as a function of tensors: `functional.gelu(x)`, `functional.leaky_relu(x, 0.2)`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from ..catalogue import Entry, find
from ..catalogue.plugins import all_entries
from .call import Call, check, check_dim, masked_as, own_copy, prepare, without_masked
from .halves import check_halves, halves

_MOST_CALLS = 256  # kept for one function; a parameter that changes at every step is looked at every time


@cache
def function(entry: Entry) -> Callable[..., Tensor]:
    """The function of an entry: `f(x, **params)`, parameters as numbers or as tensors that broadcast against x.

    Along-axis functions take `dim` (default -1) and, where a place can be taken out of a row, `mask` (True: takes
    part); random ones take `training` (default False). Gated ones take two tensors, the gate first, or one tensor with
    `gate`, `layout` and `dim`. Raises as the modules do.
    """
    signature = _signature(entry)
    if entry.kind == "gated":
        return _named(_gated(entry, signature), entry, signature)
    defaults = prepare(entry, {})
    axis, random = entry.along_axis, entry.kind == "random"
    far = masked_as(entry) if axis else None
    quick = defaults.quick or (lambda x: None)
    calls: dict[Any, Call] = {}  # by the numbers that were given, so that they are looked at once

    def run(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if not args and not kwargs:
            y = quick(x)
            return defaults.asked(x) if y is None else y
        asked = (*args, *kwargs.items())
        plain = not axis and not random and not torch.compiler.is_compiling() and all(map(_is_number, args))
        plain = plain and all(map(_is_number, kwargs.values()))
        if plain and (known := calls.get(asked)) is not None:
            return known(x)
        shaped, kwargs = entry.sized(kwargs)
        if shaped is not entry:
            return function(shaped)(x, *args, **kwargs)
        try:
            given = dict(signature.bind(x, *args, **kwargs).arguments)
        except TypeError as error:
            raise TypeError(f"{entry.name}: {error}; its arguments are {signature}") from None
        del given["x"]
        dim = given.pop("dim", -1) if axis else -1
        mask = given.pop("mask", None) if axis else None
        x = x if mask is None else without_masked(entry.name, far, x, mask)
        training = bool(given.pop("training", False)) if random else False
        names = tuple(name for name in entry.parameters if isinstance(given.get(name), Tensor))
        call = prepare(entry, given, names)
        if plain and len(calls) < _MOST_CALLS:
            calls[asked] = call
        return call(x, tuple(given[name] for name in names), dim=dim, training=training)

    return _named(run, entry, signature)


def _gated(entry: Entry, signature: inspect.Signature) -> Callable[..., Tensor]:
    apart = prepare(entry, {}, ("up",))  # gate and up in two tensors, all else as it is

    def run(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if len(args) == 1 and not kwargs and isinstance(args[0], Tensor):
            return apart(x, args)
        try:
            bound = signature.bind(x, *args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{entry.name}: {error}; its arguments are {signature}") from None
        bound.apply_defaults()
        given = dict(bound.arguments)
        del given["x"]
        gate, layout, dim = (given.pop(key) for key in ("gate", "layout", "dim"))
        if given["up"] is None:
            check_halves(entry, gate, layout)
            check(entry.name, x)
            check_dim(entry.name, x, dim)
            ways = halves(entry.name, x, gate, layout, dim)
            names = tuple(name for name in entry.parameters if isinstance(given.get(name), Tensor))
            return prepare(entry, given, ("up", *names)).halved(x, ways, tuple(given[name] for name in names), dim)
        names = tuple(name for name in entry.parameters if isinstance(given.get(name), Tensor))
        return prepare(entry, given, names)(x, tuple(given[name] for name in names), dim=dim)

    return run


def _is_number(value: object) -> bool:
    return type(value) is float or type(value) is int


def _named(run: Callable[..., Tensor], entry: Entry, signature: inspect.Signature) -> Callable[..., Tensor]:
    run = own_copy(run, entry.name)  # type: ignore[arg-type]
    run.__name__ = run.__qualname__ = entry.name
    run.__module__ = "actlab.functional"
    run.__doc__ = f"{entry.summary('en')}\n\nSource: {entry.source}"
    run.__signature__ = signature  # type: ignore[attr-defined]
    return run


def _signature(entry: Entry) -> inspect.Signature:
    either = inspect.Parameter.POSITIONAL_OR_KEYWORD
    keyword = inspect.Parameter.KEYWORD_ONLY
    own: list[tuple[str, Any]] = [(name, row.default) for name, row in entry.parameters.items() if row.settable]
    if entry.kind == "gated":
        own.insert(0, ("up", None))
    elif entry.along_axis:
        own.insert(0, ("dim", -1))
    if entry.kind == "random":
        own.append(("training", False))
    arguments = [inspect.Parameter(name, either, default=default) for name, default in own]
    if entry.kind == "gated":
        split = (("gate", None), ("layout", "chunk"), ("dim", -1))
        arguments += [inspect.Parameter(name, keyword, default=default) for name, default in split]
    elif entry.along_axis:
        arguments.append(inspect.Parameter("mask", keyword, default=None))
    arguments += [inspect.Parameter(name, keyword, default=size) for name, size in entry.sizes.items()]
    return inspect.Signature([inspect.Parameter("x", inspect.Parameter.POSITIONAL_OR_KEYWORD), *arguments])


def __getattr__(name: str) -> Callable[..., Tensor]:
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        found = function(find(name))
    except ValueError as error:
        raise AttributeError(f"actlab.functional: {error}") from None
    globals()[name] = found  # found at once from now on: looking it up costs as much as a small tensor
    return found


def __dir__() -> list[str]:
    return [*all_entries(), "function"]
