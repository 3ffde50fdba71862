"""How a formula is run: compiled, cached, bridged to autograd, and launched by the kernel that suits the input.

`pointwise`, `in_place`, `from_output`, `gated` and `along_axis` are the only doors; which kernel answers behind them is
this folder's decision.
"""

from .axis import AxisKernel, along_axis, axis_kernel
from .branches import Refused
from .bridge import pointwise
from .gated import Halves, gated
from .kept_output import from_output
from .kernel import Kernel, kernel
from .native import in_place
from .output_plan import Certificate, Plan, slope_plan

__all__ = [
    "AxisKernel",
    "Certificate",
    "Halves",
    "Kernel",
    "Plan",
    "Refused",
    "along_axis",
    "axis_kernel",
    "from_output",
    "gated",
    "in_place",
    "kernel",
    "pointwise",
    "slope_plan",
]
