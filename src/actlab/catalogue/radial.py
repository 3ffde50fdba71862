"""Radial functions: a bump that depends on the distance from zero."""

from ..language import exp
from .entry import activation

TITLE = {"en": "Radial", "zh": "径向类"}


@activation(
    source="Broomhead & Lowe 1988, radial basis function networks",
    zh="高斯钟形曲线 exp(−x²)。",
    points={0.0: 1.0, 1.0: 0.36787944117144233},
    facts=("smooth", "even", "not monotone", "bounded"),
)
def gaussian(x):
    """The bell curve exp(-x^2)."""
    return exp(-(x**2))
