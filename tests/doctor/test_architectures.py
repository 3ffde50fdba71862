"""Three real architectures, each a program in `examples`: healthy they are silent, their fault is found and cured."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from tests.specimens.programs import CLASSES, adam, batches, classify, stack
from torch import Tensor, nn
from torch.nn import functional as F

from actlab.doctor import Case, Diagnosis, examine, load_case, repair
from actlab.doctor.gather import gather

EXAMPLES = Path(__file__).parents[2] / "examples"
FAULTS = {  # architecture -> what its fault is called, and the cure that is tried first
    "small_resnet": ("growing-activations", "scale-residual"),
    "small_gpt": ("softmax-wrong-dim", "set-dim"),
    "lstm": ("saturated-units", "re-initialise"),
}


@cache
def program(name: str, function: str) -> Case:
    """An example's case."""
    return load_case(f"{EXAMPLES / name}.py:{function}")


@cache
def diagnosis(name: str, function: str) -> Diagnosis:
    """What the doctor says after a very short training."""
    return examine(program(name, function), steps=10)


@pytest.mark.parametrize("name", FAULTS)
def test_a_healthy_architecture_raises_no_alarm(name: str) -> None:
    """Norms, residual sums, attention, embeddings and gates are no fault."""
    assert [alarm.name for alarm in diagnosis(name, "case").alarms] == []


@pytest.mark.parametrize("name", FAULTS)
def test_the_planted_fault_is_named_first_with_its_cure(name: str) -> None:
    """The first alarm is the fault, whatever follows from it, and its first prescription cures it."""
    first = diagnosis(name, "fault").alarms[0]
    assert (first.name, first.prescriptions[0].action) == FAULTS[name]


def test_the_resnet_without_norms_is_repaired_and_proved() -> None:
    """Smaller branches beat both controls on held-out digits, and no alarm is left."""
    result = repair(program("small_resnet", "fault"), diagnosis("small_resnet", "fault"), epochs=5)
    assert result.accepted and not result.left
    assert [attempt.outcome for attempt in result.tried] == ["proved"]
    assert all(margin.better for margin in result.margins)


# -- what the architectures taught the doctor -------------------------------------------------------------------------

RARE = (torch.arange(512) % 32 == 0).long()  # sixteen of 512


class Reader(nn.Module):
    """Predicts a class from a symbol, of which so many are known; read by an embedding, or one-hot by a layer."""

    def __init__(self, symbols: int, one_hot: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.symbols, self.one_hot = symbols, one_hot
        self.read = nn.Linear(symbols, 8) if one_hot else nn.Embedding(symbols, 8)
        self.scores = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Scores for each place."""
        return self.scores(torch.tanh(self.read(F.one_hot(x, self.symbols).float() if self.one_hot else x)))


@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize(("symbols", "named"), [(2, False), (16, True)])
def test_symbols_that_are_read_and_predicted_may_be_uneven(symbols: int, named: bool, one_hot: bool) -> None:
    """A language model's classes are its vocabulary; another classifier that neglects a rare class is told so."""
    x = torch.randint(symbols, (512,), generator=torch.Generator().manual_seed(0))
    found = examine(Case(Reader(symbols, one_hot), batches(x, RARE), F.cross_entropy), steps=5)
    assert ("class-imbalance" in [finding.name for finding in found.findings]) is named


def test_targets_in_parts_are_standardised_part_by_part() -> None:
    """Actions and rewards: a reward of 30,000 is told and cured, the action that chooses the output stays."""
    x, chance = torch.randn(512, 8, generator=torch.Generator().manual_seed(0)), torch.Generator().manual_seed(1)
    action = torch.randint(CLASSES, (512,), generator=chance)
    reward = 30_000 + 10 * x[:, 0] * action
    loss = lambda values, target: F.mse_loss(values.gather(1, target[0][:, None])[:, 0], target[1])  # noqa: E731
    data = [(x[rows], (action[rows], reward[rows])) for rows in torch.arange(512).split(64)]
    case = Case(stack([8, 32, CLASSES]), data, loss, optimizer=adam(1e-2))
    found = examine(case)
    assert found.alarms[0].name == "target-scale"
    assert repair(case, found, epochs=5).accepted


def test_units_dead_from_the_start_are_the_cause_of_a_straight_network() -> None:
    """Residual blocks whose ReLUs are all silent leave one affine map: the dead units are named first."""

    class Blocks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.below, self.above, self.scores = nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, CLASSES)
            nn.init.constant_(self.below.bias, -9.0)

        def forward(self, x: Tensor) -> Tensor:
            return self.scores(x + self.above(torch.relu(self.below(x))))

    names = [alarm.name for alarm in examine(classify(Blocks())).alarms]
    assert names[:1] == ["dead-units"] and "linear-collapse" in names


def test_one_hot_rows_are_symbols_and_have_no_scale() -> None:
    """One in two hundred values is 1: a root mean square of 0.07, and as right as an embedding."""
    x = torch.randint(200, (512,), generator=torch.Generator().manual_seed(0))
    case = Case(stack([200, 16, 2]), batches(F.one_hot(x, 200).float(), (x > 99).long()), F.cross_entropy)
    assert gather(case, steps=1).inputs.symbols == 200
    assert "input-scale" not in [finding.name for finding in examine(case, steps=5).findings]
    scaled = Case(case.model, [(value * 0.5, target) for value, target in case.data], F.cross_entropy)
    assert "input-scale" in [finding.name for finding in examine(scaled, steps=5).findings]


@pytest.mark.parametrize("axis", [0, 1])
def test_the_class_axis_of_text_is_the_last_although_the_loss_sees_it_flattened(axis: int) -> None:
    """For (samples, places, classes) the cure is dim=-1, and it clears the alarm."""

    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.below, self.scores = nn.Linear(3, 16), nn.Linear(16, CLASSES)

        def forward(self, x: Tensor) -> Tensor:
            return F.log_softmax(self.scores(torch.relu(self.below(x))), dim=axis)

    x = torch.randn(512, 6, 3, generator=torch.Generator().manual_seed(0))
    y = x.argmax(-1)
    loss = lambda output, target: F.nll_loss(output.flatten(0, 1), target.flatten())  # noqa: E731
    case = Case(Tagger(), batches(x, y), loss, optimizer=adam(1e-2))
    found = examine(case)
    assert found.alarms[0].name == "softmax-wrong-dim"
    assert found.alarms[0].prescriptions[0].settings["dim"] == -1
    result = repair(case, found, epochs=3)
    assert result.accepted and result.changes[0].new.endswith("(dim=-1)")


def test_the_gates_of_a_hand_written_cell_are_counted_like_those_of_torch() -> None:
    """A loop with an LSTM's five functions per step is looked at as an LSTM; its saturation counts."""
    sick, healthy = (program("lstm", function) for function in ("fault", "case"))
    (gates,) = gather(replace(sick, data=list(sick.data)[:1]), steps=1).gates
    assert (gates.path, gates.op) == ("recur", "LSTM") and gates.detail["flat_share"] > 0.2
    (gates,) = gather(replace(healthy, data=list(healthy.data)[:1]), steps=1).gates
    assert gates.detail["flat_share"] < 0.01
