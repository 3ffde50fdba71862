"""Properties as rows of words, the same for terminals and pages."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..catalogue import find
from .numbers import number, share
from .words import clauses, join, say, word

if TYPE_CHECKING:
    from ..theory import Properties

_MOST_PLACES = 4  # kinks or fixed points written out; more are counted


def property_rows(properties: Properties, lang: str) -> list[tuple[str, str]]:
    """(label, text) for each property that makes sense for the entry, in reading order."""
    rows = ((key, write(properties, lang)) for key, write in _WRITERS.items())
    return [(say(lang, f"property.{key}"), text) for key, text in rows if text]


def property_table(properties: Sequence[Properties], lang: str) -> list[tuple[str, list[str]]]:
    """(label, one text for each entry) for each property that makes sense for at least one of them."""
    rows = ((key, [write(each, lang) for each in properties]) for key, write in _WRITERS.items())
    return [(say(lang, f"property.{key}"), texts) for key, texts in rows if any(texts)]


def property_labels(lang: str) -> list[str]:
    """The labels of all properties, in reading order."""
    return [say(lang, f"property.{key}") for key in _WRITERS]


def _parameters(p: Properties, lang: str) -> str:
    entry = find(p.name) if _known(p.name) else None
    told: list[str] = []
    for key, value in p.parameters.items():
        learned = entry is not None and key in entry.parameters and entry.parameters[key].learned
        told.append(f"{key} = {number(value, 6)}" + (say(lang, "property.learned") if learned else ""))
    return clauses(lang, told)


def _known(name: str) -> bool:
    try:
        find(name)
    except ValueError:
        return False
    return True


def _interval(low: float, high: float, closed: tuple[bool, bool] = (False, False)) -> str:
    if (low, high) == (-math.inf, math.inf):
        return "(−∞, ∞)"
    left = "[" if closed[0] and math.isfinite(low) else "("
    right = "]" if closed[1] and math.isfinite(high) else ")"
    return f"{left}{number(low, 6)}, {number(high, 6)}{right}"


def _span(ends: Any, lang: str) -> str:
    low, high = ends.low, ends.high
    if low.value == high.value:
        return say(lang, "property.always", value=number(low.value, 6))
    text = _interval(low.value, high.value, (low.attained, high.attained))
    for end, key in ((low, "least"), (high, "greatest")):
        if end.attained and end.at is not None and math.isfinite(end.at) and math.isfinite(end.value):
            text += say(lang, f"property.{key}", at=number(0.0 if abs(end.at) < 1e-9 else end.at, 6))
    return text


def _limits(pair: tuple[float, float], lang: str) -> str:
    low, high = (say(lang, "property.no_limit") if math.isnan(end) else number(end, 6) for end in pair)
    colon = say(lang, "list.colon")
    return clauses(lang, [f"x → −∞{colon}{low}", f"x → ∞{colon}{high}"])


def _form(p: Properties, lang: str) -> str:
    words = [word(lang, "direction", p.direction)]
    words += [say(lang, f"property.{key}") for key in ("odd", "even") if getattr(p, key)]
    words.append(word(lang, "convexity", p.convexity) if not p.rows else "")
    words.append(say(lang, "property.bounded") if p.bounded else "")
    return join(lang, [each for each in words if each])


def _centred(p: Properties, lang: str) -> str:
    return (
        "" if p.zero_centred is None else say(lang, f"centred.{'yes' if p.zero_centred else 'no'}", mean=number(p.mean))
    )


def _trainable(p: Properties, lang: str) -> str:
    return "" if p.trainable else say(lang, "property.not_trainable")


def _places(texts: list[str], endless: bool, lang: str) -> str:
    shown = texts[:_MOST_PLACES]
    more = len(texts) - len(shown)
    tail = say(lang, "property.endless") if endless else say(lang, "list.more", count=more) if more else ""
    return clauses(lang, shown) + tail


def _kinks(p: Properties, lang: str) -> str:
    if p.rows:
        return ""
    if not p.kinks:
        return say(lang, "property.none")
    told: list[str] = []
    for kink in p.kinks:
        left, right = number(kink.slope_left, 4), number(kink.slope_right, 4)
        text = say(lang, "property.kink", at=number(kink.at, 6), left=left, right=right, slope=number(kink.slope, 4))
        if kink.value_jump:
            text += say(lang, "property.jump", left=number(kink.value_left, 4), right=number(kink.value_right, 4))
        told.append(text)
    return _places(told, p.more_kinks, lang)


def _smoothness(p: Properties, lang: str) -> str:
    if p.rows:
        return ""
    key = {math.inf: "all", -1: "jumps", 0: "corner"}.get(p.smoothness, "some")
    return say(lang, f"property.smooth.{key}", count=number(p.smoothness))


def _fixed(p: Properties, lang: str) -> str:
    if p.rows:
        return ""
    if not p.fixed_points:
        return say(lang, "property.none")
    closed = (True, True)
    told = [number(a, 6) if a == b else _interval(a, b, closed) for a, b in p.fixed_points]
    return _places(told, p.more_fixed_points, lang)


def _saturation(p: Properties, lang: str) -> str:
    if p.rows:
        return ""
    low, high = p.saturation
    if any(end is not None and math.isinf(end) for end in (low, high)):
        return say(lang, "property.everywhere")
    told = [f"x < {number(low, 4)}"] if low is not None else []
    told += [f"x > {number(high, 4)}"] if high is not None else []
    return join(lang, told) or say(lang, "property.none")


def _zeros(p: Properties, lang: str) -> str:
    if p.zero_share is None or p.zero_slope_share is None:
        return ""
    return say(lang, "property.zero_shares", value=share(p.zero_share), slope=share(p.zero_slope_share))


def _collapse(p: Properties, lang: str) -> str:
    told: list[str] = []
    for kind, ends in p.collapse.items():
        sides = [f"x < {number(ends.left, 4)}"] if ends.left is not None else []
        sides += [f"x > {number(ends.right, 4)}"] if ends.right is not None else []
        if sides:
            told.append(f"{kind}{say(lang, 'list.colon')}{join(lang, sides)}")
    return clauses(lang, told)


def _moments(p: Properties, lang: str) -> str:
    parts = (("E f", p.mean), ("E f²", p.second), ("E f′²", p.slope_second))
    return clauses(lang, [f"{name} = {number(round(value, 12), 6)}" for name, value in parts if value is not None])


def _gain(p: Properties, lang: str) -> str:
    parts = (("1/√(E f²)", p.gain), ("1/√(E f′²)", p.slope_gain))
    return clauses(lang, [f"{name} = {number(value, 6)}" for name, value in parts if value is not None])


def _chaos(p: Properties, lang: str) -> str:
    if not p.edge_of_chaos:
        return ""
    told = [
        f"σb = {number(bias)}{say(lang, 'list.colon')}σw = {number(edge[0], 5)}"
        for bias, edge in p.edge_of_chaos.items()
        if edge is not None
    ]
    return clauses(lang, told) or say(lang, "property.none")


def _cost(p: Properties, lang: str) -> str:
    c = p.cost
    return say(
        lang,
        "property.cost.told",
        calls=c.transcendental,
        work=c.arithmetic,
        slope_calls=c.slope_transcendental,
        slope_work=c.slope_arithmetic,
        forward=c.forward_bytes,
        backward=c.backward_bytes,
    )


def _rows(p: Properties, lang: str) -> str:
    if p.rows is None:
        return ""
    told = [say(lang, "property.row_sum", total=number(p.rows.total))] if p.rows.total is not None else []
    told += [say(lang, "property.shift_invariant")] if p.rows.shift_invariant else []
    return clauses(lang, [*told, word(lang, "order", p.rows.order)])


_WRITERS: dict[str, Callable[[Properties, str], str]] = {
    "parameters": _parameters,
    "domain": lambda p, lang: _interval(*p.domain),
    "range": lambda p, lang: _span(p.range, lang),
    "limits": lambda p, lang: _limits(p.limits, lang),
    "form": _form,
    "trainable": _trainable,
    "rows": _rows,
    "centred": _centred,
    "slope_range": lambda p, lang: _span(p.slope_range, lang),
    "slope_limits": lambda p, lang: _limits(p.slope_limits, lang),
    "lipschitz": lambda p, lang: number(p.lipschitz, 6),
    "kinks": _kinks,
    "smoothness": _smoothness,
    "saturation": _saturation,
    "period": lambda p, lang: "" if p.period is None else number(p.period, 6),
    "fixed": _fixed,
    "zeros": _zeros,
    "moments": _moments,
    "gain": _gain,
    "chaos": _chaos,
    "collapse": _collapse,
    "cost": _cost,
}
