"""The conformance suite: what every activation function must do, as small named checks.

`check_activation("gelu")` runs all of them; a definition of your own is checked the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..catalogue import Entry
from .number_checks import (
    curvature_agrees,
    facts,
    hand_points,
    infinities,
    kinks,
    nan,
    slope_agrees,
    value_agrees,
)
from .precision import half_precision, single_precision
from .subject import Subject, subject
from .tensor_checks import (
    compiles,
    copies,
    dtype_kept,
    exports,
    forward_mode,
    gradcheck,
    gradgradcheck,
    inplace,
    integer_refused,
    module_is_the_function,
    parameters_checked,
    pickles,
    position_independent,
    shape_kept,
    state_dict,
    tensor_parameters,
    vmap,
)

Check = Callable[[Subject], int]

# about the numbers: run for changed parameters as well
NUMBER_CHECKS: tuple[Check, ...] = (
    value_agrees,
    slope_agrees,
    curvature_agrees,
    infinities,
    nan,
    hand_points,
    facts,
    kinks,
    single_precision,
    half_precision,
)
TENSOR_CHECKS: tuple[Check, ...] = (
    module_is_the_function,
    dtype_kept,
    shape_kept,
    position_independent,
    integer_refused,
    pickles,
    copies,
    state_dict,
    inplace,
    parameters_checked,
)
TRANSFORM_CHECKS: tuple[Check, ...] = (
    gradcheck,
    gradgradcheck,
    forward_mode,
    vmap,
    compiles,
    exports,
    tensor_parameters,
)
CHECKS = NUMBER_CHECKS + TENSOR_CHECKS + TRANSFORM_CHECKS


def check_activation(
    activation: Entry | str | Subject, checks: Iterable[Check] = CHECKS, **params: Any
) -> dict[str, int]:
    """Run the checks on an activation; returns how many values each compared.

    activation: a name, an entry (also one of your own) or a prepared `Subject`. checks: by default all of `CHECKS`.
    params: the entry's parameters. Raises AssertionError with one sentence that says which promise is broken,
    where, and by how much.
    """
    asked = activation if isinstance(activation, Subject) else subject(activation, **params)
    compared: dict[str, int] = {}
    for check in checks:
        name = check.__name__
        compared[name] = check(asked)
        assert compared[name] > 0, f"{asked.name}: {name} compared nothing"
    return compared
