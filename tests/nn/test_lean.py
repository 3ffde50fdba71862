"""Lean training is the same training: copies, errors, threads, checkpoints, casts, compilers and transforms."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from tests.nn.held_bytes import same
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

import actlab
from actlab.nn import Lean
from actlab.runtime.lean import Kept


def model() -> nn.Sequential:
    """Three layers with activations of ours and of torch."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 24), actlab.nn.Gelu(), nn.Linear(24, 24), nn.SiLU(), nn.Linear(24, 3))


def gradients(of: nn.Module, x: Tensor) -> list[Tensor]:
    """Of the sum of squares of the outputs."""
    return list(torch.autograd.grad(of(x).square().sum(), list(of.parameters())))


def test_a_lean_model_is_the_same_model_and_can_be_copied_stored_and_taken_back():
    """Nothing but two hooks is added: state, class, copies and pickles are what they were."""
    plain, x = model(), torch.randn(20, 6)
    expected, before = gradients(plain, x), len(plain.state_dict())
    lean = actlab.lean(plain)
    assert lean is plain and actlab.lean(lean) is plain and len(plain._forward_pre_hooks) == 1
    for one in (lean, copy.deepcopy(lean), pickle.loads(pickle.dumps(lean))):
        assert same(gradients(one, x), expected) and len(one.state_dict()) == before
        kept = Lean.of(one)
        assert kept is not None and kept.recipes == 2 and kept.bytes_saved == 2 * 4 * 20 * 24
    assert actlab.lean(lean, off=True) is plain and Lean.of(plain) is None
    assert not plain._forward_hooks and not plain._forward_hooks_always_called and not plain._forward_pre_hooks


def test_what_was_saved_is_told_in_both_languages():
    """The sentence has the number of tensors and the bytes; without recipes it says why."""
    with actlab.lean() as kept:
        model()(torch.randn(20, 6))
    assert (
        kept.sentence()
        == "lean keeps how to compute 2 tensors instead of the tensors: 3.84 kB less is held for backward."
    )
    assert "2 个张量" in kept.sentence("zh") and "3.84 kB" in kept.sentence("zh")


def test_lean_says_once_when_there_was_nothing_to_save():
    """relu keeps its result, which the next layer shares; one warning for each lean model, none without gradients."""
    lean = actlab.lean(nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2)))
    with torch.no_grad():
        lean(torch.randn(3, 6))
    with pytest.warns(UserWarning, match="lean found nothing to save: none of the . tensors"):
        lean(torch.randn(3, 6))
    lean(torch.randn(3, 6))
    kept = Lean.of(lean)
    assert kept is not None and "没有可节省的内容" in kept.sentence("zh")


def test_nested_regions_and_lean_parts_of_lean_models_count_once_each():
    """The outer region knows what the inner one saved, and is not told that nothing was."""
    inner = actlab.lean(model())
    with actlab.lean() as kept:
        loss = inner(torch.randn(20, 6)).square().sum()
    loss.backward()
    part = Lean.of(inner)
    assert part is not None and part.recipes == 2 and kept.recipes == part.recipes
    assert kept.bytes_saved == part.bytes_saved


def hooks_set() -> bool:
    """Whether saved tensors of this thread are handed to anyone."""
    return torch._C._autograd._top_saved_tensors_default_hooks(False) is not None


def test_an_error_inside_leaves_nothing_behind():
    """A region or a model that fails hands the saved tensors back to torch."""
    with pytest.raises(ZeroDivisionError), actlab.lean():
        1 / 0  # noqa: B018
    failing = actlab.lean(model())
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        failing(torch.randn(2, 5))
    assert not hooks_set()


class _Interrupted(nn.Module):
    """A layer at which the user lost patience, once."""

    patience = 0

    def forward(self, x: Tensor) -> Tensor:
        self.patience += 1
        if self.patience == 1:
            raise KeyboardInterrupt
        return x


def test_a_model_that_was_interrupted_closes_its_region_when_it_runs_again():
    """torch calls no hooks after Ctrl-C, so what was left open is closed by the next run, which counts anew."""
    interrupted = actlab.lean(nn.Sequential(nn.Linear(6, 6), nn.Mish(), nn.Linear(6, 6), _Interrupted()))
    with pytest.raises(KeyboardInterrupt):
        interrupted(torch.randn(4, 6))
    for _ in range(2):
        interrupted(torch.randn(4, 6))
        assert not hooks_set()
        assert Lean.of(interrupted).recipes == 1


