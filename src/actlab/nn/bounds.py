"""Learned parameters that must stay in a set: stored as a free number, used through a map into the set."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ..catalogue import Parameter
from ..runtime.dtypes import HALF

_SPARE = 4 * torch.finfo(torch.float32).eps


class Bounds(NamedTuple):
    """An interval with at least one finite end; training moves a free number that is mapped into its inside.

    One end: the distance to it is softplus of the free number. Two ends: a sigmoid between them. An end that does not
    belong to the set is kept away from by a margin, so that no step, however large, rounds onto it.
    """

    low: float | None
    high: float | None
    above: bool = False
    below: bool = False

    @classmethod
    def of(cls, parameter: Parameter) -> Bounds | None:
        """The bounds of a parameter, or None when every number is allowed."""
        low = parameter.above if parameter.above is not None else parameter.low
        high = parameter.below if parameter.below is not None else parameter.high
        if low is None and high is None:
            return None
        return cls(low, high, parameter.above is not None, parameter.below is not None)

    def _ends(self) -> tuple[float | None, float | None]:
        """The ends that can be reached: a millionth, or a few steps of float32, inside an open one."""
        low, high = self.low, self.high
        if low is not None and self.above:
            low += max(1e-6, _SPARE * abs(low))
        if high is not None and self.below:
            high -= max(1e-6, _SPARE * abs(high))
        return low, high

    def bound(self, free: Tensor) -> Tensor:
        """The value inside the interval that a free number stands for; float32 for float16 and bfloat16."""
        softplus, (low, high) = torch.nn.functional.softplus, self._ends()
        free = free.float() if free.dtype in HALF else free  # which would round the margin away
        if low is not None and high is not None:
            return low + (high - low) * torch.sigmoid(free)
        if low is not None:
            return low + softplus(free)
        assert high is not None
        return high - softplus(free)

    def free(self, value: Tensor, owner: str) -> Tensor:
        """The free number that stands for `value`. Raises ValueError on the edge, where the slope of the map is 0."""
        wide, (low, high) = value.double(), self._ends()
        if low is not None and high is not None:
            found = torch.logit((wide - low) / (high - low))
        else:
            distance = wide - low if low is not None else float(high or 0.0) - wide
            found = distance + torch.log(-torch.expm1(-distance))
        if not found.is_meta and not bool(torch.isfinite(found).all()):
            raise ValueError(
                f"{owner} cannot start training at {float(value.flatten()[0]):g}, the edge of its set, "
                "where nothing would move it; start it further inside"
            )
        return found.to(value.dtype)
