"""Modules and functions made from entries: signatures, learned parameters, names, stubs, and what is refused."""

import math
import pickle

import pytest
import torch
from torch import nn

import actlab
from actlab.catalogue import ENTRIES
from actlab.nn import module_class, stubs


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: actlab.create("gelo"), "did you mean gelu"),
        (lambda: actlab.create("elu", alpha=-1.0), "alpha must be a finite number >= 0, not -1"),
        (lambda: actlab.create("celu", alpha=math.nan), "alpha must be a finite number > 0"),
        (lambda: actlab.create("relu", beta=1.0), "its arguments are"),
        (lambda: actlab.create("swish", 2.0), "to set beta write beta=2.0"),
        (lambda: actlab.create("hard_tanh", min_val=2.0), "min_val must not exceed max_val"),
        (lambda: actlab.create("relu", trainable="x"), "its arguments are"),
        (lambda: actlab.create("elu", trainable="beta"), "no parameter that can be learned"),
        (lambda: actlab.create("elu", 0.0, trainable="alpha"), "the edge of its set"),
        (lambda: actlab.create("prelu", 3)(torch.ones(2, 4)), "does not offer"),
        (lambda: actlab.create("relu")(torch.arange(3)), "convert the input with x.float()"),
        (lambda: actlab.create("relu")(torch.ones(2, dtype=torch.complex64)), "floating-point"),
        (lambda: actlab.create("relu")([1.0]), "takes a torch tensor"),
        (lambda: actlab.create("softmax", dim=2)(torch.ones(3)), "dim 2 is out of range"),
        (lambda: actlab.create("softmax")(torch.tensor(1.0)), "at least one dimension"),
        (lambda: actlab.functional.softplus(torch.ones(1), beta=0.0), "beta must be a finite number > 0"),
        (lambda: actlab.functional.relu(torch.ones(1), 3), "its arguments are"),
        (lambda: actlab.create("nosuch:gelu"), "no library whose names are known"),
        (lambda: actlab.create("torch:gelo"), "did you mean"),
        (lambda: actlab.create(3), "named by text"),
    ],
)
def test_bad_input_is_one_sentence_with_a_cure(make, text):
    """Every refusal says what happened and what to do, on one line."""
    with pytest.raises((ValueError, TypeError, IndexError)) as refusal:
        make()
    assert text in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_tutorials_numbers_come_out():
    """The values a reader of the tutorials checks first."""
    x = torch.tensor([1.0, -2.0, 3.0, -5.0])
    f = actlab.functional
    for got, told in (
        (f.tanh(x), [0.7616, -0.9640, 0.9951, -0.9999]),
        (f.softmax(x, dim=0), [0.1185, 0.0059, 0.8753, 0.0003]),
        (f.leaky_relu(x, 0.2), [1.0, -0.4, 3.0, -1.0]),
        (f.elu(x), [1.0, -0.8647, 3.0, -0.9933]),
    ):
        assert torch.allclose(got, torch.tensor(told), atol=5e-5)
    assert actlab.functional.gelu(torch.tensor(-10.0)).item() == pytest.approx(-7.6199e-23, rel=1e-4)


def test_every_usual_spelling_finds_the_same_class():
    """Drop-in means that torch's spelling works."""
    assert actlab.nn.LeakyReLU is actlab.nn.LeakyRelu is module_class(ENTRIES["leaky_relu"])
    assert actlab.nn.GELU is actlab.nn.Gelu
    for name in ("gelu", "GELU", "nn.GELU", "torch.nn.GELU", "torch:gelu", "transformers:gelu", "keras:gelu"):
        assert actlab.create(name).name == "gelu"
    assert actlab.create("jax:gelu").name == "gelu_tanh"
    assert actlab.create("transformers:gelu_new").name == "gelu_tanh"
    with pytest.raises(AttributeError, match="did you mean"):
        _ = actlab.nn.Gleu


def test_each_call_makes_a_fresh_module():
    """Two layers never share a learned slope by accident."""
    first, second = actlab.create("prelu"), actlab.create("prelu")
    assert first is not second and first.weight is not second.weight


def test_torch_checkpoints_of_prelu_load():
    """The learned slope has torch's name and shape."""
    ours, theirs = actlab.nn.PReLU(4), nn.PReLU(4, init=0.1)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 4, 3)
    assert torch.equal(ours(x), theirs(x))


def test_any_constant_can_be_learned_and_stays_within_its_bounds():
    """`trainable` frees a fixed constant; a bounded one cannot leave its set."""
    act = actlab.nn.Softplus(beta=2.0, trainable="beta")
    optimizer = torch.optim.SGD(act.parameters(), lr=50.0)
    x = torch.linspace(-2, 2, 64)
    for _ in range(5):
        optimizer.zero_grad()
        act(x).sum().backward()
        optimizer.step()
    assert act.learned("beta").item() > 0 and act.learned("beta").item() != 2.0
    fixed = actlab.nn.Swish(beta=1.5, trainable=())
    assert not list(fixed.parameters())


def test_per_channel_parameters_follow_dim():
    """num_parameters values lie along `dim`."""
    act = actlab.nn.Swish(3, dim=-1)
    with torch.no_grad():
        act.beta.copy_(torch.tensor([0.0, 1.0, 2.0]))
    x = torch.randn(5, 3)
    expected = torch.stack([x[:, 0] / 2, x[:, 1] * x[:, 1].sigmoid(), x[:, 2] * (2 * x[:, 2]).sigmoid()], 1)
    assert torch.allclose(act(x), expected)


