"""How a formula is run: compiled, cached, bridged to autograd, and launched by the kernel that suits the input.

`pointwise` and `along_axis` are the only doors; which kernel answers behind them is this folder's decision.
"""

from .axis import AxisKernel, along_axis, axis_kernel
from .bridge import pointwise
from .kernel import Kernel, kernel

__all__ = ["AxisKernel", "Kernel", "along_axis", "axis_kernel", "kernel", "pointwise"]
