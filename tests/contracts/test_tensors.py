"""Every module and function of the catalogue keeps what torch users rely on."""

from __future__ import annotations

import pytest

from actlab.catalogue import ENTRIES
from actlab.testing import TENSOR_CHECKS, Check, Subject, subject


@pytest.mark.parametrize("check", TENSOR_CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize("asked", [subject(name) for name in ENTRIES], ids=lambda s: s.name)
def test_tensors(asked: Subject, check: Check) -> None:
    """Dtype, shape and layout are kept, modules are copied and stored, and wrong input is refused."""
    assert check(asked) > 0
