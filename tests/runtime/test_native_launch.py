"""How compiled kernels run: any layout, any number of threads, other processes, and what runs without them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import actlab
from actlab.catalogue import ENTRIES
from actlab.language import Phi, exp, sigmoid, symbol, tanh
from actlab.nn.call import prepare
from actlab.renderers.llvm_cpu import Part
from actlab.renderers.llvm_loops import Plan, kernel_text
from actlab.runtime import Kernel, kernel, launch, machine, native, one_pass, pointwise
from actlab.testing.comparison import same_bits

X = symbol("x")
LANES = 64  # of the widest machine; a multiple of every other
SILU = kernel(X * sigmoid(X))


@pytest.fixture
def counted_runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The number of threads of every compiled run of SILU and what is made inside the test."""
    teams: list[int] = []
    taken = launch.compiled

    def counting(plan: Plan) -> launch.Native:
        made = taken(plan)

        def call(team: int, *rest: int) -> int:
            teams.append(team)
            return made.call(team, *rest)

        return launch.Native(call, made.plenty)

    kernels = (SILU, SILU.partial("x"))
    for one in kernels:
        _forget(one)
    monkeypatch.setattr(one_pass, "compiled", counting)
    yield teams
    for one in kernels:
        _forget(one)


def _forget(made: Kernel) -> None:
    made.native.clear()
    made.flat.clear()
    made.flat_product.clear()


