"""Signals followed layer by layer agree with the exact integrals and with what is known of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from actlab.catalogue import ENTRIES, Entry
from actlab.theory import correlation_map, dead_share, moments, slope, value
from actlab.theory.profile import Curve, Signal, born_dead, correlation_length, mixed, silent_share

GRID = np.linspace(-30, 30, 12001)
STANDARD = Signal(0.0, 1.0, 0.5)


def curve(entry: str | Entry) -> Curve:
    """An entry as the doctor sees a function: a table."""
    return Curve(GRID, value(entry, GRID), slope(entry, GRID))


def _ordinary() -> list[Entry]:
    """Every tenth pointwise entry that has moments; those that jump or swing faster than a table shows are left out."""
    found: list[Entry] = []
    for entry in [e for e in ENTRIES.values() if e.kind == "pointwise" and not e.along_axis][::10]:
        steep = np.abs(np.diff(value(entry, GRID[4000:8001])))
        if np.all(np.isfinite(value(entry, GRID))) and np.max(steep) < 0.02:
            found.append(entry)
    return found


@pytest.mark.parametrize("entry", _ordinary(), ids=lambda entry: entry.name)
def test_moments_from_a_table_are_those_of_the_integral(entry: Entry) -> None:
    """Mean, mean square and mean square slope under N(0, 1) to half a per cent."""
    signal, slope_second = curve(entry).through(STANDARD)
    exact = moments(entry)
    assert signal.mean == pytest.approx(exact.mean, rel=5e-3, abs=1e-4)
    assert signal.second == pytest.approx(exact.second, rel=5e-3, abs=1e-4)
    assert slope_second == pytest.approx(exact.slope_second, rel=5e-3, abs=1e-4)


@pytest.mark.parametrize("name", ["relu", "tanh", "gelu", "sigmoid"])
@pytest.mark.parametrize("c", [0.0, 0.5, 0.95])
def test_two_samples_grow_alike_as_the_correlation_map_says(name: str, c: float) -> None:
    """One layer on, the whole covariance over the whole mean square is the map of Poole et al."""
    after, _ = curve(name).through(Signal(0.0, 1.0, c))
    next_layer = after.through_weights(2.0, 0.0, 0.25)
    assert next_layer.likeness == pytest.approx(correlation_map(name, c, math.sqrt(2), 0.5, q=1.0), abs=3e-3)


def test_a_table_goes_on_straight_beyond_its_ends() -> None:
    """An exploding network leaves any table: ReLU at variance 10^8 still halves the mean square."""
    signal, slope_second = curve("relu").through(Signal(0.0, 1e8, 0.0))
    assert signal.second == pytest.approx(0.5e8, rel=1e-3)
    assert slope_second == pytest.approx(0.5, rel=1e-3)


def test_silent_shares_are_those_of_the_closed_form() -> None:
    """For ReLU without bias, `dead_share`; a bias far above the edge leaves nobody silent."""
    for c in (0.3, 0.9):
        assert silent_share(Signal(0.0, 2.0, c), 0.0, 512) == pytest.approx(dead_share(c, 512), rel=1e-3)
    assert silent_share(Signal(10.0, 1.0, 0.5), 0.0, 4) < 1e-9
    assert silent_share(Signal(-10.0, 1.0, 0.5), 0.0, 4) == pytest.approx(1.0)


def test_born_dead_is_the_bound_of_lu() -> None:
    """1 - prod(1 - 2^-N): 0.699 for nine layers of width 3."""
    assert born_dead([(0.5, 3)] * 9) == pytest.approx(0.6993, abs=1e-3)
    assert born_dead([]) == 0


def test_correlation_lengths() -> None:
    """1/|ln χ|, endless at the edge of chaos, 0 where nothing passes."""
    assert correlation_length(math.exp(-0.5)) == pytest.approx(2.0)
    assert correlation_length(math.exp(0.5)) == pytest.approx(2.0)
    assert correlation_length(1.0) == math.inf
    assert correlation_length(0.0) == 0.0


def test_signals_are_combined_as_random_variables_are() -> None:
    """Sums add variances, factors multiply squares, a constant per unit is alike on all samples, parts are mixed."""
    one, two = Signal(1.0, 2.0, 0.5), Signal(-1.0, 3.0, 0.0)
    assert one.plus(two) == pytest.approx((0.0, 5.0, 0.2))
    assert one.times(2.0, 4.0) == pytest.approx((2.0, 8.0, 0.5))
    assert one.plus(Signal(0.0, 2.0, 1.0)).likeness == pytest.approx(0.75)
    assert mixed([(one, 1.0), (two, 1.0)]) == pytest.approx((0.0, 3.5, (1.0 + 1.0 + 1.0) / 2 / 3.5))
    assert mixed([(one, 3.0)]) == pytest.approx(one)
