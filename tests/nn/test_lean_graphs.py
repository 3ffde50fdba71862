"""Random programs with and without recipes: every gradient is the same, bit for bit, whatever the program does."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

import actlab
from actlab.catalogue import ENTRIES
from actlab.runtime.again import NODES, Again

WIDTH, ROWS = 8, 5
# a few of each kind: every formula and dtype more is a kernel to compile
PLAIN = tuple(entry for entry in ENTRIES.values() if entry.kind == "pointwise")[::70]
GATED = tuple(entry for entry in ENTRIES.values() if entry.kind == "gated" and not entry.along_axis)[::5]
TORCH: tuple[Callable[..., Tensor], ...] = (
    F.gelu,
    F.silu,
    F.mish,
    F.softplus,
    F.logsigmoid,
    F.softsign,
    F.tanhshrink,
    F.leaky_relu,
    F.hardswish,
    F.relu,
    torch.tanh,
    torch.sigmoid,
    torch.square,
    lambda x: F.threshold(x, 0.1, -0.5),
    lambda x: F.rrelu(x, training=True),
    lambda x: x * torch.sigmoid(1.702 * x),
    lambda x: F.silu(x) * x.flip(0),
)


class Program:
    """A random sequence of steps over a growing list of tensors, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)
        self.dtype = self.pick.choice((torch.float32, torch.float32, torch.float64, torch.bfloat16))
        self.way = self.pick.choice(("once", "twice", "second order"))
        self.lean = False
        torch.manual_seed(seed)
        self.leaves: list[Tensor] = []
        self.made = [self.leaf(ROWS, WIDTH) + 0]

    def leaf(self, *shape: int) -> Tensor:
        self.leaves.append(torch.randn(*shape).to(self.dtype).requires_grad_())
        return self.leaves[-1]

    def old(self) -> Tensor:
        return self.pick.choice(self.made[-4:])

    def linear(self, x: Tensor) -> Tensor:
        return x @ self.leaf(WIDTH, WIDTH) / 3

    def activate(self, x: Tensor) -> Tensor:
        kind = self.pick.randrange(4)
        if kind == 0:
            return self.pick.choice(TORCH)(x)
        if kind == 1:
            return F.prelu(x, self.leaf(1).detach().clone().requires_grad_())
        if kind == 2:
            entry = self.pick.choice(GATED)
            wide = torch.cat((x, x.flip(0)), -1)
            return actlab.nn.functional.function(entry)(wide, gate="first")
        entry = self.pick.choice(PLAIN)
        return actlab.nn.functional.function(entry)(x)

    def step(self) -> None:
        x = self.old()
        name = self.pick.choice(STEPS)
        done = getattr(self, name)(x)
        if done is not None:
            self.made.append(done.nan_to_num(0.0, 1.0, -1.0).clamp(-9, 9) if self.pick.random() < 0.2 else done)

    def layer(self, x: Tensor) -> Tensor:
        return self.linear(self.activate(x))

    def residual(self, x: Tensor) -> Tensor:
        return x + self.old()

    def product(self, x: Tensor) -> Tensor:
        return self.activate(x) * self.old()

    def twice(self, x: Tensor) -> Tensor:
        y = self.activate(x)
        return self.linear(y) + self.linear(y) + y * y

    def dropout(self, x: Tensor) -> Tensor:
        return self.linear(F.dropout(self.activate(x), 0.5))

    def edited(self, x: Tensor) -> Tensor:
        y = self.activate(x)
        before = self.linear(y) if self.pick.random() < 0.3 else None
        edit = self.pick.choice(
            (lambda: y.add_(1), lambda: y[1:].mul_(2), lambda: torch.neg_(y.view(-1)[3:]), lambda: F.relu_(y))
        )
        with torch.no_grad() if self.pick.random() < 0.4 else nullcontext():
            edit()
        return self.linear(y) if before is None else before + self.linear(y)

    def edit_the_input(self, x: Tensor) -> Tensor:
        x = x + 0
        y = self.activate(x)
        with torch.no_grad() if self.pick.random() < 0.5 else nullcontext():
            x.mul_(2)
        return self.linear(y)

    def seen_otherwise(self, x: Tensor) -> Tensor:
        y = self.activate(x)
        view = self.pick.choice(
            (lambda: y.t().reshape(ROWS, WIDTH), lambda: y[1:].sum(0).expand(ROWS, -1), lambda: y.view(-1).view_as(y))
        )()
        halves = y[:, : WIDTH // 2] @ self.leaf(WIDTH // 2, WIDTH) + y[:, ::2] @ self.leaf(WIDTH // 2, WIDTH)
        return view @ self.leaf(WIDTH, WIDTH) + halves + (y.detach() * self.leaf(WIDTH))

    def transposed(self, x: Tensor) -> Tensor:
        return self.linear(self.activate(x.t()).t())

    def hooked(self, x: Tensor) -> Tensor:
        y = self.activate(x)
        y.register_hook(lambda gradient: gradient * 1.5)
        y.retain_grad()
        return self.linear(y)

    def normed(self, x: Tensor) -> Tensor:
        return self.linear(F.layer_norm(self.activate(x), (WIDTH,)).softmax(-1))

    def again_later(self, x: Tensor) -> Tensor:
        weight, act = self.leaf(WIDTH, WIDTH), self.pick.choice(TORCH[:6])
        reentrant = self.way != "second order" and self.pick.random() < 0.5
        inner = checkpoint(lambda at: act(at @ weight) @ weight, self.activate(x), use_reentrant=reentrant)
        return self.linear(inner)

    def elsewhere(self, x: Tensor) -> Tensor:
        with torch.autograd.graph.save_on_cpu():
            y = self.layer(x)
            z = self.activate(y)
        return self.linear(z)

    def nested(self, x: Tensor) -> Tensor:
        with actlab.lean() if self.lean else nullcontext():
            return self.layer(self.activate(x))

    def run(self, lean: bool, steps: int = 6) -> list[Tensor | None]:
        """The gradients of all leaves; of the squared gradient as well, in some programs."""
        self.lean = lean
        with actlab.lean() if lean else nullcontext():
            for _ in range(steps):
                self.step()
            loss = sum(((one.float() ** 2).mean() for one in self.made[1:]), torch.zeros(()))
        if self.way == "second order":
            with actlab.lean() if lean and self.pick.random() < 0.5 else nullcontext():
                first = torch.autograd.grad(loss, self.leaves, create_graph=True, allow_unused=True)
                loss = sum(((one.float() ** 2).mean() for one in first if one is not None), torch.zeros(()))
        if loss.requires_grad:
            loss.backward(retain_graph=self.way == "twice")
            if self.way == "twice":
                loss.backward()
        return [leaf.grad for leaf in self.leaves]


OFTEN = ("layer", "layer", "residual", "product", "twice")
STEPS = (
    *OFTEN,
    *OFTEN,
    *("dropout", "edited", "edit_the_input", "seen_otherwise", "transposed", "hooked", "normed", "again_later"),
    *("elsewhere", "nested"),
)


def _outcome(seed: int, lean: bool) -> list[Tensor | None] | str:
    try:
        return Program(seed).run(lean)
    except RuntimeError as error:
        return str(error)


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    return torch.equal(one.nan_to_num(), other.nan_to_num()) and torch.equal(one.isnan(), other.isnan())


def differing(seeds: range) -> tuple[int, list[int]]:
    """How many programs ran in both ways, and the seeds of those whose gradients differ."""
    ran, wrong = 0, []
    for seed in seeds:
        plain, lean = _outcome(seed, False), _outcome(seed, True)
        if isinstance(plain, str):
            continue  # torch refuses as well: what lean does then is right or an error
        ran += 1
        if isinstance(lean, str) or not all(map(_same, plain, lean)):
            wrong.append(seed)
    return ran, wrong


@pytest.mark.filterwarnings("ignore:lean found nothing:UserWarning")
def test_random_programs_have_the_same_gradients_bit_for_bit():
    """Residuals, reuse, edits in place, views, hooks, checkpoints, dropout, second order: nothing tells lean apart."""
    ran, wrong = differing(range(150))
    assert ran > 75, "most programs must be such that torch accepts them"
    assert wrong == []


@pytest.mark.filterwarnings("ignore:lean found nothing:UserWarning")
def test_a_recipe_that_computes_something_else_is_caught(monkeypatch):
    """Canary: products recomputed with one wrong bit are seen in the gradients of some programs."""
    node = torch._C._functions.MulBackward0  # type: ignore[attr-defined]
    right = NODES[node]

    def wrong(at: Any, y: Tensor, look: Any) -> Again:
        found = right(at, y, look)
        return found._replace(
            run=lambda *held: torch.nextafter(found.run(*held).float(), torch.tensor(9e9)).to(y.dtype)
        )

    monkeypatch.setitem(NODES, node, wrong)
    assert differing(range(60))[1]
