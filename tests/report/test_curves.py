"""Sampled curves, and their pictures in a terminal."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest
from rich.cells import cell_len

from actlab.catalogue import ENTRIES, find
from actlab.report.braille import plot
from actlab.report.curves import jumps, kinks, reach, sample
from actlab.theory.formulas import mathml

NAMES = list(ENTRIES)


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_can_be_drawn(name: str) -> None:
    """Value and slope are finite except at the jumps, every kink lies inside, and the places rise."""
    drawn = sample(ENTRIES[name])
    assert all(a < b for a, b in zip(drawn.x, drawn.x[1:], strict=False))
    assert len(drawn.x) == len(drawn.value) == len(drawn.slope)
    assert sum(map(math.isnan, drawn.value)) + sum(map(math.isnan, drawn.slope)) <= 2 * len(drawn.kinks)
    assert ENTRIES[name].along_axis or len(drawn.kinks) == len(set(kinks(ENTRIES[name])))
    alike = drawn.value == drawn.slope  # the exponential is its own slope
    assert (plot(drawn.x, drawn.value, 60, 10) == plot(drawn.x, drawn.slope, 60, 10)) == alike


def test_a_line_breaks_where_the_value_or_the_slope_jumps() -> None:
    """The picture of a step shows no vertical line, the slope of relu none either; gelu is unbroken."""
    step, relu, gelu = (sample(find(name)) for name in ("step", "relu", "gelu"))
    assert sum(map(math.isnan, step.value)) == 1
    assert not any(map(math.isnan, relu.value))
    assert sum(map(math.isnan, relu.slope)) == 1
    assert not any(map(math.isnan, gelu.slope))
    assert jumps(find("step")) == {"value": [0.0]}
    assert jumps(find("relu")) == {"slope": [0.0]}
    assert jumps(find("gelu")) == {}


def test_the_interval_shows_the_kinks_and_some_swings() -> None:
    """The corner of relu6 at 6 and several waves of sinc are inside, with room beside."""
    assert reach(find("relu6")) > 6
    assert reach(find("sinc")) == 10
    assert reach(find("sigmoid")) == 5
    assert kinks(find("s_shaped_relu"), threshold_right=2.0) == (0.0, 2.0)


def test_saturation_is_where_the_slope_is_small() -> None:
    """The slope of sigmoid falls below 0.01 at ±4.5849 = ±acosh(49)."""
    left, right = sample(find("sigmoid"), -8, 8).saturated
    assert left == pytest.approx((-8, -4.5849), abs=0.07)
    assert right == pytest.approx((4.5849, 8), abs=0.07)
    assert not sample(find("identity")).saturated


def test_an_empty_interval_is_refused() -> None:
    """The ends are named."""
    with pytest.raises(ValueError, match="from 3 to -3 is empty"):
        sample(find("relu"), 3, -3)


@pytest.mark.parametrize("width", range(40, 161, 13))
def test_a_terminal_picture_has_exactly_the_width_asked_for(width: int) -> None:
    """Every line fills the width and no more, with a title in either language."""
    drawn = sample(find("gelu"))
    lines = plot(drawn.x, drawn.value, width, 11, "value")
    assert len(lines) == 13
    assert {cell_len(line) for line in lines} == {width}
    assert "−0.17" in lines[-2]
    assert lines[-1].rstrip().endswith("5")


def test_a_terminal_picture_of_a_constant_and_of_nothing() -> None:
    """A flat line is drawn in the middle; without two finite numbers there is no picture."""
    assert len(plot([0, 1, 2], [3, 3, 3], 40, 5)) == 7
    with pytest.raises(ValueError, match="two finite numbers"):
        plot([0, 1], [math.nan, 1.0], 40, 5)


@pytest.mark.parametrize("of", ["value", "slope"])
@pytest.mark.parametrize("name", NAMES)
def test_the_formula_of_every_entry_is_well_formed_mathml(name: str, of: str) -> None:
    """One math element, balanced, fractions and powers with exactly two parts."""
    tree = ElementTree.fromstring(mathml(name, of).replace("&#160;", " "))
    assert tree.tag.endswith("}math")
    for node in tree.iter():
        kind = node.tag.split("}")[1]
        if kind in ("mfrac", "msup", "msub", "munder"):
            assert len(node) == 2, f"{kind} in {name}"
        if kind in ("mi", "mn", "mo"):
            assert node.text
