"""The choice guide as data: what `actlab.advise` answers to every combination of questions, said once each."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from ..advice import ARCHITECTURES, PLACES, TASKS, TROUBLES, Advice, advise
from ..advice.words import Word
from .schema import Advised, Choice, Guide, Place, Question, Texts

_QUESTIONS: Mapping[str, Mapping[str, Word]] = {"task": TASKS, "architecture": ARCHITECTURES, "trouble": TROUBLES}
_NO_MATTER = Word("no matter", "不限")
_Answers = dict[tuple[str, ...], tuple[Advice, ...]]


def guide() -> Guide:
    """Every place of an activation, what is worth asking about it there, and the advice for all answers.

    A question, or one of its answers, that changes no advice at a place is left out.
    """
    advice: dict[str, int] = {}
    said: list[Advised] = []
    answers: dict[str, list[int]] = {}
    places: list[Place] = []
    for place, word in PLACES.items():
        given = _answers(place)
        choices = {
            name: [key for key in keys if _matters(at, key, given)]
            for at, (name, keys) in enumerate(_keys(given).items())
        }
        asked = {name: keys for name, keys in choices.items() if len(keys) > 1}
        for chosen in itertools.product(*asked.values()):
            by_name = dict(zip(asked, chosen, strict=True))
            found = given[tuple(by_name.get(name, "") for name in _QUESTIONS)]
            for each in found:
                record = _advised(each)
                if advice.setdefault(repr(record), len(said)) == len(said):
                    said.append(record)
            answers["|".join((place, *chosen))] = [advice[repr(_advised(each))] for each in found]
        questions: list[Question] = [
            {"id": name, "choices": [_choice(key, _QUESTIONS[name].get(key, _NO_MATTER)) for key in keys]}
            for name, keys in asked.items()
        ]
        places.append({"id": place, "label": _texts(word), "questions": questions})
    return {"places": places, "advice": said, "answers": answers}


def _answers(place: str) -> _Answers:
    """The ids of task, architecture and trouble, empty for none -> the advice, for tasks that `advise` takes alone."""
    found: _Answers = {}
    for task in ("", *TASKS):
        try:
            advise(task or None, where=place)
        except ValueError:  # an output layer needs its task
            continue
        for architecture, trouble in itertools.product(("", *ARCHITECTURES), ("", *TROUBLES)):
            found[task, architecture, trouble] = advise(task or None, architecture or None, place, trouble or None)
    return found


def _keys(given: _Answers) -> dict[str, list[str]]:
    return {name: list(dict.fromkeys(chosen[at] for chosen in given)) for at, name in enumerate(_QUESTIONS)}


def _matters(at: int, key: str, given: _Answers) -> bool:
    """Whether this answer to the question ever says more than "no matter", which stays wherever it is an answer."""
    without = {chosen: (*chosen[:at], "", *chosen[at + 1 :]) for chosen in given if chosen[at] == key}
    return not key or any(given.get(other) != given[chosen] for chosen, other in without.items())


def _texts(word: Word) -> Texts:
    return {"en": word.en, "zh": word.zh}


def _choice(key: str, word: Word) -> Choice:
    return {"id": key, "label": _texts(word)}


def _advised(advice: Advice) -> Advised:
    return {
        "entries": list(advice.entries),
        "strength": advice.strength,
        "reason": {"en": advice.reason["en"], "zh": advice.reason["zh"]},
        "source": advice.source,
        "loss": advice.loss,
        "initialisation": {"en": advice.initialisation.get("en", ""), "zh": advice.initialisation.get("zh", "")},
    }
