"""No entry is another one under a second name; those that start out alike differ by what their parameters can do."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, permutations
from math import nan

import numpy as np
import pytest

from actlab.catalogue import ENTRIES, Entry, activation
from actlab.language import tanh
from actlab.theory import fingerprint, identical_pairs

# numbers without a relation to each other, within the bounds of most parameters
_SETTINGS = ((0.83, 1.31, 0.57, 1.72, 0.41), (1.43, 0.61, 1.87, 0.77, 1.19))

# Why entries that are the same function at their defaults are still several: what the parameters make of it.
# Every group holds entries that coincide; an entry may stand in one group only.
COINCIDE: dict[tuple[str, ...], str] = {
    ("relu", "s_shaped_relu", "shi_lu", "splash", "rowdy_relu"): (
        "Two thresholds and slopes, a slope and an offset, learned slopes between fixed hinges, learned harmonics."
    ),
    ("prelu", "rp_relu"): "rp_relu moves the corner.",
    ("leaky_relu", "pilu", "linear_spline"): (
        "pilu learns both slopes and slides the corner along the diagonal, linear_spline learns a height per knot."
    ),
    ("elu", "celu", "pelu", "sh_elu", "sv_elu", "psh_elu"): (
        "alpha means depth (elu), depth and rate at once (celu) or the slope on the right as well (pelu); "
        "sh_elu moves the curve sideways, sv_elu up, psh_elu sideways with the parameters of pelu."
    ),
    ("selu", "sselu"): "sselu learns the three constants that selu fixes.",
    ("gelu", "p_gelu", "x_gelu"): "p_gelu widens the gate, x_gelu lets it leave the interval from 0 to 1.",
    ("silu", "swish", "acon_c", "x_silu", "leaf", "b_spline", "aria"): (
        "leaf adds a slope and two offsets, swish steepens the gate, acon_c switches between two lines, "
        "x_silu lets the gate leave the interval from 0 to 1, b_spline adds a learned spline, "
        "aria shapes the gate by six constants."
    ),
    ("hard_tanh", "adaptive_hard_tanh", "sv_hard_tanh"): (
        "hard_tanh moves its ends, adaptive_hard_tanh its slope and centre, sv_hard_tanh its height."
    ),
    ("relu6", "keras_relu"): "keras_relu moves the ceiling and has a threshold with a slope below it.",
    ("logish", "lau"): "lau learns the height and the rate that logish fixes.",
    ("aptx", "ulu"): "aptx moves the gate up and scales it, ulu gives either side a rate of its own.",
    ("sign_relu", "pfplus"): "sign_relu scales the negative side, pfplus the whole and the rate at which it saturates.",
    ("hard_shrink", "shrink"): "shrink subtracts a bias of its own beyond the threshold, as in ONNX.",
    ("snake", "snake_beta"): "snake has one parameter for frequency and size, snake_beta one for each.",
    ("identity", "uaf", "chpaf"): (
        "uaf is a difference of two softplus curves that can become nearly any other activation, chpaf any cubic."
    ),
    ("siren", "incode"): "incode sets the amplitude, phase and offset of the sine free as well.",
    ("sigmoid", "variant_sigmoid", "psf", "shifted_scaled_sigmoid"): (
        "variant_sigmoid scales and shifts the output, shifted_scaled_sigmoid the input, psf takes a power."
    ),
    ("tanh", "soboleva_tanh", "taaf_tanh"): "soboleva_tanh rates four exponentials apart, taaf_tanh scales and shifts.",
    ("softsign", "scaled_softsign"): "scaled_softsign learns its height and width.",
    ("symmetrical_sigmoid", "dyt"): "dyt learns a rate, a scale and an offset, in place of a normalisation layer.",
    ("softmax_off_by_one", "softmax_sink"): "softmax_sink learns its score, softmax_off_by_one fixes a count.",
    ("entmax15", "alpha_entmax"): "alpha_entmax moves between softmax and sparsemax, entmax15 is its closed middle.",
    ("reglu", "fatreglu"): "fatreglu moves the threshold of its gate.",
    ("geglu", "x_geglu"): "x_geglu lets its gate leave the interval from 0 to 1.",
    ("swiglu", "x_swiglu"): "x_swiglu lets its gate leave the interval from 0 to 1.",
    ("bent_identity", "blu"): "blu learns how far it bends.",
    ("bfire", "even_power_linear"): "bfire widens its parabola, even_power_linear makes it a flatter power.",
    ("calu", "x_atlu"): "x_atlu lets its gate leave the interval from 0 to 1.",
    ("tanh_soft", "tanh_soft2"): "tanh_soft blends in a softplus and a line that tanh_soft2 leaves out.",
    ("eis", "eis2"): "eis frees the five constants that eis2 fixes.",
}

# The same function at all parameters, kept twice all the same.
TWINS = {("leaky_relu", "prelu"): "torch has both: a slope that stays and, under another name, one that is learned."}


def _numbers(entry: Entry) -> tuple[str, ...]:
    return tuple(name for name, row in entry.parameters.items() if row.settable)


def _at(entry: Entry, names: tuple[str, ...], numbers: tuple[float, ...]) -> tuple[str, bytes] | None:
    """What the entry may be compared with and its numbers there, to nine digits; None where they are not allowed."""
    try:
        group, y = fingerprint(entry, **dict(zip(names, numbers, strict=False)))
    except ValueError:
        return None
    return group, np.array([float(f"{v:.9e}") + 0.0 for v in np.nan_to_num(y, nan=nan)]).tobytes()


def same_family(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """Pairs with equally many parameters that agree at every setting of them, in one order or another."""
    # a formula with a number of pieces is compared with as few as it can have
    least = (entry.shaped(**{name: count.low for name, count in entry.counts.items()}) for entry in entries)
    seen: dict[tuple[tuple[str, bytes] | None, ...], str] = {}
    found: list[tuple[str, str]] = []
    for entry in least:
        names = _numbers(entry)
        # beyond five parameters, 720 orders and more, the declared one stands for all
        chosen_orders = permutations(names) if len(names) <= 5 else (names,)
        orders = {tuple(_at(entry, order, setting) for setting in _SETTINGS) for order in chosen_orders}
        orders = {key for key in orders if None not in key}
        found += sorted({(seen[key], entry.name) for key in orders if seen.get(key, entry.name) != entry.name})
        seen.update(dict.fromkeys(orders, entry.name))
    return found


def test_no_entry_is_another_one_renamed() -> None:
    """Two names of one function are a name and an alias, not two entries."""
    assert same_family(ENTRIES.values()) == list(TWINS)


def test_entries_that_coincide_at_their_defaults_are_listed_with_a_reason() -> None:
    """The table names exactly the entries that are the same function at their defaults, and says why both stay."""
    listed = {frozenset(pair) for group in COINCIDE for pair in combinations(group, 2)}
    found = {frozenset(pair) for pair in identical_pairs()}
    assert sorted(map(sorted, found - listed)) == [], "the same function at their defaults"
    assert sorted(map(sorted, listed - found)) == [], "they differ: remove them from the table"
    assert all(reason.endswith(".") for reason in COINCIDE.values())


@activation(source="a test", zh="测试用的函数。", points={0.0: 0.0})
def stretched(x, by=2.0):  # type: ignore[no-untyped-def]
    """A tanh of a stretched input."""
    return tanh(by * x)


@activation(source="a test", zh="测试用的函数。", points={0.0: 0.0})
def quickened(x, rate=3.0):  # type: ignore[no-untyped-def]
    """The same with another name for its parameter, and another default."""
    return tanh(rate * x)


def test_a_renamed_entry_is_caught() -> None:
    """Canary: another name, another parameter name and another default do not make another function."""
    assert same_family([stretched, quickened, ENTRIES["tanh"]]) == [("stretched", "quickened")]


@pytest.mark.parametrize("group", COINCIDE, ids="-".join)
def test_coinciding_entries_part_when_their_parameters_move(group: tuple[str, ...]) -> None:
    """Of entries that coincide at most one has no parameters; every other can leave the rest."""
    rigid = [name for name in group if not ENTRIES[name].parameters]
    assert len(rigid) <= 1, f"{rigid} are one function"
