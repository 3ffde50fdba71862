"""Rules about numbers and data: not-finite, not-finite-input, class-imbalance, constant-output."""

from __future__ import annotations

import math
from collections.abc import Iterable

from .. import finite_prescriptions as cure
from .. import loss_prescriptions as loss_cure
from ..numbers import RATIO, Numbers, uneven
from ..records import Finding
from .rule import Rule, harm_words, number, percent, words


class NotFiniteInput(Rule):
    """NaN or infinity in the data.

    What it does: looks at every float input and target that the measured passes read.
    Why: one such value makes the loss NaN, and every weight with it at the first step.
    Sick: a missing measurement that the reader of the file turned into NaN.
    Healthy: missing values filled in, with a mask that says where.

    中文：数据中含有 NaN 或无穷。
    做什么：检查测量过程中读到的所有浮点输入和目标。
    为什么：一个这样的值就会使损失变成 NaN，并在第一步毁掉所有权重。
    病例：文件中的缺测值被读成 NaN。
    健康例：填补缺失值，并用掩码标明位置。
    """

    code = "D601"
    name = "not-finite-input"
    title = words("NaN or infinity in the data", "数据中有 NaN 或无穷")
    reference = "IEEE 754-2019, section 6.2"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        if numbers.inputs.finite:
            return
        where = numbers.inputs.first_bad
        en = f"The {where} holds NaN or infinite values: every result computed from them is NaN."
        zh = f"{'输入' if where == 'input' else '目标'}中含有 NaN 或无穷值：由此算出的结果都会是 NaN。"
        yield self.finding("illness", [where], {"part": where}, en, zh, cure.clean_data(where))


class NotFinite(Rule):
    """A finite value became NaN or infinite, in the value or in the gradient.

    What it does: names the first call with finite input and other output, following the loss back; if all values are
    finite, the first such call on the gradient's way. Masks of minus infinity before a softmax are no fault.
    Why: one NaN gradient makes all weights NaN at the next step.
    Sick: sqrt at 0, whose slope is infinite; log(0); exp(100).
    Healthy: sqrt(x + 1e-8); log_softmax in place of a logarithm of a softmax.

    中文：有限的数在某处变成 NaN 或无穷（数值或梯度）。
    做什么：从损失往回找，指出第一个输入有限而输出异常的调用；若数值全都有限，则在梯度的路径上同样寻找。softmax 之前的
    负无穷掩码不算故障。
    为什么：一个 NaN 梯度会在下一步毁掉所有权重。
    病例：0 处的 sqrt（斜率为无穷）；log(0)；exp(100)。
    健康例：sqrt(x + 1e-8)；用 log_softmax 代替对 softmax 取对数。
    """

    code = "D602"
    name = "not-finite"
    title = words("NaN or infinity appears", "出现 NaN 或无穷")
    reference = "PyTorch documentation, torch.autograd.detect_anomaly"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        bad = numbers.not_finite
        if bad is None or not numbers.inputs.finite:
            return
        when = "at the start" if bad.step == 0 else f"at step {bad.step}"
        when_zh = "在开始时" if bad.step == 0 else f"在第 {bad.step} 步"
        what = "The gradient" if bad.phase == "gradient" else "The value"
        en = (
            f"{what} becomes {bad.value} {when} in {bad.op} at {bad.path or 'model'}; what it was computed from is "
            "finite."
        )
        zh = (
            f"{'梯度' if bad.phase == 'gradient' else '数值'}{when_zh}于 {bad.path or 'model'} 的 {bad.op} 处变为 "
            f"{bad.value}，而它的来源是有限的。"
        )
        yield self.finding(
            "illness",
            [bad.path],
            {"phase": bad.phase, "step": bad.step, "call": bad.op, "value": bad.value},
            en,
            zh,
            *cure.for_not_finite(numbers, bad.path, bad.op),
        )


