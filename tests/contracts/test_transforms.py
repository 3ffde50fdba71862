"""Every module and function of the catalogue differentiates, compiles and exports."""

from __future__ import annotations

import pytest

from actlab.catalogue import ENTRIES
from actlab.testing import TRANSFORM_CHECKS, Check, Subject, subject


@pytest.mark.parametrize("check", TRANSFORM_CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize("asked", [subject(name) for name in ENTRIES], ids=lambda s: s.name)
def test_transforms(asked: Subject, check: Check) -> None:
    """Derivatives are right in every mode, under torch's transforms and by parameters given as tensors."""
    assert check(asked) > 0
