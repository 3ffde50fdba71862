"""Replacing the activations of a model: a plan first; nothing is touched until it is applied, all can be undone."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
from torch import nn

from ..catalogue import ENTRIES, Entry
from .modules import Activation, create
from .names import resolve

Chooser = Callable[[str, Any], bool]


@dataclass(frozen=True)
class Change:
    """One replacement: where, what stood there and what will stand there."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Skipped:
    """One activation that cannot be replaced, and why."""

    path: str
    what: str
    reason: str


@dataclass
class SwapPlan:
    """What `swap` would do: `changes`, `skipped`; `apply()` does it and returns the model, `undo()` takes it back."""

    model: nn.Module
    changes: tuple[Change, ...]
    skipped: tuple[Skipped, ...]
    _slots: tuple[_Slot, ...] = field(repr=False, default=())
    _make: Callable[[], Any] = field(repr=False, default=lambda: None)
    _undo: list[Callable[[], None]] = field(repr=False, default_factory=list[Callable[[], None]])

    def apply(self) -> nn.Module:
        """Replace, and return the model (a new module when the model itself is the activation)."""
        if self._undo:
            raise RuntimeError("this plan has been applied already; call undo() before applying it again")
        made: dict[int, Any] = {}
        model = self.model
        for slot in self._slots:
            # one shared instance stays one shared instance
            if id(slot.old) not in made:
                made[id(slot.old)] = _fitted(self._make(), slot)
            new = made[id(slot.old)]
            if slot.parent is None:
                model = new
                self._undo.append(lambda: None)
                continue
            self._undo.append(_put(slot, new))
            self._undo.append(_leave_fast_path(slot.parent))
        return model

    def undo(self) -> nn.Module:
        """Put back what stood there, and return the original model."""
        while self._undo:
            self._undo.pop()()
        return self.model

    def __str__(self) -> str:
        lines = [f"{change.path or '(the model itself)'}: {change.old} -> {change.new}" for change in self.changes]
        lines += [f"{item.path or '(the model itself)'}: {item.what} stays, {item.reason}" for item in self.skipped]
        return "\n".join(lines) or "no activation found"


@dataclass(frozen=True)
class _Slot:
    path: str
    parent: nn.Module | None
    name: str
    old: Any
    training: bool
    inplace: bool


def swap(
    model: nn.Module,
    to: str | Entry | Callable[[], nn.Module],
    where: str | Collection[str] | Chooser | None = None,
    saves: str = "input",
) -> SwapPlan:
    """A plan to replace the activations of `model` by `to`.

    to: a name, an entry, or a function that makes a fresh module. where: None for every elementwise activation, the
    name of the activation to replace ("sigmoid"), the paths to replace (["1", "3"]), or a function
    (path, module or function) -> bool. saves: what the new modules keep for their gradients, see `Activation`. Found
    are modules (torch's and ours; a shared instance stays shared), attributes that hold a function
    (`layer.activation = F.relu`) and the model itself. `.skipped` lists those that cannot be replaced, with the reason.
    Nothing is touched until `.apply()`. Raises ValueError for an unknown name and for a `saves` that the entry does not
    allow.
    """
    if isinstance(to, (str, Entry)):
        entry, _ = resolve(to)
        if entry.kind == "gated":
            raise ValueError(f"{entry.name} halves its input, so it cannot take the place of an elementwise activation")
        given = {} if saves == "input" else {"saves": saves}
        create(to, **given)  # what it does not allow is said before anything is planned
        label, make = entry.name, lambda: create(to, **given)
    elif saves != "input":
        raise ValueError(f"saves={saves!r} is for modules made from a name; let your function make them with it")
    else:
        make = to
        label = type(to()).__name__
    chosen = _chooser(where)
    slots = tuple(slot for slot in _slots(model) if chosen(slot.path, slot.old))
    changes = tuple(Change(slot.path, _describe(slot.old), label) for slot in slots)
    return SwapPlan(model, changes, tuple(_skipped(model)), slots, make)


def activation_name(thing: Any) -> str | None:
    """The entry name of an elementwise activation module or function; None for anything else."""
    if isinstance(thing, Activation):
        return thing.entry.name if _elementwise(thing.entry) else None
    if isinstance(thing, nn.Module):
        return _classes().get(type(thing))
    if callable(thing):
        try:
            return _functions().get(thing)
        except TypeError:  # an unhashable callable is none of ours
            return None
    return None


def _elementwise(entry: Entry) -> bool:
    return not entry.along_axis and entry.kind != "gated"


@cache
def _classes() -> dict[type, str]:
    found: dict[type, str] = {}
    for name in (cls for cls in dir(nn) if isinstance(getattr(nn, cls), type)):
        try:
            entry, _ = resolve(f"torch:{name}")
        except ValueError:
            continue
        if _elementwise(entry) and issubclass(getattr(nn, name), nn.Module) and entry.name != "identity":
            found[getattr(nn, name)] = entry.name
    return found


@cache
def _functions() -> dict[Any, str]:
    found: dict[Any, str] = {}
    for entry in ENTRIES.values():
        if not _elementwise(entry):
            continue
        names = {entry.name, *entry.aliases, entry.elsewhere.get("torch", "").rsplit(".", 1)[-1]}
        for home in (torch, nn.functional, torch.Tensor):
            for name in names:
                for spelled in (name, f"{name}_"):
                    if callable(getattr(home, spelled, None)):
                        found[getattr(home, spelled)] = entry.name
    return found


