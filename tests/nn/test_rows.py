"""Functions along an axis: masks, sums, sparsity, derivatives of first and second order, draws."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

import actlab
from actlab import functional, nn
from actlab.catalogue import ENTRIES, Entry
from actlab.nn.call import masked_as
from actlab.nn.functional import function

ROWS = [entry for entry in ENTRIES.values() if entry.along_axis and entry.kind != "gated"]
MASKABLE = [entry for entry in ROWS if masked_as(entry) is not None]
# of every row that is not masked, the outputs are probabilities
NORMALISED = [entry for entry in ROWS if (rows := actlab.properties(entry).rows) is not None and rows.total == 1]


def _scores(*shape: int, scale: float = 2.0, seed: int = 0) -> Tensor:
    return scale * torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_most_of_the_family_can_be_masked_and_normalises() -> None:
    """The two lists that the tests below walk are found by measuring, and hold what a reader expects."""
    assert {"softmax", "log_softmax", "softmin", "sparsemax", "entmax15", "softmax_off_by_one"} <= {
        entry.name for entry in MASKABLE
    }
    assert {"taylor_softmax", "spherical_softmax", "poly_norm", "maxout"}.isdisjoint(e.name for e in MASKABLE)
    assert {"softmax", "sparsemax", "entmax15", "alpha_entmax", "normmax", "taylor_softmax"} <= {
        entry.name for entry in NORMALISED
    }


@pytest.mark.parametrize("entry", MASKABLE, ids=lambda e: e.name)
def test_a_masked_place_is_as_if_it_were_not_there(entry: Entry) -> None:
    """The other places get what a shorter row would give them; the masked one gets nothing, and no gradient."""
    x = _scores(4, 6).requires_grad_()
    mask = torch.tensor([True, False, True, True, False, True])
    y = function(entry)(x, mask=mask)
    torch.testing.assert_close(y[:, mask], function(entry)(x[:, mask]), rtol=1e-13, atol=1e-15)
    torch.testing.assert_close(nn.module_class(entry)().eval()(x, mask=mask), y, rtol=1e-6, atol=1e-7)
    y[:, mask].square().sum().backward()
    assert x.grad is not None and (x.grad[:, ~mask] == 0).all() and x.grad.isfinite().all()


@pytest.mark.parametrize("entry", MASKABLE, ids=lambda e: e.name)
def test_a_fully_masked_row_gives_nothing_and_no_gradient(entry: Entry) -> None:
    """Zeros (of a logarithm minus infinities), never NaN, and a gradient of zero, also beside ordinary rows."""
    x = _scores(3, 4).requires_grad_()
    mask = torch.ones(3, 4, dtype=torch.bool)
    mask[1] = False
    y = function(entry)(x, mask=mask)
    assert set(y[1].tolist()) <= {0.0, -math.inf} and y[[0, 2]].isfinite().all()
    y[[0, 2]].square().sum().backward(retain_graph=True)
    assert x.grad is not None and (x.grad[1] == 0).all()
    if y[1].isfinite().all():
        (gradient,) = torch.autograd.grad(y[1].square().sum(), x)
        assert (gradient == 0).all()


def test_a_masked_module_compiles_in_one_graph() -> None:
    """A mask may change from call to call under torch.compile, with values and gradients as without it."""
    module = nn.Entmax15()
    torch.compiler.reset()
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    for seed in (0, 1):
        x = _scores(4, 6, seed=seed).requires_grad_()
        mask = _scores(4, 6, seed=seed + 7) > -0.5
        for found, expected in zip(*(_with_gradient(f, x, mask) for f in (compiled, module)), strict=True):
            torch.testing.assert_close(found, expected)
    assert actlab.create("k_wta", k=3)(_scores(8), mask=torch.arange(8) < 5)[5:].abs().sum() == 0


def _with_gradient(f: Callable[..., Tensor], x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    y = f(x, mask=mask)
    return y.detach(), torch.autograd.grad(y.square().sum(), x)[0]


def test_a_mask_is_refused_where_it_means_nothing() -> None:
    """A function that no input leaves unmoved, and a mask that is no bool tensor, are refused in words."""
    x = _scores(2, 4)
    with pytest.raises(ValueError, match=r"taylor_softmax.*mask"):
        functional.taylor_softmax(x, mask=torch.ones(4, dtype=torch.bool))
    with pytest.raises(ValueError, match="bool tensor"):
        functional.softmax(x, mask=torch.ones(4))


@pytest.mark.parametrize("entry", NORMALISED, ids=lambda e: e.name)
def test_rows_sum_to_one_in_every_dtype(entry: Entry) -> None:
    """Every row sums to 1 as exactly as the dtype of its elements allows, for ordinary and far-apart scores."""
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
        for scale in (0.1, 3.0, 100.0):
            x = _scores(64, 33, scale=scale).to(dtype)
            y = function(entry)(x)
            assert y.dtype == dtype and (y >= 0).all()
            # each element is rounded once, by half a unit of its last place
            allowed = 0.5 * torch.finfo(dtype).eps * y.double().sum(-1) + 40 * torch.finfo(torch.float32).eps
            assert ((y.double().sum(-1) - 1).abs() <= allowed).all(), (dtype, scale)


@pytest.mark.parametrize("alpha", [2.5, 3.0, 4.0, 8.0, 40.0])
def test_probabilities_sparser_than_sparsemax_are_exact(alpha: float) -> None:
    """Above alpha 2 a score next to the level counts though it lies below rounding: rows sum to 1, slopes are right."""
    x = _scores(4000, 12, seed=3)
    for dtype, allowed in ((torch.float32, 1e-6), (torch.float64, 1e-14)):
        y = functional.alpha_entmax(x.to(dtype), alpha=alpha)
        assert float((y.double().sum(-1) - 1).abs().max()) <= allowed, dtype
        torch.testing.assert_close(
            torch.from_numpy(actlab.value("alpha_entmax", x[:200].double().numpy(), alpha=alpha)),
            y[:200].double(),
            rtol=0,
            atol=10 * allowed,
        )
    x = x[:50].double().requires_grad_()
    y = functional.alpha_entmax(x, alpha=alpha)
    along = _scores(50, 12, seed=4).double()
    (pulled,) = torch.autograd.grad(y, x, along)
    s = torch.where(y > 0, y ** (2 - alpha), 0.0).detach()  # the Jacobian is diag(s) - s s^T / sum(s)
    expected = s * along - s * (s * along).sum(-1, keepdim=True) / s.sum(-1, keepdim=True)
    assert float(((pulled - expected).abs() / (1 + expected.abs())).max()) < 1e-4


@pytest.mark.parametrize("alpha", [1.01, 1.05, 1.3, 2.0, 2.2, 5.0])
def test_a_learned_alpha_gives_what_the_number_gives(alpha: float) -> None:
    """As a tensor it may be anything from near 1, where powers are huge, to far above 2, where they are small."""
    x = torch.cat((_scores(50, 12, seed=5), torch.tensor([0.0, -19.9, -3.0, -5.0] * 3)[None])).double()
    y = functional.alpha_entmax(x, alpha=torch.tensor(alpha, dtype=torch.float64))
    torch.testing.assert_close(y, functional.alpha_entmax(x, alpha=alpha), rtol=1e-9, atol=1e-12)
    assert float((y.sum(-1) - 1).abs().max()) < 1e-12


def _sorted_sparsemax(x: np.ndarray) -> np.ndarray:
    z = np.sort(x)[::-1]
    k = np.arange(1, len(z) + 1)
    support = 1 + k * z > np.cumsum(z)
    size = int(k[support][-1])
    return np.maximum(x - (np.cumsum(z)[size - 1] - 1) / size, 0)


def _sorted_entmax15(x: np.ndarray) -> np.ndarray:
    z = np.sort(x / 2)[::-1]
    k = np.arange(1, len(z) + 1)
    mean, square = np.cumsum(z) / k, np.cumsum(z * z) / k
    tau = mean - np.sqrt(np.maximum((1 - k * (square - mean**2)) / k, 0))
    return np.maximum(x / 2 - tau[int(np.sum(tau <= z)) - 1], 0) ** 2


@pytest.mark.parametrize(("name", "sorting"), [("sparsemax", _sorted_sparsemax), ("entmax15", _sorted_entmax15)])
def test_sparse_probabilities_agree_with_the_sorting_algorithm(
    name: str, sorting: Callable[[np.ndarray], np.ndarray]
) -> None:
    """On a thousand random rows of many lengths and scales the result is the textbook's, which sorts."""
    rng = np.random.default_rng(0)
    for length, scale in ((1, 1.0), (2, 0.3), (5, 2.0), (40, 0.05), (40, 1.0), (1000, 0.5), (1000, 10.0)):
        x = rng.normal(scale=scale, size=(150, length))
        found = function(ENTRIES[name])(torch.from_numpy(x)).numpy()
        expected = np.stack([sorting(row) for row in x])
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-14)
        assert ((found == 0) == (expected == 0)).mean() > 0.9999


