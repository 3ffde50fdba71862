"""When a training dies for want of memory: say what the backward pass keeps, and which way of keeping less there is."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from .keeping import Memory
from .memory import memory
from .passes import size_of
from .predict import first_input
from .preserve import preserved
from .records import Case, CaseError

# how allocators say it: torch's on the CPU (Linux, Windows), of Apple's GPUs; CUDA's has a class of its own
_SAID = ("can't allocate memory", "not enough memory", "out of memory")
LOOKED_AT = 2  # samples: a batch norm in training refuses one
CURES = {
    "lean": "train inside `with actlab.lean():`, with about {kept} and the same gradients",
    "output": 'give the activations saves="output" or inplace=True, with about {kept} (slopes off by {error:.2g})',
    "code8": 'give the activations saves="code8", with about {kept} (slopes off by {error:.2g})',
}
SMALLER = "make the batches smaller"


@contextmanager
def told_of_memory(case: Case) -> Generator[None]:
    """An error for want of memory inside the block becomes a CaseError that says what is kept and what keeps less."""
    try:
        yield
    except (CaseError, RuntimeError, MemoryError) as error:
        if not _of_memory(error):
            raise
        raise CaseError(_sentence(case)) from error


def _of_memory(error: BaseException | None) -> bool:
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    said = isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _SAID)
    return said or (error is not None and _of_memory(error.__cause__))


def _sentence(case: Case) -> str:
    """What a whole batch keeps, told from a few of its samples, for which there is memory still."""
    try:
        with preserved(nn.Module(), case.data):
            batch = first_input(case)
        found = memory(case.model, _first(batch, LOOKED_AT))
    except Exception:  # whatever it was, the shortage is what has to be told
        return f"the training ran out of memory; {SMALLER}"
    scale = size_of(batch) / found.samples
    part = round(100 * found.activations / max(found.total(), 1))
    return (
        f"the training ran out of memory: of a batch of {size_of(batch)} samples the model keeps about "
        f"{_size(found.total() * scale)} for the backward pass, {part} % of it activations and their outputs; "
        f"{_cure(found, scale)}{SMALLER}"
    )


def _cure(found: Memory, scale: float) -> str:
    if not found.savings:
        return ""
    best = found.savings[0]
    kept = _size((found.total() - best.bytes) * scale)
    return f"{CURES[best.mode].format(kept=kept, error=best.error)}, or "


def _first(value: Any, count: int) -> Any:
    """The first samples of a batch's input."""
    if isinstance(value, Tensor):
        return value[:count] if value.dim() else value
    if isinstance(value, Mapping):
        return {key: _first(item, count) for key, item in value.items()}  # type: ignore[misc]
    if isinstance(value, (list, tuple)):
        return type(value)(_first(item, count) for item in value)  # type: ignore[misc]
    return value


def _size(count: float) -> str:
    return f"{count / 2**20:.4g} MiB"
