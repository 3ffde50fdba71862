"""The doctor sees every kind of program: loops, gates, mixtures, autocast, checkpoints, compiled models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tests.specimens.formats import Autocast
from tests.specimens.programs import CLASSES, FEATURES, adam, batches, classify, features, he, labels, remember, stack
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

import actlab
from actlab.doctor import Case, Diagnosis, examine
from actlab.doctor.gather import gather


def alarms(diagnosis: Diagnosis) -> list[str]:
    """The names of the alarms, root cause first."""
    return [finding.name for finding in diagnosis.alarms]


# -- recurrences written by hand --------------------------------------------------------------------------------------


SEQUENCES = list(remember(0.0).data)[:4]  # 256 sequences of 24 steps whose answer lies in the first


class Loop(nn.Module):
    """A recurrence as a Python loop: two layers, one layer on both inputs, bare matrices, or torch's cell."""

    def __init__(self, kind: str, gain: float = 0.0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.kind, size = kind, 16
        self.given, self.back = nn.Linear(2, size), nn.Linear(size, size)
        self.both, self.cell = nn.Linear(2 + size, size), nn.RNNCell(2, size)
        self.matrix = nn.Parameter(torch.randn(size, size) / (3 * size) ** 0.5)
        self.last = nn.Linear(size, CLASSES)
        if gain:
            nn.init.orthogonal_(self.back.weight, gain)

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        """One step of the kind."""
        if self.kind == "two layers":
            return torch.tanh(self.given(x) + self.back(h))
        if self.kind == "one layer":
            return torch.tanh(self.both(torch.cat([x, h], 1)))
        if self.kind == "matrix":
            return torch.tanh(self.given(x) + h @ self.matrix)
        return self.cell(x, h)

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(len(x), 16)
        for t in range(x.shape[1]):
            h = self.step(x[:, t], h)
        return self.last(h)


@pytest.mark.parametrize("kind", ["two layers", "one layer", "matrix", "cell"])
def test_a_gradient_that_fades_through_a_hand_written_loop_is_seen(kind: str) -> None:
    """A weight called step after step is a recurrence, whoever wrote the loop; it is named before its consequences."""
    case = Case(Loop(kind), SEQUENCES, F.cross_entropy, optimizer=adam(5e-3))
    assert alarms(examine(case, steps=3))[:1] == ["vanishing-through-time"]


def test_a_loop_that_keeps_its_gradient_is_silent() -> None:
    """An orthogonal recurrence over the same steps."""
    case = Case(Loop("two layers", 1.2), SEQUENCES, F.cross_entropy, optimizer=adam(5e-3))
    (place,) = gather(case, steps=1).through_time
    norms = place.detail["norms"]
    assert place.path == "back" and len(norms) == 24 and norms[0] > 1e-3 * norms[-1]


# -- gates and mixtures -----------------------------------------------------------------------------------------------


class Gated(nn.Module):
    """A gated unit between two layers; the bias of the gate's half."""

    def __init__(self, unit: Callable[[Tensor], Tensor], bias: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.below, self.unit, self.last = nn.Linear(FEATURES, 64), unit, nn.Linear(32, CLASSES)
        nn.init.constant_(self.below.bias[:32], bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.unit(self.below(x)))


def by_hand(z: Tensor) -> Tensor:
    """relu(a) * b."""
    gate, up = z.chunk(2, -1)
    return F.relu(gate) * up


GATES: dict[str, Callable[[], Callable[[Tensor], Tensor]]] = {
    "our module": lambda: actlab.nn.Reglu(gate="first"),
    "our function": lambda: lambda z: actlab.functional.swiglu(z, gate="first"),
    "by hand": lambda: by_hand,
}


@pytest.mark.parametrize("spelling", GATES)
def test_dead_gates_are_seen_however_the_unit_is_written(spelling: str) -> None:
    """The gate's half is looked at by itself, as a gate; open gates are no fault."""
    assert alarms(examine(classify(Gated(GATES[spelling](), -15.0)), steps=5))[:1] == ["dead-units"]
    numbers = gather(classify(Gated(GATES[spelling](), 0.0)), steps=2)
    assert [(row.role, row.units, row.dead_share) for row in numbers.layers] == [("gate", 32, 0.0)]


class Mixture(nn.Module):
    """Four experts, each sample sent to one of them."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.router = nn.Linear(FEATURES, 4)
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(FEATURES, 32), nn.ReLU()) for _ in range(4))
        self.last = nn.Linear(32, CLASSES)
        for expert in self.experts:
            nn.init.constant_(expert[0].bias, bias)

    def forward(self, x: Tensor) -> Tensor:
        weight, choice = self.router(x).softmax(-1).max(-1)
        out = x.new_zeros(len(x), 32)
        for at, expert in enumerate(self.experts):
            mine = choice == at
            if mine.any():
                out[mine] = weight[mine, None] * expert(x[mine])
        return self.last(out)


def test_experts_are_judged_on_the_samples_sent_to_them() -> None:
    """Values put into a tensor by mask are followed; the router's softmax is no hidden activation."""
    numbers = gather(classify(Mixture(0.0)), steps=2)
    assert len(numbers.layers) == 4 and numbers.hidden_softmax == ()
    assert sum(row.samples for row in numbers.layers) == numbers.samples
    assert alarms(examine(classify(Mixture(-15.0)), steps=5))[:1] == ["dead-units"]


# -- autocast, checkpoints, compiled models, frozen parts --------------------------------------------------------------


class Checkpointed(nn.Module):
    """Three checkpointed blocks; `below` is what the first of them reads."""

    def __init__(self, reentrant: bool, below: bool = True) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.below = nn.Linear(FEATURES, FEATURES) if below else nn.Identity()
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(FEATURES, FEATURES), nn.ReLU()) for _ in range(3))
        self.last, self.reentrant = nn.Linear(FEATURES, CLASSES), reentrant

    def forward(self, x: Tensor) -> Tensor:
        h = self.below(x)
        for block in self.blocks:
            h = checkpoint(block, h, use_reentrant=self.reentrant)
        return self.last(h)


