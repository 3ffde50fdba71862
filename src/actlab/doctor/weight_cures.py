"""Cures that draw, level, shift or scale weights; structure stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from .node import call_model, tensors_in
from .records import Case

Settings = Mapping[str, Any]
LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
LOOKED_AT = 16  # batches on which units are looked at before they are called dead


def module_at(case: Case, path: str) -> nn.Module | None:
    """The module at a path, or None."""
    return dict(case.model.named_modules()).get(path)


def _draw(module: nn.Module, gain: float) -> None:
    with torch.no_grad():
        for name, weight in module.named_parameters(recurse=False):
            if weight.dim() < 2:
                weight.zero_()
            elif isinstance(module, nn.RNNBase) and name.startswith("weight_hh"):
                for block in weight.chunk(max(weight.shape[0] // weight.shape[1], 1)):
                    nn.init.orthogonal_(block)
            else:
                nn.init.normal_(weight, 0, gain / weight[0].numel() ** 0.5)


def _level(case: Case, layers: list[nn.Module]) -> None:
    """Divide each layer's weight by the deviation of its output on one batch, in order (Mishkin & Matas 2016)."""
    value = next(iter(case.data))[0]
    for layer in layers:
        for _ in range(3):
            seen = _outputs(case.model, layer, [value])
            spread = float(seen[0].std()) if seen else 0.0
            weight = layer.weight
            if not spread > 0 or not isinstance(weight, Tensor) or abs(spread - 1) <= 0.1:
                break
            with torch.no_grad():
                weight.div_(spread)


def _outputs(model: nn.Module, layer: nn.Module, values: Iterable[Any]) -> list[Tensor]:
    """What a layer gives out, call by call."""
    seen: list[Tensor] = []
    handle = layer.register_forward_hook(lambda _m, _i, out: seen.extend(t.detach() for t in tensors_in(out)[:1]))
    try:
        with torch.no_grad():
            for value in values:
                call_model(model, value)
    finally:
        handle.remove()
    return seen


def redraw(case: Case, gain: float, level: bool, only: Iterable[str] | None = None) -> None:
    """New weights: gain for hidden layers, 1 for the first and the last; biases 0."""
    layers = [
        (path, module)
        for path, module in case.model.named_modules()
        if isinstance(module, (*LAYERS, nn.RNNBase)) and any(p.requires_grad for p in module.parameters())
    ]
    for i, (path, module) in enumerate(layers):
        if only is None or path in only:
            _draw(module, 1.0 if i in (0, len(layers) - 1) or isinstance(module, nn.RNNBase) else gain)
    if level:
        _level(case, [module for _, module in layers[:-1] if isinstance(module, LAYERS)])


def reinitialise(case: Case, settings: Settings) -> Case | None:
    """Draw the weights of some layers again."""
    paths = [path for path in settings["paths"] if isinstance(module_at(case, path), (*LAYERS, nn.RNNBase))]
    if not paths:
        return None
    redraw(case, settings["gain"], settings["level"], paths)
    return case


def revive_units(case: Case, settings: Settings) -> Case | None:
    """Draw only the units again that are silent on every sample: their incoming weights; their bias becomes 0."""
    values = [value for value, _ in islice(iter(case.data), LOOKED_AT)]
    done = False
    for path in settings["paths"]:
        module = module_at(case, path)
        if not isinstance(module, LAYERS):
            continue
        axis = 1 if isinstance(module, nn.modules.conv._ConvNd) else -1  # pyright: ignore[reportPrivateUsage]
        peaks = [t.movedim(axis, -1).flatten(0, -2).amax(0) for t in _outputs(case.model, module, values)]
        if not peaks:
            continue
        dead = torch.stack(peaks).amax(0) <= 0
        with torch.no_grad():
            fresh = torch.randn_like(module.weight) * settings["gain"] / module.weight[0].numel() ** 0.5
            module.weight[dead] = fresh[dead]
            if module.bias is not None:
                module.bias[dead] = 0.0
        done |= bool(dead.any())
    return case if done else None


def reset_bias(case: Case, settings: Settings) -> Case | None:
    """Set biases, or the shifts of norms, to 0."""
    done = False
    for path in settings["paths"]:
        bias = getattr(module_at(case, path), "bias", None)
        if isinstance(bias, Tensor):
            with torch.no_grad():
                bias.zero_()
            done = True
    return case if done else None


def forget_bias(case: Case, settings: Settings) -> Case | None:
    """Orthogonal recurrent weights, and forget gates that start open: bias 1 (second quarter of an LSTM's biases)."""
    module = module_at(case, settings["path"])
    if not isinstance(module, nn.LSTM):
        return None
    _draw(module, 1.0)
    with torch.no_grad():
        for name, bias in module.named_parameters():
            if name.startswith("bias_ih"):
                bias.chunk(4)[1].fill_(1.0)
    return case


def scale_residual(case: Case, settings: Settings) -> Case | None:
    """Shrink the branches of a residual stack."""
    done = False
    for path in settings["paths"]:
        module = module_at(case, path)
        if isinstance(module, LAYERS):
            with torch.no_grad():
                module.weight.mul_(settings["factor"])
            done = True
    return case if done else None


def prior_bias(case: Case, settings: Settings) -> Case | None:
    """Set the last layer's bias to the log of the class shares (to the log odds for one unit)."""
    layers = [module for module in case.model.modules() if isinstance(module, LAYERS)]
    bias = layers[-1].bias if layers else None
    if bias is None or bias.numel() != len(settings["bias"]):
        return None
    with torch.no_grad():
        bias.copy_(torch.tensor(settings["bias"], dtype=bias.dtype, device=bias.device))
    return case