class ClassImbalance(Rule):
    """A class is at least ten times rarer than another, and the network neglects it.

    What it does: counts the classes the loss is given; where the ratio is 10 or more it trains six times longer and
    looks at each class's recall. An alarm needs a class never predicted, or found less than half as often as the
    average. Symbols of a text, which are read and predicted, are uneven by nature and no fault.
    Why: the rare class contributes little to the mean loss, so ignoring it is nearly free; accuracy hides it.
    Sick: 97:3 with plain cross-entropy.
    Healthy: the same with class weights; an easy rare class that is found; a language model.

    中文：某类比另一类少十倍以上，且网络忽视它。
    做什么：统计交给损失的各类样本数；相差 10 倍以上时多训练六倍的步数，再看每类的召回率。某类从不被预测，或召回率不到
    平均的一半，才报警。既是输入又被预测的文本符号天然不均匀，不算故障。
    为什么：稀有类对平均损失贡献很小，忽略它几乎没有代价；准确率看不出来。
    病例：97:3 的数据配普通交叉熵。
    健康例：加了类别权重；稀有但容易、仍被识别的类；语言模型。
    """

    code = "D603"
    name = "class-imbalance"
    title = words("Class imbalance", "类别不平衡")
    reference = "Johnson & Khoshgoftaar 2019, Journal of Big Data 6:27"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        for loss in numbers.losses:
            if not uneven(numbers, loss):
                continue
            present = [count for count in loss.counts if count]
            recall = loss.recall_later or loss.recall_end
            known = [r for r in recall if math.isfinite(r)]
            if not known:
                continue
            average, least = sum(known) / len(known), min(known)
            rare = [c for c in loss.counts if c and c * RATIO <= max(present)]
            least = min(r for r, c in zip(recall, loss.counts, strict=True) if c in rare and math.isfinite(r))
            harmed = least == 0 or least < 0.5 * average
            severity = "note"
            if harmed and not loss.weighted:
                severity = "illness" if least == 0 else "warning"
            en = (
                f"The classes have {_counts(loss.counts)} samples, a ratio of {number(max(present) / min(present))}. "
                f"After the short training the rarest ones are found in {percent(least)} of their samples, all "
                f"classes in {percent(average)} on average."
            )
            zh = (
                f"各类样本数为 {_counts(loss.counts)}，相差 {number(max(present) / min(present))} 倍。"
                f"短训练后最稀有的类只有 {percent(least)} 的样本被识别，各类平均为 {percent(average)}。"
            )
            yield self.finding(
                severity,
                ["target"],
                {"counts": list(loss.counts), "recall": [round(r, 4) for r in recall], "weighted": loss.weighted},
                en,
                zh,
                loss_cure.class_weights(loss),
                loss_cure.balanced_sampler(loss),
                loss_cure.prior_bias(loss),
            )
            return


def _counts(counts: tuple[int, ...]) -> str:
    shown = ", ".join(str(count) for count in counts[:12])
    return shown + (", ..." if len(counts) > 12 else "")


class ConstantOutput(Rule):
    """The output is the same for every sample, at the start and after training.

    What it does: compares the output's deviation over samples with its size; below a millionth it is rounding.
    Why: a constant answers nothing; it is the consequence of a dead layer, a cut, or a softmax over one unit.
    Sick: a dead hidden layer.
    Healthy: a zero-initialised head, which differs after the first steps.

    中文：对所有样本输出都相同，训练前后都是如此。
    做什么：把输出在样本间的标准差与其大小相比，不到百万分之一便只是舍入误差。
    为什么：常数什么也没有回答；它通常是某层全死、路径被切断或单个单元的 softmax 的后果。
    病例：某个隐藏层全死。
    健康例：置零初始化的输出层，几步之后输出即不同。
    """

    code = "D604"
    name = "constant-output"
    title = words("Constant output", "输出恒定")
    reference = "Lu et al. 2020, arXiv:1903.06733"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        spread = numbers.output_spread_end
        if not spread < 1e-6 or (not numbers.output_spread_start < 1e-6 and numbers.learning != "no"):
            return
        en = (
            f"The output is the same for all {numbers.samples} samples: it varies by {number(spread)} of its size, "
            "which is rounding. "
        )
        zh = f"对全部 {numbers.samples} 个样本输出都相同：变化仅为其大小的 {number(spread)}，属于舍入误差。"
        yield self.finding(
            "illness",
            ["output"],
            {"spread_start": numbers.output_spread_start, "spread_end": spread},
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
        )
