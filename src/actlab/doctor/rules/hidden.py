"""Rules about the hidden non-linearity: linear-collapse, identity-activation, saturating and softmax hidden layers."""

from __future__ import annotations

from collections.abc import Iterable

from .. import prescriptions as cure
from ..calls import ROLES
from ..numbers import Numbers
from ..records import Finding
from .rule import Rule, by_harm, harm_words, listed, number, words

STRAIGHT = (
    1e-4  # chords of an affine map differ by float32 rounding only, about 1e-6; non-linear programs stay above 1e-2
)


class LinearCollapse(Rule):
    """The whole network is one affine map, however many layers it has.

    What it does: on chords of the data it compares f((a+b)/2) with (f(a)+f(b))/2, before the output activation, at
    the start and at the end; only a straight map gives 0. One layer, or a deliberate bottleneck (a low-rank factor, a
    PCA autoencoder), is no fault.
    Why: layers without a non-linearity between them multiply out to one; depth and width buy nothing.
    Sick: Linear-Linear-Linear.
    Healthy: the same with ReLU between.

    中文：无论多少层，整个网络只是一个仿射变换。
    做什么：在数据的弦上比较 f((a+b)/2) 与 (f(a)+f(b))/2（输出激活之前，训练前后各一次），只有直线才得 0。单层或有意的
    瓶颈（低秩分解、PCA 自编码器）不算故障。
    为什么：层与层之间没有非线性，乘起来就是一层，深度与宽度都白费。
    病例：Linear-Linear-Linear。
    健康例：中间加上 ReLU。
    """

    code = "D301"
    name = "linear-collapse"
    title = words("The network is one linear map", "网络退化为线性映射")
    reference = "Minsky & Papert 1969; Goodfellow et al. 2016, section 6.1"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        if numbers.weight_operations < 2 or numbers.reduced_rank:
            return
        if not (numbers.residual_start < STRAIGHT and not numbers.residual_end >= STRAIGHT):
            return
        affine = [row for row in numbers.layers if row.affine and row.role == "hidden"]
        bent = [row for row in numbers.layers if not row.affine and row.role == "hidden"]
        where = [place.path for place in numbers.straight] or [row.path for row in affine] or ["model"]
        en = (
            f"The {numbers.weight_operations} weight layers make one affine map: at the middle of random chords the "
            f"output departs from a straight line by {number(numbers.residual_start)} of the chord's height. "
        )
        zh = (
            f"{numbers.weight_operations} 个权重层合起来只是一个仿射变换：在随机弦的中点，输出偏离直线仅为弦高的 "
            f"{number(numbers.residual_start)}。"
        )
        if affine:
            en += (
                f"{affine[0].kind} at {listed(row.path for row in affine)} is a straight line with its present "
                "settings. "
            )
            zh += f"{listed((row.path for row in affine), 'zh')} 的 {affine[0].kind} 在现有参数下是一条直线。"
        elif bent:
            en += f"The activations at {listed(row.path for row in bent)} bend, but no value meets their bend. "
            zh += f"{listed((row.path for row in bent), 'zh')} 的激活函数本有弯曲，但没有数值落到弯曲处。"
        else:
            en += "No activation stands between them. "
            zh += "各层之间没有激活函数。"
        cures = (
            [cure.replace_activation(tuple(row.path for row in affine), numbers, "relu")]
            if affine
            else [cure.reinitialise((), numbers, bent[0].kind)]
            if bent
            else [cure.insert_activations(numbers)]
        )
        yield self.finding(
            "illness",
            where,
            {
                "departure_start": numbers.residual_start,
                "departure_end": numbers.residual_end,
                "weight_layers": numbers.weight_operations,
            },
            en,
            zh,
            *cures,
        )


class IdentityActivation(Rule):
    """An activation whose settings make it a straight line.

    What it does: measures every activation on a grid; a constant slope is no non-linearity.
    Why: it stands where a bend was meant to be.
    Sick: LeakyReLU(negative_slope=1.0).
    Healthy: LeakyReLU(0.01); nn.Identity as a placeholder is no activation and is not looked at.

    中文：激活函数的参数使它变成直线。
    做什么：在网格上测量每个激活函数；斜率处处相同就没有非线性。
    为什么：本该弯曲的地方成了直线。
    病例：LeakyReLU(negative_slope=1.0)。
    健康例：LeakyReLU(0.01)；作占位用的 nn.Identity 不是激活函数，不检查。
    """

    code = "D302"
    name = "identity-activation"
    title = words("An activation that is a straight line", "激活函数是一条直线")
    reference = "Goodfellow et al. 2016, section 6.3"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        rows = [
            row for row in numbers.layers if row.affine and row.role == "hidden" and ROLES.get(row.kind) == "activation"
        ]
        if not rows:
            return
        en = (
            f"{rows[0].kind} at {listed(row.path for row in rows)} has the same slope ({number(rows[0].best_slope)}) "
            "everywhere: it bends nothing."
        )
        zh = (
            f"{listed((row.path for row in rows), 'zh')} 的 {rows[0].kind} "
            f"处处斜率相同（{number(rows[0].best_slope)}）：没有任何弯曲。"
        )
        paths = tuple(row.path for row in rows)
        yield self.finding(
            "warning", paths, {"slope": rows[0].best_slope}, en, zh, cure.replace_activation(paths, numbers, "relu")
        )


