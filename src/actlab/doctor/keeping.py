"""What `memory` hands back: bytes kept for the backward pass by layer and by way of keeping; plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from .records import plain


@dataclass(frozen=True)
class KeptLayer:
    """What one module keeps, its children apart; in forward order.

    path, kind: of the module. functions: those of autograd that keep something under the first mode. kept: mode ->
    bytes of the storages that this module was the first to keep. output: of an activation, bytes of its output that
    functions after it keep under the first mode. stays: mode -> why the activation keeps what it kept before.
    """

    path: str
    kind: str
    functions: tuple[str, ...]
    kept: Mapping[str, int]
    output: int
    stays: Mapping[str, str]


@dataclass(frozen=True)
class Saving:
    """What a mode wins, in bytes, and where: at these activations; for lean at these layers, which use activations.

    error: the largest error of a slope, 0 where exact.
    """

    mode: str
    places: tuple[str, ...]
    bytes: int
    error: float


@dataclass(frozen=True)
class Memory:
    """What autograd keeps between the forward and the backward pass of a model, counted by storage.

    modes: the ways of keeping that were run. rows: every module that keeps something under one of them. parameters:
    bytes of weights and buffers, and input: of the example; both are there anyway and counted apart. activations:
    bytes under the first mode that activations keep or that are kept of their outputs. savings: what wins, most first.
    """

    name: str
    samples: int
    modes: tuple[str, ...]
    rows: tuple[KeptLayer, ...]
    parameters: int
    input: int
    activations: int
    savings: tuple[Saving, ...]

    def total(self, mode: str = "plain") -> int:
        """Bytes kept under a mode. Raises ValueError for one that was not run."""
        if mode not in self.modes:
            raise ValueError(f"there is no mode {mode!r} here; those that were run are {', '.join(self.modes)}")
        return sum(row.kept[mode] for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values, with the totals by mode."""
        return {**plain(self), "total": {mode: self.total(mode) for mode in self.modes}}

    def sentence(self, lang: str = "en") -> str:
        """What is kept and what would be saved, in one paragraph of English ("en") or Chinese ("zh")."""
        return _report().sentence(self, lang)

    def __str__(self) -> str:
        return self.text()

    def text(self, lang: str = "en", width: int = 100) -> str:
        """The account in words and as a table."""
        return _report().text(self, lang, width)

    def save(self, path: str | Path, lang: str = "en") -> Path:
        """Write it: .html a page, .svg or .png the picture, .json the numbers. Raises ValueError for another suffix."""
        return _report().save(self, path, lang)


def _report() -> Any:
    # the report knows these records; found by name, so that the doctor works without it
    return import_module("..report.memory", __package__)
