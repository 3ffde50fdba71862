"""One definition per function: what an entry is, and how it is declared."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..language import Expr, changes_length, derivative, is_along_axis, nth_derivative, parse, symbol
from .counts import Count, Each
from .parameter import Parameter, drawn, drawn_from, fixed, learned

# what the family files write their entries with, wherever it is defined
__all__ = [
    "FACTS",
    "KINDS",
    "OWN",
    "SURVEY",
    "Entry",
    "Kink",
    "Parameter",
    "activation",
    "at_kink",
    "drawn",
    "drawn_from",
    "fixed",
    "learned",
]

KINDS = ("pointwise", "gated", "along axis", "random", "straight-through")
# The source of a function made with `actlab.define`.
OWN = "defined by its user"
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
class Kink:
    """A place where slope or value jumps: where, the slope chosen there, and who else chooses it.

    `at` and `slope` are numbers or formulas of the parameters, as text ("-alpha") or as expressions. `rounded`: at this
    place an inner value, itself rounded, meets a bound, so the nearest floats may fall on either side of it.
    """

    at: float | str | Expr
    slope: float | str | Expr
    like: str = ""
    rounded: bool = False


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Entry:
    """One activation function: its formula and what only a person can know about it.

    Everything else (slope, picture, properties, kernels, LaTeX) is derived from `value`. An entry of the catalogue is
    completed by `_later` when more than its name is asked for, so that listing names does not build 400 formulas.
    """

    # no default is an attribute of the class: what is missing must reach __getattr__
    name: str
    kind: str
    parameters: Mapping[str, Parameter]
    source: str
    value: Expr = field(repr=False)
    summaries: Mapping[str, str] = field(repr=False)
    family: str = field(default_factory=str)
    aliases: tuple[str, ...] = field(default_factory=tuple)
    points: Mapping[float, float] = field(default_factory=dict[float, float], repr=False)
    rows: Mapping[tuple[float, ...], tuple[float, ...]] = field(
        default_factory=dict[tuple[float, ...], tuple[float, ...]], repr=False
    )
    facts: tuple[str, ...] = field(default_factory=tuple)
    kinks: tuple[Kink, ...] = field(default_factory=tuple)
    elsewhere: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    notes: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    ordered: tuple[tuple[str, str], ...] = field(default_factory=tuple)
    counts: Mapping[str, Count] = field(default_factory=dict[str, Count], repr=False)
    sizes: Mapping[str, int] = field(default_factory=dict[str, int])
    make: Callable[[Mapping[str, int]], Entry] | None = field(default_factory=_nothing, repr=False, compare=False)
    # the entry this one was shaped from
    root: Entry | None = field(default_factory=_nothing, repr=False, compare=False)

    @classmethod
    def of_catalogue(cls, name: str, kind: str, aliases: tuple[str, ...], later: Callable[[], Entry]) -> Entry:
        """An entry known by its name; the rest is what `later` makes, when it is first asked for."""
        entry = object.__new__(cls)
        vars(entry).update(name=name, kind=kind, aliases=aliases, family="", _later=later)
        return entry

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            later = vars(self).get("_later")
            if later is not None and name in self.__dataclass_fields__:
                for key, part in vars(later()).items():
                    vars(self).setdefault(key, part)
                vars(self).pop("_later", None)
            if name in vars(self):
                return vars(self)[name]
            raise AttributeError(f"an activation has no {name!r}")

    @cached_property
    def along_axis(self) -> bool:
        """Whether an output depends on a whole row of inputs; such an entry takes `dim`."""
        return is_along_axis(self.value)

    @cached_property
    def keeps_shape(self) -> bool:
        """Whether the output has the shape of the input: gated units halve it, some rows grow or shrink."""
        return self.kind != "gated" and not changes_length(self.value)

    def summary(self, lang: str = "en") -> str:
        """What the function is, in one sentence, in English ("en") or Chinese ("zh")."""
        return self.summaries[lang]

    @property
    def known_as(self) -> Mapping[str, str]:
        """library -> its names there: those of `elsewhere` and those in the tables of other libraries' names."""
        from .naming import elsewhere

        return elsewhere(self)

    @cached_property
    def slope(self) -> Expr:
        """The derivative by x; where whole rows count, the Jacobian applied to a direction `t`."""
        return derivative(self.value, seed=symbol("t")) if self.along_axis else derivative(self.value)

    def derivative(self, order: int) -> Expr:
        """The derivative by x of the given order, of a pointwise entry; order 0 is the value."""
        return self.slope if order == 1 else nth_derivative(self.value, order)

    def shaped(self, **sizes: object) -> Entry:
        """The same function with other numbers of pieces, e.g. `shaped(hinges=5)`; the same object every time.

        Raises TypeError for a count the entry does not have, ValueError for one outside its allowed set.
        """
        unknown = [name for name in sizes if name not in self.counts]
        if unknown:
            listed = f"its counts are {', '.join(self.counts)}" if self.counts else "it has no number of pieces"
            raise TypeError(f"{self.name} has no count {unknown[0]!r}; {listed}")
        asked = {**self.sizes, **{name: self.counts[name].check(size, self.name) for name, size in sizes.items()}}
        root = self.root or self
        return root if asked == root.sizes else _shaped(root, tuple(asked.items()))

    def sized(self, given: Mapping[str, object]) -> tuple[Entry, dict[str, Any]]:
        """The entry shaped by the counts among the arguments `given`, and the other arguments."""
        sizes = {name: size for name, size in given.items() if name in self.counts}
        rest = {name: value for name, value in given.items() if name not in sizes}
        return (self.shaped(**sizes) if sizes else self), rest

    def arguments(self, given: Mapping[str, object]) -> dict[str, float]:
        """Every numeric parameter with its value: the given one, checked, or the default.

        A drawn parameter takes the mean of its bounds. Raises TypeError for an unknown parameter and ValueError
        for a value outside the allowed set.
        """
        unknown = [name for name in given if name not in self.parameters or self.parameters[name].draw]
        if unknown:
            known = [name for name, parameter in self.parameters.items() if not parameter.draw]
            listed = f"its parameters are {', '.join(known)}" if known else "it has no parameters"
            listed += "".join(f"; {name} is {size}" for name, size in self.sizes.items())
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
                values[name] = parameter.draw.mean(values)
        return values

    def __reduce__(self) -> tuple[Any, ...]:
        from . import ENTRIES

        if ENTRIES.get(self.name) is (self.root or self):
            return _registered, (self.name, dict(self.sizes))
        plain_fields = {key: dict(part) if isinstance(part, Mapping) else part for key, part in vars(self).items()}
        return _restored, ({key: part for key, part in plain_fields.items() if key in _KEPT},)

    def __hash__(self) -> int:
        return hash((self.name, self.value))


