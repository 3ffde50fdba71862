"""Computed numbers that advice cites, as `{peak[sigmoid]}` inside a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..theory import gain, properties, slope_gain, torch_default, variance_slope


@dataclass(frozen=True)
class Figure:
    """A number of any entry, looked up by name: `figure["sigmoid"]` is its text."""

    compute: Callable[[str], float]
    pattern: str

    def __getitem__(self, name: str) -> str:
        return format(self.compute(name), self.pattern)


def _beyond(name: str) -> float:
    edge = properties(name).collapse["float32"].right
    assert edge is not None, f"{name} does not level off to the right"
    return edge


FIGURES: Mapping[str, Figure] = {
    # largest slope
    "peak": Figure(lambda name: properties(name).lipschitz, ".3g"),
    # factor of the gradient's norm per layer, and layers to a thousandth, at torch's default initialisation
    "shrink": Figure(lambda name: torch_default(name).norm_factor, ".2f"),
    "depth": Figure(lambda name: torch_default(name).depth(), ".0f"),
    "gain": Figure(gain, ".3f"),
    "slope_gain": Figure(slope_gain, ".3f"),
    # growth of a variance error per layer at the gain
    "drift": Figure(variance_slope, ".3f"),
    "mean": Figure(lambda name: properties(name).mean or 0.0, ".2f"),
    "zeros": Figure(lambda name: properties(name).zero_share or 0.0, ".0%"),
    "flat": Figure(lambda name: properties(name).zero_slope_share or 0.0, ".0%"),
    "calls": Figure(lambda name: properties(name).cost.transcendental, "d"),
    # input beyond which all float32 outputs are equal
    "beyond": Figure(_beyond, ".1f"),
    "lowest": Figure(lambda name: properties(name).range.low.value, ".3g"),
}


def fill(text: str) -> str:
    """The sentence with its numbers in place. Raises KeyError for a number that is not in the table."""
    return text.format_map(FIGURES)
