"""`predict` says before training what one pass measures, and says where it cannot know."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.report.pages import check_page
from tests.specimens.programs import draw, stack
from torch import Tensor, nn
from typer.testing import CliRunner

from actlab.cli import app
from actlab.doctor import CaseError, Prediction, predict

WIDE, DEPTH = 400, 6


def deep(make: Callable[[], nn.Module], gain: float | None = None) -> nn.Sequential:
    """Six wide hidden layers; the weights' deviation is gain / sqrt(fan_in), or torch's default."""
    made = stack([WIDE] * (DEPTH + 2), make)
    return made if gain is None else draw(made, gain)


def inputs(count: int = 200) -> Tensor:
    """Standard normal samples."""
    return torch.randn(count, WIDE, generator=torch.Generator().manual_seed(1))


def departures(found: Prediction) -> list[float]:
    """For every number that theory has, how far it is from the measured one, as |log ratio|."""
    pairs = [(layer.signal, layer.signal_measured) for layer in found.layers]
    pairs += [(layer.gradient, layer.gradient_measured) for layer in found.layers]
    return [abs(math.log(a / b)) for a, b in pairs if a is not None and b is not None and a > 0 and b > 0]


STACKS: dict[str, tuple[Callable[[], nn.Module], float | None, float]] = {
    # the factor of the gradient's norm per layer, in closed form or from the tables of mean-field theory
    "relu, He": (nn.ReLU, math.sqrt(2), 1.0),
    "relu, torch's default": (nn.ReLU, None, math.sqrt(1 / 6)),
    "sigmoid, torch's default": (nn.Sigmoid, None, 0.141),
    "linear, gain 1.5": (nn.Identity, 1.5, 1.5),
}


@pytest.mark.parametrize("kind", STACKS)
def test_theory_agrees_with_what_is_measured(kind: str) -> None:
    """Signal and gradient within a quarter in every layer, the factor per layer within 5 %.

    Six layers of width 400 on samples that grow alike: the mean square varies by about sqrt(6 * 5 / 400) = 0.27.
    """
    make, gain, factor = STACKS[kind]
    found = predict(deep(make, gain), inputs())
    told = departures(found)
    assert len(told) >= 2 * DEPTH and max(told) < 0.25
    if make is nn.Identity:  # there is no activation to count
        gradients = [layer.gradient for layer in found.layers if layer.gradient is not None]
        assert gradients[0] / gradients[1] == pytest.approx(factor, rel=0.05)
    else:
        assert found.factor is not None and math.sqrt(found.factor) == pytest.approx(factor, rel=0.05)
        assert found.trainable is (factor == 1.0)


def test_tanh_shrinks_as_computed() -> None:
    """With torch's default weights the first tanh layer lets E tanh'(z)^2 / 3 pass, z of variance 1/3 + 1/1200."""
    found = predict(deep(nn.Tanh), inputs())
    assert max(departures(found)) < 0.15
    assert found.layers[1].signal == pytest.approx(0.462, abs=0.005)  # root of E tanh(z)^2, z ~ N(0, 0.334)
    assert found.gradient_ratio == pytest.approx(found.gradient_ratio_measured, rel=0.15)


def test_a_network_that_is_not_as_theory_assumes_departs_from_it() -> None:
    """Canary: weights with equal rows are not independent, and the comparison shows it."""
    model = deep(nn.ReLU, math.sqrt(2))
    with torch.no_grad():
        for layer in model[2:-1:2]:
            layer.weight.copy_(layer.weight[:1].abs().expand_as(layer.weight))
    assert max(departures(predict(model, inputs()))) > 0.5


def test_silent_units_and_born_dead_networks_are_foreseen() -> None:
    """Width 3: the bound of Lu et al.; width 400: the share of silent units that chance explains, as measured."""
    narrow = draw(stack([4, *[3] * 9, 2]), math.sqrt(2))
    assert predict(narrow, torch.randn(64, 4)).born_dead == pytest.approx(0.699, abs=0.02)
    last = predict(deep(nn.ReLU, math.sqrt(2)), inputs()).layers[-2]
    assert last.dead is not None and last.dead_measured == pytest.approx(last.dead, abs=0.04)
    assert last.dead > 0.03


class Residual(nn.Module):
    """Five residual blocks with a norm before each, dropout inside, a scale on each branch."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Linear(WIDE, 128)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(128), nn.Linear(128, 256), nn.GELU(), nn.Dropout(0.2), nn.Linear(256, 128))
            for _ in range(5)
        )
        self.last = nn.Linear(128, 200)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        for block in self.blocks:
            h = h + 0.5 * block(h)
        return self.last(h)


