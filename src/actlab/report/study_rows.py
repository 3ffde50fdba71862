"""A comparison as rows of words, the same for terminals and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .numbers import MINUS, number
from .words import say, word

if TYPE_CHECKING:
    from ..study import Comparison

# the columns, and from which width of a terminal each is shown
COLUMNS = {
    "name": 0,
    "score": 0,
    "difference": 0,
    "interval": 98,
    "p_better": 72,
    "p": 110,
    "rank": 110,
    "failures": 84,
    "rate": 110,
    "verdict": 0,
}
WORDS = ("name", "verdict")  # columns of words; the others are numbers


def headline(result: Comparison, lang: str) -> str:
    """Task, seeds and baseline in one line."""
    return say(lang, "study.headline", task=result.task, count=len(result.seeds), baseline=result.baseline)


def cells(result: Comparison, lang: str) -> list[dict[str, str]]:
    """The rows of the table as texts, best first, keyed by column."""
    metric = result.about.metric
    rows: list[dict[str, str]] = []

    def scaled(value: float | None, sign: str = "") -> str:
        return "" if value is None else f"{value * metric.scale:{sign}.{metric.digits}f}".replace("-", MINUS)

    for row in result.rows:
        other = row.difference
        spread = f" ± {scaled(row.sd)}" if row.sd is not None else ""
        told = {
            "name": row.name,
            "score": scaled(row.mean) + spread,
            "rank": f"{row.rank:.1f}",
            "failures": f"{row.failures}/{len(result.seeds)}" if row.failures else "0",
            "rate": f"{row.learning_rate:g}",
            "difference": "",
            "interval": "",
            "p_better": "",
            "p": "",
            "verdict": say(lang, "study.baseline"),
        }
        if other is not None:
            interval = "" if other.low is None else f"{scaled(other.low, '+')} … {scaled(other.high, '+')}"
            told |= {
                "difference": scaled(other.mean, "+"),
                "interval": interval,
                "p_better": f"{other.p_better:.2f}",
                "p": number(other.p_holm, 2),
                "verdict": word(lang, "verdict", other.verdict),
            }
        rows.append(told)
    return rows


def unit(result: Comparison, lang: str) -> str:
    """The metric with its scale, such as "accuracy, %"."""
    metric = result.about.metric
    return metric.names[lang] + (" (%)" if metric.scale == 100 else "")
