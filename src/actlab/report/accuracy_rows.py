"""What was measured of an entry's accuracy, as rows of words, from a saved certificate."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..catalogue import Entry
from .numbers import number
from .words import clauses, say

Measured = Callable[[Entry, str], Sequence[tuple[str, str]]]


def measured_in(path: str | Path | None) -> Measured:
    """The rows of a saved certificate (`actlab certify --save certificate.json`); none where there is no such file."""
    if path is None or not Path(path).is_file():
        return lambda entry, lang: ()
    certificate = json.loads(Path(path).read_text(encoding="utf-8"))
    known: dict[str, Sequence[Mapping[str, Any]]] = {row["name"]: row["errors"] for row in certificate["rows"]}
    return lambda entry, lang: accuracy_rows(known.get(entry.name, ()), lang)


def accuracy_rows(errors: Sequence[Mapping[str, Any]], lang: str) -> list[tuple[str, str]]:
    """A row for each dtype: the worst errors of value and slope in ULP, and the inputs where they are.

    errors: the measured errors of one entry, as a certificate's JSON has them.
    """
    told: dict[str, list[str]] = {}
    for error in errors:
        ulp, at = float(error["ulp"]), float(error["at"])
        words = say(lang, f"accuracy.{error['of']}", ulp=number(round(ulp, 3)), at=number(at, 6))
        told.setdefault(error["dtype"], []).append(words if ulp else say(lang, f"accuracy.{error['of']}.exact"))
    return [(dtype, clauses(lang, parts)) for dtype, parts in told.items()]
