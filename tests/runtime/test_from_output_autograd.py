"""A gradient from the output alone: what autograd may do with it, and what it must refuse."""

from __future__ import annotations

import gc
import math
import weakref
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

import actlab
from actlab.nn.call import prepare
from actlab.runtime import Kernel, Plan, Refused, from_output, native, pointwise, slope_plan

NAMES = ("gelu", "tanh", "softplus")  # two branches, a formula of the output, one branch in pieces


def run_of(name: str) -> Kernel:
    """The kernel of an entry with its own numbers."""
    run = prepare(actlab.entry(name), {}).run
    assert isinstance(run, Kernel)
    return run


@pytest.fixture(params=NAMES)
def run(request: pytest.FixtureRequest) -> Kernel:
    """A kernel of every class."""
    return run_of(request.param)


@pytest.fixture
def leaf() -> Tensor:
    """A tensor that learns."""
    return torch.randn(1440, generator=torch.Generator().manual_seed(1), requires_grad=True)


LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "transposed": lambda x: x.reshape(40, 36).t(),
    "channels last": lambda x: x.reshape(2, 10, 8, 9).contiguous(memory_format=torch.channels_last),
    "every third": lambda x: x.reshape(48, 30)[:, ::3],
    "expanded": lambda x: x[:30].reshape(1, 30).expand(20, 30),
    "a number": lambda x: x[:1].reshape(()),
    "nothing": lambda x: x[:0].reshape(0, 3),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("on", [True, False])
def test_any_layout_of_input_and_gradient_gives_the_same_numbers(
    run: Kernel, leaf: Tensor, layout: str, on: bool
) -> None:
    """Strides of the input are kept, and a gradient may lie in any other way."""
    with native.switched(on):
        usual = pointwise(run, LAYOUTS[layout](leaf * 1))
        y = from_output(run, LAYOUTS[layout](leaf * 1), inplace=True)
        assert y.stride() == usual.stride() and torch.allclose(y, usual, rtol=0, atol=1e-6)
        along = torch.randn(y.shape, generator=torch.Generator().manual_seed(2))
        (truth,) = torch.autograd.grad(usual, leaf, along, retain_graph=True)
        turned = along.mT.contiguous().mT if along.ndim > 1 else along
        for way in (along, turned, along.repeat_interleave(2, 0)[::2] if along.ndim else along):
            (found,) = torch.autograd.grad(y, leaf, way, retain_graph=True)
            assert torch.allclose(found, truth, rtol=0, atol=1e-3 if layout == "expanded" else 3e-4)
        (added,) = torch.autograd.grad(y.sum(), leaf)
        assert torch.allclose(added, torch.autograd.grad(usual.sum(), leaf)[0], rtol=0, atol=2e-3)


@pytest.mark.parametrize("on", [True, False])
def test_it_writes_over_its_input_where_autograd_allows_that_and_nowhere_else(
    run: Kernel, leaf: Tensor, on: bool
) -> None:
    """What is nobody else's is reused; a leaf, a view and numbers that share memory stay as they are."""
    own = leaf * 1
    with native.switched(on):
        y = from_output(run, own, inplace=True)
        assert y is own and own._version > 0
        (found,) = torch.autograd.grad(y.sum(), leaf)
    assert torch.allclose(found, torch.autograd.grad(pointwise(run, leaf).sum(), leaf)[0], rtol=0, atol=3e-4)
    for x in (leaf, (leaf * 1)[3:], (leaf * 1).view(40, 36), (leaf * 1)[:1].expand(5)):
        before = x.detach().clone()
        y = from_output(run, x, inplace=True)
        assert y.data_ptr() != x.data_ptr() and torch.equal(x, before)
        y.sum().backward()


def test_what_somebody_else_kept_or_edits_is_an_error_and_no_wrong_gradient(run: Kernel, leaf: Tensor) -> None:
    """Writing over a saved tensor, and editing the output afterwards, raise when backward comes to it."""
    saved = leaf.exp()  # keeps its output
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        from_output(run, saved, inplace=True).sum().backward()
    for inplace in (False, True):
        y = from_output(run, leaf * 1, inplace)
        y.add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.sum().backward()


def test_a_second_derivative_is_refused_in_one_sentence(run: Kernel, leaf: Tensor) -> None:
    """The output alone has no derivative of the slope: create_graph says so, and says what to do."""
    y = from_output(run, leaf * 1)
    with pytest.raises(RuntimeError, match=r'kept only its output.*saves="input"'):
        torch.autograd.grad(y.sum(), leaf, create_graph=True)


def test_the_graph_may_be_kept_and_is_freed_without_the_collector(run: Kernel, leaf: Tensor) -> None:
    """Going back twice gives the same gradient, and nothing holds itself alive."""
    y = from_output(run, leaf * 1, inplace=True)
    first, second = [torch.autograd.grad(y.sum(), leaf, retain_graph=True)[0] for _ in range(2)]
    assert torch.equal(first, second)
    gc.collect()
    gc.disable()
    try:
        left = weakref.ref(y)
        node = weakref.ref(y.grad_fn)
        del y
        assert left() is None and node() is None
    finally:
        gc.enable()


