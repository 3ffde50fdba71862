"""Hugging Face transformers: our names in its table of activations, so that a config can say `hidden_act="mish"`."""

from __future__ import annotations

from importlib import import_module

from ..catalogue.plugins import all_entries
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
    try:
        table = import_module("transformers.activations").ACT2FN
    except ImportError as error:
        raise ImportError("transformers is not installed; run: pip install transformers") from error
    ours = {f"actlab:{entry.name}": entry for entry in all_entries().values() if entry.keeps_shape}
    ours |= {name: entry for entry in ours.values() for name in (entry.name, *entry.aliases)}
    added = {name: module_class(entry) for name, entry in ours.items() if name not in table}
    for name, cls in added.items():
        table[name] = cls
    return tuple(added)
