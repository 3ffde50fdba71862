"""Rules about the start: poor-initialisation, symmetric-initialisation, born-dead-network, blocked-gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable

from .. import prescriptions as cure
from ..finite_prescriptions import open_gradient
from ..numbers import Numbers, odd_scale
from ..records import Finding
from .gradients import DECADES, per_layer, predicted_total
from .rule import Rule, by_harm, harm_words, listed, number, percent, words
from .units import WHOLE, dead_layers, gradient_ratio, saturated_gates, saturated_layers


class PoorInitialisation(Rule):
    """The initial weights or biases explain a symptom: dead, saturated, vanishing, exploding, or a huge first loss.

    What it does: never fires alone. It asks whether the weights' own variance predicts the gradient profile that was
    measured, whether the bias pushes a dead layer down, whether the weights make a saturated layer's pre-activations
    large, or whether the first loss is more than twice what equal scores get.
    Why: then the cure is a draw with the right gain, not another architecture. torch's default Linear has a variance
    of 1/(3 fan_in), a factor 0.41 per ReLU layer.
    Sick: 20 ReLU layers with torch's default initialisation.
    Healthy: He initialisation.

    中文：初始权重或偏置解释了某个症状：死亡、饱和、消失、爆炸或过大的初始损失。
    做什么：从不单独报警。它检查权重自身的方差能否预测实测的梯度变化、偏置是否把死层压下去、权重是否使饱和层的预激活过
    大，或初始损失是否超过等分输出的两倍。
    为什么：这时需要的是以合适的增益重新初始化，而不是换结构。PyTorch 默认 Linear 的方差为 1/(3·fan_in)，每个 ReLU 层
    因子 0.41。
    病例：默认初始化的 20 层 ReLU。
    健康例：He 初始化。
    """

    code = "D401"
    name = "poor-initialisation"
    title = words("Poor initialisation", "初始化不当")
    reference = "He et al. 2015, arXiv:1502.01852; Mishkin & Matas 2016, arXiv:1511.06422"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        yield from self._profile(numbers)
        yield from self._biases(numbers)
        yield from self._scale(numbers)
        yield from self._first_loss(numbers)

    def _profile(self, numbers: Numbers) -> Iterable[Finding]:
        found, total = gradient_ratio(numbers), predicted_total(numbers)
        if found is None or len(per_layer(numbers)) < 2 or DECADES <= found[0] <= 1 / DECADES:
            return
        if math.log(found[0]) * math.log(max(total, 1e-300)) <= 0 or abs(math.log10(max(total, 1e-300))) < 2:
            return
        rows = [row for row in numbers.layers if row.role == "hidden" and row.predicted_gradient_factor is not None]
        variance = sorted(row.weight_variance or 0.0 for row in rows)[len(rows) // 2]
        en = (
            f"The initial weights explain the gradient profile: with a variance of {number(variance)}/fan_in, theory "
            f"predicts {number(total)} over the hidden layers, and {number(found[0])} was measured from end to end. "
        )
        zh = (
            f"初始权重足以解释梯度的变化：方差为 {number(variance)}/fan_in 时，理论预测各隐藏层累计因子为 "
            f"{number(total)}，实测首尾之比为 {number(found[0])}。"
        )
        yield self.finding(
            by_harm(numbers),
            [row.weight_path or row.path for row in rows],
            {"weight_variance": variance, "predicted_total": total, "measured_ratio": found[0]},
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            *cure.for_depth(numbers),
        )

    def _biases(self, numbers: Numbers) -> Iterable[Finding]:
        rows = [
            row
            for row, _ in dead_layers(numbers)
            if row.bias_mean is not None and row.bias_mean < 0 and row.mean < -2 * row.std
        ]
        if not rows:
            return
        paths = tuple(row.weight_path or row.path for row in rows)
        bias = rows[0].bias_mean or 0.0
        en = (
            f"The bias of {listed(paths)} averages {number(bias)}, "
            f"{number(abs(rows[0].mean) / max(rows[0].std, 1e-12))} standard deviations of the pre-activation below "
            "zero: its units start silent."
        )
        zh = (
            f"{listed(paths, 'zh')} 的偏置平均为 {number(bias)}，预激活值低于零 "
            f"{number(abs(rows[0].mean) / max(rows[0].std, 1e-12))} 个标准差：单元一开始就不激活。"
        )
        yield self.finding("warning", paths, {"bias_mean": bias}, en, zh, cure.reset_bias(paths, rows))

    def _scale(self, numbers: Numbers) -> Iterable[Finding]:
        large = {w.path: w for w in numbers.weights if w.variance > 9 and w.second_in <= 9}
        rows = [row for row, _, when in saturated_layers(numbers) if when == "start" and row.weight_path in large]
        gates = [] if odd_scale(numbers.inputs) else saturated_gates(numbers)
        paths = tuple([row.weight_path or "" for row in rows] + [gate.path for gate in gates])
        if not paths:
            return
        pretrained = numbers.trivial is not None and numbers.task_start < 0.5 * numbers.trivial
        variances = [large[row.weight_path or ""].variance for row in rows]
        words = f" of {number(max(variances))}/fan_in" if variances else ""
        en = (
            f"The weights of {listed(paths)} start with a variance{words}, so large that pre-activations fall into "
            "the flat tails although the input is of ordinary size. "
        )
        zh = (
            f"{listed(paths, 'zh')} 的初始权重方差{f'为 {number(max(variances))}/fan_in，' if variances else ''}过大，"
            "尽管输入大小正常，预激活值仍落入平坦区。"
        )
        yield self.finding(
            "note" if pretrained else "warning",
            paths,
            {"weight_variance": variances},
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            cure.reinitialise(paths, numbers, rows[0].kind if rows else "tanh"),
        )

    def _first_loss(self, numbers: Numbers) -> Iterable[Finding]:
        scores = [loss for loss in numbers.losses if loss.name == "cross_entropy" and len(loss.input_shape) > 1]
        if not scores or odd_scale(numbers.inputs) or numbers.residual_blocks >= 3:
            return
        unsure = math.log(max(scores[0].input_shape[1], 2))
        if not scores[0].start > 2 * unsure:
            return
        last = [w.path for w in numbers.weights if w.last]
        en = (
            f"The loss starts at {number(numbers.task_start)}, more than twice the {number(unsure)} of an output that "
            "knows nothing: the initial weights make the network sure of wrong answers. "
        )
        zh = (
            f"损失从 {number(numbers.task_start)} 开始，是一无所知的输出所得 {number(unsure)} 的两倍以上："
            "初始权重使网络一开始就对错误答案深信不疑。"
        )
        yield self.finding(
            by_harm(numbers, "warning"),
            last,
            {"loss_start": numbers.task_start, "loss_of_equal_scores": unsure},
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            cure.reinitialise(tuple(w.path for w in numbers.weights if w.trainable), numbers, _kind(numbers)),
        )


def _kind(numbers: Numbers) -> str:
    return next((row.kind for row in numbers.layers if row.role == "hidden"), "relu")


class SymmetricInitialisation(Rule):
    """All units of a hidden layer have the same weights, and training does not tell them apart.

    What it does: compares the rows of every trainable hidden weight at the start and after the short training. A
    branch that is zero on purpose (ReZero, LoRA, a zero head) separates at the first steps and is left alone.
    Why: units that start alike get the same gradient and stay alike: the layer has the width 1.
    Sick: all weights constant.
    Healthy: any random draw.

    中文：同一隐藏层的所有单元权重相同，训练后仍分不开。
    做什么：比较每个可训练隐藏权重的各行，训练前后各一次。有意置零的分支（ReZero、LoRA、零输出层）在最初几步即分开，不
    报。
    为什么：开始时相同的单元得到相同的梯度，始终相同：整层等效宽度为 1。
    病例：权重全为常数。
    健康例：任何随机初始化。
    """

    code = "D402"
    name = "symmetric-initialisation"
    title = words("All units start alike", "各单元初始完全相同")
    reference = "Goodfellow et al. 2016, section 8.4"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        rows = [
            w for w in numbers.weights
            if w.identical_rows and w.identical_rows_end and w.trainable and not w.last and w.fan_out > 1
            and w.op != "embedding"
        ]  # fmt: skip
        if not rows:
            return
        paths = tuple(w.path for w in rows)
        en = (
            f"All {rows[0].fan_out} units of {listed(paths)} have identical weights, at the start and still after "
            f"{numbers.steps_done} steps: they get the same gradient, so the layer acts as one unit."
        )
        zh = (
            f"{listed(paths, 'zh')} 的 {rows[0].fan_out} 个单元权重完全相同，训练 {numbers.steps_done} 步后依然如此："
            "它们得到相同的梯度，整层等于一个单元。"
        )
        yield self.finding(
            "illness", paths, {"units": [w.fan_out for w in rows]}, en, zh,
            cure.reinitialise(paths, numbers, _kind(numbers)),
        )  # fmt: skip


class BornDeadNetwork(Rule):
    """A deep and narrow rectifier network whose output is constant from the start.

    What it does: when a hidden layer is wholly dead at the start and no bias explains it, gives the probability of
    that by chance, at most 1 - prod(1 - 2^-N_l) for layers of N_l units.
    Why: nothing can train it, and a new draw is likely to die too.
    Sick: 20 layers of 3 ReLU units.
    Healthy: width 64.

    中文：又深又窄的整流网络一出生就输出常数。
    做什么：某隐藏层一开始就全死而偏置不能解释时，给出偶然发生的概率：各层 N_l 个单元时不超过 1 - ∏(1 - 2^(-N_l))。
    为什么：它无法训练，重新抽取也很可能再死。
    病例：20 层、每层 3 个 ReLU 单元。
    健康例：宽度 64。
    """

    code = "D403"
    name = "born-dead-network"
    title = words("The network is born dead", "网络天生已死")
    reference = "Lu et al. 2020, arXiv:1903.06733"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        rows = [row for row in numbers.layers if row.dead_type and row.role == "hidden" and row.dead_share >= WHOLE]
        if not rows or numbers.narrow_bound <= 0.05:
            return
        sites = [row for row in numbers.layers if row.dead_type and row.role == "hidden"]
        width = min(row.units for row in sites)
        en = (
            f"All units of {listed(row.path for row in rows)} are dead from the start, so the output is constant. "
            f"With {len(sites)} rectifier layers as narrow as {width} units, up to {percent(numbers.narrow_bound)} of "
            "random initialisations die like this."
        )
        zh = (
            f"{listed((row.path for row in rows), 'zh')} 的全部单元一开始就已死，输出是常数。{len(sites)} 层、最窄 "
            f"{width} 个单元的整流网络，随机初始化时至多有 {percent(numbers.narrow_bound)} 会这样死去。"
        )
        paths = tuple(row.path for row in sites)
        yield self.finding(
            "illness",
            [row.path for row in rows],
            {"probability_bound": numbers.narrow_bound, "layers": len(sites), "narrowest": width},
            en,
            zh,
            cure.replace_activation(paths, numbers, "leaky_relu"),
        )


class BlockedGradient(Rule):
    """Trainable weights that the loss depends on, but whose every way to it is cut.

    What it does: follows the calls from the loss back; where a call's output carries no gradient although its input
    did (detach, argmax, round, a step, no_grad), and no other way is open, the weights before it are named. So are
    weights whose value leaves torch (numpy, tolist, item) and that get no gradient otherwise, and those behind a
    re-entrant checkpoint that starves them.
    Why: they never change.
    Sick: h.detach() between two layers by mistake.
    Healthy: a stop-gradient target; a frozen part.

    中文：损失依赖某些可训练权重，但通往损失的每条路都被切断。
    做什么：从损失沿调用往回走；某个调用的输入带梯度而输出不带（detach、argmax、round、阶跃、no_grad），且没有别的通路
    时，指出它之前的权重。数值离开 torch（numpy、tolist、item）而别无梯度的权重，以及被可重入 checkpoint 断绝梯度的权
    重，也会指出。
    为什么：这些权重从不更新。
    病例：两层之间误写了 h.detach()。
    健康例：有意的停止梯度目标；冻结的部分。
    """

    code = "D404"
    name = "blocked-gradient"
    title = words("The gradient is cut", "梯度被切断")
    reference = "PyTorch documentation, Autograd mechanics"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        for place in numbers.blocked:
            starved = tuple(place.detail["starved"])
            en = (
                f"No gradient reaches {listed(starved)}: at {place.path or 'model'}, {place.detail['en']}, and every "
                "way to the loss passes there."
            )
            zh = (
                f"{listed(starved, 'zh')} 得不到梯度：在 {place.path or 'model'} 处，{place.detail['zh']}，"
                "而通往损失的路都经过这里。"
            )
            yield self.finding(
                "illness", [place.path, *starved], {"call": place.op, "layers": list(starved)}, en, zh,
                open_gradient(place.path, place.op),
            )  # fmt: skip
