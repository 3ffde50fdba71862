"""A definition of one's own is checked, and works, like an entry of the catalogue."""

from __future__ import annotations

import pickle

import pytest
import torch

import actlab
from actlab import define
from actlab.advice.usage import use
from actlab.catalogue import Entry, activation, fixed, learned
from actlab.language import Expr, exp, sigmoid, tanh
from actlab.nn import functional
from actlab.report import curve_pictures, terminal
from actlab.report.curves import sample
from actlab.testing import CHECKS, check_activation
from actlab.testing.number_checks import kinks

_SCALE, _WEIGHT = fixed(1.0, above=0), learned(0.8)


@activation(source="a test", zh="测试用的函数。", points={0.0: 0.0}, facts=("smooth", "not monotone"))
def tanh_exp_of_ones_own(x, scale=_SCALE):  # type: ignore[no-untyped-def]
    """The input times the hyperbolic tangent of its exponential."""
    return x * tanh(exp(scale * x))


@activation(source="a test", zh="测试用的函数。", points={0.0: 0.0}, facts=("smooth", "bounded below"))
def weighted_silu_of_ones_own(x, weight=_WEIGHT):  # type: ignore[no-untyped-def]
    """The SiLU with a learned weight, whose slope by the weight does not contain the weight."""
    return weight * (x * sigmoid(x))


@pytest.mark.parametrize("own", [tanh_exp_of_ones_own, weighted_silu_of_ones_own], ids=lambda e: e.name)
def test_an_activation_of_ones_own_passes_the_whole_suite(own: Entry) -> None:
    """A definition outside the catalogue is checked, and works, like one inside."""
    compared = check_activation(own)
    assert len(compared) == len(CHECKS)


def test_a_typed_formula_passes_the_whole_suite_as_it_is() -> None:
    """`define` asks for nothing but the formula: no hand-computed value, no kink, no fact has to be stated."""
    for formula, parameters in (
        ("x*tanh(exp(a*x))", {"a": 1.0}),
        ("where(x > a, x, 0.5*x)", {"a": 0.5}),
        ("relu(x)**2 + 0.3*abs(x - 1)", {}),
    ):
        own = define(formula, name="mine", **parameters)
        assert len(check_activation(own)) == len(CHECKS), formula


def test_a_slope_that_no_side_has_is_caught() -> None:
    """Canary: where the two halves of a formula each leave out the kink, the suite says what to write instead."""
    with pytest.raises(AssertionError, match=r"slope at x = 0 is 0, which is not between 0.1 and 1.*write where"):
        check_activation(define("maximum(x, 0) + 0.1*minimum(x, 0)", name="mine"), [kinks])


def _of_a_function(x: Expr, beta: float = 1.0) -> Expr:
    return x * sigmoid(beta * x)


OWN = (
    define("x*tanh(exp(a*x))", name="typed", a=1.0),
    define("where(x > 0.5, x, 0)", name="typed_and_torn"),
    define(_of_a_function, name="written", beta=2.0),
    tanh_exp_of_ones_own,
    weighted_silu_of_ones_own,
)


@pytest.mark.parametrize("own", OWN, ids=lambda e: e.name)
def test_an_activation_of_ones_own_has_everything_a_built_in_has(own: Entry) -> None:
    """Value, slope, properties, LaTeX, function, module, learned parameters, swap, pickle: all of them take it."""
    x = torch.linspace(-3.0, 3.0, 12, dtype=torch.float64).reshape(4, 3)
    module = actlab.create(own, **({"trainable": list(own.parameters), "num_parameters": 3} if own.parameters else {}))
    assert own.family == "own" and own.known_as == {}
    assert torch.allclose(module(x), torch.from_numpy(actlab.value(own, x.numpy())))
    assert torch.allclose(functional.function(own)(x), actlab.create(own)(x))
    assert actlab.slope(own, 1.0) == pytest.approx(float(own_slope(own)))
    assert actlab.latex(own) and actlab.gain(own) > 0 and actlab.properties(own).name == own.name
    assert sum(p.numel() for p in module.parameters()) == 3 * len(own.parameters)
    assert torch.equal(pickle.loads(pickle.dumps(module))(x), module(x))
    swapped = actlab.swap(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU()), own).apply()
    assert swapped[1].name == own.name


def own_slope(own: Entry) -> torch.Tensor:
    """Torch's derivative of the module at 1."""
    x = torch.ones((), dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(actlab.create(own)(x), x)[0]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("own", OWN, ids=lambda e: e.name)
def test_an_activation_of_ones_own_is_shown_and_drawn(own: Entry, lang: str) -> None:
    """Terminal page, table and picture are made from it, with its kinks, in both languages."""
    properties, told = actlab.properties(own), use(own)
    usage = {"when": told.when, "when_not": told.when_not}
    page = terminal.text_of(terminal.show(own, properties, usage, lang=lang, width=80, params={}))
    assert own.name in page
    assert own.name in terminal.text_of(terminal.table([own], [properties], lang, 80))
    assert curve_pictures.curve(own, lang).svg()
    assert len(sample(own).kinks) == len(properties.kinks)


def test_defining_leaves_the_function_as_it_was() -> None:
    """The user's function keeps its name, text and defaults, and can be defined twice under two names."""
    before = (_of_a_function.__name__, _of_a_function.__doc__, _of_a_function.__defaults__)
    one, other = define(_of_a_function, name="one", beta=2.0), define(_of_a_function, name="other")
    assert (_of_a_function.__name__, _of_a_function.__doc__, _of_a_function.__defaults__) == before
    assert (one.name, one.parameters["beta"].default) == ("one", 2.0)
    assert (other.name, other.parameters["beta"].default) == ("other", 1.0)


@pytest.mark.parametrize(
    ("formula", "name", "said"),
    [
        (lambda x: x, None, "Python identifier"),
        (lambda x: 1.0, "mine", "returns 1.0"),
        (lambda x: x, "gelu", "belongs to gelu"),
        (5, "mine", "text or a function of x"),
        (lambda: 5, "mine", "text or a function of x"),
        ("x*y", "mine", "y"),
        ("__import__('os')", "mine", "not a function"),
    ],
)
def test_what_is_no_formula_is_refused_in_one_sentence(formula: object, name: str | None, said: str) -> None:
    """The error says what is not understood."""
    with pytest.raises(ValueError, match=said) as refused:
        define(formula, name=name)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)


def test_a_parameter_the_function_does_not_have_is_refused() -> None:
    """Defaults given beside a function are numbers for its own parameters."""
    with pytest.raises(ValueError, match="no parameter 'gamma'"):
        define(_of_a_function, name="mine", gamma=2.0)
