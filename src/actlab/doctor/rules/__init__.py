"""The doctor's rules, in the order in which causes come before their consequences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..numbers import Numbers
from ..records import Finding
from .data import ClassImbalance, ConstantOutput, NotFinite, NotFiniteInput
from .dead_units import DeadUnits
from .gradients import ExplodingGradient, GrowingActivations, VanishingGradient
from .hidden import IdentityActivation, LinearCollapse, SaturatingHiddenActivation, SoftmaxInHiddenLayer
from .mean_shift import MeanShift
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
from .precision import HalfPrecisionOverflow, HalfPrecisionUnderflow, LostUpdates
from .rule import Rule
from .saturated_units import SaturatedUnits
from .scale import InputScale, LearningRateTooHigh, LearningRateTooLow, TargetScale
from .selu_misuse import SeluMisuse
from .start import BlockedGradient, BornDeadNetwork, PoorInitialisation, SymmetricInitialisation
from .through_time import ExplodingThroughTime, VanishingThroughTime
from .unused_module import UnusedModule

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
    SeluMisuse(),
    ExplodingThroughTime(),
    ExplodingGradient(),
    LearningRateTooHigh(),
    HalfPrecisionOverflow(),
    HalfPrecisionUnderflow(),
    NotFinite(),
    DeadUnits(),
    VanishingThroughTime(),
    VanishingGradient(),
    SaturatingHiddenActivation(),
    LostUpdates(),
    PoorInitialisation(),
    MeanShift(),
    LearningRateTooLow(),
    ClassImbalance(),
    UnusedModule(),
    ConstantOutput(),
    RedundantLogSoftmax(),
)


def judge(numbers: Numbers) -> tuple[Finding, ...]:
    """All findings: alarms before notes, each group with root causes first.

    What training brought about (units dead or saturated at the end only) comes after what the start explains.
    """
    found = [finding for rule in RULES for finding in rule.judge(numbers)]
    found.sort(key=lambda finding: finding.evidence.get("at_start") is False)
    ordered = [*_in_order([f for f in found if f.alarm]), *_in_order([f for f in found if not f.alarm])]
    return tuple(_explained(finding, ordered[:place]) for place, finding in enumerate(ordered))


# finding -> the findings it follows from, the nearest cause first
FOLLOWS: Mapping[str, tuple[str, ...]] = {
    name: tuple(causes.split())
    for name, causes in {
        "dead-units": "born-dead-network learning-rate-too-high input-scale target-scale not-finite",
        "saturated-units": "input-scale learning-rate-too-high growing-activations",
        "constant-output": "dead-units born-dead-network softmax-over-one-unit blocked-gradient saturated-units "
        "symmetric-initialisation not-finite-input not-finite vanishing-through-time vanishing-gradient mean-shift "
        "softmax-in-hidden-layer learning-rate-too-high",
        "not-finite": "not-finite-input half-precision-overflow half-precision-underflow growing-activations "
        "exploding-through-time exploding-gradient learning-rate-too-high input-scale target-scale logits-before-nll",
        "half-precision-overflow": "growing-activations input-scale learning-rate-too-high",
        "learning-rate-too-high": "input-scale target-scale growing-activations exploding-gradient selu-misuse",
        "exploding-gradient": "selu-misuse growing-activations exploding-through-time input-scale",
        "vanishing-gradient": "selu-misuse softmax-in-hidden-layer saturated-units dead-units vanishing-through-time",
        "saturating-hidden-activation": "vanishing-gradient",
        "poor-initialisation": "selu-misuse growing-activations",
        "linear-collapse": "dead-units mean-shift",
        "mean-shift": "dead-units saturated-units vanishing-gradient symmetric-initialisation input-scale",
        "identity-activation": "linear-collapse",
        "unused-module": "linear-collapse blocked-gradient",
        "learning-rate-too-low": "lost-updates",
    }.items()
}


def _in_order(found: list[Finding]) -> list[Finding]:
    """The findings in their order, but each after the causes among them."""
    done: list[Finding] = []
    left = list(found)
    while left:
        names = {finding.name for finding in left}
        free = (f for f in left if not names.intersection(FOLLOWS.get(f.name, ())) - {f.name})
        chosen = next(free, left[0])
        done.append(chosen)
        left.remove(chosen)
    return done


def _explained(finding: Finding, earlier: Sequence[Finding]) -> Finding:
    """The finding with the first of its possible causes that was found before it."""
    names = {each.name for each in earlier if each.alarm or not finding.alarm}
    cause = next((name for name in FOLLOWS.get(finding.name, ()) if name in names), "")
    if not cause:
        return finding
    en, zh = finding.text["en"].rstrip(), finding.text["zh"].rstrip()
    told = {"en": f"{en} It follows from {cause}.", "zh": f"{zh}它由 {cause} 引起。"}
    return replace(finding, cause=cause, text=told)


__all__ = ["FOLLOWS", "RULES", "Rule", "judge"]
