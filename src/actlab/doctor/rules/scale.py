"""Rules about scale and steps: input-scale, target-scale, learning-rate-too-high, learning-rate-too-low."""

from __future__ import annotations

import math
from collections.abc import Iterable

from .. import prescriptions as cure
from ..calls import REGRESSION_LOSSES
from ..numbers import Numbers, odd_scale, odd_target
from ..records import Finding
from .rule import Rule, harm_words, number, percent, words
from .units import NOTEWORTHY, gradient_ratio


class InputScale(Rule):
    """Inputs far from unit scale, and a trial shows that standardised ones learn much better.

    What it does: looks at root mean square, features' means and deviations of what the first weights are given; an
    alarm needs, beside an odd scale, that the same network learns at least twice as much from standardised inputs in
    the same number of steps, or that the first activation is saturated by the input.
    Why: initialisations assume inputs of variance 1; a factor 10 is a factor 100 in the pre-activation's variance.
    Sick: tanh on raw pixels times 10.
    Healthy: raw features that a network learns from anyway, or that a batch norm takes in first.

    中文：输入的尺度远离 1，且试验表明标准化后明显学得更好。
    做什么：查看首层权重所得输入的均方根以及各特征的均值与标准差；尺度异常，并且标准化后同样步数至少多学一倍，或首层激
    活因输入而饱和，才报警。
    为什么：初始化假定输入方差为 1；输入放大 10 倍，预激活的方差就放大 100 倍。
    病例：tanh 网络直接吃放大 10 倍的原始像素。
    健康例：虽未标准化但照样学得好的特征；或先经过批归一化的特征。
    """

    code = "D501"
    name = "input-scale"
    title = words("Input scale", "输入尺度")
    reference = "LeCun et al. 1998, Efficient BackProp, section 4.3"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        inputs = numbers.inputs
        if not odd_scale(inputs):
            return
        helped = numbers.trial_helps("standardised input")
        shallow = min((row.depth for row in numbers.layers), default=1)
        flooded = inputs.rms > 10 and any(
            row.depth == shallow and row.saturating and row.saturated_elements > 0.5 for row in numbers.layers
        )
        severity = "note"
        if helped or flooded:
            severity = "illness" if numbers.learning == "no" else "warning"
        trial = numbers.trial("standardised input")
        en = (
            f"The input has a root mean square of {number(inputs.rms)}; its features' means lie "
            f"{number(inputs.shift)} deviations from zero and their deviations differ by a factor of up to "
            f"{number(inputs.spread)}. "
        )
        zh = (
            f"输入的均方根为 {number(inputs.rms)}；各特征均值偏离零 {number(inputs.shift)} 个标准差，"
            f"标准差之间最多相差 {number(inputs.spread)} 倍。"
        )
        if trial is not None and math.isfinite(trial):
            en += f"With standardised inputs, the same {numbers.steps} steps end at a loss of {number(trial)}. "
            zh += f"输入标准化后，同样 {numbers.steps} 步的损失为 {number(trial)}。"
        yield self.finding(
            severity,
            ["input"],
            {"rms": inputs.rms, "shift": inputs.shift, "spread": inputs.spread, "loss_standardised": trial},
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            cure.standardise_inputs(),
        )


class TargetScale(Rule):
    """A regression target far from unit scale, and a trial shows that a standardised one is learned much better.

    What it does: an alarm needs a mean above ten deviations, or a deviation beyond a factor 100 of 1, and a trial on
    standardised targets that makes the difference.
    Why: outputs start near 0 with deviation about 1; steps are spent on reaching the target's mean.
    Sick: targets around 1000 ± 5.
    Healthy: targets with deviation 5.

    中文：回归目标远离单位尺度，且试验表明标准化后明显学得更好。
    做什么：均值超过十个标准差，或标准差与 1 相差百倍以上，并且在标准化目标上的试验确有改善，才报警。
    为什么：输出从 0 附近开始，步数都花在追赶目标的均值上。
    病例：目标在 1000 ± 5。
    健康例：标准差为 5 的目标。
    """

    code = "D502"
    name = "target-scale"
    title = words("Target scale", "目标尺度")
    reference = "LeCun et al. 1998, Efficient BackProp, section 4.5"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        for loss in numbers.losses:
            if loss.name not in REGRESSION_LOSSES or not odd_target(loss):
                continue
            helped = numbers.trial_helps("standardised target")
            trial = numbers.trial("standardised target")
            severity = ("illness" if numbers.learning == "no" else "warning") if helped else "note"
            en = f"The target has mean {number(loss.target_mean)} and deviation {number(loss.target_std)}. "
            zh = f"目标均值为 {number(loss.target_mean)}，标准差为 {number(loss.target_std)}。"
            if trial is not None and math.isfinite(trial):
                en += f"Standardised, the same {numbers.steps} steps end at {number(trial)} in the same units. "
                zh += f"目标标准化后，同样 {numbers.steps} 步的损失（换算回原单位）为 {number(trial)}。"
            yield self.finding(
                severity,
                ["target"],
                {"mean": loss.target_mean, "std": loss.target_std, "loss_standardised": trial},
                en + harm_words(numbers, "en"),
                zh + harm_words(numbers, "zh"),
                cure.standardise_targets(loss),
            )
            return


