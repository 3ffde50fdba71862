"""One pass over memory: halves of one tensor, sums on the way, values in place, tables, and torch's own operations."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterator
from fractions import Fraction

import pytest
import torch
from torch import Tensor

import actlab
from actlab.catalogue import ENTRIES
from actlab.language import sigmoid, symbol, tanh
from actlab.nn.call import prepare
from actlab.nn.halves import Halved
from actlab.runtime import Kernel, choice, gated, kernel, native, one_pass, pointwise, tables
from actlab.runtime.layout import Walk, walk_over
from actlab.runtime.one_pass import Task
from actlab.testing.comparison import same_bits

X, UP, BETA = symbol("x"), symbol("up"), symbol("beta")
SWIGLU = kernel(X * sigmoid(X) * UP, ("up",), (("up", 1.0),))
SWISH = kernel(X * sigmoid(BETA * X), ("beta",), (("beta", 1.0),))
HALVES = [
    Halved(gate, layout, dim) for gate in ("first", "second") for layout in ("chunk", "interleaved") for dim in (0, 1)
]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The number of operands of every pass that is launched inside the test."""
    seen: list[int] = []
    taken, taken_at_once = one_pass.launch, native.over

    def counting(made: object, plan: object, path: Walk, operands: list[Tensor], seed: int) -> bool:
        seen.append(len(operands))
        return taken(made, plan, path, operands, seed)  # type: ignore[arg-type]

    def counting_at_once(made: native.Native, count: int, *addresses: int) -> None:
        seen.append(len(addresses) - made.watched)
        taken_at_once(made, count, *addresses)

    monkeypatch.setattr(one_pass, "launch", counting)
    monkeypatch.setattr(native, "over", counting_at_once)
    yield seen


