"""What is known: one definition per activation function."""

from . import (
    along_axis,
    exponential,
    hard,
    periodic,
    radial,
    rectified,
    self_gated,
    sigmoidal,
    smooth,
    steps,
)
from .entry import FACTS, KINDS, Entries, Entry, Kink, Parameter, activation, at_kink, fixed, learned, nearest, plain
from .entry import collect as _collect

ENTRIES = _collect(steps, rectified, exponential, hard, sigmoidal, self_gated, smooth, periodic, radial, along_axis)
FAMILIES = tuple(family.name for family in ENTRIES.families)


def find(name_or_entry: str | Entry) -> Entry:
    """The entry with this name or alias (an entry is returned as it is); ValueError with the nearest otherwise."""
    return name_or_entry if isinstance(name_or_entry, Entry) else ENTRIES.find(name_or_entry)


__all__ = [
    "ENTRIES",
    "FACTS",
    "FAMILIES",
    "KINDS",
    "Entries",
    "Entry",
    "Kink",
    "Parameter",
    "activation",
    "at_kink",
    "find",
    "fixed",
    "learned",
    "nearest",
    "plain",
]
