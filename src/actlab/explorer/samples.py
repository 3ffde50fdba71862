"""The page's random numbers and data sets once more: a training in PyTorch starts from the same numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

TRAINED = 256  # points to train on, and as many held out
REACH = 3.0  # half the width of what is shown
_TURN = 2 * math.pi
_WORD = 0xFFFFFFFF


class Random:
    """The generator sfc32 of explorer/src/learn/random.ts: `seed` is a person's, `stream` what the numbers are for."""

    def __init__(self, seed: int, stream: int) -> None:
        self._state = (seed & _WORD, stream & _WORD, 0x9E3779B9, 1)
        self._spare: float | None = None
        for _ in range(20):
            self.bits()

    def bits(self) -> int:
        """A whole number from 0 to 2**32 - 1."""
        a, b, c, d = self._state
        drawn = (a + b + d) & _WORD
        turned = ((c << 21) & _WORD) | (c >> 11)
        self._state = (b ^ (b >> 9), (c + (c << 3)) & _WORD, (turned + drawn) & _WORD, (d + 1) & _WORD)
        return drawn

    def uniform(self) -> float:
        """Uniform in [0, 1)."""
        return self.bits() / 2**32

    def normal(self) -> float:
        """Standard normal, by Box and Muller, two at a time."""
        if self._spare is not None:
            kept, self._spare = self._spare, None
            return kept
        radius = math.sqrt(-2 * math.log((self.bits() + 1) / 2**32))
        angle = _TURN * self.uniform()
        self._spare = radius * math.sin(angle)
        return radius * math.cos(angle)

    def shuffle(self, values: list[int]) -> None:
        """Reorder in place (Fisher and Yates)."""
        for i in range(len(values) - 1, 0, -1):
            j = math.floor(self.uniform() * (i + 1))
            values[i], values[j] = values[j], values[i]


Point = tuple[float, float, float]


def _near(random: Random, x: float, y: float, spread: float, target: float) -> Point:
    across = x + spread * random.normal()
    return across, y + spread * random.normal(), target


def _circles(index: int, random: Random, noise: float) -> Point:
    inner = index % 2
    radius = 0.7 * math.sqrt(random.uniform()) if inner else 1.4 + 0.6 * random.uniform()
    angle = _TURN * random.uniform()
    return _near(random, radius * math.cos(angle), radius * math.sin(angle), noise, inner)


def _xor(index: int, random: Random, noise: float) -> Point:
    x, y = 3.6 * random.uniform() - 1.8, 3.6 * random.uniform() - 1.8
    return _near(random, x + math.copysign(0.2, x), y + math.copysign(0.2, y), noise, float(x * y > 0))


def _spirals(index: int, random: Random, noise: float) -> Point:
    arm, along = index % 2, random.uniform()
    angle, radius = 1.6 * _TURN * along + arm * math.pi, 0.2 + 2.1 * along
    return _near(random, radius * math.cos(angle), radius * math.sin(angle), noise, arm)


def _moons(index: int, random: Random, noise: float) -> Point:
    lower, angle = index % 2, math.pi * random.uniform()
    x = 0.5 - math.cos(angle) if lower else math.cos(angle) - 0.5
    y = 0.25 - math.sin(angle) if lower else math.sin(angle) - 0.25
    return _near(random, 1.4 * x, 1.4 * y, noise, lower)


def _imbalanced(index: int, random: Random, noise: float) -> Point:
    rare = index % 10 == 0
    at = 0.9 if rare else -0.6
    return _near(random, at, at, 0.6 + noise, float(rare))


def _sine(index: int, random: Random, noise: float) -> Point:
    x = 2 * REACH * random.uniform() - REACH
    return x, 0.0, math.sin(2 * x) + noise * random.normal()


SHAPES: dict[str, Callable[[int, Random, float], Point]] = {
    "circles": _circles,
    "xor": _xor,
    "spirals": _spirals,
    "moons": _moons,
    "imbalanced": _imbalanced,
    "sine": _sine,
}


class Samples(NamedTuple):
    """Points and their targets, to train on and held out. classes: whether targets are 0 and 1, or heights."""

    classes: bool
    inputs: list[list[float]]
    targets: list[float]
    held_inputs: list[list[float]]
    held_targets: list[float]


def make_samples(data: str, noise: float, seed: int) -> Samples:
    """The points of a data set, one of SHAPES: the same for a seed, here and on the page."""
    random, classes = Random(seed, 1), data != "sine"
    points = [SHAPES[data](index, random, noise) for _ in range(2) for index in range(TRAINED)]
    inputs = [[x, y] if classes else [x] for x, y, _ in points]
    targets = [target for _, _, target in points]
    return Samples(classes, inputs[:TRAINED], targets[:TRAINED], inputs[TRAINED:], targets[TRAINED:])
