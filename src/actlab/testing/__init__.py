"""Public conformance suites: check an activation function, yours or ours, against a 60-digit oracle."""

from .contracts import CHECKS, NUMBER_CHECKS, TENSOR_CHECKS, TRANSFORM_CHECKS, Check, check_activation
from .precision import half_precision_errors, single_precision_errors
from .subject import Subject, subject, variants

__all__ = [
    "CHECKS",
    "NUMBER_CHECKS",
    "TENSOR_CHECKS",
    "TRANSFORM_CHECKS",
    "Check",
    "Subject",
    "check_activation",
    "half_precision_errors",
    "single_precision_errors",
    "subject",
    "variants",
]
