"""What a model uses: every entry as a module, `nn.Gelu()`, in any usual spelling (`nn.GELU`, `nn.LeakyReLU`)."""

from typing import Any

from ..catalogue import find
from ..catalogue.plugins import all_entries
from . import functional
from .decay import decay_groups, without_decay
from .lean import Lean, lean
from .modules import Activation, class_name, create, module_class
from .names import resolve
from .swap import SwapPlan, activation_name, swap
from .with_layers import DynamicRelu, FunnelRelu, MetaAcon

__all__ = [
    "Activation",
    "DynamicRelu",
    "FunnelRelu",
    "Lean",
    "MetaAcon",
    "SwapPlan",
    "activation_name",
    "create",
    "decay_groups",
    "functional",
    "lean",
    "module_class",
    "resolve",
    "swap",
    "without_decay",
]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        return module_class(find(name))
    except ValueError as error:
        raise AttributeError(f"actlab.nn: {error}") from None


def __dir__() -> list[str]:
    return sorted([*__all__, *(class_name(entry) for entry in all_entries().values())])
