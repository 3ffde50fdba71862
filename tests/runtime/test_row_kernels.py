"""Compiled kernels of along-axis formulas: right on hard rows, whatever the threads, the layout and the process."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from actlab.catalogue import ENTRIES
from actlab.language import excess, log_softmax, softmax, symbol, total, walk
from actlab.language.transposed import pulled_back
from actlab.nn.call import prepare
from actlab.nn.functional import function
from actlab.renderers.llvm_rows import SHORT, rows_text
from actlab.renderers.row_lines import RowPlan
from actlab.renderers.row_passes import in_passes
from actlab.renderers.spelling import CannotSpell
from actlab.runtime import AxisKernel, axis_kernel, look, machine, native, row_admission, rows
from actlab.runtime.row_admission import hard_rows, judged
from actlab.testing.comparison import counted, same_bits

X = symbol("x")
SPARSE = axis_kernel(excess(1.5, X))  # a power that is neither 1 nor 2


def _spelled(kernel: AxisKernel) -> bool:
    try:
        return bool(rows_text(rows.plans(kernel.expr)[0]))
    except CannotSpell:
        return False


# entries of one row and no tensor beside it that are written in passes
SERVED = {
    name: run
    for name, entry in ENTRIES.items()
    if entry.along_axis and entry.kind != "gated"
    for run in [prepare(entry, {}).run]
    if isinstance(run, AxisKernel) and not run.names and _spelled(run)
}


@pytest.fixture
def counted_runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The number of threads of every compiled run over rows inside the test."""
    teams: list[int] = []
    taken = rows.run_rows

    def seen(made: rows.RowNative, read: tuple[Tensor, ...], *rest: object, **named: object) -> object:
        def call(workers: int, *others: int) -> int:
            teams.append(workers)
            return made.native.call(workers, *others)

        return taken(made._replace(native=made.native._replace(call=call)), read, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(rows, "run_rows", seen)
    yield teams


@pytest.fixture
def two_threads() -> Iterator[None]:
    """torch with two threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _both(kernel: AxisKernel, x: Tensor, along: Tensor) -> tuple[Tensor, Tensor]:
    """Value and gradient by the compiled kernels themselves."""
    for_value, for_gradient = rows.plans(kernel.expr, rows.SERVED[x.dtype])
    assert for_gradient is not None
    y, sums = rows.run_rows(rows.compiled_rows(for_value), (x,), leave=True)
    return y, rows.run_rows(rows.compiled_rows(for_gradient), (x, along), sums)


def test_the_functions_people_ask_for_are_served() -> None:
    """The list that the tests below walk holds the softmax and the entmax family."""
    assert {"softmax", "log_softmax", "softmin", "softmax_off_by_one", "sparsemax", "entmax15", "alpha_entmax"} <= set(
        SERVED
    )
    assert "k_wta" not in SERVED, "winners are found by sorting, which no pass does"


@pytest.mark.parametrize("name", SERVED)
def test_value_and_gradient_agree_with_the_formula_in_double_precision(name: str) -> None:
    """Rows of every temper and length pass the admission, whose judge is the torch text in float64."""
    assert judged(SERVED[name], *rows.plans(SERVED[name].expr)) == (True, True)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax", "entmax15"])
def test_every_length_keeps_its_digits(name: str) -> None:
    """Rows of 1 to 70 elements, full blocks or not, differ from float64 by a few roundings of numbers near 1."""
    kernel, compared = SERVED[name], 0
    for length in range(1, 71):
        x = hard_rows(length)[3:6]  # ordinary scores
        along = torch.cos(torch.arange(x.numel(), dtype=torch.float32)).reshape(x.shape)
        at = x.double().requires_grad_()
        recorded = kernel.text(at, -1)
        (slope,) = torch.autograd.grad(recorded, at, along.double())
        truth = recorded.detach()
        y, pulled = _both(kernel, x, along)
        scale = truth.abs().clamp(min=1)
        assert float(((y - truth).abs() / scale).max()) < 2.5e-7, length
        assert float((pulled - slope).abs().max()) < 1e-6 * max(1.0, math.sqrt(length)), length
        compared += 2 * x.numel()
    counted(compared, name)


def test_a_planted_fault_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Canary: kernels of a formula that is off by a part in a million, or of one of its rows alone, do not serve."""
    fresh = AxisKernel(excess(1, X), ())
    wrong = rows.plans(excess(1, X) * (1 + 4e-6))
    assert judged(fresh, *wrong) == (False, False)
    right, slope = rows.plans(fresh.expr)
    assert slope is not None
    only_slope = judged(fresh, right, RowPlan(slope.expr * (1 + 4e-6), slope.names, before=slope.before))
    assert only_slope == (True, False)
    monkeypatch.setattr(row_admission, "judged", lambda *_: row_admission.Admission(False, False))
    monkeypatch.setattr(row_admission, "kept", lambda _: None)
    monkeypatch.setattr(row_admission, "keep", lambda *_: None)
    x = torch.randn(3, 9)
    assert rows.value(fresh, x, -1) is None
    same_bits(fresh(x, -1), fresh.text(x, -1), "refused")


@pytest.mark.usefixtures("two_threads")
def test_threads_and_neighbours_change_no_bit(counted_runs: list[int]) -> None:
    """One, two or three threads, and every row alone, compute the same; large tensors do use several."""
    x = torch.randn(700, 77)
    x[::5] *= 30
    torch.set_num_threads(1)
    alone = rows.value(SPARSE, x, -1)
    assert alone is not None
    for count in (2, 3):
        torch.set_num_threads(count)
        found = rows.value(SPARSE, x, -1)
        assert found is not None
        same_bits(found, alone, f"{count} threads")
    serving = [team for team in counted_runs if team > 1]
    assert not machine.openmp().parallel or serving == [2, 3]
    one_by_one = torch.cat([SPARSE(row[None], -1) for row in x[:20]])
    same_bits(one_by_one, alone[:20], "row by row")


@pytest.mark.parametrize("dtype", rows.SERVED, ids=str)
def test_every_layout_and_dim_computes_the_same_rows(dtype: torch.dtype) -> None:
    """Strided, transposed and expanded inputs and other dims give the bits of contiguous rows, gradients as well."""
    x = torch.randn(6, 5, 37).to(dtype)
    along = torch.randn(6, 5, 37).to(dtype)

    def both(at: Tensor, dim: int, gradient: Tensor) -> tuple[Tensor, Tensor]:
        leaf = at.detach().requires_grad_()
        y = SPARSE(leaf, dim)
        y.backward(gradient)
        assert leaf.grad is not None
        return y.detach(), leaf.grad

    expected = both(x, -1, along)
    wide = torch.stack((x, x + 1), dim=-1)[..., 0]
    moved = x.movedim(-1, 0).contiguous()
    for what, found in {
        "strided": both(wide, -1, along),
        "transposed": both(x.transpose(0, 1).contiguous().transpose(0, 1), 2, along),
    }.items():
        for one, other in zip(found, expected, strict=True):
            same_bits(one, other, what)
    for one, other in zip(both(moved, 0, along.movedim(-1, 0)), expected, strict=True):
        same_bits(one.movedim(0, -1), other, "another dim")
    row = torch.randn(37).to(dtype)
    same_bits(SPARSE(row.expand(4, 37), -1), SPARSE(row, -1).expand(4, 37), "expanded")


def test_a_run_writes_nothing_beside_its_rows() -> None:
    """Neither the last block, which is not full, nor what is kept of long rows reaches over its place."""
    for length in (1, 31, 32, 33, SHORT + 5):
        x, room = torch.randn(3, length), torch.full((3 * length + 128,), 7.0)
        made = rows.compiled_rows(rows.plans(softmax(X))[0])
        aside = torch.full((length + 64,), 7.0)
        places = (x.data_ptr(), room[64:].data_ptr(), aside.data_ptr(), 0, 0)
        made.native.call(1, False, length, 3, *places)
        assert bool((room[:64] == 7.0).all()) and bool((room[64 + 3 * length :] == 7.0).all()), length
        padded = -(-length // 32) * 32 if length > SHORT else 0
        assert bool((aside[padded:] == 7.0).all()), length
        torch.testing.assert_close(room[64 : 64 + 3 * length].view(3, length), torch.softmax(x, -1))


def test_the_default_device_changes_nothing_for_tensors_of_the_cpu() -> None:
    """What a run needs beside its rows, long ones too, lies where they do, also while meta tensors are the default."""
    x = torch.randn(2, SHORT + 5, requires_grad=True)
    with torch.device("meta"):
        fresh = AxisKernel(softmax(X / 3), ())
        y = fresh(x, -1)
        (slope,) = torch.autograd.grad(y, x, x.detach())
    at = x.detach().requires_grad_()
    expected = torch.softmax(at / 3, -1)
    torch.testing.assert_close(y, expected)
    torch.testing.assert_close(slope, torch.autograd.grad(expected, at, x.detach())[0])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_is_computed_in_single_and_rounded_once(dtype: torch.dtype) -> None:
    """Values and gradients of half dtypes are those of float32 kernels, rounded to nearest."""
    x, along = torch.randn(20, 45).to(dtype), torch.randn(20, 45).to(dtype)
    for name in ("softmax", "log_softmax", "entmax15"):
        wide = _both(SERVED[name], x.float(), along.float())
        for one, other in zip(_both(SERVED[name], x, along), wide, strict=True):
            same_bits(one, other.to(dtype), f"{name} {dtype}")


def test_second_derivatives_and_transforms_come_from_the_torch_text(counted_runs: list[int]) -> None:
    """A gradient of a gradient, batched gradients, vmap and forward mode agree with float64 at float32's accuracy."""
    x = torch.randn(4, 9)

    def bent(at: Tensor) -> Tensor:
        at = at.clone().requires_grad_()
        y = SPARSE(at, -1)
        (slope,) = torch.autograd.grad(y.square().sum(), at, create_graph=True)
        (curve,) = torch.autograd.grad(slope.square().sum(), at)
        return curve

    torch.testing.assert_close(bent(x).double(), bent(x.double()), rtol=1e-4, atol=1e-5)
    assert counted_runs, "the value was compiled"
    at = x.clone().requires_grad_()
    y = SPARSE(at, -1)
    batch = torch.randn(3, 4, 9)
    (batched,) = torch.autograd.grad(y, at, batch, is_grads_batched=True, retain_graph=True)
    looped = torch.stack([torch.autograd.grad(y, at, one, retain_graph=True)[0] for one in batch])
    torch.testing.assert_close(batched, looped, rtol=1e-5, atol=1e-6)
    counted_runs.clear()
    mapped = torch.func.vmap(lambda row: SPARSE(row, -1))(x)
    value, _ = torch.func.jvp(lambda a: SPARSE(a, -1), (x,), (torch.ones_like(x),))
    assert not counted_runs
    for found in (mapped, value):
        torch.testing.assert_close(found, SPARSE(x, -1), rtol=1e-5, atol=1e-6)


def _in_another_process(x: Tensor, answers: object) -> None:
    with native.switched(True):
        answers.put(SPARSE(x, -1).numpy())  # type: ignore[attr-defined]


@pytest.mark.usefixtures("two_threads")
def test_a_forked_process_computes_the_same(in_child: Callable[..., Any]) -> None:
    """After the parent has used its threads, a child computes without waiting for them."""
    x = torch.randn(600, 80)
    here = SPARSE(x, -1)
    same_bits(torch.from_numpy(in_child("fork", _in_another_process, x)), here, "fork")


def test_what_is_not_plain_runs_the_torch_text(counted_runs: list[int]) -> None:
    """float64, empty and 0-d tensors, the switch and torch.compile never meet a row kernel."""
    x = torch.randn(3, 8)
    SPARSE(x.double(), -1)
    SPARSE(x[:0], -1)
    with native.switched(False):
        SPARSE(x, -1)
    torch.compile(lambda a: SPARSE(a, -1), fullgraph=True, backend="eager")(x)
    assert not counted_runs
    SPARSE(x, -1)
    assert counted_runs, "canary: otherwise the kernel is met"


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("dim", [0, 1, 2])
def test_a_masked_row_is_seen_behind_a_single_aten_call(name: str, dim: int) -> None:
    """Along any dim, with a gradient or without, a row in which everything is masked gives and moves nothing."""
    x = torch.randn(3, 4, 5)
    x.select(dim, 0).fill_(-math.inf)  # a place of every row
    rows_first = x.movedim(dim, -1)
    rows_first[0, 1] = -math.inf
    x.requires_grad_()
    y = function(ENTRIES[name])(x, dim=dim)
    nothing = 0.0 if name == "softmax" else -math.inf
    assert bool((y.movedim(dim, -1)[0, 1] == nothing).all()) and not bool(y.isnan().any())
    y.masked_fill(y == -math.inf, 0.0).square().sum().backward()
    assert x.grad is not None and bool((x.grad.movedim(dim, -1)[0, 1] == 0).all()) and not bool(x.grad.isnan().any())
    with torch.no_grad():
        torch.testing.assert_close(function(ENTRIES[name])(x, dim=dim), y.detach(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_long_rows_keep_their_value_alone_and_have_every_derivative(name: str, counted_runs: list[int]) -> None:
    """From a length on our kernel computes and ATen's gradient follows; masked rows move nothing, twice as well."""
    made, whole = function(ENTRIES[name]), getattr(torch, name)
    x = torch.randn(6, rows.LONG + 3)
    x[1, 5:] = -math.inf
    along = torch.randn(x.shape)
    for given in (x, torch.cat((x, torch.full((1, x.shape[1]), -math.inf)))):
        at = given.clone().requires_grad_()
        counted_runs.clear()
        y = made(at)
        assert counted_runs, "compiled"
        assert len(y.grad_fn.saved_tensors) == 1 and y.grad_fn.saved_tensors[0].data_ptr() == y.data_ptr()
        exact = at.detach()[:6].double().requires_grad_()
        expected = whole(exact, -1)
        torch.testing.assert_close(y[:6].double(), expected, rtol=1e-6, atol=1e-6)
        upstream = torch.cat((along, torch.ones(len(at) - 6, x.shape[1])))
        (pulled,) = torch.autograd.grad(y, at, upstream, create_graph=True)
        (right,) = torch.autograd.grad(expected, exact, along.double(), create_graph=True)
        torch.testing.assert_close(pulled[:6].double(), right, rtol=1e-5, atol=1e-6)
        assert not bool(pulled[6:].any()), "a masked row moves nothing"
        (endless,) = torch.autograd.grad(y, at, torch.full_like(y, math.inf), retain_graph=True)
        assert not bool(endless[6:].any()), "not even where its upstream is infinite, as that of an entropy is"
        (twice,) = torch.autograd.grad(pulled[:6].square().sum(), at)
        (right,) = torch.autograd.grad(right.square().sum(), exact)
        torch.testing.assert_close(twice[:6].double(), right, rtol=1e-4, atol=1e-5)
        assert not bool(twice.isnan().any())


@pytest.mark.parametrize("length", [7, rows.LONG - 1, rows.LONG, 2000])
def test_a_row_has_the_same_softmax_in_every_batch(length: int) -> None:
    """Alone, among many, with a gradient and without: the length of a row decides who computes it, nothing else."""
    made = function(ENTRIES["softmax"])
    x = torch.randn(300, length)
    all_rows = made(x)
    same_bits(made(x.clone().requires_grad_()).detach(), all_rows, "with a gradient")
    same_bits(made(x[17]), all_rows[17], "alone")
    same_bits(made(x[40:47]), all_rows[40:47], "a few")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_look_finds_rows_that_are_masked_everywhere_and_no_others(dtype: torch.dtype) -> None:
    """Whatever row it is, along any dim: one place that is not masked, be it NaN, makes it an ordinary row."""
    compared = 0
    for shape, dim in (((4, 5), -1), ((4, 5), 0), ((3, 4, 5), 1), ((1, 6), -1), ((6, 1), -1)):
        length = shape[dim]
        bare = torch.zeros(shape, dtype=dtype)
        seen = look.looking(lambda a, dim: torch.zeros(1), lambda a, dim: torch.ones(1))
        for row in range(bare.numel() // length):
            for left in range(-1, length):
                x = bare.clone()
                places = x.movedim(dim, -1).reshape(-1, length)
                places[row] = -math.inf
                if left >= 0:
                    places[row, left] = math.nan if left % 2 else -1e30
                x = places.reshape(x.movedim(dim, -1).shape).movedim(-1, dim).contiguous()
                assert bool(seen(x, dim)) == (left < 0), (shape, dim, row, left)
                compared += 1
    assert compared > 100
    hollow = torch.full((10,), -math.inf, dtype=dtype)[::3][:1]  # one place, whose stride may be anything
    assert bool(seen(hollow, 0)) and not bool(seen(torch.randn(5, dtype=dtype).expand(3, 5)[:1], 0))


def test_a_sigmoid_inside_a_row_has_its_slope_at_zero() -> None:
    """One score of 0 against one more in the denominator: sigmoid'(0) = 1/4, not the 0 of |a| inside the torch text."""
    for dtype in (torch.float64, torch.float32):
        x = torch.zeros(1, 1, dtype=dtype, requires_grad=True)
        function(ENTRIES["softmax_off_by_one"])(x).sum().backward()
        assert x.grad is not None and float(x.grad) == 0.25


def test_the_gradient_is_the_transposed_jacobian() -> None:
    """`pulled_back` of every entry whose derivative can be read backwards agrees with autograd in float64."""
    compared = 0
    for name, kernel in SERVED.items():
        try:
            pulled = axis_kernel(pulled_back(kernel.expr), ("upstream",))
        except ValueError:
            continue
        if any(node.op == "total" and not node.args[0].symbols for node in walk(pulled.expr)):
            continue  # total(1) is the length of a row only where rows are written in passes
        x = torch.randn(3, 6, dtype=torch.float64, requires_grad=True)
        along = torch.randn(3, 6, dtype=torch.float64)
        (expected,) = torch.autograd.grad(kernel.text(x, -1), x, along)
        found = pulled.text(x.detach(), -1, along)
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12, msg=name)
        compared += x.numel()
    counted(compared, "transposed Jacobians")


def test_what_a_value_summed_up_is_not_summed_up_again() -> None:
    """The gradient of sparsemax solves for no level, and that of log_softmax looks for no largest score."""
    for formula, again in ((excess(1, X), ("level", "top")), (log_softmax(X), ("top",))):
        gradient = in_passes(pulled_back(formula), formula)
        assert not {node.op for node in gradient.sums} & set(again)
        assert {node.op for node in gradient.given} >= set(again)
    with pytest.raises(CannotSpell, match="one for the row"):
        in_passes(total(X))


def test_a_power_below_one_is_left_to_the_torch_text() -> None:
    """Newton's method is monotone for convex sums only: alpha_entmax with alpha above 2 is not compiled, and works."""
    x = torch.randn(4, 12)
    with pytest.raises(CannotSpell, match="from 1"):
        in_passes(excess(0.5, X))
    y = function(ENTRIES["alpha_entmax"])(x, alpha=3.0)
    torch.testing.assert_close(y.sum(-1), torch.ones(4))
