"""One cell of a study: one network, trained once on one task with one activation, seed and learning rate."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from ..nn import create
from .tasks import Batch, Task, find_task

# A unit is dead when no training sample gives its activation a larger slope than this.
DEAD_SLOPE = 1e-6
# A loss this many times the one before training is taken for divergence, though still finite.
DIVERGED = 10.0


def train(task: str, activation: str, seed: int, learning_rate: float, epochs: int, **_: object) -> dict[str, Any]:
    """Train once and measure; further arguments (versions, formula) only tell one cell from another.

    Everything but the activation and the learning rate follows from `seed`: split, order of the batches and
    the standard normal draws of the weights, so cells with one seed are paired. The weights of each layer are
    then scaled so that its pre-activations have variance 1 on the first batch (layer-sequential unit
    variance, Mishkin & Matas 2016, arXiv:1511.06422): an initialisation made for one activation would decide
    the comparison. Adam, learning rate falling linearly to zero. Uses one thread, so that the result does not
    depend on the machine's load.

    Returns held_out and validation (metric after the last epoch; None if diverged), loss (before training and
    the mean of each epoch; None from where it is not finite), diverged, dead_share (of the hidden units),
    steps.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # for activations that draw
            return _train(find_task(task), activation, seed, learning_rate, epochs)
    finally:
        torch.set_num_threads(threads)


def _train(task: Task, activation: str, seed: int, learning_rate: float, epochs: int) -> dict[str, Any]:
    split = task.split(seed)
    draws = torch.Generator().manual_seed(seed)
    order = torch.Generator().manual_seed(seed)
    orders = [torch.randperm(len(split.training.targets), generator=order) for _ in range(epochs)]
    model = network(task, activation, split.training.inputs.shape[1], draws)
    scale_to_unit_variance(model, split.training.inputs[orders[0][: task.batch]])
    loss_of = nn.CrossEntropyLoss() if task.outputs > 1 else _mean_square
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    total = sum(math.ceil(len(each) / task.batch) for each in orders)
    steps = 0
    with torch.no_grad():
        curve = [float(loss_of(model(split.training.inputs), split.training.targets))]
    for each in orders:
        losses: list[float] = []
        for rows in each.split(task.batch):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate * (1 - steps / total)
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(model(split.training.inputs[rows]), split.training.targets[rows])
            if loss.requires_grad:
                loss.backward()
                optimizer.step()
            losses.append(loss.item() * len(rows))
            steps += 1
        curve.append(math.fsum(losses) / len(each) if all(map(math.isfinite, losses)) else math.nan)
        if not math.isfinite(curve[-1]):
            break
    model.eval()
    scores = [score(task, model, batch) for batch in (split.held_out, split.validation)]
    diverged = not all(map(math.isfinite, [*curve, *scores])) or curve[-1] > DIVERGED * curve[0]
    return {
        "held_out": None if diverged else scores[0],
        "validation": None if diverged else scores[1],
        "loss": [value if math.isfinite(value) else None for value in curve],
        "diverged": diverged,
        "dead_share": dead_share(model, split.training.inputs),
        "steps": steps,
    }


def network(task: Task, activation: str, features: int, draws: torch.Generator) -> nn.Sequential:
    """Linear layers with the activation between them; weights are standard normal draws, biases zero."""
    widths = (features, *task.hidden, task.outputs)
    layers: list[nn.Module] = []
    for index, (fan_in, fan_out) in enumerate(pairwise(widths)):
        linear = nn.Linear(fan_in, fan_out)
        with torch.no_grad():
            linear.weight.copy_(torch.randn(fan_out, fan_in, generator=draws))
            linear.bias.zero_()
        layers += [linear, create(activation)] if index < len(widths) - 2 else [linear]
    return nn.Sequential(*layers)


@torch.no_grad()
def scale_to_unit_variance(model: nn.Sequential, inputs: Tensor) -> None:
    """Scale each linear layer in turn so that its output has variance 1 over these inputs and all its units.

    A layer whose output does not vary, or not finitely, keeps the scale 1/sqrt(inputs).
    """
    value = inputs
    for layer in model:
        if isinstance(layer, nn.Linear):
            deviation = float(layer(value).std(correction=0))
            usable = math.isfinite(deviation) and deviation > 0
            layer.weight.div_(deviation if usable else math.sqrt(layer.in_features))
        value = layer(value)


def score(task: Task, model: nn.Module, batch: Batch) -> float:
    """The task's metric on these samples: share of right classes, or R² (1 - squared error / variance)."""
    with torch.no_grad():
        output: Tensor = model(batch.inputs)
    if not bool(torch.isfinite(output).all()):
        return math.nan
    if task.outputs > 1:
        return float((output.argmax(1) == batch.targets).double().mean())
    targets = batch.targets.double()
    error = (output.flatten().double() - targets).square().sum()
    return float(1 - error / (targets - targets.mean()).square().sum())


def dead_share(model: nn.Sequential, inputs: Tensor) -> float:
    """The share of hidden units whose activation has no slope for any of these inputs."""
    dead = units = 0
    value = inputs
    signs = torch.Generator().manual_seed(0)
    for layer in model:
        if isinstance(layer, nn.Linear):
            value = layer(value).detach()
            continue
        before = value.requires_grad_()
        value = layer(before)
        # signs leave the size of a slope as it is, and keep a softmax's outputs from adding up to a constant
        total = (value * torch.randint(0, 2, value.shape, generator=signs).mul(2).sub(1)).sum()
        slope = torch.autograd.grad(total, before, allow_unused=True)[0] if total.requires_grad else None
        reach = torch.zeros(value.shape[1]) if slope is None else slope.abs().amax(0)
        dead += int((reach <= DEAD_SLOPE).sum())
        units += len(reach)
        value = value.detach()
    return dead / units if units else 0.0


def _mean_square(output: Tensor, targets: Tensor) -> Tensor:
    return nn.functional.mse_loss(output.flatten(), targets)
