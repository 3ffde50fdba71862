"""`watch` sees what a running loop does, changes nothing in it, and lets go of it."""

from __future__ import annotations

import copy
import math
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from tests.specimens.loops import SIZES, data, hooks, loop, names, sick
from tests.specimens.programs import CLASSES, FEATURES, features, stack
from torch import Tensor, nn
from torch.nn import functional as F

from actlab.doctor import watch

# -- it changes nothing ------------------------------------------------------------------------------------------------


def test_a_watched_training_is_the_same_training() -> None:
    """Weights after thirty steps agree bit for bit with those of the loop without a watch; so does the random state."""
    watched, bare = stack(SIZES), stack(SIZES)
    loop(watched, 30)
    after = torch.get_rng_state()
    optimizer = torch.optim.Adam(bare.parameters(), 1e-3)
    stack(SIZES)
    for (x, y), _ in zip(data(), range(30), strict=False):
        optimizer.zero_grad()
        F.cross_entropy(bare(x), y).backward()
        optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(watched.parameters(), bare.parameters(), strict=True))
    assert not torch.equal(watched[0].weight, stack(SIZES)[0].weight), "canary: training has changed the weights"
    assert torch.equal(after, torch.get_rng_state())


def test_it_leaves_no_hook_and_no_attribute() -> None:
    """After the block, after an error in it and after `detach`, model and optimiser are as before."""
    model = stack(SIZES)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    before = [sorted(vars(module)) for module in model.modules()]

    def clean() -> bool:
        held = len(optimizer._optimizer_step_post_hooks) + len(optimizer._optimizer_step_pre_hooks)
        return hooks(model) == 0 and held == 0 and before == [sorted(vars(module)) for module in model.modules()]

    loop(model, 7)
    assert clean()
    with pytest.raises(KeyError), watch(model, optimizer):
        raise KeyError("mine")
    assert clean()
    watched = watch(model, optimizer)
    assert not clean(), "canary: while it watches there are hooks"
    watched.detach()
    watched.detach()
    assert clean()


def test_between_sampled_steps_there_is_one_counter() -> None:
    """Neither the model nor the optimiser holds anything but the hook that counts."""
    model = stack(SIZES)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    held: list[int] = []
    with watch(model, optimizer, every=4) as watched:
        for (x, y), _ in zip(data(), range(9), strict=False):
            held.append(hooks(model) + len(optimizer._optimizer_step_pre_hooks))
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    assert [at + 1 for at, count in enumerate(held) if count] == [1, 4, 8]
    assert [moment.step for moment in watched.history] == [1, 4, 8]


def test_copies_and_pickles_made_while_it_watches_work_without_it() -> None:
    """A deep copy and a pickle of a watched model run, are not watched, and know nothing of this package."""
    model = stack(SIZES)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with watch(model, optimizer, every=1) as watched:
        stored = pickle.dumps(model)
        assert b"actlab" not in stored
        for copied in (copy.deepcopy(model), pickle.loads(stored)):
            copied(features()).sum().backward()
        model.eval()
        with torch.no_grad():
            model(features())
        model.train()
        x, y = next(data())
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    assert watched.history[0].samples == len(x)


# -- what it finds -----------------------------------------------------------------------------------------------------


