"""Formulas whose number of pieces is chosen: shaped entries, their modules and functions, and what is refused."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
import torch

import actlab
from actlab.catalogue import ENTRIES, Entry, Kink, activation, learned
from actlab.catalogue.counts import count, each
from actlab.language import tanh
from actlab.testing import NUMBER_CHECKS, TENSOR_CHECKS, check_activation
from actlab.testing.precision import single_precision
from actlab.testing.tensor_checks import gradcheck, tensor_parameters

WITH_COUNTS = [entry for entry in ENTRIES.values() if entry.counts and entry.kind == "pointwise"]
each_entry = pytest.mark.parametrize("entry", WITH_COUNTS, ids=lambda e: e.name)

# (entry, check) that does not hold at the larger size, and why
BEYOND = {
    ("rational", single_precision): "a higher polynomial cancels more: 9 units in the last place of float32, not 8",
}


def _larger(entry: Entry) -> Entry:
    """The entry with every count one step up."""
    return entry.shaped(**{name: row.default + row.step for name, row in entry.counts.items()})


@each_entry
def test_a_larger_number_of_pieces_passes_the_contract(entry: Entry) -> None:
    """Numbers, tensors and gradients hold beside the default size: the pieces and their kinks are counted right."""
    left_out = [check for name, check in BEYOND if name == entry.name]
    checks = [
        check for check in (*NUMBER_CHECKS, *TENSOR_CHECKS, gradcheck, tensor_parameters) if check not in left_out
    ]
    assert min(check_activation(_larger(entry), checks).values()) > 0


def test_exceptions_name_entries_with_counts() -> None:
    """No exception outlives its reason."""
    assert {name for name, _ in BEYOND} <= {entry.name for entry in WITH_COUNTS}


@each_entry
def test_a_shaped_entry_is_made_once_and_travels(entry: Entry) -> None:
    """The same counts give the same object, also through pickle; the default counts give the entry itself."""
    larger = _larger(entry)
    assert larger is not entry and larger.name == entry.name and larger.family == entry.family
    assert len(larger.parameters) > len(entry.parameters)
    assert _larger(entry) is larger is larger.shaped()
    assert larger.shaped(**entry.sizes) is entry is entry.shaped(**entry.sizes)
    assert pickle.loads(pickle.dumps(larger)) is larger is copy.deepcopy(larger)


@each_entry
def test_every_door_takes_the_counts(entry: Entry) -> None:
    """create, the class, the function, value, slope and properties mean the same by them."""
    larger = _larger(entry)
    x = torch.linspace(-3.3, 3.1, 23, dtype=torch.float64)
    expected = torch.from_numpy(actlab.value(larger, x.numpy()).copy())
    made = actlab.create(entry.name, **larger.sizes).double()
    assert made.entry is larger and type(made) is type(actlab.create(entry.name))
    torch.testing.assert_close(made(x), expected, rtol=1e-6, atol=1e-7)
    function = getattr(actlab.functional, entry.name)
    torch.testing.assert_close(function(x, **larger.sizes), expected, rtol=1e-13, atol=1e-15)
    assert torch.equal(torch.from_numpy(actlab.value(entry.name, x.numpy(), **larger.sizes).copy()), expected)
    slopes = [actlab.slope(asked, x.numpy(), **sizes) for asked, sizes in ((larger, {}), (entry, larger.sizes))]
    assert (slopes[0] == slopes[1]).all()
    assert actlab.properties(entry.name, **larger.sizes) == actlab.properties(larger)
    assert all(f"{name}={size}" in repr(made) for name, size in larger.sizes.items())


@each_entry
def test_a_module_of_another_size_survives_copying(entry: Entry) -> None:
    """pickle and deepcopy keep the number of pieces, per channel as well; the class stays that of the entry."""
    made = actlab.create(entry.name, num_parameters=3, **_larger(entry).sizes)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.rand_like(parameter) / 10)
    x = torch.randn(2, 3, 5)
    for again in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert type(again) is type(made) and again.entry is made.entry
        assert torch.equal(again(x), made(x))


def test_numbers_of_added_pieces_can_be_given() -> None:
    """The parameters are those of the chosen size, as numbers and as tensors."""
    x = torch.tensor([-2.0, 1.0], dtype=torch.float64)
    numbers = {"a1": 0.0, "a2": 0.0, "a3": 0.5, "b3": 1.0}
    expected = torch.tensor([1.5, 1.0], dtype=torch.float64)
    assert torch.equal(actlab.functional.apl(x, hinges=3, **numbers), expected)
    assert torch.equal(actlab.functional.apl(x, hinges=3, **numbers | {"a3": torch.tensor(0.5)}), expected)
    made = actlab.nn.Apl(hinges=3, **numbers)
    assert torch.equal(made(x), expected) and made.a3.requires_grad


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: actlab.nn.Apl(hinges=0), "apl: hinges must be a whole number from 1 to 32, not 0"),
        (lambda: actlab.create("apl", hinges=2.0), "hinges must be a whole number from 1 to 32, not 2.0"),
        (lambda: actlab.create("apl", hinges=True), "hinges must be a whole number"),
        (lambda: actlab.functional.linear_spline(torch.ones(1), knots=8), "from 3 to 65 in steps of 2, not 8"),
        (lambda: actlab.nn.Apl(hinges=3, a4=1.0), "its arguments are"),
        (lambda: actlab.nn.Apl(knots=3), "its arguments are"),
        (lambda: actlab.value("apl", 0.0, hinges=3, a4=1.0), "apl has no parameter 'a4'"),
        (lambda: ENTRIES["apl"].shaped(knots=3), "apl has no count 'knots'; its counts are hinges"),
        (lambda: ENTRIES["relu"].shaped(hinges=3), "relu has no count 'hinges'; it has no number of pieces"),
    ],
)
def test_a_bad_count_is_one_sentence_with_the_allowed_set(make: Callable[[], object], text: str) -> None:
    """Every refusal names the count and what it may be, on one line."""
    with pytest.raises((ValueError, TypeError)) as refusal:
        make()
    assert text in str(refusal.value) and "\n" not in str(refusal.value)


# what the definitions below declare
_UP_TO_FOUR, _ONE = count(2, high=4), count(1)
_WEIGHTS, _SLOPES = each("waves", learned(0.5), first=0, extra=-1), each("n", learned(1.0))
_PLACES = each("n", learned(0.0), lambda k, n: k / n)


def _waves(x, waves=_UP_TO_FOUR, a=_WEIGHTS):  # type: ignore[no-untyped-def]
    """A sum of hyperbolic tangents, each twice as steep as the one before."""
    total = a[0] * tanh(x)
    for k, weight in enumerate(a[1:], start=1):
        total = total + weight * tanh(2**k * x)
    return total


def test_a_definition_of_ones_own_can_have_counts() -> None:
    """`define` reads them from a function; a copy read from a file keeps its size and says so."""
    own = actlab.define(_waves, name="waves")
    assert list(own.parameters) == ["a0", "a1"] and list(own.shaped(waves=4).parameters) == ["a0", "a1", "a2", "a3"]
    made = actlab.create(own, waves=3)
    x = torch.randn(7)
    again = pickle.loads(pickle.dumps(made))
    assert torch.equal(again(x), made(x))
    with pytest.raises(ValueError, match="read from a file, keeps waves=3"):
        again.entry.shaped(waves=4)


def test_two_families_cannot_make_one_name() -> None:
    """a1 of one family and a parameter called a1 are told apart when the entry is declared."""

    def doubled(x, n=_ONE, a=_SLOPES, a1=2.0):  # type: ignore[no-untyped-def]
        """A sum in which one name is used twice."""
        return a[0] * x + a1

    with pytest.raises(ValueError, match="two parameters are called 'a1'"):
        activation(source="a test", zh="测试用的函数。")(doubled)


def test_kinks_follow_the_count() -> None:
    """Kinks given as a function are those of the size asked for."""

    def hinged(x, n=_ONE, b=_PLACES):  # type: ignore[no-untyped-def]
        """A sum of distances."""
        return sum((abs(x - place) for place in b[1:]), abs(x - b[0]))

    kinks: Callable[..., tuple[Kink, ...]] = lambda n: tuple(Kink(f"b{k}", 0.0) for k in range(1, n + 1))  # noqa: E731
    entry = activation(source="a test", zh="测试用的函数。", kinks=kinks)(hinged)
    assert [kink.at for kink in entry.shaped(n=3).kinks] == ["b1", "b2", "b3"] and len(entry.kinks) == 1
