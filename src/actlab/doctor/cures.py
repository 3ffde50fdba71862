"""Carrying prescriptions out on a case: one row per action, each a function of the case and the settings.

A cure returns the changed case, or None where only a person can change it. Modules are changed in place; whoever calls
keeps the user's model safe (`preserved`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from torch import Tensor

from . import data_cures as data
from . import structure_cures as structure
from . import weight_cures as weights
from .records import Case, Prescription
from .weight_cures import Settings

CURES: Mapping[str, Callable[[Case, Settings], Case | None]] = {
    "replace-activation": structure.replace_activation,
    "re-initialise": weights.reinitialise,
    "revive-units": weights.revive_units,
    "insert-activations": structure.insert_activations,
    "add-norm": structure.add_norm,
    "reset-bias": weights.reset_bias,
    "forget-bias": weights.forget_bias,
    "gate-recurrence": structure.gate_recurrence,
    "prior-bias": weights.prior_bias,
    "remove-output-activation": structure.remove_output,
    "replace-output-activation": structure.replace_output,
    "set-dim": structure.set_dim,
    "make-finite": structure.make_finite,
    "stable-module": structure.stable_module,
    "open-gradient": structure.open_gradient,
    "alpha-dropout": structure.alpha_dropout,
    "float32-weights": structure.float32_weights,
    "use-bfloat16": structure.use_bfloat16,
    "use-cross-entropy": data.use_cross_entropy,
    "one-output-unit": data.one_unit,
    "classify": data.classify,
    "stable-loss": data.stable_loss,
    "scale-learning-rate": data.scale_learning_rate,
    "clip-gradient": data.clip_gradient,
    "scale-loss": data.scale_loss,
    "scale-residual": weights.scale_residual,
    "standardise-inputs": data.standardise_inputs,
    "standardise-targets": data.standardise_targets,
    "class-weights": data.class_weights,
    "balanced-sampler": data.balanced_sampler,
    "clean-data": data.clean_data,
    "match-shapes": data.match_shapes,
    "multi-label": data.multi_label,
}
# Cures whose new loss is for training only: what is judged on held-out data stays the program's own loss.
FOR_TRAINING = frozenset(("class-weights", "standardise-targets", "scale-loss", "classify"))


class Cured(NamedTuple):
    """A case with its cures, and the loss by which it and the original are judged on held-out data."""

    case: Case
    judged_by: Callable[[Any, Any], Tensor]


def carry_out(case: Case, prescriptions: Iterable[Prescription]) -> Cured | None:
    """The case with all prescriptions carried out, in order, on its own model; None if one of them cannot be."""
    judged_by = case.loss
    for prescription in prescriptions:
        cure = CURES.get(prescription.action)
        cured = cure(case, prescription.settings) if cure is not None else None
        if cured is None:
            return None
        if cured.loss is not case.loss and prescription.action not in FOR_TRAINING:
            judged_by = cured.loss
        case = cured
    return Cured(case, judged_by)
