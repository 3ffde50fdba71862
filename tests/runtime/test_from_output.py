"""Slopes found from the output: exact where numbers can be counted, within their certificates everywhere else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor

import actlab
from actlab.language import symbol, where
from actlab.nn.call import prepare
from actlab.runtime import Kernel, Plan, from_output, kernel, native, slope_plan
from actlab.runtime.branches import Refused
from actlab.runtime.output_plan import MOST, MOST_RMS
from actlab.runtime.tables import every

BITS = 2.0**-8  # of a result of bfloat16, the coarser of the two: rounding it once


def run_of(name: str) -> Kernel:
    """The kernel of an entry with its own numbers."""
    run = prepare(actlab.entry(name), {}).run
    assert isinstance(run, Kernel)
    return run


def plan_of(name: str) -> Plan:
    """Its plan, which it has to have."""
    plan = slope_plan(run_of(name))
    assert isinstance(plan, Plan), plan
    return plan


def slopes(run: Kernel, x: Tensor, inplace: bool = False) -> tuple[Tensor, Tensor]:
    """(value, slope) at `x` by `from_output` and a gradient of ones."""
    leaf = x.clone().requires_grad_()
    y = from_output(run, leaf * 1 if inplace else leaf, inplace)
    (slope,) = torch.autograd.grad(y, leaf, torch.ones_like(y))
    return y.detach(), slope


def true_slope(name: str, x: Tensor) -> Tensor:
    """The slope as the reference computes it in float64, which knows nothing of outputs."""
    return torch.from_numpy(actlab.slope(name, x.to(torch.float64).numpy())).to(torch.float64)


def wrong(found: Tensor, truth: Tensor, plan: Plan, dtype: str) -> Tensor:
    """Where a slope is further from the truth than its certificate and one rounding of the result allow."""
    size = truth.abs().clamp(min=1.0)
    rounding = {"float32": 2.0**-23, "bfloat16": 2.0**-8, "float16": 2.0**-11}[dtype]
    error = (found.to(torch.float64) - truth).abs()
    allowed = (
        plan.certificate[dtype].max_error * size
        + rounding * torch.maximum(truth.abs(), found.to(torch.float64).abs())
        + 1e-7
    )
    return ~((error <= allowed) | (found.to(torch.float64) == truth) | truth.isnan())


def planned(step: int) -> Iterator[tuple[str, Kernel, Plan]]:
    """Every `step`-th pointwise entry that has a plan."""
    for name in actlab.names(kind="pointwise")[::step]:
        run = prepare(actlab.entry(name), {}).run
        if isinstance(run, Kernel) and isinstance(plan := slope_plan(run), Plan):
            yield name, run, plan


@pytest.fixture(scope="module")
def seen() -> list[tuple[str, Kernel, Plan]]:
    """Some of the entries that have a plan, made without compiled kernels, which would take most of the time."""
    with native.switched(False):
        return list(planned(9))


HALVES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@pytest.mark.parametrize("dtype", HALVES)
def test_every_16_bit_input_gets_a_slope_within_the_certificate(
    seen: list[tuple[str, Kernel, Plan]], dtype: str
) -> None:
    """All 65,536 inputs: the slope from the output is off by no more than the plan says, and NaN only for NaN."""
    x = every(HALVES[dtype])
    bad: list[str] = []
    with native.switched(False):
        for name, run, plan in seen:
            y, slope = slopes(run, x)
            told = ~x.isnan() & ~(y.isinf() & x.isfinite())  # an output that ran out of numbers tells nothing
            many = int(wrong(slope, true_slope(name, x), plan, dtype)[told].sum())
            many += int(slope[~x.isnan()].isnan().sum()) + int((~slope[x.isnan()].isnan()).sum())
            bad += [f"{name}: {many}"] if many else []
    assert len(seen) > 25
    assert not bad, bad


def test_float32_slopes_are_within_the_certificate_on_numbers_that_it_was_not_made_from(
    seen: list[tuple[str, Kernel, Plan]],
) -> None:
    """Random numbers of every size: the slope from the output is off by no more than the plan says."""
    generator = torch.Generator().manual_seed(5)
    sizes = torch.exp2(torch.randint(-12, 40, (4000,), generator=generator).to(torch.float32))
    spread = torch.randn(4000, generator=generator) * sizes
    x = torch.cat((torch.randn(8000, generator=generator), spread))
    bad: list[str] = []
    with native.switched(False):
        for name, run, plan in seen:
            y, slope = slopes(run, x)
            # a sample near a kink shares its output with what lies behind, which the certificate tells apart
            many = int((wrong(slope, true_slope(name, x), plan, "float32") & y.isfinite()).sum())
            bad += [f"{name}: {many}"] if many > 2 else []
    assert not bad, bad


def test_the_certificate_counts_what_lies_near_a_seam_and_excuses_nothing_far_from_it() -> None:
    """A slope that dies out at a seam is seen where its outputs are one; a steep seam far out says nothing of 0."""
    fading = slope_plan(kernel(where(symbol("x") < 2, symbol("x") - symbol("x") ** 2 / 4, 1)))
    assert isinstance(fading, Refused) and fading.code == "inexact"
    x = torch.cat((-torch.exp2(torch.arange(-120.0, -20.0)), torch.tensor([-0.5, 0.5, 1.0])))
    truth = true_slope("hyper_sinh", x)  # with a seam at 25, where it is 12 billion
    assert torch.allclose(slopes(run_of("hyper_sinh"), x)[1].to(torch.float64), truth, rtol=1e-5, atol=1e-5)


def test_certificates_keep_the_bounds_that_were_promised(seen: list[tuple[str, Kernel, Plan]]) -> None:
    """Slopes of float32 are right to 5e-5, 16-bit ones to 3e-3 in the mean, of two branches to 1.5e-3; all are met."""
    for name, _, plan in seen:
        assert plan.certificate["float32"].max_error <= MOST == 5e-5, name
        assert all(plan.certificate[dtype].rms_error <= MOST_RMS for dtype in HALVES), name
        assert plan.turn is None or all(plan.certificate[dtype].rms_error <= 1.5e-3 for dtype in HALVES), name
        branch = plan.bits(torch.float32)
        assert branch == (plan.turn is not None)
        assert all(plan.bits(dtype) in (branch, branch + 1) for dtype in HALVES.values()), name
    kinds = {(plan.bits(torch.float32), plan.formula is None) for _, _, plan in seen}
    assert kinds == {(0, True), (0, False), (1, True)}
    assert {plan.bits(torch.bfloat16) for _, _, plan in seen} == {0, 1, 2}


def test_a_shifted_table_is_caught() -> None:
    """Canary: the check of the slopes fails on a plan whose table is one place off, in pieces and in 16 bits."""
    run, plan = run_of("silu"), plan_of("silu")
    assert plan.pieces is not None
    x = torch.linspace(-6, 6, 4001)
    truth = true_slope("silu", x)
    moved = replace(plan, pieces=plan.pieces._replace(table=plan.pieces.table.roll(64, 0)))
    for one, faults in ((plan, 0), (moved, 1000)):
        y = run(x)
        assert int(wrong(one.slope(y, one.sides(x)), truth, plan, "float32").sum()) >= faults
    assert not wrong(plan.slope(run(x), plan.sides(x)), truth, plan, "float32").any()
    short = every(torch.bfloat16)
    truth = true_slope("silu", short)
    for field, by in (("slopes", 1), ("slopes", 1 << 17), ("codes", 1 << 8)):  # by a place, the second bit, all bits
        tables = {
            dtype: table._replace(**{field: getattr(table, field).roll(by)}) for dtype, table in plan.tables.items()
        }
        moved = replace(plan, tables=tables)
        shifted = moved.slope(run(short), moved.sides(short))
        assert int((wrong(shifted, truth, plan, "bfloat16") & ~short.isnan()).sum()) > 20, (field, by)


def normal_error(name: str, plan: Plan, dtype: torch.dtype) -> float:
    """Root mean square error of a plan's slopes at a million normal numbers of the dtype."""
    x = torch.randn(1 << 20, generator=torch.Generator().manual_seed(7)).to(dtype)
    error = plan.slope(run_of(name)(x), plan.sides(x)).to(torch.float64) - true_slope(name, x)
    return float(error.square().mean().sqrt())


