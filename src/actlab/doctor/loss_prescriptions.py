"""Concrete cures for the output, its loss and the classes."""

from __future__ import annotations

import math

from .numbers import LossNumbers, Producer
from .prescriptions import told
from .records import Change, Prescription


def remove_output(fault: Producer) -> Prescription:
    """Remove an output activation."""
    where = fault.path or "the model"
    return Prescription(
        "remove-output-activation",
        (Change(fault.path or "forward", fault.op, "nothing: raw scores"),),
        f"model.{fault.path} = torch.nn.Identity()" if fault.path.isidentifier() else "return scores  # no activation",
        told(
            f"Remove {fault.op} at {where} and pass raw scores; apply it when predicting, outside the loss.",
            f"去掉 {where} 处的 {fault.op}，直接传原始分数；预测时再在损失之外使用它。",
        ),
        {"path": fault.path, "op": fault.op},
    )


def replace_output(loss: LossNumbers, fault: Producer) -> Prescription:
    """An output activation whose range holds the target: softplus for targets that are never negative."""
    return Prescription(
        "replace-output-activation",
        (Change(fault.path or "forward", fault.op, "softplus"),),
        f"model.{fault.path} = torch.nn.Softplus()" if fault.path.isidentifier() else "return F.softplus(scores)",
        told(
            f"Or, as the targets ({loss.target_low:.3g} to {loss.target_high:.3g}) are never negative, replace "
            f"{fault.op} by softplus, which reaches all of them.",
            f"由于目标（{loss.target_low:.3g} 至 {loss.target_high:.3g}）从不为负，也可将 {fault.op} 换成 "
            "softplus，它能达到所有目标。",
        ),
        {"path": fault.path, "op": fault.op, "to": "softplus"},
    )


def use_cross_entropy(fault: Producer, remove: bool) -> Prescription:
    """Replace NLLLoss by CrossEntropyLoss on raw scores."""
    changes = [Change("loss", "NLLLoss", "CrossEntropyLoss")]
    if remove:
        changes.append(Change(fault.path or "forward", fault.op, "nothing: raw scores"))
    return Prescription(
        "use-cross-entropy",
        tuple(changes),
        "loss = torch.nn.CrossEntropyLoss()  # on raw scores",
        told(
            "Use CrossEntropyLoss on raw scores" + (f" and remove {fault.op}." if remove else "."),
            "改用 CrossEntropyLoss 并输入原始分数" + (f"，同时去掉 {fault.op}。" if remove else "。"),
        ),
        {"path": fault.path if remove else "", "op": fault.op if remove else ""},
    )


def set_dim(loss: LossNumbers, fault: Producer) -> Prescription:
    """Let the softmax run over the classes: the loss's axis 1, or the last one where the loss got other axes."""
    same = fault.rank == len(loss.input_shape)
    axis = 1 if loss.name in ("nll_loss", "cross_entropy") and same else -1
    return Prescription(
        "set-dim",
        (Change(fault.path or "forward", f"{fault.op}(dim={fault.dim})", f"{fault.op}(dim={axis})"),),
        f"{fault.op}(scores, dim={axis})",
        told(f"Let {fault.op} run over the class axis: dim={axis}.", f"让 {fault.op} 沿类别轴计算：dim={axis}。"),
        {"path": fault.path, "op": fault.op, "dim": axis},
    )


def one_unit(loss: LossNumbers, fault: Producer) -> Prescription:
    """One output unit: a sigmoid's loss on raw scores."""
    return Prescription(
        "one-output-unit",
        (Change(fault.path or "loss", fault.op, "BCEWithLogitsLoss on raw scores"),),
        "loss = torch.nn.BCEWithLogitsLoss()  # on raw scores, float targets of the same shape",
        told(
            "For one unit, drop the softmax and use BCEWithLogitsLoss on raw scores; or give two units to "
            "CrossEntropyLoss.",
            "单个输出单元请去掉 softmax，对原始分数使用 BCEWithLogitsLoss；或改为两个单元配 CrossEntropyLoss。",
        ),
        {"path": fault.path, "op": fault.op},
    )


