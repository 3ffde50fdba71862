"""Callbacks of Trainers: through stand-ins that call them as the libraries do, and through the real libraries."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from tests.specimens.programs import CLASSES, FEATURES, batches, features, labels, stack
from torch import Tensor, nn
from torch.nn import functional as F

from actlab.integrations import lightning, transformers


def sick() -> Any:
    """Two hidden layers, the second one dead."""
    model = stack([FEATURES, 32, 32, CLASSES])
    nn.init.constant_(model[2].bias, -12.0)
    return model


def pairs(count: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The first batches of the four classes."""
    for (x, y), _ in zip(batches(features(), labels(features())), range(count), strict=False):
        yield x, y


class Reporting(nn.Module):
    """A model that returns its loss, as those of transformers do."""

    def __init__(self) -> None:
        super().__init__()
        self.net = sick()

    def forward(self, features: Tensor, labels: Tensor) -> dict[str, Tensor]:
        logits = self.net(features)
        return {"loss": F.cross_entropy(logits, labels), "logits": logits}


def test_the_hugging_face_callback_watches_from_begin_to_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Called as `CallbackHandler` does, with keywords; the optimiser may be wrapped; the report is printed once."""
    module = ModuleType("transformers")
    module.TrainerCallback = type("TrainerCallback", (), {})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "transformers", module)
    callback = transformers.watch_callback(every=2, lang="zh")
    assert isinstance(callback, module.TrainerCallback)
    model = Reporting()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)

    class Wrapped(torch.optim.Optimizer):
        def __init__(self) -> None:
            self.optimizer = optimizer

    args = SimpleNamespace(world_size=1)
    callback.on_train_begin(args, None, None, model=model, optimizer=Wrapped(), lr_scheduler=None)
    for x, y in pairs(4):
        optimizer.zero_grad()
        model(features=x, labels=y)["loss"].backward()
        optimizer.step()
    callback.on_train_end(args, None, None, model=model, optimizer=Wrapped())
    assert [finding.name for finding in callback.watch.findings] == ["dead-units"]
    assert all(moment.loss > 0 for moment in callback.watch.history)
    told = capsys.readouterr().out
    assert told.count("dead-units  D101") == 1 and "死单元" in told


class Module(nn.Module):
    """What a LightningModule is to a callback."""

    def __init__(self) -> None:
        super().__init__()
        self.net = sick()


def test_the_lightning_callback_watches_and_undoes_what_was_done_to_the_loss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The loop calls a part of the module, steps with a closure, and hands over a loss that is divided and scaled."""
    library, parent = ModuleType("lightning"), ModuleType("lightning.pytorch")
    parent.Callback = type("Callback", (), {})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lightning", library)
    monkeypatch.setitem(sys.modules, "lightning.pytorch", parent)
    callback = lightning.watch_callback(every=1)
    model = Module()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scaler = SimpleNamespace(get_scale=lambda: 8.0)
    trainer = SimpleNamespace(
        world_size=1, optimizers=[optimizer], precision_plugin=SimpleNamespace(scaler=scaler), accumulate_grad_batches=2
    )
    callback.on_train_start(trainer, model)
    source = pairs(4)
    losses: list[float] = []
    for _ in range(2):

        def closure() -> Tensor:
            optimizer.zero_grad()
            for _ in range(2):
                x, y = next(source)
                loss = F.cross_entropy(model.net(x), y)
                losses.append(float(loss.detach()))
                callback.on_before_backward(trainer, model, loss / 2 * 8)
                (loss / 2 * 8).backward()
            return loss

        optimizer.step(closure)
    callback.on_train_end(trainer, model)
    history = callback.watch.history
    assert [moment.loss for moment in history] == pytest.approx([sum(losses[:2]) / 2, sum(losses[2:]) / 2])
    assert [moment.samples for moment in history] == [128, 128]
    assert "dead-units" in capsys.readouterr().out


def test_an_error_in_a_training_of_lightning_takes_the_hooks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """`on_exception` detaches, so that the module can be watched again."""
    parent = ModuleType("lightning.pytorch")
    parent.Callback = type("Callback", (), {})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lightning", ModuleType("lightning"))
    monkeypatch.setitem(sys.modules, "lightning.pytorch", parent)
    callback = lightning.watch_callback()
    model = Module()
    trainer = SimpleNamespace(
        world_size=1, optimizers=[torch.optim.SGD(model.parameters(), 0.1)], precision_plugin=None,
        accumulate_grad_batches=1,
    )  # fmt: skip
    callback.on_train_start(trainer, model)
    callback.on_exception(trainer, model, KeyError("x"))
    callback.on_train_start(trainer, model)
    callback.on_exception(trainer, model, KeyError("x"))


@pytest.mark.parametrize(
    ("make", "modules", "words"),
    [
        (transformers.watch_callback, ["transformers"], "transformers is not installed; run: pip install transformers"),
        (lightning.watch_callback, ["lightning", "lightning.pytorch", "pytorch_lightning"], "pip install lightning"),
    ],
    ids=["transformers", "lightning"],
)
def test_a_missing_library_is_told_with_what_to_install(
    make: Any, modules: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, when the callback is made."""
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=words) as told:
        make()
    assert "\n" not in str(told.value)


@pytest.mark.filterwarnings("ignore")  # these libraries warn about what they find on this machine
def test_a_real_trainer_of_transformers_is_watched(tmp_path: Path) -> None:
    """Where transformers and accelerate are installed: five steps on the CPU."""
    library = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    x, y = features(), labels(features())
    rows = [{"features": a, "labels": b} for a, b in zip(x[:80], y[:80], strict=True)]
    callback = transformers.watch_callback(every=2)
    arguments = library.TrainingArguments(
        output_dir=str(tmp_path), max_steps=5, per_device_train_batch_size=16, report_to=[], use_cpu=True,
        save_strategy="no", remove_unused_columns=False, disable_tqdm=True,
    )  # fmt: skip
    library.Trainer(model=Reporting(), args=arguments, train_dataset=rows, callbacks=[callback]).train()
    assert [moment.step for moment in callback.watch.history] == [1, 2, 4]
    assert [finding.name for finding in callback.watch.findings] == ["dead-units"]


@pytest.mark.filterwarnings("ignore")
def test_a_real_trainer_of_lightning_is_watched() -> None:
    """Where lightning is installed: one epoch on the CPU."""
    library = pytest.importorskip("lightning.pytorch")

    class Real(library.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = sick()

        def training_step(self, batch: Any, at: int) -> Tensor:
            return F.cross_entropy(self.net(batch[0]), batch[1])

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), 0.1)

    callback = lightning.watch_callback(every=2)
    trainer = library.Trainer(
        max_steps=4, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[callback],
    )  # fmt: skip
    rows = torch.utils.data.TensorDataset(features(), labels(features()))
    trainer.fit(Real(), torch.utils.data.DataLoader(rows, 64))
    assert [moment.step for moment in callback.watch.history] == [1, 2, 4]
    assert [finding.name for finding in callback.watch.findings] == ["dead-units"]