@pytest.fixture
def two_threads() -> Iterator[None]:
    """torch with two threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _value(x: Tensor) -> Tensor:
    found = native.value(SILU, x, ())
    assert found is not None
    return found


def test_a_look_at_rows_does_without_llvmlite() -> None:
    """softmax, the first to compile anything, says once why it cannot and computes with torch."""
    code = (
        "import sys; sys.modules['llvmlite'] = None\n"
        "import torch, actlab.functional as F\n"
        "x = torch.tensor([[1.0, 1.0], [-torch.inf, -torch.inf]])\n"
        "print(F.softmax(x).tolist(), F.log_softmax(x).tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.startswith("[[0.5, 0.5], [0.0, 0.0]]") and done.stdout.rstrip().endswith("[-inf, -inf]]")
    assert done.stderr.count("RuntimeWarning") == 1 and "llvmlite" in done.stderr


def test_every_layout_computes_the_bits_of_a_contiguous_tensor_and_keeps_its_strides(counted_runs: list[int]) -> None:
    """Transposed, channels-last, sliced, reversed by strides, expanded and shifted tensors agree bit for bit."""
    x = torch.randn(4, 6, 5, 7)
    flat = _value(x)
    wide = torch.randn(8, 12, 5, 14)
    wide[::2, ::2, :, ::2] = x
    line = torch.empty(x.numel() + 3)
    line[3:] = x.flatten()
    layouts = {
        "transposed": x.permute(3, 1, 0, 2).contiguous().permute(2, 1, 3, 0),
        "channels-last": x.contiguous(memory_format=torch.channels_last),
        "gaps": wide[::2, ::2, :, ::2],
        "shifted": line[3:].view_as(x),
    }
    for name, laid in layouts.items():
        found = _value(laid)
        same_bits(found, flat, name)
        assert found.stride() == (laid * 1.0).stride(), name
    row = torch.randn(1, 33)
    same_bits(_value(row.expand(9, 33)), _value(row).expand(9, 33), "expanded")
    assert _value(torch.tensor(1.5)).shape == ()
    assert counted_runs


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16], ids=str)
def test_an_element_does_not_know_where_it_stands(dtype: torch.dtype) -> None:
    """Every length from 1 to past two blocks, and every offset, gives the bits that the element has elsewhere."""
    x = torch.randn(3 * LANES + 5).to(dtype)
    whole = _value(x)
    for length in range(1, 2 * LANES + 3):
        same_bits(_value(x[:length]), whole[:length], f"first {length}")
        same_bits(_value(x[length:]), whole[length:], f"from {length}")


def test_a_run_writes_nothing_beside_its_output() -> None:
    """The last block is not full; what lies behind the output stays."""
    made = launch.compiled(Plan((Part(SILU.expr),), ways=("each", "each")))
    for count in (1, LANES - 1, LANES, LANES + 1):
        x, y = torch.randn(count), torch.full((count + 2 * LANES,), 7.0)
        made.call(1, 0, count, 1, x.data_ptr(), y[LANES:].data_ptr())
        assert bool((y[:LANES] == 7.0).all()) and bool((y[LANES + count :] == 7.0).all())
        same_bits(y[LANES : LANES + count], _value(x), str(count))


def test_a_kernel_that_is_given_too_few_numbers_reads_none() -> None:
    """A miscounted call is an error of Python and not a read behind its arguments."""
    made = launch.compiled(Plan((Part(SILU.expr),), ways=("each", "each")))
    x = torch.randn(3)
    for given in ((1, 0, 3, 1, x.data_ptr()), (), (1, 0, 3, 1, x.data_ptr(), x.data_ptr(), 0)):
        with pytest.raises(TypeError):
            made.call(*given)


@pytest.mark.usefixtures("two_threads")
def test_threads_change_no_bit(counted_runs: list[int]) -> None:
    """One, two or three threads, more than there are cores, compute the same; large tensors do use several."""
    x = torch.randn(300_001)
    torch.set_num_threads(1)
    alone = _value(x)
    for count in (2, 3):
        torch.set_num_threads(count)
        same_bits(_value(x), alone, f"{count} threads")
    assert counted_runs[0] == 1
    if machine.openmp().parallel:
        assert counted_runs[1:] == [2, 3]
    assert _value(x[:64]) is not None and counted_runs[-1] == 1, "a small tensor is not worth a second thread"


@pytest.mark.usefixtures("two_threads")
def test_many_python_threads_may_call_at_once() -> None:
    """Eight threads call forward and backward together, each with its own team."""
    x = torch.randn(200_000)
    expected = _value(x)
    wrong: list[str] = []

    def work() -> None:
        try:
            for _ in range(5):
                mine = x.clone().requires_grad_()
                y = pointwise(SILU, mine)
                y.backward(torch.ones_like(y))
                same_bits(y, expected, "in a thread")
        except AssertionError as error:
            wrong.append(str(error))

    team = [threading.Thread(target=work) for _ in range(8)]
    for one in team:
        one.start()
    for one in team:
        one.join(timeout=60)
    assert not wrong and not any(one.is_alive() for one in team)


def _in_another_process(x: Tensor, answers: object) -> None:
    with native.switched(True):
        found = native.value(SILU, x, ())
        fresh = native.value(kernel(X * tanh(X)), x, ())  # compiled there
    assert found is not None and fresh is not None
    answers.put((found.numpy(), fresh.numpy()))  # type: ignore[attr-defined]


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_forked_and_a_spawned_process_compute_the_same(method: str, in_child: Callable[..., Any]) -> None:
    """After the parent has used its threads, a child computes and compiles without waiting for them."""
    x = torch.randn(200_000)
    here = (_value(x), native.value(kernel(X * tanh(X)), x, ()))
    for ours, theirs in zip(here, in_child(method, _in_another_process, x), strict=True):
        assert ours is not None
        same_bits(torch.from_numpy(theirs), ours, method)


def test_the_gradient_is_the_slope_times_what_comes_in_for_every_layout_of_it() -> None:
    """A gradient that is expanded, transposed or has gaps gives the bits of a contiguous one."""
    x = torch.randn(6, 40)
    slope = native.value(SILU.partial("x"), x, ())
    assert slope is not None
    for name, along in {
        "expanded": torch.tensor(0.3).expand(6, 40),
        "rows": torch.randn(40).expand(6, 40),
        "transposed": torch.randn(40, 6).t(),
        "gaps": torch.randn(12, 80)[::2, ::2],
    }.items():
        found = native.product(SILU.partial("x"), along, x, ())
        assert found is not None
        same_bits(found, along * slope, name)


def test_higher_derivatives_and_forward_mode_still_come_from_the_formula() -> None:
    """gradcheck, gradgradcheck and forward mode hold with compiled kernels on, with a learned tensor beside x."""
    beta = symbol("beta")
    made = kernel(X * Phi(beta * X) * exp(-X), ("beta",), (("beta", 1.0),))
    x = torch.randn(7, dtype=torch.float64, requires_grad=True)
    scale = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)

    def call(x: Tensor, scale: Tensor) -> Tensor:
        return pointwise(made, x, (scale,))

    assert torch.autograd.gradcheck(call, (x, scale), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(call, (x, scale))
    assert any(found is not None for found in made.native.values())


def test_tensors_beside_x_may_be_numbers_rows_or_as_large_as_x() -> None:
    """A learned number, one per channel and a gate's other half agree with the torch text, in mixed dtypes too."""
    beta = symbol("beta")
    made = kernel(X * sigmoid(beta * X), ("beta",), (("beta", 1.0),))
    x = torch.randn(5, 70)
    for tensor in (torch.tensor(1.3), torch.randn(70), torch.randn(5, 1), torch.randn(5, 70), torch.randn(1, 1)):
        found = native.value(made, x, (tensor,))
        assert found is not None
        torch.testing.assert_close(found, made.text(x, tensor), rtol=1e-6, atol=1e-7)
        half = native.value(made, x.bfloat16(), (tensor,))
        assert half is not None and half.dtype == torch.bfloat16
        torch.testing.assert_close(half, made.text(x.bfloat16(), tensor), rtol=2**-7, atol=1e-3)
    assert native.value(made, x, (torch.randn(3, 5, 70),)) is None, "a result larger than x is the torch text's"


