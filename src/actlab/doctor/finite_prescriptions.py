"""Concrete cures where a number stops being finite or a gradient stops."""

from __future__ import annotations

from .calls import ROLES
from .numbers import Numbers
from .prescriptions import clip_gradient, lower_learning_rate, told
from .records import Change, Prescription


def clean_data(where: str) -> Prescription:
    """Fill in or drop what is missing."""
    return Prescription(
        "clean-data",
        (Change(where, "NaN or infinite values", "filled in or dropped"),),
        "bad = ~torch.isfinite(x)\nx = torch.where(bad, x[~bad].mean(), x)  # or drop the rows: x[~bad.any(1)]",
        told(
            "Fill missing inputs in with the feature's mean, at prediction too; drop samples whose target is missing.",
            "用特征均值填补缺失的输入（预测时同样处理），并删去目标缺失的样本。",
        ),
        {"where": where},
    )


_FINITE: dict[str, tuple[str, str, str]] = {
    "sqrt": ("Add a small number under the root.", "在根号内加一个小数。", "torch.sqrt(x + 1e-8)"),
    "norm": ("Add a small number under the norm's root.", "在范数的根号内加一个小数。",
             "(x.pow(2).sum(-1) + 1e-8).sqrt()"),
    "log": ("Use log_softmax, logsigmoid or log1p, or clamp.", "改用 log_softmax、logsigmoid 或 log1p，或先截断。",
            "torch.log(x.clamp_min(1e-8))"),
    "exp": ("Subtract the largest value first.", "先减去最大值。", "torch.exp(x - x.amax(-1, keepdim=True))"),
    "div": ("Keep the divisor away from zero.", "让除数远离零。", "a / (b + 1e-8)"),
    "truediv": ("Keep the divisor away from zero.", "让除数远离零。", "a / (b + 1e-8)"),
    "pow": ("Keep the base positive.", "保持底数为正。", "x.clamp_min(1e-8).pow(p)"),
    "softmax": ("A fully masked row has no softmax: give it one open place.",
                "整行被屏蔽时 softmax 无意义：至少留一个位置。",
                "scores.masked_fill(mask & ~mask.all(-1, keepdim=True), float('-inf'))"),
}  # fmt: skip


def make_finite(path: str, op: str) -> Prescription:
    """The usual guard at the call that broke."""
    en, zh, code = _FINITE[op]
    return Prescription(
        "make-finite", (Change(path or "forward", op, code),), code, told(en, zh), {"path": path, "op": op}
    )


def for_not_finite(numbers: Numbers, path: str, op: str) -> tuple[Prescription, ...]:
    """Where a number stops being finite: the call's guard (the library's loss, if none is used), else smaller steps."""
    if op in _FINITE:
        return (stable_loss(), make_finite(path, op)) if not numbers.losses else (make_finite(path, op),)
    slower = (lower_learning_rate(numbers), lower_learning_rate(numbers, 100), clip_gradient())
    return slower if op in ROLES else (stable_module(path, op), *slower)


def stable_module(path: str, op: str) -> Prescription:
    """The library's function in place of a module that writes it out."""
    return Prescription(
        "stable-module",
        (Change(path or "forward", op, "the library's function of the same values"),),
        f"model.{path} = torch.nn.Softplus()" if path.isidentifier() else "h = torch.nn.functional.softplus(h)",
        told(
            f"If {op} writes out a known function, such as log(1 + exp(x)), use the library's: it never overflows.",
            f"若 {op} 是把已知函数（如 log(1 + exp(x))）手写展开，请改用不会溢出的库函数。",
        ),
        {"path": path},
    )


def stable_loss() -> Prescription:
    """The library's loss in place of one written by hand."""
    return Prescription(
        "stable-loss",
        (Change("loss", "written with exp and log", "torch.nn.functional's, on raw scores"),),
        "loss = torch.nn.CrossEntropyLoss()  # or BCEWithLogitsLoss: log and exp cancel inside, without overflow",
        told(
            "If the loss is written by hand, use the library's: the same on raw scores, without overflow.",
            "若损失是手写的，请改用库函数：它在原始分数上计算同样的值且不会溢出。",
        ),
    )


def open_gradient(path: str, op: str) -> Prescription:
    """Remove what cuts the gradient."""
    return Prescription(
        "open-gradient",
        (Change(path or "forward", op, "a call with a gradient"),),
        "y = x  # instead of x.detach(); or x + (hard(x) - x).detach() for a straight-through step",
        told(
            f"Remove {op}, or replace it by a smooth function or a straight-through estimator.",
            f"去掉 {op}，或换成光滑函数或直通估计。",
        ),
        {"path": path, "op": op},
    )
