"""Gated units that keep gate and output: the gradients of keeping everything, at places where a quotient fails too."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

import pytest
import torch
from torch import Tensor

import actlab
from actlab.catalogue import ENTRIES
from actlab.nn.call import prepare
from actlab.nn.halves import GATES, LAYOUTS
from actlab.runtime import Kernel, native, pointwise, quotient
from actlab.runtime.branches import Refused
from actlab.runtime.quotient import divided, quotient_certificate, quotient_plan

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def _units() -> Iterator[tuple[str, Kernel]]:
    for entry in ENTRIES.values():
        run = prepare(entry, {}, ("up",)).run if entry.kind == "gated" else None
        if isinstance(run, Kernel):
            yield entry.name, run


DIVIDED = {name: run for name, run in _units() if not isinstance(quotient_plan(run), Refused)}


def _both(run: Kernel, gate: Tensor, up: Tensor, along: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """The gradients of gate and up with the quotient, and with everything kept."""
    found: list[tuple[Tensor, ...]] = []
    for call in (lambda g, u: divided(run, None, g, u), lambda g, u: pointwise(run, g, (u,))):
        g, u = gate.detach().requires_grad_(), up.detach().requires_grad_()
        found.append(torch.autograd.grad(call(g, u), (g, u), along))
    return found[0], found[1]


def test_gates_times_the_other_half_are_divided_and_others_say_why_not() -> None:
    """Every formula act(gate) up of the catalogue has a plan; what is cut, bent or learned is refused."""
    assert {"swiglu", "geglu", "reglu", "glu", "bilinear_glu"} <= set(DIVIDED)
    refused = {name: quotient_plan(run) for name, run in _units() if name not in DIVIDED}
    assert refused and all(isinstance(why, Refused) and why.said for why in refused.values())


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_gradients_are_those_of_keeping_everything(dtype: torch.dtype) -> None:
    """The gate's to the rounding of the output, 0.4 % in bfloat16 and 3e-6 in float32; the other half's to rounding."""
    bound = dict(zip(DTYPES, (6e-4, 4.2e-3, 3e-6, 1e-11), strict=True))[dtype]
    rounding = torch.finfo(dtype).eps  # both gradients are rounded to the dtype
    for name, run in DIVIDED.items():
        with native.switched(name == "swiglu"):
            told = quotient_certificate(run, dtype)
            assert told.max_error <= bound and told.rms_error <= bound / 2, name
            gate, up, along = torch.randn(3, 40, 33).to(dtype)
            (d_gate, d_up), (true_gate, true_up) = _both(run, gate, up, along)
        assert not _missed(d_up, true_up), name
        error, size = (d_gate.double() - true_gate.double()).abs(), true_gate.double().abs()
        assert bool((error <= (1.1 * told.max_error + rounding) * size + rounding * 1e-4).all()), name


def _hard(dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Gates and other halves at which act(gate), up or their product is zero, subnormal, huge or no number."""
    tiny, large = torch.finfo(dtype).tiny, torch.finfo(dtype).max
    gates = [0.0, -0.0, 1.0, -1.0, tiny, -tiny, tiny / 4, -8.0, -17.0, -20.0, -95.0, -300.0, 300.0, large, -large]
    gates += [math.inf, -math.inf, math.nan, tiny * 50, tiny**0.5]
    ups = [0.0, -0.0, 1.0, -3.0, tiny, tiny / 4, tiny**0.5, large, -large / 2, 1e3, math.inf, math.nan]
    gate, up = zip(*product(gates, ups), strict=True)
    return torch.tensor(gate, dtype=torch.float64).to(dtype), torch.tensor(up, dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", ("swiglu", "geglu", "reglu", "sreglu", "bilinear_glu", "glu", "situ_glu"))
def test_no_gradient_is_wrong_where_the_quotient_is(name: str, dtype: torch.dtype) -> None:
    """Zeros, subnormal and huge numbers, infinities and NaN, one by one among ordinary ones, compiled and not."""
    run = DIVIDED[name]
    gate, up = _hard(dtype)
    gate = torch.cat((gate, torch.full((9 * len(gate),), 0.7, dtype=dtype)))
    up = torch.cat((up, torch.full((9 * len(up),), 0.3, dtype=dtype)))
    for on in {name == "swiglu", False}:
        with native.switched(on):
            found, true = _both(run, gate, up, torch.ones_like(gate))
        assert not _missed(found[0], true[0]) and not _missed(found[1], true[1])


def _missed(found: Tensor, true: Tensor) -> int:
    """How many gradients are off by more than rounding the output, or are no number on one side only."""
    eps = max(torch.finfo(found.dtype).eps, 1e-6)
    a, b = found.double(), true.double()
    alike = (a == b) | (a.isnan() & b.isnan()) | ((a - b).abs() <= 1.6 * eps * b.abs() + 4e-37)
    return int((~alike).sum())


def test_a_quotient_without_its_exceptions_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Canary: where no value of the other half is kept, the check above fails."""
    monkeypatch.setattr(quotient, "_missing", lambda *given: None)
    gate, up = _hard(torch.float32)
    found, true = _both(DIVIDED["swiglu"], gate, up, torch.ones_like(gate))
    assert _missed(found[0], true[0]) > 5


@pytest.mark.parametrize("dtype", DTYPES[:3], ids=str)
def test_one_tensor_with_both_halves_in_every_layout(dtype: torch.dtype) -> None:
    """Chunked and interleaved, along any dimension, either half the gate: the gradient has the shape of the input."""
    for gate, layout, dim in product(GATES, LAYOUTS, (0, 1) if dtype is torch.float32 else (1,)):
        unit = actlab.create("swiglu", gate=gate, layout=layout, dim=dim)
        lean = actlab.create("swiglu", gate=gate, layout=layout, dim=dim, saves="output")
        x = torch.randn(34, 66).to(dtype)
        x[3] = 0
        grads = []
        for run in (unit, lean):
            at = x.detach().requires_grad_()
            z = run(at)
            z.square().sum().backward()
            grads.append((z.detach(), at.grad))
        assert torch.equal(grads[0][0], grads[1][0])
        assert (grads[0][1] - grads[1][1]).norm() <= 1.2 * torch.finfo(dtype).eps * grads[0][1].norm()


def _bytes(dtype: torch.dtype, saves: str, scale: float = 1.0, apart: bool = False) -> float:
    """Bytes that a block keeps per element of its gate, weights and input not counted, by storage.

    apart: the unit is given two tensors.
    """
    up, down = torch.nn.Linear(16, 256, dtype=dtype), torch.nn.Linear(128, 16, dtype=dtype)
    unit = actlab.create("swiglu", gate="first", saves=saves)
    x = torch.randn(64, 16, dtype=dtype)
    seen: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        seen[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        both = up(x) * scale
        down(unit(*both.chunk(2, 1)) if apart else unit(both)).sum().backward()
        del both
    others = {one.untyped_storage().data_ptr() for one in (x, *up.parameters(), *down.parameters())}
    kept = sum(one.untyped_storage().nbytes() for at, one in seen.items() if at not in others)
    return kept / (64 * 128)


def test_two_tensors_are_kept_instead_of_three() -> None:
    """4 bytes per element of the gate in bfloat16, 8 in float32; float16 adds the few that underflow."""
    assert _bytes(torch.bfloat16, "output") == 4.0 and _bytes(torch.float32, "output") == 8.0
    assert 4.0 <= _bytes(torch.float16, "output") < 4.1
    assert _bytes(torch.bfloat16, "output", apart=True) == 4.0, "also where the halves are split by hand"
    assert _bytes(torch.bfloat16, "input") == 6.0, "canary: the counter sees the half that is not kept"
    assert _bytes(torch.float16, "output", 2e-5) <= 6.0, "where most would underflow, both halves are kept"


def test_an_output_that_was_edited_is_an_error() -> None:
    """The gradient would come from the new numbers, so autograd complains; a second derivative is refused as well."""
    gate, up = torch.randn(2, 9, requires_grad=True)
    z = divided(DIVIDED["swiglu"], None, gate, up)
    again = z.sum()
    first, second = (torch.autograd.grad(again, gate, retain_graph=True)[0] for _ in range(2))
    assert torch.equal(first, second)
    with pytest.raises(RuntimeError, match='saves="input"'):
        torch.autograd.grad(again, gate, create_graph=True)
    with torch.no_grad():
        z.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        again.backward()


def test_one_half_may_need_no_gradient() -> None:
    """Only what was asked for comes back."""
    gate, up = torch.randn(5, requires_grad=True), torch.randn(5)
    divided(DIVIDED["glu"], None, gate, up).sum().backward()
    want = torch.autograd.grad(pointwise(DIVIDED["glu"], gate, (up,)).sum(), gate)[0]
    assert gate.grad is not None and torch.allclose(gate.grad, want, rtol=1e-5)