def test_a_limit_that_moves_with_a_tensor_is_left_to_the_torch_text() -> None:
    """x sigmoid(beta x) at -inf is 0 or -inf as beta says; compiled code that would answer NaN does not answer."""
    beta = symbol("beta")
    made = kernel(X * sigmoid(beta * X), ("beta",), (("beta", 1.0),))
    x = torch.tensor([1.0, -float("inf")])
    assert native.value(made, x, (torch.tensor(1.0),)) is None
    assert made(x, torch.tensor(1.0)).tolist()[1] == 0.0
    assert made(x, torch.tensor(-1.0)).tolist()[1] == -float("inf")


def test_a_map_over_samples_computes_the_bits_of_one_tensor() -> None:
    """vmap over any dimension, of x alone, of a learned number or of both, is one run on all samples."""
    beta = symbol("beta")
    made = kernel(X * tanh(beta * X), ("beta",), (("beta", 1.0),))
    x, scale = torch.randn(6, 4, 5), torch.rand(5)

    def call(x: Tensor, scale: Tensor) -> Tensor:
        return pointwise(made, x, (scale,))

    by_loop = torch.stack([call(x[:, :, k], scale[k]) for k in range(5)])
    same_bits(torch.func.vmap(call, in_dims=(2, 0))(x, scale), by_loop, "both")
    same_bits(torch.func.vmap(call, in_dims=(0, None))(x, scale[0]), call(x, scale[0]), "x")
    by_loop = torch.stack([call(x, scale[k]) for k in range(5)])
    same_bits(torch.func.vmap(call, in_dims=(None, 0))(x, scale), by_loop, "the number")
    nested = torch.func.vmap(torch.func.vmap(call, in_dims=(0, None)), in_dims=(2, 0))(x, scale)
    same_bits(nested, torch.stack([call(x[:, :, k], scale[k]) for k in range(5)]), "twice")


