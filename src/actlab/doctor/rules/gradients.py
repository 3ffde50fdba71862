"""Rules about the gradient's way back: vanishing-gradient, exploding-gradient, growing-activations."""

from __future__ import annotations

import math
from collections.abc import Iterable

from .. import prescriptions as cure
from ..numbers import Numbers
from ..records import Finding
from .rule import Rule, by_harm, harm_words, listed, number, words
from .units import gradient_ratio, whole_layer_dead

DECADES = 1e-3  # the depth to which a gradient falls by three decades is the usual limit of trainable plain stacks


def per_layer(numbers: Numbers) -> list[tuple[str, float, float]]:
    """(path, predicted factor, measured factor) for each hidden activation where both are known."""
    return [
        (row.path, row.predicted_gradient_factor, row.measured_gradient_factor)
        for row in numbers.layers
        if row.role == "hidden"
        and row.predicted_gradient_factor is not None
        and row.measured_gradient_factor is not None
    ]


def predicted_total(numbers: Numbers) -> float:
    """The product of the factors that theory predicts over the hidden layers."""
    return math.prod(predicted for _, predicted, _ in per_layer(numbers))


def beside(numbers: Numbers, lang: str) -> str:
    """Prediction beside measurement, per layer, as a sentence."""
    rows = per_layer(numbers)
    if not rows:
        return ""
    geometric = math.exp(sum(math.log(max(m, 1e-300)) for *_, m in rows) / len(rows))
    expected = math.exp(sum(math.log(max(p, 1e-300)) for _, p, _ in rows) / len(rows))
    if lang == "zh":
        return (
            f"理论由各层自身的权重与激活函数预测每层因子 √(σ_w²·E[f'²]) 平均为 {number(expected)}，实测为 "
            f"{number(geometric)}。"
        )
    return (
        "From each layer's own weights and activation, theory predicts a factor sqrt(σ_w²·E[f'²]) of "
        f"{number(expected)} per layer on average; measured: {number(geometric)}. "
    )


def profile(numbers: Numbers) -> dict[str, object]:
    """The evidence shared by gradient findings."""
    rows = per_layer(numbers)
    return {
        "layers": [path for path, *_ in rows],
        "predicted_factor": [round(p, 6) for _, p, _ in rows],
        "measured_factor": [round(m, 6) for *_, m in rows],
        "gradient_norms": [w.gradient_norm for w in numbers.weights],
    }


class VanishingGradient(Rule):
    """The gradient loses three decades or more on its way to the first layer, and the network does not learn.

    What it does: compares the norm of the loss gradient at the first and at the last weight operation, before
    training; beside each layer's measured factor it gives what theory predicts from the layer's weights, sqrt(σ_w²
    E[f'(z)²]). An alarm only if the short training does not learn: residual networks and adaptive steps often cope.
    Why: layers that get a thousandth of the gradient stand still while the others fit noise.
    Sick: eight sigmoid layers with torch's default initialisation, a factor 0.14 each.
    Healthy: He-initialised ReLU, a factor 1 each.

    中文：梯度传到第一层时衰减了三个数量级以上，且网络学不动。
    做什么：训练前比较第一个与最后一个权重运算处的梯度范数；每层的实测因子旁给出由该层权重得到的理论值
    √(σ_w²·E[f'(z)²])。残差网络和自适应优化器往往应付得来，因此短训练学不动时才报警。
    为什么：只得到千分之一梯度的层停滞不前，其余各层却在拟合噪声。
    病例：默认初始化的 8 层 sigmoid，每层因子 0.14。
    健康例：He 初始化的 ReLU，每层因子 1。
    """

    code = "D201"
    name = "vanishing-gradient"
    title = words("Vanishing gradient", "梯度消失")
    reference = "Schoenholz et al. 2017, arXiv:1611.01232; Glorot & Bengio 2010, AISTATS"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        found = gradient_ratio(numbers)
        if found is None or found[0] >= DECADES or whole_layer_dead(numbers) or _not_finite_at_start(numbers):
            return
        ratio, first, last = found
        sites = [row for row in numbers.layers if row.role == "hidden"]
        kinds = listed(dict.fromkeys(row.kind for row in sites))
        en = (
            f"The gradient at {first or 'the first layer'} is {number(ratio)} of that at {last or 'the last'}: it "
            "fades "
            f"over {len(sites)} hidden activations ({kinds}). " + beside(numbers, "en")
        )
        zh = (
            f"{first or '第一层'} 处的梯度只有 {last or '最后一层'} 处的 {number(ratio)} 倍：它在 {len(sites)} "
            "个隐藏激活"
            f"（{kinds}）中逐层消失。" + beside(numbers, "zh")
        )
        yield self.finding(
            by_harm(numbers),
            [row.path for row in sites] or [first],
            {"ratio": ratio, "predicted_total": predicted_total(numbers), **profile(numbers)},
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            *cure.for_depth(numbers),
        )