def test_a_second_bit_halves_the_errors_where_it_is_kept() -> None:
    """In bfloat16 gelu, silu and mish are right to 1e-3 in the mean of draws, as certified; in float16 one bit does."""
    for name in ("gelu", "silu", "mish"):
        plan = plan_of(name)
        assert plan.bits(torch.bfloat16) == 2 and plan.bits(torch.float16) == 1
        found = normal_error(name, plan, torch.bfloat16)
        assert found <= 1e-3 and found == pytest.approx(plan.certificate["bfloat16"].rms_error, rel=0.05), name
        blind = plan.tables[torch.bfloat16]
        both = (blind.slopes[: 1 << 17] + blind.slopes[1 << 17 :]).repeat(2) / 2
        without = replace(plan, tables={torch.bfloat16: blind._replace(slopes=both)})
        assert normal_error(name, without, torch.bfloat16) > 1.6 * found, name
    assert normal_error("gelu", plan_of("gelu"), torch.float16) <= 5e-4


def test_two_threads_and_odd_lengths_pack_the_same_bits() -> None:
    """Bits of 16-bit inputs are those of the table, for one thread and two, in the last byte too, kernels or not."""
    run, plan = run_of("gelu"), plan_of("gelu")
    before = torch.get_num_threads()
    try:
        for count in (1, 9, 4097, 1_000_003):
            x = torch.randn(count, generator=torch.Generator().manual_seed(count)).to(torch.bfloat16)
            kept: list[tuple[Tensor, ...]] = []
            for threads, on in ((1, True), (2, True), (1, False)):
                torch.set_num_threads(threads)
                with native.switched(on):
                    y = from_output(run, x.clone().requires_grad_())
                assert isinstance(y.grad_fn, torch.autograd.graph.Node)
                _, *sides = y.grad_fn.saved_tensors  # type: ignore[attr-defined]
                kept.append((y.detach(), *sides))
            assert all(len(one) == 3 and one[1].numel() == -(-count // 8) for one in kept)
            last = torch.tensor([(1 << (count - 1) % 8 + 1) - 1], dtype=torch.uint8)
            for one in kept:
                for side in one[1:]:
                    side[-1:] &= last
                assert all(map(torch.equal, one, kept[0])), count
            for at, side in enumerate(plan.sides(x)):
                unpacked = (kept[0][1 + at][:, None] >> torch.arange(8, dtype=torch.uint8)) & 1
                assert torch.equal(unpacked.flatten()[:count].to(torch.bool), side)
    finally:
        torch.set_num_threads(before)


NAMES = ("gelu", "mish", "hardswish", "tanh", "softplus")  # two branches, fitted and with seams; closed; one branch


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_compiled_kernels_and_torch_operations_agree_to_the_bit(dtype: torch.dtype) -> None:
    """Blocks that are full or not, one thread or two, in place or not: the same output has the same slope."""
    for name in NAMES:
        run = run_of(name)
        for count in (1, 7, 64, 4095, 70_001):
            x = (torch.randn(count, generator=torch.Generator().manual_seed(count)) * 3).to(dtype)
            y, slope = slopes(run, x)
            over, same = slopes(run, x, inplace=True)
            assert torch.equal(y, over) and torch.equal(slope, same), (name, count)
            with native.switched(False):
                text, other = slopes(run, x)
            alike = y == text
            rounded = dtype is torch.float32 and plan_of(name).formula is not None  # products and sums in one, or not
            assert torch.allclose(slope[alike], other[alike], rtol=0, atol=1e-6 if rounded else 0), (name, count)
            assert torch.allclose(slope, other, rtol=0, atol=0.02), (name, count)


def test_values_are_those_of_the_ordinary_kernel() -> None:
    """16-bit values are the same bits; float32 values differ next to an extremum only, by one unit there."""
    for name in NAMES:
        run, plan = run_of(name), plan_of(name)
        x = torch.cat((torch.randn(50_000), torch.linspace(-1.6, -0.5, 50_001)))
        for dtype in (torch.bfloat16, torch.float16):
            short = x.to(dtype)
            assert torch.equal(slopes(run, short)[0], run(short)), name
        y, usual = slopes(run, x)[0], run(x)
        other = y != usual
        if plan.bottom is None:
            assert not other.any(), name
            continue
        assert bool(((x[other] - plan.bottom.high).abs() <= plan.bottom.reach).all()), name
        unit = torch.nextafter(usual.abs(), torch.tensor(math.inf)) - usual.abs()
        assert bool(((y - usual).abs() <= 2.01 * unit).all()), name


def test_outputs_beyond_the_extremum_and_at_the_ends_give_finite_slopes() -> None:
    """An output rounded below the minimum, infinities and zeros have slopes; only NaN has none."""
    for name in NAMES:
        plan = plan_of(name)
        low = 0.0 if plan.bottom is None else plan.bottom.value
        y = torch.tensor([low, low - 1e-7, low - 1e-3, 0.0, -0.0, math.inf, -math.inf, 3e38, -3e38, 1e-45])
        y = y if plan.formula is None else y.clamp(-1.0, 1.0)  # a formula has no table to end in
        for sides in ((),) if plan.turn is None else ((torch.zeros(10) > 0,), (torch.ones(10) > 0,)):
            assert bool(plan.slope(y, sides).isfinite().all()), name
            assert bool(plan.slope(torch.full_like(y, math.nan), sides).isnan().all()), name
    x = torch.tensor([math.inf, -math.inf, math.nan], requires_grad=True)
    for name, limits in (("gelu", [1.0, 0.0]), ("tanh", [0.0, 0.0]), ("softplus", [1.0, 0.0]), ("abs", [1.0, -1.0])):
        (slope,) = torch.autograd.grad(from_output(run_of(name), x).sum(), x)
        assert slope[:2].tolist() == limits and math.isnan(float(slope[2])), name