@pytest.mark.parametrize("halves", HALVES, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_a_gated_unit_is_one_pass_forward_and_one_back(halves: Halved, dtype: torch.dtype, runs: list[int]) -> None:
    """Where the halves lie changes no bit, and both gradients are written into one tensor."""
    x = torch.randn(80, 90).to(dtype)
    gate, up = [half.contiguous().requires_grad_() for half in halves.split(x)]
    apart = pointwise(SWIGLU, gate, (up,))
    along = torch.randn(apart.shape).to(dtype)
    apart.backward(along)
    runs.clear()
    whole = x.clone().requires_grad_()
    y = gated(SWIGLU, halves, whole)
    y.backward(along)
    assert len(runs) == 2, "one pass forward, one back"
    assert whole.grad is not None and gate.grad is not None and up.grad is not None
    same_bits(y, apart, "value")
    same_bits(whole.grad, halves.join(gate.grad, up.grad), "gradient")


@pytest.mark.parametrize("along", ["whole", "expanded", "rows"])
def test_two_gradients_of_views_are_written_where_they_belong(along: str) -> None:
    """Halves that are given as two views, with a gradient of any strides, get the gradients of contiguous ones."""
    upstream = {
        "whole": torch.randn(64, 40),
        "expanded": torch.tensor(0.5).expand(64, 40),
        "rows": torch.randn(40).expand(64, 40),
    }[along]
    x = torch.randn(64, 80, requires_grad=True)
    gate, up = x.chunk(2, -1)
    found = torch.autograd.grad(pointwise(SWIGLU, gate, (up,)), x, upstream)[0]
    apart = [half.detach().contiguous().requires_grad_() for half in (gate, up)]
    expected = torch.autograd.grad(pointwise(SWIGLU, apart[0], (apart[1],)), apart, upstream.contiguous())
    same_bits(found, torch.cat(expected, -1), along)


@pytest.mark.parametrize("halves", HALVES[:4], ids=str)
def test_a_gated_unit_can_be_differentiated_again(halves: Halved) -> None:
    """gradcheck and gradgradcheck hold for a tensor that holds both halves."""
    x = torch.randn(2, 6, dtype=torch.float64) if halves.dim else torch.randn(6, 2, dtype=torch.float64)

    def call(x: Tensor) -> Tensor:
        return gated(SWIGLU, halves, x)

    assert torch.autograd.gradcheck(call, (x.requires_grad_(),))
    assert torch.autograd.gradgradcheck(call, (x,))


@pytest.mark.parametrize("shape", [(), (6, 1, 1), (1, 6, 1, 1), (3, 1, 1, 1), (3, 6, 1, 1)], ids=str)
def test_the_gradient_of_what_is_shared_is_summed_in_the_same_pass(shape: tuple[int, ...], runs: list[int]) -> None:
    """One number, one per channel or per sample: the sum is that of the float64 products, whatever the threads."""
    x, along = torch.randn(3, 6, 9, 150), torch.randn(3, 6, 9, 150)
    beta = torch.rand(shape) + 0.5
    at = x.double().requires_grad_(), beta.double().requires_grad_()
    with native.switched(False):
        exact = torch.autograd.grad(pointwise(SWISH, at[0], (at[1],)), at, along.double())
    before, found = torch.get_num_threads(), []
    runs.clear()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(native.pullback(Task(SWISH, (), x, (beta,), along, of=(0, 1))))
    finally:
        torch.set_num_threads(before)
    assert runs == [5, 5, 5], "x, beta and the gradient are read, two results are written"
    for pair in found:
        assert pair is not None and pair[1].shape == beta.shape
        torch.testing.assert_close(pair[0].double(), exact[0], rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(pair[1].double(), exact[1], rtol=1e-5, atol=1e-4)
        same_bits(pair[1], found[0][1], "threads")


def test_sums_leave_out_what_lies_behind_the_end() -> None:
    """Rows that end inside a block add nothing of what the buffer held before."""
    for length in (33, 63, 65, 4097):
        x, along = torch.randn(4, length), torch.ones(4, length)
        found = native.pullback(Task(SWISH, (), x, (torch.tensor(1.0),), along, of=(1,)))
        assert found is not None
        expected = (x * x * torch.sigmoid(x) * torch.sigmoid(-x)).double().sum()
        torch.testing.assert_close(found[0].double(), expected, rtol=1e-5, atol=1e-5)


def test_a_walk_says_how_tensors_lie() -> None:
    """Dense tensors are one row; halves are rows; what is shared along a row is one number; short rows are refused."""
    assert walk_over((4, 50), ((50, 1), (50, 1))) == Walk(200, 1, 1, ("each", "each"), ((0, 0), (0, 0)))
    assert walk_over((4, 50), ((100, 1), (50, 1))) == Walk(50, 4, 4, ("each", "each"), ((0, 100), (0, 50)))
    assert walk_over((4, 50), ((0, 0), (50, 1))) == Walk(200, 1, 1, ("same", "each"), ((0, 0), (0, 0)))
    per_channel = walk_over((3, 4, 50), ((0, 1, 0), (200, 50, 1)))
    assert per_channel == Walk(50, 12, 4, ("same", "each"), ((0, 1), (200, 50)))
    assert walk_over((50, 4), ((4, 1), (1, 50))) is None, "no common row"
    assert walk_over((50, 4), ((8, 1), (4, 1))) is None, "rows of four"
    assert walk_over((4, 50), ((100, 2), (50, 1))) is None, "every second one, but nobody says which"
    pair = walk_over((4, 50), ((100, 2), (50, 1)), ("odd", ""))
    assert pair is not None and pair.ways == ("odd", "each")


def test_a_random_function_is_one_pass_in_place_outside_training(runs: list[int]) -> None:
    """Without a draw it is its mean, written over the input; in training it is not."""
    module = actlab.create("concrete_sigmoid", inplace=True).eval()
    x = torch.randn(50_000)
    expected = actlab.functional.concrete_sigmoid(x)
    runs.clear()
    assert module(x) is x and len(runs) == 1
    same_bits(x, expected, "in place")


def test_a_gate_and_what_it_gates_are_answered_at_once(runs: list[int]) -> None:
    """Two tensors of one shape take the quick way; others, gradients and limits that move take the longer one."""
    gate, up = torch.randn(5, 30), torch.randn(5, 30)
    expected = SWIGLU.text(gate.double(), up.double())
    SWIGLU(gate, up)
    found = SWIGLU.quick_beside(gate, up)
    assert found is not None
    torch.testing.assert_close(found.double(), expected, rtol=1e-6, atol=1e-6)
    refused = {
        "gradient": up.clone().requires_grad_(),
        "shape": up[:1],
        "gaps": torch.randn(5, 60)[:, ::2],
        "dtype": up.bfloat16(),
        "parameter": torch.nn.Parameter(up.clone()),
        "meta": up.to("meta"),
    }
    for name, given in refused.items():
        assert SWIGLU.quick_beside(gate, given) is None, name
    far = gate.clone()
    far[0, 0] = -math.inf
    assert SWIGLU.quick_beside(far, up) is None, "what -inf times sigmoid(-inf) is"
    torch.testing.assert_close(SWIGLU(far, up)[0, 1:], found[0, 1:])
    assert float(SWIGLU(far, up)[0, 0]) == 0.0


def test_a_value_in_place_is_seen_by_autograd_and_by_nobody_else(runs: list[int]) -> None:
    """`inplace=True` without gradients is one pass over one tensor; a graph that needed the old numbers complains."""
    module = actlab.nn.Mish(inplace=True)
    x = torch.randn(40, 70)
    expected = actlab.functional.mish(x)
    weight = torch.randn(40, 70, requires_grad=True)
    product = weight * x
    runs.clear()
    assert module(x) is x and len(runs) <= 1, "one pass at most beside the quick way"
    same_bits(x, expected, "in place")
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.sum().backward()
    with torch.inference_mode():
        inside = torch.randn(9)
        assert module(inside) is inside
    moving = actlab.nn.Swish(inplace=True)
    with torch.no_grad():
        far = torch.tensor([-math.inf, 1.0])
        assert moving(far) is far and far[0] == 0.0, "a limit that moves with beta is not lost"


def _nearest(value: float, among: list[float]) -> float:
    """The nearest of some numbers in growing order, by exact arithmetic."""
    at = bisect(among, value)
    low, high = among[at - 1], among[at]
    below, above = Fraction(value) - Fraction(low), Fraction(high) - Fraction(value)
    assert below != above, "no value of these functions is a tie"
    return low if below < above else high


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_what_is_looked_up_was_rounded_once(dtype: torch.dtype) -> None:
    """The bits of mish and of gelu are those nearest to the value in float64, checked with exact fractions."""
    at = tables.every(dtype)
    middle = at[at.isfinite() & (at.abs() > 1e-3) & (at.abs() < 30)]
    among = sorted(set(at[at.isfinite()].tolist()))
    for name in ("mish", "gelu"):
        made = prepare(ENTRIES[name], {}).run
        assert isinstance(made, Kernel)
        found = native.value(made, middle, ())
        assert found is not None and made.looked_up[dtype, False]
        wide = made.text(middle.double())
        for x, y, exact in list(zip(middle.tolist(), found.tolist(), wide.tolist(), strict=True))[::17]:
            assert y == _nearest(exact, among), x


def test_rounding_to_odd_makes_a_second_rounding_harmless() -> None:
    """Canary: a value just above a tie of bfloat16 is lost by rounding to float32 first, and kept by the table."""
    just_above = torch.tensor(
        [1 + 2.0**-8 + 2.0**-40, -(1 + 2.0**-8 + 2.0**-40), math.nan, math.inf], dtype=torch.float64
    )
    twice = just_above.to(torch.float32).to(torch.bfloat16)
    once = tables._to_odd(just_above).to(torch.bfloat16)
    assert twice.tolist()[:2] == [1.0, -1.0]
    assert once.tolist()[:2] == [1 + 2.0**-7, -(1 + 2.0**-7)]
    assert math.isnan(once[2]) and once[3] == math.inf


def test_a_short_formula_is_computed_and_a_long_one_looked_up() -> None:
    """relu is shorter than looking up, gelu longer; without a kernel that is right everything is looked up."""
    for name, expected in (("relu", False), ("leaky_relu", False), ("gelu", True), ("mish", True)):
        made = prepare(ENTRIES[name], {}).run
        assert isinstance(made, Kernel)
        made(torch.randn(3).bfloat16())
        assert made.looked_up[torch.bfloat16, False] is expected, name


def test_torch_is_asked_only_where_it_gives_the_same_bits() -> None:
    """relu, hardtanh, leaky_relu and square may be torch's own; silu differs in last bits and never is."""
    for name, expected in (
        ("relu", True),
        ("hard_tanh", True),
        ("leaky_relu", True),
        ("square", True),
        ("silu", False),
    ):
        made = prepare(ENTRIES[name], {}).run
        assert isinstance(made, Kernel)
        made(torch.randn(3))
        assert bool(choice.measured(made, torch.float32)) is expected, name
        x = torch.linspace(-5, 5, 3001)
        for size in (3, 3001):
            same_bits(made.quick(x[:size].clone()), made(x)[:size], f"{name} at {size}")


@pytest.mark.parametrize(
    "fault",
    [lambda x: x.relu() * (1 + 1e-7), lambda x: x.clamp(0, 1e38), lambda x: x.nan_to_num().relu(), torch.abs],
    ids=["digits", "range", "nan", "another function"],
)
def test_an_operation_with_other_bits_is_not_the_same(fault: choice.Operation) -> None:
    """Canary: a digit, a cut range, a swallowed NaN or another function is noticed."""
    made = prepare(ENTRIES["relu"], {}).run
    assert isinstance(made, Kernel)
    made(torch.randn(3))
    assert choice._same_bits(torch.relu, made.quick, torch.float32)
    assert not choice._same_bits(fault, made.quick, torch.float32)


def test_the_choice_follows_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two sizes the nearer one decides, on a scale of factors."""
    rows = tuple(
        choice.Measured(size, *times)
        for size, times in zip(choice.SIZES, [(2, 1), (2, 3), (2, 3), (9, 1)], strict=True)
    )
    monkeypatch.setattr(choice, "measured", lambda *given: rows)
    made = prepare(ENTRIES["relu"], {}).run
    assert isinstance(made, Kernel)
    found = choice.alternatives(made, torch.float32)
    assert [limit for limit, _ in found] == [2**10, 2**18, math.inf]
    assert [other is not None for _, other in found] == [True, False, True]
    monkeypatch.setattr(choice, "measured", lambda *given: ())
    assert choice.alternatives(made, torch.float32) == ()


def test_a_transform_of_a_transform_has_our_slope_where_torch_has_another() -> None:
    """Inside a map under a gradient torch's own operation is not taken: its slope at NaN is a number."""
    x = torch.tensor([math.nan, 1.0])
    for name in ("relu", "absolute", "hard_tanh", "relu6", "hard_sigmoid"):
        made = getattr(actlab.functional, name)
        made(x)
        (slope, _) = torch.func.grad(lambda t, made=made: torch.func.vmap(made)(t).sum())(x)
        assert bool(slope.isnan()), name


def test_a_functional_tensor_is_left_to_torch() -> None:
    """It has no memory of its own that a kernel could read."""
    wrapped = torch._to_functional_tensor(torch.randn(3, 600))  # pyright: ignore[reportPrivateImportUsage]
    assert not native.suits(wrapped)


def test_the_quick_way_is_left_whenever_somebody_watches() -> None:
    """Gradients, forward mode, transforms, other layouts and other dtypes get no quick answer; a plain tensor does."""
    made = kernel(X * tanh(X) + 0.1875)
    x = torch.randn(70)
    made(x)
    assert made.quick(x) is not None, "canary: a plain tensor is answered"
    refused = {
        "gradient": x.clone().requires_grad_(),
        "gaps": torch.randn(140)[::2],
        "parameter": torch.nn.Parameter(x.clone()),
        "meta": x.to("meta"),
        "dtype": x.to(torch.float64),
        "whole": torch.arange(3),
    }
    for name, given in refused.items():
        assert made.quick(given) is None, name
    with torch.autograd.forward_ad.dual_level():
        assert made.quick(x) is None
    answers: list[object] = []

    def inside(t: Tensor) -> Tensor:
        answers.append(made.quick(t))
        return t

    torch.func.vmap(inside)(x.reshape(7, 10))
    torch.func.grad(lambda t: inside(t).sum())(x)
    with native.switched(False):
        answers.append(made.quick(x))
    assert answers == [None, None, None]


def test_many_gradients_at_once_are_those_one_after_the_other() -> None:
    """`is_grads_batched` and a map over gradients meet no compiled kernel with a tensor that has no memory."""
    x = torch.randn(6, 80, requires_grad=True)
    beta = torch.tensor(1.2, requires_grad=True)
    made = kernel(X * tanh(X) + 0.3125)
    outputs = {
        "alone": pointwise(made, x),
        "learned": pointwise(SWISH, x, (beta,)),
        "gated": gated(SWIGLU, HALVES[1], x),
    }
    for name, y in outputs.items():
        along = torch.randn(3, *y.shape)
        each = [torch.autograd.grad(y, x, one, retain_graph=True)[0] for one in along]
        (batched,) = torch.autograd.grad(y, x, along, is_grads_batched=True, retain_graph=True)
        mapped = torch.func.vmap(lambda one, y=y: torch.autograd.grad(y, x, one, retain_graph=True)[0])(along)
        for found in (batched, mapped):
            torch.testing.assert_close(found, torch.stack(each), rtol=1e-5, atol=1e-6, msg=name)


def test_the_identity_hands_its_input_on_whoever_asked_before() -> None:
    """A kernel of the identity that was run for itself does not make copies of it afterwards."""
    x = torch.randn(5).half()
    made = prepare(ENTRIES["identity"], {}).run
    assert isinstance(made, Kernel)
    made(x)
    assert made.quick(x) is None and actlab.functional.identity(x) is x
