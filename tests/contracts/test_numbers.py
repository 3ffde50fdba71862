"""The numbers of every activation of the catalogue are those of its formula at 60 digits."""

from __future__ import annotations

import pytest

from actlab.catalogue import ENTRIES
from actlab.testing import NUMBER_CHECKS, Check, Subject, variants

EVERY = [variant for name in ENTRIES for variant in variants(name)]


@pytest.mark.parametrize("check", NUMBER_CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize("asked", EVERY, ids=lambda s: s.name)
def test_numbers(asked: Subject, check: Check) -> None:
    """Value, slope, curvature, limits, NaN, facts and kinks are those of the formula at 60 digits."""
    assert check(asked) > 0