@pytest.mark.parametrize("name", ["sparsemax", "entmax15", "alpha_entmax", "normmax", "softmax", "budget_sparsemax"])
def test_second_derivatives_are_finite_and_right_where_places_drop_out(name: str) -> None:
    """Differentiating twice through exact zeros gives numbers, and those of differences of the gradient."""
    x = torch.tensor([[3.1, 2.4, 0.2, -4.0], [0.3, 0.1, -0.2, 0.05]], dtype=torch.float64, requires_grad=True)
    f = function(ENTRIES[name])
    y = f(x)
    weights = torch.tensor([0.3, -1.1, 0.7, 0.2], dtype=torch.float64)
    (g,) = torch.autograd.grad((y.square() * weights).sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.square().sum(), x)
    assert h.isfinite().all()
    assert torch.autograd.gradgradcheck(lambda a: f(a).square() * weights, (x,))


def test_a_learned_alpha_gets_the_slope_of_differences() -> None:
    """alpha may be learned: the gradient by it agrees with differences, and it stays above 1 after a wild step."""
    module = actlab.create("alpha_entmax", trainable="alpha").double()
    x = _scores(5, 7)
    alpha = torch.tensor(1.4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a: functional.alpha_entmax(x, alpha=a), (alpha,))
    optimiser = torch.optim.SGD(module.parameters(), lr=1e4)
    module(x).square().sum().backward()
    optimiser.step()
    assert float(module.learned("alpha").detach()) >= 1


