"""What the catalogue says about each function is complete, consistent and measured."""

from __future__ import annotations

import math
import unicodedata

import pytest
import torch

import actlab
from actlab import functional
from actlab.catalogue import ENTRIES, FACTS, KINDS, Entry, find
from actlab.catalogue.registry import collect, plain
from actlab.language import OPERATIONS, walk
from actlab.language.derivative import DERIVATIVES
from actlab.testing import oracle
from actlab.testing.comparison import close
from actlab.testing.number_checks import FACT_CHECKS

LIBRARIES = {"torch", "keras", "jax"}  # the names of others are in the table of dialects


def _is_chinese(text: str) -> bool:
    return any("CJK" in unicodedata.name(letter, "") for letter in text)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda e: e.name)
def test_entry_says_what_only_a_person_can_know(entry: Entry) -> None:
    """Summary and notes in both languages, a source, a family, a known kind, and a value computed by hand."""
    assert entry.summary("en").endswith(".") and not _is_chinese(entry.summary("en"))
    assert entry.summary("zh").endswith("。") and _is_chinese(entry.summary("zh"))
    assert entry.source.strip()
    assert entry.family and entry.kind in KINDS
    assert set(entry.notes) in (set(), {"en", "zh"})
    assert all(_is_chinese(text) == (lang == "zh") for lang, text in entry.notes.items())
    assert set(entry.elsewhere) <= LIBRARIES
    assert entry.rows if entry.along_axis else entry.points, "no value computed by hand"
    assert len(set(entry.facts)) == len(entry.facts)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda e: e.name)
def test_every_name_and_alias_finds_its_entry(entry: Entry) -> None:
    """Names are snake_case, and every spelling of every name leads to the entry."""
    for name in (entry.name, *entry.aliases):
        assert name == name.lower() and name.isidentifier()
        assert find(name) is find(plain(name).upper()) is entry


def test_two_entries_cannot_share_a_name() -> None:
    """A duplicate name is an error when the catalogue is collected, not a silent replacement."""
    import types

    first, second = types.ModuleType("one"), types.ModuleType("two")
    for module in (first, second):
        module.relu, module.TITLE = ENTRIES["relu"], {"en": "One", "zh": "一"}  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="relu"):
        collect(first, second)


def test_every_fact_can_be_measured() -> None:
    """No entry can state a word that the conformance suite does not measure."""
    assert set(FACT_CHECKS) == set(FACTS)
    assert {fact for entry in ENTRIES.values() for fact in entry.facts} <= set(FACTS)
    assert sum(len(entry.facts) for entry in ENTRIES.values()) > 50


def test_every_primitive_has_a_derivative_and_an_independent_judge() -> None:
    """A primitive is complete when the derivative table and the 60-digit oracle know it."""
    assert set(DERIVATIVES) == set(OPERATIONS)
    assert set(OPERATIONS) == oracle.KNOWN


def test_formulas_and_their_derivatives_use_known_primitives_only() -> None:
    """Value and slope of every entry are made of rows of the operations table."""
    used = {node.op for entry in ENTRIES.values() for expr in (entry.value, entry.slope) for node in walk(expr)}
    assert used - {"symbol", "constant"} <= set(OPERATIONS)
    assert len(used) > 15


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES.values() if entry.facts], ids=lambda e: e.name)
def test_theory_agrees_with_the_facts_entries_state(entry: Entry) -> None:
    """The properties that `actlab.theory` computes hold what each entry states."""
    from actlab import theory

    for fact in entry.facts:
        assert theory.holds(entry, fact), f"{entry.name} is said to be {fact!r}; theory disagrees"


# Printed tables of four functions on x = (1, -2, 3, -5), recomputed with a pocket calculator to four places.
_PRINTED = {
    "tanh": ({}, (0.7616, -0.9640, 0.9951, -0.9999)),
    "softmax": ({"dim": 0}, (0.1185, 0.0059, 0.8753, 0.0003)),
    "leaky_relu": ({"negative_slope": 0.2}, (1.0, -0.4, 3.0, -1.0)),
    "elu": ({}, (1.0, -0.8647, 3.0, -0.9933)),
}


@pytest.mark.parametrize("name", _PRINTED)
def test_tutorial_numbers_come_out(name: str) -> None:
    """The four-place numbers a reader finds in a correct tutorial are the ones computed."""
    params, expected = _PRINTED[name]
    y = getattr(functional, name)(torch.tensor([1.0, -2.0, 3.0, -5.0]), **params)
    assert [round(float(v), 4) for v in y] == list(expected)


def test_the_left_tail_of_gelu_keeps_its_digits() -> None:
    """gelu(-10) is -7.6199e-23, which every formula with 1 + erf loses, in numpy and in torch."""
    truth = [oracle.mp.mpf("-7.619853024160526065973343251599308363504e-23")]  # -10 times the tabulated Phi(-10)
    for y in (actlab.value("gelu", [-10.0]), functional.gelu(torch.tensor([-10.0], dtype=torch.float64))):
        close(y, truth, [-10.0], "gelu")
    assert math.isclose(float(functional.gelu(torch.tensor(-10.0))), -7.6199e-23, rel_tol=1e-4)
