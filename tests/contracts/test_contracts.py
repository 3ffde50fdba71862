"""Every activation of the catalogue keeps every promise of the conformance suite."""

from __future__ import annotations

import pytest

from actlab.catalogue import ENTRIES, Entry, activation, fixed, learned
from actlab.language import exp, sigmoid, tanh
from actlab.testing import NUMBER_CHECKS, TENSOR_CHECKS, Check, Subject, check_activation, subject, variants

EVERY = [variant for name in ENTRIES for variant in variants(name)]
_SCALE, _WEIGHT = fixed(1.0, above=0), learned(0.8)
DEFAULT = [subject(name) for name in ENTRIES]


@pytest.mark.parametrize("asked", EVERY, ids=lambda s: s.name)
@pytest.mark.parametrize("check", NUMBER_CHECKS, ids=lambda c: c.__name__)
def test_numbers(asked: Subject, check: Check) -> None:
    """Value, slope, curvature, limits, NaN, facts and kinks are those of the formula at 60 digits."""
    assert check(asked) > 0


@pytest.mark.parametrize("asked", DEFAULT, ids=lambda s: s.name)
@pytest.mark.parametrize("check", TENSOR_CHECKS, ids=lambda c: c.__name__)
def test_tensors(asked: Subject, check: Check) -> None:
    """Every module and function keeps dtype, shape and layout, differentiates, transforms, copies and refuses."""
    assert check(asked) > 0


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
    assert len(compared) == len(NUMBER_CHECKS) + len(TENSOR_CHECKS)
