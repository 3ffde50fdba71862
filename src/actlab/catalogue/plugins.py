"""Entries that other installed packages contribute, through the entry-point group `actlab.activations`.

An entry point names an Entry, a module that holds entries, a list of entries, or a function that returns any of these:

    [project.entry-points."actlab.activations"]
    mine = "my_package.activations"
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

from . import ENTRIES
from .dialects import AMBIGUOUS
from .entry import Entry
from .registry import Entries, Family, plain

GROUP = "actlab.activations"
_loading: set[str] = set()


def all_entries() -> Entries:
    """The catalogue with the entries of installed packages, each package a family named after its distribution.

    Looked for once, at the first question that the catalogue alone cannot answer. A package that fails, or one of whose
    names is taken, costs one warning that says which and why; what it should have added is left out.
    """
    return ENTRIES if _loading else _all_entries()  # a package that asks while it is being loaded sees the catalogue


@cache
def _all_entries() -> Entries:
    points = tuple(_entry_points())
    if not points:
        return ENTRIES
    families: dict[str, tuple[Entry, ...]] = {}
    taken = {
        plain(name): f"actlab's {entry.name}" for entry in ENTRIES.values() for name in (entry.name, *entry.aliases)
    }
    taken |= {plain(name): "several functions" for name in AMBIGUOUS}
    for package, point in points:
        _loading.add(package)
        try:
            offered = tuple(_entries(point.load()))
        except (Exception, SystemExit) as fault:
            _say(f"{package}: its activations are left out, because {point.value} failed with {_told(fault)}")
            continue
        finally:
            _loading.discard(package)
        for entry in offered:
            names = (entry.name, *entry.aliases)
            if again := [name for name in names if plain(name) in taken]:
                _say(f"{package}: {entry.name} is left out; the name {again[0]!r} belongs to {taken[plain(again[0])]}")
                continue
            taken |= {plain(name): f"{entry.name} of {package}" for name in names}
            families[package] = (*families.get(package, ()), entry)
    added = (Family(name, {"en": name, "zh": name}, own) for name, own in families.items())
    return Entries((*ENTRIES.families, *added))


def _entries(found: Any, called: bool = False) -> Iterator[Entry]:
    """The entries in what an entry point names; those of the catalogue that a module imports are not its own."""
    if isinstance(found, Entry):
        yield found
    elif isinstance(found, ModuleType):
        yield from (item for item in vars(found).values() if isinstance(item, Entry) and not _ours(item))
    elif isinstance(found, (list, tuple)):
        for item in found:
            if not isinstance(item, Entry):
                raise TypeError(f"a list with {item!r}, which is no entry")
            yield item
    elif callable(found) and not called:
        yield from _entries(found(), called=True)
    else:
        raise TypeError(f"{found!r}, which is no entry, no module, no list of entries and no function that returns one")


def _ours(entry: Entry) -> bool:
    return ENTRIES.get(entry.name) is entry


def _told(fault: BaseException) -> str:
    return f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__


def _say(text: str) -> None:
    warnings.warn(f"actlab plug-in {text}", RuntimeWarning, stacklevel=3)


def _entry_points() -> Iterator[tuple[str, Any]]:
    """(distribution, entry point) of the group, in alphabetical order."""
    if not _any_announced():
        return
    from importlib.metadata import entry_points

    found = [(point.dist.name if point.dist else point.value, point) for point in entry_points(group=GROUP)]
    yield from sorted(found, key=lambda pair: (pair[0].lower(), pair[1].name))


def _any_announced() -> bool:
    """Whether any installed package names the group: reading 60 small files takes 1 ms, importlib.metadata 25 ms."""
    for place in sys.path:
        with contextlib.suppress(OSError):  # a place that does not exist, or is a file
            for name in os.listdir(place or "."):
                if name.endswith((".dist-info", ".egg-info")) and _announces(os.path.join(place, name)):
                    return True
    return False


def _announces(about: str) -> bool:
    with contextlib.suppress(OSError), open(os.path.join(about, "entry_points.txt"), "rb") as file:
        return GROUP.encode() in file.read()
    return False