def test_what_is_traced_runs_the_torch_text(counted_runs: list[int]) -> None:
    """compile, export, fake and meta tensors, make_fx and jit tracing never meet a compiled kernel."""
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx

    x = torch.randn(8)
    module = actlab.nn.Silu()
    runs: dict[str, Callable[[], object]] = {
        "compile": lambda: torch.compile(module, fullgraph=True, backend="eager")(x),
        "export": lambda: torch.export.export(module, (x,)),
        "make_fx": lambda: make_fx(lambda t: pointwise(SILU, t))(x),
        "trace": lambda: torch.jit.trace(lambda t: pointwise(SILU, t), x, check_trace=False),
    }
    for name, go in runs.items():
        counted_runs.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            go()
        assert not counted_runs, name
    with FakeTensorMode() as mode:
        assert pointwise(SILU, mode.from_tensor(x)).shape == x.shape
    assert pointwise(SILU, x.to("meta")).is_meta
    assert not counted_runs
    pointwise(SILU, x)
    assert counted_runs, "canary: without a tracer the kernel is met"


@pytest.mark.parametrize("name", ["mish", "gelu"])
def test_the_machine_code_uses_vectors_of_the_widest_kind(name: str) -> None:
    """The assembly of mish and gelu works on whole vectors of the host and calls no function inside the loop."""
    made = prepare(ENTRIES[name], {}).run
    assert isinstance(made, Kernel)
    text = machine.assembly(kernel_text(Plan((Part(made.expr),))))
    named = machine.machine().name
    wide = "zmm" if "+avx512f" in named else "ymm" if "+avx2" in named else r"v\d+\.4s"
    assert len(re.findall(wide, text)) > 50
    assert not re.search(r"\b(call|bl)q?\s+[a-z]*(exp|log|tanh|erf|fma)", text)
    assert re.search(r"\bvf[n]?madd|\bfml[as]", text)


def test_a_machine_that_cannot_compile_says_so_once_and_computes_with_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """One warning names the reason and the cure; values are the torch text's."""

    def refuse() -> None:
        raise machine.Unavailable("this processor is unknown")

    made = Kernel(X * sigmoid(X) + 0.375)
    x = torch.randn(5)
    monkeypatch.setattr("actlab.runtime.machine.machine", refuse)
    monkeypatch.setattr("actlab.runtime.admission.machine", refuse)
    launch.compiled.cache_clear()
    with native.switched(True):
        with pytest.warns(RuntimeWarning, match="this processor is unknown.*ACTLAB_NATIVE=0"):
            same_bits(made(x), made.text(x), "fallback")
        same_bits(
            Kernel(X * sigmoid(X) + 0.625)(x), x * torch.sigmoid(x) * 0 + Kernel(X * sigmoid(X) + 0.625).text(x), ""
        )


def test_the_switch_turns_compiled_kernels_off(counted_runs: list[int]) -> None:
    """ACTLAB_NATIVE=0 and `switched(False)` leave everything to torch."""
    with native.switched(False):
        pointwise(SILU, torch.randn(3))
    assert not counted_runs
    code = "from actlab.runtime import native; import torch; print(native.suits(torch.ones(3)))"
    for setting, expected in (("0", "False"), ("1", "True")):
        said = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "ACTLAB_NATIVE": setting},
            capture_output=True,
            text=True,
            check=True,
        )
        assert said.stdout.strip() == expected


def test_a_number_that_changes_at_every_step_is_not_compiled_at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Formulas that differ in their numbers alone are compiled a bounded number of times; the rest is left to torch."""
    monkeypatch.setattr(launch, "_MOST_ALIKE", 3)
    monkeypatch.setattr(launch, "_alike", type(launch._alike)())
    x = torch.randn(9)
    made = [kernel(X * sigmoid(X * (1 + step / 16))) for step in range(1, 6)]
    assert [native.value(one, x, ()) is not None for one in made] == [True, True, True, False, False]
    assert all(native.value(one, x, ()) is not None for one in made[:3]), "those that are there stay"
    for one in made:
        torch.testing.assert_close(one(x), one.text(x), rtol=1e-6, atol=1e-7)


def test_llvm_is_loaded_only_when_a_kernel_is_wanted() -> None:
    """Neither `import actlab` nor building a module loads llvmlite."""
    code = "import sys, actlab; actlab.nn.Gelu(); print('llvmlite' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