class LearningRateTooHigh(Rule):
    """Training fails with this step size and works with a tenth or a hundredth of it.

    What it does: when the short training diverges, gets nowhere, or kills a fifth of a layer's units, repeats it with
    smaller steps from the same start; an alarm needs that this at least doubles what is learned.
    Why: steps longer than the curvature allows overshoot; rectifiers thrown to the silent side do not come back.
    Sick: Adam with a learning rate of 1.0.
    Healthy: any rate at which the loss falls.

    中文：用现在的步长训练失败，缩小到十分之一或百分之一就成功。
    做什么：短训练发散、毫无进展或打死某层五分之一的单元时，从同一起点用更小的步长重来；学到的至少多一倍才报警。
    为什么：步长超过曲率所允许的范围就会越过谷底；被抛到沉默一侧的整流单元不会回来。
    病例：Adam，学习率 1.0。
    健康例：损失正常下降的任何学习率。
    """

    code = "D503"
    name = "learning-rate-too-high"
    title = words("Learning rate too high", "学习率过高")
    reference = "LeCun et al. 1998, Efficient BackProp, section 4.7"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        if numbers.not_finite is not None and numbers.not_finite.step == 0:
            return
        choice = next((n for n in (10, 100) if numbers.trial_helps(f"learning rate / {n}")), None)
        if choice is None:
            return
        killed = max((row.dead_share_end - row.dead_share for row in numbers.layers), default=0.0)
        failed = (
            numbers.learning == "no" or numbers.drop < 0 or killed > NOTEWORTHY or not math.isfinite(numbers.task_end)
        )
        if not failed or not _overshoots(numbers, killed):
            return
        trial = numbers.trial(f"learning rate / {choice}") or 0.0
        rate = numbers.learning_rate
        en = (
            f"With {numbers.optimizer}'s learning rate of {number(rate)} the loss ends at {number(numbers.task_end)}; "
            f"with {number(rate / choice)}, from the same start and in as many steps, at {number(trial)}. "
        )
        zh = (
            f"{numbers.optimizer} 的学习率为 {number(rate)} 时损失止于 {number(numbers.task_end)}；从同一起点、"
            f"同样步数，学习率改为 {number(rate / choice)} 时为 {number(trial)}。"
        )
        if killed > NOTEWORTHY:
            en += f"The large steps killed {percent(killed)} of a layer's units. "
            zh += f"过大的步长使某层 {percent(killed)} 的单元死亡。"
        yield self.finding(
            "illness" if numbers.learning == "no" else "warning",
            ["optimizer"],
            {"learning_rate": rate, "loss_end": numbers.task_end, "divided_by": choice, "loss_smaller_steps": trial},
            en,
            zh,
            cure.lower_learning_rate(numbers, choice),
            cure.lower_learning_rate(numbers, 10 * choice),
            cure.clip_gradient(),
        )


def _overshoots(numbers: Numbers, killed: float) -> bool:
    """Whether the steps themselves are large: the loss rose or broke, units died, or weights move a tenth per step."""
    rose = numbers.task_end > numbers.task_start + 2 * numbers.standard_error or numbers.not_finite is not None
    return rose or killed > NOTEWORTHY or numbers.update_ratio > 0.1


class LearningRateTooLow(Rule):
    """The weights hardly move, and larger steps learn.

    What it does: measures the relative size of an update per weight tensor; an alarm needs a median below 1e-4 (a
    tenth of the customary 1e-3), no learning, and ten times the progress in a trial with the customary update.
    Why: at 1e-5 per step, ten thousand steps change a weight by a tenth.
    Sick: SGD with 1e-6.
    Healthy: SGD with 0.02.

    中文：权重几乎不动，步长放大就能学。
    做什么：测量每个权重张量的相对更新量；中位数低于 1e-4（常见值 1e-3 的十分之一）、网络学不动、且以惯常步长试验的进
    展达十倍，才报警。
    为什么：每步 1e-5 时，一万步才使权重改变十分之一。
    病例：SGD，学习率 1e-6。
    健康例：SGD，学习率 0.02。
    """

    code = "D504"
    name = "learning-rate-too-low"
    title = words("Learning rate too low", "学习率过低")
    reference = "Smith 2017, arXiv:1506.01186"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        found = gradient_ratio(numbers)
        if found is not None and found[0] < 1e-3:
            return
        tried = [numbers.trial("larger learning rate"), numbers.trial("much larger learning rate")]
        trial = min((loss for loss in tried if loss is not None), default=None)
        if numbers.learning != "no" or trial is None:
            return
        made, possible = numbers.task_start - numbers.task_end, numbers.task_start - trial
        if possible < 10 * made or possible < 4 * numbers.standard_error:
            return
        en = (
            f"Each step of {numbers.optimizer} (learning rate {number(numbers.learning_rate)}) changes the weights by "
            f"only {number(numbers.update_ratio)} of their size; with {number(numbers.customary_factor)} times larger "
            f"steps the loss comes to {number(trial)}. "
        )
        zh = (
            f"{numbers.optimizer}（学习率 {number(numbers.learning_rate)}）每步只改变权重大小的 "
            f"{number(numbers.update_ratio)}；步长放大 {number(numbers.customary_factor)} 倍后损失降到 "
            f"{number(trial)}。"
        )
        yield self.finding(
            "warning",
            ["optimizer"],
            {"learning_rate": numbers.learning_rate, "update_ratio": numbers.update_ratio, "loss_larger_steps": trial},
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            cure.raise_learning_rate(numbers),
        )
