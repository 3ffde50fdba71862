"""The same questions put to other packages: torch, torch-activation, nonlinear, entmax, transformers and timm.

A peer's function has no formula here, so finiteness is judged by its own float64 value, and its accuracy only where one
of our entries has the same name and the same values. Nothing is installed; a package that is missing is not measured.
"""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module, metadata, util
from typing import Any

import torch
from torch import Tensor, nn

from ..nn.names import resolve
from .certificate import TENSOR_PROMISES, Check, Step, outcome, spread
from .certificate_records import Outcome
from .comparison import counted
from .number_checks import tensor_derivative
from .subject import Subject, subject
from .sweep import errors, inputs
from .tensor_checks import DTYPES, generic

ACCURATE = 16.0  # ULP in float32, as for our own entries
_SHAPE = (4, 20)

Factory = Callable[[], nn.Module]


@dataclass(frozen=True)
class Library:
    """A package with activation functions: what to install, where they are, and how they are listed."""

    name: str
    package: str
    module: str
    listing: Callable[[Any], Mapping[str, Factory]]

    @property
    def version(self) -> str:
        """Its version; empty where it is not installed."""
        if util.find_spec(self.module.partition(".")[0]) is None:
            return ""
        return metadata.version(self.package)

    def functions(self) -> Mapping[str, Factory]:
        """Name -> factory of a module with its defaults."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.listing(import_module(self.module))


def _classes(module: Any) -> Mapping[str, Factory]:
    return {
        name: made
        for name, made in vars(module).items()
        if inspect.isclass(made)
        and issubclass(made, nn.Module)
        and made.__module__.startswith(module.__name__)
        and not name.startswith("_")
        and not name.endswith(("Loss", "ActivationFunction", "MultiheadAttention"))
    }


def _transformers(module: Any) -> Mapping[str, Factory]:
    return {name: lambda name=name: module.ACT2FN[name] for name in module.ACT2FN}


def _timm(module: Any) -> Mapping[str, Factory]:
    # without a name the factory gives no layer
    names = module._ACT_LAYER_DEFAULT
    return {name: lambda name=name: module.create_act_layer(name) for name in names}


LIBRARIES = (
    Library("torch", "torch", "torch.nn.modules.activation", _classes),
    Library("torch-activation", "torch-activation", "torch_activation", _classes),
    Library("nonlinear", "nonlinear", "nonlinear", _classes),
    Library("entmax", "entmax", "entmax", _classes),
    Library("transformers", "transformers", "transformers.activations", _transformers),
    Library("timm", "timm", "timm.layers.create_act", _timm),
)


def peer(name: str, make: Factory, along_axis: bool = False, dtype: torch.dtype = torch.float32) -> Subject:
    """A peer's function as a subject, of which only `name`, `tensors` and `module` mean something.

    `tensors(x)` is computed by a module whose parameters have the dtype of x; those of `module()` have `dtype`.
    """
    ready: dict[torch.dtype, nn.Module] = {}

    def tensors(x: Tensor) -> Tensor:
        if x.dtype not in ready:
            ready[x.dtype] = make().to(x.dtype).eval()
        return ready[x.dtype](x)

    stand_in = subject("softmax" if along_axis else "identity")
    entry = replace(stand_in.entry, name=name)
    return replace(stand_in, entry=entry, tensors=tensors, module=lambda **_: make().to(dtype).eval())


@dataclass(frozen=True)
class PeerRow:
    """What came of one function of a peer.

    ours: our entry of that name, if any; agrees: whether it computes the same in float64.
    """

    name: str
    ours: str | None
    agrees: bool | None
    outcomes: tuple[Outcome, ...]

    @property
    def faults(self) -> tuple[Outcome, ...]:
        """The checks that failed."""
        return tuple(each for each in self.outcomes if each.fault)


@dataclass(frozen=True)
class PeerReport:
    """Everything measured on one library; `version` is empty if it is not installed.

    unusable: the functions that could not be run with their defaults on a matrix, with the reason.
    """

    library: str
    version: str
    rows: tuple[PeerRow, ...] = ()
    unusable: Mapping[str, str] = field(default_factory=dict[str, str])

    def failed(self, check: str) -> tuple[int, int]:
        """(functions that failed a check, functions that were asked)."""
        asked = [each for row in self.rows for each in row.outcomes if each.check == check]
        return sum(bool(each.fault) for each in asked), len(asked)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def finite(asked: Subject) -> int:
    """Finite input gives finite value and slope wherever the function's own float64 value fits the dtype."""
    compared = 0
    for dtype in DTYPES:
        x = inputs(dtype, 16)
        for order, what in enumerate(("value", "slope")):
            found = tensor_derivative(asked.tensors, x, order)
            wide = tensor_derivative(asked.tensors, x.to(torch.float64), order)
            # no NaN, and no infinity where there is a number; in float64 nothing wider can tell
            fits = wide.isnan() | (wide.abs() <= torch.finfo(dtype).max)
            wrong = found.isnan() | (found.isinf() & fits)
            if wrong.any():
                at = float(x[wrong][x[wrong].abs().argmin()])
                raise AssertionError(f"{what} in {dtype} is not finite at x = {at!r} ({int(wrong.sum())} inputs)")
            compared += x.numel()
    return counted(compared, asked.name)


