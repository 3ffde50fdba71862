"""Learned parameters keep their bounds and their shape, whatever an optimiser does to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

import actlab
from actlab.catalogue import ENTRIES, Entry, Parameter
from actlab.nn.bounds import Bounds
from actlab.runtime import native


def _bounded() -> Iterator[tuple[Entry, str]]:
    """(entry, parameter) for every parameter with bounds that a module can learn."""
    for entry in ENTRIES.values():
        for name, row in entry.parameters.items():
            if Bounds.of(row) is not None and row.settable and entry.kind == "pointwise":
                yield entry, name


def _inside(row: Parameter) -> float:
    """The default, or where that lies on the edge of its set, a number within."""
    bounds = Bounds.of(row)
    assert bounds is not None
    if row.default not in bounds[:2]:
        return row.default
    if bounds.low is not None and bounds.high is not None:
        return (bounds.low + bounds.high) / 2
    return bounds.low + 0.5 if bounds.low is not None else float(bounds.high or 0.0) - 0.5


def held_after_a_huge_step(entry: Entry, name: str, channels: int, dtype: torch.dtype = torch.float32) -> int:
    """Assert that a parameter is within its set after steps up and down; returns how many numbers were looked at."""
    row = entry.parameters[name]
    module = actlab.create(entry, **{name: _inside(row)}, trainable=name, num_parameters=channels, dim=0, dtype=dtype)
    (held,) = module.parameters()
    looked_at = 0
    for sign in (1.0, -1.0, -1.0):
        optimiser = torch.optim.SGD([held], lr=1e6)
        held.grad = torch.full_like(held, sign)
        optimiser.step()
        value = module.learned(name)
        assert value.shape == ((1,) if row.shared else (channels,))
        for end, allowed in (
            (row.above, lambda v, e, step: v > e),
            (row.low, lambda v, e, step: v >= e - step),
            (row.below, lambda v, e, step: v < e),
            (row.high, lambda v, e, step: v <= e + step),
        ):
            # an end that belongs to the set may be rounded to the number next to it
            kept = end is None or bool(allowed(value.double(), end, 2**-23 * abs(end)).all())
            assert kept, f"{entry.name}: {name} must be {row.allowed}, not {value.tolist()}"
        looked_at += value.numel()
    return looked_at


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_bounded_parameters_stay_in_their_set_after_a_huge_step(channels: int, dtype: torch.dtype) -> None:
    """Every bounded parameter of every entry, one for all and one per channel, up and down."""
    looked_at = sum(held_after_a_huge_step(entry, name, channels, dtype) for entry, name in _bounded())
    assert looked_at > 200


def test_an_open_end_is_not_reached_by_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Canary: without the margin softplus of a huge negative number is 0, and the check says so."""
    monkeypatch.setattr(Bounds, "_ends", lambda self: self[:2])
    with pytest.raises(AssertionError, match="softplus: beta must be a finite number > 0, not"):
        held_after_a_huge_step(ENTRIES["softplus"], "beta", 1)


def test_a_unit_with_a_parameter_driven_to_its_end_stays_finite() -> None:
    """What the bound is for: value and slope after such a step are numbers.

    By torch operations: kernels, of which each would need one of its own here, are judged by the contracts.
    """
    with native.switched(False):
        _driven_to_their_ends()


def _driven_to_their_ends() -> None:
    for entry, name in _bounded():
        row = entry.parameters[name]
        module = actlab.create(entry, **{name: _inside(row)}, trainable=name).double()
        (held,) = module.parameters()
        for raw in (-1e6, 0.0):
            with torch.no_grad():
                held.fill_(raw)
            x = torch.linspace(-2.3, 2.2, 7, dtype=torch.float64, requires_grad=True)
            y = module(x)
            y.sum().backward()
            assert y.isfinite().all() and x.grad.isfinite().all(), f"{entry.name}: {name} = {module.learned(name)}"


def test_a_shared_parameter_is_one_number_beside_those_per_channel() -> None:
    """DyT and Derf have one alpha for the layer and a scale and an offset for each channel, as published."""
    module = actlab.nn.Dyt(num_parameters=4, dim=-1)
    shapes = {name: tuple(value.shape) for name, value in module.named_parameters()}
    assert shapes == {"alpha": (1,), "gamma": (4,), "beta": (4,)}
    with torch.no_grad():
        for name, value in module.named_parameters():
            value.copy_({"alpha": torch.tensor([0.7])}.get(name, torch.arange(1.0, 5.0) / (1 + len(name))))
    x = torch.randn(3, 2, 4)
    expected = module.gamma * torch.tanh(module.alpha * x) + module.beta
    torch.testing.assert_close(module(x), expected)
    shapes = {name: tuple(value.shape) for name, value in actlab.nn.Derf(num_parameters=4).named_parameters()}
    assert shapes == {"alpha": (1,), "s": (1,), "gamma": (4,), "beta": (4,)}
