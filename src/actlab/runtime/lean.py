"""Keeping a recipe instead of a tensor: what an activation gave is computed again when backward asks for it.

torch asks a hook what to keep for each tensor that a node saves. Where the tensor is the untouched result of a node
that keeps its own input (see `again`), or a view of it, the hook keeps the function and that input, which is kept
anyway; the result is freed. The same function on the same numbers gives the same bits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch._C import _autograd

from .again import NODES, Row

engine: Any = _autograd  # torch's annotations leave out half of it

# functions on top of each other: each further one is computed again for every one above it
_DEEPEST = 3


class Tally:
    """What was kept as a recipe since `begin`: bytes not kept, recipes, and tensors that nodes saved in all."""

    def __init__(self) -> None:
        self.bytes_saved = 0
        self.recipes = 0
        self.tensors = 0


class _Here(threading.local):
    """Of this thread: the tallies that are open, and for each whether its hooks were set."""

    def __init__(self) -> None:
        self.open: list[tuple[Tally, bool]] = []


_here = _Here()


class Kept:
    """What a node keeps in place of a tensor: the tensor and its version, or how to compute it."""

    __slots__ = ("counted", "deep", "inputs", "laid", "run", "tensor", "version", "view")

    def __init__(self, tensor: Tensor | None, version: int) -> None:
        self.tensor = tensor
        self.version = version
        self.deep = 0
        self.counted = False  # whether what is computed from this has been counted

    def computed(self, run: Callable[..., Tensor], inputs: tuple[Kept, ...], like: Tensor, seen: Tensor) -> Kept:
        """This, without a tensor: the function of the inputs, laid out in memory as `like`, of which `seen` is seen."""
        self.run, self.inputs, self.laid = run, inputs, like.stride()
        self.view = None if seen is like else (seen.size(), seen.stride(), seen.storage_offset())
        self.deep = 1 + max([one.deep for one in inputs])
        self.tensor = None  # last: another thread may ask for it meanwhile
        return self


def keep(tensor: Tensor) -> Kept:
    """What is kept for a tensor that a node saves."""
    for tally, _ in _here.open:
        tally.tensors += 1
    # a leaf that learns stays what it is; all else is kept apart from the graph, which it would hold in a circle
    if tensor.is_leaf:
        return Kept(tensor if tensor.requires_grad else tensor.detach(), tensor._version)
    base = tensor._base
    whole = tensor if base is None else base
    row = NODES.get(type(whole.grad_fn))
    found = None if row is None or whole._version else _recipe(row, tensor, whole)
    return Kept(tensor.detach(), tensor._version) if found is None else found


def _recipe(row: Row, tensor: Tensor, whole: Tensor) -> Kept | None:
    """How to compute `tensor`, which is `whole` or a view of it; None where it has to be kept as it is.

    `whole` is at version 0: nobody edited it since its node made it.
    """
    if (
        type(tensor) is not Tensor
        or whole.layout is not torch.strided
        or torch._C._are_functorch_transforms_active()
        or torch._C._len_torch_dispatch_stack()
        or (tensor is not whole and (tensor.dtype is not whole.dtype or tensor.is_neg() or tensor.is_conj()))
    ):
        return None
    try:
        run, raw, also = row(whole.grad_fn, whole, _look)
        inputs = tuple([one.data for one in raw])
    except (RuntimeError, AttributeError):
        return None  # the node has been freed, what it saved was edited, or this torch shows nothing of it
    for one in inputs:
        if type(one) is not Kept or one.deep >= _DEEPEST or not _untouched(one):
            return None  # kept by other hooks, too much to compute, or of numbers that are gone
    size = 0 if inputs[0].counted else whole.nbytes
    for one, function in also:
        other = one.data
        if type(other) is Kept and (spare := other.tensor) is not None:
            size += spare.nbytes
            other.computed(function, inputs, spare, spare)
    inputs[0].counted = True
    for tally, _ in _here.open:
        tally.bytes_saved += size
        tally.recipes += 1
    return Kept(None, 0).computed(run, inputs, whole, tensor)


def _untouched(kept: Kept) -> bool:
    """Whether what it is computed from has not been edited since."""
    tensor = kept.tensor
    return all(map(_untouched, kept.inputs)) if tensor is None else tensor._version == kept.version


def _look(raw: Any) -> Tensor:
    if type(raw.data) is not Kept:
        raise RuntimeError("kept by other hooks, which may not be asked before backward")
    return give(raw.data)


def give(kept: Kept) -> Tensor:
    """The tensor that was kept. Raises RuntimeError, as autograd does, if it was edited in place since."""
    tensor = kept.tensor
    if tensor is None:
        if torch._C._is_any_autocast_enabled():  # the inputs were cast before they were saved
            with torch.autocast(_device_of(kept), enabled=False):
                return _computed(kept)
        return _computed(kept)
    if tensor._version != kept.version:
        kind, shape = str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)
        raise RuntimeError(
            f"a {kind} tensor of shape {shape} that backward needs was modified by an inplace operation after it "
            f"was saved (it is at version {tensor._version}; expected version {kept.version}); edit a copy of it, "
            "for example x.clone()"
        )
    return tensor


def _device_of(kept: Kept) -> str:
    while kept.tensor is None:
        kept = kept.inputs[0]
    return kept.tensor.device.type


def _computed(kept: Kept) -> Tensor:
    records = torch.is_grad_enabled()
    torch._C._set_grad_enabled(False)
    try:
        y = kept.run(*[give(one) for one in kept.inputs])
        if y.stride() != kept.laid:  # an operation may lay its result out in another way than the node did
            y = y.new_empty_strided(y.shape, kept.laid).copy_(y)
        return y if kept.view is None else y.as_strided(*kept.view)
    finally:
        torch._C._set_grad_enabled(records)


def begin(tally: Tally) -> None:
    """Keep recipes in this thread until `end`; not while others decide what is kept, or where nobody may."""
    if torch.compiler.is_compiling():
        return
    if not any(one is tally for one, _ in _here.open):
        tally.bytes_saved = tally.recipes = tally.tensors = 0
    free = (
        engine._top_saved_tensors_default_hooks(False) is None
        and engine._saved_tensors_hooks_is_enabled()
        and not torch._C._len_torch_dispatch_stack()
        and not torch._C._get_tracing_state()
    )
    if free:
        engine._push_saved_tensors_default_hooks(keep, give)
    _here.open.append((tally, free))


def end(tally: Tally) -> None:
    """The end of what `begin` began in this thread, if it did."""
    if torch.compiler.is_compiling():
        return
    at = next((at for at in reversed(range(len(_here.open))) if _here.open[at][0] is tally), None)
    if at is not None and _here.open.pop(at)[1]:
        engine._pop_saved_tensors_default_hooks()


def forget(tally: Tally) -> None:
    """Undo a `begin` in this thread whose end never came: torch calls no hooks when the user interrupts a model."""
    if not torch.compiler.is_compiling() and engine._top_saved_tensors_default_hooks(False) in (None, (keep, give)):
        end(tally)
