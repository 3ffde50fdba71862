"""The catalogue as the page's data.

`python -m actlab.explorer.catalog FOLDER` writes `catalog.json` and `functions.js` there.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .. import __version__
from ..advice.usage import use
from ..catalogue import ENTRIES, Entry
from ..catalogue import Parameter as Declared
from ..catalogue.naming import library_of
from ..report.curves import jumps, kinks, reach
from ..report.gallery import code, drawn_as
from ..report.property_rows import property_labels, property_rows
from ..report.sources import dated
from ..report.words import LANGUAGES, say, texts
from ..theory import Properties, properties
from ..theory.formulas import latex, mathml
from . import schema
from .functions import numbers, script
from .guide import guide

_MOST = 4000  # characters of a formula that somebody may want to read; 23 slopes are longer, up to 240,000
# groups of our texts whose words the page shows beside its own
_GROUPS = ("family.", "kind.", "direction.", "convexity.", "formula.")
_RAW = "fact."


def catalog(entries: Iterable[Entry] = ENTRIES.values()) -> schema.Packed:
    """Everything the page shows of these entries, by columns, and the choice guide."""
    return {
        "version": __version__,
        "labels": {lang: dict(_labels(lang)) for lang in LANGUAGES},
        "columns": _column([_entry(entry) for entry in entries]),
        "guide": guide(),
    }


def _column(items: list[Any]) -> Any:
    """Records as a record of columns; anything else as it is."""
    if not isinstance(items[0], dict):
        return items
    return {key: _column([item[key] for item in items]) for key in items[0]}


def _entry(entry: Entry) -> dict[str, Any]:
    """One `schema.Entry` as it travels."""
    facts, half, told = properties(entry), reach(entry), use(entry)
    year = getattr(dated(entry.source), "year", None)
    return {
        "name": entry.name,
        "aliases": list(entry.aliases),
        "kind": entry.kind,
        "family": entry.family,
        "year": year,
        "summary": {lang: entry.summary(lang) for lang in LANGUAGES},
        "source": entry.source,
        "parameters": list(_parameters(entry)),
        "ordered": list(entry.ordered),
        "mathml": {of: _readable(mathml(entry, of)) for of in ("value", "slope")},
        "latex": _readable(latex(entry)),
        "code": code(entry),
        "kinks": [] if entry.along_axis else list(kinks(entry)),
        "jumps": jumps(entry).get("value", []),
        "window": (-half, half),
        "properties": {**_raw(entry, facts), "year": year},
        "rows": {lang: _rows(facts, lang) for lang in LANGUAGES},
        "where": sorted(set(map(library_of, entry.known_as))),
        "usage": {
            lang: {"good": [each[lang] for each in told.when], "bad": [each[lang] for each in told.when_not]}
            for lang in LANGUAGES
        },
        "remark": {lang: " ".join(filter(None, (entry.notes.get(lang), drawn_as(entry, lang)))) for lang in LANGUAGES},
    }


def _rows(facts: Properties, lang: str) -> dict[str, str | None]:
    """Every label with the entry's text or None; parameters have controls of their own."""
    rows: dict[str, str | None] = {**dict.fromkeys(property_labels(lang)), **dict(property_rows(facts, lang))}
    del rows[say(lang, "property.parameters")]
    return rows


def _readable(formula: str) -> str:
    return formula if len(formula) <= _MOST else ""


def _labels(lang: str) -> Iterator[tuple[str, str]]:
    for key, text in texts(lang).items():
        if key.startswith(_GROUPS):
            yield key, text
        elif key.startswith(_RAW):
            yield key.removeprefix(_RAW), text


