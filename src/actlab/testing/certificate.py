"""The certificate: every promise about every entry, measured, one row each.

`certify("gelu")` is the row of one entry; `certify_all` spreads the catalogue over processes.
"""

from __future__ import annotations

import contextlib
import math
import platform
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from importlib import import_module, metadata
from typing import Any, NamedTuple

import torch

from ..catalogue import Entry, find
from ..engine import Job, Local, Record
from .certificate_records import Certificate, Exemption, Outcome, Row
from .number_checks import infinities, nan, slope_agrees, value_agrees
from .onnx_round_trip import onnx_round_trip
from .precision import half_precision, single_precision
from .subject import Subject, subject
from .sweep import Error, asked, errors, inputs, wide_errors
from .tensor_checks import (
    compiles,
    dtype_kept,
    exports,
    forward_mode,
    gradcheck,
    gradgradcheck,
    pickles,
    position_independent,
    shape_kept,
    vmap,
)

Check = Callable[[Any], int]

# what is asked of every tensor function, ours or a peer's; the order is that of the columns
TENSOR_PROMISES: Mapping[str, Check] = {
    "dtype": dtype_kept,
    "layout": shape_kept,
    "position": position_independent,
    "gradcheck": gradcheck,
    "gradgradcheck": gradgradcheck,
    "jvp": forward_mode,
    "vmap": vmap,
    "compile": compiles,
    "export": exports,
    "onnx": onnx_round_trip,
    "pickle": pickles,
}
PROMISES: Mapping[str, Check] = {
    "reference": lambda asked: value_agrees(asked) + slope_agrees(asked),
    "nan": nan,
    "limits": infinities,
    **TENSOR_PROMISES,
}
# a function of rows has no single input to sweep over: its rows are compared instead
ROW_PROMISES: Mapping[str, Check] = {"float32": single_precision, "half": half_precision}

# dtype -> ULP that need no reason; what exceeds them must follow from the conditioning of the function
LIMITS = {torch.float16: 1.0, torch.bfloat16: 1.0, torch.float32: 16.0, torch.float64: 16.0}
FEW, LIBRARIES = 4.0, 3  # ULP in float32 for functions that so many other libraries have: the ones most used
# the kinds about which there is something to say
_KINDS = ("gated", "random", "straight-through")
SECONDS = 300  # for one check; a peer's function that hangs is a fault like any other
_PACKAGES = ("actlab", "torch", "numpy", "mpmath", "onnx", "onnxruntime", "onnxscript")


def certify(activation: Entry | str | Subject, promises: Mapping[str, Check] = PROMISES) -> Row:
    """The row of one entry (a name, an entry of your own or a prepared `Subject`).

    Nothing is raised for a broken promise: it is an `Outcome` with a fault. Raises ValueError for an unknown name and
    ModuleNotFoundError without mpmath, onnxscript or onnxruntime.
    """
    asked_of = activation if isinstance(activation, Subject) else subject(activation)
    outcomes = [outcome(name, check, asked_of) for name, check in promises.items()]
    measured: tuple[Error, ...] = ()
    if not asked_of.along_axis:
        try:
            measured = accuracy(asked_of)
        except Exception as fault:  # whatever a definition raises is its fault
            outcomes.append(Outcome("accuracy", 0, _sentence(fault)))
    else:
        outcomes += [outcome(name, check, asked_of) for name, check in ROW_PROMISES.items()]
    return Row(
        asked_of.entry.name, asked_of.entry.kind, measured, tuple(outcomes), tuple(exemptions(asked_of, measured))
    )


def accuracy(asked_of: Subject) -> tuple[Error, ...]:
    """The worst errors of value and slope in every dtype."""
    used = len(asked_of.entry.known_as) >= LIBRARIES
    limits = {**LIMITS, **({torch.float32: FEW} if used else {})}
    narrow = [error for dtype, limit in list(limits.items())[:3] for error in errors(asked_of, dtype, limit)]
    return (*narrow, *wide_errors(asked_of, limits[torch.float64]))


