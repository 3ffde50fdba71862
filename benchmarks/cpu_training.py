"""How much faster is a whole training step (forward, loss, backward, optimizer) with compiled kernels?

Prediction: matrix products take most of a step, so a function that costs ATen 4 ns per element (mish) gains 5 to 15 %
in a multilayer perceptron of width 1024 at batch 1024, and one that ATen has at the speed of memory (relu) nothing; a
small convolutional network, with more activations per product, gains more. "identity" is the same network without its
activations: no kernel can take a step below it. Rivals: torch's own function, the torch text, and with --compile the
whole network with torch's function inside torch.compile. One row per network and function: results/cpu_training.jsonl.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from measuring import Rival, alternated, append, options, provenance, tell
from rivals import in_torch
from torch import Tensor, nn

from actlab.nn import create

Function = Callable[[Tensor], Tensor]


class Call(nn.Module):
    """A function as a layer."""

    def __init__(self, run: Function) -> None:
        super().__init__()
        self.run = run

    def forward(self, x: Tensor) -> Tensor:
        """The function of x."""
        return self.run(x)


class Network(NamedTuple):
    """A network to train: how it is built around an activation, and the shape of a batch that it is given."""

    build: Callable[[Function], nn.Module]
    batch: tuple[int, ...]


def _perceptron(act: Function) -> nn.Module:
    width = 1024
    hidden = [layer for _ in range(3) for layer in (nn.Linear(width, width), Call(act))]
    return nn.Sequential(*hidden, nn.Linear(width, 10))


def _convolutional(act: Function) -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(3, 32, 3, padding=1), Call(act)),
        *(nn.Conv2d(32, 64, 3, stride=2, padding=1), Call(act)),
        *(nn.Conv2d(64, 64, 3, stride=2, padding=1), Call(act)),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)),
    )


class _Transformer(nn.Module):
    def __init__(self, act: Function) -> None:
        super().__init__()
        layer = partial(nn.TransformerEncoderLayer, 256, 4, 1024, dropout=0.0, batch_first=True, norm_first=True)
        self.layers = nn.Sequential(*(layer(activation=act) for _ in range(2)))
        self.head = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(x).mean(1))


NETWORKS = {
    "mlp": Network(_perceptron, (1024, 1024)),
    "cnn": Network(_convolutional, (64, 3, 32, 32)),
    "transformer": Network(_Transformer, (16, 64, 256)),
}


def stepping(network: Network, act: Function, shrink: int, compiled: bool = False) -> Callable[[], None]:
    """A training step of a fresh network, the same for every rival but for its activation."""
    torch.manual_seed(0)
    model: Any = network.build(act)
    if compiled:
        torch._dynamo.reset()
        model = torch.compile(model, dynamic=False)
    batch = (max(1, network.batch[0] // shrink), *network.batch[1:])
    x, target = torch.randn(batch), torch.randint(10, batch[:1])
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), target).backward()
        optimizer.step()

    return step


def measured(kind: str, name: str, asked: argparse.Namespace) -> dict[str, Any]:
    """The row of one network with one function."""
    network, theirs = NETWORKS[kind], in_torch(name)
    step = partial(stepping, network, shrink=asked.shrink)
    found = {
        "ours": Rival(step(create(name)), native=True),
        "text": Rival(step(create(name))),
        "identity": Rival(step(nn.Identity())),
    }
    if theirs is not None:
        found["aten"] = Rival(step(theirs))
        if asked.compile:
            found["compile"] = Rival(step(theirs, compiled=True))
    times = alternated(found, asked.budget_ms * len(found) / 1e3, asked.least)
    batch = network.batch[0] // asked.shrink
    return {"network": kind, "entry": name, "batch": batch, **times.row("ms", 1e3)}


def main() -> None:
    """Measure what is asked for, tell the ratios, add the rows."""
    found = options(__doc__)
    usual = ["mish", "relu", "gelu", "silu", "elu", "softplus"]  # what networks are trained with
    found.add_argument("names", nargs="*", default=usual, metavar="NAME", help="entries")
    found.add_argument("--networks", nargs="*", choices=NETWORKS, default=list(NETWORKS))
    found.add_argument("--compile", action="store_true", help="torch.compile too; it takes its time")
    found.add_argument("--shrink", type=int, default=1, help="divide the batches, to try things out")
    found.set_defaults(budget_ms=1500)
    asked = found.parse_args()
    torch.set_num_threads(asked.threads)
    about = provenance(asked.threads)
    for kind in asked.networks:
        for name in asked.names:
            row = measured(kind, name, asked)
            append("cpu_training", {**about, **row}, asked.into)
            tell(f"{kind} {name}", row["ratio"])


if __name__ == "__main__":
    main()
