"""One definition per function: what an entry is, how it is declared, and how entries are collected."""

from __future__ import annotations

import difflib
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType, ModuleType
from typing import Any

from ..language import Expr, derivative, nth_derivative, parse, symbol

KINDS = ("pointwise", "gated", "along axis", "random", "straight-through")
# The source of a function that is known from the survey only.
SURVEY = "named in the survey of Kunc & Klema 2024, arXiv:2402.09092"
# Words an entry may state about itself; `theory` measures each and a test compares.
FACTS = (
    "smooth",
    "monotone",
    "not monotone",
    "odd",
    "even",
    "bounded",
    "bounded below",
    "bounded above",
    "convex",
    "concave",
    "not trainable by gradient",
)


@dataclass(frozen=True)
class Parameter:
    """A constant of a formula: its default, whether training changes it, and the values it may take.

    `above`/`below` exclude the bound, `low`/`high` include it. `draw` names the two parameters between which a
    random entry draws this one in training; its value in evaluation is their mean.
    """

    default: float | int
    learned: bool = False
    above: float | None = None
    below: float | None = None
    low: float | None = None
    high: float | None = None
    draw: tuple[str, str] | None = None
    name: str = ""

    @property
    def allowed(self) -> str:
        """The allowed set in words, e.g. "a number > 0"."""
        parts = [
            f"{sign} {bound:g}"
            for sign, bound in ((">", self.above), (">=", self.low), ("<", self.below), ("<=", self.high))
            if bound is not None
        ]
        return "a finite number" + (" " + " and ".join(parts) if parts else "")

    def check(self, value: object, owner: str) -> float:
        """`value` as a float; TypeError if it is no number, ValueError if it is outside the allowed set."""
        if isinstance(value, bool) or not hasattr(value, "__float__"):
            raise TypeError(f"{owner}: {self.name} must be {self.allowed}, not {value!r}")
        number = float(value)  # type: ignore[arg-type]
        if (
            not math.isfinite(number)
            or (self.above is not None and number <= self.above)
            or (self.low is not None and number < self.low)
            or (self.below is not None and number >= self.below)
            or (self.high is not None and number > self.high)
        ):
            raise ValueError(f"{owner}: {self.name} must be {self.allowed}, not {number:g}")
        return number


