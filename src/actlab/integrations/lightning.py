"""Lightning: a callback that watches a training of its Trainer."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..doctor import Tracker, Watch, watch


def watch_callback(every: int = 50, tracker: Tracker | None = None, lang: str = "en") -> Any:
    """A Lightning callback that watches the training: `Trainer(callbacks=[watch_callback()])`.

    every: steps between samples. tracker: gets the numbers of sampled steps. lang: of the report, which rank 0 prints
    when the training ends; its `watch` is the `actlab.Watch`. The loss is taken from the loop. Raises ImportError,
    saying what to install, when lightning is missing.
    """
    return _callback(_lightning())(every, tracker, lang)


def _lightning() -> Any:
    for name in ("lightning.pytorch", "pytorch_lightning"):
        try:
            return import_module(name)
        except ModuleNotFoundError:
            continue
    raise ImportError("lightning is not installed; run: pip install lightning")


def _callback(library: Any) -> Any:
    class WatchCallback(library.Callback):
        """Watches a training from its first batch to its end."""

        def __init__(self, every: int, tracker: Tracker | None, lang: str) -> None:
            self.every, self.tracker, self.lang = every, tracker, lang
            self.watch: Watch | None = None
            self.scaler: Any = None

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            self.scaler = getattr(trainer.precision_plugin, "scaler", None)
            self.watch = watch(
                pl_module, trainer.optimizers, self.every, scaler=self.scaler, tracker=self.tracker,
                merge=trainer.world_size > 1,
            )  # fmt: skip

        def on_before_backward(self, trainer: Any, pl_module: Any, loss: Any) -> None:
            if self.watch is not None:
                # by now Lightning has divided it by the batches of a step, and mixed precision has scaled it
                scale = self.scaler.get_scale() if self.scaler is not None else 1.0
                self.watch.loss(loss * (trainer.accumulate_grad_batches / scale))

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            if self.watch is not None:
                self.watch.finish()
                print(self.watch.report(self.lang), end="")

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
            if self.watch is not None:
                self.watch.detach()

    return WatchCallback
