"""The dtypes that formulas are computed for, and the two of them that are computed in a wider one."""

import torch

# dtype -> (its name, the dtype that computes it)
DTYPES = {
    torch.float16: ("float16", torch.float32),
    torch.bfloat16: ("bfloat16", torch.float32),
    torch.float32: ("float32", torch.float32),
    torch.float64: ("float64", torch.float64),
}
HALF = tuple(dtype for dtype, (_, computed_in) in DTYPES.items() if computed_in is not dtype)
