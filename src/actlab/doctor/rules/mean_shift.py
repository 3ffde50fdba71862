"""Rule mean-shift."""

from __future__ import annotations

from collections.abc import Iterable

from .. import prescriptions as cure
from ..numbers import Numbers
from ..records import Finding
from .rule import Rule, by_harm, harm_words, listed, number, words
from .units import MAJORITY, WHOLE, looped

LARGE = 10.0  # squared mean over variance: a mean above three deviations, as for inputs
BEYOND = 10.0  # times what weights without a mean give; over 8 units the ratio of two such means stays below 5


class MeanShift(Rule):
    """The units of a layer differ by their means, not by what they say about a sample.

    What it does: divides the mean of the units' squared means by the mean of their variances, over the samples, and
    compares it with c/(1-c), which weights without a mean give for inputs of mean cosine c. It speaks of layers where
    the ratio exceeds 10, and ten times the prediction; an alarm only if the network does not learn.
    Why: a unit that is always on is linear, all samples look alike to the next layer, and the error surface becomes a
    narrow valley.
    Sick: weights drawn from [0, 1), so that every unit adds everything up.
    Healthy: weights drawn symmetrically around 0, or a norm layer.

    中文：一层各单元之间只有均值不同，几乎不反映样本的差异。
    做什么：用各单元均值平方的平均除以其方差的平均，与零均值权重应有的 c/(1-c)（c 为输入的平均余弦）比较；比值超过 10
    且超过预测十倍的层会被指出，网络学不动时才报警。
    为什么：始终激活的单元等于线性，下一层看到的样本都差不多，误差曲面变成狭长的山谷。
    病例：权重取自 [0, 1)，每个单元都把一切加在一起。
    健康例：权重关于 0 对称，或使用归一化层。
    """

    code = "D405"
    name = "mean-shift"
    title = words("Means outweigh the signal", "均值盖过信号")
    reference = "Brock et al. 2021, arXiv:2101.08692; LeCun et al. 1998, Efficient BackProp, section 4.3"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        rows = [
            row
            for row in numbers.layers
            if row.role == "hidden"
            and row.units >= 8
            and row.weight_path is not None
            and row.weight_path not in looped(numbers)
            and row.mean_shift > max(LARGE, BEYOND * row.expected_mean_shift)
            and not row.affine
            and row.dead_share < WHOLE
            and row.saturated_elements <= MAJORITY
        ]
        if not rows or any(weight.identical_rows for weight in numbers.weights):
            return
        worst = max(rows, key=lambda row: row.mean_shift)
        en = (
            f"At {listed(row.path for row in rows)}, the units' squared means are up to {number(worst.mean_shift)} "
            f"times their variance over the samples; weights without a mean would give "
            f"{number(worst.expected_mean_shift)}. "
        )
        zh = (
            f"{listed((row.path for row in rows), 'zh')} 处，各单元均值的平方最多是其方差的 {number(worst.mean_shift)} "
            f"倍；零均值的权重应为 {number(worst.expected_mean_shift)}。"
        )
        paths = tuple(dict.fromkeys(row.weight_path or "" for row in rows))
        yield self.finding(
            by_harm(numbers, "warning"),
            [row.path for row in rows],
            {
                "mean_shift": [round(row.mean_shift, 3) for row in rows],
                "expected": [round(row.expected_mean_shift, 3) for row in rows],
            },
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            cure.reinitialise((), numbers, worst.kind),
            cure.add_norm(paths),
        )
