"""Cures for number formats, SELU networks and idle modules."""

from __future__ import annotations

from collections.abc import Sequence

from .numbers import Place
from .prescriptions import told
from .records import Change, Prescription


def widen_weights(weights: str) -> Prescription:
    """Weights in float32, computing in 16 bits under autocast."""
    return Prescription(
        "float32-weights",
        (Change("model", f"weights in {weights}", "weights in float32, computed under autocast"),),
        "model.float()\nwith torch.autocast(device_type, dtype=torch.bfloat16):\n    loss = loss_fn(model(x), y)",
        told(
            f"Keep the weights in float32 and compute under autocast: {weights} then only rounds products, never "
            "updates.",
            f"权重保持 float32，只在 autocast 下用 16 位计算：这样 {weights} 只影响乘积，不影响更新。",
        ),
    )


def scale_loss() -> Prescription:
    """Loss scaling."""
    return Prescription(
        "scale-loss",
        (Change("loss", "loss.backward()", "scaler.scale(loss).backward()"),),
        "scaler = torch.amp.GradScaler(device_type)\nscaler.scale(loss).backward()\nscaler.step(optimizer)\n"
        "scaler.update()",
        told(
            "Multiply the loss before backward and divide before the step, as GradScaler does: small gradients then "
            "stay above float16's smallest number. bfloat16 needs no scale.",
            "在反向传播前放大损失、在更新前还原（GradScaler），小梯度便不会低于 float16 的最小值。bfloat16 无需缩放。",
        ),
        {"factor": 1024.0},
    )


def use_bfloat16() -> Prescription:
    """The format with float32's range."""
    return Prescription(
        "use-bfloat16",
        (Change("model", "float16", "bfloat16"),),
        "with torch.autocast(device_type, dtype=torch.bfloat16):\n    loss = loss_fn(model(x), y)",
        told(
            "Compute in bfloat16, which reaches as far as float32, or keep this call in float32.",
            "改用 bfloat16（范围与 float32 相同），或让此处的运算保持 float32。",
        ),
    )


def alpha_dropout(places: Sequence[Place]) -> Prescription:
    """AlphaDropout in place of Dropout."""
    return Prescription(
        "alpha-dropout",
        tuple(Change(place.path or "forward", place.op, "AlphaDropout") for place in places),
        "torch.nn.AlphaDropout(p)  # instead of torch.nn.Dropout(p)",
        told(
            "Use AlphaDropout after SELU: it sets values to SELU's lower limit and keeps mean and variance.",
            "SELU 之后改用 AlphaDropout：它把值置为 SELU 的下限，并保持均值与方差。",
        ),
        {"paths": [place.path for place in places]},
    )


def use_module(places: Sequence[Place]) -> Prescription:
    """Call what was forgotten, or remove it."""
    return Prescription(
        "use-module",
        tuple(Change(place.path, "without effect on the loss", "called in forward(), or removed") for place in places),
        "\n".join(f"h = self.{place.path}(h)  # in forward()" for place in places[:3]),
        told(
            "Call the module where it was meant to be, or remove it so that nobody thinks it is trained.",
            "在应有的位置调用该模块，或将其删去，以免误以为它在训练。",
        ),
    )
