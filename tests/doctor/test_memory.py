"""`memory` counts what autograd keeps by storage, runs every mode for real, and leaves the model as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.report.pages import check_page
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint
from typer.testing import CliRunner

import actlab
from actlab.cli import app
from actlab.doctor import Case, CaseError, Memory, examine, memory

SAMPLES, WIDTH = 64, 32
ONE = 4 * SAMPLES * WIDTH  # bytes of a float32 tensor of one number for each sample and unit


def inputs() -> Tensor:
    """Standard normal samples."""
    return torch.randn(SAMPLES, WIDTH, generator=torch.Generator().manual_seed(1))


def between(*layers: nn.Module) -> nn.Sequential:
    """The layers between two Linear layers."""
    return nn.Sequential(nn.Linear(WIDTH, WIDTH), *layers, nn.Linear(WIDTH, WIDTH))


def kept(found: Memory, mode: str = "plain") -> dict[str, float]:
    """Path -> what it keeps, in tensors of one float32 number for each sample and unit."""
    return {layer.path: layer.kept[mode] / ONE for layer in found.rows if layer.kept[mode]}


def test_every_storage_is_counted_once_where_it_is_kept_first() -> None:
    """GELU keeps its input and the next layer its output; relu's output is one storage for both; views are no copies.

    Weights and the input, which the first layer keeps, are there anyway and told apart.
    """
    found = memory(between(nn.GELU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Flatten()), inputs())
    assert kept(found) == {"1": 1, "2": 1, "3": 1}
    assert found.total() == 3 * ONE and found.input == ONE and found.parameters == 3 * 4 * WIDTH * (WIDTH + 1)
    assert [layer.functions for layer in found.rows][:3] == [("gelu",), ("addmm",), ("relu",)]
    assert found.activations == 3 * ONE and [layer.output / ONE for layer in found.rows][:3] == [1, 0, 1]


class Hidden(torch.autograd.Function):
    """The identity, which keeps three tensors for nothing: one as saved, one in its context, one in a list there."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x.clone())
        ctx.spare, ctx.more = x.clone(), [x.clone()]
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *along: Any) -> Any:
        return along[0]


class Call(nn.Module):
    """A function as a layer."""

    def __init__(self, run: Any) -> None:
        super().__init__()
        self.run = run

    def forward(self, x: Tensor) -> Tensor:
        return self.run(x)


def test_what_a_function_keeps_in_secret_is_counted() -> None:
    """Canary of the counter: a custom function that keeps three copies, two of them outside of what it saves."""
    found = memory(between(Call(Hidden.apply)), inputs())
    assert kept(found) == {"1": 3, "2": 1} and found.rows[0].functions == ("hidden",)


def test_masks_draws_and_shared_modules_are_counted() -> None:
    """What dropout drew is kept; a module that runs twice keeps twice; the seed decides the draw."""
    act = nn.GELU()
    found = memory(between(act, nn.Dropout(0.5), nn.Linear(WIDTH, WIDTH), act), inputs())
    assert kept(found) == {"1": 2, "2": 1, "3": 1, "5": 1}
    assert memory(between(act, nn.Dropout(0.5)), inputs()) == memory(between(act, nn.Dropout(0.5)), inputs())