@pytest.mark.filterwarnings("ignore:lean found nothing")
def test_a_result_is_kept_where_its_input_was_edited_before_it_was_used():
    """What needs the result alone is then as right as without lean, also behind a second recipe."""
    weight = torch.randn(6, 6, requires_grad=True)
    for twice in (False, True):

        def run(twice: bool = twice) -> Tensor:
            torch.manual_seed(0)
            x = torch.randn(4, 6, requires_grad=True) * 1
            y = actlab.functional.mish(x)
            y = y * torch.ones(6, requires_grad=True) if twice else y
            x.mul_(2)
            return torch.autograd.grad((y @ weight).sum(), weight)[0]

        expected = run()
        with actlab.lean():
            assert torch.equal(run(), expected)


def test_generators_that_interleave_leave_nothing_behind():
    """Regions that end in another order than they began are closed each by its own end."""

    def steps() -> Iterator[Tensor]:
        with actlab.lean():
            x = torch.randn(4, 6, requires_grad=True)
            y = model()(x)
            yield y
            y.square().sum().backward()
            yield x

    one, other = steps(), steps()
    assert next(one).shape == next(other).shape
    assert next(one).grad is not None and next(other).grad is not None
    assert not list(one) and not list(other)
    assert not hooks_set()


@pytest.mark.parametrize("inplace", [lambda x: x.add_(1), lambda x: x.detach().add_(1), lambda x: x[0].zero_()])
def test_an_input_that_was_edited_raises_one_readable_sentence(inplace: Callable[[Tensor], Tensor]):
    """Neither torch alone nor lean computes a gradient from an input that is no longer there."""
    for act in (actlab.functional.mish, F.silu):
        with actlab.lean():
            x = torch.randn(4, 6, requires_grad=True) * 1
            loss = act(x).square().sum()
        inplace(x)
        with pytest.raises(RuntimeError, match=r"a float32 tensor of shape \(4, 6\) .* modified by an inplace"):
            loss.backward()


def test_a_result_that_was_edited_is_kept_as_it_was_used():
    """Edited before it is used: kept as it is. Edited afterwards, where torch alone raises: computed as it was."""
    weight = torch.randn(6, 6, requires_grad=True)

    def run(before: bool, after: bool) -> Tensor:
        torch.manual_seed(0)
        y = actlab.functional.mish(torch.randn(4, 6, requires_grad=True))
        if before:
            with torch.no_grad():
                y.mul_(3)
        z = y @ weight
        if after:
            y.add_(1)
        return torch.autograd.grad(z.sum(), weight)[0]

    with actlab.lean() as kept:
        lean = {name: run(*how) for name, how in {"no": (False, False), "late": (False, True)}.items()}
        assert kept.recipes == 2
        early = run(True, False)
        assert kept.recipes == 2
    assert torch.equal(lean["no"], run(False, False)) and torch.equal(lean["late"], lean["no"])
    assert torch.equal(early, run(True, False))
    with pytest.raises(RuntimeError, match="inplace"):
        run(False, True)


def test_an_edit_without_gradient_is_not_lost_in_second_order():
    """In backward a saved tensor comes with the node that made it, but with its version too: it is kept as it is."""
    weight = torch.randn(4, 6, requires_grad=True)

    def run() -> Tensor:
        torch.manual_seed(0)
        y = actlab.functional.mish(torch.randn(4, 6, requires_grad=True) * 1)
        with torch.no_grad():
            y.add_(1)
        (first,) = torch.autograd.grad((y * weight).square().sum(), weight, create_graph=True)
        return torch.autograd.grad(first.square().sum(), weight)[0]

    expected = run()
    with actlab.lean():
        assert torch.equal(run(), expected)


def test_gradients_add_up_over_calls_and_threads():
    """retain_graph, a second pass, a pass in another thread: all as without lean."""
    plain, lean, x = model(), actlab.lean(model()), torch.randn(20, 6)
    for one in (plain, lean):
        loss = one(x).square().sum()
        loss.backward(retain_graph=True)
        worker = threading.Thread(target=loss.backward)
        worker.start()
        worker.join()
        one(2 * x).sum().backward()
    assert same([one.grad for one in plain.parameters()], [one.grad for one in lean.parameters()])


def test_what_is_kept_dies_with_the_graph_and_without_a_collection():
    """Nothing of ours outlives the graph, and the input of an activation is freed as backward passes it."""

    def alive() -> int:
        return sum(type(one) is Kept for one in gc.get_objects())

    lean, x = actlab.lean(model()), torch.randn(20, 6)
    gc.collect()
    gc.disable()
    try:
        before = alive()
        loss = lean(x).square().sum()
        assert alive() > before
        loss.backward()
        assert alive() == before
        del loss
        assert lean(x).shape == (20, 3)
        assert alive() == before
    finally:
        gc.enable()


