"""When to use an activation and when not, said for any entry from its computed properties."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..catalogue import Entry, find
from ..theory import properties
from . import usage_of_rows
from .facts import Facts, Remark, Sentence, learned


@dataclass(frozen=True)
class Usage:
    """When to use an activation and when not: sentences in both languages, `{"en": ..., "zh": ...}`."""

    when: tuple[Sentence, ...]
    when_not: tuple[Sentence, ...]

    def explain(self, lang: str = "en") -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The two lists of sentences in one language."""
        return tuple(each[lang] for each in self.when), tuple(each[lang] for each in self.when_not)


WHEN: tuple[Remark, ...] = (
    Remark(
        lambda f: f.passes and f.p.smoothness < 2,
        "Hidden layers of deep networks: on the positive side the slope stays at {slope:.3g}, so gradients do not die "
        "out with depth. Weights at gain {gain:.3f}.",
        "深层网络的隐藏层：正半轴导数保持在 {slope:.3g}，梯度不会随深度消失。权重按增益 {gain:.3f} 初始化。",
        lambda f: {"slope": f.p.slope_limits[1], "gain": f.p.gain or 1.0},
    ),
    Remark(
        lambda f: f.passes and f.p.smoothness >= 2,
        "Hidden layers of deep networks: to the right the slope tends to {slope:.3g}, and it has no corner. "
        "Weights at gain {gain:.3f}.",
        "深层网络的隐藏层：向右导数趋于 {slope:.3g}，且没有折角，优化更平稳。权重按增益 {gain:.3f} 初始化。",
        lambda f: {"slope": f.p.slope_limits[1], "gain": f.p.gain or 1.0},
    ),
    Remark(
        lambda f: f.normalises and not f.affine,
        "Deep fully connected stacks without normalisation layers: mean 0 and variance 1 are a stable fixed point.",
        "没有归一化层的深层全连接网络：零均值、单位方差是稳定的不动点。",
    ),
    Remark(
        lambda f: f.scalar and f.unit,
        "Gates, and the probability of one yes-or-no outcome: the output lies between 0 and 1.",
        "门控，以及单个“是/否”事件的概率：输出介于 0 与 1 之间。",
    ),
    Remark(
        lambda f: f.scalar and f.p.bounded and f.p.odd and f.saturates,
        "Recurrent states and outputs in a symmetric range: centred at 0 and never beyond {bound:.4g}.",
        "循环网络的状态，以及取值范围对称的输出：以 0 为中心，绝对值不超过 {bound:.4g}。",
        lambda f: {"bound": f.p.range.high.value},
    ),
    Remark(
        lambda f: f.confined,
        "Where activations must stay within {low:.3g} and {high:.3g}, as for integer arithmetic.",
        "要求激活值限制在 {low:.3g} 与 {high:.3g} 之间的场合，例如整数运算。",
        lambda f: {"low": f.p.range.low.value, "high": f.p.range.high.value},
    ),
    Remark(
        lambda f: f.scalar and (f.p.range.low.value, f.p.range.low.attained) == (0.0, False) and not f.p.bounded_above,
        "Outputs that must be positive, such as variances and rates.",
        "必须为正的输出，例如方差与速率。",
    ),
    Remark(
        lambda f: f.scalar and f.p.range.high.value == 0 and not f.p.bounded_below,
        "Log-probabilities: the output is the logarithm of a number between 0 and 1.",
        "对数概率：输出是 0 与 1 之间某数的对数。",
    ),
    Remark(
        lambda f: f.scalar and f.p.limits[1] == math.inf and f.p.slope_limits[1] == 0,
        "Inputs of very different sizes: far out it grows ever more slowly, so large ones do not drown the small.",
        "输入大小相差悬殊的场合：越远增长越慢，大的输入不会淹没小的输入。",
    ),
    Remark(
        lambda f: f.scalar and f.p.slope_limits[1] == math.inf,
        "Outputs that grow faster than the input, such as undoing a logarithm.",
        "输出增长快于输入的场合，例如还原对数。",
    ),
    Remark(
        lambda f: f.scalar and not f.passes and not f.affine and 0 < abs(f.p.slope_limits[0]) < math.inf,
        "Where negative inputs matter most: to the left the slope tends to {slope:.3g} and gradients pass.",
        "负输入最重要的场合：向左导数趋于 {slope:.3g}，梯度得以通过。",
        lambda f: {"slope": f.p.slope_limits[0]},
    ),
    Remark(
        lambda f: f.scalar and f.affine,
        "The output of a regression, and raw scores for a loss that applies its own sigmoid or softmax.",
        "回归任务的输出，以及交给自带 sigmoid 或 softmax 的损失函数的原始得分。",
    ),
    Remark(
        lambda f: f.scalar and f.p.smoothness == math.inf and not f.affine and not f.saturates,
        "Where derivatives of the network itself are needed (physics-informed losses, gradients by the input): every "
        "derivative exists.",
        "需要对网络本身求导的场合（物理约束损失、对输入的梯度）：任意阶导数都存在。",
    ),
    Remark(
        lambda f: f.scalar and (f.p.zero_share or 0) > 0.25,
        "Where sparse activations are welcome: {share:.0%} of the outputs are exactly 0 for a standard normal input.",
        "希望激活稀疏的场合：标准正态输入下 {share:.0%} 的输出恰为 0。",
        lambda f: {"share": f.p.zero_share},
    ),
    Remark(
        lambda f: f.scalar and f.p.cost.transcendental == 0 and not f.affine,
        "Where speed counts: it needs no exponential or other transcendental function.",
        "注重速度的场合：不需要指数等超越函数。",
    ),
    Remark(
        lambda f: f.p.period is not None,
        "Signals, images and coordinates with detail at many scales; the pattern repeats every {period:.4g}.",
        "信号、图像、坐标等多尺度细节的表示；函数以 {period:.4g} 为周期重复。",
        lambda f: {"period": f.p.period},
    ),
    Remark(
        lambda f: f.scalar and f.bump,
        "Units that answer to closeness: the output is largest at 0 and vanishes far away.",
        "对“接近程度”作出响应的单元：在 0 处输出最大，远处趋于 0。",
    ),
    Remark(
        lambda f: f.scalar and f.p.even and not f.p.bounded,
        "Where only the size of the input matters and not its sign.",
        "只关心输入大小、不关心正负的场合。",
    ),
    Remark(
        lambda f: bool(learned(f)) and f.scalar,
        "When the best shape is not known beforehand: training finds {names}.",
        "事先不知道哪种形状最好时：训练会自行找到 {names}。",
        lambda f: {"names": ", ".join(learned(f))},
    ),
    Remark(
        lambda f: f.p.rows is None and not f.p.trainable,
        "Hard decisions after training, and layers trained with a straight-through or surrogate gradient.",
        "训练完成后的硬判决，以及配合直通估计或替代梯度训练的层。",
    ),
    Remark(
        lambda f: f.p.kind == "straight-through",
        "Hard decisions inside a network that is trained by gradient: binary or few-valued units, and spikes.",
        "在用梯度训练的网络中做硬决策：二值或少数几值的单元，以及脉冲。",
    ),
    Remark(
        lambda f: f.scalar and f.swings and f.p.period is None,
        "Signals, images and coordinates with detail at many scales: it goes on turning and never repeats exactly.",
        "信号、图像、坐标等多尺度细节的表示：它不断起伏，又不严格重复。",
    ),
    *usage_of_rows.WHEN,
)

