"""What a check looks at: an entry with its parameters, and everything that claims to compute it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..catalogue import ENTRIES, Entry, at_kink, find
from ..catalogue.entry import OWN
from ..language import Expr
from ..nn import create
from ..nn.functional import function as tensor_function
from ..theory import evaluate
from ..theory.function import function_of
from ..theory.shape import Corner, meetings
from . import oracle

Array = NDArray[np.float64]

ORDINARY = (*tuple(k * 0.37 + 0.011 for k in range(-33, 34)), 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 20.0, -20.0, 37.3, -37.3)
# rows for functions along an axis: ordinary, far apart, masked in part, masked wholly, of length one
ROWS = (
    (0.3, -1.2, 2.4, 0.7, -3.1),
    (1.0, -2.0, 2.6, -5.0),
    (700.0, -700.0, 3.0),
    (1e300, 0.0, -1e300),
    (0.0, 1e-12, -3e-12),
    (0.5, -math.inf, 1.7),
    (-0.4, 1.6, -math.inf, 0.9),
    (0.5, math.inf, 1.5),
    (-math.inf, -math.inf),
    (math.inf, math.inf),
    (2.5,),
)
TINY = tuple(sign * x for x in (0.0, 5e-324, 2.3e-308, 1e-300, 1e-150, 1e-20, 1e-8) for sign in (1.0, -1.0))
HUGE = tuple(
    sign * x for x in (87.5, 354.7, 712.3, 744.1, 1e4, 3e7, 1e20, 1e154, 1e300, 1.7e308) for sign in (1.0, -1.0)
)


def in_catalogue(entry: Entry) -> bool:
    """Whether the entry is one of actlab's, of which more is asked than of a reader's own."""
    return ENTRIES.get(entry.name) is (entry.root or entry)


@dataclass(frozen=True)
class Subject:
    """An entry under test.

    `numbers(order, x)` is its numpy reference for the derivative of that order, `tensors(x)` its torch function,
    `module()` a fresh torch module. A planted fault replaces one of the three; the oracle reads only `entry.value`.
    """

    entry: Entry
    params: Mapping[str, float] = field(default_factory=dict[str, float])
    numbers: Callable[[int, Array], Array] = field(default=lambda order, x: x, repr=False)
    tensors: Callable[[Tensor], Tensor] = field(default=lambda x: x, repr=False)
    module: Callable[..., nn.Module] = field(default=nn.Identity, repr=False)

    @classmethod
    def of(cls, entry: Entry, params: Mapping[str, float]) -> Subject:
        """The subject of an entry, computed by actlab itself."""

        def numbers(order: int, x: Array) -> Array:
            if order == 0:
                return evaluate.value(entry, x, -1, **params)
            return evaluate.slope(entry, x, order, -1, **params)

        def tensors(x: Tensor) -> Tensor:
            return _call(entry, x, params)

        return cls(entry, dict(params), numbers, tensors, lambda **more: _make(entry, {**params, **more}))

    @property
    def name(self) -> str:
        """The entry's name with the parameters that differ from its defaults."""
        given = ", ".join(f"{key}={number:g}" for key, number in self.params.items())
        return f"{self.entry.name}({given})" if given else self.entry.name

    @property
    def along_axis(self) -> bool:
        """Whether outputs depend on whole rows."""
        return self.entry.along_axis

    @cached_property
    def sloped(self) -> Expr:
        """The formula whose limits the slopes are: the value's own, or the stand-in of a straight-through step."""
        return oracle.surrogate(self.entry.value)

    def rows(self) -> tuple[tuple[float, ...], ...]:
        """The rows of a length that the entry takes."""
        return tuple(row for row in ROWS if self._fits(row))

    def _fits(self, row: tuple[float, ...]) -> bool:
        try:
            oracle.row_value(self.entry.value, row, self.arguments)
        except ValueError:
            return False
        return True

    @cached_property
    def arguments(self) -> dict[str, float]:
        """Every parameter of the formula with its number."""
        return self.entry.arguments(self.params)

    @cached_property
    def kinks(self) -> tuple[tuple[float, float], ...]:
        """(place, declared slope) of every kink, as numbers; with those found where nobody could declare them."""
        declared = tuple(
            (self._number(at_kink(kink.at, self.arguments)), self._number(at_kink(kink.slope, self.arguments)))
            for kink in self.entry.kinks
        )
        return declared + tuple((corner.at, corner.slope) for corner in self.own_kinks)

    @cached_property
    def own_kinks(self) -> tuple[Corner, ...]:
        """Where a function made with `actlab.define`, which has no place to declare it, may bend or jump."""
        if self.entry.source != OWN or self.along_axis:
            return ()
        return meetings(function_of(self.entry, "a kink", **self.params))

    def _number(self, expr: Expr) -> float:
        return float(oracle.value(expr, 0.0, self.arguments))

    def exact(self, x: Any) -> Any:
        """The exact value at one point."""
        return oracle.value(self.entry.value, x, self.arguments)

    def truth(self, x: float, order: int = 0) -> Any:
        """The exact derivative of that order, a limit of the value; at a kink the declared slope.

        None where there is no limit.
        """
        if math.isinf(x):
            return oracle.limit(self.sloped if order else self.entry.value, 1 if x > 0 else -1, self.arguments, order)
        if order == 0:
            return oracle.value(self.entry.value, x, self.arguments)
        chosen = dict(self.kinks)
        if x in chosen:
            if order > 1:
                raise ValueError(f"{self.name} has a kink at {x!r}: only its slope is declared")
            return oracle.mp.mpf(chosen[x])
        return oracle.derivative(self.sloped, x, order, self.arguments, tuple(chosen))

    def call(self, x: Tensor, **changed: Any) -> Tensor:
        """The torch function with some parameters given anew, as numbers or tensors."""
        return _call(self.entry, x, {**self.params, **changed})

    def remake(self, **changed: Any) -> nn.Module:
        """A module with some parameters given anew."""
        return _make(self.entry, {**self.params, **changed})

    def truths(self, order: int) -> tuple[Any, ...]:
        """The truth at every point of `points()`; computed once per process."""
        return _truths(self.entry, tuple(self.params.items()), order)

    def jumps(self, order: int) -> list[float]:
        """Where between -12 and 12 the derivative of that order jumps (order 0: the value); once per process."""
        return _jumps(self.entry, tuple(self.params.items()))[order]

    def points(self) -> list[float]:
        """Ordinary, tiny and huge points, kinks and their neighbours, both infinities."""
        # with a changed parameter, parameter times x may leave float64 before the function does
        huge = [x for x in HUGE if not self.params or abs(x) < 1e308]
        near = [
            x
            for (place, _), rounded in itertools.zip_longest(self.kinks, (kink.rounded for kink in self.entry.kinks))
            for x in (place + 1e-3, place - 1e-3, *(() if rounded else _beside(place)))
        ]
        return list(dict.fromkeys([*ORDINARY, *TINY, *huge, *near, math.inf, -math.inf]))