def _raw(entry: Entry, p: Properties) -> dict[str, float | bool | str | None]:
    """What entries are found, sorted and compared by; infinite numbers stay infinite, what does not exist is None."""
    rows = entry.along_axis
    learned = any(parameter.learned for parameter in entry.parameters.values())
    found: dict[str, float | bool | str | None] = {
        "monotone": None if rows else p.monotone,
        "direction": None if rows else p.direction,
        "smooth": None if rows else p.smoothness == math.inf,
        "smoothness": None if rows else p.smoothness,
        "kinks": None if rows else math.inf if p.more_kinks else len(p.kinks),
        "bounded": p.bounded,
        "bounded_below": p.bounded_below,
        "bounded_above": p.bounded_above,
        "zero_centred": p.zero_centred,
        "odd": None if rows else p.odd,
        "even": None if rows else p.even,
        "convexity": None if rows else p.convexity,
        "learned": learned,
        "trainable": p.trainable,
        "range_low": p.range.low.value,
        "range_high": p.range.high.value,
        "limit_left": p.limits[0],
        "limit_right": p.limits[1],
        "slope_low": p.slope_range.low.value,
        "slope_high": p.slope_range.high.value,
        "lipschitz": p.lipschitz,
        "mean": p.mean,
        "second": p.second,
        "slope_second": p.slope_second,
        "gain": p.gain,
        "slope_gain": p.slope_gain,
        "zero_share": p.zero_share,
        "zero_slope_share": p.zero_slope_share,
        "saturated_below": None if rows else p.saturation[0],
        "saturated_above": None if rows else p.saturation[1],
        "period": p.period,
        "transcendental": p.cost.transcendental,
        "arithmetic": p.cost.arithmetic,
        "parameters": sum(parameter.settable for parameter in entry.parameters.values()),
    }
    return {key: _short(part) if isinstance(part, float) else part for key, part in found.items()}


def _short(number: float) -> float | None:
    """Seven digits are enough to sort and to read; NaN says that there is no such number."""
    return None if math.isnan(number) else float(f"{number:.7g}")


_DEFAULT = Declared(0.0)  # of the numbers that are no parameters: the other scores of a row


def _parameters(entry: Entry) -> Iterator[schema.Parameter]:
    for name, default in numbers(entry).items():
        declared = entry.parameters.get(name, _DEFAULT)
        low, high, step = _slider(declared, default)
        floor = declared.above if declared.low is None else declared.low
        ceiling = declared.below if declared.high is None else declared.high
        yield {
            "name": name,
            "default": default,
            "low": low,
            "high": high,
            "step": step,
            "whole": False,
            "learned": declared.learned,
            "drawn": declared.draw is not None,
            "floor": floor,
            "ceiling": ceiling,
            "open": (declared.above is not None, declared.below is not None),
        }


def _slider(declared: Declared, default: float) -> tuple[float, float, float]:
    """Ends and step of a slider: the allowed set where it is small, else some way to both sides of the default."""
    reach = max(2.0, 2 * abs(default)) if abs(default) >= 0.2 or default == 0 else 10 * abs(default)
    step = 10.0 ** math.floor(math.log10(reach / 50))
    low, high = default - reach, default + reach
    if declared.low is not None or declared.above is not None:
        low = max(low, declared.low if declared.low is not None else (declared.above or 0.0) + step)
    if declared.high is not None or declared.below is not None:
        high = min(high, declared.high if declared.high is not None else (declared.below or 0.0) - step)
    return round(low, 10), round(high, 10), step


def as_json(value: Any) -> str:
    """The data as JSON on one line; infinite numbers as 1e999, which a reader takes for infinite."""
    mark = "\ue000"  # in no text of ours

    def plain(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: plain(item) for key, item in part.items()}
        if isinstance(part, (list, tuple)):
            return [plain(item) for item in part]
        if isinstance(part, float) and math.isinf(part):
            return f"{mark}{'-' if part < 0 else ''}1e999{mark}"
        return int(part) if isinstance(part, float) and part.is_integer() and abs(part) < 1e15 else part

    told = json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return told.replace(f'"{mark}', "").replace(f'{mark}"', "")


def write(folder: Path, entries: Iterable[Entry] = ENTRIES.values()) -> None:
    """Write `catalog.json` and `functions.js` of these entries into `folder`."""
    kept = tuple(entries)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalog.json").write_text(as_json(catalog(kept)), encoding="utf-8")
    (folder / "functions.js").write_text(script(kept), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "built"))
