"""Every entry as a function of tensors: `functional.gelu(x)`, `functional.leaky_relu(x, 0.2)`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from torch import Tensor

from ..catalogue import ENTRIES, Entry, find
from .call import own_copy, prepare


@cache
def function(entry: Entry) -> Callable[..., Tensor]:
    """The function of an entry: `f(x, **params)`, parameters as numbers or as tensors that broadcast against x.

    Along-axis functions take `dim` (default -1); random ones take `training` (default False). Raises as the modules do.
    """
    defaults = prepare(entry, {})
    signature = _signature(entry)
    axis, random = entry.kind == "along axis", entry.kind == "random"

    def run(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if not args and not kwargs:
            return defaults(x)
        try:
            given = dict(signature.bind(x, *args, **kwargs).arguments)
        except TypeError as error:
            raise TypeError(f"{entry.name}: {error}; its arguments are {signature}") from None
        del given["x"]
        dim = given.pop("dim", -1) if axis else -1
        training = bool(given.pop("training", False)) if random else False
        names = tuple(name for name in entry.parameters if isinstance(given.get(name), Tensor))
        return prepare(entry, given, names)(x, tuple(given[name] for name in names), dim=dim, training=training)

    run = own_copy(run, entry.name)  # type: ignore[arg-type]
    run.__name__ = run.__qualname__ = entry.name
    run.__module__ = "actlab.functional"
    run.__doc__ = f"{entry.summary('en')}\n\nSource: {entry.source}"
    run.__signature__ = signature  # type: ignore[attr-defined]
    return run


def _signature(entry: Entry) -> inspect.Signature:
    either = inspect.Parameter.POSITIONAL_OR_KEYWORD
    own = [(name, row.default) for name, row in entry.parameters.items() if not row.draw]
    extra = {"along axis": [("dim", -1)], "random": [("training", False)]}.get(entry.kind, [])
    ordered = extra + own if entry.kind == "along axis" else own + extra
    arguments = [inspect.Parameter(name, either, default=default) for name, default in ordered]
    return inspect.Signature([inspect.Parameter("x", inspect.Parameter.POSITIONAL_OR_KEYWORD), *arguments])


def __getattr__(name: str) -> Callable[..., Tensor]:
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        return function(find(name))
    except ValueError as error:
        raise AttributeError(f"actlab.functional: {error}") from None


def __dir__() -> list[str]:
    return [*ENTRIES, "function"]
