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
from .through_time import ExplodingThroughTime, VanishingThroughTime

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
    SaturatedUnits(),
    ExplodingGradient(),
    LearningRateTooHigh(),
    NotFinite(),
    DeadUnits(),
    VanishingGradient(),
    ExplodingThroughTime(),
    VanishingThroughTime(),
    SaturatingHiddenActivation(),
    PoorInitialisation(),
    LearningRateTooLow(),
    ClassImbalance(),
    ConstantOutput(),
    RedundantLogSoftmax(),
)


def judge(numbers: Numbers) -> tuple[Finding, ...]:
    """All findings: alarms before notes, each group with root causes first.

    What training brought about (units dead or saturated at the end only) comes after what the start explains.
    """
    found = [finding for rule in RULES for finding in rule.judge(numbers)]
    return tuple(sorted(found, key=lambda finding: (not finding.alarm, finding.evidence.get("at_start") is False)))


__all__ = ["RULES", "Rule", "judge"]
