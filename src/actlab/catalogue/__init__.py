"""What is known: one definition per activation function."""

from . import (
    along_axis,
    approximations,
    blended,
    bumps,
    clipped,
    coordinate_networks,
    curved_rectified,
    elastic,
    exponential,
    gated,
    gated_by_distribution,
    gated_by_other_curves,
    gated_by_sigmoid,
    gated_by_tanh,
    hard,
    integrated_sigmoids,
    leaky,
    learned_pieces,
    mixed_elu,
    mollified,
    noisy,
    oscillating,
    parametric_elu,
    periodic,
    polynomial,
    radial,
    radial_basis,
    rational,
    rectified,
    rippled_swish,
    saturating_rectified,
    self_gated,
    shrinkage,
    sigmoid_like,
    sigmoidal,
    smooth,
    smooth_rectified,
    steps,
    straight_through,
    swish_sums,
    tanh_like,
    thresholded,
    two_valued,
    unbounded,
)
from .entry import FACTS, KINDS, Entry, Kink, Parameter, activation, at_kink, fixed, learned
from .registry import Entries, nearest, plain
from .registry import collect as _collect

ENTRIES = _collect(  # in reading order
    steps,
    two_valued,
    rectified,
    leaky,
    thresholded,
    shrinkage,
    clipped,
    hard,
    curved_rectified,
    saturating_rectified,
    elastic,
    exponential,
    parametric_elu,
    mixed_elu,
    smooth,
    smooth_rectified,
    mollified,
    integrated_sigmoids,
    sigmoidal,
    sigmoid_like,
    tanh_like,
    approximations,
    unbounded,
    self_gated,
    gated_by_sigmoid,
    swish_sums,
    rippled_swish,
    gated_by_tanh,
    gated_by_distribution,
    gated_by_other_curves,
    blended,
    periodic,
    oscillating,
    coordinate_networks,
    polynomial,
    rational,
    learned_pieces,
    radial,
    bumps,
    radial_basis,
    noisy,
    straight_through,
    along_axis,
    gated,
)
FAMILIES = tuple(family.name for family in ENTRIES.families)


def find(name_or_entry: str | Entry) -> Entry:
    """The entry with this name or alias, of the catalogue or an installed package; an entry is returned as it is.

    Raises ValueError for an unknown name, with the nearest, and for an ambiguous one, with its meanings.
    """
    if isinstance(name_or_entry, Entry):
        return name_or_entry
    if name_or_entry in ENTRIES:
        return ENTRIES[name_or_entry]
    from .naming import find as find_further

    return find_further(name_or_entry)


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