def keeps_nan(asked: Subject) -> int:
    """NaN in gives NaN out in every dtype."""
    for dtype in DTYPES:
        kept = asked.tensors(torch.full((34,), math.nan, dtype=dtype)).isnan().all()
        assert kept, f"NaN in does not give NaN out in {dtype}"
    return len(DTYPES)


def keeps_dtype(asked: Subject) -> int:
    """A model of some dtype gives that dtype."""
    for dtype in DTYPES:
        y = asked.tensors(generic(dtype, 80).reshape(_SHAPE))
        assert y.dtype == dtype, f"{dtype} in gives {y.dtype} out"
    return len(DTYPES)


def limits(asked: Subject) -> int:
    """At an infinity the value is no NaN, if far out it settles or keeps growing."""
    for sign in (1.0, -1.0):
        x = torch.tensor([1e60, 1e120, math.inf], dtype=torch.float64) * sign
        far, further, infinite = asked.tensors(x).tolist()
        settles = abs(far - further) <= 1e-9 * abs(far) or (far * further > 0 and abs(further) > 1e30 * abs(far))
        assert not (settles and math.isnan(infinite)), f"NaN at {sign * math.inf}, though {further!r} at {sign * 1e120}"
    return 2


def _accurate(theirs: Subject, ours: Subject) -> Check:
    def accurate(_: Subject) -> int:
        both = errors(replace(ours, tensors=theirs.tensors), torch.float32, ACCURATE, at_kinks=False)
        for error in both:
            assert not error.fault, error.fault
        return sum(error.compared for error in both)

    return accurate


# check -> (what is run, dtype of the module's parameters)
_OWN: Mapping[str, Check] = {"finite": finite, "nan": keeps_nan, "limits": limits, "dtype": keeps_dtype}
_ELEMENTWISE_ONLY = ("finite", "limits")
_WIDE = ("pickle", "gradcheck", "gradgradcheck", "jvp")
PEER_CHECKS = ("accuracy", *_OWN, *(name for name in TENSOR_PROMISES if name not in _OWN))


def examine(library: Library, name: str) -> PeerRow | str:
    """The row of one function of a library; or in one sentence why it could not be run."""
    make = library.functions()[name]
    try:
        alone = _elementwise(peer(name, make).tensors)
    except Exception as fault:  # whatever another package raises
        return " ".join(f"{type(fault).__name__}: {fault}".split())[:200]
    narrow, wide = (peer(name, make, not alone, dtype) for dtype in (torch.float32, torch.float64))
    ours = _ours(name) if alone else None
    agrees = None if ours is None else _agrees(narrow, ours)
    checks: dict[str, Check] = {**TENSOR_PROMISES, **_OWN}
    if agrees and ours is not None:
        checks["accuracy"] = _accurate(narrow, ours)
    outcomes = [
        outcome(each, checks[each], wide if each in _WIDE else narrow)
        for each in PEER_CHECKS
        if each in checks and (alone or each not in _ELEMENTWISE_ONLY)
    ]
    return PeerRow(name, ours.entry.name if ours else None, agrees, tuple(outcomes))


