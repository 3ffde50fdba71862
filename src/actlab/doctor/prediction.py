"""What `predict` hands back: a profile by depth, from theory and as measured; plain values."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from .records import plain


@dataclass(frozen=True)
class PredictedLayer:
    """One place on the way of the signal, in forward order.

    path, kind, role: of the call, as in a diagnosis. signal: the output's root mean square; gradient: the norm of the
    gradient there, for a gradient of random direction at the output; dead: the share of units silent on all samples;
    each as theory has it (None where it cannot know, and where the question has no meaning) and as measured. factor:
    of the gradient's squared norm from the next hidden activation to this one, σ_w² E f'(z)² and what norms add.
    """

    path: str
    kind: str
    role: str
    signal: float | None
    signal_measured: float
    gradient: float | None
    gradient_measured: float | None
    dead: float | None = None
    dead_measured: float | None = None
    factor: float | None = None


@dataclass(frozen=True)
class Prediction:
    """What is to be expected of a network before it is trained, beside what one pass measures.

    layers: in forward order. depth: hidden activations. factor: of the gradient's squared norm per layer, the
    geometric mean; None where layers do not stand in one chain. correlation_length: in layers, where gradients and the
    difference of two inputs change by a factor e. trainable_depth: six of them (Schoenholz et al. 2017).
    gradient_ratio: the gradient's norm at the first weight operation over that at the last. born_dead: the largest
    probability that a layer passes nothing on (Lu et al. 2020). unknown: paths that only measuring knows.
    """

    name: str
    samples: int
    layers: tuple[PredictedLayer, ...]
    depth: int
    factor: float | None
    correlation_length: float | None
    trainable_depth: float | None
    gradient_ratio: float | None
    gradient_ratio_measured: float | None
    born_dead: float | None
    unknown: tuple[str, ...]

    @property
    def trainable(self) -> bool | None:
        """Whether the network is no deeper than trainable_depth; None where that is not known."""
        return None if self.trainable_depth is None else self.depth <= self.trainable_depth

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values; a number that is not finite becomes a string."""
        return plain(self)

    def text(self, lang: str = "en", width: int = 100) -> str:
        """The profile in words and as a table, in English ("en") or Chinese ("zh")."""
        return _report().text(self, lang, width)

    def save(self, path: str | Path, lang: str = "en") -> Path:
        """Write it: .html a page, .svg or .png the picture, .json the numbers. Raises ValueError for another suffix."""
        return _report().save(self, path, lang)


def _report() -> Any:
    # the report knows these records; found by name, so that the doctor works without it
    return import_module("..report.prediction", __package__)