def test_a_sink_is_learned_per_head() -> None:
    """One learned score per head, broadcast along its own dimension, as in an attention layer (B, H, Q, K)."""
    module = actlab.create("softmax_sink", num_parameters=3, parameter_dim=1).double()
    with torch.no_grad():
        module.sink.copy_(torch.tensor([-1.0, 0.5, 2.0]))
    x = _scores(2, 3, 4, 5)
    with_sink = torch.cat((x, module.sink.detach().reshape(1, 3, 1, 1).expand(2, 3, 4, 1)), -1)
    torch.testing.assert_close(module(x), with_sink.softmax(-1)[..., :-1], rtol=1e-13, atol=0)


def test_blocks_and_counts_that_do_not_fit_are_refused_with_the_sizes() -> None:
    """Splitting 7 values into blocks of 2, or asking for 5 winners among 3, is an error that names both."""
    with pytest.raises(ValueError, match=r"maxout.*7 values.*blocks of 2"):
        functional.maxout(torch.zeros(7))
    with pytest.raises(ValueError, match=r"k_wta.*5 winners.*3 values"):
        functional.k_wta(torch.zeros(2, 3), k=5)
    with pytest.raises(ValueError, match="whole number"):
        functional.k_wta(torch.zeros(3), k=0)


def test_exactly_k_winners_even_among_equals() -> None:
    """Ties go to the first: k values are kept, not more."""
    y = functional.k_wta(torch.ones(6), k=2)
    assert y.tolist() == [1, 1, 0, 0, 0, 0]
    chosen = functional.top_k_softmax(_scores(20, 9), k=3)
    assert ((chosen > 0).sum(-1) == 3).all()
    torch.testing.assert_close(chosen.sum(-1), torch.ones(20, dtype=torch.float64))


