"""Learned parameters that must stay in a set: stored as a free number, used through a map into the set."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ..catalogue import Parameter


class Bounds(NamedTuple):
    """An interval with at least one finite end; training moves a free number that is mapped into its inside.

    One end: the distance to it is softplus of the free number. Two ends: a sigmoid between them.
    """

    low: float | None
    high: float | None

    @classmethod
    def of(cls, parameter: Parameter) -> Bounds | None:
        """The bounds of a parameter, or None when every number is allowed."""
        low = parameter.above if parameter.above is not None else parameter.low
        high = parameter.below if parameter.below is not None else parameter.high
        return None if low is None and high is None else cls(low, high)

    def bound(self, free: Tensor) -> Tensor:
        """The value inside the interval that a free number stands for."""
        softplus = torch.nn.functional.softplus
        if self.low is not None and self.high is not None:
            return self.low + (self.high - self.low) * torch.sigmoid(free)
        if self.low is not None:
            return self.low + softplus(free)
        assert self.high is not None
        return self.high - softplus(free)

    def free(self, value: Tensor, owner: str) -> Tensor:
        """The free number that stands for `value`. Raises ValueError on the edge, where the slope of the map is 0."""
        wide = value.double()
        if self.low is not None and self.high is not None:
            found = torch.logit((wide - self.low) / (self.high - self.low))
        else:
            distance = wide - self.low if self.low is not None else float(self.high or 0.0) - wide
            found = distance + torch.log(-torch.expm1(-distance))
        if not bool(torch.isfinite(found).all()):
            raise ValueError(
                f"{owner} cannot start training at {float(value.flatten()[0]):g}, the edge of its set, "
                "where nothing would move it; start it further inside"
            )
        return found.to(value.dtype)