class ExplodingGradient(Rule):
    """The gradient grows by three decades or more on its way to the first layer.

    What it does: the same comparison as vanishing-gradient, in the other direction, before training.
    Why: steps sized for the last layer throw the first one out of reach; losses oscillate or overflow.
    Sick: ReLU layers with weights three times larger than He's.
    Healthy: He initialisation, factor 1 per layer.

    中文：梯度传到第一层时放大了三个数量级以上。
    做什么：与 vanishing-gradient 相同的比较，方向相反，在训练之前进行。
    为什么：对末层合适的步长会把第一层抛出很远，损失振荡或溢出。
    病例：权重为 He 初始化三倍的 ReLU 网络。
    健康例：He 初始化，每层因子 1。
    """

    code = "D202"
    name = "exploding-gradient"
    title = words("Exploding gradient", "梯度爆炸")
    reference = "Pascanu et al. 2013, arXiv:1211.5063; Hanin 2018, arXiv:1801.03744"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        found = gradient_ratio(numbers)
        if found is None or found[0] <= 1 / DECADES:
            return
        ratio, first, last = found
        en = (
            f"The gradient at {first or 'the first layer'} is {number(ratio)} times that at {last or 'the last'}: it "
            "grows "
            "layer by layer. " + beside(numbers, "en")
        )
        zh = f"{first or '第一层'} 处的梯度是 {last or '最后一层'} 处的 {number(ratio)} 倍：逐层放大。" + beside(
            numbers, "zh"
        )
        yield self.finding(
            by_harm(numbers),
            [first],
            {"ratio": ratio, "predicted_total": predicted_total(numbers), **profile(numbers)},
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            *cure.for_depth(numbers),
            cure.clip_gradient(),
        )


class GrowingActivations(Rule):
    """Activations of a residual stack grow from block to block, and the first loss shows it.

    What it does: compares root mean squares of the weight operations' inputs along the depth; an alarm needs a
    hundredfold growth and a first loss more than twice what a constant output gets.
    Why: x + f(x) without a norm or a scale at least doubles the variance per block; 40 blocks reach 10^8.
    Sick: 40 blocks h + relu(W h) with He initialisation.
    Healthy: the same with branches scaled by a factor learned from zero, or by 1/L.

    中文：残差网络的激活逐块增大，初始损失因此异常高。
    做什么：沿深度比较各权重运算输入的均方根；增长百倍以上，且初始损失超过常数输出的两倍，才报警。
    为什么：没有归一化或缩放时，x + f(x) 每块至少使方差翻倍，40 块可达 10^8。
    病例：He 初始化的 40 个 h + relu(W h)。
    健康例：分支乘以从零学起的系数，或乘以 1/L。
    """

    code = "D203"
    name = "growing-activations"
    title = words("Activations grow with depth", "激活随深度增长")
    reference = "Brock et al. 2021, arXiv:2101.08692; Zhang et al. 2019, arXiv:1901.09321"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        sizes = [(w.path, math.sqrt(w.second_in)) for w in numbers.weights if w.second_in > 0]
        if numbers.residual_blocks < 3 or len(sizes) < 4:
            return
        first, (path, last) = sizes[1][1], max(sizes, key=lambda pair: pair[1])
        growth = last / first if first > 0 else math.inf
        reference = numbers.trivial if numbers.trivial is not None else None
        if growth < 100 or (reference is not None and not numbers.task_start > 2 * reference):
            return
        block = growth ** (1 / max(numbers.residual_blocks, 1))
        en = (
            f"Over {numbers.residual_blocks} residual sums the activations grow {number(growth)} times, "
            f"{number(block)} per block, to a root mean square of {number(last)} at {path or 'the output'}; the loss "
            f"starts at {number(numbers.task_start)}. "
        )
        zh = (
            f"经过 {numbers.residual_blocks} 次残差相加，激活增大 {number(growth)} 倍（每块 {number(block)} 倍），在 "
            f"{path or '输出'} 处均方根达 {number(last)}；损失从 {number(numbers.task_start)} 开始。"
        )
        yield self.finding(
            "illness" if numbers.learning != "yes" else "warning",
            [path],
            {
                "growth": growth,
                "per_block": block,
                "rms": [size for _, size in sizes],
                "loss_start": numbers.task_start,
            },
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            cure.scale_residual(numbers),
            cure.clip_gradient(),
        )


def _not_finite_at_start(numbers: Numbers) -> bool:
    return numbers.not_finite is not None and numbers.not_finite.step == 0