def test_a_float32_parameter_never_widens_half_precision_input():
    """dtype out is dtype in, whatever the parameter's dtype."""
    act = actlab.nn.PReLU()
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        x = torch.randn(4, dtype=dtype, requires_grad=True)
        y = act(x)
        y.sum().backward()
        assert y.dtype == x.grad.dtype == dtype and act.weight.grad.dtype == torch.float32


def test_random_entries_draw_in_training_and_average_in_evaluation():
    """rrelu draws per element between its bounds, reproducibly from the seed."""
    act = actlab.nn.RReLU()
    x = -torch.ones(1000)
    torch.manual_seed(0)
    drawn = act(x)
    torch.manual_seed(0)
    assert torch.equal(drawn, act(x))
    assert -1 / 3 <= drawn.min() < drawn.max() <= -1 / 8 and drawn.std() > 0.05
    assert torch.allclose(act.eval()(x), torch.tensor(-(1 / 8 + 1 / 3) / 2))
    x.requires_grad_()
    act.train()
    y = act(x)
    y.sum().backward()
    assert torch.allclose(x.grad, -y.detach())
    rows = torch.func.vmap(act, randomness="different")(-torch.ones(2, 50))
    assert not torch.equal(rows[0], rows[1])


def test_fully_masked_rows_give_zeros_with_zero_gradient():
    """A row of minus infinities is empty, not NaN."""
    x = torch.tensor([[-math.inf, -math.inf], [0.0, -math.inf]], requires_grad=True)
    y = actlab.functional.softmax(x)
    (y * torch.tensor([1.0, 2.0])).sum().backward()
    assert y.tolist() == [[0.0, 0.0], [1.0, 0.0]]
    assert x.grad.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert actlab.functional.log_softmax(x)[0].tolist() == [-math.inf, -math.inf]


def test_temperature_divides_the_scores():
    """All three of the family take a temperature."""
    x = torch.randn(3, 5, dtype=torch.float64)
    f = actlab.functional
    assert torch.allclose(f.softmax(x, temperature=0.5), torch.softmax(x / 0.5, -1))
    assert torch.allclose(f.log_softmax(x, dim=0, temperature=3.0), torch.log_softmax(x / 3, 0))
    assert torch.allclose(f.softmin(x, temperature=2.0), torch.softmax(-x / 2, -1))


def test_log_softmax_pairs_with_nll_loss_as_cross_entropy():
    """The pairing of the tutorials: log_softmax + NLLLoss is CrossEntropyLoss on raw scores."""
    scores, target = torch.randn(6, 4), torch.tensor([0, 1, 2, 3, 0, 1])
    paired = nn.functional.nll_loss(actlab.functional.log_softmax(scores, dim=1), target)
    assert torch.allclose(paired, nn.functional.cross_entropy(scores, target))


def test_inplace_reuses_memory_and_spoils_no_gradient():
    """With a gradient too, unless the input is a leaf, which autograd has to find as it was."""
    act = actlab.nn.Mish(inplace=True)
    x = torch.randn(8)
    expected = actlab.functional.mish(x)
    y = act(x)
    assert y.data_ptr() == x.data_ptr() and torch.equal(y, expected)
    leaf = torch.randn(8, requires_grad=True)
    hidden = leaf * 1.0
    z = act(hidden)
    assert z.data_ptr() == hidden.data_ptr() and z is hidden
    z.sum().backward()
    assert leaf.grad is not None
    true = torch.autograd.grad(torch.nn.functional.mish(leaf).sum(), leaf)[0]
    assert torch.allclose(leaf.grad, true, atol=1e-4)
    kept = leaf.detach().clone()
    act(leaf).sum().backward()
    assert torch.equal(leaf.detach(), kept)


def test_modules_of_own_formulas_pickle():
    """A function that is in no catalogue travels with the model."""
    own = actlab.define("x*tanh(exp(alpha*x))", name="my_telu", alpha=1.0)
    act = pickle.loads(pickle.dumps(actlab.create(own, alpha=0.5)))
    x = torch.linspace(-3, 3, 7)
    assert torch.allclose(act(x), x * torch.tanh(torch.exp(0.5 * x)))
    assert torch.isfinite(act(torch.tensor([1e30, -1e30]))).all()


def test_functions_pickle_by_name():
    """DataLoader workers and study jobs receive functions."""
    assert pickle.loads(pickle.dumps(actlab.functional.gelu)) is actlab.functional.gelu


def test_more_than_eight_activations_compile_in_one_program():
    """torch.compile's recompilation limit counts code objects, so each activation has its own."""
    torch._dynamo.reset()
    x = torch.randn(5, requires_grad=True)
    for entry in list(ENTRIES.values())[:14]:
        torch.compile(actlab.create(entry), fullgraph=True, backend="eager")(x)
        torch.compile(getattr(actlab.functional, entry.name), fullgraph=True, backend="eager")(x)


def test_the_committed_stubs_are_what_the_catalogue_generates():
    """Editors complete the catalogue as it is; run `python -m actlab.nn.stubs` after a change."""
    for path, text in stubs.stubs().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is out of date: python -m actlab.nn.stubs"
