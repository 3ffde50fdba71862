"""Cures that change modules, or calls in forward(): activations, norms, output, recurrence."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import nn

from .records import Case
from .rewriting import REWRITES, rewrite
from .weight_cures import LAYERS, Settings, module_at, redraw
from .wrappers import Recast

# Functions that are often written by hand, each made from its value at 0; softplus tells its beta there: log(2) / beta.
STABLE: tuple[Callable[[float], nn.Module], ...] = (
    lambda middle: nn.Softplus(math.log(2) / middle if middle > 0 else 1.0),
    lambda _: nn.LogSigmoid(),
    lambda _: nn.Sigmoid(),
    lambda _: nn.Tanh(),
    lambda _: nn.SiLU(),
    lambda _: nn.Mish(),
    lambda _: nn.ELU(),
)


def _put(model: nn.Module, path: str, module: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(model.get_submodule(parent), name, module)


def _bare(module: nn.Module | None) -> bool:
    return (
        module is not None
        and next(module.children(), None) is None
        and all(p.numel() == 1 for p in module.parameters())
    )


def replace_activation(case: Case, settings: Settings) -> Case | None:
    """Another activation at the paths, as modules or as calls in forward(), and new weights with its gain."""
    from ..nn import create, swap

    wanted = set(settings["paths"])
    plan = swap(
        case.model, settings["to"], where=lambda path, old: path in wanted or path.rpartition(".")[0] in wanted - {""}
    )
    if plan.changes:
        plan.apply()
        redraw(case, settings["gain"], settings["level"])
        return case
    replaced = False
    for path, kind in dict(zip(settings["paths"], settings["kinds"], strict=True)).items():
        if path and _bare(module_at(case, path)):
            _put(case.model, path, create(settings["to"]))
            replaced = True
            continue
        changed = rewrite(case, path, kind, "activation", settings["to"])
        replaced |= changed is not None
        case = changed or case
    if not replaced:
        return None
    redraw(case, settings["gain"], settings["level"])
    return case


def insert_activations(case: Case, settings: Settings) -> Case | None:
    """An activation after each of the layers, and new weights."""
    from ..nn import create

    paths = [path for path in settings["paths"] if path and isinstance(module_at(case, path), LAYERS)]
    if not paths:
        return None
    redraw(case, settings["gain"], False)
    for path in paths:
        _put(case.model, path, nn.Sequential(case.model.get_submodule(path), create(settings["to"])))
    return case


def add_norm(case: Case, settings: Settings) -> Case | None:
    """A layer norm after each linear layer; over channels and pixels, one group, after each convolution."""
    done = False
    for path in settings["paths"]:
        layer = module_at(case, path)
        if not path or not isinstance(layer, LAYERS):
            continue
        norm = nn.LayerNorm(layer.out_features) if isinstance(layer, nn.Linear) else nn.GroupNorm(1, layer.out_channels)
        _put(case.model, path, nn.Sequential(layer, norm.to(layer.weight)))
        done = True
    return case if done else None


def remove_output(case: Case, settings: Settings) -> Case | None:
    """No output activation: the module becomes Identity, the last such call in forward() or in the loss is skipped."""
    path = settings["path"]
    if path and _bare(module_at(case, path)):
        _put(case.model, path, nn.Identity())
        return case
    return rewrite(case, path, settings["op"], "nothing", last=True)


def replace_output(case: Case, settings: Settings) -> Case | None:
    """Another output activation."""
    from ..nn import create

    path = settings["path"]
    if path and _bare(module_at(case, path)):
        _put(case.model, path, create(settings["to"]))
        return case
    return rewrite(case, path, settings["op"], "activation", settings["to"], last=True)


def set_dim(case: Case, settings: Settings) -> Case | None:
    """Let a softmax run over the class axis."""
    module = module_at(case, settings["path"]) if settings["path"] else None
    if module is not None and hasattr(module, "dim"):
        module.dim = settings["dim"]
        return case
    return rewrite(case, settings["path"], settings["op"], "dim", settings["dim"], last=True)


def gate_recurrence(case: Case, settings: Settings) -> Case | None:
    """A GRU of the same sizes in place of a plain RNN: it returns the same two things."""
    old = module_at(case, settings["path"])
    if not settings["path"] or not isinstance(old, nn.RNN):
        return None
    keys = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional")
    new = nn.GRU(**{key: getattr(old, key) for key in keys}).to(next(old.parameters()))
    _put(case.model, settings["path"], new)
    return case


def make_finite(case: Case, settings: Settings) -> Case | None:
    """The call that broke, with the usual guard, where it has one."""
    op = settings["op"]
    return rewrite(case, settings["path"], op, op) if op in REWRITES else None


def stable_module(case: Case, settings: Settings) -> Case | None:
    """The library's function for activation modules of a class whose values on [-1, 1] it shares to four digits."""
    path = settings["path"]
    module = module_at(case, path)
    if module is None or not path or not _bare(module):
        return None
    x = torch.linspace(-1, 1, 61)
    with torch.no_grad():
        try:
            own, middle = module(x), float(module(torch.zeros(1)))
        except (RuntimeError, TypeError, ValueError, IndexError):
            return None
        for make in STABLE:
            new = make(middle)
            if own.shape == x.shape and torch.allclose(new(x), own, rtol=1e-4, atol=1e-4 * abs(middle) + 1e-6):
                for at, other in list(case.model.named_modules()):
                    if type(other) is type(module):
                        _put(case.model, at, new)
                return case
    return None


def open_gradient(case: Case, settings: Settings) -> Case | None:
    """A detach is skipped; a flat function passes the gradient straight through."""
    to = "nothing" if settings["op"] in ("detach", "data") else "straight-through"
    return rewrite(case, settings["path"], settings["op"], to)


def float32_weights(case: Case, settings: Settings) -> Case | None:
    """The model in float32."""
    return replace(case, model=Recast(case.model, torch.float32))


def use_bfloat16(case: Case, settings: Settings) -> Case | None:
    """A float16 model in bfloat16; a float16 autocast is the user's to change."""
    if all(parameter.dtype != torch.float16 for parameter in case.model.parameters()):
        return None
    return replace(case, model=Recast(case.model, torch.bfloat16))


def alpha_dropout(case: Case, settings: Settings) -> Case | None:
    """AlphaDropout in place of Dropout."""
    olds = {path: module_at(case, path) for path in settings["paths"] if path}
    olds = {path: old for path, old in olds.items() if isinstance(old, nn.Dropout)}
    for path, old in olds.items():
        _put(case.model, path, nn.AlphaDropout(old.p))
    return case if olds else None
