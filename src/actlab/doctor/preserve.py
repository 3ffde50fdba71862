"""Work on the user's model and leave it exactly as it was.

The model itself is examined, not a copy: a loss may read the model's attributes (an activity penalty), and some
models cannot be copied at all.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

# Below this many weights a second thread costs more than it gives: ten layers of width 64 train 2.5 times slower with
# two threads than with one on two busy cores.
SMALL = 1_000_000
# Registries of a module that are dictionaries: restored in place, because others may hold them.
REGISTRIES = ("_parameters", "_buffers", "_modules")


@contextmanager
def preserved(model: nn.Module, *loaders: Any) -> Generator[State, None, None]:
    """Everything about `model`, and every random state, is put back when the block ends, however it ends.

    loaders: objects whose own generators are put back too. The value is the state; `rewind()` puts weights and buffers
    back in between.
    """
    state = State(model)
    chance = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    generators = [(g, g.get_state()) for g in _generators(loaders)]
    grad_enabled = torch.is_grad_enabled()
    threads = torch.get_num_threads()
    try:
        if 0 < sum(parameter.numel() for parameter in model.parameters()) < SMALL:
            torch.set_num_threads(1)
        with torch.enable_grad():
            yield state
    finally:
        torch.set_num_threads(threads)
        state.restore()
        random.setstate(chance[0])
        np.random.set_state(chance[1])
        torch.set_rng_state(chance[2])
        if cuda:
            torch.cuda.set_rng_state_all(cuda)
        for generator, before in generators:
            generator.set_state(before)
        torch.set_grad_enabled(grad_enabled)


def _generators(loaders: tuple[Any, ...]) -> list[torch.Generator]:
    found: dict[int, torch.Generator] = {}
    for loader in loaders:
        for owner in (loader, getattr(loader, "sampler", None)):
            generator = getattr(owner, "generator", None)
            if isinstance(generator, torch.Generator):
                found[id(generator)] = generator
    return list(found.values())


class State:
    """A snapshot of a model: structure, weights, buffers, gradients, modes, attributes."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self._modules = [
            (module, dict(module.__dict__), {name: dict(module.__dict__[name]) for name in REGISTRIES})
            for module in model.modules()
        ]
        tensors: dict[int, Tensor] = {}
        for tensor in [*model.parameters(), *model.buffers()]:
            tensors[id(tensor)] = tensor
        self._tensors = [(tensor, tensor.detach().clone()) for tensor in tensors.values()]
        self._grads = [
            (tensor, tensor.grad, None if tensor.grad is None else tensor.grad.detach().clone(), tensor.requires_grad)
            for tensor in tensors.values()
            if tensor.is_leaf
        ]

    def original(self, tensor: Tensor) -> Tensor:
        """A weight or buffer as it was at the start; any other tensor as it is."""
        return next((value for known, value in self._tensors if known is tensor), tensor.detach())

    def rewind(self) -> None:
        """Put weights and buffers back and drop gradients; structure and hooks stay."""
        with torch.no_grad():
            for tensor, value in self._tensors:
                tensor.copy_(value)
        for tensor, *_ in self._grads:
            tensor.grad = None

    def restore(self) -> None:
        """Put everything back."""
        for module, attributes, registries in self._modules:
            module.__dict__.clear()
            module.__dict__.update(attributes)
            for name, content in registries.items():
                registry = module.__dict__[name]
                registry.clear()
                registry.update(content)
        self.rewind()
        for tensor, grad, value, required in self._grads:
            tensor.requires_grad_(required)
            if grad is not None and value is not None:
                with torch.no_grad():
                    grad.copy_(value)
                tensor.grad = grad
