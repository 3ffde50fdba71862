"""The page's trainings once more in PyTorch: the same numbers, refused settings, and what the doctor says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from actlab.catalogue import ENTRIES, KINDS
from actlab.explorer import training
from actlab.explorer.functions import numbers, other_scores
from actlab.explorer.samples import SHAPES, Random, make_samples
from actlab.report.words import LANGUAGES
from actlab.theory import value
from actlab.theory.rows import first_moves

EXPLORER = Path(__file__).parents[2] / "explorer"
# what the page's own tests compare its trainings with
KEPT = EXPLORER / "tests" / "torch_runs.json"
RUNS = json.loads(KEPT.read_text(encoding="utf-8"))
SETTINGS: dict[str, Any] = {
    "data": "circles", "noise": 0.1, "seed": 1, "depth": 2, "width": 4, "start": "gain", "optimiser": "sgd",
    "rate": 0.1, "batch": 32, "steps": 6,
}  # fmt: skip
RELU = {"name": "relu", "params": {}}


def given(functions: Any = (RELU,), **changes: Any) -> dict[str, Any]:
    """What the page would send."""
    return {"settings": {**SETTINGS, **changes}, "functions": list(functions)}


def events(asked: Any, kind: str) -> list[dict[str, Any]]:
    """The events of one kind; the examination, which takes long, only where it is asked for."""
    found: list[dict[str, Any]] = []
    for event in training.run(asked):
        if event["type"] == kind:
            found.append(event)
        if kind != "findings" and event["type"] == "trained" and event["function"] == len(asked["functions"]) - 1:
            break
    return found


def outcomes(asked: Any) -> list[dict[str, Any]]:
    """What a training comes to, per function: its losses and its last report."""
    found: list[dict[str, Any]] = [{"losses": []} for _ in asked["functions"]]
    for event in training.run(asked):
        mine = found[event["function"]]
        if event["type"] == "progress":
            mine["losses"].append(event["loss"])
        elif event["type"] == "trained":
            mine.update({key: told for key, told in event.items() if key not in ("type", "function")})
    return found


@pytest.mark.parametrize("kept", RUNS, ids=lambda kept: kept["given"]["settings"]["data"])
def test_a_training_gives_the_numbers_that_the_page_is_tested_against(kept: Any, monkeypatch: Any) -> None:
    """The file that explorer/tests compares with holds what PyTorch gives, to nine digits (run this file to renew)."""
    monkeypatch.setattr(training, "_examined", lambda *_: {"findings": []})
    for found, expected in zip(outcomes(kept["given"]), kept["functions"], strict=True):
        np.testing.assert_allclose(found["losses"], expected["losses"], rtol=1e-9, atol=1e-9)
        assert found["broken"] == expected["broken"]
        for key in ("loss", "heldLoss", "right", "heldRight"):
            assert found[key] == (pytest.approx(expected[key], rel=1e-9) if expected[key] is not None else None)
        for layer, kept_layer in zip(found["layers"], expected["layers"], strict=True):
            assert layer == pytest.approx(kept_layer, rel=1e-8, abs=1e-9)


def test_the_kept_runs_cover_every_data_set_start_and_optimiser() -> None:
    """No data set and no optimiser of the page is without a comparison; of the starts, zeros alone says nothing."""
    for key, words in training.WORDS.items():
        seen = {kept["given"]["settings"][key] for kept in RUNS}
        assert seen >= set(words) - {"zeros"}, key


def test_bounds_and_words_are_those_of_the_page() -> None:
    """The page offers what PyTorch accepts, and nothing else."""
    text = (EXPLORER / "src" / "learn" / "settings.ts").read_text(encoding="utf-8")
    for name, (low, high, whole) in training.BOUNDS.items():
        assert f"{name}: [{low}, {high}, {str(whole).lower()}]" in text
    for words in training.WORDS.values():
        assert json.dumps(list(words)) in text


def test_a_random_stream_is_even_and_its_own() -> None:
    """Uniform numbers have mean 1/2, normal ones deviation 1, and another stream gives others."""
    random = Random(1, 1)
    uniform = [random.uniform() for _ in range(4000)]
    assert abs(np.mean(uniform) - 0.5) < 4 * 0.289 / np.sqrt(4000)
    normal = [random.normal() for _ in range(4000)]
    assert abs(np.std(normal) - 1) < 4 / np.sqrt(8000)
    assert Random(1, 2).bits() != Random(1, 1).bits()


@pytest.mark.parametrize("data", SHAPES)
def test_a_data_set_is_the_same_for_a_seed_and_has_both_classes(data: str) -> None:
    """Points depend on data set, noise and seed alone; the held-out ones are others."""
    samples = make_samples(data, 0.1, 3)
    assert samples == make_samples(data, 0.1, 3) != make_samples(data, 0.1, 4)
    assert samples.inputs != samples.held_inputs
    if samples.classes:
        assert set(samples.targets) == set(samples.held_targets) == {0.0, 1.0}


@pytest.mark.parametrize("kind", KINDS)
def test_a_function_of_every_kind_is_trained_as_the_curve_that_is_shown(kind: str) -> None:
    """One number in, one out: companions and the other half of a gate stay, random ones take their mean."""
    entry = next(each for each in ENTRIES.values() if each.kind == kind)
    params = numbers(entry)
    function = training._function({"name": entry.name, "params": params})
    at = np.linspace(-2.03, 1.97, 9)
    found = function.module()(torch.tensor(at)[:, None])[:, 0].numpy()
    scores = tuple(params[name] for name in other_scores(entry))
    own = function.settable
    expected = value(entry, first_moves(at, scores), **own)[:, 0] if scores else value(entry, at, **own)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_a_formula_with_a_number_trains() -> None:
    """Text of the user goes through the same grammar as `actlab.define`."""
    (final,) = events(given([{"name": "=x*tanh(a*x)", "params": {"a": 0.5}}]), "trained")
    assert final["loss"] > 0 and len(final["layers"]) == SETTINGS["depth"]


def test_training_leaves_learned_parameters_where_the_sliders_put_them() -> None:
    """The page trains weights only, so PyTorch does too."""
    function = training._function({"name": "prelu", "params": {"weight": 0.3}})
    assert not any(parameter.requires_grad for parameter in function.module().parameters())


def test_a_loss_that_is_no_longer_a_number_ends_the_training_and_stays_json() -> None:
    """The step is named, and nothing that is not finite reaches the page."""
    asked = given([{"name": "identity", "params": {}}], data="sine", rate=100, steps=400)
    (final,) = events(asked, "trained")
    assert 0 < final["broken"] < 400
    assert final["loss"] is None
    json.dumps(final, allow_nan=False)


def test_the_doctor_examines_every_network_as_it_starts() -> None:
    """Deep sigmoid starves and is told so, in both languages, while ReLU beside it has nothing against it."""
    sigmoid = {"name": "sigmoid", "params": {}}
    first, second = events(given([sigmoid, RELU], depth=8, width=16, steps=1, start="xavier"), "findings")
    assert (first["function"], second["function"]) == (0, 1)
    (vanishing,) = [each for each in first["findings"] if each["name"] == "vanishing-gradient"]
    assert set(vanishing["text"]) == set(vanishing["title"]) == set(LANGUAGES)
    assert "vanishing-gradient" not in [each["name"] for each in second["findings"]]


def test_the_first_event_comes_before_the_training_has_ended() -> None:
    """Results are streamed: a reader who leaves after the first one has not paid for the rest."""
    stream = training.run(given(steps=20000))
    assert next(stream)["step"] == 100
    stream.close()


@pytest.mark.parametrize(
    "asked",
    [
        None,
        [],
        {"settings": SETTINGS},
        given([]),
        given([RELU] * 5),
        given([{"name": "no_such_function", "params": {}}]),
        given([{"name": "=x*(", "params": {}}]),
        given([{"name": "=x*a", "params": {}}]),
        given([{"name": "relu", "params": {"beta": 1}}]),
        given([{"name": "relu", "params": {"beta": "1"}}]),
        given([{"params": {}}]),
        given([3]),
        given(depth=11),
        given(depth=1.5),
        given(width=0),
        given(width=True),
        given(rate=float("nan")),
        given(rate="fast"),
        given(steps=1e9),
        given(seed=-1),
        given(seed=10**400),
        given([{"name": "elu", "params": {"alpha": 10**400}}]),
        given(data="cats"),
        given(data=["xor"]),
        given(optimiser=None),
        given([{"name": "=0*x", "params": {}}]),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_one_sentence(asked: Any) -> None:
    """Before the first event, in both languages, and never with a traceback of something else."""
    with pytest.raises(training.SettingsError) as refusal:
        next(training.run(asked))
    assert set(refusal.value.text) == set(LANGUAGES)
    assert all(text.strip() and "\n" not in text and ": ?" not in text for text in refusal.value.text.values())


if __name__ == "__main__":
    renewed = [{"given": kept["given"], "functions": outcomes(kept["given"])} for kept in RUNS]
    KEPT.write_text(json.dumps(renewed, indent=1) + "\n", encoding="utf-8")
