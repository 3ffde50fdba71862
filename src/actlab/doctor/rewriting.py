"""Calls written in forward() or in the loss, replaced while they run, so that a cure of such a call can be tried.

A user changes the line; on a copy the same change is made by a `TorchFunctionMode` that knows which module's forward
it is in. What a call becomes is one row of `REWRITES`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .calls import plain_name
from .node import call_model
from .records import Case

Call = Callable[..., Any]
EPSILON = 1e-8


def _straight_through(function: Call, x: Tensor, *args: Any, **kwargs: Any) -> Any:
    return x + (function(x, *args, **kwargs) - x).detach()


def _open_row(function: Call, x: Tensor, *args: Any, **kwargs: Any) -> Any:
    """A softmax whose fully masked rows are shared out evenly."""
    dim = kwargs.get("dim", args[0] if args else -1)
    closed = (x == -math.inf).all(dim, keepdim=True)
    return function(x.masked_fill(closed, 0.0), *args, **kwargs)


@cache
def _activation(name: str) -> Callable[..., Any]:
    from ..nn import create

    module = create(name)
    return lambda _function, x, *_args, **_kwargs: module(x)


def _along(dim: int) -> Callable[..., Any]:
    return lambda function, x, *_args, **kwargs: function(x, **{**kwargs, "dim": dim})


def _after(change: Callable[[Tensor], Tensor]) -> Callable[..., Any]:
    return lambda function, x, *args, **kwargs: function(change(x), *args, **kwargs)


def _divide(function: Call, a: Any, b: Any, *args: Any, **kwargs: Any) -> Any:
    return function(a, b + EPSILON, *args, **kwargs)


def _identity(_function: Call, x: Any, *_args: Any, **_kwargs: Any) -> Any:
    return x


# What a call becomes: word -> maker of (function, *args, **kwargs) -> result; a maker takes the word's argument.
REWRITES: Mapping[str, Callable[[Any], Call]] = {
    "nothing": lambda _: _identity,
    "activation": _activation,
    "dim": _along,
    "straight-through": lambda _: _straight_through,
    "sqrt": lambda _: _after(lambda x: x + EPSILON),
    "log": lambda _: _after(lambda x: x.clamp_min(EPSILON)),
    "exp": lambda _: _after(lambda x: x - x.detach().amax(-1, keepdim=True)),
    "pow": lambda _: _after(lambda x: x.clamp_min(EPSILON)),
    "softmax": lambda _: _open_row,
    "div": lambda _: _divide,
    "truediv": lambda _: _divide,
}


@dataclass(frozen=True)
class Edit:
    """One call to replace: the module it is made in, the function, which call of it there (None: all), and by what."""

    path: str
    op: str
    call: int | None
    to: str
    argument: Any = None


class _Calls(TorchFunctionMode):
    """Counts, and where an edit says so replaces, the torch calls made in each module's own forward."""

    def __init__(self, model: nn.Module | None, edits: tuple[Edit, ...] = ()) -> None:
        super().__init__()
        self._model, self._edits = model, edits
        self._made = [REWRITES[edit.to](edit.argument) for edit in edits]
        self._stack, self._handles = [""], list[Any]()
        self.counts: dict[tuple[str, str], int] = {}

    def __enter__(self) -> Any:
        for path, module in self._model.named_modules() if self._model is not None else ():
            push: Any = lambda *_, at=path: self._stack.append(at)  # noqa: E731
            self._handles += [
                module.register_forward_pre_hook(push),
                module.register_forward_hook(self._leave, always_call=True),
            ]
        return super().__enter__()

    def _leave(self, *_: Any) -> None:
        self._stack.pop()

    def __exit__(self, *details: Any) -> Any:
        for handle in self._handles:
            handle.remove()
        return super().__exit__(*details)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        raw = getattr(func, "__name__", str(func))
        if raw == "__get__":
            raw = getattr(getattr(func, "__self__", None), "__name__", raw)
        here = self._stack[-1], plain_name(raw)
        at = self.counts.get(here, 0)
        self.counts[here] = at + 1
        for edit, made in zip(self._edits, self._made, strict=True):
            if (edit.path, edit.op) == here and edit.call in (None, at):
                if "input" in kwargs:
                    args, kwargs = (kwargs["input"], *args), {k: v for k, v in kwargs.items() if k != "input"}
                return made(func, *args, **kwargs)
        return func(*args, **kwargs)


class Rewritten(nn.Module):
    """A model in whose forward some calls are replaced; for trying a cure, not for torch.compile."""

    def __init__(self, model: nn.Module, edits: tuple[Edit, ...]) -> None:
        super().__init__()
        self.actlab_inner, self.edits = model, edits

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The inner model with the calls replaced."""
        with _Calls(self.actlab_inner, self.edits):
            return self.actlab_inner(*args, **kwargs)


def rewrite(case: Case, path: str, op: str, to: str, argument: Any = None, *, last: bool = False) -> Case | None:
    """The case with the call `op` in the forward of module `path` replaced, or, if made there, in the loss.

    last: only the last such call (an output activation), else all. None where no such call is made.
    """
    value, target = next(iter(case.data))
    inside, outside = _Calls(case.model), _Calls(None)
    with torch.no_grad():
        with inside:
            output = call_model(case.model, value)
        with outside:
            case.loss(output, target)
    for counted in (inside, outside):
        count = counted.counts.get((path, op), 0)
        if not count:
            continue
        edits = (Edit(path, op, count - 1 if last else None, to, argument),)
        if counted is inside:
            return replace(case, model=Rewritten(case.model, edits))
        return replace(case, loss=_rewritten(case.loss, edits))
    return None


def _rewritten(loss: Callable[[Any, Any], Tensor], edits: tuple[Edit, ...]) -> Callable[[Any, Any], Tensor]:
    def changed(output: Any, target: Any) -> Tensor:
        with _Calls(None, edits):
            return loss(output, target)

    return changed
