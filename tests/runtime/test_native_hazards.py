"""What may go on around a kernel: threads that start together, forks, interrupts, hooks, leftovers of transforms."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import actlab
from actlab.language import sigmoid, symbol, tanh
from actlab.runtime import Kernel, kernel, launch, machine, native, one_pass, pointwise, tables
from actlab.testing.comparison import same_bits

X = symbol("x")


def test_threads_that_ask_first_share_one_table_and_one_derivative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever computes a table second throws his own away: kernels keep the address of the first."""
    made = Kernel(X * tanh(X) + 0.4375)
    both = threading.Barrier(2, timeout=30)
    taken = tables._to_odd

    def together(wide: Tensor) -> Tensor:
        both.wait()
        return taken(wide)

    monkeypatch.setattr(tables, "_to_odd", together)
    found: list[Tensor] = []
    team = [threading.Thread(target=lambda: found.append(tables.table_of(made, torch.bfloat16))) for _ in range(2)]
    for one in team:
        one.start()
    for one in team:
        one.join(timeout=60)
    assert len(found) == 2 and found[0].data_ptr() == found[1].data_ptr() == made.tables[torch.bfloat16].data_ptr()
    assert made.partial("x") is made.partial("x")


def _one_value(answers: object) -> None:
    with native.switched(True):
        answers.put(float(kernel(X * sigmoid(X) + 0.28125)(torch.ones(3))[0]))  # type: ignore[attr-defined]


def test_a_fork_waits_for_a_compilation_in_another_thread(in_child: Callable[..., Any]) -> None:
    """The child of a process that was compiling compiles as well; no lock is left held in it."""
    stop = threading.Event()

    def compiling() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            launch.compiled.cache_clear()
            kernel(X * sigmoid(X) + number / 4096)(torch.ones(3))

    worker = threading.Thread(target=compiling)
    worker.start()
    try:
        for _ in range(4):
            assert in_child("fork", _one_value) == pytest.approx(1.0123, abs=1e-3)
    finally:
        stop.set()
        worker.join(timeout=60)


def test_an_interrupt_waits_until_machine_code_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C during a compilation is raised after it, and the next kernel is compiled as ever."""
    taken = machine._parsed

    def interrupted(here: machine.Machine, text: str) -> object:
        signal.raise_signal(signal.SIGINT)
        return taken(here, text)

    monkeypatch.setattr(machine, "kept", lambda name: None)
    monkeypatch.setattr(machine, "_parsed", interrupted)
    x = torch.randn(5)
    with pytest.raises(KeyboardInterrupt):
        Kernel(X * tanh(X) + 0.59375)(x)
    monkeypatch.undo()
    made = Kernel(X * tanh(X) + 0.59375)
    torch.testing.assert_close(made(x), x * x.tanh() + 0.59375)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_user_without_a_home_computes_without_a_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is written where no folder is the user's own, and nothing named ~ appears."""
    for name in ("ACTLAB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.chdir(tmp_path)
    launch.compiled.cache_clear()
    x = torch.randn(5)
    torch.testing.assert_close(Kernel(X * tanh(X) + 0.71875)(x), x * x.tanh() + 0.71875)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["silu", "sparsemax", "softmax"])
def test_a_tensor_of_zeros_without_memory_is_computed(name: str) -> None:
    """torch's ZeroTensor, as an input and as a gradient, has no address; nobody reads from one."""
    call = getattr(actlab.functional, name)
    zeros = torch._efficientzerotensor((4, 9))
    call(torch.randn(4, 9))
    same_bits(call(zeros), call(torch.zeros(4, 9)), name)
    x = torch.randn(4, 9, requires_grad=True)
    (pulled,) = torch.autograd.grad(call(x), x, zeros)
    assert not pulled.any()


@pytest.mark.parametrize("name", ["silu", "sparsemax"])
def test_hooks_run_once_however_the_gradient_is_taken(name: str) -> None:
    """A hook that doubles the gradient doubles it once, with and without a graph of the gradient."""
    along = torch.tensor([0.0, 1.0, 0.0])
    found: list[Tensor] = []
    for graph in (False, True):
        x = torch.tensor([0.1, 0.2, 0.15], requires_grad=True)
        x.register_hook(lambda gradient: 2 * gradient)
        found += torch.autograd.grad(getattr(actlab.functional, name)(x), x, along, create_graph=graph)
    torch.testing.assert_close(found[0], found[1])


def test_what_saved_tensor_hooks_give_back_may_lie_otherwise() -> None:
    """A hook that stores columns first changes no gradient."""
    x = torch.randn(6, 7, requires_grad=True)
    along = torch.randn(6, 7)
    for name in ("sparsemax", "mish"):
        call = getattr(actlab.functional, name)
        (expected,) = torch.autograd.grad(call(x), x, along)
        turn = (lambda t: t, lambda t: t.t().contiguous().t() if t.ndim == 2 else t)
        with torch.autograd.graph.saved_tensors_hooks(*turn):
            y = call(x)
        same_bits(torch.autograd.grad(y, x, along)[0], expected, name)


