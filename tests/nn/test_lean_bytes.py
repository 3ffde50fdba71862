"""Lean training, counted: one tensor for each activation, whatever it is, and the same gradients bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from tests.nn.held_bytes import compared, held, sandwich
from torch import Tensor, nn
from torch.nn import functional as F

import actlab
from actlab.catalogue import ENTRIES
from actlab.runtime import native
from actlab.runtime.again import NODES


@pytest.mark.filterwarnings("ignore:lean found nothing:UserWarning")  # the identity hands its input on
def test_every_pointwise_and_gated_entry_holds_one_tensor_and_has_the_same_gradients():
    """4.0 bytes per float32 element between two linear layers, for every entry of the catalogue; torch alone: 8 (6)."""
    looked = 0
    kinds = ("pointwise", "straight-through", "gated")
    served = [entry for entry in ENTRIES.values() if entry.kind in kinds and not entry.along_axis]
    for at, entry in enumerate(served):
        gated = entry.kind == "gated"
        act = actlab.create(entry, gate="first") if gated else actlab.create(entry)
        run, learn = sandwich(act, out=12 if gated else 24)
        with native.switched(at % 16 == 0):  # a kernel for each would be compiled here, which other tests do
            plain, lean, kept = compared(run, learn)
        assert lean == 4 * 20 * 24, entry.name
        assert plain - lean == kept.bytes_saved, entry.name
        looked += kept.bytes_saved == (2 if gated else 4) * 20 * 24
    assert looked >= len(served) - 1


# the node -> calls that make one, bytes per element that torch alone holds, and that remain
ROWS: dict[str, tuple[tuple[Callable[[Tensor], Tensor], ...], int, int]] = {
    "GeluBackward0": ((F.gelu, lambda x: F.gelu(x, approximate="tanh")), 8, 4),
    "SiluBackward0": ((F.silu, nn.SiLU()), 8, 4),
    "MishBackward0": ((F.mish,), 8, 4),
    "HardswishBackward0": ((F.hardswish,), 8, 4),
    "HardsigmoidBackward0": ((F.hardsigmoid,), 8, 4),
    "EluBackward0": ((F.elu, lambda x: F.elu(x, 0.7), F.selu), 8, 4),
    "CeluBackward0": ((lambda x: F.celu(x, 0.7),), 8, 4),
    "LeakyReluBackward0": ((F.leaky_relu, nn.LeakyReLU(0.3)), 8, 4),
    "HardtanhBackward0": ((F.hardtanh, F.relu6, lambda x: F.hardtanh(x, -0.3, 0.2)), 8, 4),
    "SoftplusBackward0": ((F.softplus, lambda x: F.softplus(x, 2.0, 1.5)), 8, 4),
    "HardshrinkBackward0": ((lambda x: F.hardshrink(x, 0.2),), 8, 4),
    "SoftshrinkBackward0": ((lambda x: F.softshrink(x, 0.2),), 8, 4),
    "PreluKernelBackward0": ((nn.PReLU(), nn.PReLU(24)), 8, 4),
    "GluBackward0": ((lambda x: F.glu(torch.cat((x, x.flip(0)), -1)), lambda x: F.glu(torch.cat((x, x)), 0)), 12, 8),
    "LogSigmoidBackward0": ((F.logsigmoid,), 12, 4),
    "ThresholdBackward0": ((lambda x: F.threshold(x, 0.1, -2.0), lambda x: F.threshold(x, -99.0, 7.0)), 8, 4),
    "MulBackward0": ((lambda x: x * (x + 1),), 12, 8),
    "DivBackward0": ((lambda x: x / (x * x.detach() + 1).sqrt().detach().requires_grad_(),), 12, 8),
    "PowBackward0": ((torch.square, lambda x: x**3), 8, 4),
    "SinBackward0": ((torch.sin,), 8, 4),
    "AbsBackward0": ((torch.abs,), 8, 4),
    "ClampBackward1": ((lambda x: x.clamp(-0.5, 0.3), lambda x: x.clamp(min=-0.2), lambda x: x.clamp(max=0.2)), 8, 4),
    "ClampMinBackward0": ((lambda x: x.clamp_min(0.1),), 8, 4),
}


def test_torchs_own_functions_hold_their_input_alone():
    """Each node of torch that the table lists is made by some call here, gives the same bits and holds what it says."""
    of_torch = {kind.__name__ for kind in NODES if kind.__module__ == "builtins"}
    assert of_torch == set(ROWS)
    for name, (calls, before, after) in ROWS.items():
        for act in calls:
            run, learn = sandwich(act)
            plain, lean, kept = compared(run, learn)
            made = {type(node).__name__ for node in _nodes(run())}
            assert name in made, (name, made)
            assert (plain // 480, lean // 480) == (before, after), name
            assert kept.recipes >= 1, name


def _nodes(root: Tensor) -> Iterator[Any]:
    todo = [root.grad_fn]
    while todo:
        node = todo.pop()
        if node is not None:
            yield node
            todo += [before for before, _ in node.next_functions]


def test_softsign_and_a_gated_unit_by_hand_hold_their_inputs_alone():
    """softsign holds three tensors in torch, silu(gate) * up four; one and two when lean."""
    run, learn = sandwich(F.softsign)
    plain, lean, kept = compared(run, learn)
    assert (plain // 480, lean // 480, kept.bytes_saved // 480) == (12, 4, 8)
    up = nn.Linear(24, 24)
    run, learn = sandwich(lambda x: F.silu(x) * up(x.detach()))
    plain, lean, _ = compared(run, [*learn, *up.parameters()])
    assert (plain // 480, lean // 480) == (16, 8)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
def test_any_dtype_and_layout_is_computed_again_in_the_same_place(dtype: torch.dtype):
    """Transposed, sliced, channels-last, empty and 0-d inputs: the next user sees the same numbers and gradients."""
    torch.manual_seed(0)
    learned = actlab.nn.Swish(dtype=dtype)
    ways: list[Callable[[Tensor], Tensor]] = [
        lambda x: x,
        lambda x: x.transpose(1, 3),
        lambda x: x[:, :, ::2],
        lambda x: x.contiguous(memory_format=torch.channels_last),
        lambda x: x[:1].expand(2, -1, -1, -1),
        lambda x: x[0, 0, 0, 0],
        lambda x: x[:0],
    ]
    acts = (
        actlab.nn.Mish(),
        F.gelu,
        learned,
        lambda x: F.prelu(x, learned.beta),
        lambda x: actlab.functional.swiglu(x, x),
    )
    for way in ways:
        for act in acts:
            x = torch.randn(2, 3, 4, 3).to(dtype).requires_grad_()

            def run(x: Tensor = x, act: Any = act, way: Any = way) -> Tensor:
                y = act(way(x * 1))
                weight = torch.linspace(-1, 1, y.numel(), dtype=dtype).reshape(y.shape).requires_grad_()
                return (y * weight).sum() + (y.mT * 2 * y.mT).sum() if y.ndim > 1 else (y * weight).sum()

            compared(run, [x, *learned.parameters()])


def test_a_random_entry_keeps_its_draw_and_computes_from_it_again():
    """Outside evaluation the draw is a saved tensor, so that the same numbers come out."""
    for entry in ENTRIES.values():
        if entry.kind == "random" and not entry.along_axis:
            run, learn = sandwich(actlab.create(entry))
            plain, lean, _ = compared(run, learn)
            assert lean < plain, entry.name


def test_the_byte_counter_sees_a_tensor_that_is_held_too_much():
    """Canary: a region whose recipes are forbidden holds eight bytes per element, and the counter says so."""
    run, learn = sandwich(actlab.nn.Mish())
    with actlab.lean(), torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach(), lambda t: t):
        y = run()
    assert held(y, *learn) == 8 * 480
