"""Compiling ahead: every kernel that a layer of an entry will ask for, proved before it is needed; who computes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..catalogue import Entry
from ..renderers.spelling import CannotSpell
from ..renderers.torch_calls import call
from ..runtime import AxisKernel, Kernel, native
from ..runtime.admission import parts, verdict
from ..runtime.choice import Measured, measured
from ..runtime.dtypes import DTYPES
from ..runtime.machine import machine
from .call import Call, prepare
from .halves import GATES, LAYOUTS, Halved

NAMED = {name: dtype for dtype, (name, _) in DTYPES.items()}
_SHAPE = (2, 60)  # rows that every count of an entry's pieces divides


class Refusal(NamedTuple):
    """Why there is no compiled kernel: the key of a reason, and the values that its sentence tells."""

    key: str
    values: Mapping[str, Any] = {}


class Warmed(NamedTuple):
    """What came of one entry in one dtype: why value and slope have no kernel, None where they have one."""

    name: str
    dtype: str
    value: Refusal | None
    slope: Refusal | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        told = {key: {"compiled": why is None, **_told(why)} for key, why in self._by_part()}
        return {"name": self.name, "dtype": self.dtype, **told}

    def _by_part(self) -> Iterator[tuple[str, Refusal | None]]:
        yield from (("value", self.value), ("slope", self.slope))

    @property
    def refusals(self) -> dict[str, Refusal]:
        """ "value" or "slope" -> why it has no kernel."""
        return {key: why for key, why in self._by_part() if why is not None}


def _told(why: Refusal | None) -> dict[str, Any]:
    return {} if why is None else {"reason": why.key, **why.values}


def compile_ahead(
    entries: Sequence[Entry],
    dtypes: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Warmed, ...]:
    """Compile the kernels of these entries for tensors without gaps; a row for each entry and dtype (none: all dtypes).

    Made are the value and the slope times a gradient, with numbers and with learned tensors as parameters; for random
    entries in training too, for gated ones with the halves apart and in one tensor, whichever way they lie. They are
    kept on disk as at a first call. progress: called with how many entries are done, and of how many. Raises ValueError
    for an unknown dtype, and machine.Unavailable where nothing can be compiled.
    """
    asked = _known(dtypes)
    machine()
    rows: list[Warmed] = []
    with native.switched(True):
        for done, entry in enumerate(entries, 1):
            rows += [_warmed(entry, name) for name in asked]
            if progress is not None:
                progress(done, len(entries))
    return tuple(rows)


class Chosen(NamedTuple):
    """Who computes an entry in one dtype, torch's own operation or a kernel with the same bits, and their times."""

    name: str
    dtype: str
    sizes: tuple[Measured, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; times in microseconds."""
        sizes = [{**row._asdict(), "taken": row.taken} for row in self.sizes]
        return {"name": self.name, "dtype": self.dtype, "sizes": sizes}


def chosen(entries: Sequence[Entry], dtypes: Sequence[str] = (), again: bool = False) -> tuple[Chosen, ...]:
    """The choice between torch and a kernel for those of the entries where there is one, at their default numbers.

    again: measured now and kept, instead of read. Raises as `compile_ahead` does.
    """
    asked = _known(dtypes)
    machine()
    rows: list[Chosen] = []
    with native.switched(True), torch.no_grad():
        for entry in entries:
            run = None if any(row.operand for row in entry.parameters.values()) else prepare(entry, {}).run
            if not isinstance(run, Kernel) or call(run.expr) is None:
                continue
            for name in asked:
                run(torch.zeros(1, dtype=NAMED[name]))  # compiles what is measured
                rows.append(Chosen(entry.name, name, measured(run, NAMED[name], again)))
    return tuple(row for row in rows if row.sizes)


def _known(dtypes: Sequence[str]) -> tuple[str, ...]:
    """The dtypes that were asked for, each once; all without any. Raises ValueError for an unknown one."""
    unknown = [name for name in dtypes if name not in NAMED]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no dtype of an activation; they are {', '.join(NAMED)}")
    return tuple(dict.fromkeys(dtypes or NAMED))


def _warmed(entry: Entry, dtype: str) -> Warmed:
    operands = tuple(name for name, row in entry.parameters.items() if row.operand)
    learned = tuple(name for name, row in entry.parameters.items() if row.learned)
    for names in dict.fromkeys((operands, (*operands, *learned))):
        _run(prepare(entry, {}, names), NAMED[dtype])
    run = prepare(entry, {}, operands).run
    if isinstance(run, AxisKernel):
        pair, why = run.rows.get(NAMED[dtype]), Refusal("rows")
        return Warmed(entry.name, dtype, None if pair else why, None if pair and pair.gradient else why)
    wide = torch.float64 if dtype == "float64" else torch.float32
    return Warmed(entry.name, dtype, _refused(run, wide), _refused(run.partial("x"), wide))


def _run(of: Call, dtype: torch.dtype) -> None:
    """The call with and without a gradient, which compiles what it needs."""
    numbers = of.entry.arguments({})
    x = torch.linspace(-3.0, 3.0, _SHAPE[0] * _SHAPE[1]).reshape(_SHAPE).to(dtype)
    apart = [x.clone() for name in of.names if of.entry.parameters[name].operand]
    learned = [torch.tensor(numbers[name], dtype=dtype) for name in of.names[len(apart) :]]
    _both_ways(lambda at, *tensors: of(at, tensors), x, *apart, *learned)
    if of.random is not None:
        _both_ways(lambda at, *tensors: of(at, tensors, training=True), x, *learned)
    for gate, layout in product(GATES, LAYOUTS) if apart else ():
        halves = Halved(gate, layout, x.ndim - 1)
        _both_ways(lambda at, *tensors, halves=halves: of.halved(at, halves, tensors), x, *learned)


def _both_ways(run: Callable[..., Tensor], *tensors: Tensor) -> None:
    with torch.no_grad():
        run(*tensors)
    with torch.enable_grad():
        y = run(*(one.detach().requires_grad_() for one in tensors))
        if y.requires_grad:
            y.backward(torch.ones_like(y))


def _refused(kernel: Kernel, dtype: torch.dtype) -> Refusal | None:
    """Why no code computes the formula in float32 or float64; None if some does."""
    why = None
    try:
        for part in parts(kernel, dtype):
            seen = verdict(kernel, part, dtype)
            if seen.passed:
                return None
            why = Refusal("inaccurate", {"ulp": seen.ulp, "at": seen.at})
    except CannotSpell as missing:
        why = Refusal("spelling", {"text": str(missing)})
    return why