def convolutions() -> nn.Module:
    """Convolutions with padding and stride, batch norm, average pooling."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Unflatten(1, (4, 10, 10)), nn.Conv2d(4, 48, 3, padding=1), nn.BatchNorm2d(48), nn.ReLU(),
        nn.Conv2d(48, 64, 3, padding=1, stride=2), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.GELU(),
        nn.AvgPool2d(3), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


@pytest.mark.parametrize("make", [Residual, convolutions], ids=["residual", "cnn"])
def test_norms_residual_sums_and_convolutions_are_followed(make: Callable[[], nn.Module]) -> None:
    """Every number that theory has is within a quarter of the measured one."""
    told = departures(predict(make(), inputs()))
    assert len(told) > 15 and max(told) < math.log(1.25)


def test_what_theory_does_not_know_is_measured_and_named() -> None:
    """Attention is named; behind it theory goes on from the measured signal."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(64, 4, 256, activation="gelu", batch_first=True)
    found = predict(layer, torch.randn(16, 20, 64))
    assert any("attn" in place for place in found.unknown)
    by_path = {layer.path: layer for layer in found.layers}
    assert by_path["self_attn"].signal is None and by_path["self_attn"].signal_measured > 0
    behind = by_path["linear1"]
    assert behind.signal == pytest.approx(behind.signal_measured, rel=0.1)


def test_the_model_is_left_as_it_was() -> None:
    """Weights, gradients, running statistics, mode and random state."""
    model = convolutions()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    chance = torch.get_rng_state()
    first = predict(model, inputs(), seed=3)
    assert torch.equal(chance, torch.get_rng_state())
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters()) and model.training
    assert predict(model, inputs(), seed=3) == first, "the same seed gives the same numbers"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_is_told_and_drawn_in_both_languages(lang: str, tmp_path: Path) -> None:
    """Text at two widths, a page that asks nobody for anything, a picture, the numbers; no other ending."""
    found = predict(deep(nn.Sigmoid), inputs(50), name="six sigmoids")
    for width in (60, 120):
        assert all(len(line) <= width for line in found.text(lang, width).splitlines())
    assert {"en": "too deep", "zh": "过深"}[lang] in found.text(lang)
    page = found.save(tmp_path / "p.html", lang).read_text(encoding="utf-8")
    assert "six sigmoids" in page and "<svg" in page
    check_page(page)
    assert found.save(tmp_path / "p.png", lang).read_bytes().startswith(b"\x89PNG")
    read = json.loads(found.save(tmp_path / "p.json", lang).read_text(encoding="utf-8"))
    assert read["depth"] == DEPTH and len(read["layers"]) == 2 * DEPTH + 1
    with pytest.raises(ValueError, match=r"\.html"):
        found.save(tmp_path / "p.doc")


def test_what_cannot_be_predicted_is_told_in_one_sentence() -> None:
    """No module, an example that does not fit, a model without weights."""
    mistakes: dict[str, tuple[Any, Any]] = {
        "torch.nn.Module": (lambda x: x, inputs()),
        "cannot take the example": (deep(nn.ReLU), torch.zeros(2, 3)),
        "no trainable weight": (nn.Flatten(), inputs()),
    }
    for words, (model, example) in mistakes.items():
        with pytest.raises(CaseError, match=words) as told:
            predict(model, example)
        assert "\n" not in str(told.value)


def test_the_command_predicts_for_a_case(tmp_path: Path) -> None:
    """`actlab predict FILE.py:case` prints the profile; `--json` the numbers; `--save` a page."""
    program = tmp_path / "small.py"
    program.write_text(
        "import actlab, torch\n\ndef case():\n    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), "
        "torch.nn.Linear(8, 2))\n    data = [(torch.randn(16, 4), torch.zeros(16).long())]\n"
        "    return actlab.Case(model, data, torch.nn.CrossEntropyLoss(), name='small')\n"
    )
    target = f"{program}:case"
    shown = CliRunner(env={"ACTLAB_LANG": "en"}).invoke(app, ["predict", target, "--save", str(tmp_path / "p.html")])
    assert shown.exit_code == 0 and "small: before training" in shown.stdout
    assert (tmp_path / "p.html").exists()
    numbers = CliRunner().invoke(app, ["predict", target, "--json"])
    assert [layer["kind"] for layer in json.loads(numbers.stdout)["layers"]] == ["linear", "relu", "linear"]
