"""Formulas with a number of pieces: a whole number chosen with the module, and the numbers it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .parameter import Parameter


@dataclass(frozen=True)
class Count:
    """A whole number that shapes a formula, such as how many hinges: its default and the numbers it may be."""

    default: int
    low: int
    high: int
    step: int = 1
    name: str = ""

    @property
    def allowed(self) -> str:
        """The allowed set in words, e.g. "a whole number from 1 to 32"."""
        stride = f" in steps of {self.step}" if self.step > 1 else ""
        return f"a whole number from {self.low} to {self.high}{stride}"

    def check(self, value: object, owner: str) -> int:
        """`value` as an int; TypeError if it is no whole number, ValueError if it is outside the allowed set."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{owner}: {self.name} must be {self.allowed}, not {value!r}")
        if not self.low <= value <= self.high or (value - self.low) % self.step:
            raise ValueError(f"{owner}: {self.name} must be {self.allowed}, not {value}")
        return value


@dataclass(frozen=True)
class Each:
    """A family of parameters, one for each piece: NAMEk for k from `first` to the count plus `extra`."""

    count: str
    parameter: Parameter
    start: Callable[..., float] | None
    first: int
    extra: int

    def members(self, name: str, sizes: Mapping[str, int]) -> Iterator[Parameter]:
        """The parameters of the family for these counts, in order."""
        for k in range(self.first, sizes[self.count] + self.extra + 1):
            default = self.parameter.default if self.start is None else self.start(k, **sizes)
            yield replace(self.parameter, default=default, name=f"{name}{k}")


def count(default: int, *, low: int = 1, high: int = 32, step: int = 1) -> Any:
    """A whole number that shapes the formula, e.g. `hinges=count(2)`; the function receives it as an int."""
    return Count(default, low, high, step)


def each(
    count: str, parameter: Any, start: Callable[..., float] | None = None, *, first: int = 1, extra: int = 0
) -> Any:
    """One parameter for each piece, e.g. `a=each("hinges", learned(0.2))`; the function receives a tuple.

    parameter: what all of them are, made by `learned` or `fixed`. start: their defaults, called with the number k of
    the piece and every count by name; without it all have the parameter's own. Numbered from `first` to the count
    plus `extra`.
    """
    return Each(count, parameter, start, first, extra)