def test_between_two_layers_one_tensor_and_a_bit_are_kept() -> None:
    """Bytes by storage, of what is neither input nor parameter: 8 as usual, 4 and an eighth, 4 without branches.

    In bfloat16 gelu has two bits.
    """

    def kept(activation: Callable[[Tensor], Tensor], dtype: torch.dtype = torch.float32) -> float:
        first, second = nn.Linear(64, 64, dtype=dtype), nn.Linear(64, 64, dtype=dtype)
        x = torch.randn(128, 64, dtype=dtype)
        given = {x.data_ptr(), *[one.data_ptr() for one in (*first.parameters(), *second.parameters())]}
        sizes: dict[int, int] = {}

        def pack(saved: Tensor) -> Tensor:
            if saved.data_ptr() not in given:
                sizes[saved.data_ptr()] = saved.untyped_storage().nbytes()
            return saved

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda saved: saved):
            second(activation(first(x)))
        return sum(sizes.values()) / x.numel()

    for inplace in (False, True):
        assert kept(partial(from_output, run_of("gelu"), inplace=inplace)) == 4.125
        assert kept(partial(from_output, run_of("tanh"), inplace=inplace)) == 4.0
        for name, dtype, most in (
            ("gelu", torch.bfloat16, 2.25),
            ("gelu", torch.float16, 2.125),
            ("hardswish", torch.bfloat16, 2.125),
            ("tanh", torch.bfloat16, 2.0),
        ):
            assert kept(partial(from_output, run_of(name), inplace=inplace), dtype) == most, name
    assert kept(partial(pointwise, run_of("gelu"))) == 8.0, "canary"


def test_transforms_compilers_and_forward_mode_take_the_ordinary_path() -> None:
    """vmap, forward over reverse, torch.compile and dual numbers give what `pointwise` gives; batched gradients too."""
    run, x = run_of("gelu"), torch.randn(3, 5)

    def slope(of: Callable[[Kernel, Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        return torch.func.grad(lambda row: of(run, row).sum())

    for transform in (torch.func.vmap, torch.func.jacfwd):
        assert torch.allclose(transform(slope(from_output))(x), transform(slope(pointwise))(x))
    leaf = x.clone().requires_grad_()
    compiled = torch.compile(lambda one: from_output(run, one).sum(), fullgraph=True, backend="aot_eager")
    (found,) = torch.autograd.grad(compiled(leaf), leaf)
    assert torch.allclose(found, torch.autograd.grad(pointwise(run, leaf).sum(), leaf)[0], atol=1e-6)
    with forward_ad.dual_level():
        tangent = forward_ad.unpack_dual(from_output(run, forward_ad.make_dual(leaf, torch.ones_like(x)))).tangent
    assert tangent is not None and torch.allclose(tangent, found, atol=1e-6)
    y = from_output(run, leaf)
    several = torch.randn(4, 3, 5)
    (rows,) = torch.autograd.grad(y, leaf, several, is_grads_batched=True)
    assert torch.allclose(rows, several * found, atol=3e-4)


def test_float64_keeps_its_input(run: Kernel) -> None:
    """Checks by differences pass, to the second order."""
    x = torch.randn(6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda one: from_output(run, one), x)
    assert torch.autograd.gradgradcheck(lambda one: from_output(run, one), x)


def test_a_hook_may_bring_the_output_back_in_another_order() -> None:
    """Bits follow the order of memory at the time of the value."""
    run = run_of("gelu")
    leaf = torch.randn(2, 8, 4, 4).contiguous(memory_format=torch.channels_last).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda saved: saved.clone(), lambda saved: saved.contiguous()):
        y = from_output(run, leaf)
    (found,) = torch.autograd.grad(y.sum(), leaf)
    assert torch.allclose(found, torch.autograd.grad(pointwise(run, leaf).sum(), leaf)[0], atol=3e-4)


def test_what_has_no_plan_says_why() -> None:
    """Every refusal has a code, numbers and a clause; asking for it anyway is a ValueError with the same words."""
    codes: set[str] = set()
    with native.switched(False):
        for name in actlab.names(kind="pointwise")[::9]:
            run = run_of(name)
            plan = slope_plan(run)
            if isinstance(plan, Plan):
                continue
            codes.add(plan.code)
            assert plan.numbers and plan.said[0].islower() and not plan.said.endswith("."), name
            with pytest.raises(ValueError, match="a slope cannot be found from the output"):
                from_output(run, torch.ones(2, requires_grad=True))
    assert {"turns", "inexact"} <= codes <= {"turns", "inexact", "undefined", "infinite"}
    learned = prepare(actlab.entry("prelu"), {}, ("weight",)).run
    assert isinstance(learned, Kernel)
    why = slope_plan(learned)
    assert isinstance(why, Refused) and why.code == "learned" and "weight" in why.said


def test_training_ends_where_ordinary_training_ends() -> None:
    """A small network learns the same with the output kept, in place, within the errors of the slopes."""
    data = torch.randn(64, 8, generator=torch.Generator().manual_seed(3))
    target = data.prod(1, keepdim=True).tanh()
    ends: list[float] = []
    for of in (pointwise, lambda run, x: from_output(run, x, inplace=True)):
        torch.manual_seed(0)
        first, second = nn.Linear(8, 32), nn.Linear(32, 1)
        optimizer = torch.optim.Adam([*first.parameters(), *second.parameters()], 1e-2)
        loss = torch.tensor(math.inf)
        for _ in range(60):
            loss = (second(of(run_of("silu"), first(data))) - target).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        ends.append(loss.item())
    assert ends[1] == pytest.approx(ends[0], rel=1e-3)
