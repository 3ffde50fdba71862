"""Faults that hide from the obvious reading: convolutions, logarithms by hand, slopes that are zero."""

from __future__ import annotations

import pytest
import torch
from tests.specimens.programs import CLASSES, FEATURES, classify
from torch import Tensor, nn

import actlab
from actlab.doctor import examine


class Convolutions(nn.Module):
    """Two convolutions and a linear layer; with or without a bend between them."""

    def __init__(self, bend: bool) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 4, 3, padding=1)
        self.second = nn.Conv1d(4, 4, 3, padding=1)
        self.last = nn.Linear(4 * FEATURES, CLASSES)
        self.bend = bend

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x[:, None])
        h = self.second(h.relu() if self.bend else h)
        return self.last((h.relu() if self.bend else h).flatten(1))


class HandWritten(nn.Module):
    """log(softmax(x) + eps) spelled out, over the axis given."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(FEATURES, 32), nn.ReLU(), nn.Linear(32, CLASSES))
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        return torch.log(torch.softmax(self.net(x), self.dim) + 1e-9)


class Hidden(nn.Module):
    """One hidden layer with the function given."""

    def __init__(self, function: object) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(FEATURES, 32), nn.Linear(32, CLASSES)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.function(self.first(x)))  # type: ignore[operator]


def alarms(model: nn.Module, loss: object = nn.functional.cross_entropy) -> list[str]:
    """The names of the alarms, root cause first."""
    return [finding.name for finding in examine(classify(model, loss)).alarms]


def test_convolutions_without_a_bend_are_one_linear_map() -> None:
    """Few channels at many positions are no bottleneck."""
    assert alarms(Convolutions(False))[:1] == ["linear-collapse"]
    assert alarms(Convolutions(True)) == []


def test_a_softmax_over_the_batch_is_seen_behind_a_logarithm_written_by_hand() -> None:
    """The axis is read from the softmax, wherever the logarithm is taken."""
    assert "softmax-wrong-dim" in alarms(HandWritten(0), nn.functional.nll_loss)
    assert "softmax-wrong-dim" not in alarms(HandWritten(1), nn.functional.nll_loss)


@pytest.mark.parametrize("function", [torch.sign, torch.round, actlab.nn.Step(), actlab.functional.signum])
def test_a_flat_function_in_a_hidden_layer_blocks_the_gradient(function: object) -> None:
    """torch gives these a gradient of zero everywhere: the layer before never learns."""
    assert "blocked-gradient" in alarms(Hidden(function))


def test_a_straight_through_estimate_blocks_nothing() -> None:
    """The usual cure keeps a way open beside the step."""
    assert "blocked-gradient" not in alarms(Hidden(lambda x: x + (torch.sign(x) - x).detach()))