def outcome(name: str, check: Check, asked_of: Any) -> Outcome:
    """What came of one check; a missing package of ours is no outcome and is raised."""
    try:
        with _limited(SECONDS):
            compared = check(asked_of)
    except ModuleNotFoundError:
        raise
    except Exception as fault:  # whatever a function under test raises is its fault
        return Outcome(name, 0, _sentence(fault))
    return Outcome(name, compared, "" if compared > 0 else "nothing was compared")


def _sentence(fault: Exception) -> str:
    said = " ".join(str(fault).split()) or "it failed without a word"
    kind = "" if isinstance(fault, AssertionError) else f"{type(fault).__name__}: "
    return (kind + said)[:300]


@contextlib.contextmanager
def _limited(seconds: int) -> Generator[None]:
    """Raise TimeoutError in here after so many seconds, where the system can: on Unix, in the main thread."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(*_: object) -> None:
        raise TimeoutError(f"no answer after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def exemptions(asked_of: Subject, measured: Iterable[Error]) -> Generator[Exemption]:
    """What is not as a reader might expect, each with the reason; computed, never typed."""
    entry = asked_of.entry
    for error in measured:
        where = {"of": error.of, "dtype": error.dtype}
        if error.explained:
            yield Exemption(
                "conditioning",
                {**where, "ulp": _rounded(error.ulp), "at": error.at, "felt": _rounded(2 * error.sensitivity)},
            )
        if error.overflow is not None:
            yield Exemption("overflow", {**where, "at": error.overflow})
    if entry.kind in _KINDS:
        yield Exemption(entry.kind)
    if asked_of.along_axis:
        yield Exemption("rows")
        return
    if "not trainable by gradient" in entry.facts and entry.kind != "straight-through":
        yield Exemption("flat")
    for place, slope in asked_of.kinks:
        yield Exemption("kink", {"at": place, "slope": slope})
    for order, of in enumerate(("value", "slope")):
        for x in (math.inf, -math.inf):
            if asked_of.truth(x, order) is None:
                yield Exemption("limit", {"of": of, "at": str(x)})
    for dtype in list(LIMITS)[:3]:
        tried = inputs(dtype)
        left_out = tried.numel() - asked(asked_of, tried).numel()
        if left_out:
            yield Exemption("beside", {"dtype": str(dtype).removeprefix("torch."), "count": left_out})


def _rounded(number: float) -> float:
    return float(f"{number:.3g}")


def versions() -> dict[str, str]:
    """Version of everything that takes part, by package; the machine under "machine"."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return {**found, "machine": f"{platform.system()} {platform.machine()}, {torch.backends.cpu.get_cpu_capability()}"}


def certify_json(name: str) -> dict[str, Any]:
    """`certify(name)` as JSON values: the work of one job."""
    torch.set_num_threads(1)
    return certify(name).to_json()


class Step(NamedTuple):
    """How far the work is: `done` of `total` functions, `failed` of them without a result; `name` was the last."""

    done: int
    total: int
    failed: int
    name: str
    stage: str = "certifying"


def certify_all(
    names: Sequence[str], jobs: int | None = None, progress: Callable[[Step], None] | None = None
) -> Certificate:
    """The certificate of these entries, in their order, measured in `jobs` processes (default: one per core).

    progress: called after each.
    """
    rows = {}
    for name, record in spread("actlab.testing.certificate:certify_json", names, jobs, progress):
        if record.status == "done":
            rows[name] = Row.from_json(record.value)
        else:
            rows[name] = Row(name, find(name).kind, (), (Outcome("run", 0, record.error),))
    return Certificate(tuple(rows[name] for name in names), versions())


def spread(
    function: str,
    names: Sequence[str],
    jobs: int | None = None,
    progress: Callable[[Step], None] | None = None,
) -> list[tuple[str, Record]]:
    """(name, record) of a function run once for each name, in the order they come in."""
    for name in ("onnxscript", "onnxruntime"):
        import_module(name)  # missing: said here, once, and not by every worker
    found: list[tuple[str, Record]] = []
    failed = 0

    def keep(record: Record) -> None:
        nonlocal failed
        name = record.arguments["name"]
        found.append((name, record))
        failed += record.status != "done"
        if progress is not None:
            progress(Step(len(found), len(names), failed, name))

    engine = Local(jobs) if jobs else Local()
    engine.run(function, [Job.of(name=name) for name in names], keep)
    return found
