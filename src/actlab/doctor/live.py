"""One sampled training step, seen from the outside: the training loop calls the model, this records it.

The loop's own forward calls are traced as `examine` traces its own, but between calls nothing is switched on, so that
the loop's other modes (autocast, a default device) stay in order.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .node import Node, ancestors, tensors_in
from .passes import Measured, blame, size_of, take_sites
from .shapes import Shape
from .sites import axis_of_units
from .trace import Trace

Key = tuple[str, str, int]
# Values of one call that are looked at, or ROWS of each unit where that is more: means over as many are known to half a
# per cent, and in a wide layer the call itself costs as much more.
BUDGET, ROWS = 2**15, 64
PART = 2**14  # values of a weight that its variance and the size of its update are read from, to 1 %


def part(tensor: Tensor, most: int) -> Tensor:
    """About `most` values of a tensor, evenly spread; of one that is spread over ranks, of this rank's share."""
    to_local = getattr(tensor, "to_local", None)
    flat = (to_local() if to_local is not None else tensor).detach().reshape(-1)
    return flat[:: max(1, flat.numel() // most)]


class WatchError(ValueError):
    """A loop that cannot be watched; the message is one sentence: what, where, what to do."""


class Hook:
    """A hook that copies and pickles of a model do not take along: theirs does nothing and needs nothing of ours.

    failed: told of any error of ours, which must not end a training of somebody else; a WatchError is meant to.
    """

    def __init__(self, function: Callable[..., Any], failed: Callable[[Exception], None]) -> None:
        self._function = torch.compiler.disable(function)  # a loop that is compiled as a whole steps out for it
        self._failed = failed

    def __call__(self, *args: Any) -> Any:
        try:
            return self._function(*args)
        except WatchError:
            raise
        except Exception as error:
            return self._failed(error)

    def __reduce__(self) -> Any:
        return getattr, (contextlib.nullcontext(), "__exit__")  # takes any arguments and returns None

    def __deepcopy__(self, memo: Any) -> Any:
        return contextlib.nullcontext().__exit__


class Live(Trace):
    """The calls of a model between two optimiser steps, made by a loop that is not ours.

    measured: what was found, complete once `finish` has been called. parts: some values of each weight and bias by its
    id, taken when it was used, since weights that are spread over devices are whole only then. loss: the one that the
    model gave, if it gives one. known, shapes: which modules work element by element, and the shapes of activations,
    kept from step to step. failed: told of any error of ours.
    """

    def __init__(
        self,
        model: nn.Module,
        known: dict[int, bool],
        shapes: dict[Key, Shape | None],
        failed: Callable[[Exception], None],
    ) -> None:
        super().__init__(model, watch_gradient=False)
        self._elementwise = known
        self._shapes = shapes
        self._depth = self._muted = 0
        self._outer: set[int] = set()
        self._taken = 0
        self._first: list[Node] | None = None
        self._squares: list[dict[Key, list[Tensor]]] = [{}]
        self.loss: Tensor | None = None
        self.parts: dict[int, Tensor] = {}
        self.measured = Measured([], None, None, {}, {}, {}, [], [], 0, float("nan"))
        for path, module in model.named_modules():
            if not isinstance(module, torch.jit.ScriptModule):
                opening = Hook(partial(self._open, self._before(path)), failed)
                self._handles.append(module.register_forward_pre_hook(opening, prepend=True, with_kwargs=True))
                self._handles.append(module.register_forward_hook(Hook(self._close, failed), always_call=True))

    def __enter__(self) -> Any:
        return TorchFunctionMode.__enter__(self)

    def __exit__(self, *details: Any) -> Any:
        return TorchFunctionMode.__exit__(self, *details)

    def detach(self) -> None:
        """Take the hooks off the model."""
        for handle in self._handles:
            handle.remove()
        if self._depth:  # in the middle of a call
            self._depth = 0
            self.__exit__(None, None, None)

    # -- calls of the loop ---------------------------------------------------------------------------------------------

    def _open(self, before: Callable[..., None], module: nn.Module, inputs: Any, named: Any) -> None:
        # evaluation is no training, and what a checkpoint computes again in backward was seen before
        idle = not self._depth and (not torch.is_grad_enabled() or torch._C._current_graph_task_id() != -1)
        if self._muted or idle:
            self._muted += 1
            return
        if not self._depth:
            if id(module) in self._outer:
                self._restart()
            self._outer.add(id(module))
            self.begin([t for t in tensors_in((inputs, named)) if id(t) not in self.made])
            self.measured.samples += size_of((inputs, named))
            self.__enter__()
        self._depth += 1
        before(module, inputs)

    def _close(self, module: nn.Module, inputs: Any, output: Any) -> None:
        if self._muted:
            self._muted -= 1
            return
        self._after(module, inputs, output)
        self._depth -= 1
        if not self._depth:
            self.__exit__(None, None, None)
            self._take(output)

    def _restart(self) -> None:
        """The same module is called again: another part of an accumulated batch, pooled with the first."""
        self._first = self._first or self.nodes
        self.nodes, self.made, self._kept, self._origins = [], {}, [], {}
        self._calls, self._outer, self._taken = {}, set(), 0
        self._squares.append({})

    def _take(self, output: Any) -> None:
        loss = output.get("loss") if isinstance(output, dict) else getattr(output, "loss", None)
        if isinstance(loss, Tensor) and loss.numel() == 1:
            self.loss = loss.detach()
        bad = next((t for t in tensors_in(output) if t.is_floating_point() and not torch.isfinite(t).all()), None)
        if bad is not None and self.measured.not_finite is None:
            self.measured.not_finite = blame(self, bad, 0)
        new, self._taken = self.nodes[self._taken :], len(self.nodes)
        for node in new:
            node.x = None if node.x is None else _thinned(node, node.x)
        take_sites(new, self.measured, self._shapes)
        for node in new:
            node.x = node.function = None

    def _add(self, op: str, role: str, path: str, parents: tuple[Node, ...], out: Tensor, **more: Any) -> Node:
        node = super()._add(op, role, path, parents, out, **more)
        for tensor in (node.weight, node.bias):
            if tensor is not None and id(tensor) not in self.parts:
                self.parts[id(tensor)] = part(tensor, PART).clone()
        if role != "view" and out.requires_grad and not out.is_leaf:
            with self.pause():
                out.register_hook(partial(_measure, self._squares[-1].setdefault(node.key, [])))
        return node

    # -- after the step ------------------------------------------------------------------------------------------------

    def finish(self, finite: bool, scale: float) -> Measured:
        """Detach, and give what was found.

        finite: whether the parameters' gradients were, in the step that was made; scale: what the loss had been
        multiplied with. A part of the loop whose step a scaler skipped, because its gradient overflowed, is left out.
        """
        self.detach()
        found, nodes = self.measured, self._first or self.nodes
        for part in self._squares:
            squares = {key: float(torch.stack(each).square().sum()) for key, each in part.items() if each}
            if finite and not all(map(math.isfinite, squares.values())):
                continue
            for key, square in squares.items():
                found.gradients[key] = found.gradients.get(key, 0.0) + square / scale**2
        if not finite and found.not_finite is None:
            for node in self.nodes:
                node.gradient = torch.tensor(found.gradients.get(node.key, 0.0))
            found.not_finite = blame(self, torch.zeros(()), 0)
        ends = tuple(node for node in nodes if node.data and not node.children)
        found.nodes, found.end = nodes, Node(len(nodes), "output", "other", "", 0, ends, None, True)
        used = {id(node) for node in ancestors(found.end)}
        found.sites = {key: site for key, site in found.sites.items() if id(site.node) in used}
        for node in nodes:
            node.weight, node.bias = self._still_there(node.weight), self._still_there(node.bias)
            if node.out is not None and node.out.dim() and node.out.numel():
                most = max(2, BUDGET // 2 // max(node.out[0].numel(), 1))
                node.out = node.out.detach()[:most]
        return found

    def _still_there(self, tensor: Tensor | None) -> Tensor | None:
        """A weight, or one of its shape and mean square where FSDP has freed its memory after use."""
        if tensor is None or tensor.untyped_storage().size() or not tensor.numel():
            return tensor
        kept = self.parts[id(tensor)]
        size = kept.double().square().mean().sqrt().to(tensor.dtype)
        instead = kept.view(tensor.shape) if kept.numel() == tensor.numel() else size.expand(tensor.shape)
        self.parts[id(instead)] = kept
        return instead


def _measure(into: list[Tensor], gradient: Tensor) -> None:
    into.append(torch.linalg.vector_norm(gradient.detach(), dtype=torch.float32))


def _thinned(node: Node, x: Tensor) -> Tensor:
    """Evenly spread positions of each sample, and of samples where that is not enough."""
    if not x.dim():
        return x
    units = axis_of_units(node, x)
    most = max(BUDGET, ROWS * x.shape[units])
    for axis in (*(axis for axis in range(x.dim() - 1, 0, -1) if axis != units), 0):
        every = min(-(-x.numel() // most), x.shape[axis])
        if every > 1 and x.dim() > 1:
            x = x[(slice(None),) * axis + (slice(None, None, every),)]
    return x
