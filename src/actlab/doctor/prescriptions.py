"""Concrete cures: what to change, as a diff and as code to paste. `cures.py` carries them out on a model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from .numbers import LossNumbers, Numbers
from .records import Change, LayerNumbers, Prescription

PLAIN_DEPTH = 10  # plain layers beyond which the drift of an unstable variance map matters
UNSTABLE = 1.02  # V'(1) above it: an error in the variance grows by 2 % per layer and more


def told(en: str, zh: str) -> dict[str, str]:
    """One text in both languages."""
    return {"en": en, "zh": zh}


def gain_of(kind: str) -> float:
    """The gain 1/sqrt(E f(z)²) of an activation by name; 1 where it is unknown or has none."""
    from ..theory import gain

    try:
        return float(gain(kind))
    except (ValueError, KeyError, TypeError):
        return 1.0


def replace_activation(paths: Iterable[str], numbers: Numbers, to: str) -> Prescription:
    """Replace activation modules and draw the weights again with the new gain."""
    wanted = tuple(dict.fromkeys(paths))
    rows = [row for row in numbers.layers if row.path in wanted]
    kinds = {row.path: row.kind for row in rows}
    old = next(iter(kinds.values()), "softmax")
    gain = gain_of(to)
    deep = len({row.depth for row in rows}) > PLAIN_DEPTH
    changes = tuple(Change(path or "forward", kinds.get(path, "softmax"), to) for path in wanted)
    code = f"import actlab\nactlab.swap(model, {to!r}, where={list(wanted)!r}).apply()\n" + _init_code(
        gain, deep and unstable(to)
    )
    return Prescription(
        "replace-activation",
        changes,
        code,
        told(
            f"Replace the {len(wanted)} {old} activation(s) by {to} and draw the weights again with gain {gain:.4g} "
            "(the first layer with gain 1, because its input is not an activation's output). Where the activation is "
            "called as a function in forward(), change the call.",
            f"将 {len(wanted)} 处 {old} 换成 {to}，并以增益 {gain:.4g} 重新初始化权重（首层增益取 1，"
            "因为它的输入不是激活函数的输出）。"
            "若激活在 forward() 中以函数形式调用，请改写该调用。",
        ),
        {
            "paths": list(wanted),
            "kinds": [kinds.get(path, "softmax") for path in wanted],
            "to": to,
            "gain": gain,
            "level": deep and unstable(to),
        },
    )


def _init_code(gain: float, level: bool, only: Sequence[str] = ()) -> str:
    """Code that draws weights again: of all layers, or of those at the paths `only`."""
    kept = f"    if path not in {list(only)!r}:\n        continue\n" if only else ""
    lines = (
        "layers = [(p, m) for p, m in model.named_modules() if isinstance(m, (torch.nn.Linear, torch.nn.Conv2d))]\n"
        f"for i, (path, layer) in enumerate(layers):\n{kept}    fan_in = layer.weight[0].numel()\n"
        f"    torch.nn.init.normal_(layer.weight, 0, (1.0 if i == 0 else {gain:.4g}) / fan_in**0.5)\n"
        "    if layer.bias is not None:\n        torch.nn.init.zeros_(layer.bias)\n"
    )
    if level:
        lines += (
            "# then, layer by layer, divide each weight by the standard deviation of its output on one batch (LSUV)\n"
        )
    return lines


def unstable(kind: str) -> bool:
    """Whether a variance away from 1 grows along the depth at this activation's gain: V'(1) > UNSTABLE.

    V(q) = σ_w² E f(√q z)² with σ_w² = gain²; a central difference at q = 1.
    """
    from ..theory import moments

    try:
        step = 1e-3
        slope = (moments(kind, q=1 + step).second - moments(kind, q=1 - step).second) / (2 * step)
        return slope * gain_of(kind) ** 2 > UNSTABLE
    except (ValueError, KeyError, TypeError):
        return False


def reinitialise(paths: Sequence[str], numbers: Numbers, kind: str) -> Prescription:
    """Draw weights again with the gain of the activation that follows."""
    gain = gain_of(kind)
    wanted = tuple(dict.fromkeys(path for path in paths if path)) or tuple(
        w.path for w in numbers.weights if w.trainable
    )
    by_path = {w.path: w for w in numbers.weights}
    deep = len([row for row in numbers.layers if row.role == "hidden"]) > PLAIN_DEPTH
    changes = tuple(
        Change(
            path,
            f"weight variance {by_path[path].variance:.3g}/fan_in" if path in by_path else "weights",
            f"weight variance {gain**2:.3g}/fan_in, bias 0",
        )
        for path in wanted
    )
    return Prescription(
        "re-initialise",
        changes,
        _init_code(gain, deep and unstable(kind), () if set(wanted) >= set(by_path) else wanted),
        told(
            f"Draw the weights of {len(wanted)} layer(s) again with standard deviation gain/sqrt(fan_in), gain "
            f"{gain:.4g} for {kind} (1 for the first layer), and set biases to 0"
            + (
                "; then level each layer's output to deviation 1 on one batch (LSUV)."
                if deep and unstable(kind)
                else "."
            ),
            f"以标准差 gain/√fan_in 重新初始化 {len(wanted)} 层的权重，{kind} 的增益为 {gain:.4g}（首层取 1），"
            "偏置置零" + ("；再用一个批次逐层把输出标准差调到 1（LSUV）。" if deep and unstable(kind) else "。"),
        ),
        {"paths": list(wanted), "gain": gain, "level": deep and unstable(kind)},
    )


def revive_units(paths: Sequence[str], kind: str) -> Prescription:
    """Draw only the dead units again."""
    gain = gain_of(kind)
    return Prescription(
        "revive-units",
        tuple(
            Change(path, "units silent on every sample", f"drawn again with gain {gain:.4g}, bias 0") for path in paths
        ),
        f"layer = model.get_submodule({next(iter(paths), '')!r})\nwith torch.no_grad():\n"
        "    dead = (h <= 0).all(0)  # h: what this layer gives for all samples\n"
        f"    fresh = torch.randn_like(layer.weight) * {gain:.4g} / layer.weight[0].numel() ** 0.5\n"
        "    layer.weight[dead], layer.bias[dead] = fresh[dead], 0.0",
        told(
            "Draw only the dead units' weights again and set their bias to 0; the living ones keep what they know.",
            "只重新初始化死单元的权重并将其偏置置零；存活的单元保持不变。",
        ),
        {"paths": list(paths), "gain": gain},
    )


def for_depth(numbers: Numbers) -> tuple[Prescription, ...]:
    """For gradients that fade or grow: another activation where the present one must fade, else a new draw."""
    rows = [row for row in numbers.layers if row.role == "hidden"]
    paths = tuple(row.weight_path for row in rows if row.weight_path)
    weights = tuple(dict.fromkeys(paths)) or tuple(w.path for w in numbers.weights if w.trainable and not w.last)
    kind = rows[0].kind if rows else "relu"
    slow = [row.path for row in rows if row.saturating and row.best_slope <= 0.5 + 1e-6]
    if slow:
        return (replace_activation(slow, numbers, "gelu"), add_norm(weights))
    return (reinitialise(weights, numbers, kind), add_norm(weights))


def for_recurrence(path: str, kind: str) -> tuple[Prescription, ...]:
    """Through time: an orthogonal recurrent weight; for an LSTM open forget gates, for a plain RNN gates at all.

    kind: the module's mode, such as "LSTM" or "RNN_TANH".
    """
    orthogonal = Prescription(
        "re-initialise",
        (Change(f"{path}.weight_hh", "uniform, variance 1/(3 hidden)", "orthogonal"),),
        f"torch.nn.init.orthogonal_(model.{path}.weight_hh_l0)",
        told(
            "Draw the recurrent weight orthogonal, so that a step keeps the gradient's length.",
            "把循环权重初始化为正交矩阵，使每一步保持梯度长度。",
        ),
        {"paths": [path], "gain": 1.0, "level": False},
    )
    forget = Prescription(
        "forget-bias",
        (Change(f"{path}.bias_ih", "forget gate near 0", "forget gate 1"),),
        f"bias = model.{path}.bias_ih_l0\nwith torch.no_grad():\n    bias.chunk(4)[1].fill_(1.0)",
        told(
            "Draw the recurrent weight orthogonal and start the forget gates open, at a bias of 1.",
            "把循环权重初始化为正交矩阵，并将遗忘门偏置设为 1，使其一开始就打开。",
        ),
        {"path": path},
    )
    gates = Prescription(
        "gate-recurrence",
        (Change(path, "RNN", "GRU"),),
        f"model.{path} = torch.nn.GRU(old.input_size, old.hidden_size, old.num_layers, batch_first=old.batch_first)",
        told(
            "Or use a GRU, whose gates let the gradient pass over many steps; it returns what an RNN returns.",
            "或改用 GRU：门控让梯度在许多步内保持不变，其返回值与 RNN 相同。",
        ),
        {"path": path},
    )
    return (orthogonal, forget if kind == "LSTM" else gates) if not kind.startswith("GRU") else (orthogonal,)


def add_norm(paths: Sequence[str]) -> Prescription:
    """A layer norm after each weight layer."""
    return Prescription(
        "add-norm",
        tuple(Change(path, "layer", "layer followed by LayerNorm") for path in paths),
        "layer = torch.nn.Sequential(layer, torch.nn.LayerNorm(layer.out_features))",
        told(
            "Or put a LayerNorm after each hidden layer, which holds the variance at 1 whatever the weights do.",
            "或者在每个隐藏层后加 LayerNorm，无论权重如何变化都能把方差保持在 1。",
        ),
        {"paths": list(paths)},
    )


def insert_activations(numbers: Numbers) -> Prescription:
    """A ReLU after each weight layer but the last."""
    paths = tuple(w.path for w in numbers.weights if not w.last and w.op != "embedding")
    return Prescription(
        "insert-activations",
        tuple(Change(path, "layer", "layer followed by ReLU") for path in paths),
        "model = torch.nn.Sequential(layer1, torch.nn.ReLU(), layer2, torch.nn.ReLU(), layer3)",
        told(
            f"Put an activation (ReLU, or GELU) after each of the {len(paths)} hidden layers, and initialise with "
            "gain 1.414.",
            f"在 {len(paths)} 个隐藏层之后各加一个激活函数（ReLU 或 GELU），并以增益 1.414 初始化。",
        ),
        {"paths": list(paths), "to": "relu", "gain": math.sqrt(2)},
    )


def reset_bias(paths: Sequence[str], rows: Sequence[LayerNumbers]) -> Prescription:
    """Set biases (or batch-norm shifts) to 0."""
    known = {row.weight_path: row.bias_mean or 0.0 for row in rows}
    return Prescription(
        "reset-bias",
        tuple(Change(f"{path}.bias", f"mean {known.get(path, 0.0):.3g}", "0") for path in paths),
        "\n".join(f"torch.nn.init.zeros_(model.get_submodule({path!r}).bias)" for path in paths),
        told(
            "Set the bias to 0, so that half of the units are active on an ordinary input.",
            "将偏置置零，使普通输入下约一半单元处于激活状态。",
        ),
        {"paths": list(paths)},
    )


def lower_learning_rate(numbers: Numbers, divisor: int = 10) -> Prescription:
    """A smaller step."""
    rate = numbers.learning_rate
    return Prescription(
        "scale-learning-rate",
        (Change("optimizer", f"lr={rate:.3g}", f"lr={rate / divisor:.3g}"),),
        f"optimizer = torch.optim.{numbers.optimizer}(model.parameters(), lr={rate / divisor:.3g})",
        told(
            f"Lower the learning rate from {rate:.3g} to {rate / divisor:.3g}.",
            f"将学习率由 {rate:.3g} 降到 {rate / divisor:.3g}。",
        ),
        {"factor": 1 / divisor},
    )


def raise_learning_rate(numbers: Numbers) -> Prescription:
    """A step that moves the weights by the customary thousandth."""
    rate, new = numbers.learning_rate, numbers.learning_rate * numbers.customary_factor
    return Prescription(
        "scale-learning-rate",
        (Change("optimizer", f"lr={rate:.3g}", f"lr={new:.3g}"),),
        f"optimizer = torch.optim.{numbers.optimizer}(model.parameters(), lr={new:.3g})",
        told(
            f"Raise the learning rate from {rate:.3g} to {new:.3g}, which was tried and learns.",
            f"将学习率由 {rate:.3g} 提高到 {new:.3g}（已试过，能够学习）。",
        ),
        {"factor": numbers.customary_factor},
    )


def clip_gradient() -> Prescription:
    """Clip the gradient's norm."""
    return Prescription(
        "clip-gradient",
        (Change("optimizer", "step()", "clip_grad_norm_(1.0), then step()"),),
        "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # between backward() and step()",
        told(
            "Or clip the gradient's norm at 1 before each step, which bounds the damage but leaves the cause.",
            "或在每步之前将梯度范数裁剪到 1：能限制损害，但不消除原因。",
        ),
        {"norm": 1.0},
    )


