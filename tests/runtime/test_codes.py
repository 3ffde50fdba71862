"""Slopes kept as bytes: one byte per element, within the certificate, never a silently wrong number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from actlab.catalogue import ENTRIES, Entry
from actlab.nn.call import prepare
from actlab.runtime import Kernel, codes, native, pointwise
from actlab.runtime.branches import Refused
from actlab.runtime.codes import code_certificate, code_plan, coded, slopes_coded

GELU, SILU, SIGMOID = (prepare(ENTRIES[name], {}).run for name in ("gelu", "silu", "sigmoid"))
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def _formulas() -> Iterator[tuple[Entry, Kernel]]:
    for entry in ENTRIES.values():
        run = None if entry.kind == "gated" or entry.along_axis else prepare(entry, {}).run
        if isinstance(run, Kernel):
            yield entry, run


def _gradient(run: Callable[[Tensor], Tensor], x: Tensor, along: Tensor | None = None) -> Tensor:
    x = x.detach().requires_grad_()
    y = run(x)
    (found,) = torch.autograd.grad(y, x, torch.ones_like(y) if along is None else along)
    return found


def test_every_slope_kept_as_a_byte_is_within_its_certificate() -> None:
    """Half a step, at numbers that were not tried for it, for every formula of the catalogue; a refusal says why."""
    chance = torch.Generator().manual_seed(3)
    x = torch.cat((4 * torch.randn(2000, generator=chance), 1e3 * torch.randn(200, generator=chance)))
    refused = compared = 0
    with native.switched(False):
        for entry, run in _formulas():
            plan = code_plan(run)
            if isinstance(plan, Refused):
                refused += 1
                assert plan.said
                continue
            compared += 1
            true = run.partial("x").text(x).double()
            off = (_gradient(lambda at, run=run: coded(run, at), x).double() - true).abs().max()
            size = max(-plan.low, plan.high)
            assert off <= plan.step / 2 + 1e-5 * (plan.step + size), entry.name
            if compared % 25 == 0:
                told = code_certificate(run, torch.float32).max_error
                assert off <= told + 1e-5 * (plan.step + size) <= plan.step / 2 + 2e-5 * (plan.step + size), entry.name
    assert compared > 300 and refused


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_byte_holds_the_slope_of_gelu_to_a_quarter_of_a_per_cent(dtype: torch.dtype) -> None:
    """At most 0.0025 off, 0.0014 on average, on every 16-bit number; compiled code and torch agree to a step."""
    for run in (GELU, SILU):
        assert code_certificate(run, dtype).max_error <= 0.0025
        assert round(code_certificate(run, dtype).rms_error, 4) <= 0.0014
    x = torch.linspace(-9, 9, 4001, dtype=dtype)
    compiled, alike = slopes_coded(GELU, code_plan(GELU), x)  # type: ignore[arg-type]
    with native.switched(False):
        y, text = slopes_coded(GELU, code_plan(GELU), x)  # type: ignore[arg-type]
    assert compiled.dtype == y.dtype == dtype and alike.dtype == torch.uint8
    assert torch.equal(compiled, GELU(x))
    apart = (alike.int() - text.int()).abs()
    assert apart.max() <= 1 and (apart > 0).float().mean() < 1e-3


def test_slopes_of_0_and_1_are_exact() -> None:
    """Far out, where most functions are flat or the identity, nothing leaks and nothing is lost."""
    x = torch.tensor([-math.inf, -200.0, 200.0, math.inf])
    for dtype in DTYPES:
        assert _gradient(lambda at: coded(GELU, at), x.to(dtype)).tolist() == [0.0, 0.0, 1.0, 1.0]


def test_nan_stays_nan() -> None:
    """A NaN input or gradient gives a NaN gradient there, and there only."""
    for dtype in DTYPES:
        for on in (True, False):
            with native.switched(on):
                x, along = torch.zeros(9, dtype=dtype), torch.ones(9, dtype=dtype)
                x[2], along[5] = math.nan, math.nan
                found = _gradient(lambda at: coded(SILU, at), x, along)
                assert found.isnan().nonzero().flatten().tolist() == [2, 5]


def _mean_slope(unbiased: bool, seeds: int = 400) -> tuple[Tensor, Tensor]:
    torch.manual_seed(11)
    x = torch.linspace(-3, 3, 999)
    found = [_gradient(lambda at: coded(GELU, at, unbiased=unbiased), x) for _ in range(seeds)]
    return torch.stack(found).double().mean(0), GELU.partial("x").text(x.double())


def _unbiased(mean: Tensor, true: Tensor, seeds: int = 400) -> bool:
    """Whether no mean is further off than 5.5 standard deviations, and all together not more than chance allows."""
    step = code_plan(GELU).step  # type: ignore[union-attr]
    error = (mean - true) / (step / 2 / math.sqrt(seeds))
    return bool(error.abs().max() < 5.5) and bool(error.square().mean() < 1.0)


def test_unbiased_codes_are_right_on_average() -> None:
    """The mean over draws is the slope, as far as chance allows; their spread is that of rounding."""
    mean, true = _mean_slope(True)
    assert _unbiased(mean, true)


def test_rounding_to_the_nearest_is_seen_to_be_biased() -> None:
    """Canary: the statistic tells codes without chance from unbiased ones."""
    assert not _unbiased(*_mean_slope(False))


def test_chance_depends_on_seed_and_index_alone() -> None:
    """The same codes for any layout, number of threads, and for a part as for the whole; compiled or not."""
    plan = code_plan(SILU)
    assert not isinstance(plan, Refused)
    x = torch.randn(70, 301)
    seed = 0x1234_5678_9ABC_DEF0
    whole = slopes_coded(SILU, plan, x, seed)[1]
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        twice = slopes_coded(SILU, plan, x.repeat(50, 1), seed)[1]
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(twice[:70], whole) and not torch.equal(twice[70:140], whole)
    assert torch.equal(slopes_coded(SILU, plan, x[:3], seed)[1], whole[:3])
    strided = torch.empty(301, 70).t().copy_(x)
    assert torch.equal(slopes_coded(SILU, plan, strided, seed)[1], whole)
    assert not torch.equal(slopes_coded(SILU, plan, x, seed + 1)[1], whole)
    with native.switched(False):
        assert (slopes_coded(SILU, plan, x, seed)[1] != whole).float().mean() < 1e-3
    torch.manual_seed(5)
    first = _gradient(lambda at: coded(SILU, at, unbiased=True), x)
    torch.manual_seed(5)
    assert torch.equal(_gradient(lambda at: coded(SILU, at, unbiased=True), x), first)


def test_layouts_give_the_gradients_of_contiguous_tensors() -> None:
    """Transposed, strided, channels-last, 0-d and empty tensors, and expanded gradients."""
    x = torch.randn(4, 6, 5, 7)
    want = _gradient(lambda at: coded(GELU, at), x)
    last = x.to(memory_format=torch.channels_last)
    assert torch.equal(_gradient(lambda at: coded(GELU, at), last), want)
    assert torch.equal(_gradient(lambda at: coded(GELU, at), x.transpose(0, 3)), want.transpose(0, 3))
    assert torch.equal(_gradient(lambda at: coded(GELU, at), x[:, ::2, 1:]), want[:, ::2, 1:])
    assert torch.equal(_gradient(lambda at: coded(GELU, at), x, torch.ones(()).expand(x.shape)), want)
    assert _gradient(lambda at: coded(GELU, at), x[0, 0, 0, 0]) == want[0, 0, 0, 0]
    assert _gradient(lambda at: coded(GELU, at), x[:0]).shape == (0, 6, 5, 7)


def _bytes_kept(run: Callable[[Tensor], Tensor]) -> float:
    """Bytes of the storages that autograd is given to keep, per element."""
    x = torch.randn(32, 128, requires_grad=True)
    storages: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        storages[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        run(x).sum().backward()
    return sum(tensor.untyped_storage().nbytes() for tensor in storages.values()) / x.numel()


def test_one_byte_per_element_is_kept() -> None:
    """Counted by storage, for both kinds of rounding."""
    assert _bytes_kept(lambda at: coded(GELU, at)) == 1.0
    assert _bytes_kept(lambda at: coded(GELU, at, unbiased=True)) == 1.0


def test_the_counter_sees_an_input_that_is_kept() -> None:
    """Canary: an ordinary activation is counted with its 4 bytes, and a second one of the same input with no more."""
    assert _bytes_kept(lambda at: pointwise(GELU, at)) == 4.0
    assert _bytes_kept(lambda at: pointwise(GELU, at) + pointwise(SILU, at)) == 4.0


def test_a_second_derivative_is_an_error_and_not_a_number() -> None:
    """The sentence says what was kept and what to do; a first derivative may be taken again and again."""
    x = torch.randn(5, requires_grad=True)
    y = coded(GELU, x).sum()
    with pytest.raises(RuntimeError, match='saves="input"'):
        torch.autograd.grad(y, x, create_graph=True)
    first, again = (torch.autograd.grad(y, x, retain_graph=True)[0] for _ in range(2))
    assert torch.equal(first, again)


def test_tracing_and_transforms_run_as_usual() -> None:
    """Under functorch and forward mode the ordinary derivative answers, exactly."""
    x = torch.randn(6)
    want = GELU.partial("x")(x)
    assert torch.allclose(torch.func.vmap(torch.func.grad(lambda at: coded(GELU, at)))(x), want)
    _, pushed = torch.func.jvp(lambda at: coded(GELU, at), (x,), (torch.ones(6),))
    assert torch.allclose(pushed, want)


def test_a_slope_without_bounds_is_refused() -> None:
    """A byte cannot hold it; the error says so."""
    for name in ("square", "exponential"):
        run = prepare(ENTRIES[name], {}).run
        assert isinstance(run, Kernel)
        with pytest.raises(ValueError, match="cannot be kept as bytes: its slope"):
            coded(run, torch.ones(2, requires_grad=True))


def test_a_wrong_step_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Canary: codes that are read with a step that is 2 % too large leave the certificate."""
    plan = code_plan(SIGMOID)
    assert not isinstance(plan, Refused)
    monkeypatch.setattr(codes._Coded, "forward", staticmethod(_misread))
    x = torch.linspace(-4, 4, 100)
    off = (_gradient(lambda at: coded(SIGMOID, at), x).double() - SIGMOID.partial("x").text(x.double())).abs().max()
    assert off > 2 * code_certificate(SIGMOID, torch.float32).max_error


def _misread(ctx: Any, run: Kernel, plan: codes.CodePlan, x: Tensor, seed: int | None) -> Tensor:
    y, code = slopes_coded(run, plan, x, seed)
    ctx.plan = plan._replace(step=1.02 * plan.step)
    ctx.save_for_backward(code)
    return y
