"""Inside recurrent modules: how saturated the gates are, and how the gradient travels back through time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from .shapes import FLAT


@dataclass
class Recurrence:
    """One call of an RNN, LSTM or GRU: where, which, its input, and the gradient that came back to the input."""

    path: str
    module: nn.RNNBase
    x: Tensor
    gradients: list[Tensor] = field(default_factory=list[Tensor])

    def profile(self) -> list[float]:
        """The norm of the loss gradient at each step of the input sequence; empty where it has no meaning."""
        if self.x.dim() != 3 or self.module.bidirectional or not self.gradients:
            return []
        steps = self.gradients[-1].transpose(0, 1) if self.module.batch_first else self.gradients[-1]
        return [float(step.double().norm()) for step in steps]


def listen(model: nn.Module, into: list[Recurrence]) -> list[Any]:
    """Hooks that note each recurrent call and let a gradient reach its input; returns their handles."""

    def listener(path: str) -> Callable[..., Any]:
        def hook(module: nn.Module, inputs: Any) -> Any:
            if not isinstance(module, nn.RNNBase) or not inputs or not isinstance(inputs[0], Tensor):
                return None
            x = inputs[0] if inputs[0].requires_grad else inputs[0].clone().requires_grad_()
            heard = Recurrence(path, module, x.detach())
            x.register_hook(lambda gradient: heard.gradients.append(gradient.detach()))
            into.append(heard)
            return x, *inputs[1:]

        return hook

    return [
        module.register_forward_pre_hook(listener(path))
        for path, module in model.named_modules()
        if isinstance(module, nn.RNNBase)
    ]


@dataclass
class Gates:
    """Saturation of the inside of a recurrent module, unrolled by hand on one batch."""

    path: str
    kind: str
    elements: int = 0
    flat: int = 0
    second: float = 0.0


def unroll(heard: Recurrence) -> Gates | None:
    """The pre-activations inside an RNN, LSTM or GRU (first layer, forward direction), as saturation counts."""
    module, x = heard.module, heard.x
    if x.dim() != 3 or module.proj_size:
        return None
    kind = module.mode
    if kind == "RNN_RELU":
        return None
    steps = x.transpose(0, 1) if module.batch_first else x
    own = dict(module.named_parameters())
    w_in, w_back = own["weight_ih_l0"], own["weight_hh_l0"]
    nothing = w_in.new_zeros(w_in.shape[0])
    b_in, b_back = own.get("bias_ih_l0", nothing), own.get("bias_hh_l0", nothing)
    hidden = w_in.new_zeros(steps.shape[1], module.hidden_size)
    cell = torch.zeros_like(hidden)
    gates = Gates(heard.path, kind)
    with torch.no_grad():
        for step in steps:
            given, back = step @ w_in.T + b_in, hidden @ w_back.T + b_back
            if kind == "LSTM":
                i, f, g, o = (given + back).chunk(4, 1)
                cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
                hidden = torch.sigmoid(o) * torch.tanh(cell)
                inside = ((torch.cat((i, f, o), 1), False), (g, True))
            elif kind == "GRU":
                r, z, n = given.chunk(3, 1)
                hr, hz, hn = back.chunk(3, 1)
                reset, update = torch.sigmoid(r + hr), torch.sigmoid(z + hz)
                candidate = n + reset * hn
                hidden = (1 - update) * torch.tanh(candidate) + update * hidden
                inside = ((torch.cat((r + hr, z + hz), 1), False), (candidate, True))
            else:
                hidden = torch.tanh(given + back)
                inside = ((given + back, True),)
            for z, is_tanh in inside:
                slope = 1 - torch.tanh(z) ** 2 if is_tanh else 4 * torch.sigmoid(z) * (1 - torch.sigmoid(z))
                gates.flat += int((slope <= FLAT).sum())
                gates.elements += z.numel()
                gates.second += float((z.double() ** 2).sum())
    return gates
