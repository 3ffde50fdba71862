"""Carrying prescriptions out on a case: each cure takes a case and the prescription's settings.

A cure returns the changed case, or None where only a person can change it (an activation called in forward(), say).
Modules are changed in place; `repair` puts the user's model back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .inputs import Standardise, feature_axis
from .node import call_model, tensors_in
from .records import Case, adam

Settings = Mapping[str, Any]
LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


class Standardised(nn.Module):
    """A model whose float inputs are standardised per feature first; the numbers are buffers, so prediction agrees."""

    def __init__(self, model: nn.Module, scales: list[tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        self.model = model
        self.count = len(scales)
        for i, (mean, std) in enumerate(scales):
            self.register_buffer(f"mean{i}", mean.clone())
            self.register_buffer(f"std{i}", std.clone())

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The inner model on the standardised input."""
        numbers = iter(range(self.count))

        def one(value: Any) -> Any:
            if not isinstance(value, Tensor) or not value.is_floating_point() or value.dim() < 2:
                return value
            i = next(numbers)
            axis = feature_axis(value)
            mean, std = getattr(self, f"mean{i}"), getattr(self, f"std{i}")
            return ((value.movedim(axis, -1) - mean) / std).movedim(-1, axis)

        return self.model(*(one(a) for a in args), **{key: one(a) for key, a in kwargs.items()})