PROGRAMS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "autocast bf16": (lambda: Autocast(stack([FEATURES, 32, 32, CLASSES]), torch.bfloat16), 2),
    "autocast fp16": (lambda: Autocast(stack([FEATURES, 32, 32, CLASSES]), torch.float16), 2),
    "checkpoint": (lambda: Checkpointed(False), 3),
    "re-entrant checkpoint": (lambda: Checkpointed(True), 3),
    "compiled": (lambda: torch.compile(stack([FEATURES, 32, 32, CLASSES])), 2),  # type: ignore[dict-item]
    "half of it frozen": (lambda: nn.Sequential(stack([FEATURES, 32, 16]).requires_grad_(False), stack([16, 4])), 1),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_healthy_programs_of_every_kind_are_seen_and_silent(name: str) -> None:
    """All activations are recorded, under their own paths, and nothing is alarming."""
    make, activations = PROGRAMS[name]
    model = make()
    found = examine(classify(model, optimizer=adam(5e-3)), steps=25)
    assert alarms(found) == []
    assert len(found.layers) == activations
    assert not any(row.path.startswith("_orig_mod") for row in found.layers)


def test_a_reentrant_checkpoint_that_starves_its_weights_is_seen() -> None:
    """Its inputs need no gradient, so torch gives none to what is inside, with a warning at most."""
    found = examine(classify(Checkpointed(True, below=False), optimizer=adam(5e-3)), steps=5)
    assert alarms(found)[:1] == ["blocked-gradient"]
    assert any(place.startswith("blocks.0") for place in found.findings[0].where)


def test_a_checkpoint_function_is_left_as_torch_made_it() -> None:
    """The re-entrant checkpoint is opened while a pass is recorded, and closed again."""
    from torch.utils.checkpoint import CheckpointFunction

    examine(classify(Checkpointed(True)), steps=1)
    assert "apply" not in vars(CheckpointFunction)