def learned(
    default: float,
    *,
    above: float | None = None,
    below: float | None = None,
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """A parameter that training changes and keeps within its bounds, e.g. `beta=learned(1.0, above=0)`."""
    return replace(fixed(default, above=above, below=below, low=low, high=high), learned=True)


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
    return Parameter(0.0, draw=(low, high))


@dataclass(frozen=True)
class Kink:
    """A place where slope or value jumps: where, the slope chosen there, and who else chooses it.

    `at` and `slope` are numbers or formulas of the parameters ("-alpha").
    """

    at: float | str
    slope: float | str
    like: str = ""


@dataclass(frozen=True)
class Entry:
    """One activation function: its formula and what only a person can know about it.

    Everything else (slope, picture, properties, kernels, LaTeX) is derived from `value`.
    """

    name: str
    kind: str
    parameters: Mapping[str, Parameter]
    source: str
    value: Expr = field(repr=False)
    summaries: Mapping[str, str] = field(repr=False)
    family: str = ""
    aliases: tuple[str, ...] = ()
    points: Mapping[float, float] = field(default_factory=dict[float, float], repr=False)
    facts: tuple[str, ...] = ()
    kinks: tuple[Kink, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    notes: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    ordered: tuple[tuple[str, str], ...] = ()

    def summary(self, lang: str = "en") -> str:
        """What the function is, in one sentence, in English ("en") or Chinese ("zh")."""
        return self.summaries[lang]

    @cached_property
    def slope(self) -> Expr:
        """The derivative by x; for an along-axis entry the Jacobian applied to a direction `t`."""
        return derivative(self.value, seed=symbol("t")) if self.kind == "along axis" else derivative(self.value)

    def derivative(self, order: int) -> Expr:
        """The derivative by x of the given order, of a pointwise entry; order 0 is the value."""
        return self.slope if order == 1 else nth_derivative(self.value, order)

    def arguments(self, given: Mapping[str, object]) -> dict[str, float]:
        """Every numeric parameter with its value: the given one, checked, or the default.

        A drawn parameter takes the mean of its bounds. Raises TypeError for an unknown parameter and ValueError
        for a value outside the allowed set.
        """
        unknown = [name for name in given if name not in self.parameters or self.parameters[name].draw]
        if unknown:
            known = [name for name, parameter in self.parameters.items() if not parameter.draw]
            listed = f"its parameters are {', '.join(known)}" if known else "it has no parameters"
            raise TypeError(f"{self.name} has no parameter {unknown[0]!r}; {listed}")
        values = {
            name: parameter.check(given.get(name, parameter.default), self.name)
            for name, parameter in self.parameters.items()
            if not parameter.draw
        }
        for low, high in self.ordered:
            if values[low] > values[high]:
                raise ValueError(f"{self.name}: {low} must not exceed {high}; got {values[low]:g} and {values[high]:g}")
        for name, parameter in self.parameters.items():
            if parameter.draw:
                values[name] = sum(values[bound] for bound in parameter.draw) / 2
        return values

    def __reduce__(self) -> tuple[Any, ...]:
        from . import ENTRIES

        if ENTRIES.get(self.name) is self:
            return _registered, (self.name,)
        plain_fields = {key: dict(part) if isinstance(part, Mapping) else part for key, part in vars(self).items()}
        return _restored, ({key: part for key, part in plain_fields.items() if key in self.__dataclass_fields__},)

    def __hash__(self) -> int:
        return hash((self.name, self.value))


def _registered(name: str) -> Entry:
    from . import ENTRIES

    return ENTRIES[name]


def _restored(fields: Mapping[str, Any]) -> Entry:
    frozen: dict[str, Any] = {
        key: MappingProxyType(part) if isinstance(part, dict) else part for key, part in fields.items()
    }
    return Entry(**frozen)


def activation(
    *,
    source: str,
    zh: str,
    kind: str = "pointwise",
    aliases: tuple[str, ...] = (),
    points: Mapping[float, float] | None = None,
    facts: tuple[str, ...] = (),
    kinks: tuple[Kink, ...] = (),
    elsewhere: Mapping[str, str] | None = None,
    notes: tuple[str, str] | None = None,
    ordered: tuple[tuple[str, str], ...] = (),
) -> Callable[[Callable[..., Expr]], Entry]:
    """Declare an entry: name, parameters, defaults and English summary are read from the function.

    source: where the function comes from. zh: the summary in Chinese. points: values computed by hand or from
    published tables. facts: words of `FACTS`. kinks: where slope or value jumps. elsewhere: library -> its name there.
    notes: (English, Chinese) advice that no property shows. ordered: pairs of parameters of which the first must not
    exceed the second. Raises ValueError when a part is missing or unknown.
    """

    def declare(function: Callable[..., Expr]) -> Entry:
        name = function.__name__
        summary = inspect.getdoc(function) or ""
        if kind not in KINDS:
            raise ValueError(f"{name}: unknown kind {kind!r}; the kinds are {', '.join(KINDS)}")
        if not summary.endswith(".") or not zh.endswith("。"):
            raise ValueError(f"{name}: the docstring and zh must each be one sentence ending with a full stop")
        if odd_words := set(facts) - set(FACTS):
            raise ValueError(f"{name}: unknown fact {odd_words.pop()!r}; the facts are {', '.join(FACTS)}")
        signature = inspect.signature(function)
        parameters = {
            key: _parameter(key, declared.default) for key, declared in list(signature.parameters.items())[1:]
        }
        value = function(symbol("x"), **{key: symbol(key) for key in parameters})
        unused = set(parameters) - value.symbols - {bound for p in parameters.values() for bound in p.draw or ()}
        if unused:
            raise ValueError(f"{name}: parameter {unused.pop()!r} is not used in the formula")
        return Entry(
            name=name,
            kind=kind,
            parameters=MappingProxyType(parameters),
            source=source,
            value=value,
            summaries=MappingProxyType({"en": summary, "zh": zh}),
            aliases=aliases,
            points=MappingProxyType(dict(points or {})),
            facts=facts,
            kinks=kinks,
            elsewhere=MappingProxyType(dict(elsewhere or {})),
            notes=MappingProxyType(dict(zip(("en", "zh"), notes, strict=True)) if notes else {}),
            ordered=ordered,
        )

    return declare


def _parameter(name: str, default: object) -> Parameter:
    if isinstance(default, Parameter):
        return replace(default, name=name)
    if isinstance(default, (int, float)):
        return Parameter(default, name=name)
    raise ValueError(f"parameter {name!r} needs a number as its default")


@dataclass(frozen=True)
class Family:
    """The entries of one family file, under its title in English and Chinese."""

    name: str
    title: Mapping[str, str]
    entries: tuple[Entry, ...]


class Entries(Mapping[str, Entry]):
    """The registry: an immutable mapping from name to entry, in reading order; aliases are known to `find` only."""

    def __init__(self, families: tuple[Family, ...]) -> None:
        self.families = families
        self._by_name: dict[str, Entry] = {}
        self._names: dict[str, str] = {}
        for family in families:
            for declared in family.entries:
                entry = declared
                if not entry.family:
                    object.__setattr__(entry, "family", family.name)
                elif entry.family != family.name:  # it belongs to another registry as well, and keeps its place there
                    entry = replace(declared, family=family.name)
                for name in (entry.name, *entry.aliases):
                    if self._names.setdefault(name, entry.name) != entry.name or name in self._by_name:
                        raise ValueError(f"the name {name!r} belongs to both {self._names[name]} and {entry.name}")
                self._by_name[entry.name] = entry

    def __getitem__(self, name: str) -> Entry:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def find(self, name: str) -> Entry:
        """The entry with this name or alias; ValueError with the nearest names otherwise."""
        if name in self._names:
            return self._by_name[self._names[name]]
        key = plain(name)
        for known in self._names:
            if plain(known) == key:
                return self._by_name[self._names[known]]
        raise ValueError(f"there is no activation named {name!r}{nearest(name, self._names)}")


def plain(name: str) -> str:
    """A name without case and separators, so that LeakyReLU, leaky-relu and leaky_relu are one."""
    return name.replace("_", "").replace("-", "").lower()


def nearest(name: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    """ "; did you mean ...?" with up to three similar names, or the way to list them all."""
    spelled = {plain(candidate): candidate for candidate in known}
    close = difflib.get_close_matches(plain(name), spelled, n=3, cutoff=0.5)
    if close:
        return f"; did you mean {', '.join(spelled[key] for key in close)}?"
    return "; `actlab list` shows them all"


def collect(*modules: ModuleType) -> Entries:
    """The registry of all entries declared in these family modules, in the order written.

    Each module states the family's title in both languages as `TITLE`.
    """
    return Entries(tuple(_family(module) for module in modules))


def _family(module: ModuleType) -> Family:
    name = module.__name__.rsplit(".", 1)[-1]
    return Family(name, module.TITLE, tuple(item for item in vars(module).values() if isinstance(item, Entry)))


def at_kink(place: float | str, arguments: Mapping[str, float]) -> Expr:
    """A kink's place or slope as an expression of the parameters."""
    return parse(place, arguments) if isinstance(place, str) else parse(repr(float(place)))
