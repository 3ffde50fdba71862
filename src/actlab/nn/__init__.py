"""What a model uses: every entry as a module, `nn.Gelu()`, in any usual spelling (`nn.GELU`, `nn.LeakyReLU`)."""

from typing import Any

from ..catalogue import ENTRIES, find
from . import functional
from .modules import Activation, class_name, create, module_class
from .names import resolve
from .swap import SwapPlan, activation_name, swap

__all__ = ["Activation", "SwapPlan", "activation_name", "create", "functional", "module_class", "resolve", "swap"]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        return module_class(find(name))
    except ValueError as error:
        raise AttributeError(f"actlab.nn: {error}") from None


def __dir__() -> list[str]:
    return sorted([*__all__, *(class_name(entry) for entry in ENTRIES.values())])
