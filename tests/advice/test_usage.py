"""Usage sentences follow from properties, for any entry, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from actlab import advice
from actlab.advice import use
from actlab.advice.facts import Facts
from actlab.advice.usage import WHEN, WHEN_NOT
from actlab.catalogue import ENTRIES
from actlab.catalogue.lookup import define
from actlab.theory import properties

CHINESE = re.compile(r"[\u4e00-\u9fff]")
OWN = [
    define("log(x)", "own_log"),
    define("0.3*tanh(x)+0.1", "own_offset"),
    define("x*x*x", "own_cube"),
    define("tanh(50*x)", "own_steep"),
]


@pytest.mark.parametrize("entry", [*ENTRIES.values(), *OWN], ids=lambda entry: entry.name)
def test_every_entry_is_told_when_to_use_and_when_not(entry):
    """Each entry, a user's own as well, gets sentences of both kinds, in both languages, with no hole left."""
    usage = use(entry)
    assert usage.when
    assert usage.when_not
    for sentence in (*usage.when, *usage.when_not):
        assert sentence["en"].endswith(".") and not CHINESE.search(sentence["en"])
        assert sentence["zh"].endswith("。") and CHINESE.search(sentence["zh"])
        assert not re.search(r"[{}]|\bnan\b|\binf\b|None", sentence["en"] + sentence["zh"])


def test_every_sentence_is_said_of_some_entry():
    """No sentence is dead: each is true of some entry or own function."""
    facts = [Facts(properties(entry), entry) for entry in (*ENTRIES.values(), *OWN)]
    for remark in (*WHEN, *WHEN_NOT):
        assert any(remark.true(each) for each in facts), remark.en


@pytest.mark.parametrize(
    ("name", "kind", "fragment"),
    [
        ("sigmoid", "when", "between 0 and 1"),
        ("sigmoid", "when_not", "0.14 of its norm per layer"),
        ("relu", "when_not", "stays dead"),
        ("relu", "when", "gain 1.414"),
        ("selu", "when", "stable fixed point"),
        ("tanh", "when", "never beyond 1"),
        ("identity", "when_not", "one linear layer"),
        ("step", "when_not", "gradient descent"),
        ("gelu", "when_not", "1.144 per layer"),
        ("softplus", "when", "must be positive"),
        ("softmax", "when_not", "CrossEntropyLoss"),
        ("mish", "when_not", "3 transcendental calls"),
        ("sinusoid", "when", "6.283"),
        ("absolute", "when_not", "x and -x"),
    ],
)
def test_usage_says_what_the_field_knows(name, kind, fragment):
    """Well-known strengths and weaknesses appear, with their computed numbers."""
    assert any(fragment in sentence["en"] for sentence in getattr(use(name), kind))


def test_usage_follows_the_parameters():
    """A leaky slope of 0 dies like ReLU, one of 0.2 does not."""
    dead = [any("stays dead" in s["en"] for s in use("leaky_relu", negative_slope=a).when_not) for a in (0.0, 0.2)]
    assert dead == [True, False]


def test_no_name_is_typed_in_the_usage_rules():
    """The sentences hang on properties: no entry's name stands in their source as a word of its own."""
    source = (Path(advice.__file__).parent / "usage.py").read_text(encoding="utf-8")
    quoted = set(re.findall(r'"([a-z_0-9]+)"', source))
    assert not quoted & set(ENTRIES)


def test_both_lists_can_be_had_in_one_language():
    """`explain` gives the two lists as plain sentences."""
    when, when_not = use("tanh").explain("zh")
    assert when and when_not and all(CHINESE.search(text) for text in (*when, *when_not))