class Rescaled(nn.Module):
    """A model whose output is turned back into the target's units: output * std + mean."""

    def __init__(self, model: nn.Module, mean: float, std: float) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("std", torch.tensor(std))

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The inner model's output in the target's units."""
        return self.model(*args, **kwargs) * self.std + self.mean


def _module(case: Case, path: str) -> nn.Module | None:
    return dict(case.model.named_modules()).get(path)


def _put(model: nn.Module, path: str, module: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(model.get_submodule(parent), name, module)


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
            spread = _spread_at(case.model, layer, value)
            weight = layer.weight
            if not spread > 0 or not isinstance(weight, Tensor) or abs(spread - 1) <= 0.1:
                break
            with torch.no_grad():
                weight.div_(spread)


def _spread_at(model: nn.Module, layer: nn.Module, value: Any) -> float:
    seen: list[float] = []
    handle = layer.register_forward_hook(lambda _m, _i, out: seen.append(float(out.detach().std())))
    try:
        with torch.no_grad():
            call_model(model, value)
    finally:
        handle.remove()
    return seen[0] if seen else 0.0


def _redraw(case: Case, gain: float, level: bool, only: Iterable[str] | None = None) -> None:
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


def _replace_activation(case: Case, settings: Settings) -> Case | None:
    from ..nn import swap

    wanted = set(settings["paths"])
    plan = swap(
        case.model, settings["to"], where=lambda path, old: path in wanted or path.rpartition(".")[0] in wanted - {""}
    )
    if not plan.changes:
        replaced = [path for path in wanted if path and _bare(_module(case, path))]
        for path in replaced:
            from ..nn import create

            _put(case.model, path, create(settings["to"]))
        if not replaced:
            return None
    else:
        plan.apply()
    _redraw(case, settings["gain"], settings["level"])
    return case


def _bare(module: nn.Module | None) -> bool:
    return (
        module is not None
        and next(module.children(), None) is None
        and all(p.numel() == 1 for p in module.parameters())
    )


def _reinitialise(case: Case, settings: Settings) -> Case | None:
    paths = [path for path in settings["paths"] if isinstance(_module(case, path), (*LAYERS, nn.RNNBase))]
    if not paths:
        return None
    _redraw(case, settings["gain"], settings["level"], paths)
    return case


def _insert_activations(case: Case, settings: Settings) -> Case | None:
    from ..nn import create

    paths = [path for path in settings["paths"] if path and isinstance(_module(case, path), LAYERS)]
    if not paths:
        return None
    _redraw(case, settings["gain"], False)
    for path in paths:
        _put(case.model, path, nn.Sequential(case.model.get_submodule(path), create(settings["to"])))
    return case


def _reset_bias(case: Case, settings: Settings) -> Case | None:
    done = False
    for path in settings["paths"]:
        bias = getattr(_module(case, path), "bias", None)
        if isinstance(bias, Tensor):
            with torch.no_grad():
                bias.zero_()
            done = True
    return case if done else None


def _remove_output(case: Case, settings: Settings) -> Case | None:
    path = settings["path"]
    if not path or not _bare(_module(case, path)):
        return None
    _put(case.model, path, nn.Identity())
    return case


def _set_dim(case: Case, settings: Settings) -> Case | None:
    module = _module(case, settings["path"]) if settings["path"] else None
    if module is None or not hasattr(module, "dim"):
        return None
    module.dim = settings["dim"]
    return case


def _use_cross_entropy(case: Case, settings: Settings) -> Case | None:
    if settings["op"] and _remove_output(case, settings) is None:
        return None
    return replace(case, loss=F.cross_entropy)


def _one_unit(case: Case, settings: Settings) -> Case | None:
    if settings["op"] != "cross_entropy" and _remove_output(case, settings) is None:
        return None

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(output, target.reshape(output.shape).to(output.dtype))

    return replace(case, loss=loss)


def _scale_learning_rate(case: Case, settings: Settings) -> Case | None:
    make, factor = case.optimizer or adam, float(settings["factor"])

    def scaled(parameters: Iterable[Any]) -> torch.optim.Optimizer:
        optimizer = make(parameters)
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] * factor
        return optimizer

    return replace(case, optimizer=scaled)


def _scale_residual(case: Case, settings: Settings) -> Case | None:
    done = False
    for path in settings["paths"]:
        module = _module(case, path)
        if isinstance(module, LAYERS):
            with torch.no_grad():
                module.weight.mul_(settings["factor"])
            done = True
    return case if done else None


def _standardise_inputs(case: Case, settings: Settings) -> Case | None:
    scales = Standardise([(value, None) for value, _ in islice(iter(case.data), 64)]).scales
    return replace(case, model=Standardised(case.model, scales)) if scales else None


def _standardise_targets(case: Case, settings: Settings) -> Case | None:
    mean, std, inner = float(settings["mean"]), float(settings["std"]), case.loss

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return inner((output - mean) / std, (target - mean) / std)

    return replace(case, model=Rescaled(case.model, mean, std), loss=loss)


def _class_weights(case: Case, settings: Settings) -> Case | None:
    weights = torch.tensor(settings["weights"], dtype=torch.float32)
    ratio = settings["pos_weight"]
    name = settings["loss"]
    if name == "binary_cross_entropy_with_logits":
        return replace(case, loss=lambda o, t: F.binary_cross_entropy_with_logits(o, t, pos_weight=torch.tensor(ratio)))
    if name == "nll_loss":
        return replace(case, loss=lambda o, t: F.nll_loss(o, t, weight=weights.to(o.dtype)))
    if name == "cross_entropy" and all(len(tensors_in(target)) == 1 for _, target in islice(iter(case.data), 1)):
        return replace(case, loss=lambda o, t: F.cross_entropy(o, t, weight=weights.to(o.dtype)))
    return None


def _match_shapes(case: Case, settings: Settings) -> Case | None:
    inner = case.loss
    return replace(case, loss=lambda output, target: inner(output, target.reshape(output.shape)))


def _multi_label(case: Case, settings: Settings) -> Case | None:
    return replace(case, loss=F.binary_cross_entropy_with_logits)


CURES: Mapping[str, Callable[[Case, Settings], Case | None]] = {
    "replace-activation": _replace_activation,
    "re-initialise": _reinitialise,
    "insert-activations": _insert_activations,
    "reset-bias": _reset_bias,
    "remove-output-activation": _remove_output,
    "set-dim": _set_dim,
    "use-cross-entropy": _use_cross_entropy,
    "one-output-unit": _one_unit,
    "scale-learning-rate": _scale_learning_rate,
    "scale-residual": _scale_residual,
    "standardise-inputs": _standardise_inputs,
    "standardise-targets": _standardise_targets,
    "class-weights": _class_weights,
    "match-shapes": _match_shapes,
    "multi-label": _multi_label,
}