def test_what_a_transform_left_behind_still_has_its_gradient() -> None:
    """A tensor that leaked out of torch.func.grad is still a function of what was outside."""
    for name in ("silu", "sparsemax"):
        outside = torch.linspace(0.1, 0.4, 12).reshape(3, 4).requires_grad_()  # no row of sparsemax is a single 1
        leaked: list[Tensor] = []

        def inside(x: Tensor, outside: Tensor = outside, leaked: list[Tensor] = leaked) -> Tensor:
            leaked.append(x * outside)
            return leaked[-1].sum()

        torch.func.grad(inside)(torch.ones(3, 4))
        getattr(actlab.functional, name)(leaked[0]).square().sum().backward()
        assert outside.grad is not None and bool(outside.grad.any()), name


def test_the_first_call_may_come_in_inference_mode(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A verdict found in inference mode is the verdict found outside."""
    monkeypatch.setenv("ACTLAB_CACHE", str(tmp_path))
    code = (
        "import torch, actlab\n"
        "from actlab.nn.call import prepare\n"
        "from actlab.catalogue import find\n"
        "with torch.inference_mode():\n"
        "    actlab.functional.sparsemax(torch.randn(2, 5)); actlab.functional.swish(torch.randn(5))\n"
        "print(prepare(find('sparsemax'), {}).run.rows[torch.float32].gradient is not None)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "True"


def test_a_module_along_an_axis_is_built_on_meta() -> None:
    """In a fresh process, where nothing is known of the entry, as anywhere else."""
    code = (
        "import torch, actlab\n"
        "with torch.device('meta'):\n"
        "    print(actlab.create('sparsemax')(torch.empty(2, 3)).shape)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "torch.Size([2, 3])"


class Mine(actlab.nn.Silu):  # type: ignore[name-defined, misc]
    """A user's own class."""

    def forward(self, x: Tensor) -> Tensor:
        """Seven."""
        return torch.full_like(x, 7.0)


def test_a_class_of_the_user_survives_copy_and_pickle() -> None:
    """A subclass of a module stays what it is."""
    for found in (copy.deepcopy(Mine()), pickle.loads(pickle.dumps(Mine()))):
        assert type(found) is Mine and found(torch.zeros(1)).item() == 7.0


def test_a_learned_number_of_a_16_bit_input_is_summed_in_single_precision() -> None:
    """40,000 products of -2 are -80,000, which float16 cannot hold, wherever the learned numbers lie."""
    for dim in (-1, 1):
        module = actlab.nn.Prelu(num_parameters=40, dim=dim)
        x = torch.full((1000, 40), -2.0, dtype=torch.float16)
        module(x).backward(torch.ones_like(x))
        assert module.weight.grad is not None and module.weight.grad.tolist() == [-2000.0] * 40
    many = actlab.nn.Prelu(num_parameters=2, dim=-1)
    x = torch.full((40_000, 2), -2.0, dtype=torch.float16)
    many(x).backward(torch.ones_like(x))
    assert many.weight.grad is not None and many.weight.grad.tolist() == [-80_000.0] * 2


def test_what_changes_at_every_step_is_judged_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many numbers nothing is compiled, judged or tabled any more."""
    monkeypatch.setattr(launch, "_MOST_ALIKE", 3)
    monkeypatch.setattr(launch, "_alike", type(launch._alike)())
    judged: list[object] = []
    taken = one_pass.admitted
    monkeypatch.setattr(one_pass, "admitted", lambda *given: (judged.append(given), taken(*given))[1])
    for dtype in (torch.float32, torch.bfloat16):
        judged.clear()
        for step in range(1, 9):
            kernel(X * sigmoid(X * (1 + step / 64)) - 0.03125)(torch.ones(2, dtype=dtype))
        assert 0 < len(judged) <= 2 * 3


def test_many_python_threads_still_run_while_a_kernel_computes() -> None:
    """A long run lets other threads go on: it does not hold Python's lock."""
    ticks: list[int] = []
    stop = threading.Event()

    def count() -> None:
        while not stop.is_set():
            ticks.append(1)
            stop.wait(0.0001)

    made = kernel(X * tanh(X) + 0.84375)
    x = torch.randn(2**22)
    made(x[:3])
    counter = threading.Thread(target=count)
    counter.start()
    before = len(ticks)
    for _ in range(20):
        pointwise(made, x)
    after = len(ticks)
    stop.set()
    counter.join(timeout=30)
    assert after > before
