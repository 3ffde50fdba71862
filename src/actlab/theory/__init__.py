"""What follows from a formula: values, moments and gains, signal propagation, properties."""

from .checks import fingerprint, holds, identical_pairs, undeclared_kinks
from .collapse import Collapse
from .cost import Cost
from .evaluate import slope, value
from .extent import End, Range
from .formulas import latex, plain_text
from .moments import Moments, gain, moments, slope_gain
from .nearness import Neighbour, neighbours
from .properties import Properties, properties
from .rows import Rows
from .shape import Corner
from .signal import (
    DEFAULT_WEIGHT_VARIANCE,
    EdgeOfChaos,
    Propagation,
    chi,
    correlation_map,
    dead_share,
    depth_scale,
    edge_of_chaos,
    fixed_point,
    gradient_factor,
    torch_default,
    variance_map,
    variance_slope,
)

__all__ = [
    "DEFAULT_WEIGHT_VARIANCE",
    "Collapse",
    "Corner",
    "Cost",
    "EdgeOfChaos",
    "End",
    "Moments",
    "Neighbour",
    "Propagation",
    "Properties",
    "Range",
    "Rows",
    "chi",
    "correlation_map",
    "dead_share",
    "depth_scale",
    "edge_of_chaos",
    "fingerprint",
    "fixed_point",
    "gain",
    "gradient_factor",
    "holds",
    "identical_pairs",
    "latex",
    "moments",
    "neighbours",
    "plain_text",
    "properties",
    "slope",
    "slope_gain",
    "torch_default",
    "undeclared_kinks",
    "value",
    "variance_map",
    "variance_slope",
]