class TwoOutputs(nn.Module):
    """Scores and a number, as a mapping; a third head that no loss reads."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Linear(FEATURES, 32), nn.Tanh())
        self.scores, self.amount, self.spare = nn.Linear(32, CLASSES), nn.Linear(32, 1), nn.Linear(32, 3)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        h = self.body(x)
        return {"scores": self.scores(h), "amount": self.amount(h), "spare": self.spare(h)}


def test_several_losses_over_several_outputs_are_read_and_a_spare_head_is_a_note() -> None:
    """Both losses are recognised; a head without a loss is mentioned, never an alarm while the network learns."""
    x = features()
    targets: Any = lambda o, t: F.cross_entropy(o["scores"], t) + F.mse_loss(o["amount"][:, 0], t.float())  # noqa: E731
    case = Case(TwoOutputs(), batches(x, labels(x)), targets, optimizer=adam(1e-2))
    assert {loss.name for loss in gather(case, steps=2).losses} == {"cross_entropy", "mse_loss"}
    found = {finding.name: finding for finding in examine(case).findings}
    assert found["unused-module"].severity == "note" and found["unused-module"].where == ("spare",)


def test_a_product_with_a_number_is_no_squared_error() -> None:
    """A pinball loss weighs the difference; only its own square or size makes a regression loss of it."""
    case = classify(stack([FEATURES, 16, 3]))
    levels = torch.tensor([0.1, 0.5, 0.9])
    data = [(x, y.float()[:, None]) for x, y in case.data]
    pinball = Case(case.model, data, lambda o, t: torch.maximum(levels * (t - o), (levels - 1) * (t - o)).mean())
    assert gather(pinball, steps=2).losses == ()
    squared = Case(stack([FEATURES, 16, 1]), data, lambda o, t: ((t - o) * (t - o)).mean())
    assert [loss.name for loss in gather(squared, steps=2).losses] == ["mse_loss"]


# -- what chance explains, and what leaves torch -----------------------------------------------------------------------


def test_the_dead_share_that_chance_gives_is_measured_on_the_same_inputs() -> None:
    """A healthy deep He network on two features loses units by chance; random units on its inputs lose as many."""
    x = features()[:, :2]
    torch.manual_seed(3)
    rows = gather(Case(he(2, *[64] * 10, CLASSES), batches(x, labels(x)), F.cross_entropy), steps=1).layers
    late = rows[5:]
    measured = sum(row.dead_share for row in late) / len(late)
    expected = sum(row.expected_dead_share for row in late) / len(late)
    assert measured > 0.1 and expected == pytest.approx(measured, rel=0.5)


class ThroughNumpy(nn.Module):
    """A value taken to numpy and back, or kept."""

    def __init__(self, kept: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.below, self.above, self.kept = nn.Linear(FEATURES, 32), nn.Linear(32, CLASSES), kept

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.below(x))
        away = torch.tensor(h.detach().numpy())
        return self.above(h if self.kept else away)


def test_a_value_that_goes_through_numpy_blocks_the_gradient_unless_another_way_is_open() -> None:
    """What comes back from numpy has no past; a value taken out only to be looked at is no fault."""
    assert alarms(examine(classify(ThroughNumpy(False)), steps=5))[:1] == ["blocked-gradient"]
    assert "blocked-gradient" not in alarms(examine(classify(ThroughNumpy(True)), steps=5))


def test_a_generator_beside_its_discriminator_is_not_called_blocked() -> None:
    """A detach that keeps the loss from a part that does not read the input is deliberate."""

    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.judge, self.make = stack([FEATURES, 32, 1]), stack([4, 16, FEATURES])

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return self.judge(x), self.judge(self.make(torch.randn(len(x), 4)).detach())

    case = classify(Pair(), lambda o, t: (F.softplus(-o[0]) + F.softplus(o[1])).mean(), optimizer=adam(1e-2))
    assert alarms(examine(case, steps=25)) == []
