"""What a certificate is made of: plain records that go to JSON and come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .sweep import Error


@dataclass(frozen=True)
class Outcome:
    """One check of one function: how many values it compared, or in one sentence what is wrong."""

    check: str
    compared: int
    fault: str = ""


@dataclass(frozen=True)
class Exemption:
    """Something that is as it is for a reason: `key` names the reason, `values` are the numbers that fill it in."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Row:
    """Everything measured on one function."""

    name: str
    kind: str
    errors: tuple[Error, ...]
    outcomes: tuple[Outcome, ...]
    exemptions: tuple[Exemption, ...] = ()

    @property
    def faults(self) -> tuple[tuple[str, str], ...]:
        """(check, sentence) of everything that failed."""
        measured = [("accuracy", error.fault) for error in self.errors if error.fault]
        return (*measured, *((each.check, each.fault) for each in self.outcomes if each.fault))

    @property
    def compared(self) -> int:
        """How many values were compared."""
        return sum(each.compared for each in (*self.errors, *self.outcomes))

    def error(self, dtype: str, of: str) -> Error | None:
        """The measured error of "value" or "slope" in a dtype; None where none was measured."""
        return next((each for each in self.errors if (each.dtype, each.of) == (dtype, of)), None)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return _without_inf(asdict(self))

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Row:
        """The row that `to_json` wrote."""
        return cls(
            given["name"],
            given["kind"],
            tuple(Error(**{key: _number(value) for key, value in each.items()}) for each in given["errors"]),
            tuple(Outcome(**each) for each in given["outcomes"]),
            tuple(Exemption(each["key"], each["values"]) for each in given["exemptions"]),
        )


@dataclass(frozen=True)
class Certificate:
    """The rows of many functions, with the versions of everything that took part."""

    rows: tuple[Row, ...]
    versions: Mapping[str, str]

    @property
    def failed(self) -> tuple[Row, ...]:
        """The rows with a fault."""
        return tuple(row for row in self.rows if row.faults)

    @property
    def checks(self) -> int:
        """How many checks were made: a measured error counts as one."""
        return sum(len(row.errors) + len(row.outcomes) for row in self.rows)

    @property
    def compared(self) -> int:
        """How many values were compared."""
        return sum(row.compared for row in self.rows)

    def errors(self, dtype: str, of: str) -> Iterator[tuple[Row, Error]]:
        """Every measured error of "value" or "slope" in a dtype."""
        for row in self.rows:
            error = row.error(dtype, of)
            if error is not None:
                yield row, error

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"versions": dict(self.versions), "rows": [row.to_json() for row in self.rows]}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Certificate:
        """The certificate that `to_json` wrote."""
        return cls(tuple(Row.from_json(each) for each in given["rows"]), given["versions"])


_INFINITE = ("inf", "-inf", "nan")


def _number(value: Any) -> Any:
    return float(value) if value in _INFINITE else value


def _without_inf(value: Any) -> Any:
    """Infinities and NaN as text, since JSON has none."""
    if isinstance(value, dict):
        return {key: _without_inf(item) for key, item in value.items()}  # type: ignore[misc]
    if isinstance(value, (list, tuple)):
        return [_without_inf(item) for item in value]  # type: ignore[misc]
    return str(value) if isinstance(value, float) and str(value) in _INFINITE else value
