"""Which entry a name means: ours, an alias, a torch class or function, or "library:name" for another library's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ..catalogue import ENTRIES, Entry, find, nearest, plain


@cache
def _elsewhere() -> Mapping[str, Mapping[str, str]]:
    """library -> plain name there -> entry name, read from the entries."""
    index: dict[str, dict[str, str]] = {}
    for entry in ENTRIES.values():
        for library, text in entry.elsewhere.items():
            last = text.rsplit(".", 1)[-1]
            index.setdefault(library, {})[plain(last)] = entry.name
            index[library].setdefault(plain(text), entry.name)
    return index


def resolve(name: str | Entry) -> tuple[Entry, dict[str, Any]]:
    """The entry a name stands for, with the settings that make it the same function.

    Accepted: an entry, its name or alias in any case ("LeakyReLU", "leaky_relu"), "nn.GELU", "torch.nn.GELU",
    "F.relu", and "library:name" for torch, transformers, timm, keras and jax. Raises ValueError with the nearest names.
    """
    if isinstance(name, Entry):
        return name, {}
    if not isinstance(name, str):
        raise TypeError(f"an activation is named by text or given as an entry, not by {type(name).__name__}")
    library, _, short = name.rpartition(":")
    if library:
        known = _elsewhere().get(library.lower())
        if known is None:
            raise ValueError(f"{library!r} is no library whose names are known{nearest(library, tuple(_elsewhere()))}")
        found = known.get(plain(short)) or known.get(plain(short.rsplit(".", 1)[-1]))
        if found is None:
            raise ValueError(f"{library} has no activation named {short!r} that is known{nearest(short, known)}")
        return ENTRIES[found], {}
    prefix, _, last = name.rpartition(".")
    return find(
        last if prefix in ("nn", "torch.nn", "F", "torch", "torch.nn.functional", "nn.functional") else name
    ), {}