def _chooser(where: str | Collection[str] | Chooser | None) -> Chooser:
    if where is None:
        return lambda path, thing: True
    if isinstance(where, str):
        wanted = resolve(where)[0].name
        return lambda path, thing: activation_name(thing) == wanted
    if callable(where):
        return where
    paths = frozenset(where)
    return lambda path, thing: path in paths


def _describe(thing: Any) -> str:
    if isinstance(thing, Activation):
        return thing.entry.name
    return type(thing).__name__ if isinstance(thing, nn.Module) else f"{getattr(thing, '__name__', thing)} (function)"


def _slots(model: nn.Module) -> Iterator[_Slot]:
    if activation_name(model):
        yield _Slot("", None, "", model, model.training, bool(getattr(model, "inplace", False)))
        return
    for path, parent in model.named_modules():
        if isinstance(parent, torch.jit.ScriptModule):
            continue
        prefix = f"{path}." if path else ""
        for name, child in parent._modules.items():
            if child is not None and activation_name(child):
                yield _Slot(prefix + name, parent, name, child, child.training, bool(getattr(child, "inplace", False)))
        for name, held in vars(parent).items():
            if not name.startswith("_") and not isinstance(held, nn.Module) and activation_name(held):
                yield _Slot(prefix + name, parent, name, held, parent.training, False)


def _skipped(model: nn.Module) -> Iterator[Skipped]:
    seen: set[type] = set()
    for path, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            yield Skipped(path, type(module).__name__, "it is compiled by TorchScript")
        elif isinstance(module, nn.RNN):
            yield Skipped(path, f"RNN({module.nonlinearity})", "the non-linearity is inside torch's fused recurrence")
        elif isinstance(module, (nn.LSTM, nn.GRU, nn.RNNCellBase)):
            yield Skipped(path, type(module).__name__, "its gates are inside torch's fused recurrence")
        elif isinstance(module, (nn.Softmax, nn.LogSoftmax, nn.Softmin, nn.Softmax2d)) or (
            isinstance(module, Activation) and module.entry.along_axis
        ):
            yield Skipped(path, type(module).__name__, "it works along an axis, not elementwise")
        elif isinstance(module, nn.GLU):
            yield Skipped(path, "GLU", "it is a gated unit that halves its input")
        for name, held in vars(module).items():
            if isinstance(held, (list, tuple, dict)) and not name.startswith("_"):
                inside = held.values() if isinstance(held, dict) else held
                if any(activation_name(item) for item in inside):
                    yield Skipped(
                        f"{path}.{name}".lstrip("."), "activations in a plain container", "replace them by hand"
                    )
        if type(module).__module__.startswith(("torch.", "actlab.")) or type(module) in seen:
            continue
        seen.add(type(module))
        for call in _called(type(module)):
            yield Skipped(path, call, f"{type(module).__name__}.forward calls it directly; edit the code")


def _called(cls: type) -> list[str]:
    """Activation functions called by name in the class's forward method, e.g. "F.relu"."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls.forward)))  # type: ignore[attr-defined]
    except (OSError, TypeError, SyntaxError):
        return []
    names = {getattr(function, "__name__", "") for function in _functions()}
    return list(
        dict.fromkeys(
            ast.unparse(node.func)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and (isinstance(node.func, ast.Attribute) and node.func.attr in names)
            and not ast.unparse(node.func).startswith("self.")
        )
    )


def _fitted(new: Any, slot: _Slot) -> Any:
    """The new module in the old one's mode, device and dtype, with its hooks."""
    if not isinstance(new, nn.Module):
        return new
    new.train(slot.training)
    home = slot.parent or (slot.old if isinstance(slot.old, nn.Module) else None)
    like = next(iter(home.parameters()), None) if home is not None else None
    if like is not None and like.is_floating_point():
        new.to(device=like.device, dtype=like.dtype)
    if isinstance(new, Activation):
        new.inplace = slot.inplace
    if isinstance(slot.old, nn.Module):
        for hooks in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"):
            getattr(new, hooks).update(getattr(slot.old, hooks))
    return new


def _put(slot: _Slot, new: Any) -> Callable[[], None]:
    parent, name, old = slot.parent, slot.name, slot.old
    assert parent is not None
    if name in parent._modules:
        parent._modules[name] = new

        def restore_module() -> None:
            parent._modules[name] = old

        return restore_module
    setattr(parent, name, new)

    def restore_attribute() -> None:
        delattr(parent, name)
        setattr(parent, name, old)

    return restore_attribute


def _leave_fast_path(parent: nn.Module) -> Callable[[], None]:
    """TransformerEncoderLayer notes here that its activation is relu (1) or gelu (2), and then never calls it."""
    flag = getattr(parent, "activation_relu_or_gelu", None)
    if not flag:
        return lambda: None
    parent.activation_relu_or_gelu = 0  # type: ignore[assignment]

    def restore() -> None:
        parent.activation_relu_or_gelu = flag

    return restore
