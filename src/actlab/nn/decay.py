"""Which parameters an optimiser should not pull towards 0: those of the activations themselves.

Weight decay on a learned slope or sharpness pulls the function towards another one, and says nothing about the size
of the network's weights.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from .modules import Activation
from .with_layers import WithLayers


def without_decay(model: nn.Module) -> dict[str, nn.Parameter]:
    """The learned activation parameters of a model by name, each once, as `named_parameters` lists them.

    Found in our modules and in `torch.nn.PReLU`, however deep, also where a module is shared or wrapped
    (`torch.compile`, `DataParallel`). The layers inside `DynamicRelu` and its like are weights as any other.
    """
    owned = {
        id(parameter)
        for module in model.modules()
        if isinstance(module, (Activation, WithLayers, nn.PReLU))
        # a parametrised slope lies in a child of its module
        for parameter in module.parameters(recurse=not isinstance(module, WithLayers))
    }
    return {name: parameter for name, parameter in model.named_parameters() if id(parameter) in owned}


def decay_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """The parameters of a model in groups for a torch optimiser: activations get no weight decay, all others do.

    `torch.optim.AdamW(actlab.nn.decay_groups(model, 0.01), lr=1e-3)`. A group without parameters is left out. Raises
    ValueError for a weight decay that is not a number >= 0.
    """
    if isinstance(weight_decay, bool) or not isinstance(weight_decay, (int, float)) or not weight_decay >= 0:
        raise ValueError(f"weight_decay must be a number >= 0, not {weight_decay!r}")
    free = without_decay(model)
    others = [parameter for name, parameter in model.named_parameters() if name not in free]
    groups = ((others, float(weight_decay)), (list(free.values()), 0.0))
    return [{"params": parameters, "weight_decay": decay} for parameters, decay in groups if parameters]
