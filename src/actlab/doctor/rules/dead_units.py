"""Rule dead-units."""

from __future__ import annotations

from collections.abc import Iterable

from .. import prescriptions as cure
from ..numbers import Numbers
from ..records import Finding
from .rule import Rule, harm_words, listed, number, percent, words
from .units import NOTEWORTHY, WHOLE, beyond_chance, dead_layers


class DeadUnits(Rule):
    """Units whose slope is zero on every sample: nothing flows through them, in neither direction.

    What it does: counts units (channels), not values; a unit is alive if its slope exceeds a thousandth of the
    steepest on any sample or position. At least 1000 samples, or all there are, are looked at: silence on 1000 means
    active on fewer than 0.3 %. The share must exceed a fifth and, beyond four standard deviations, what chance gives:
    how many of 512 random units the same inputs leave silent, or theory where the layer is no plain one. A healthy
    20-layer He network has about a quarter of its last units silent on any batch.
    Why: a dead unit receives no gradient, so it stays dead; a dead layer cuts off everything before it.
    Sick: a hidden Linear with bias -10 before ReLU.
    Healthy: a sparse layer with 90 % zeros whose units all fire sometimes.

    中文：在全部样本上斜率都为零的单元：正反两个方向都没有信号通过。
    做什么：按单元（通道）而非按数值统计；只要在任一样本或位置上斜率超过最大斜率的千分之一，就算活着。至少看 1000 个样
    本或全部样本：1000 个样本上都沉默，说明激活概率低于 0.3%。死亡比例需超过五分之一，并比偶然情形高出四个标准差；偶然
    情形指 512 个随机单元在同样输入上沉默的比例，非普通线性层则用理论值。健康的 20 层 He 网络，任一批次上末层也约有四
    分之一的单元沉默。
    为什么：死单元收不到梯度，因此不会自行恢复；整层死亡会切断前面各层。
    病例：ReLU 之前的隐藏 Linear，偏置为 -10。
    健康例：激活稀疏（90% 为零）但每个单元都偶尔激活的层。
    """

    code = "D101"
    name = "dead-units"
    title = words("Dead units", "死单元")
    reference = "Lu et al. 2020, arXiv:1903.06733; Sokar et al. 2023, arXiv:2302.12902"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        layers = dead_layers(numbers)
        if not layers:
            return
        whole = any(share >= WHOLE for _, share in layers)
        worst, share = max(layers, key=lambda pair: pair[1])
        grown = worst.dead_share_end - worst.dead_share > NOTEWORTHY
        born = any(beyond_chance(row, row.dead_share) for row, _ in layers)
        severity = "illness" if whole or numbers.learning == "no" else "warning"
        smaller = any(numbers.trial_helps(f"learning rate / {n}") for n in (10, 100))
        if not born and (numbers.learning == "yes" or (numbers.learning == "unclear" and not whole and not smaller)):
            severity = "note"
        en = (
            f"In {listed(row.path for row, _ in layers)}, up to {percent(share)} of the units are dead: on all "
            f"{worst.samples} samples their slope is zero, where {percent(worst.expected_dead_share)} would be "
            "chance. "
        )
        zh = (
            f"{listed((row.path for row, _ in layers), 'zh')} 中最多有 {percent(share)} 的单元已死：在全部 "
            f"{worst.samples} 个样本上斜率都为零，而偶然情形只应有 {percent(worst.expected_dead_share)}。"
        )
        biased = [row for row, _ in layers if _pushed_down(row.mean, row.std, row.bias_mean)]
        if biased:
            row = biased[0]
            en += (
                f"The bias there averages {number(row.bias_mean or 0)}, so pre-activations lie at {number(row.mean)} "
                f"± {number(row.std)}. "
            )
            zh += f"该处偏置平均为 {number(row.bias_mean or 0)}，预激活值落在 {number(row.mean)} ± {number(row.std)}。"
        elif grown:
            en += f"They died in training ({percent(worst.dead_share)} at the start): the steps are too large. "
            zh += f"它们是在训练中死去的（开始时为 {percent(worst.dead_share)}）：步长过大。"
        paths = tuple(row.path for row, _ in layers)
        weights = tuple(dict.fromkeys(row.weight_path for row, _ in layers if row.weight_path))
        cures = [cure.reset_bias([row.weight_path for row in biased if row.weight_path], biased)] if biased else []
        if grown:
            cures.append(cure.lower_learning_rate(numbers))
        cures.append(cure.revive_units(weights, "relu"))
        cures.append(cure.reinitialise(weights, numbers, "relu"))
        cures.append(cure.replace_activation(paths, numbers, "leaky_relu"))
        yield self.finding(
            severity,
            paths,
            {
                "dead_share": [round(share, 4) for _, share in layers],
                "expected_dead_share": [round(row.expected_dead_share, 4) for row, _ in layers],
                "dead_share_start": [round(row.dead_share, 4) for row, _ in layers],
                "units": [row.units for row, _ in layers],
                "samples": worst.samples,
                "at_start": born,
            },
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            *cures,
        )


def _pushed_down(mean: float, std: float, bias: float | None) -> bool:
    return bias is not None and bias < 0 and mean < -2 * std