# what a copy of an entry that is in no registry consists of; how it was made stays behind, so it keeps its counts
_KEPT = frozenset(Entry.__dataclass_fields__) - {"make", "root"}


@lru_cache(maxsize=1024)
def _shaped(root: Entry, sizes: tuple[tuple[str, int], ...]) -> Entry:
    if root.make is None:
        kept = ", ".join(f"{name}={size}" for name, size in root.sizes.items())
        raise ValueError(f"this copy of {root.name}, read from a file, keeps {kept}; define it anew to change that")
    return replace(root.make(dict(sizes)), family=root.family, root=root)


def _registered(name: str, sizes: Mapping[str, int]) -> Entry:
    from . import ENTRIES

    return ENTRIES[name].shaped(**sizes)


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
    rows: Mapping[tuple[float, ...], tuple[float, ...]] | None = None,
    facts: tuple[str, ...] = (),
    kinks: tuple[Kink, ...] | Callable[..., tuple[Kink, ...]] = (),
    elsewhere: Mapping[str, str] | None = None,
    notes: tuple[str, str] | None = None,
    ordered: tuple[tuple[str, str], ...] = (),
) -> Callable[[Callable[..., Expr]], Entry]:
    """Declare an entry: name, parameters, defaults and English summary are read from the function.

    source: where the function comes from. zh: the summary in Chinese. points: values computed by hand or from
    published tables, for the default counts; rows: the same for whole rows. facts: words of `FACTS`. kinks: where
    slope or value jumps; a function of the counts if it depends on them. elsewhere: library -> its name there.
    A gated entry's formula takes the gate half as `x` and the other as `up`.
    notes: (English, Chinese) advice that no property shows. ordered: pairs of parameters of which the first must not
    exceed the second. Raises ValueError when a part is missing or unknown.
    """

    def declare(function: Callable[..., Expr]) -> Entry:
        if function.__module__.startswith(f"{__package__}."):
            return Entry.of_catalogue(function.__name__, kind, aliases, lambda: build(function))
        return build(function)

    def build(function: Callable[..., Expr]) -> Entry:
        name = function.__name__
        summary = inspect.getdoc(function) or ""
        if kind not in KINDS:
            raise ValueError(f"{name}: unknown kind {kind!r}; the kinds are {', '.join(KINDS)}")
        if not summary.endswith(".") or not zh.endswith("。"):
            raise ValueError(f"{name}: the docstring and zh must each be one sentence ending with a full stop")
        if odd_words := set(facts) - set(FACTS):
            raise ValueError(f"{name}: unknown fact {odd_words.pop()!r}; the facts are {', '.join(FACTS)}")
        declared = {key: row.default for key, row in list(inspect.signature(function).parameters.items())[1:]}
        counts = {key: replace(row, name=key) for key, row in declared.items() if isinstance(row, Count)}
        defaults = {key: row.check(row.default, name) for key, row in counts.items()}

        def make(sizes: Mapping[str, int]) -> Entry:
            parameters: dict[str, Parameter] = {}
            operands: dict[str, Any] = dict(sizes)
            for key, default in declared.items():
                if key in counts:
                    continue
                row = Parameter(1.0, operand=True) if kind == "gated" and key == "up" else default
                own = tuple(row.members(key, sizes)) if isinstance(row, Each) else (_parameter(key, row),)
                if twice := [row.name for row in own if row.name in parameters]:
                    raise ValueError(f"{name}: two parameters are called {twice[0]!r}")
                parameters.update((row.name, row) for row in own)
                symbols = tuple(symbol(row.name) for row in own)
                operands[key] = symbols if isinstance(default, Each) else symbols[0]
            value = function(symbol("x"), **operands)
            bounds = {bound for row in parameters.values() if row.draw for bound in row.draw.bounds}
            unused = set(parameters) - value.symbols - bounds
            if unused:
                raise ValueError(f"{name}: parameter {unused.pop()!r} is not used in the formula")
            return Entry(
                name=name,
                kind=kind,
                parameters=MappingProxyType(parameters),
                source=source,
                value=value,
                summaries=MappingProxyType({"en": summary, "zh": zh}),
                family="" if function.__module__.startswith(f"{__package__}.") else "own",
                aliases=aliases,
                points=MappingProxyType(dict(points or {}) if sizes == defaults else {}),
                rows=MappingProxyType(dict(rows or {}) if sizes == defaults else {}),
                facts=facts,
                kinks=kinks(**sizes) if callable(kinks) else kinks,
                elsewhere=MappingProxyType(dict(elsewhere or {})),
                notes=MappingProxyType(dict(zip(("en", "zh"), notes, strict=True)) if notes else {}),
                ordered=ordered,
                counts=MappingProxyType(counts),
                sizes=MappingProxyType(dict(sizes)),
                make=make if counts else None,
            )

        return make(defaults)

    return declare


def _parameter(name: str, default: object) -> Parameter:
    if isinstance(default, Parameter):
        return replace(default, name=name)
    if isinstance(default, (int, float)):
        return Parameter(default, name=name)
    raise ValueError(f"parameter {name!r} needs a number as its default")


def at_kink(place: float | str | Expr, arguments: Mapping[str, float]) -> Expr:
    """A kink's place or slope as an expression of the parameters."""
    if isinstance(place, Expr):
        return place
    return parse(place, arguments) if isinstance(place, str) else parse(repr(float(place)))
