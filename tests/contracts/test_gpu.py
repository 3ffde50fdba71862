"""On a GPU every entry gives the numbers it gives on the CPU."""

from __future__ import annotations

import pytest
import torch

from actlab.catalogue import ENTRIES
from actlab.testing import subject
from actlab.testing.comparison import close
from actlab.testing.number_checks import tensor_derivative
from actlab.testing.subject import ROWS
from actlab.testing.tensor_checks import generic

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU that torch can use"),
]


@pytest.mark.parametrize("name", ENTRIES)
def test_values_and_slopes_on_a_gpu_are_exact(name: str) -> None:
    """In float64 value and slope on a GPU agree with the 60-digit oracle to 1e-12, as on the CPU."""
    asked = subject(name)
    if asked.along_axis:
        for row in ROWS:
            x = torch.tensor(row, dtype=torch.float64)
            torch.testing.assert_close(
                asked.tensors(x.cuda()).cpu(), asked.tensors(x), rtol=1e-12, atol=1e-15, equal_nan=True
            )
        return
    for order in (0, 1):
        x = torch.tensor(asked.points(), dtype=torch.float64)
        found = tensor_derivative(asked.tensors, x.cuda(), order).cpu()
        close(found.numpy(), asked.truths(order), asked.points(), f"{name} on a GPU", absolute=1e-30)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("name", ENTRIES)
def test_a_gpu_keeps_dtype_and_device(name: str, dtype: torch.dtype) -> None:
    """Output and gradient stay on the device, in the input's dtype, close to the CPU's."""
    asked = subject(name)
    x = generic(dtype).cuda().requires_grad_()
    y = asked.tensors(x)
    y.sum().backward()
    assert y.device == x.device and y.dtype == dtype
    assert x.grad is not None and x.grad.dtype == dtype
    torch.testing.assert_close(
        y.detach().cpu(), asked.tensors(generic(dtype)), rtol=4 * torch.finfo(dtype).eps, atol=1e-6
    )
