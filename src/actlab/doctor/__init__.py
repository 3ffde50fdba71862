"""The doctor: what is wrong with a training program, why, and what to change."""

from __future__ import annotations

from .case import load_case
from .gather import examine
from .records import (
    Case,
    CaseError,
    Change,
    Curve,
    Diagnosis,
    Finding,
    LayerNumbers,
    Prescription,
    Repair,
)
from .repair import repair

__all__ = [
    "Case",
    "CaseError",
    "Change",
    "Curve",
    "Diagnosis",
    "Finding",
    "LayerNumbers",
    "Prescription",
    "Repair",
    "examine",
    "load_case",
    "repair",
]