@pytest.mark.parametrize("entry", [entry for entry in ROWS if entry.kind != "random"], ids=lambda e: e.name)
def test_any_dimension_will_do(entry: Entry) -> None:
    """Along dim 0, 1 or -2 the result is that of the last dimension, moved."""
    x = _scores(4, 6, 8)
    for dim in (0, 1, -2):
        expected = function(entry)(x.movedim(dim, -1)).movedim(-1, dim)
        torch.testing.assert_close(function(entry)(x, dim=dim), expected, rtol=1e-13, atol=1e-15)


def test_the_gumbel_trick_draws_classes_as_often_as_softmax_says() -> None:
    """40,000 hard draws are one-hot in every dtype and hit each class with its probability, within 4 deviations."""
    scores = torch.tensor([0.0, 1.0, 2.0])
    module = actlab.create("hard_gumbel_softmax", tau=0.7).train()
    torch.manual_seed(0)
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        draws = module(scores.to(dtype).expand(40_000, 3))
        assert draws.dtype == dtype and set(draws.unique().tolist()) == {0.0, 1.0} and (draws.sum(-1) == 1).all()
        p = scores.softmax(0)
        deviation = (p * (1 - p) / 40_000).sqrt()
        assert ((draws.float().mean(0) - p).abs() < 4 * deviation).all()
    module.eval()
    assert module(scores).tolist() == [0.0, 0.0, 1.0]


def test_a_hard_draw_has_the_slope_of_the_soft_one() -> None:
    """With the same seed the gradient of the hard draw is the soft draw's."""
    x = _scores(6, 5).requires_grad_()
    weights = _scores(6, 5, seed=1)
    gradients = []
    for name in ("gumbel_softmax", "hard_gumbel_softmax"):
        torch.manual_seed(3)
        y = function(ENTRIES[name])(x, tau=0.8, training=True)
        gradients.append(torch.autograd.grad((y * weights).sum(), x)[0])
    torch.testing.assert_close(*gradients)


RANDOM = [entry for entry in ENTRIES.values() if entry.kind == "random"]


@pytest.mark.parametrize("entry", RANDOM, ids=lambda e: e.name)
def test_a_random_function_is_seeded_and_still_in_evaluation(entry: Entry) -> None:
    """Training draws anew each time and alike after the same seed; evaluation draws nothing; vmap is told how to."""
    module = nn.module_class(entry)()
    for parameter in module.parameters():
        torch.nn.init.constant_(parameter, 0.7)
    x = torch.linspace(-1.9, 2.1, 18).reshape(3, 6)
    torch.manual_seed(0)
    first, second = module(x), module(x)
    torch.manual_seed(0)
    assert torch.equal(module(x), first) and not torch.equal(first, second)
    module.eval()
    assert torch.equal(module(x), module(x))
    module.train()
    rows = torch.linspace(-1.9, 2.1, 6).expand(4, 6).clone()
    with pytest.raises(RuntimeError, match="randomness"):
        torch.func.vmap(module)(rows)
    different = torch.func.vmap(module, randomness="different")(rows)
    same = torch.func.vmap(module, randomness="same")(rows)
    assert (same == same[:1]).all() and not (different == different[:1]).all()
