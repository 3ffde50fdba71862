"""Before training: what autograd keeps for the backward pass, by layer, and what each way of keeping less gives."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ..catalogue import find
from ..nn.lean import lean
from ..nn.modules import Activation, create, signature
from ..nn.names import meaning
from ..nn.swap import activation_name, swap
from .keeping import KeptLayer, Memory, Saving
from .node import call_example, tensors_in
from .passes import size_of
from .preserve import preserved
from .records import CaseError
from .saved import Held, Places, held, storage

# what a gated unit takes beside the numbers of its formula
_PLACED = ("gate", "layout", "dim")


class _Prepared(NamedTuple):
    """A model ready for one mode: which activations stay as they are and why, and the slope errors of the others."""

    model: nn.Module
    stays: dict[str, str]
    errors: dict[str, float]


class _Run(NamedTuple):
    """What one forward pass left kept: (path, holding) in forward order, and where activations put their outputs."""

    kept: list[tuple[str, Held]]
    outputs: dict[str, list[int]]
    kinds: dict[str, str]
    stays: dict[str, str]
    errors: dict[str, float]


def memory(model: nn.Module, example: Any, seed: int = 0, name: str = "") -> Memory:
    """What autograd keeps for the backward pass of `model` at this input, and would keep under each mode.

    One forward pass in training mode per mode, none of them estimated: "plain" is the model as it is; "lean" inside
    `actlab.lean()`; "output" and "code8" with every activation, torch's own included, that has this way of `saves`.
    Counted is every storage that the graph behind the output holds, once, for the module that kept it first; weights
    and the example itself apart. The loss is not run, so what it keeps of the output does not count.

    example: an input batch: a tensor, a tuple (positional arguments) or a mapping (keywords). seed: of dropout and
    other draws. Looking takes the memory of one forward pass and a copy of the weights; nothing is trained, and the
    model is left exactly as it was. Raises CaseError in one sentence when it cannot be run or has nothing to learn.
    """
    if not isinstance(model, nn.Module):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise CaseError(f"what keeps memory is a torch.nn.Module, not a {type(model).__name__}")
    with preserved(model) as state, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runs: dict[str, _Run] = {}
        for mode, prepare in MODES.items():
            state.restore()
            if not model.training:
                model.train()
            with prepare(model) as ready:
                torch.manual_seed(seed)
                runs[mode] = _Run(*_kept(ready.model, example), ready.stays, ready.errors)
        state.restore()
        return _account(model, example, name or type(model).__name__, runs)


def _kept(model: nn.Module, example: Any) -> tuple[list[tuple[str, Held]], dict[str, list[int]], dict[str, str]]:
    """Run the model and say what is held, without what is there anyway."""
    with Places(model) as places:
        output = call_example(model, example)
    ends = [tensor for tensor in tensors_in(output) if tensor.requires_grad]
    if not ends:
        raise CaseError("the model's output depends on no trainable weight; unfreeze one with requires_grad_(True)")
    there = {storage(tensor)[0] for tensor in (*model.parameters(), *model.buffers(), *tensors_in(example))}
    kept = [(places.at(one.number), one) for one in held(ends) if one.storage not in there]
    outputs = {path: [reference.cdata for reference in found] for path, found in places.outputs.items()}
    return kept, outputs, {path: type(module).__name__ for path, module in model.named_modules()}


# -- modes -------------------------------------------------------------------------------------------------------------


@contextmanager
def _as_it_is(model: nn.Module, around: Callable[[], AbstractContextManager[Any]]) -> Generator[_Prepared]:
    with around():
        yield _Prepared(model, {}, {})


@contextmanager
def _saving(model: nn.Module, saves: str) -> Generator[_Prepared]:
    """The model, every activation that can keeping what `saves` says; what is changed in it, the caller puts back."""
    dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)
    found: list[tuple[str, Any]] = []
    swap(model, "relu", lambda path, thing: bool(found.append((path, thing))))  # replaces nothing: asks what is there
    found += [(path, module) for path, module in model.named_modules() if _gated(module)]
    alike: dict[tuple[Any, ...], set[str]] = {}
    stays: dict[str, str] = {}
    errors: dict[str, float] = {}
    for path, thing in found:
        try:
            settings = _settings(thing)
            new = create(settings[0], **dict(settings[1:]), saves=saves)
            _agreeing(thing, new)
            errors[path] = new.certificate(dtype).max_error
            alike.setdefault(settings, set()).add(path)
        except (TypeError, ValueError) as reason:
            stays[path] = str(reason)
    for (entry, *numbers), paths in alike.items():
        make = partial(create, entry, **dict(numbers), saves=saves)
        if entry.kind != "gated":
            model = swap(model, make, paths).apply()
            continue
        for path in paths:
            if path:
                model.set_submodule(path, make())
            else:
                model = make()
    yield _Prepared(model, stays, errors)


def _gated(module: Any) -> bool:
    return isinstance(module, Activation) and module.entry.kind == "gated"


def _settings(thing: Any) -> tuple[Any, ...]:
    """Entry and arguments, as pairs, that make the same activation again. TypeError or ValueError where none does."""
    if isinstance(thing, Activation):
        taken = signature(thing.entry).parameters
        own: dict[str, Any] = {name: thing.arguments[name] for name in taken if name in thing.arguments}
        if learned := tuple(name.removesuffix("_raw") for name, _ in thing.named_parameters()):
            own["trainable"] = learned
        placed = {name: getattr(thing, name) for name in _PLACED if _gated(thing)}
        return thing.entry, *{**own, **placed}.items()
    if getattr(thing, "approximate", "") == "tanh":
        return (find("gelu_tanh"),)
    found = meaning(type(thing) if isinstance(thing, nn.Module) else thing)
    numbers = getattr(thing, "__dict__", {})
    own = {name: numbers[name] for name in signature(found.entry).parameters if name in numbers}
    return found.entry, *{**found.settings, **own}.items()


def _agreeing(old: Any, new: Activation) -> None:
    """ValueError unless both give the same numbers, so that a setting we do not know changes nothing unseen."""
    if isinstance(old, Activation):
        return
    x = torch.linspace(-4, 4, 41)
    with torch.no_grad():
        there = old.forward(x.clone()) if isinstance(old, nn.Module) else old(x.clone())
        if not torch.allclose(there, new(x), rtol=1e-4, atol=1e-5):
            raise ValueError(f"{new.name} of actlab gives other numbers than this one with its settings")


MODES: dict[str, Callable[[nn.Module], AbstractContextManager[_Prepared]]] = {
    "plain": partial(_as_it_is, around=nullcontext),
    "lean": partial(_as_it_is, around=lean),
    "output": partial(_saving, saves="output"),
    "code8": partial(_saving, saves="code8"),
}


# -- the account -------------------------------------------------------------------------------------------------------


def _account(model: nn.Module, example: Any, name: str, runs: dict[str, _Run]) -> Memory:
    modules = dict(model.named_modules())
    kinds = {path: kind for run in reversed(runs.values()) for path, kind in run.kinds.items()}
    first = runs["plain"]
    kept = {mode: _by_place(run.kept) for mode, run in runs.items()}
    functions: dict[str, list[str]] = {}
    for path, one in first.kept:
        module = modules[path]
        functions.setdefault(path, []).append(module.entry.name if isinstance(module, Activation) else one.function)
    where = {address: path for path, addresses in first.outputs.items() for address in addresses}
    used: dict[str, dict[int, int]] = {}  # activation -> its outputs that others keep
    for path, one in first.kept:
        maker = where.get(one.storage)
        if maker is not None and maker != path:
            used.setdefault(maker, {})[one.storage] = one.bytes
    rows = {
        path: KeptLayer(
            path=path or name,
            kind=kinds[path],
            functions=tuple(dict.fromkeys(functions.get(path, ()))),
            kept={mode: found.get(path, 0) for mode, found in kept.items()},
            output=sum(used.get(path, {}).values()),
            stays={mode: run.stays[path] for mode, run in runs.items() if path in run.stays},
        )
        for path in dict.fromkeys(path for found in kept.values() for path in found)
    }
    own = {
        one.storage: one.bytes
        for path, one in first.kept
        if path in first.outputs or one.storage in where or _activates(one.function)
    }
    return Memory(
        name=name,
        samples=size_of(example),
        modes=tuple(runs),
        rows=tuple(rows.values()),
        parameters=_bytes(*model.parameters(), *model.buffers()),
        input=_bytes(*tensors_in(example)),
        activations=sum(own.values()),
        savings=_savings(rows, runs),
    )


def _activates(function: str) -> bool:
    """Whether a function of autograd is an activation of torch."""
    return any(activation_name(getattr(home, function, None)) for home in (torch, nn.functional))


def _by_place(kept: list[tuple[str, Held]]) -> dict[str, int]:
    """Bytes by path; a storage counts where it was kept first."""
    found: dict[str, int] = {}
    seen: set[int] = set()
    for path, one in kept:
        if one.storage not in seen:
            seen.add(one.storage)
            found[path] = found.get(path, 0) + one.bytes
    return found


def _bytes(*tensors: Tensor) -> int:
    return sum(dict(map(storage, tensors)).values())


def _savings(rows: dict[str, KeptLayer], runs: dict[str, _Run]) -> tuple[Saving, ...]:
    """What wins: lean and output where something keeps an activation's output, codes at those where nothing does."""
    less = {mode: {path: row.kept["plain"] - row.kept[mode] for path, row in rows.items()} for mode in runs}
    total = {mode: sum(wins.values()) for mode, wins in less.items()}
    outputs, able = runs["plain"].outputs, {mode: runs[mode].errors for mode in ("output", "code8")}
    # functions that are attributes are modules in these modes only: what they keep is their layer's as it is
    bare = [path for path in able["output"] | able["code8"] if path not in outputs]
    kept_on = [path for path in able["output"] if path in rows and rows[path].output]
    alone = [path for path in able["code8"] if path in outputs and path in rows and not rows[path].output]
    codes = {path: less["code8"][path] for path in alone if less["code8"][path] > 0}
    if bare and total["code8"] > max(total["lean"], total["output"]):
        found = {"code8": ([*codes, *bare], total["code8"])}
    else:
        found = {"code8": (list(codes), sum(codes.values()))}
    found["output"] = ([*kept_on, *bare], total["output"])
    found["lean"] = ([path for path, won in less["lean"].items() if won > 0], total["lean"])
    told = [
        Saving(
            mode,
            tuple(rows[path].path if path in rows else path for path in places),
            saved,
            max([able.get(mode, {}).get(path, 0.0) for path in places]),
        )
        for mode, (places, saved) in found.items()
        if saved > 0 and places
    ]
    return tuple(sorted(told, key=lambda one: (-one.bytes, one.error)))