def scale_residual(numbers: Numbers) -> Prescription:
    """Shrink the branches of a residual stack."""
    blocks = max(numbers.residual_blocks, 1)
    inner = [w.path for w in numbers.weights if not w.last][1:]
    return Prescription(
        "scale-residual",
        tuple(Change(f"{path}.weight", "weight", f"weight / {blocks}") for path in inner),
        "self.alpha = torch.nn.Parameter(torch.zeros(1))  # per block, in __init__\nx = x + self.alpha * "
        "self.branch(x)",
        told(
            f"Scale each residual branch, by a learned factor that starts at 0 (ReZero) or by 1/{blocks} in its "
            "weights, or "
            "put a norm before each branch.",
            f"为每个残差分支乘以从 0 学起的系数（ReZero），或将其权重乘以 1/{blocks}，或在分支前加归一化层。",
        ),
        {"paths": inner, "factor": 1 / blocks},
    )


def standardise_inputs() -> Prescription:
    """Standardise inputs inside the model, so that prediction does the same."""
    return Prescription(
        "standardise-inputs",
        (Change("input", "raw features", "(features - mean) / deviation, inside the model"),),
        "mean, std = x_train.mean(0), x_train.std(0)\nx = (x - mean) / std.clamp_min(1e-8)  # at training and at "
        "prediction",
        told(
            "Shift and scale each feature to mean 0 and deviation 1 with the training set's numbers, kept as buffers "
            "of the "
            "model so that prediction uses the same.",
            "用训练集的均值与标准差把每个特征变换到均值 0、标准差 1，并作为模型的缓冲保存，使预测时一致。",
        ),
    )


def standardise_targets(loss: LossNumbers) -> Prescription:
    """Standardise the target inside the model."""
    return Prescription(
        "standardise-targets",
        (Change("target", "raw", f"(target - {loss.target_mean:.4g}) / {loss.target_std:.4g}"),),
        f"target = (target - {loss.target_mean:.6g}) / {loss.target_std:.6g}\n"
        f"prediction = output * {loss.target_std:.6g} + {loss.target_mean:.6g}",
        told(
            "Train on the standardised target and turn the prediction back.",
            "在标准化后的目标上训练，预测时再变换回原单位。",
        ),
        {"mean": loss.target_mean, "std": loss.target_std},
    )
