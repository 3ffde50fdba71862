"""Which entry a name, a class or a function means, with the settings that make it the same."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ..catalogue import Entry, find
from ..catalogue.naming import Resolved
from ..catalogue.naming import resolve as _by_name

# where torch keeps what it has as a class or a function
_HOMES = (
    (nn, ""),
    (nn.functional, "F."),
    (torch, "torch."),
    (torch.special, "torch.special."),
    (torch.Tensor, "torch."),
)


def resolve(name: Any) -> tuple[Entry, dict[str, Any]]:
    """The entry a name stands for, with the settings that make it the same function.

    Accepted: an entry; its name or alias in any spelling; another library's, as "library:name" or alone where all
    that have it mean the same; torch's classes and functions themselves (`nn.GELU`, `F.relu`) and actlab's. Raises
    ValueError for what is unknown, with the nearest names, or ambiguous, with its meanings; TypeError otherwise.
    """
    found = meaning(name)
    return found.entry, found.settings


def meaning(name: Any) -> Resolved:
    """As `resolve`, with the arguments that the library gives no default either."""
    if isinstance(name, (str, Entry)):
        return _by_name(name)
    own = getattr(name, "entry", None) if isinstance(name, type) else None
    if isinstance(own, Entry):
        return Resolved(own, {})
    short = getattr(name, "__name__", "")
    if short and getattr(name, "__module__", None) == "actlab.functional":
        return Resolved(find(short), {})
    for home, prefix in _HOMES:
        if short and getattr(home, short, None) is name:
            return _by_name(f"torch:{prefix}{short}")
    raise TypeError(
        f"an activation is named by text, or given as an entry or as a class or function of torch, not as {name!r}"
    )


def require(name: Any, found: Resolved, given: dict[str, Any]) -> None:
    """ValueError, saying what to write, unless everything is given that no library has a default for."""
    missing = [key for key in found.needs if key not in given]
    if missing:
        asked = ", ".join(f"{key}=..." for key in missing)
        raise ValueError(f"{name} has no default for {' and '.join(missing)}; write create({name!r}, {asked})")