class SaturatingHiddenActivation(Rule):
    """Three or more hidden layers with an activation whose slope never exceeds one half, such as sigmoid.

    What it does: counts hidden activations flat on both sides with a steepest slope of at most 0.5 (gates and
    attention excepted); an alarm needs three at different depths, a gradient that falls tenfold across them, and a
    network that does not learn.
    Why: each such layer at least halves the gradient; sigmoid quarters it.
    Sick: three sigmoid layers, plain SGD.
    Healthy: tanh, whose slope is 1 at 0; a sigmoid gate; one sigmoid layer.

    中文：三层以上的隐藏激活斜率从不超过二分之一（如 sigmoid）。
    做什么：统计两侧饱和、最大斜率不超过 0.5 的隐藏激活（门与注意力除外）；不同深度至少三层、梯度穿过它们降到十分之一
    以下、且网络学不动，才报警。
    为什么：每经过一层梯度至少减半，sigmoid 则只剩四分之一。
    病例：三层 sigmoid 配普通 SGD。
    健康例：tanh（0 处斜率为 1）；sigmoid 门；单个 sigmoid 层。
    """

    code = "D303"
    name = "saturating-hidden-activation"
    title = words("A saturating activation in hidden layers", "隐藏层用了饱和激活函数")
    reference = "Glorot & Bengio 2010, AISTATS; LeCun et al. 1998, Efficient BackProp"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        rows = [r for r in numbers.layers if r.role == "hidden" and r.saturating and r.best_slope <= 0.5 + 1e-6]
        if len({row.depth for row in rows}) < 3:
            return
        first, last = rows[0].gradient_norm, rows[-1].gradient_norm
        if not first or not last or first > 0.1 * last:
            return
        en = (
            f"{len(rows)} hidden layers use {rows[0].kind}, whose slope never exceeds {number(rows[0].best_slope)}: "
            f"across them the gradient falls to {number(first / last)}. "
        )
        zh = (
            f"{len(rows)} 个隐藏层使用 {rows[0].kind}，其斜率从不超过 {number(rows[0].best_slope)}："
            f"梯度穿过它们后只剩 {number(first / last)}。"
        )
        paths = tuple(row.path for row in rows)
        yield self.finding(
            by_harm(numbers, "warning"),
            paths,
            {"layers": len(rows), "best_slope": rows[0].best_slope, "gradient_ratio": first / last},
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            cure.replace_activation(paths, numbers, "gelu"),
        )


class SoftmaxInHiddenLayer(Rule):
    """A softmax between two weight layers, used as an activation.

    What it does: finds softmax calls whose value goes into a weight layer without meeting another branch; attention
    and mixture weights do meet one.
    Why: it makes the units of a layer compete for a sum of 1, so values shrink like 1/width and gradients with them.
    Sick: Linear-Softmax-Linear.
    Healthy: attention; a mixture of experts.

    中文：把 softmax 当作隐藏层的激活函数。
    做什么：寻找结果直接进入权重层、没有与另一支相乘的 softmax；注意力与专家混合的权重会与另一支相乘。
    为什么：它让同层单元争夺总和 1，数值与梯度都按 1/宽度缩小。
    病例：Linear-Softmax-Linear。
    健康例：注意力；专家混合。
    """

    code = "D304"
    name = "softmax-in-hidden-layer"
    title = words("Softmax in a hidden layer", "隐藏层用了 softmax")
    reference = "Bridle 1990, NIPS 2"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        if not numbers.hidden_softmax:
            return
        paths = tuple(place.path for place in numbers.hidden_softmax)
        en = (
            f"The softmax at {listed(paths)} stands between weight layers: its values sum to 1 over the units, so "
            "each is about 1/width and passes little gradient. "
        )
        zh = f"{listed(paths, 'zh')} 处的 softmax 夹在权重层之间：各单元之和为 1，每个值约为 1/宽度，几乎不传梯度。"
        mixes = all(place.detail["mixes"] for place in numbers.hidden_softmax)
        yield self.finding(
            "note" if mixes and numbers.learning == "yes" else "warning",
            paths,
            {"places": len(paths)},
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            cure.replace_activation(paths, numbers, "relu"),
        )
