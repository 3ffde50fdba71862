"""Out to ONNX and back: the exported model in onnxruntime gives what the module gives."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from ..integrations.onnx import export
from .comparison import counted
from .subject import Subject

# onnxruntime has its own exp, tanh and erf, right to a few ULP, and ONNX spells the rest by them: 2^-18 relative, and
# 2^-20 absolute, where a result near 0 is left over from larger ones
RELATIVE, ABSOLUTE = 2.0**-18, 2.0**-20


def _inputs() -> Tensor:
    """Rows of ten: ordinary numbers, both tails, and the special values in rows of their own."""
    line = torch.linspace(-12.3, 12.9, 300)
    tails = torch.logspace(0, 4, 45, dtype=torch.float64).to(torch.float32)
    special = torch.tensor([0.0, -0.0, math.inf, -math.inf, math.nan]).repeat_interleave(10)
    return torch.cat((line, tails, -tails, special)).reshape(-1, 10)


def runner(model: bytes) -> Any:
    """The model in onnxruntime, quiet and on one thread; ModuleNotFoundError without onnxruntime."""
    runtime: Any = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def onnx_round_trip(subject: Subject) -> int:
    """Exported to ONNX opset 20 and run in onnxruntime, the module gives its float32 values, infinities and NaN.

    Within 2^-18 of the value or 2^-20, whichever is more.
    """
    module = subject.module()
    module.eval()
    x = _inputs()
    if subject.along_axis:
        x = x[:30]
    run = runner(export(module, x))
    found = torch.from_numpy(run.run(None, {run.get_inputs()[0].name: x.numpy()})[0])
    with torch.no_grad():
        expected = module(x)
    assert found.dtype == expected.dtype, f"{subject.name}: ONNX gives {found.dtype} instead of {expected.dtype}"
    assert found.shape == expected.shape, f"{subject.name}: ONNX gives shape {tuple(found.shape)}"
    close = (found - expected).abs() <= RELATIVE * expected.abs() + ABSOLUTE
    wrong = ~((found == expected) | close | (found.isnan() & expected.isnan()))
    if wrong.any():
        k = int(torch.nonzero(wrong.flatten())[0])
        at = float(x.flatten()[k]) if x.shape == expected.shape else k
        pair = f"{float(found.flatten()[k])!r} and {float(expected.flatten()[k])!r}"
        raise AssertionError(f"{subject.name}: ONNX and torch give {pair} at {at!r} ({int(wrong.sum())} values differ)")
    return counted(found.numel(), subject.name)
