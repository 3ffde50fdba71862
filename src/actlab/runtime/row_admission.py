"""Which compiled row kernels may stand in for an along-axis formula: those that agree with it on hard rows.

The judge is the torch text in float64, its gradient by autograd. An element may be off by `MOST` units in the last
place, by what rounding the scores to float32 does to it, or by no more than the torch text of float32 loses somewhere
in the same row; NaN and infinities have to be where they belong.
"""

from __future__ import annotations

import hashlib
import math
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from ..renderers.llvm_rows import rows_text
from ..renderers.row_lines import RowPlan
from ..renderers.spelling import CannotSpell
from .machine import keep, kept, machine
from .rows import compiled_rows, plans, run_rows

if TYPE_CHECKING:
    from .axis import AxisKernel

MOST = 8.0
_RULES = 2  # of this file; verdicts under other rules are not read
_LENGTHS = (1, 2, 3, 5, 31, 32, 33, 64, 70, 257, 1000, 4097)
_UNIT = 2.0**-23


class Admission(NamedTuple):
    """Whether the kernels of value and gradient passed."""

    value: bool
    gradient: bool


@cache
def hard_rows(length: int) -> Tensor:
    """Rows of every temper: spread, crowded, tied, equal, masked, overflowing, not numbers."""
    places = torch.arange(length, dtype=torch.float64)
    waves = torch.sin(places * 12.9898) * 43758.5453
    spread = (waves - waves.floor() - 0.5) * 6.0
    ties = torch.where(places % 7 == 0, 1.5, spread - 3.0)
    alone = torch.where(places == length // 2, 5.0, -5.0)
    masked = torch.where(places % 3 == 1, -math.inf, spread)
    rows = [spread * size for size in (0.0, 1e-30, 1e-4, 0.1, 1.0, 5.0, 40.0, 1e4, 1e30)]
    rows += [spread + 1000.0, spread - 1000.0, places / length, -places, ties, alone, masked, masked * 0.01]
    rows += [torch.full_like(places, number) for number in (0.3, -7.0, 1e38, -math.inf)]
    for number in (math.nan, math.inf):
        rows.append(torch.where(places == length // 3, number, spread))
    return torch.stack(rows).to(torch.float32)


def _text(kernel: AxisKernel, x: Tensor, along: Tensor) -> tuple[Tensor, Tensor]:
    """Value and gradient by the torch text."""
    with torch.enable_grad():
        at = x.clone().requires_grad_()
        y = kernel.text(at, -1)
        (gradient,) = torch.autograd.grad(y, at, along) if y.requires_grad else (torch.zeros_like(at),)
    return y.detach(), gradient


def _agrees(found: Tensor, truth: Tensor, text: Tensor, moved: Tensor, reach: Tensor) -> Tensor:
    """Where an element is right; reach: of what size the numbers are that cancel in its row."""
    y = found.to(torch.float64)
    unit = torch.exp2((torch.frexp(truth.abs())[1].to(torch.float64) - 1).clamp(min=-126)) * _UNIT
    lost = torch.nan_to_num((text.to(torch.float64) - truth).abs(), 0.0, 0.0).amax(-1, keepdim=True)
    bent = torch.nan_to_num((moved - truth).abs(), 0.0, 0.0)
    same = (y == truth.to(torch.float32).to(torch.float64)) | (y.isnan() & (truth.isnan() | text.isnan()))
    # below the smallest normal number arithmetic may give 0
    return same | ((y - truth).abs() <= MOST * unit + 2 * lost + bent + 2 * _UNIT * reach + 2.0**-126)


def judged(kernel: AxisKernel, value: RowPlan, gradient: RowPlan | None) -> Admission:
    """How kernels compare with the formula, on rows of every length asked for."""
    right, slopes_right = True, gradient is not None
    for length in _LENGTHS:
        x = hard_rows(length)
        along = torch.cos(torch.arange(x.numel(), dtype=torch.float32)).reshape(x.shape)
        wide, far = x.to(torch.float64), along.to(torch.float64)
        truths = _text(kernel, wide, far)
        texts = _text(kernel, x, along)
        # scores and largest score are rounded before their difference is taken
        signs = 1 - 2.0 * (torch.arange(length) % 2)
        bent = _text(kernel, wide * (1 + _UNIT * signs), far)
        y, sums = run_rows(compiled_rows(value), (x,), leave=True)
        right &= bool(_agrees(y, truths[0], texts[0], bent[0], torch.zeros(())).all())
        if gradient is not None:
            pulled = run_rows(compiled_rows(gradient), (x, along), sums)
            reach = far.abs().amax(-1, keepdim=True)
            fine = _agrees(pulled, truths[1], texts[1], bent[1], reach)
            # what reaches a row that is no number is no number in one place or another of the text
            fine |= truths[0].isnan().any(-1, keepdim=True)
            slopes_right &= bool(fine.all())
    return Admission(right, right and slopes_right)


def admitted(kernel: AxisKernel) -> Admission:
    """The verdict on a formula's kernels, found once per machine. Raises CannotSpell and machine.Unavailable."""
    value, gradient = plans(kernel.expr)
    about = f"rows {_RULES} {torch.__version__} {machine().name}\0{rows_text(value)}"
    try:
        about += rows_text(gradient) if gradient else ""
    except CannotSpell:
        gradient = None
    place = hashlib.sha256(about.encode()).hexdigest()
    known = kept(place)
    if known is not None:
        return Admission(*[word == "passed" for word in known.decode().split()])
    verdict = judged(kernel, value, gradient)
    keep(place, " ".join("passed" if one else "failed" for one in verdict).encode())
    return verdict
