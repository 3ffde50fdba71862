"""The comparison helpers can fail: on nothing, on unequal lengths, on NaN, on one ULP too many."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from actlab.catalogue import ENTRIES
from actlab.renderers import numpy_reference
from actlab.testing import check_activation, subject
from actlab.testing.comparison import close, counted, same_bits, ulp, ulps, within
from actlab.testing.oracle import mp


def test_comparing_nothing_is_a_failure() -> None:
    """An empty comparison proves nothing."""
    for compare in (
        lambda: counted(0, "it"),
        lambda: close([], [], [], "it"),
        lambda: same_bits(torch.zeros(0), torch.zeros(0), "it"),
        lambda: within(torch.zeros(0), torch.zeros(0, dtype=torch.float64), torch.zeros(0), "it"),
        lambda: check_activation("relu", [_compares_nothing]),
    ):
        with pytest.raises(AssertionError, match="nothing"):
            compare()


def _compares_nothing(asked: object) -> int:
    return 0


def test_unequal_lengths_are_a_failure() -> None:
    """The shorter side never decides how much is compared."""
    with pytest.raises(ValueError, match="zip"):
        close([1.0], [mp.mpf(1), mp.mpf(2)], [0.0], "it")
    with pytest.raises(AssertionError, match="shape"):
        same_bits(torch.zeros(1), torch.zeros(2), "it")
    with pytest.raises(AssertionError, match="shapes"):
        within(torch.zeros(1), torch.zeros(2, dtype=torch.float64), torch.zeros(2), "it")


@pytest.mark.parametrize(
    ("found", "truth"),
    [
        (1.0 + 1e-11, 1),
        (math.nan, 1),
        (1.0, None),
        (math.inf, 1),
        (1.0, mp.inf),
        (-math.inf, mp.inf),
        (0.0, mp.mpf("1e-290")),
        (1e308, mp.mpf("1e400")),
    ],
)
def test_a_wrong_number_is_a_failure(found: float, truth: object) -> None:
    """Off by more than the tolerance, NaN for a number, a number for NaN, a wrong infinity: all refused."""
    with pytest.raises(AssertionError):
        close([found], [mp.mpf(truth) if truth is not None else None], [0.0], "it")  # type: ignore[arg-type]


@pytest.mark.parametrize(("found", "truth"), [(1.0, 1), (math.nan, None), (math.inf, mp.inf), (0.0, mp.mpf("1e-400"))])
def test_a_right_number_is_counted(found: float, truth: object) -> None:
    """Equal numbers, NaN where there is no limit, and underflow pass and are counted."""
    assert close([found], [mp.mpf(truth) if truth is not None else None], [0.0], "it") == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_ulp_is_the_distance_between_neighbours(dtype: torch.dtype) -> None:
    """Measured against the format itself, at normal, small and subnormal numbers."""
    for size in (1.0, 1.5, 3.0, 1e-4, 1e-7):
        at = torch.tensor(size, dtype=dtype)
        neighbour = torch.nextafter(at, torch.tensor(math.inf, dtype=dtype))
        assert ulp(float(at), dtype) == float(neighbour) - float(at)
        assert ulps(float(neighbour), float(at), dtype) == 1.0
    assert ulps(math.nan, math.nan) == 0.0 and ulps(math.inf, 1.0) == math.inf


def test_one_ulp_too_many_is_a_failure() -> None:
    """`within` passes one ULP and refuses two, in every format."""
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        truth = torch.tensor([1.25], dtype=torch.float64)
        one = torch.nextafter(torch.tensor([1.25], dtype=dtype), torch.tensor([2.0], dtype=dtype))
        two = torch.nextafter(one, torch.tensor([2.0], dtype=dtype))
        assert within(one, truth, truth, "it") == (1, 1.0)
        with pytest.raises(AssertionError, match=r"2\.00 ULP"):
            within(two, truth, truth, "it")
        for wrong in (math.nan, math.inf):
            with pytest.raises(AssertionError):
                within(torch.tensor([wrong], dtype=dtype), truth, truth, "it")


def test_bits_include_dtype_and_the_sign_of_zero() -> None:
    """-0 is not 0, float32 is not float64, and NaN equals NaN."""
    assert same_bits(torch.tensor([math.nan, 1.0]), torch.tensor([math.nan, 1.0]), "it") == 2
    with pytest.raises(AssertionError, match="differ"):
        same_bits(torch.tensor([-0.0]), torch.tensor([0.0]), "it")
    with pytest.raises(AssertionError, match="dtype"):
        same_bits(torch.zeros(1), torch.zeros(1, dtype=torch.float64), "it")


def test_a_missing_cell_is_noticed() -> None:
    """The completeness check of renderers reports exactly the cell that was taken away."""
    from dataclasses import replace

    from tests.renderers.test_spelling import missing_cells

    cells = {name: cell for name, cell in numpy_reference.TABLE.cells.items() if name != "erf"}
    assert missing_cells(replace(numpy_reference.TABLE, cells=cells)) == {"erf"}
    assert missing_cells(numpy_reference.TABLE) == set()


def test_a_formula_printed_without_precedence_is_noticed() -> None:
    """The reader of printed formulas sees 1.18 where gelu is 0.84, if parentheses are forgotten."""
    from tests.renderers.formula_reader import read

    right = r"\frac{1}{2}\,x\,\left(1 + \operatorname{erf}\left(\frac{x}{\sqrt{2}}\right)\right)"
    wrong = r"\frac{1}{2}\,x\,1 + \operatorname{erf}\left(\frac{x}{\sqrt{2}}\right)"
    assert math.isclose(read(right)({"x": 1.0}), 0.8413447, abs_tol=1e-6)
    assert math.isclose(read(wrong)({"x": 1.0}), 1.1826895, abs_tol=1e-6)
    with pytest.raises(AssertionError):
        read(r"\frac{1}{2")


def test_the_truth_of_a_subject_reads_the_value_only() -> None:
    """The oracle answers for a formula even when the numbers under test are nonsense."""
    honest = subject("gelu")
    assert ENTRIES["gelu"].value is honest.entry.value
    assert abs(float(honest.truth(1.0)) - 0.8413447460685429) < 1e-15
    assert np.isnan(honest.numbers(0, np.array([math.nan]))[0])