def _elementwise(run: Callable[[Tensor], Tensor]) -> bool:
    """Whether every output depends on its own input only. TypeError for what gives no numbers, or others each time."""
    x = generic(torch.float32, 80).reshape(_SHAPE)
    y = run(x)
    if not (isinstance(y, Tensor) and y.is_floating_point()):
        raise TypeError(f"gives {y.dtype if isinstance(y, Tensor) else type(y).__name__}")
    if not _same(run(x), y):
        raise TypeError("draws at random even in evaluation")
    if y.shape != x.shape:
        return False
    for k in range(_SHAPE[1]):
        moved = x.clone()
        moved[:, k] += 0.125
        others = torch.arange(_SHAPE[1]) != k
        if not _same(run(moved)[:, others], y[:, others]):
            return False
    return True


def _same(a: Tensor, b: Tensor) -> bool:
    return torch.allclose(a, b, rtol=0, atol=0, equal_nan=True)


def _ours(name: str) -> Subject | None:
    try:
        entry, settings = resolve(name)
        found = subject(entry, **settings)
    except (ValueError, TypeError):
        return None
    return found if not found.along_axis and found.entry.kind != "gated" else None


def _agrees(theirs: Subject, ours: Subject) -> bool:
    x = torch.linspace(-5.3, 5.9, 41, dtype=torch.float64)
    try:
        return torch.allclose(theirs.tensors(x), ours.tensors(x), rtol=1e-5, atol=1e-7)
    except Exception:  # whatever another package raises; the checks will say it
        return False


def _library(name: str) -> Library:
    return next(each for each in LIBRARIES if each.name == name)


def examine_json(name: str) -> dict[str, Any]:
    """One function, named "library:function", as JSON values: the work of one job."""
    torch.set_num_threads(1)
    library, _, function = name.partition(":")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = examine(_library(library), function)
    return {"unusable": found} if isinstance(found, str) else {"row": asdict(found)}


def measure(
    libraries: Sequence[Library] = LIBRARIES,
    jobs: int | None = None,
    progress: Callable[[Step], None] | None = None,
) -> tuple[PeerReport, ...]:
    """The report of every library, those that are not installed with an empty version.

    jobs, progress: as for `certify_all`.
    """
    versions = {library.name: library.version for library in libraries}
    asked = [f"{each.name}:{name}" for each in libraries if versions[each.name] for name in each.functions()]
    rows: dict[str, dict[str, PeerRow]] = {library.name: {} for library in libraries}
    unusable: dict[str, dict[str, str]] = {library.name: {} for library in libraries}
    for name, record in spread("actlab.testing.peers:examine_json", asked, jobs, progress):
        library, _, function = name.partition(":")
        if record.status != "done":
            rows[library][function] = PeerRow(function, None, None, (Outcome("run", 0, record.error),))
        elif "unusable" in record.value:
            unusable[library][function] = record.value["unusable"]
        else:
            row = record.value["row"]
            outcomes = tuple(Outcome(**each) for each in row["outcomes"])
            rows[library][function] = PeerRow(row["name"], row["ours"], row["agrees"], outcomes)
    return tuple(
        PeerReport(name, version, tuple(_in_order(rows[name])), dict(sorted(unusable[name].items())))
        for name, version in versions.items()
    )


def _in_order(rows: Mapping[str, PeerRow]) -> Iterator[PeerRow]:
    return (rows[name] for name in sorted(rows, key=str.lower))
