"""How a function bends, measured on a grid: the doctor does not look an activation up, it asks it.

So a user's own activation, a parameter nobody foresaw and a catalogue entry are all treated alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

REACH = 30.0  # beyond this sigmoid(x) equals its limit in float32 to 1e-13
STEPS = 12001  # grid spacing 0.005
FLAT = 0.05  # share of the steepest slope below which a function counts as saturated: |z| > 4.36 sigmoid, 2.18 tanh
DEAD = 1e-3  # three decades: one such factor takes a gradient from ordinary to negligible


@dataclass(frozen=True)
class Shape:
    """The measured shape of one-dimensional function.

    best_slope: largest |slope|. low_flat, high_flat: the slope stays below FLAT of it towards that side. low, high:
    the infimum and supremum on the grid, infinite where it still moves at the end. dead_type: the low side is silent
    (value and slope 0), as in a rectifier. affine: a straight line.
    """

    best_slope: float
    low_flat: bool
    high_flat: bool
    low: float
    high: float
    dead_type: bool
    affine: bool
    grid: Tensor
    slopes: Tensor
    values: Tensor

    @property
    def saturating(self) -> bool:
        """Whether it is bounded and flat on both sides, and not a clipped rectifier."""
        return self.low_flat and self.high_flat and not self.dead_type

    def slope_second(self, mean: float, std: float) -> float:
        """E[f'(z)²] for z normal with this mean and standard deviation."""
        if not math.isfinite(mean) or not math.isfinite(std):
            return math.nan
        if std < 1e-6:
            index = int(torch.argmin((self.grid - mean).abs()))
            return float(self.slopes[index] ** 2)
        nodes = torch.linspace(-6, 6, 1201, dtype=torch.float64)
        weights = torch.exp(-(nodes**2) / 2)
        place = ((mean + std * nodes + REACH) / (2 * REACH) * (STEPS - 1)).clamp(0, STEPS - 1)
        below = place.floor().long().clamp(max=STEPS - 2)
        part = place - below
        slope = self.slopes[below] * (1 - part) + self.slopes[below + 1] * part
        return float((slope**2 * weights).sum() / weights.sum())


def measure(function: Callable[[Tensor], Tensor], like: Tensor) -> Shape | None:
    """The shape of a function of one number, given in the dtype and on the device of `like`; None if it has none."""
    dtype = like.dtype if like.dtype in (torch.float32, torch.float64) else torch.float32
    grid = torch.linspace(-REACH, REACH, STEPS, dtype=dtype, device=like.device, requires_grad=True)
    try:
        with torch.enable_grad():
            value = function(grid * 1.0)  # a non-leaf, so that in-place functions may overwrite it
            if value.shape != grid.shape or not value.is_floating_point():
                return None
            slope = torch.zeros_like(grid)
            if value.requires_grad:
                slope = torch.autograd.grad(value.sum(), grid)[0]
    except (RuntimeError, TypeError, ValueError, IndexError):
        return None
    x, y, slope = grid.detach().double().cpu(), value.detach().double().cpu(), slope.detach().double().cpu()
    if not torch.isfinite(y).all() or not torch.isfinite(slope).all():
        return None
    best = float(slope.abs().max())
    if best == 0:
        return None
    tail = STEPS // 6  # the outer sixth on each side: |x| > 20
    low_flat = bool((slope[:tail].abs() < FLAT * best).all())
    high_flat = bool((slope[-tail:].abs() < FLAT * best).all())
    settled = DEAD * best * (x[tail] - x[0])
    low_value, high_value = float(y[0]), float(y[-1])
    silent = low_flat and abs(low_value) < 1e-3 * best and bool((slope[:tail].abs() < DEAD * best).all())
    at_zero = float(y[STEPS // 2])
    moving = float((y[tail] - y[0]).abs()) > settled, float((y[-tail] - y[-1]).abs()) > settled
    smallest, largest = float(y.min()), float(y.max())
    return Shape(
        best_slope=best,
        low_flat=low_flat,
        high_flat=high_flat,
        low=-math.inf if smallest in (low_value, high_value) and any(moving) and smallest < -10 * best else smallest,
        high=math.inf if largest in (low_value, high_value) and any(moving) and largest > 10 * best else largest,
        dead_type=silent and (not high_flat or abs(at_zero) < 1e-3 * best),
        affine=bool((slope - slope.mean()).abs().max() < 1e-5 * best),
        grid=x,
        slopes=slope,
        values=y,
    )


def expected_dead_share(c: float, samples: int) -> float:
    """The share of units that are silent on all of `samples` inputs with pairwise correlation c, by chance.

    E over t~N(0,1) of Phi(-t sqrt(c/(1-c)))^samples: pre-activations of one unit are equicorrelated normals.
    """
    if c <= 0 or samples < 1:
        return 0.0
    ratio = math.sqrt(c / max(1 - c, 1e-9))
    nodes = torch.linspace(-8, 8, 3201, dtype=torch.float64)
    weights = torch.exp(-(nodes**2) / 2)
    log_probability = torch.special.log_ndtr(-nodes * ratio) * samples
    return float((torch.exp(log_probability) * weights).sum() / weights.sum())
