"""ONNX: a module of ours, or a model that holds some, as a file that any ONNX runtime computes."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

OPSET = 20


def export(module: nn.Module, example: Tensor | tuple[Tensor, ...], path: str | Path | None = None) -> bytes:
    """The model as ONNX (opset 20), in evaluation mode; also written to `path` if one is given.

    example: input of the shape and dtype that the model will be given. `torch.onnx.export` with `dynamo=True` makes the
    same of our modules; this one is quiet and keeps the model's mode. Raises ModuleNotFoundError without onnxscript.
    """
    import_module("onnxscript")  # torch would say so only after much work
    trained = module.training
    module.eval()
    try:
        with _quiet(), torch.no_grad():
            given = example if isinstance(example, tuple) else (example,)
            program: Any = torch.onnx.export(module, given, opset_version=OPSET, dynamo=True, verbose=False)
    finally:
        module.train(trained)
    data: bytes = program.model_proto.SerializeToString()
    if path is not None:
        Path(path).write_bytes(data)
    return data


@contextlib.contextmanager
def _quiet() -> Generator[None]:
    """Without the exporter's progress lines and its warnings about its own future."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
