"""The entries as functions of one number and of the numbers a reader can change, for the page."""

from __future__ import annotations

from collections.abc import Iterable

from ..catalogue import Entry
from ..language import constant, derivative, symbol
from ..renderers.javascript import Formulas, functions
from ..theory.function import function_of
from ..theory.rows import companions


def other_scores(entry: Entry) -> dict[str, float]:
    """The other scores of the row through which an along-axis entry is looked at: name -> number; else nothing."""
    if not entry.along_axis:
        return {}
    return {f"score{at}": number for at, number in enumerate(companions(entry), start=2)}


def numbers(entry: Entry) -> dict[str, float]:
    """What a function of the page takes beside x, in order: parameters, other scores of the row, the other half."""
    arguments = entry.arguments({})
    halves = {name for name, parameter in entry.parameters.items() if parameter.operand}
    own = {name: float(number) for name, number in arguments.items() if name not in halves}
    return {**own, **other_scores(entry), **{name: float(arguments[name]) for name in sorted(halves)}}


def formulas(entry: Entry) -> Formulas:
    """Value, slope and curvature of an entry by its first input, as the page computes them."""
    curvature = derivative(entry.slope, seed=symbol("t")) if entry.along_axis else derivative(entry.slope)
    if entry.along_axis and "t" not in curvature.symbols:
        curvature = constant(0.0)  # linear in the direction, and without it
    partial = not entry.along_axis and function_of(entry, "a picture").partial
    return Formulas((entry.value, entry.slope, curvature), tuple(numbers(entry)), tuple(other_scores(entry)), partial)


def script(entries: Iterable[Entry]) -> str:
    """The script that defines `actlabFunctions`."""
    return functions({entry.name: formulas(entry) for entry in entries})