class Checkpointed(nn.Module):
    """A part that keeps its input and is run again."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.part = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return checkpoint(self.part, x, use_reentrant=False)  # type: ignore[return-value]


def test_a_checkpoint_keeps_its_input_alone() -> None:
    """Eight tensors without it; with it what enters the part, and what the next layer keeps of its end."""
    layers = [layer for _ in range(4) for layer in (nn.Mish(), nn.Linear(WIDTH, WIDTH))]
    assert memory(between(*layers), inputs()).total() == 9 * ONE
    assert memory(between(Checkpointed(*layers)), inputs()).total() == 2 * ONE


def test_each_mode_keeps_what_it_promises() -> None:
    """Of Linear -> f -> Linear: both, the input alone, the output and a bit, the output and a byte."""
    for act in (nn.GELU(), actlab.create("gelu"), nn.GELU(approximate="tanh"), nn.SiLU(), nn.Hardswish()):
        found = memory(between(act), inputs())
        totals = {mode: found.total(mode) / ONE for mode in found.modes}
        assert totals == {"plain": 2, "lean": 1, "output": 1 + 1 / 32, "code8": 1.25}, act
        assert kept(found, "lean") == {"1": 1} and kept(found, "output") == {"1": 1 + 1 / 32}
        assert [(one.mode, one.places) for one in found.savings] == [("lean", ("2",)), ("output", ("1",))]
        assert found.savings[0].bytes == ONE and found.savings[0].error == 0.0
        assert 0 < found.savings[1].error <= 1e-4


def test_codes_are_advised_where_nothing_keeps_the_output() -> None:
    """A sum keeps nothing of what it adds, so the byte of the slope is all that is kept of an activation before it."""

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = nn.GELU()

        def forward(self, x: Tensor) -> Tensor:
            return x + self.act(x)

    found = memory(between(Residual()), inputs())
    assert kept(found) == {"1.act": 1, "2": 1} and kept(found, "code8") == {"1.act": 0.25, "2": 1}
    assert [(one.mode, one.places, one.bytes) for one in found.savings] == [("code8", ("1.act",), 3 * ONE / 4)]


def test_an_activation_without_a_mode_stays_as_it_is_and_says_why() -> None:
    """sin has many branches and PReLU learns; their neighbours get the mode."""
    found = memory(between(actlab.create("sin"), nn.Linear(WIDTH, WIDTH), nn.PReLU(), nn.GELU()), inputs())
    stays = {layer.path: set(layer.stays) for layer in found.rows if layer.stays}
    assert "output" in stays["1"] and stays["3"] == {"output", "code8"} and "4" not in stays
    assert kept(found, "output")["1"] == kept(found)["1"]


def test_functions_as_attributes_and_gated_units_are_seen() -> None:
    """A transformer's layer holds its activation as a function; a gated unit's saving is that of its up half."""
    layer = nn.TransformerEncoderLayer(WIDTH, 2, 2 * WIDTH, activation=F.gelu, batch_first=True, dropout=0.0)
    found = memory(layer, inputs()[None])
    assert found.total() - found.total("output") == pytest.approx(2 * ONE * (1 - 1 / 32), abs=64)
    assert found.total() - found.total("lean") == 2 * ONE
    unit = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), actlab.create("swiglu", gate="first"), nn.Linear(WIDTH, WIDTH))
    told = memory(unit, inputs())
    assert (told.total() / ONE, told.total("lean") / ONE, told.total("output") / ONE) == (3, 2, 2)


def test_a_function_before_dropout_is_advised_bytes_for_its_slope() -> None:
    """Dropout keeps its own result, so neither recomputation nor the output wins; the function is an attribute."""
    layer = nn.TransformerEncoderLayer(WIDTH, 2, 2 * WIDTH, activation=F.gelu, batch_first=True)
    found = memory(layer, inputs()[None])
    assert [(one.mode, one.places, one.bytes) for one in found.savings] == [("code8", ("activation",), 3 * ONE // 2)]
    assert found.activations == 2 * ONE and layer.activation is F.gelu


def test_what_keeps_nothing_and_what_is_compiled_are_accounts_too() -> None:
    """A Linear layer keeps its input alone; a compiled model is one call, whose parts nobody looks into."""
    found = memory(nn.Linear(WIDTH, WIDTH), inputs())
    assert found.total() == 0 and not found.savings and "0 B" in found.text()
    compiled: Any = torch.compile(between(nn.GELU()), backend="eager")
    assert memory(compiled, inputs()).total() == 2 * ONE


def test_the_model_is_left_as_it_was() -> None:
    """Weights, running statistics, gradients, mode, hooks, settings and random state."""
    model = between(nn.BatchNorm1d(WIDTH), actlab.create("mish"), nn.Dropout(0.5), nn.SiLU(inplace=True)).eval()
    seen: list[int] = []
    model[2].register_forward_hook(lambda module, given, out: seen.append(1))
    model(inputs()).sum().backward()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    shape, chance, grad = repr(model), torch.get_rng_state(), model[0].weight.grad.clone()
    objects = [id(module) for module in model.modules()]
    memory(model, inputs())
    assert repr(model) == shape and [id(module) for module in model.modules()] == objects and not model.training
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert torch.equal(chance, torch.get_rng_state()) and torch.equal(grad, model[0].weight.grad)
    seen.clear()
    model(inputs())
    assert seen == [1]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_is_told_and_drawn_in_both_languages(lang: str, tmp_path: Path) -> None:
    """Text at two widths, a page that asks nobody for anything, a picture, the numbers; no other ending."""
    found = memory(between(nn.GELU(), nn.Linear(WIDTH, WIDTH), nn.ReLU()), inputs(), name="two functions")
    for width in (60, 120):
        assert all(len(line) <= width for line in found.text(lang, width).splitlines())
    assert str(found) == found.text()
    assert "actlab.lean()" in found.sentence(lang) and "24 KiB" in found.sentence(lang)
    page = found.save(tmp_path / "m.html", lang).read_text(encoding="utf-8")
    assert "two functions" in page and "<svg" in page
    check_page(page)
    assert found.save(tmp_path / "m.png", lang).read_bytes().startswith(b"\x89PNG")
    read = json.loads(found.save(tmp_path / "m.json", lang).read_text(encoding="utf-8"))
    assert read["total"]["plain"] == 3 * ONE and read["rows"][0]["kept"]["lean"] == ONE
    with pytest.raises(ValueError, match=r"\.html"):
        found.save(tmp_path / "m.doc")
    with pytest.raises(ValueError, match="plain, lean, output, code8"):
        found.total("fast")


def test_what_cannot_be_counted_is_told_in_one_sentence() -> None:
    """No module, an example that does not fit, a model without weights."""
    mistakes: dict[str, tuple[Any, Any]] = {
        "torch.nn.Module": (lambda x: x, inputs()),
        "cannot take the example": (between(nn.ReLU()), torch.zeros(2, 3)),
        "no trainable weight": (nn.Flatten(), inputs()),
    }
    for words, (model, example) in mistakes.items():
        with pytest.raises(CaseError, match=words) as told:
            memory(model, example)
        assert "\n" not in str(told.value)


class Starving(nn.Module):
    """A network for which no machine has the memory, unless the batch is small."""

    def __init__(self) -> None:
        super().__init__()
        self.net = between(nn.GELU())

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > SAMPLES:
            torch.empty(2**52)
        return self.net(x)


def test_a_training_that_dies_for_want_of_memory_says_what_is_kept_and_what_keeps_less() -> None:
    """The doctor's error tells the bytes of the batch, the share of activations and the mode; other errors stay."""
    samples = 2**15
    x = torch.zeros(samples, WIDTH)
    case = Case(Starving(), [(x, x)], nn.MSELoss())
    with pytest.raises(CaseError, match="ran out of memory") as told:
        examine(case, steps=1)
    assert "32768 samples" in str(told.value) and "8 MiB" in str(told.value), "two tensors of 4 MiB"
    assert "100 %" in str(told.value) and "actlab.lean()" in str(told.value) and "4 MiB" in str(told.value)
    with pytest.raises(CaseError, match="cannot take") as other:
        examine(Case(Starving(), [(x[:9, 1:], x[:9])], nn.MSELoss()), steps=1)
    assert "memory" not in str(other.value)


def test_the_command_counts_for_a_case(tmp_path: Path) -> None:
    """`actlab memory FILE.py:case` prints the account; `--json` the numbers; `--save` a page."""
    program = tmp_path / "small.py"
    program.write_text(
        "import actlab, torch\n\ndef case():\n    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.GELU(), "
        "torch.nn.Linear(8, 2))\n    data = [(torch.randn(16, 4), torch.zeros(16).long())]\n"
        "    return actlab.Case(model, data, torch.nn.CrossEntropyLoss(), name='small')\n"
    )
    target = f"{program}:case"
    shown = CliRunner(env={"ACTLAB_LANG": "en"}).invoke(app, ["memory", target, "--save", str(tmp_path / "m.html")])
    assert shown.exit_code == 0 and "small: what is kept" in shown.stdout
    assert (tmp_path / "m.html").exists()
    numbers = CliRunner().invoke(app, ["memory", target, "--json"])
    assert json.loads(numbers.stdout)["total"]["plain"] == 2 * 4 * 16 * 8
