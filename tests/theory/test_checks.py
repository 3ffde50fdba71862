"""What entries state about themselves is measured; planted falsehoods are caught."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actlab.catalogue import ENTRIES, FACTS, Kink, find
from actlab.catalogue.lookup import define
from actlab.theory import holds, identical_pairs, undeclared_kinks


@pytest.mark.parametrize(("name", "fact"), [(entry.name, fact) for entry in ENTRIES.values() for fact in entry.facts])
def test_every_stated_fact_holds(name, fact):
    """Each word of an entry's facts is true by measurement."""
    assert holds(name, fact)


# each fact with an entry of which it is true and one of which it is false
WITNESSES = {
    "smooth": ("tanh", "elu"),
    "monotone": ("relu", "gelu"),
    "not monotone": ("mish", "tanh"),
    "odd": ("signum", "step"),
    "even": ("gaussian", "sinusoid"),
    "bounded": ("relu6", "relu"),
    "bounded below": ("silu", "log_sigmoid"),
    "bounded above": ("log_softmax", "softplus"),
    "convex": ("softplus", "selu"),
    "concave": ("log_sigmoid", "relu"),
    "not trainable by gradient": ("step", "hard_sigmoid"),
}


@pytest.mark.parametrize("fact", FACTS)
def test_every_word_has_a_check_that_can_say_no(fact):
    """Each word of the catalogue is measurable, and its measurement tells a true case from a false one."""
    true, false = WITNESSES[fact]
    assert holds(true, fact)
    assert not holds(false, fact)


def test_an_unknown_fact_is_refused():
    """A word that nothing measures raises ValueError and lists those that are."""
    with pytest.raises(ValueError, match="monotone"):
        holds("relu", "beautiful")


@pytest.mark.parametrize("name", ENTRIES)
def test_no_entry_hides_a_kink(name):
    """Every place where value or slope jumps is declared."""
    assert undeclared_kinks(name) == ()


@pytest.mark.parametrize(
    ("formula", "places"),
    [
        ("where(x > 0.3, x, 0.5*x)", (0.3,)),
        ("abs(x - 2)", (2.0,)),
        ("maximum(minimum(x, 1.25), 0)", (0.0, 1.25)),
        ("where(x*x > 2, x, 0)", (-(2**0.5), 2**0.5)),
    ],
)
def test_a_planted_kink_is_found(formula, places):
    """A kink that is not declared is reported, at its place."""
    assert undeclared_kinks(define(formula, "own_kinked")) == pytest.approx(places, abs=1e-9)


def test_an_entry_that_loses_its_declaration_is_caught():
    """Taking the declared kinks away from catalogue entries makes the check report them."""
    for name, places in (("relu6", (0.0, 6.0)), ("hard_sigmoid", (-3.0, 3.0)), ("step", (0.0,))):
        assert undeclared_kinks(replace(find(name), kinks=())) == pytest.approx(places)
    half = replace(find("relu6"), kinks=(Kink(0.0, 0.0),))
    assert undeclared_kinks(half) == pytest.approx((6.0,))


def test_a_smooth_but_steep_function_has_no_kink():
    """A steep rise is no corner."""
    assert undeclared_kinks(define("tanh(50*x)", "own_steep")) == ()


def test_coinciding_entries_are_reported():
    """Entries that are the same function at their defaults are listed, and a twin that is planted as well."""
    pairs = identical_pairs()
    assert ("silu", "swish") in pairs and ("elu", "celu") in pairs
    assert ("gelu", "gelu_tanh") not in pairs
    twin = replace(define("x*sigmoid(x)", "own_silu"), family="own")
    assert identical_pairs([find("silu"), find("relu"), twin]) == (("silu", "own_silu"),)