def test_other_savers_and_checkpoints_keep_what_they_want():
    """Inside hooks of somebody else nothing is done; what a checkpoint gives is no recipe either."""
    expected = gradients(model(), x := torch.randn(20, 6))
    for around in (
        torch.autograd.graph.save_on_cpu,
        lambda: torch.autograd.graph.saved_tensors_hooks(Tensor.clone, abs),
    ):
        lean = actlab.lean(model())
        with around():
            lean(x)
        kept = Lean.of(lean)
        assert kept is not None and (kept.tensors, kept.recipes) == (0, 0)
    lean = actlab.lean(model())
    part = nn.Sequential(nn.Linear(6, 6), nn.Mish())
    for reentrant in (False, True):
        torch.manual_seed(0)
        at = x.clone().requires_grad_()
        with actlab.lean():
            y = checkpoint(part, at, use_reentrant=reentrant)
            loss = lean(y).sum()
        loss.backward()
        again = x.clone().requires_grad_()
        model()(part(again)).sum().backward()
        assert torch.equal(at.grad, again.grad)
    assert same(gradients(lean, x), expected)


def test_autocast_around_forward_or_backward_changes_nothing():
    """The recipe holds what the node saved, which is cast already, and runs without casting again."""
    for outside, inside in ((True, False), (False, True), (True, True)):
        found: list[list[Tensor]] = []
        for lean in (False, True):
            torch.manual_seed(0)
            one = nn.Sequential(nn.Linear(6, 24), nn.Softplus(), nn.Linear(24, 24), actlab.nn.Mish(), nn.Linear(24, 3))
            cast = torch.autocast("cpu", torch.bfloat16)
            with actlab.lean() if lean else nullcontext(), cast if outside else nullcontext():
                loss = one(torch.randn(20, 6)).float().square().sum()
            with torch.autocast("cpu", torch.bfloat16) if inside else nullcontext():
                found.append(list(torch.autograd.grad(loss, list(one.parameters()))))
        assert same(*found)


@pytest.mark.parametrize("place", ["around", "model", "inside"])
def test_compiled_code_is_left_alone_without_a_graph_break(place: str):
    """Inside a trace nothing happens; the gradients are those of the compiled model, which chooses what it keeps."""
    torch._dynamo.reset()
    x = torch.randn(20, 6)
    expected = gradients(torch.compile(model(), backend="aot_eager", fullgraph=True), x)
    torch._dynamo.reset()
    one = model()

    def within(x: Tensor) -> Tensor:
        with actlab.lean():
            return one(x)

    run = torch.compile(
        {"around": one, "model": actlab.lean(one) if place == "model" else one, "inside": within}[place],
        backend="aot_eager",
        fullgraph=True,
    )
    told = pytest.warns(UserWarning, match="compiled code chooses") if place == "around" else nullcontext()
    with told, actlab.lean() if place == "around" else nullcontext():
        loss = run(x).square().sum()
    assert same(torch.autograd.grad(loss, list(one.parameters())), expected)


def test_transforms_see_no_recipes():
    """A lean model under torch.func gives what it gives alone; so does vmap inside a region."""
    one, x = model(), torch.randn(20, 6)
    names = dict(one.named_parameters())

    def loss(held: dict[str, Tensor], x: Tensor) -> Tensor:
        return torch.func.functional_call(one, held, (x,)).square().sum()

    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))
    expected, apart = torch.func.grad(loss)(names, x), each(names, x)
    actlab.lean(one)
    assert same(torch.func.grad(loss)(names, x).values(), expected.values())
    assert same(each(names, x).values(), apart.values())
    actlab.lean(one, off=True)
    with actlab.lean():
        total = torch.func.vmap(one)(x).square().sum()
    found = torch.autograd.grad(total, list(one.parameters()))
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(found, expected.values(), strict=True))


def test_a_lean_model_trains_in_distributed_data_parallel(tmp_path: Path):
    """Two processes: DDP's own hooks and buckets, inside or around lean, meet the same gradients, and less is held."""
    program = Path(__file__).with_name("lean_ranks.py")
    started = [
        subprocess.Popen([sys.executable, str(program), str(rank), str(tmp_path)], stderr=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    try:
        for process in started:
            _, complaint = process.communicate(timeout=240)
            assert process.returncode == 0, complaint[-2000:]
    finally:
        for process in started:
            process.kill()
    for rank in range(2):
        told = json.loads((tmp_path / f"{rank}.json").read_text(encoding="utf-8"))
        assert told["inside"]["gradients"] == told["outside"]["gradients"] == told["plain"]["gradients"]
        assert told["inside"]["bytes_saved"] == told["outside"]["bytes_saved"] == 2 * 4 * 20 * 24
