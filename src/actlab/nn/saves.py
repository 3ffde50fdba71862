"""What a module keeps for its gradient: its input, its output or its slopes as bytes; and which entries allow which."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from ..catalogue import Entry
from ..runtime import Certificate, Halves, Kernel, from_output, slope_plan
from ..runtime.branches import Refused
from ..runtime.codes import code_certificate, code_plan, coded
from ..runtime.dtypes import DTYPES
from ..runtime.quotient import divided, quotient_certificate, quotient_plan
from .call import Call, check

_told: set[str] = set()  # entries of which a refusal was told
_EXACT = Certificate(0.0, 0.0, 0.0)


class Way(NamedTuple):
    """One way of keeping less: what refuses a kernel, and what runs it on `x`, written over it if that is asked for."""

    refused: Callable[[Kernel], object]
    run: Callable[[Kernel, Tensor, bool], Tensor]


# what `saves` may be beside "input" -> how it is done for formulas of one number
WAYS: Mapping[str, Way] = {
    "output": Way(slope_plan, from_output),
    "code8": Way(code_plan, lambda run, x, inplace: coded(run, x)),
    "code8_unbiased": Way(code_plan, lambda run, x, inplace: coded(run, x, unbiased=True)),
}
SAVES = ("input", *WAYS)


def takes_saves(entry: Entry) -> bool:
    """Whether modules of the entry have the argument `saves`: those that a formula without chance or rows describes."""
    return not entry.along_axis and entry.kind != "random"


def refused(call: Call, saves: str) -> Refused | None:
    """Why a call cannot keep only this for its gradient; None where it can."""
    if saves == "input":
        return None
    if not isinstance(call.run, Kernel):
        return Refused("rows", (), "it works along whole rows")
    if call.random is not None:
        return Refused("random", (), "its numbers are drawn in training")
    gated = call.entry.kind == "gated"
    if gated and saves != "output":
        return Refused("gated", (), "a gated unit has two slopes for each output")
    found = (quotient_plan if gated else WAYS[saves].refused)(call.run)
    return found if isinstance(found, Refused) else None


def check_saves(call: Call, saves: object) -> str:
    """`saves` if the call allows it; ValueError with the reason otherwise."""
    if saves not in SAVES:
        listed = ", ".join(f'"{one}"' for one in SAVES)
        raise ValueError(f"{call.entry.name}: saves is one of {listed}, not {saves!r}")
    assert isinstance(saves, str)
    why = refused(call, saves)
    if why is not None:
        raise ValueError(f'{call.entry.name}: saves="{saves}" is not possible, because {why.said}; use saves="input"')
    return saves


def recorded(*tensors: Tensor) -> bool:
    """Whether a gradient by one of these is being recorded, in plain running."""
    return torch.is_grad_enabled() and not torch.compiler.is_compiling() and any(one.requires_grad for one in tensors)


def kept(call: Call, x: Tensor, saves: str, inplace: bool) -> Tensor | None:
    """The value at `x`, which keeps for its gradient what `saves` says, or its output if it is written over `x`.

    None where it has to be computed as usual: for float64, whose slopes are found from inputs only; and where an output
    in place does not tell the slope, which is said once for each entry.
    """
    check(call.entry.name, x)
    way = "output" if saves == "input" else check_saves(call, saves)
    if way == "output" and x.dtype == torch.float64:
        return None
    if saves == "input" and (why := refused(call, way)) is not None:
        if call.entry.name not in _told:
            _told.add(call.entry.name)
            warnings.warn(
                f"{call.entry.name}: inplace=True was not done in place, because a gradient is recorded and "
                f"{why.said}; actlab.lean(model) keeps half as much for any activation",
                RuntimeWarning,
                stacklevel=2,
            )
        return None
    assert isinstance(call.run, Kernel)
    return WAYS[way].run(call.run, x, inplace)


def kept_halved(call: Call, x: Tensor, halves: Halves | None, up: Tensor | None = None) -> Tensor:
    """A gated unit that keeps its gate and its output; with `halves` both are in `x`, else `x` is the gate."""
    assert isinstance(call.run, Kernel)
    return divided(call.run, halves, x, up)


def certificate(call: Call, saves: str, dtype: torch.dtype) -> Certificate:
    """How far slopes are off that come from what is kept, 0 where they are exact. The call allows `saves`."""
    run = call.run
    if saves == "input":
        return _EXACT
    assert isinstance(run, Kernel)
    if saves != "output":
        return code_certificate(run, dtype, saves == "code8_unbiased")
    if call.entry.kind == "gated":
        return quotient_certificate(run, dtype)
    plan = slope_plan(run)
    return _EXACT if isinstance(plan, Refused) else plan.certificate.get(DTYPES[dtype][0], _EXACT)