def subject(entry_or_name: Entry | str, **params: float) -> Subject:
    """The subject of an entry with these counts and parameters, computed by actlab itself."""
    return Subject.of(*find(entry_or_name).sized(params))


class GateAlone(nn.Module):
    """A gated unit as a function of its gate: the other input is the same number everywhere."""

    def __init__(self, unit: nn.Module, up: float) -> None:
        super().__init__()
        self.unit = unit
        self.up = up

    def forward(self, x: Tensor) -> Tensor:
        """The unit's output at the gate `x`."""
        return self.unit(x, torch.full_like(x, self.up) if isinstance(x, Tensor) else x)


def _call(entry: Entry, x: Tensor, params: Mapping[str, Any]) -> Tensor:
    if entry.kind != "gated":
        return tensor_function(entry)(x, **params)
    up = params.get("up", 1.0)
    beside = torch.full_like(x, up) if isinstance(x, Tensor) and not isinstance(up, Tensor) else up
    return tensor_function(entry)(x, **{**params, "up": beside})


def _make(entry: Entry, params: Mapping[str, Any]) -> nn.Module:
    if entry.kind != "gated":
        return create(entry, **params)
    own = {key: value for key, value in params.items() if key != "up"}
    return GateAlone(create(entry, gate="first", **own), params.get("up", 1.0))


def _beside(place: float) -> tuple[float, ...]:
    return place, math.nextafter(place, math.inf), math.nextafter(place, -math.inf)


@lru_cache(maxsize=4096)
def _truths(entry: Entry, params: tuple[tuple[str, float], ...], order: int) -> tuple[Any, ...]:
    asked = Subject(entry, dict(params))
    chosen = dict(asked.kinks) if order > 1 else {}
    return tuple(None if x in chosen else asked.truth(x, order) for x in asked.points())


@lru_cache(maxsize=4096)
def _jumps(entry: Entry, params: tuple[tuple[str, float], ...]) -> tuple[list[float], list[float], list[float]]:
    if not oracle.may_bend(entry.value):
        return [], [], []
    asked, watch = Subject(entry, dict(params)), max(6, 2 * len(entry.kinks))
    own = oracle.jumps(asked.exact, watch=watch)
    if asked.sloped is entry.value:
        return own
    # a step jumps by its value, and where its stand-in bends
    _, slope, curvature = oracle.jumps(lambda x: oracle.value(asked.sloped, x, asked.arguments), watch=watch)
    return own[0], [*own[0], *slope], [*own[0], *slope, *curvature]


def variants(entry_or_name: Entry | str) -> Iterator[Subject]:
    """The entry with its defaults and, if it has parameters, once more with every one of them changed."""
    entry = find(entry_or_name)
    yield subject(entry)
    # scaled alike, the pieces of a learned curve would bend at no other places than before
    factors = itertools.cycle((1.3, 1.7) if entry.counts else (1.7,))
    changed = {
        name: next(n for n in (row.default * factor or 0.3, row.default / 2, row.default) if row.admits(n))
        for (name, row), factor in zip(entry.parameters.items(), factors, strict=False)
        if not row.draw
    }
    if changed:
        yield subject(entry, **changed)
