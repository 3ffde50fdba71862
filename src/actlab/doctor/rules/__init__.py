"""The doctor's rules, in the order in which causes come before their consequences."""

from __future__ import annotations

from ..numbers import Numbers
from ..records import Finding
from .data import ClassImbalance, ConstantOutput, NotFinite, NotFiniteInput
from .dead_units import DeadUnits
from .gradients import ExplodingGradient, GrowingActivations, VanishingGradient
from .hidden import IdentityActivation, LinearCollapse, SaturatingHiddenActivation, SoftmaxInHiddenLayer
from .outputs import LossDoesNotFitTask, OutputRange
from .pairs import (
    DoubleSigmoid,
    LogitsBeforeNll,
    ProbabilitiesBeforeNll,
    RedundantLogSoftmax,
    SigmoidBeforeBce,
    SoftmaxBeforeCrossEntropy,
    SoftmaxOverOneUnit,
    SoftmaxWrongDim,
    SquashedLogits,
)
from .rule import Rule
from .saturated_units import SaturatedUnits
from .scale import InputScale, LearningRateTooHigh, LearningRateTooLow, TargetScale
from .start import BlockedGradient, BornDeadNetwork, PoorInitialisation, SymmetricInitialisation

RULES: tuple[Rule, ...] = (
    NotFiniteInput(),
    LossDoesNotFitTask(),
    SoftmaxOverOneUnit(),
    SoftmaxWrongDim(),
    SoftmaxBeforeCrossEntropy(),
    SigmoidBeforeBce(),
    DoubleSigmoid(),
    ProbabilitiesBeforeNll(),
    LogitsBeforeNll(),
    SquashedLogits(),
    OutputRange(),
    LinearCollapse(),
    IdentityActivation(),
    BlockedGradient(),
    SymmetricInitialisation(),
    SoftmaxInHiddenLayer(),
    GrowingActivations(),
    InputScale(),
    TargetScale(),
    BornDeadNetwork(),
    LearningRateTooHigh(),
    NotFinite(),
    DeadUnits(),
    SaturatedUnits(),
    ExplodingGradient(),
    VanishingGradient(),
    SaturatingHiddenActivation(),
    PoorInitialisation(),
    LearningRateTooLow(),
    ClassImbalance(),
    ConstantOutput(),
    RedundantLogSoftmax(),
)


def judge(numbers: Numbers) -> tuple[Finding, ...]:
    """All findings: alarms before notes, each group with root causes first; one finding per rule and severity."""
    found = [finding for rule in RULES for finding in rule.judge(numbers)]
    return tuple(sorted(found, key=lambda finding: not finding.alarm))


__all__ = ["RULES", "Rule", "judge"]
