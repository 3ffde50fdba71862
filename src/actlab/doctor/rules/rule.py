"""What a rule is: five attributes and one method, from numbers to findings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from ..numbers import Numbers
from ..records import Finding, Prescription


class Rule:
    """A rule: code (never reused), name, title in both languages, reference, and `judge`.

    Its docstring is its page in the documentation: what it does, why it matters, a sick and a healthy example, in
    English and then in Chinese.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    title: ClassVar[Mapping[str, str]]
    reference: ClassVar[str]

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        """The findings of this rule; none when all is well."""
        raise AssertionError(f"{type(self).__name__} has no judge method")

    def finding(
        self,
        severity: str,
        where: Iterable[str],
        evidence: Mapping[str, Any],
        en: str,
        zh: str,
        *prescriptions: Prescription,
    ) -> Finding:
        """A finding of this rule."""
        places = tuple(dict.fromkeys(place or "model" for place in where))
        text = {"en": en, "zh": zh}
        return Finding(
            self.code, self.name, severity, places, evidence, text, self.title, prescriptions, self.reference
        )


def words(en: str, zh: str) -> Mapping[str, str]:
    """One text in both languages."""
    return {"en": en, "zh": zh}


def by_harm(numbers: Numbers, worst: str = "illness") -> str:
    """A symptom's severity: `worst` when the network does not learn, a warning when unclear, else a note."""
    return {"no": worst, "unclear": "warning", "yes": "note"}[numbers.learning]


def percent(share: float) -> str:
    """A share as text, e.g. 0.257 -> 26 %."""
    return f"{100 * share:.0f} %"


def number(value: float) -> str:
    """A number with three digits."""
    return f"{value:.3g}"


def listed(paths: Iterable[str], lang: str = "en", most: int = 4) -> str:
    """Paths for a sentence; the rest are counted."""
    names = [path or "model" for path in dict.fromkeys(paths)]
    shown = ("、" if lang == "zh" else ", ").join(names[:most])
    left = len(names) - most
    if left <= 0:
        return shown
    return f"{shown} 等 {len(names)} 处" if lang == "zh" else f"{shown} and {left} more"


def harm_words(numbers: Numbers, lang: str) -> str:
    """What the training showed, as a sentence; nothing where the loss is not known."""
    if math.isnan(numbers.task_start) and math.isnan(numbers.task_end):
        return ""
    start, end = number(numbers.task_start), number(numbers.task_end)
    floor = "" if numbers.trivial is None else number(numbers.trivial)
    if lang == "zh":
        reach = f"（忽略输入的最好常数输出可达 {floor}）" if floor else ""
        word = {"yes": "网络仍在学习", "no": "网络没有学到东西", "unclear": "学习是否正常尚不明确"}[numbers.learning]
        return f"经过 {numbers.steps_done} 步，损失由 {start} 变为 {end}{reach}：{word}。"
    reach = f" (the best constant output reaches {floor})" if floor else ""
    word = {"yes": "it learns nevertheless", "no": "it does not learn", "unclear": "whether it learns is unclear"}
    return f"In {numbers.steps_done} steps the loss went from {start} to {end}{reach}: {word[numbers.learning]}."
