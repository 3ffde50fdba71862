"""Rule selu-misuse."""

from __future__ import annotations

from collections.abc import Iterable

from .. import format_prescriptions as cures
from .. import prescriptions as cure
from ..numbers import Numbers
from ..records import Finding
from .rule import Rule, by_harm, harm_words, listed, number, words

# weight variance times fan-in: the self-normalising map keeps the variance within about 0.8..1.5 for values near 1
LOW, HIGH = 0.5, 2.0
FEWEST = 3  # layers; at a factor 2 each the variance is then off by almost ten


class SeluMisuse(Rule):
    """SELU without what makes it self-normalising: weights of variance 1/fan_in, and AlphaDropout.

    What it does: finds three or more hidden SELU layers and the variance of the weights before them; outside half to
    twice 1/fan_in the mean and variance no longer settle. An alarm only if the network does not learn; ordinary
    dropout after SELU is a note.
    Why: SELU's constants were solved for inputs of mean 0 and variance 1 and weights of variance 1/fan_in; with
    torch's default of 1/(3 fan_in) the signal shrinks layer by layer, as with any other activation.
    Sick: 16 layers of Linear and SELU with torch's default initialisation.
    Healthy: the same with kaiming_normal_(weight, nonlinearity="linear") and AlphaDropout.

    中文：使用 SELU 却缺少自归一化的条件：方差为 1/fan_in 的权重，以及 AlphaDropout。
    做什么：找出三层以上的隐藏 SELU 及其前面权重的方差；若在 1/fan_in 的一半到两倍之外，均值与方差就不再稳定。
    网络学不动时才报警；SELU 之后的普通 dropout 只作提示。
    为什么：SELU 的常数是针对均值 0、方差 1 的输入和方差为 1/fan_in 的权重求得的；PyTorch 默认的 1/(3·fan_in)
    会使信号逐层缩小，与其他激活函数无异。
    病例：默认初始化的 16 层 Linear+SELU。
    健康例：改用 kaiming_normal_(weight, nonlinearity="linear") 与 AlphaDropout。
    """

    code = "D406"
    name = "selu-misuse"
    title = words("SELU used without its conditions", "SELU 用法不当")
    reference = "Klambauer et al. 2017, arXiv:1706.02515"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        rows = [row for row in numbers.layers if row.kind == "selu" and row.role == "hidden"]
        by_path = {weight.path: weight.variance for weight in numbers.weights}
        drawn = [by_path[row.weight_path] for row in rows if row.weight_path in by_path]
        variance = sorted(drawn)[len(drawn) // 2] if drawn else 1.0
        off = len(rows) >= FEWEST and not LOW <= variance <= HIGH
        if not off and not (rows and numbers.plain_dropout):
            return
        en, zh = "", ""
        if off:
            en += (
                f"{len(rows)} hidden layers use SELU with weights of variance {number(variance)}/fan_in instead of "
                f"1/fan_in: from the first to the last, pre-activations go from a root mean square of "
                f"{number(rows[0].second ** 0.5)} to {number(rows[-1].second ** 0.5)}. "
            )
            zh += (
                f"{len(rows)} 个隐藏层使用 SELU，但权重方差为 {number(variance)}/fan_in 而非 1/fan_in："
                f"预激活的均方根从首层的 {number(rows[0].second ** 0.5)} 变为末层的 {number(rows[-1].second ** 0.5)}。"
            )
        if numbers.plain_dropout:
            places = [place.path for place in numbers.plain_dropout]
            en += f"Ordinary dropout at {listed(places)} shifts the mean and variance that SELU keeps. "
            zh += f"{listed(places, 'zh')} 处的普通 dropout 会改变 SELU 所保持的均值与方差。"
        paths = tuple(dict.fromkeys(row.weight_path for row in rows if row.weight_path))
        yield self.finding(
            by_harm(numbers) if off else "note",
            [row.path for row in rows],
            {"weight_variance": variance, "layers": len(rows), "plain_dropout": len(numbers.plain_dropout)},
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            *((cure.reinitialise(paths, numbers, "selu"),) if off else ()),
            *((cures.alpha_dropout(numbers.plain_dropout),) if numbers.plain_dropout else ()),
        )
