"""From a question to advice: the rules that apply, the most specific first, without contradictions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ..theory import gain, variance_slope
from .figures import fill
from .hidden import HIDDEN
from .output import OUTPUT
from .rule import ALTERNATIVE, AVOID, FIRST, Rule
from .troubles import TROUBLED
from .words import ARCHITECTURES, PLACES, TASKS, TROUBLES, resolve

RULES: tuple[Rule, ...] = HIDDEN + TROUBLED + OUTPUT
# what a rule may hang on, the most specific first
_PAIR = ("architecture", "trouble")
_ORDER: tuple[tuple[str, ...], ...] = (_PAIR, ("trouble",), ("task",), ("architecture",), ())
_DRIFTS = 1.02  # a variance error that grows by more than this per layer is felt within ten or twenty layers
_STRENGTHS = {FIRST: "首选", ALTERNATIVE: "备选", AVOID: "避免"}


@dataclass(frozen=True)
class Advice:
    """One recommendation or warning.

    entries: catalogue names, the recommended one first. strength: "first choice", "alternative" or "avoid".
    reason: why, by language. source: who says so. loss: the torch loss it is paired with at an output, else empty.
    initialisation: how to draw the weights before it, by language; empty at an output and for warnings.
    """

    entries: tuple[str, ...]
    strength: str
    reason: Mapping[str, str]
    source: str
    loss: str = ""
    initialisation: Mapping[str, str] = field(default_factory=dict[str, str])

    def explain(self, lang: str = "en") -> str:
        """The advice in full sentences, in English ("en") or Chinese ("zh")."""
        names = (", " if lang == "en" else "、").join(self.entries)
        paired = {"en": f" with {self.loss}", "zh": f" 配合 {self.loss}"}[lang] if self.loss else ""
        head = {
            "en": f"{self.strength.capitalize()}: {names}{paired}.",
            "zh": f"{_STRENGTHS[self.strength]}：{names}{paired}。",
        }
        parts = [head[lang], self.reason[lang], self.initialisation.get(lang, "")]
        return (" " if lang == "en" else "").join(part for part in parts if part)

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON types."""
        return {
            "entries": list(self.entries),
            "strength": self.strength,
            "reason": dict(self.reason),
            "source": self.source,
            "loss": self.loss,
            "initialisation": dict(self.initialisation),
        }


def advise(
    task: str | None = None,
    architecture: str | None = None,
    where: str = "hidden",
    trouble: str | None = None,
) -> tuple[Advice, ...]:
    """Which activations to take, and which not, for a place in a network, with reasons.

    task: binary, multi-class, multi-label, regression, bounded-regression or positive-regression. architecture: mlp,
    cnn, rnn, transformer, gan or light. where: hidden or output. trouble: dead-units, vanishing-gradient,
    exploding-gradient, instability, slow or memory. Chinese words and other spellings are understood.
    Raises ValueError listing the known words, or asking for the task of an output layer.
    """
    place = resolve("place", where, PLACES)
    asked = {
        "trouble": resolve("trouble", trouble, TROUBLES) if trouble else "",
        "task": resolve("task", task, TASKS) if task else "",
        "architecture": resolve("architecture", architecture, ARCHITECTURES) if architecture else "",
    }
    chosen = _choose([rule for rule in RULES if rule.where == place], asked)
    if not chosen:
        raise ValueError(f"advice for an output layer needs a task; known: {', '.join(TASKS)}")
    return chosen


def _choose(rules: Sequence[Rule], asked: Mapping[str, str]) -> tuple[Advice, ...]:
    """The rules that apply, without contradictions: the first word on an entry silences later ones."""
    levels = {conditions: _matching(rules, asked, conditions) for conditions in _ORDER}
    if levels[_PAIR]:  # a cure for this trouble in this architecture replaces the cure in general
        levels["trouble",] = [rule for rule in levels["trouble",] if rule.strength == AVOID]
    if asked["architecture"]:  # it brings its own recommendations
        levels[()] = [rule for rule in levels[()] if rule.strength == AVOID]
    special = [rule for conditions in _ORDER[1:-1] for rule in levels[conditions]]
    warnings = [rule for rule in special if rule.strength == AVOID]
    # the first choice of any level comes before every alternative
    praise = sorted((rule for rule in special if rule.strength != AVOID), key=lambda rule: rule.strength != FIRST)
    general = sorted(levels[()], key=lambda rule: rule.strength != AVOID)
    return _merge([*levels[_PAIR], *warnings, *praise, *general])


def _matching(rules: Sequence[Rule], asked: Mapping[str, str], conditions: tuple[str, ...]) -> list[Rule]:
    """The rules that set exactly these conditions, as the question answers them."""
    wanted = {name: asked[name] for name in conditions}
    return [rule for rule in rules if {name: word for name in asked if (word := getattr(rule, name))} == wanted]


def _merge(rules: Iterable[Rule]) -> tuple[Advice, ...]:
    said: set[tuple[str, str, str]] = set()
    by_strength: dict[str, list[Advice]] = {FIRST: [], ALTERNATIVE: [], AVOID: []}
    for rule in rules:
        # at an output the same function may be right with one loss and wrong with another, or used both ways
        verdict = rule.strength if rule.where == "output" else ""
        entries = tuple(name for name in rule.entries if (name, rule.loss, verdict) not in said)
        if not entries:
            continue
        said |= {(name, rule.loss, verdict) for name in entries}
        # a hidden layer has one first choice: that of the most specific question
        second = rule.strength == FIRST and by_strength[FIRST] and rule.where == "hidden"
        strength = ALTERNATIVE if second else rule.strength
        by_strength[strength].append(_advice(rule, entries, strength))
    return tuple(advice for group in by_strength.values() for advice in group)


def _advice(rule: Rule, entries: tuple[str, ...], strength: str) -> Advice:
    how = initialisation(entries) if rule.where == "hidden" and rule.weights and strength != AVOID else {}
    reason = MappingProxyType({"en": fill(rule.en), "zh": fill(rule.zh)})
    return Advice(entries, strength, reason, rule.source, rule.loss, MappingProxyType(how))


def initialisation(entries: tuple[str, ...]) -> dict[str, str]:
    """How to draw the weights of layers that follow these activations, by language; gains by quadrature."""
    gains = {name: gain(name) for name in entries}
    drifting = [name for name in entries if variance_slope(name) > _DRIFTS]
    en = "Draw the weights with standard deviation g/sqrt(fan_in), g = " + ", ".join(
        f"{g:.3f} ({name})" for name, g in gains.items()
    )
    zh = "权重标准差取 g/√fan_in，g = " + "、".join(f"{g:.3f}（{name}）" for name, g in gains.items())
    en += ", with g = 1 in the first layer and zero biases."
    zh += "；第一层取 g = 1，偏置取 0。"
    if drifting:
        en += f" Beyond ten plain layers add normalisation, since the variance drifts with {' and '.join(drifting)}."
        zh += f"普通堆叠超过十层时应加归一化，因为 {'、'.join(drifting)} 的方差会漂移。"
    return {"en": en, "zh": zh}