def match_shapes(loss: LossNumbers) -> Prescription:
    """Give output and target the same shape."""
    return Prescription(
        "match-shapes",
        (Change("loss", f"target {loss.target_shape}", f"target {loss.input_shape}"),),
        "loss(output, target.reshape(output.shape))",
        told(
            "Reshape the target to the output's shape before the loss.",
            "在计算损失之前把目标变形为与输出相同的形状。",
        ),
    )


def classify(loss: LossNumbers) -> Prescription:
    """One output per class and cross-entropy."""
    return Prescription(
        "classify",
        (Change("output", "1 unit", f"{loss.distinct} units"), Change("loss", loss.name, "cross_entropy")),
        f"head = torch.nn.Linear(width, {loss.distinct})\nloss = torch.nn.CrossEntropyLoss()  # integer class codes",
        told(
            f"Give the network {loss.distinct} outputs and use CrossEntropyLoss with the integer codes; if the "
            "numbers "
            'are quantities, say so with task="regression".',
            f"将输出改为 {loss.distinct} 个单元，用 CrossEntropyLoss 配整数编号；"
            '若这些数确为数量，请设 task="regression"。',
        ),
        {"lowest": loss.target_low, "classes": loss.distinct},
    )


def multi_label() -> Prescription:
    """One sigmoid per label."""
    return Prescription(
        "multi-label",
        (Change("loss", "cross_entropy", "binary_cross_entropy_with_logits"),),
        "loss = torch.nn.BCEWithLogitsLoss()",
        told(
            "Use BCEWithLogitsLoss: each label is its own yes or no.",
            "改用 BCEWithLogitsLoss：每个标签各自判断是否成立。",
        ),
    )


def class_weights(loss: LossNumbers) -> Prescription:
    """Weights inversely proportional to class frequency."""
    total, classes = sum(loss.counts), len([c for c in loss.counts if c])
    weights = [round(total / (classes * count), 4) if count else 0.0 for count in loss.counts]
    binary = loss.name == "binary_cross_entropy_with_logits"
    ratio = round(loss.counts[0] / max(loss.counts[-1], 1), 4)
    code = (
        f"loss = torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor([{ratio}]))"
        if binary
        else f"loss = torch.nn.CrossEntropyLoss(weight=torch.tensor({weights}))"
    )
    shown = f"pos_weight={ratio}" if binary else f"weight={weights if len(weights) <= 12 else '[...]'}"
    return Prescription(
        "class-weights",
        (Change("loss", loss.name, f"{loss.name}({shown})"),),
        code,
        told(
            f"Weight the classes inversely to their counts: {shown}.",
            f"按样本数的倒数给各类加权：{shown}。",
        ),
        {"weights": weights, "pos_weight": ratio if binary else None, "loss": loss.name},
    )


def balanced_sampler(loss: LossNumbers) -> Prescription:
    """Draw the rare classes more often."""
    return Prescription(
        "balanced-sampler",
        (Change("data", "each sample once", "classes drawn equally often"),),
        f"counts = torch.tensor({list(loss.counts)})\nsampler = torch.utils.data.WeightedRandomSampler((1.0 / "
        "counts)[labels], len(labels))\n"
        "loader = torch.utils.data.DataLoader(dataset, batch_size, sampler=sampler)",
        told(
            "Or draw samples so that all classes come equally often.",
            "或用 WeightedRandomSampler 使各类被抽到的机会相同。",
        ),
    )


def prior_bias(loss: LossNumbers) -> Prescription:
    """An output bias that starts at what the class counts alone would say."""
    total = max(sum(loss.counts), 1)
    shares = [max(count, 1) / total for count in loss.counts]
    single = math.prod(loss.input_shape[1:]) == 1
    bias = [math.log(shares[-1] / shares[0])] if single else [math.log(share) for share in shares]
    shown = [round(b, 4) for b in bias]
    return Prescription(
        "prior-bias",
        (Change("output bias", "near 0", f"{shown if len(shown) <= 12 else '[...]'}"),),
        f"with torch.no_grad():\n    head.bias.copy_(torch.tensor({shown}))  # head: the last layer",
        told(
            "Or start the last layer's bias at the log of the class shares, so that the first steps are not spent on "
            "learning them.",
            "或将最后一层的偏置初始化为各类占比的对数，使最初几步不必浪费在学习占比上。",
        ),
        {"bias": bias},
    )
