"""The doctor: what is wrong with a training program, why, and what to change."""

from __future__ import annotations

from .case import load_case
from .gather import examine
from .keeping import KeptLayer, Memory, Saving
from .memory import memory
from .predict import predict
from .prediction import PredictedLayer, Prediction
from .records import (
    Arm,
    Attempt,
    Case,
    CaseError,
    Change,
    Curve,
    Diagnosis,
    Finding,
    LayerNumbers,
    Margin,
    Prescription,
    Repair,
)
from .repair import repair
from .watch import Moment, Tracker, Watch, WatchError, watch

__all__ = [
    "Arm",
    "Attempt",
    "Case",
    "CaseError",
    "Change",
    "Curve",
    "Diagnosis",
    "Finding",
    "KeptLayer",
    "LayerNumbers",
    "Margin",
    "Memory",
    "Moment",
    "PredictedLayer",
    "Prediction",
    "Prescription",
    "Repair",
    "Saving",
    "Tracker",
    "Watch",
    "WatchError",
    "examine",
    "load_case",
    "memory",
    "predict",
    "repair",
    "watch",
]
