"""A definition of one's own is checked, and works, like an entry of the catalogue."""

from __future__ import annotations

import pytest

from actlab.catalogue import Entry, activation, fixed, learned
from actlab.language import exp, sigmoid, tanh
from actlab.testing import CHECKS, check_activation

_SCALE, _WEIGHT = fixed(1.0, above=0), learned(0.8)


@activation(source="a test", zh="测试用的函数。", points={0.0: 0.0}, facts=("smooth", "not monotone"))
def tanh_exp_of_ones_own(x, scale=_SCALE):  # type: ignore[no-untyped-def]
    """The input times the hyperbolic tangent of its exponential."""
    return x * tanh(exp(scale * x))


@activation(source="a test", zh="测试用的函数。", points={0.0: 0.0}, facts=("smooth", "bounded below"))
def weighted_silu_of_ones_own(x, weight=_WEIGHT):  # type: ignore[no-untyped-def]
    """The SiLU with a learned weight, whose slope by the weight does not contain the weight."""
    return weight * (x * sigmoid(x))


@pytest.mark.parametrize("own", [tanh_exp_of_ones_own, weighted_silu_of_ones_own], ids=lambda e: e.name)
def test_an_activation_of_ones_own_passes_the_whole_suite(own: Entry) -> None:
    """A definition outside the catalogue is checked, and works, like one inside."""
    compared = check_activation(own)
    assert len(compared) == len(CHECKS)