WHEN_NOT: tuple[Remark, ...] = (
    Remark(
        lambda f: f.p.rows is None and not f.p.trainable,
        "Anything trained by plain gradient descent: the slope is 0 wherever it exists, so nothing before it learns.",
        "任何直接用梯度下降训练的场合：导数处处为 0，其前面的层学不到任何东西。",
    ),
    Remark(
        lambda f: f.scalar and f.affine,
        "Between hidden layers: layers with nothing but straight lines between them are one linear layer.",
        "隐藏层之间：若各层之间只有直线，整个网络仍等价于一个线性层。",
    ),
    Remark(
        lambda f: f.fading is not None and f.fading.factor < 1,
        "Deep stacks of hidden layers: the slope is at most {peak:.3g} and dies out on both sides; with PyTorch's "
        "default initialisation the gradient keeps {factor:.2f} of its norm per layer, a thousandth after {depth:.0f} "
        "layers.",
        "多层堆叠的隐藏层：导数最大 {peak:.3g}，两侧都趋于 0；在 PyTorch 默认初始化下，梯度范数每层只剩 {factor:.2f} "
        "倍，约 {depth:.0f} 层后降到千分之一。",
        lambda f: {"peak": f.p.lipschitz, **_default(f)},
    ),
    Remark(
        lambda f: f.fading is not None and f.fading.factor >= 1,
        "Deep stacks of hidden layers: the slope dies out on both sides, so units that are driven there stop learning.",
        "多层堆叠的隐藏层：两侧导数都趋于 0，被推到那里的单元会停止学习。",
    ),
    Remark(
        lambda f: f.scalar and f.saturates and f.p.smoothness <= 0,
        "Where inputs may leave the range from {low:.3g} to {high:.3g}: the slope outside is 0, and no gradient brings "
        "them back.",
        "输入可能超出 {low:.3g} 到 {high:.3g} 范围的场合：范围外导数为 0，没有梯度能把它们拉回来。",
        lambda f: {"low": f.p.saturation[0], "high": f.p.saturation[1]},
    ),
    Remark(
        lambda f: f.scalar and not f.saturates and (f.p.zero_slope_share or 0) > 0.25,
        "High learning rates and large negative biases: the slope is exactly 0 for {share:.0%} of standard normal "
        "inputs, and a unit that sees only those gets no gradient and stays dead.",
        "学习率过高或存在很大负偏置时：标准正态输入中 {share:.0%} 的导数恰为 0，只遇到这些输入的单元得不到梯度而死亡。",
        lambda f: {"share": f.p.zero_slope_share},
    ),
    Remark(
        lambda f: f.scalar and abs(f.shift) > 0.5,
        "Before a layer that wants centred inputs: its mean output is {mean:.2f} for a standard normal input, which "
        "shifts every unit that follows; put normalisation in between.",
        "后接需要零均值输入的层时：标准正态输入下平均输出为 {mean:.2f}，会使后面所有单元一起偏移；中间应加归一化。",
        lambda f: {"mean": f.p.mean},
    ),
    Remark(
        lambda f: f.passes and f.drift > 1.02,
        "More than ten plain layers without normalisation or skip connections: a variance error grows by {drift:.3f} "
        "per layer, however well the weights are drawn.",
        "超过十层且没有归一化或残差连接的普通堆叠：无论初始化多好，方差误差每层都会放大 {drift:.3f} 倍。",
        lambda f: {"drift": f.drift},
    ),
    Remark(
        lambda f: f.scalar and not f.p.bounded and not f.affine,
        "The state of a recurrent network, or an output with a fixed range: nothing bounds it.",
        "循环网络的状态，或范围固定的输出：它没有界。",
    ),
    Remark(
        lambda f: f.scalar and f.p.even,
        "Where the sign of the input carries information: x and -x give the same output.",
        "输入的正负号含有信息的场合：x 与 −x 的输出相同。",
    ),
    Remark(
        lambda f: f.p.period is not None or f.swings,
        "Without the initialisation made for it: the slope changes sign again and again, with many local minima.",
        "没有采用专门初始化的场合：导数反复变号，会留下许多局部极小值。",
    ),
    Remark(
        lambda f: f.scalar and f.narrow < 20 and f.p.smoothness > 0,
        "Large inputs in half precision: in float16 all outputs are equal from |x| = {narrow:.3g} on.",
        "半精度下输入较大的场合：在 float16 中，从 |x| = {narrow:.3g} 起所有输出都相同。",
        lambda f: {"narrow": f.narrow},
    ),
    Remark(
        lambda f: f.scalar and f.p.cost.transcendental > 1,
        "Where every microsecond counts: {calls} transcendental calls per element.",
        "对时间极其敏感的场合：每个元素需要 {calls} 次超越函数计算。",
        lambda f: {"calls": f.p.cost.transcendental},
    ),
    Remark(
        lambda f: f.p.kind == "straight-through",
        "Where the gradient must be that of the loss, as in a check by differences: the slope is a stand-in's.",
        "要求梯度就是损失的梯度的场合（例如数值差分检验）：它的斜率来自替身。",
    ),
    Remark(
        lambda f: f.p.kind == "random",
        "Where the same input must give the same output during training.",
        "训练中要求同一输入得到同一输出的场合。",
    ),
    Remark(
        lambda f: f.p.domain != (-math.inf, math.inf),
        "Inputs outside ({low}, {high}): it is not defined there.",
        "输入超出 ({low}, {high}) 的场合：在那里没有定义。",
        lambda f: {"low": _bound(f.p.domain[0]), "high": _bound(f.p.domain[1])},
    ),
    *usage_of_rows.WHEN_NOT,
)


def _bound(end: float) -> str:
    return f"{end:.4g}" if math.isfinite(end) else "∞" if end > 0 else "−∞"


def _default(facts: Facts) -> dict[str, object]:
    settled = facts.fading
    assert settled is not None
    return {"factor": settled.norm_factor, "depth": settled.depth()}


def use(name: str | Entry, **params: object) -> Usage:
    """When to use an activation and when not, from its properties with these parameters.

    Raises what `properties` raises.
    """
    entry = find(name)
    facts = Facts(properties(entry, **params), entry)
    when, when_not = (
        tuple(remark.about(facts) for remark in remarks if remark.true(facts)) for remarks in (WHEN, WHEN_NOT)
    )
    return Usage(when, when_not)
