"""What one activation keeps for the backward pass, in each way of keeping it, and how far its slopes are then off.

Every figure is counted by storage after a forward pass, not estimated.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..catalogue import Entry
from ..nn.lean import lean
from ..nn.modules import create
from ..nn.saves import SAVES
from ..nn.warm import NAMED
from .saved import held, storage

MODES = ("plain", "lean", *SAVES[1:])
_FEATURES = 96  # a number that the counts of pieces in the catalogue divide
_SAMPLES = 64


@dataclass(frozen=True)
class Kept:
    """Bytes that are kept for each element of the output of an activation behind a linear layer.

    before_linear: with a linear layer behind it, which keeps its input; before_sum: with a sum, which keeps nothing.
    max_error: by how much a slope is off at most, and at which input `at`; rms_error: on average under N(0, 1). For
    gated units they are relative to the slope.
    """

    mode: str
    dtype: str
    before_linear: float
    before_sum: float
    max_error: float
    at: float
    rms_error: float


@dataclass(frozen=True)
class NotKept:
    """Why an entry has no such mode: the key of a reason, its numbers, and the reason in English."""

    mode: str
    reason: str
    numbers: dict[str, Any]
    said: str


@dataclass(frozen=True)
class EntryMemory:
    """What an entry keeps in every mode and dtype, and the modes that it does not have."""

    name: str
    rows: tuple[Kept, ...]
    refused: tuple[NotKept, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def entry_memory(entry: Entry, **params: Any) -> EntryMemory:
    """What an activation keeps per element of its output for the backward pass, by mode and dtype.

    params: the module's arguments. Raises as `create` does.
    """
    given = {"gate": "first", **params} if entry.kind == "gated" else params
    rows: list[Kept] = []
    missing: list[NotKept] = []
    for mode in MODES:
        saves = mode if mode in SAVES else "input"
        why = create(entry, **given).refuses(saves)
        if why is not None:
            missing.append(NotKept(mode, why.code, dict(why.numbers), why.said))
            continue
        chosen = given if saves == "input" else {**given, "saves": saves}
        for name, dtype in NAMED.items():
            module = create(entry, **chosen)
            seen = module.certificate(dtype)
            around = lean if mode == "lean" else nullcontext
            before_linear, before_sum = [_kept(module.to(dtype), dtype, around, behind) for behind in (True, False)]
            rows.append(Kept(mode, name, before_linear, before_sum, seen.max_error, seen.at, seen.rms_error))
    return EntryMemory(entry.name, tuple(rows), tuple(missing))


def _kept(module: nn.Module, dtype: torch.dtype, around: Callable[[], Any], behind: bool) -> float:
    """Bytes per element of the output, between a linear layer and another one or a sum."""
    with torch.device("cpu"), torch.random.fork_rng(devices=()), torch.enable_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that lean found nothing to save is what the figure tells
        before = nn.Linear(8, _FEATURES, dtype=dtype)
        x = torch.randn(_SAMPLES, 8, dtype=dtype)
        with torch.no_grad():
            width = module(before(x)).shape[-1]
        after = nn.Linear(width, 8, dtype=dtype)
        with around():
            y = module(before(x))
            count = y.numel()
            end: Tensor = after(y) if behind else y.sum()
        del y
    apart = {storage(one)[0] for one in (x, *before.parameters(), *after.parameters(), *module.parameters())}
    storages = {one.storage: one.bytes for one in held([end]) if one.storage not in apart}
    return sum(storages.values()) / count
