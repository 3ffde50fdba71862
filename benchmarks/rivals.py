"""Who else computes an entry: torch, the torch text, torch.compile of the textbook formula, torch-activation.

Each is known in two forms: one that gives a new tensor, and one that writes into its first argument.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from functools import cache, partial
from operator import attrgetter
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from actlab.catalogue import ENTRIES, Entry
from actlab.nn import create
from actlab.nn.call import prepare
from actlab.nn.functional import function
from actlab.runtime.kernel import HALF, compiled
from actlab.testing.peers import LIBRARIES

Function = Callable[..., Tensor]
# what torch writes as an argument of another function, which the catalogue's table of names does not hold
_SPELLED = {"gelu_tanh": "nn.functional.gelu"}
_ARGUMENTS: dict[str, dict[str, Any]] = {"gelu_tanh": {"approximate": "tanh"}}
_LEARNED = "nn.PReLU"  # a learned tensor per channel is other work than a number


class Forms(NamedTuple):
    """A function that gives a new tensor, the same writing into its first argument, and whether our kernels serve."""

    fresh: Function
    in_place: Function
    native: bool = False


@cache
def elementwise() -> list[str]:
    """The entries whose outputs depend on one element each and have to be computed, in reading order."""
    each = {name: entry for name, entry in ENTRIES.items() if not entry.along_axis}
    return [name for name, entry in each.items() if entry.kind == "gated" or prepare(entry, {}).run.expr.op != "symbol"]


@cache
def in_torch(name: str) -> Function | None:
    """torch's own pointwise function for this entry, or None."""
    entry = ENTRIES[name]
    path = _SPELLED.get(name, entry.elsewhere.get("torch", ""))
    if entry.kind == "gated" or name not in elementwise() or not path or path == _LEARNED:
        return None
    found: Any = attrgetter(path)(torch)
    if inspect.isbuiltin(found):
        return found
    numbers = entry.arguments({})
    given = dict(_ARGUMENTS.get(name, {}))
    for key, row in inspect.signature(found).parameters.items():
        if key in numbers and row.default is row.empty:  # torch gives some parameters no default
            given[key] = numbers[key]
    return partial(found, **given) if given else found


def overwriting(run: Function) -> Function:
    """The function's value copied over its first argument."""
    return lambda x, *rest: x.copy_(run(x, *rest))


def _torch_in_place(run: Function) -> Function:
    """torch's own way of writing into the argument, where it has one."""
    bare = run.func if isinstance(run, partial) else run
    if not inspect.isbuiltin(bare) and "inplace" in inspect.signature(bare).parameters:
        return partial(run, inplace=True)
    method = getattr(Tensor, f"{getattr(bare, '__name__', '')}_", None)
    return method if method is not None and not isinstance(run, partial) else overwriting(run)


def _operands(entry: Entry) -> tuple[str, ...]:
    return tuple(name for name, row in entry.parameters.items() if row.operand)


def _compiled(entry: Entry) -> Function:
    """torch.compile of the formula as a textbook has it, with nothing put right at NaN and infinities."""
    operands = _operands(entry)
    made = prepare(entry, {}, operands).run
    formula = compiled(made.expr, operands)

    def textbook(x: Tensor, *rest: Tensor) -> Tensor:
        if x.dtype in HALF:
            return formula(x.float(), *[one.float() for one in rest]).to(x.dtype)
        return formula(x, *rest)

    torch._dynamo.reset()  # its limit of recompilations counts for all formulas together
    return torch.compile(textbook, fullgraph=True, dynamic=False)


@cache
def _peers() -> dict[str, nn.Module]:
    """Entry -> torch-activation's module of that name with the same values and nothing learned; empty without it."""
    library = next(each for each in LIBRARIES if each.name == "torch-activation")
    found: dict[str, nn.Module] = {}
    x = torch.linspace(-5.3, 5.9, 41, dtype=torch.float64)
    for name, make in (library.functions() if library.version else {}).items():
        entry = ENTRIES.named(name)
        if entry is None or entry.along_axis or entry.kind == "gated" or entry.name in found:
            continue
        with torch.no_grad(), contextlib.suppress(Exception):  # whatever another package raises: it is no rival then
            theirs = make().eval()
            same = torch.allclose(theirs.double()(x), function(entry)(x), rtol=1e-5, atol=1e-7)
            if same and not list(theirs.parameters()):
                found[entry.name] = theirs
    return found


_aten: Any = torch.ops.aten
# entry -> ATen's gradient of it, from the gradient of the value and the input
_BACKWARD: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "relu": lambda along, x: _aten.threshold_backward(along, x, 0),
    "relu6": lambda along, x: _aten.hardtanh_backward(along, x, 0, 6),
    "leaky_relu": lambda along, x: _aten.leaky_relu_backward(along, x, 0.01, False),
    "hard_shrink": lambda along, x: _aten.hardshrink_backward(along, x, 0.5),
    "soft_shrink": lambda along, x: _aten.softshrink_backward(along, x, 0.5),
    "threshold": lambda along, x: _aten.threshold_backward(along, x, ENTRIES["threshold"].arguments({})["threshold"]),
    "hard_sigmoid": _aten.hardsigmoid_backward,
    "hard_tanh": lambda along, x: _aten.hardtanh_backward(along, x, -1, 1),
    "hard_swish": _aten.hardswish_backward,
}


@cache
def node(name: str) -> Function | None:
    """ATen's value and gradient of an entry behind a node of autograd that is written in Python; None for most.

    What no function of Python's can be faster than, whatever computes for it.
    """
    value, gradient = in_torch(name), _BACKWARD.get(name)
    if value is None or gradient is None:
        return None

    class Node(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return value(x)

        @staticmethod
        def backward(ctx: Any, *upstream: Any) -> Any:
            return gradient(upstream[0], *ctx.saved_tensors)

    return Node.apply


def rivals(name: str, with_compile: bool = False) -> dict[str, Forms]:
    """Everything that computes the entry, ours first."""
    entry = ENTRIES[name]
    gate = {"gate": "first"} if entry.kind == "gated" else {}
    ours, module = function(entry), create(entry, inplace=True, **gate).eval()
    found = {"ours": Forms(ours, module, native=True), "text": Forms(ours, module)}
    theirs, peer = in_torch(name), _peers().get(name)
    if theirs is not None:
        found["aten"] = Forms(theirs, _torch_in_place(theirs))
    if peer is not None:
        found["torch-activation"] = Forms(peer, overwriting(peer))
    if with_compile:
        fused = _compiled(entry)
        found["compile"] = Forms(fused, overwriting(fused))
    return found