class _Functional(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


SPELLINGS: dict[str, Callable[[], nn.Module]] = {
    "modules": nn.ReLU,
    "in place": lambda: nn.ReLU(inplace=True),
    "functional": _Functional,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_dead_layer_is_found_at_the_first_step(spelling: str) -> None:
    """A layer without one living unit needs no thousand samples; its healthy twin is silent."""
    assert names(loop(sick(SPELLINGS[spelling]), 1)) == ["dead-units"]
    assert names(loop(stack(SIZES, SPELLINGS[spelling]), 1)) == []


def test_units_count_as_dead_only_after_a_thousand_samples() -> None:
    """Half of a layer silent: nothing after 64 samples, the finding after 1024; the shares are exact."""
    model = stack([FEATURES, 32, CLASSES])
    with torch.no_grad():
        model[0].weight[:16], model[0].bias[:16] = 0.0, -0.1
    early, late = loop(copy.deepcopy(model), 1, every=1), loop(model, 20, every=1)
    assert names(early) == [] and early.history[0].dead == {"1": 0.5}
    assert names(late) == ["dead-units"]
    assert [row.dead_share_end for row in late.diagnosis.layers] == [0.5]


def test_a_unit_that_fires_in_some_steps_is_alive() -> None:
    """Masks are joined over steps: units that are silent on most batches are not dead."""
    model = stack([FEATURES, 32, CLASSES])
    with torch.no_grad():
        model[0].weight.div_(model[0].weight.norm(dim=1, keepdim=True))
        model[0].bias.fill_(-2.6)  # fires on 0.5 % of normal inputs
    watched = loop(model, 40, every=1)
    assert max(moment.dead["1"] for moment in watched.history) > 0.3
    assert names(watched) == []


def test_a_symptom_in_a_network_that_learns_is_a_note_and_without_the_loss_a_warning() -> None:
    """Eight sigmoid layers: illness where the told loss stays, warning where nobody told it."""
    deep = [FEATURES, *[32] * 8, CLASSES]
    told = loop(stack(deep, nn.Sigmoid), 210, every=50)
    assert [(f.name, f.severity) for f in told.findings] == [("vanishing-gradient", "illness")]
    untold = loop(stack(deep, nn.Sigmoid), 2, every=1, tell=False)
    assert [(f.name, f.severity) for f in untold.findings] == [("vanishing-gradient", "warning")]
    assert math.isnan(untold.history[0].loss) and untold.diagnosis.learning == "unclear"
    assert loop(stack([*SIZES]), 210, every=50).diagnosis.learning == "yes"


def test_a_loss_that_stops_being_finite_is_dated() -> None:
    """The step at which the told loss became NaN is named, not the sampled step after it."""
    model = stack(SIZES)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with watch(model, optimizer, every=5) as watched:
        for (x, y), at in zip(data(), range(1, 11), strict=False):
            loss = F.cross_entropy(model(x), y) * (math.nan if at == 7 else 1.0)
            watched.loss(loss)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    (found,) = watched.findings
    assert found.name == "not-finite" and found.evidence["step"] == 7


# -- every kind of loop ------------------------------------------------------------------------------------------------


def test_parts_of_an_accumulated_batch_are_one_step() -> None:
    """Four backward passes and one step: one moment with the samples of all four."""
    model = sick()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    source = data(16)
    with watch(model, optimizer, every=2) as watched:
        for _ in range(3):
            for _ in range(4):
                x, y = next(source)
                (F.cross_entropy(model(x), y) / 4).backward()
            optimizer.step()
            optimizer.zero_grad()
    assert [moment.samples for moment in watched.history] == [64, 64]
    assert names(watched) == ["dead-units"]


def test_a_scaled_loss_is_unscaled_and_a_skipped_step_is_no_step() -> None:
    """Under a GradScaler the gradients of layers and parameters agree with those of the same loop without it."""
    told: list[Any] = []
    for scale in (1.0, 2.0**16):
        model = stack(SIZES)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        scaler = torch.amp.GradScaler("cpu", init_scale=scale)
        with watch(model, optimizer, every=1, scaler=scaler) as watched:
            for (x, y), at in zip(data(), range(3), strict=False):
                loss = F.cross_entropy(model(x), y)
                optimizer.zero_grad()
                scaler.scale(loss * (math.inf if at == 1 else 1.0)).backward()
                scaler.step(optimizer)
                scaler.update(scale)  # the scale itself stays as it is
        assert watched.steps == 2 and names(watched) == []
        told.append(([row.gradient_norm for row in watched.diagnosis.layers], watched.history[-1].gradients))
    assert told[1][0] == pytest.approx(told[0][0], rel=1e-4)
    assert told[1][1] == pytest.approx(told[0][1], rel=1e-4)


def test_several_optimisers_and_a_closure_are_seen() -> None:
    """Updates of the second optimiser belong to the step of the first; gradients computed in a closure count."""
    model = sick()
    first, second = torch.optim.SGD(model[:2].parameters(), 0.1), torch.optim.SGD(model[2:].parameters(), 0.1)
    x, y = next(data())
    with watch(model, (first, second), every=2) as watched:
        for _ in range(2):
            F.cross_entropy(model(x), y).backward()
            second.step()
            first.step()
    assert set(watched.history[-1].updates) == {name for name, _ in model.named_parameters()}

    def closure() -> Tensor:
        first.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    with watch(model, first, every=1) as watched:
        first.step(closure)
    assert set(watched.history[0].gradients) == {"0.weight", "0.bias"}


@pytest.mark.parametrize("when", ["before", "inside", "whole step"])
def test_compiled_models_are_seen_in_sampled_steps(when: str) -> None:
    """Compiled before watching, while watching, and as a whole step with the optimiser in it."""
    torch._dynamo.reset()
    model = sick()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)

    def step(x: Tensor, y: Tensor) -> None:
        F.cross_entropy(called(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()

    called: Callable[[Tensor], Tensor] = model
    if when == "before":
        called = torch.compile(model, backend="eager")
        called(next(data())[0])
    with warnings.catch_warnings(), watch(model, optimizer, every=3) as watched:
        warnings.simplefilter("ignore")  # Dynamo's own, about gradients it looks at
        if when == "inside":
            called = torch.compile(model, backend="eager")
        run = torch.compile(step, backend="eager") if when == "whole step" else step
        for (x, y), _ in zip(data(), range(4), strict=False):
            run(x, y)
    assert names(watched) == ["dead-units"] and len(watched.history) == 2
    torch._dynamo.reset()


def test_a_model_that_returns_its_loss_needs_no_telling() -> None:
    """As models of transformers do, in a mapping or as an attribute."""

    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = stack(SIZES)

        def forward(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
            logits = self.net(x)
            return {"loss": F.cross_entropy(logits, y), "logits": logits}

    model = Own()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with watch(model, optimizer, every=1) as watched:
        x, y = next(data())
        loss = model(x=x, y=y)["loss"]
        loss.backward()
        optimizer.step()
    assert watched.history[0].loss == pytest.approx(float(loss.detach()))
    assert watched.history[0].dead.keys() == {"net.1", "net.3"}, "inputs that are given by name are followed too"
