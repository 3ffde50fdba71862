"""Advice: bilingual, complete, without contradictions, and true where it names PyTorch."""

from __future__ import annotations

import itertools
import json
import re

import pytest

from actlab.advice import ARCHITECTURES, AVOID, FIRST, PLACES, RULES, TASKS, TROUBLES, advise
from actlab.catalogue import ENTRIES

CHINESE = re.compile(r"[\u4e00-\u9fff]")
QUESTIONS = [
    {"task": task, "architecture": architecture, "where": where, "trouble": trouble}
    for where, task, architecture, trouble in itertools.product(
        PLACES, (None, *TASKS), (None, *ARCHITECTURES), (None, *TROUBLES)
    )
]


def _answer(question):
    try:
        return advise(**question)
    except ValueError as refusal:
        assert question["where"] == "output" and question["task"] is None, refusal
        return ()


def test_every_rule_is_reachable():
    """Some question brings every rule's reason to the reader."""
    told = {advice.reason["en"] for question in QUESTIONS for advice in _answer(question)}
    from actlab.advice.figures import fill

    silent = [rule for rule in RULES if fill(rule.en) not in told]
    assert not silent


def test_every_question_has_one_first_choice_and_no_contradiction():
    """Hidden layers get exactly one first choice, and nothing is both praised and warned of with the same loss."""
    compared = 0
    for question in QUESTIONS:
        answer = _answer(question)
        if question["where"] == "hidden":
            assert [advice.strength for advice in answer].count(FIRST) == 1, question
            good = {name for advice in answer if advice.strength != AVOID for name in advice.entries}
            bad = {name for advice in answer if advice.strength == AVOID for name in advice.entries}
            assert not good & bad, question
            named = [name for advice in answer for name in advice.entries]
            assert len(named) == len(set(named)), question
            compared += 1
    assert compared == 7 * 7 * 7


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_an_output_with_its_loss(task):
    """An output layer's first choice names a loss that torch has."""
    nn = pytest.importorskip("torch").nn
    answer = advise(task=task, where="output")
    assert answer[0].strength == FIRST
    for advice in answer:
        assert hasattr(nn, advice.loss)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.where}-{'-'.join(rule.entries)}")
def test_every_rule_is_complete_in_both_languages(rule):
    """Entries exist, both languages are written in full sentences, and a source is named."""
    assert set(rule.entries) <= set(ENTRIES)
    assert rule.en.endswith(".") and not CHINESE.search(rule.en)
    assert rule.zh.endswith("。") and CHINESE.search(rule.zh)
    assert rule.source
    assert sorted(re.findall(r"{\w+\[\w+\]}", rule.en)) == sorted(re.findall(r"{\w+\[\w+\]}", rule.zh))


def test_reasons_cite_computed_numbers():
    """The numbers in a reason come from theory: sigmoid's largest slope and its gradient factor per layer."""
    [warning] = [advice for advice in advise() if "sigmoid" in advice.entries]
    assert "0.25" in warning.reason["en"] and "0.14" in warning.reason["en"]
    assert "0.25" in warning.reason["zh"] and "0.14" in warning.reason["zh"]
    [relu] = [advice for advice in advise(architecture="cnn") if advice.strength == FIRST]
    assert "1.414 (relu)" in relu.initialisation["en"] and "1.414（relu）" in relu.initialisation["zh"]


def test_advice_explains_itself_and_serialises():
    """`explain` speaks both languages and `to_json` is JSON."""
    for advice in advise(task="multi-class", where="output"):
        assert advice.reason["en"] in advice.explain("en")
        assert advice.reason["zh"] in advice.explain("zh")
        assert advice.loss in advice.explain("zh")
        assert json.loads(json.dumps(advice.to_json()))["entries"] == list(advice.entries)


@pytest.mark.parametrize(("kind", "words"), [("task", TASKS), ("architecture", ARCHITECTURES), ("trouble", TROUBLES)])
def test_words_are_understood_in_every_spelling(kind, words):
    """Names, capitals, spaces, underscores, aliases and Chinese words mean the same."""
    for key, word in words.items():
        expected = advise(**{kind: key})
        for spelling in (key.upper(), key.replace("-", "_"), key.replace("-", " "), word.zh, word.en, *word.also):
            assert advise(**{kind: spelling}) == expected


def test_no_word_means_two_things():
    """An alias belongs to one term only."""
    for words in (PLACES, TASKS, ARCHITECTURES, TROUBLES):
        spellings = [
            name.lower() for key, word in words.items() for name in {key, word.en.lower(), word.zh.lower(), *word.also}
        ]
        assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize(
    "question", [{"task": "chess"}, {"architecture": "perceptron9"}, {"where": "middle"}, {"trouble": "sadness"}]
)
def test_unknown_words_are_refused_with_the_known_ones(question):
    """An unknown word raises ValueError naming it and listing what is known."""
    [(kind, word)] = question.items()
    with pytest.raises(ValueError, match="known: ") as caught:
        advise(**question)
    assert word in str(caught.value)
    known = {"task": TASKS, "architecture": ARCHITECTURES, "where": PLACES, "trouble": TROUBLES}[kind]
    assert all(name in str(caught.value) for name in known)


def test_an_output_layer_without_a_task_is_asked_for_one():
    """What to put at an output depends on the task; without one the known tasks are listed."""
    with pytest.raises(ValueError, match="needs a task"):
        advise(where="output")


def test_the_cross_entropy_pairings_are_true():
    """log_softmax with NLLLoss equals CrossEntropyLoss on raw scores; softmax before it cannot get below 1.461."""
    torch = pytest.importorskip("torch")
    scores, classes = torch.randn(16, 10, dtype=torch.float64), torch.arange(16) % 10
    cross_entropy, nll = torch.nn.CrossEntropyLoss(), torch.nn.NLLLoss()
    assert torch.allclose(cross_entropy(scores, classes), nll(torch.log_softmax(scores, 1), classes))
    perfect = torch.nn.functional.one_hot(classes, 10).double()
    floor = cross_entropy(perfect, classes).item()
    assert floor == pytest.approx(1.461, abs=5e-4)
    assert any("1.461" in advice.reason["en"] for advice in advise(task="multi-class", where="output"))


def test_the_default_initialisation_factor_is_what_torch_does():
    """The norm factor that advice cites is measured in a real stack of torch layers."""
    torch = pytest.importorskip("torch")
    from actlab.theory import torch_default

    torch.manual_seed(0)
    layers = [part for _ in range(12) for part in (torch.nn.Linear(256, 256), torch.nn.Tanh())]
    x = torch.randn(64, 256)
    norms = []
    for layer in layers:
        x = layer(x)
        if isinstance(layer, torch.nn.Tanh):
            x.retain_grad()
            norms.append(x)
    (x * torch.randn_like(x)).sum().backward()
    measured = (norms[4].grad.norm() / norms[11].grad.norm()) ** (1 / 7)
    assert measured.item() == pytest.approx(torch_default("tanh").norm_factor, rel=0.05)
