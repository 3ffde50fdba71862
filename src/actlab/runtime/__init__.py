"""How a formula is run: compiled, cached, bridged to autograd, and launched by the kernel that suits the input.

`pointwise`, `in_place`, `gated` and `along_axis` are the only doors; which kernel answers behind them is this folder's
decision.
"""

from .axis import AxisKernel, along_axis, axis_kernel
from .bridge import pointwise
from .gated import Halves, gated
from .kernel import Kernel, kernel
from .native import in_place

__all__ = ["AxisKernel", "Halves", "Kernel", "along_axis", "axis_kernel", "gated", "in_place", "kernel", "pointwise"]
