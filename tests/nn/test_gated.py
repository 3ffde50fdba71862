"""Gated units: which half is the gate, how the halves lie, one tensor or two."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import actlab
from actlab import functional, nn
from actlab.catalogue import ENTRIES, Entry
from actlab.testing import check_activation, oracle

GATED = [entry for entry in ENTRIES.values() if entry.kind == "gated"]
# the units of other libraries written out, on (gate, up)
WRITTEN_OUT: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "glu": lambda a, b: torch.sigmoid(a) * b,
    "bilinear_glu": lambda a, b: a * b,
    "reglu": lambda a, b: torch.relu(a) * b,
    "geglu": lambda a, b: torch.nn.functional.gelu(a) * b,
    "geglu_tanh": lambda a, b: torch.nn.functional.gelu(a, approximate="tanh") * b,
    "swiglu": lambda a, b: torch.nn.functional.silu(a) * b,
    "gtu": lambda a, b: torch.tanh(a) * torch.sigmoid(b),
    "sreglu": lambda a, b: torch.relu(a).square() * b,
    "swiglu_oai": lambda a, b: a.clamp(max=7) * torch.sigmoid(1.702 * a.clamp(max=7)) * (b.clamp(-7, 7) + 1),
    "swiglu_step": lambda a, b: torch.nn.functional.silu(a).clamp(max=7) * b.clamp(-7, 7),
}


def _halves(x: Tensor, gate: str, layout: str) -> tuple[Tensor, Tensor]:
    d = x.shape[-1] // 2
    first, second = (x[..., :d], x[..., d:]) if layout == "chunk" else (x[..., ::2], x[..., 1::2])
    return (first, second) if gate == "first" else (second, first)


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_every_gate_and_layout_gives_the_unit_written_out(name: str) -> None:
    """Four combinations of gate and layout, one tensor or two, agree with the formula of the libraries that have it."""
    x = torch.linspace(-11.3, 12.9, 3 * 8, dtype=torch.float64).reshape(3, 8)
    for gate, layout in itertools.product(("first", "second"), ("chunk", "interleaved")):
        a, b = _halves(x, gate, layout)
        expected = WRITTEN_OUT[name](a, b)
        unit = actlab.create(name, gate=gate, layout=layout)
        for found in (unit(x), unit(a, b), getattr(functional, name)(x, gate=gate, layout=layout)):
            torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-14)  # torch's gelu loses its left tail
        torch.testing.assert_close(getattr(functional, name)(a, b), expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("entry", GATED, ids=lambda e: e.name)
def test_both_halves_get_the_slopes_of_the_exact_formula(entry: Entry) -> None:
    """Gradients by the gate and by the other half are limits of the value at 60 digits, at unrelated pairs."""
    if entry.along_axis:
        x = torch.randn(2, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
        unit = nn.module_class(entry)(gate="first")
        assert torch.autograd.gradcheck(unit, (x,)) and torch.autograd.gradgradcheck(unit, (x,))
        return
    pairs = [(-2.17, 0.63), (1.31, -1.72), (0.4, 3.9), (-6.3, -0.8), (5.1, 6.2)]
    a, b = (torch.tensor(part, dtype=torch.float64, requires_grad=True) for part in zip(*pairs, strict=True))
    y = functional.function(entry)(a, b)
    by_gate, by_up = torch.autograd.grad(y.sum(), (a, b))
    step = oracle.mp.mpf("1e-25")
    for k, (gate, up) in enumerate(pairs):

        def exact(g: object, u: object) -> object:
            return oracle.value(entry.value, g, {**entry.arguments({}), "up": u}, 120)

        with oracle.mp.workdps(120):
            g, u = oracle.mp.mpf(gate), oracle.mp.mpf(up)
            truths = (
                exact(g, u),
                (exact(g + step, u) - exact(g - step, u)) / (2 * step),  # type: ignore[operator]
                (exact(g, u + step) - exact(g, u - step)) / (2 * step),  # type: ignore[operator]
            )
        for found, truth in zip((y, by_gate, by_up), truths, strict=True):
            assert math.isclose(float(found[k].detach()), float(truth), rel_tol=1e-12, abs_tol=1e-15), (gate, up)


@pytest.mark.parametrize("entry", GATED, ids=lambda e: e.name)
def test_a_gated_unit_never_guesses_its_gate(entry: Entry) -> None:
    """Without a gate, with a wrong one, an unknown layout or an odd size the error says what to write."""
    cls = nn.module_class(entry)
    x = torch.zeros(2, 6)
    for make in (cls, lambda: cls(gate="left"), lambda: functional.function(entry)(x)):
        with pytest.raises(ValueError, match=r'gate="first".*gate="second"'):
            make()
    with pytest.raises(ValueError, match=r'"chunk".*"interleaved"'):
        cls(gate="first", layout="striped")
    with pytest.raises(ValueError, match="odd"):
        cls(gate="first")(torch.zeros(2, 5))
    with pytest.raises(IndexError, match="dim 3"):
        cls(gate="first", dim=3)(x)
    with pytest.raises(TypeError, match="float"):
        cls(gate="first")(torch.zeros(2, 6, dtype=torch.int64))


def test_the_halves_are_taken_along_the_dimension_asked_for() -> None:
    """A channels-first feature map is halved along dim 1, as torch.nn.GLU(1) does."""
    x = torch.randn(2, 6, 4, 3, dtype=torch.float64)
    torch.testing.assert_close(actlab.create("glu", gate="second", dim=1)(x), torch.nn.GLU(1)(x), rtol=1e-14, atol=0)
    swapped = x.movedim(1, -1)
    expected = actlab.create("glu", gate="first", layout="interleaved")(swapped).movedim(-1, 1)
    torch.testing.assert_close(actlab.create("glu", gate="first", layout="interleaved", dim=1)(x), expected)


def test_a_unit_keeps_the_dtype_and_rounds_once() -> None:
    """In bfloat16 gate and product are computed in float32: within one rounding of the exact product."""
    x = torch.randn(64, 32, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    exact = functional.swiglu(x.double(), gate="first")
    found = functional.swiglu(x, gate="first")
    assert found.dtype == torch.bfloat16
    assert ((found.double() - exact).abs() <= exact.abs() * 2.0**-8).all()


def test_a_gated_unit_learns_compiles_and_copies() -> None:
    """A learned gate gets a gradient, per channel if asked, inside and outside torch.compile, and survives a copy."""
    unit = actlab.create("x_swiglu", gate="first", num_parameters=4).double()
    x = torch.randn(3, 8, dtype=torch.float64)
    unit(x).square().sum().backward()
    assert unit.alpha.shape == (4,) and unit.alpha.grad is not None and (unit.alpha.grad != 0).all()
    torch.compiler.reset()
    compiled = torch.compile(unit, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x), unit(x))
    again = actlab.create("x_swiglu", gate="first", num_parameters=4).double()
    again.load_state_dict(unit.state_dict())
    torch.testing.assert_close(again(x), unit(x))


def test_any_pointwise_activation_can_be_the_gate() -> None:
    """`gated("mish")` is mish(gate) times up, passes the whole suite, and keeps the parameters of its gate."""
    entry = actlab.gated("mish")
    x = torch.randn(3, 8, dtype=torch.float64)
    expected = torch.nn.functional.mish(x[:, :4]) * x[:, 4:]
    torch.testing.assert_close(actlab.create(entry, gate="first")(x), expected, rtol=1e-13, atol=0)
    assert actlab.gated("mish") is entry
    assert len(check_activation(actlab.gated("leaky_relu"))) > 20
    assert (
        actlab.create(actlab.gated("leaky_relu"), gate="first", negative_slope=0.2).arguments["negative_slope"] == 0.2
    )
    with pytest.raises(ValueError, match="softmax is along axis"):
        actlab.gated("softmax")
