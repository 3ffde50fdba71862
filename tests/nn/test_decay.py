"""Which parameters weight decay spares, and how optimisers are given them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import actlab
from actlab.nn import decay_groups, without_decay


class Branches(nn.Module):
    """Two layers that share one activation, a unit with layers, and torch's own learned slope."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.shared = actlab.nn.Swish()
        self.again = self.shared
        self.inner = nn.Sequential(nn.PReLU(4), actlab.nn.MetaAcon(4), actlab.nn.DynamicRelu(4), actlab.nn.Relu())
        self.bounded = actlab.nn.Softplus(beta=2.0, trainable="beta")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.bounded(self.inner(self.again(self.second(self.shared(self.first(x))))))


SPARED = {"shared.beta", "inner.0.weight", "inner.1.p1", "inner.1.p2", "bounded.beta_raw"}


def test_learned_activation_parameters_are_found_once_each() -> None:
    """Ours, torch's PReLU and what a unit learns beside its layers; shared modules once; no weight of a layer."""
    model = Branches()
    assert set(without_decay(model)) == SPARED
    named = dict(model.named_parameters())
    assert all(named[name] is parameter for name, parameter in without_decay(model).items())
    assert without_decay(actlab.nn.Relu()) == {} and list(without_decay(nn.PReLU())) == ["weight"]


def test_wrapped_models_are_searched_too() -> None:
    """torch.compile, DataParallel and parametrisations change names, not what is found."""
    model = Branches()
    for wrapped in (torch.compile(model, backend="eager"), nn.DataParallel(model)):
        found = without_decay(wrapped)
        assert {name.split(".", 1)[1] for name in found} == SPARED
    assert {id(q) for q in found.values()} == {id(q) for q in without_decay(model).values()}
    slope = nn.PReLU(3)
    nn.utils.parametrize.register_parametrization(slope, "weight", nn.Softplus())
    assert list(without_decay(nn.Sequential(nn.Linear(3, 3), slope))) == ["1.parametrizations.weight.original"]


def test_groups_hold_every_parameter_once_and_an_optimiser_takes_them() -> None:
    """With decay alone the layers shrink and the activations stay."""
    model = Branches()
    groups = decay_groups(model, 0.5)
    assert [group["weight_decay"] for group in groups] == [0.5, 0.0]
    listed = [id(parameter) for group in groups for parameter in group["params"]]
    assert len(set(listed)) == len(listed) and set(listed) == {id(q) for q in model.parameters()}
    optimiser = torch.optim.AdamW(groups, lr=0.1)
    before = {name: value.clone() for name, value in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    for name, parameter in model.named_parameters():
        moved = not torch.equal(parameter, before[name])
        assert moved == (name not in SPARED and bool(before[name].any())), name


def test_a_group_without_parameters_is_left_out() -> None:
    """A model without learned activations gets one group, with decay."""
    assert [group["weight_decay"] for group in decay_groups(nn.Linear(2, 2), 0.1)] == [0.1]
    assert [group["weight_decay"] for group in decay_groups(nn.PReLU(), 0.1)] == [0.0]


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), "0.1", True, None])
def test_a_weight_decay_is_a_number_from_zero(wrong: object) -> None:
    """Anything else is refused by name."""
    with pytest.raises(ValueError, match="weight_decay must be a number >= 0"):
        decay_groups(nn.PReLU(), wrong)  # type: ignore[arg-type]
