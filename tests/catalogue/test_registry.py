"""Listing names is quick because nothing but names is made; everything else about an entry comes when asked for."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import fields

import pytest

from actlab.catalogue import ENTRIES, Entry, activation
from actlab.language import Expr


def test_listing_names_builds_no_formula() -> None:
    """names() and a look-up by name leave every other entry as it was declared; asking for a formula completes one."""
    program = """
import actlab
from actlab.catalogue import ENTRIES

family = actlab.entry("LeakyReLU").family
assert len(actlab.names()) > 400 and "leaky_relu" in actlab.names(kind="pointwise", family=family)
assert all("value" not in vars(entry) for entry in ENTRIES.values())
assert actlab.entry("gelu").value is actlab.entry("gelu").value
assert [entry.name for entry in ENTRIES.values() if "value" in vars(entry)] == ["gelu"]
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=120)


def test_what_an_entry_does_not_state_is_not_taken_from_its_class() -> None:
    """An entry that is not complete yet must never answer with an empty default: no field is a class attribute."""
    for field in fields(Entry):
        assert field.name not in vars(Entry), field.name


def test_every_entry_can_be_completed() -> None:
    """Every declaration of the catalogue, read late, is sound: a formula, and the parameters that it uses."""
    for entry in ENTRIES.values():
        assert isinstance(entry.value, Expr) and entry.parameters is not None
        assert all(name in vars(entry) for name in Entry.__dataclass_fields__)


def test_what_no_entry_has_is_an_attribute_error() -> None:
    """A misspelled attribute is not completed into anything."""
    with pytest.raises(AttributeError, match="no 'formula'"):
        ENTRIES["gelu"].formula  # type: ignore[attr-defined]  # noqa: B018


def test_an_entry_of_ones_own_is_complete_and_checked_at_once() -> None:
    """A mistake in a declaration outside the catalogue shows where it is made, not later."""
    with pytest.raises(ValueError, match="'scale' is not used"):

        @activation(source="a test", zh="测试用的函数。")
        def careless(x, scale=1.0):  # type: ignore[no-untyped-def]
            """The input."""
            return 2 * x


def test_an_incomplete_entry_travels_by_its_name() -> None:
    """Pickled before anything was asked of it, an entry is the same object on arrival."""
    for entry in ENTRIES.values():
        assert pickle.loads(pickle.dumps(entry)) is entry
