"""What a sentence about an activation asks for, and what a sentence is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..catalogue import Entry
from ..theory import Propagation, Properties, torch_default, variance_slope
from ..theory.function import Function, function_of

Sentence = Mapping[str, str]


class Facts(NamedTuple):
    """What the sentences below ask about: properties, and what only a few of them need."""

    p: Properties
    entry: Entry

    @property
    def function(self) -> Function:
        """The entry with its parameters filled in, one of which may be called as an argument of theory is."""
        return function_of(self.entry, "advice", **given(self))

    @property
    def scalar(self) -> bool:
        """One number in, one number out, with a slope that training can use."""
        return self.p.rows is None and self.p.trainable

    @property
    def affine(self) -> bool:
        """A straight line."""
        return self.p.convexity == "affine"

    @property
    def saturates(self) -> bool:
        """Flat on both sides."""
        return None not in self.p.saturation

    @property
    def fading(self) -> Propagation | None:
        """What a deep stack at torch's default initialisation settles at, of a function that flattens smoothly."""
        if not (self.scalar and self.saturates and not self.affine and self.p.smoothness > 0):
            return None
        return torch_default(self.function)

    @property
    def passes(self) -> bool:
        """Unbounded to the right, where the slope tends to a number other than 0."""
        slope = self.p.slope_limits[1]
        return self.scalar and not self.affine and math.isfinite(slope) and slope != 0

    @property
    def unit(self) -> bool:
        """Values from 0 to 1, rising."""
        return (self.p.range.low.value, self.p.range.high.value) == (0.0, 1.0) and self.p.direction == "increasing"

    @property
    def confined(self) -> bool:
        """Bounded, and of no shape that has a sentence of its own."""
        special = self.unit or self.bump or self.p.period is not None or (self.p.odd and self.saturates)
        return self.scalar and self.p.bounded and not special

    @property
    def shift(self) -> float:
        """The mean output over its root mean square, for a standard normal input."""
        return self.p.mean / math.sqrt(self.p.second) if self.p.mean and self.p.second else 0.0

    @property
    def drift(self) -> float:
        """The growth of a variance error per layer at the gain."""
        if self.p.gain is None or self.p.rows is not None:
            return 0.0
        return variance_slope(self.function)

    @property
    def normalises(self) -> bool:
        """Keeps mean 0 and variance 1 by itself, and returns to them."""
        if not self.scalar or self.p.mean is None or self.p.second is None:
            return False
        return abs(self.p.mean) < 1e-6 and abs(self.p.second - 1) < 1e-6 and self.drift < 1

    @property
    def swings(self) -> bool:
        """Turns again and again without end, or too often to be a bump."""
        return self.scalar and (all(map(math.isnan, self.p.limits)) or self.function.turns > 6)

    @property
    def bump(self) -> bool:
        """High near 0 and vanishing on both sides."""
        return self.p.even and self.p.limits == (0.0, 0.0)

    @property
    def narrow(self) -> float:
        """Where float16 gives one output for all larger inputs, on the nearer side; infinite where it never does.

        A side that is flat from 0 on by its nature does not count.
        """
        ends = self.p.collapse.get("float16")
        if ends is None or ends.left is None or ends.right is None:
            return math.inf
        return min((abs(end) for end in ends if end), default=math.inf)


def given(facts: Facts) -> dict[str, Any]:
    """The numbers that the facts are about, as arguments of the entry; a drawn one is none."""
    drawn = {name for name, parameter in facts.entry.parameters.items() if parameter.draw}
    return {name: value for name, value in facts.p.parameters.items() if name not in drawn}


def learned(facts: Facts) -> list[str]:
    """The names of the parameters that training changes by default."""
    return [name for name, parameter in facts.entry.parameters.items() if parameter.learned]


class Remark(NamedTuple):
    """A sentence and when it is true; its numbers are filled in from the facts."""

    true: Callable[[Facts], bool]
    en: str
    zh: str
    numbers: Callable[[Facts], dict[str, object]] = lambda _: {}

    def about(self, facts: Facts) -> Sentence:
        """The sentence about these facts in both languages."""
        numbers = self.numbers(facts)
        return {"en": self.en.format(**numbers), "zh": self.zh.format(**numbers)}
