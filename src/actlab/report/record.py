"""An entry as JSON: the same record for `--json`, saved files and the explorer."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..catalogue import Entry
    from ..theory import Properties

Usage = Mapping[str, Any]


def brief(entry: Entry) -> dict[str, Any]:
    """Name, aliases, kind, family, summaries in both languages and parameters."""
    return {
        "name": entry.name,
        "aliases": list(entry.aliases),
        "kind": entry.kind,
        "family": entry.family,
        "summary": dict(entry.summaries),
        "parameters": {
            key: {"default": parameter.default, "learned": parameter.learned, "allowed": parameter.allowed}
            for key, parameter in entry.parameters.items()
            if parameter.settable
        },
    }


def full(entry: Entry, properties: Properties, usage: Usage) -> dict[str, Any]:
    """Everything: formulas, properties, when to use it, kinks, notes, sources and names elsewhere."""
    from ..theory.formulas import latex, plain_text

    return {
        **brief(entry),
        "formula": {of: {"text": plain_text(entry, of), "latex": latex(entry, of)} for of in ("value", "slope")},
        "properties": properties.to_json(),
        "usage": {key: [dict(sentence) for sentence in sentences] for key, sentences in usage.items()},
        "kinks": [
            {"at": _told(entry, kink.at), "slope": _told(entry, kink.slope), "like": kink.like} for kink in entry.kinks
        ],
        "notes": dict(entry.notes),
        "elsewhere": dict(entry.known_as),
        "source": entry.source,
    }


def _told(entry: Entry, place: Any) -> float | str:
    """A kink's place or slope as the entry states it; what it states as an expression, at the default parameters."""
    from ..theory.evaluate import evaluate

    return place if isinstance(place, (int, float, str)) else float(evaluate(place, 0.0, entry.arguments({})))


def plain(value: Any) -> Any:
    """A value made of records as JSON values: dataclasses become dictionaries, infinities and NaN strings."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}  # type: ignore[misc]
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]  # type: ignore[misc]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def text(value: Any) -> str:
    """The value as JSON text with a line for each item."""
    return json.dumps(plain(value), ensure_ascii=False, indent=1) + "\n"
