"""What a watch hands back, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from tests.specimens.loops import SIZES, hooks, loop, sick
from tests.specimens.programs import features, labels, stack
from torch.nn import functional as F

from actlab.doctor import WatchError, watch

# -- what it hands back ------------------------------------------------------------------------------------------------


class Recorder:
    """A tracker that keeps what it is given."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, dict[str, float]]] = []
        self.finished = 0

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """Keep."""
        self.calls.append((step, dict(numbers)))

    def finish(self) -> None:
        """Count."""
        self.finished += 1


def test_a_tracker_gets_the_numbers_of_sampled_steps_and_is_closed_once() -> None:
    """Loss, gradient and update per parameter, dead and saturated per activation, under one name each."""
    tracker = Recorder()
    watched = loop(stack(SIZES), 7, tracker=tracker)
    watched.detach()
    assert [step for step, _ in tracker.calls] == [1, 5] and tracker.finished == 1
    assert {"loss", "gradient/0.weight", "update/4.bias", "dead/1", "saturated/3"} <= set(tracker.calls[0][1])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_is_text_in_the_readers_language(lang: str) -> None:
    """It names the finding and the layer; a loop that told no loss has a report, too."""
    told = loop(sick(), 6).report(lang)
    assert "dead-units" in told and any("\u4e00" <= letter <= "\u9fff" for letter in told) == (lang == "zh")
    assert "dead-units" in loop(sick(), 1, tell=False).report(lang)
    assert "nan" not in loop(sick(), 1, tell=False).report(lang).lower()


def test_the_diagnosis_is_saved_as_any_other(tmp_path: Path) -> None:
    """A page, the numbers and SARIF, also when no loss was told."""
    found = loop(sick(), 6, tell=False).diagnosis
    for ending in ("html", "json", "sarif"):
        assert found.save(tmp_path / f"found.{ending}").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))["findings"][0]["name"] == "dead-units"


# -- what cannot be watched --------------------------------------------------------------------------------------------


def test_what_cannot_be_watched_is_told_in_one_sentence() -> None:
    """Wrong arguments, a model watched twice, and an optimiser that steps without a call of the model."""
    model = stack(SIZES)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    mistakes: dict[str, Callable[[], object]] = {
        "at least 1": lambda: watch(model, optimizer, 0),
        "no optimizer": lambda: watch(model, []),
        "not by a int": lambda: watch(model, [3]),  # type: ignore[list-item]
        "torch.nn.Module": lambda: watch(F.relu, optimizer),  # type: ignore[arg-type]
    }
    for words, mistake in mistakes.items():
        with pytest.raises(WatchError, match=words) as told:
            mistake()
        assert "\n" not in str(told.value)
    with watch(model, optimizer), pytest.raises(WatchError, match="already"):
        watch(model, optimizer)
    other = stack(SIZES)
    with pytest.raises(WatchError, match="no call of the watched model was seen"), watch(other, optimizer):
        F.cross_entropy(model(features()), labels(features())).backward()
        optimizer.step()
    assert hooks(other) == 0


def test_an_error_of_ours_ends_the_watch_and_not_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong inside is a warning that says so; the loop goes on, without a hook left in it."""

    def broken(*_: object) -> None:
        raise RuntimeError("out of paper")

    model = stack(SIZES)
    for place in ("actlab.doctor.live.take_sites", "actlab.doctor.seen.layer_rows"):
        with monkeypatch.context() as patch, pytest.warns(RuntimeWarning, match="out of paper.*training goes on"):
            patch.setattr(place, broken)
            watched = loop(model, 7, every=2)
        assert hooks(model) == 0 and watched.history == ()
    assert "no optimiser step" in watched.report()


def test_a_loop_without_a_step_has_a_sentence_for_a_report() -> None:
    """No findings, one sentence in each language, and an error for who wants a diagnosis."""
    model = stack(SIZES)
    with watch(model, torch.optim.SGD(model.parameters(), 0.1)) as watched:
        pass
    assert watched.findings == () and watched.history == ()
    assert "no optimiser step" in watched.report() and "更新步" in watched.report("zh")
    with pytest.raises(WatchError, match="no optimiser step"):
        _ = watched.diagnosis
