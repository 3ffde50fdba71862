"""Hugging Face transformers: our names in its table of activations, so that a config can say `hidden_act="mish"`, and
a callback that watches a training of its Trainer."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..catalogue.plugins import all_entries
from ..doctor import Tracker, Watch, watch
from ..nn import module_class


def register() -> tuple[str, ...]:
    """Add our activations to `transformers.activations.ACT2FN`, and return the names that are new.

    Each activation that keeps the shape of its input is added as "actlab:NAME", and under its name and aliases where
    transformers has no activation of that name; its own are never replaced. Functions along an axis work along the last
    one. Every look-up in the table makes a fresh module. Calling it again adds nothing. A model saved with such a name
    loads after `register()` has been called. Learned parameters that a checkpoint lacks are left without a value by
    transformers, as those of its own activations are: call the module's `reset_parameters()`.
    Raises ImportError, saying what to install, when transformers is missing.
    """
    table = _transformers("transformers.activations").ACT2FN
    ours = {f"actlab:{entry.name}": entry for entry in all_entries().values() if entry.keeps_shape}
    ours |= {name: entry for entry in ours.values() for name in (entry.name, *entry.aliases)}
    added = {name: module_class(entry) for name, entry in ours.items() if name not in table}
    for name, cls in added.items():
        table[name] = cls
    return tuple(added)


def watch_callback(every: int = 50, tracker: Tracker | None = None, lang: str = "en") -> Any:
    """A `TrainerCallback` that watches the training: `Trainer(..., callbacks=[watch_callback()])`.

    every: steps between samples. tracker: gets the numbers of sampled steps. lang: of the report, which rank 0 prints
    when the training ends; its `watch` is the `actlab.Watch`. The loss is the one that the model returns. Raises
    ImportError, saying what to install, when transformers is missing.
    """
    return _callback(_transformers("transformers").TrainerCallback)(every, tracker, lang)


def _transformers(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError("transformers is not installed; run: pip install transformers") from error


def _callback(parent: Any) -> Any:
    class WatchCallback(parent):
        """Watches a training from its first step to its end."""

        def __init__(self, every: int, tracker: Tracker | None, lang: str) -> None:
            self.every, self.tracker, self.lang = every, tracker, lang
            self.watch: Watch | None = None

        def on_train_begin(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
            if self.watch is not None:
                self.watch.detach()
            self.watch = watch(
                parts["model"], parts["optimizer"], self.every, tracker=self.tracker, merge=args.world_size > 1
            )

        def on_train_end(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
            if self.watch is not None:
                self.watch.finish()
                print(self.watch.report(self.lang), end="")

    return WatchCallback
