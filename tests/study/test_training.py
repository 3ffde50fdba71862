"""One cell: paired, equal, repeatable, and honest about divergence."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from actlab.study.tasks import TASKS
from actlab.study.training import dead_share, network, scale_to_unit_variance, score, train

WINE = TASKS["wine"]


def linear_layers(model: nn.Module) -> list[nn.Linear]:
    return [layer for layer in model.modules() if isinstance(layer, nn.Linear)]


def test_every_activation_starts_from_the_same_draws() -> None:
    """With one seed the weights before scaling are equal, also when a module has parameters of its own."""
    models = [network(WINE, name, 13, torch.Generator().manual_seed(1)) for name in ("relu", "prelu", "tanh")]
    for layers in zip(*map(linear_layers, models), strict=True):
        assert all(torch.equal(layers[0].weight, layer.weight) for layer in layers)
        assert all(not layer.bias.any() for layer in layers)


@pytest.mark.parametrize("name", ["relu", "sigmoid", "selu", "sinusoid", "softplus", "gaussian"])
def test_every_layer_starts_with_unit_variance(name: str) -> None:
    """Scaling gives each layer's output variance 1 on the batch, whatever the activation, ten layers deep."""
    task = TASKS["deep_digits"]
    inputs = task.split(0).training.inputs[:64]
    model = network(task, name, inputs.shape[1], torch.Generator().manual_seed(0))
    scale_to_unit_variance(model, inputs)
    variances: list[float] = []
    with torch.no_grad():
        for layer in model:
            inputs = layer(inputs)
            if isinstance(layer, nn.Linear):
                variances.append(float(inputs.var(correction=0)))
    assert len(variances) == 11 and variances == pytest.approx([1.0] * 11, rel=1e-4)


def test_one_cell_gives_the_same_numbers_again_and_changes_nothing_outside() -> None:
    """A repeated cell is equal to the last bit; the caller's random state and threads are untouched."""
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    first, again = (train("wine", "rrelu", 3, 1e-2, 4) for _ in range(2))
    assert first == again
    assert torch.equal(torch.get_rng_state(), state) and torch.get_num_threads() == threads


def test_training_learns_and_reports_every_epoch() -> None:
    """A sound activation separates the wines; the loss curve holds the start and each epoch."""
    found = train("wine", "tanh", 0, 1e-2, 12)
    assert found["held_out"] > 0.85 and found["validation"] > 0.85 and not found["diverged"]
    assert len(found["loss"]) == 13 and found["loss"][-1] < 0.2 * found["loss"][0]
    assert found["steps"] == 12 * math.ceil(107 / WINE.batch)


@pytest.mark.parametrize("rate", [1e3, 1e30])
def test_divergence_is_a_result_without_a_score(rate: float) -> None:
    """A run that blows up says so, in plain JSON values, instead of giving a number."""
    found = train("diabetes", "relu", 0, rate, 4)
    assert found["diverged"] and found["held_out"] is None and found["validation"] is None
    assert all(loss is None or math.isfinite(loss) for loss in found["loss"])


def test_what_gradients_cannot_train_is_dead_and_still_gets_its_score() -> None:
    """A step has slope 0 everywhere: all hidden units count as dead, and the run is finished, not failed."""
    found = train("wine", "step", 0, 1e-2, 2)
    assert found["dead_share"] == 1.0 and found["held_out"] is not None


def test_dead_units_are_counted_per_unit() -> None:
    """Units whose bias keeps them below zero for every sample are dead, no others."""
    inputs = TASKS["wine"].split(0).training.inputs
    model = network(WINE, "relu", 13, torch.Generator().manual_seed(0))
    scale_to_unit_variance(model, inputs)
    assert dead_share(model, inputs) == 0.0
    with torch.no_grad():
        linear_layers(model)[1].bias[:16] = -1e6
    assert dead_share(model, inputs) == 16 / 64


def test_the_slope_of_a_softmax_is_not_taken_for_dead() -> None:
    """The outputs of a softmax add up to one; its units are alive all the same."""
    model = network(WINE, "softmax", 13, torch.Generator().manual_seed(0))
    assert dead_share(model, TASKS["wine"].split(0).training.inputs) < 0.5


class Fixed(nn.Module):
    """A model whose output is always the same."""

    def __init__(self, output: torch.Tensor) -> None:
        super().__init__()
        self.output = output

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.output


def test_the_metrics_are_the_textbook_ones() -> None:
    """R² is 1 for perfect and 0 for the mean, accuracy the share of right classes; not finite gives not a number."""
    held_out = TASKS["friedman1"].split(0).held_out
    for output, expected in (
        (held_out.targets, 1.0),
        (held_out.targets.mean().expand_as(held_out.targets), 0.0),
    ):
        assert score(TASKS["friedman1"], Fixed(output[:, None]), held_out) == pytest.approx(expected, abs=1e-6)
    wines = WINE.split(0).held_out
    always_first = nn.functional.one_hot(torch.zeros(len(wines.targets), dtype=torch.long), 3).float()
    assert score(WINE, Fixed(always_first), wines) == pytest.approx(float((wines.targets == 0).double().mean()))
    assert math.isnan(score(WINE, Fixed(always_first * math.nan), wines))
