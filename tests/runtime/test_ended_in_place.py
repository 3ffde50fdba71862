"""Formulas with learned numbers over many numbers in place: their limits at infinities are given, not looked for."""

from __future__ import annotations

import math

import pytest
import torch

import actlab
from actlab.catalogue import ENTRIES
from actlab.nn.call import prepare
from actlab.runtime import Kernel, native


def test_a_formula_that_is_given_its_limits_is_never_computed_twice() -> None:
    """Nothing of any entry in any dtype is left to be found missing when the input has been overwritten."""
    compared = 0
    for entry in ENTRIES.values():
        if entry.along_axis or entry.kind == "gated" or not any(row.settable for row in entry.parameters.values()):
            continue
        names = tuple(key for key, row in entry.parameters.items() if row.settable)
        run = prepare(entry, {}, names).run
        assert isinstance(run, Kernel)
        if run.lost:
            tensors = tuple(torch.tensor(run.defaults[name]) for name in names)
            for dtype in (torch.float32, torch.float64):
                ended, limits = run.ended(dtype, tensors)
                assert not ended.lost and len(limits) == len(run.lost), entry.name
                compared += 1
    assert compared > 50


@pytest.mark.parametrize("name", ["swish", "acon_c", "ptelu", "smu", "leaky_relu"])
@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_limits_that_move_with_parameters_are_kept_in_place_over_many_numbers(
    name: str, channels: int, dtype: torch.dtype
) -> None:
    """Infinities among many numbers become the limits that the learned numbers give them, as out of place."""
    entry = ENTRIES[name]
    learned = tuple(key for key, row in entry.parameters.items() if row.settable)
    made, over = (
        actlab.create(name, inplace=inplace, trainable=learned, num_parameters=channels, dim=-1, dtype=dtype)
        for inplace in (False, True)
    )
    with torch.no_grad(), torch.device("meta"):
        over(torch.zeros(native._MANY // 4 + 1, 4, device="cpu", dtype=dtype))  # whatever the default device is
    with torch.no_grad():
        for one, other in zip(made.parameters(), over.parameters(), strict=True):
            one.add_(torch.randn(one.shape) * 0.1)
            other.copy_(one)
        x = torch.randn(native._MANY // 4 + 40, 4, dtype=dtype)
        x[7], x[-2] = math.inf, -math.inf
        x[9, 1] = math.nan
        expected, kept = made(x), x.clone()
        assert over(x) is x
    torch.testing.assert_close(x, expected, equal_nan=True, rtol=2e-6, atol=1e-6)
    assert bool(x[9].isnan()[1]) and not bool(torch.cat((x[:9], x[10:])).isnan().any())
    assert not torch.equal(x, kept), "canary: something was computed"
