"""Hugging Face transformers: our names in its table of activations, so that a config can say `hidden_act="mish"`."""

from __future__ import annotations

from importlib import import_module

from ..catalogue import ENTRIES
from ..nn import module_class


def register() -> tuple[str, ...]:
    """Add every elementwise activation to `transformers.activations.ACT2FN`, and return the names that are new.

    Each is added as "actlab:NAME", and as plain "NAME" where transformers has no activation of that name. Calling it
    again adds nothing. A model saved with such a name loads after `register()` has been called.
    Raises ImportError, saying what to install, when transformers is missing.
    """
    try:
        table = import_module("transformers.activations").ACT2FN
    except ImportError as error:
        raise ImportError("transformers is not installed; run: pip install transformers") from error
    added: list[str] = []
    for entry in ENTRIES.values():
        if entry.kind == "along axis":
            continue
        for name in (f"actlab:{entry.name}", entry.name):
            if name not in table:
                table[name] = module_class(entry)
                added.append(name)
    return tuple(added)
