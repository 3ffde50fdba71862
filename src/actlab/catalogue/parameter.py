"""The constants of a formula: their defaults, whether training changes them, and the values they may take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

# What a random entry may draw from, with the mean that evaluation uses; a uniform draw has that of its bounds.
LAWS = {
    "normal": 0.0,
    "half-normal": math.sqrt(2 / math.pi),
    "logistic": 0.0,
    "gumbel": 0.0,  # drawn less Euler's constant, its usual mean, which no softmax sees
}


class Draw(NamedTuple):
    """What a parameter is drawn from in training: one of `LAWS`, or "uniform" between two other parameters."""

    law: str
    bounds: tuple[str, ...] = ()

    def mean(self, values: Mapping[str, float]) -> float:
        """The expected draw, given the other parameters' numbers."""
        return LAWS[self.law] if self.law in LAWS else sum(values[bound] for bound in self.bounds) / 2


@dataclass(frozen=True)
class Parameter:
    """A constant of a formula: its default, whether training changes it, and the values it may take.

    `above`/`below` exclude the bound, `low`/`high` include it. `shared`: one number for the whole layer even where the
    others are learned per channel. `draw`: a random entry draws this one in training; in evaluation it is the mean.
    `operand`: not a constant but the second input of a gated unit, 1 where the gate is looked at alone.
    """

    default: float | int
    learned: bool = False
    above: float | None = None
    below: float | None = None
    low: float | None = None
    high: float | None = None
    draw: Draw | None = None
    shared: bool = False
    operand: bool = False
    name: str = ""

    @property
    def settable(self) -> bool:
        """Whether a user gives it a number: neither drawn nor an input."""
        return self.draw is None and not self.operand

    @property
    def allowed(self) -> str:
        """The allowed set in words, e.g. "a number > 0"."""
        parts = [
            f"{sign} {bound:g}"
            for sign, bound in ((">", self.above), (">=", self.low), ("<", self.below), ("<=", self.high))
            if bound is not None
        ]
        return "a finite number" + (" " + " and ".join(parts) if parts else "")

    def admits(self, number: float) -> bool:
        """Whether the number lies in the allowed set."""
        return not (
            not math.isfinite(number)
            or (self.above is not None and number <= self.above)
            or (self.low is not None and number < self.low)
            or (self.below is not None and number >= self.below)
            or (self.high is not None and number > self.high)
        )

    def check(self, value: object, owner: str) -> float:
        """`value` as a float; TypeError if it is no number, ValueError if it is outside the allowed set."""
        if isinstance(value, bool) or not hasattr(value, "__float__"):
            raise TypeError(f"{owner}: {self.name} must be {self.allowed}, not {value!r}")
        number = float(value)  # type: ignore[arg-type]
        if not self.admits(number):
            raise ValueError(f"{owner}: {self.name} must be {self.allowed}, not {number:g}")
        return number


def learned(
    default: float,
    *,
    above: float | None = None,
    below: float | None = None,
    low: float | None = None,
    high: float | None = None,
    shared: bool = False,
) -> Any:
    """A parameter that training changes and keeps within its bounds, e.g. `beta=learned(1.0, above=0)`."""
    return replace(fixed(default, above=above, below=below, low=low, high=high), learned=True, shared=shared)


def fixed(
    default: float,
    *,
    above: float | None = None,
    below: float | None = None,
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """A parameter that stays, with the values it may take, e.g. `alpha=fixed(1.0, above=0)`."""
    return Parameter(default, above=above, below=below, low=low, high=high)


def drawn(low: str, high: str) -> Any:
    """A value drawn anew for each element in training, uniformly between two parameters of the entry."""
    return Parameter(0.0, draw=Draw("uniform", (low, high)))


def drawn_from(law: str) -> Any:
    """A value drawn anew for each element in training from one of `LAWS`, e.g. `drawn_from("normal")`."""
    return Parameter(LAWS[law], draw=Draw(law))
