"""Rules about the output and its loss: a table of pairs, each row a rule of its own, and four that look at data.

The pairs are read from the recorded calls, so functional code and losses inside a lambda are seen alike; structure
decides, not accuracy, because several of these faults hide from accuracy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from .. import prescriptions as cure
from ..calls import REGRESSION_LOSSES
from ..numbers import LossNumbers, Numbers, Producer
from ..records import Finding, Prescription
from .rule import Rule, number, percent

SQUASHING = ("sigmoid", "relu", "tanh", "hardsigmoid", "hardtanh", "relu6", "softsign", "hard_sigmoid", "hard_tanh",
             "special_expit", "expit", "elu", "softplus", "gelu", "silu", "logsigmoid")  # fmt: skip
SIGMOIDS = ("sigmoid", "special_expit", "expit", "hardsigmoid", "hard_sigmoid")


class PairRule(Rule):
    """A loss call and what stands before it: `matches` decides, the texts say why it is wrong."""

    severity: ClassVar[str] = "illness"
    en: ClassVar[str]
    zh: ClassVar[str]
    cures: ClassVar[Callable[[LossNumbers, Producer], tuple[Prescription, ...]]]

    @staticmethod
    def matches(loss: LossNumbers, chain: tuple[Producer, ...]) -> Producer | None:
        """The call at fault, or None."""
        raise AssertionError("a pair rule needs matches")

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        for loss in numbers.losses:
            fault = self.matches(loss, loss.producers)
            if fault is None:
                continue
            words = facts(loss, fault)
            evidence = {"loss": loss.name, "call": fault.op, "path": fault.path, "loss_start": loss.start, "loss_end": loss.end}
            yield self.finding(
                self.severity, [fault.path], evidence, self.en.format(**words), self.zh.format(**words),
                *type(self).cures(loss, fault),
            )  # fmt: skip
            return


def facts(loss: LossNumbers, fault: Producer) -> Mapping[str, object]:
    """The numbers that the texts of pair rules may use."""
    classes = max(loss.input_shape[1] if len(loss.input_shape) > 1 else 1, 1)
    return {
        "op": fault.op,
        "path": fault.path or "model",
        "loss": loss.name,
        "classes": classes,
        "floor": number(math.log(1 + (classes - 1) / math.e)),
        "start": number(loss.start),
        "end": number(loss.end),
        "dim": fault.dim,
        "size": fault.size,
        "shape": loss.input_shape,
    }


def is_softmax(producer: Producer) -> bool:
    """Whether the call is a softmax."""
    return producer.role == "softmax"


class SoftmaxOverOneUnit(PairRule):
    """A softmax over an axis of length 1 is the constant 1.

    Sick: Linear(16, 1) + Softmax(dim=1). Healthy: one unit with a sigmoid or raw scores, or two units with a softmax.
    Why: whatever the input, the output is 1 and the gradient 0; cross-entropy on one column is 0 likewise.

    中文：在长度为 1 的轴上做 softmax，结果恒为 1，梯度为 0。病例：Linear(16, 1)+Softmax。健康例：单个单元用 sigmoid 或原始分数。
    """

    code = "D701"
    name = "softmax-over-one-unit"
    title = {"en": "Softmax over one unit", "zh": "对单个单元做 softmax"}
    reference = "Goodfellow et al. 2016, section 6.2.2"
    en = (
        "{op} at {path} runs over an axis of length 1, where it gives the constant answer of certainty whatever the input: the "
        "gradient is zero and the loss stays at {start}."
    )
    zh = "{path} 处的 {op} 作用在长度为 1 的轴上，无论输入如何都给出同一结果：梯度为零，损失停在 {start}。"
    cures = lambda loss, fault: (cure.one_unit(loss, fault),)  # noqa: E731

    @staticmethod
    def matches(loss: LossNumbers, chain: tuple[Producer, ...]) -> Producer | None:
        for producer in chain[:2]:
            if producer.role in ("softmax", "log_softmax") and producer.size == 1:
                return producer
        if loss.name == "cross_entropy" and len(loss.input_shape) == 2 and loss.input_shape[1] == 1 and chain:
            return Producer("cross_entropy", "loss", "loss", 1, 1)
        return None


class SoftmaxWrongDim(PairRule):
    """A softmax over the samples, not over the classes.

    What it does: for NLLLoss the rows must sum to 1 over the class axis; elsewhere a softmax before the loss must not run
    over axis 0. A missing dim is resolved as torch does (axis 0 for three dimensions).
    Why: samples of a batch compete; a prediction depends on who else is in the batch. Sick: LogSoftmax(dim=0).
    Healthy: LogSoftmax(dim=1).

    中文：softmax 沿样本轴而非类别轴计算，同批样本互相竞争，预测取决于批内其他样本。病例：LogSoftmax(dim=0)。健康例：dim=1。
    """

    code = "D702"
    name = "softmax-wrong-dim"
    title = {"en": "Softmax over the wrong axis", "zh": "softmax 的轴不对"}
    reference = "PyTorch documentation, torch.nn.functional.softmax"
    en = (
        "{op} at {path} runs over axis {dim}, of length {size}, which is not the class axis: samples compete with each other, "
        "and a prediction depends on the rest of its batch."
    )
    zh = "{path} 处的 {op} 沿第 {dim} 轴（长度 {size}）计算，那不是类别轴：样本之间互相竞争，预测取决于同批的其他样本。"
    cures = lambda loss, fault: (cure.set_dim(loss, fault),)  # noqa: E731

    @staticmethod
    def matches(loss: LossNumbers, chain: tuple[Producer, ...]) -> Producer | None:
        for producer in chain[:2]:
            if producer.role not in ("softmax", "log_softmax") or producer.size == 1:
                continue
            if loss.name == "nll_loss" and producer.role == "log_softmax":
                return None if loss.rows_sum_to_one else producer
            if producer.dim == 0 and len(loss.input_shape) > 1:
                return producer
        return None


class SoftmaxBeforeCrossEntropy(PairRule):
    """CrossEntropyLoss applies log-softmax itself; a softmax before it squashes the scores twice.

    Why: inputs between 0 and 1 leave a loss of at least log(1 + (C-1)/e), 1.46 for ten classes, and a weak gradient.
    Sick: Softmax + CrossEntropyLoss. Healthy: raw scores + CrossEntropyLoss, or LogSoftmax + NLLLoss.

    中文：CrossEntropyLoss 内部已含 log-softmax，前面再做 softmax 等于压缩两次，损失至少为 log(1+(C-1)/e)（10 类时 1.46），梯度微弱。
    病例：Softmax+CrossEntropyLoss。健康例：原始分数直接输入。
    """

    code = "D703"
    name = "softmax-before-cross-entropy"
    title = {"en": "Softmax before cross-entropy", "zh": "交叉熵之前多了 softmax"}
    reference = "PyTorch documentation, torch.nn.CrossEntropyLoss"
    en = (
        "{op} at {path} feeds {loss}, which applies log-softmax itself: with scores squashed into 0..1 the loss cannot fall below "
        "{floor} for {classes} classes, and gradients are weak."
    )
    zh = (
        "{path} 处的 {op} 的输出送入 {loss}，而后者自身已含 log-softmax：分数被压进 0..1，{classes} 类时损失不可能低于 {floor}，"
        "梯度也很弱。"
    )
    cures = lambda loss, fault: (cure.remove_output(fault),)  # noqa: E731

    @staticmethod
    def matches(loss: LossNumbers, chain: tuple[Producer, ...]) -> Producer | None:
        if not chain:
            return None
        if loss.name == "cross_entropy" and (is_softmax(chain[0]) or loss.probabilities):
            return chain[0]
        if loss.name == "nll_loss" and chain[0].role == "log_softmax" and len(chain) > 1 and is_softmax(chain[1]):
            return chain[1]
        return None


class SigmoidBeforeBce(PairRule):
    """BCEWithLogitsLoss applies the sigmoid itself; a sigmoid or softmax before it squashes the scores twice.

    Why: the predicted probability is locked into [0.5, 0.73], so no negative is ever predicted. Sick: Sigmoid +
    BCEWithLogitsLoss. Healthy: raw scores + BCEWithLogitsLoss, or Sigmoid + BCELoss.

    中文：BCEWithLogitsLoss 内部已含 sigmoid，前面再做一次会把概率锁在 [0.5, 0.73]，永远判不出负类。
    病例：Sigmoid+BCEWithLogitsLoss。健康例：原始分数直接输入。
    """

    code = "D704"
    name = "sigmoid-before-bce-with-logits"
    title = {"en": "Sigmoid before BCEWithLogitsLoss", "zh": "BCEWithLogitsLoss 之前多了 sigmoid"}
    reference = "PyTorch documentation, torch.nn.BCEWithLogitsLoss"
    en = (
        "{op} at {path} feeds {loss}, which applies the sigmoid itself: the probability is locked into 0.5..0.73, so every "
        "sample is predicted positive."
    )
    zh = "{path} 处的 {op} 的输出送入 {loss}，而后者自身已含 sigmoid：概率被锁在 0.5..0.73，所有样本都会被判为正类。"
    cures = lambda loss, fault: (cure.remove_output(fault),)  # noqa: E731

    @staticmethod
    def matches(loss: LossNumbers, chain: tuple[Producer, ...]) -> Producer | None:
        if loss.name != "binary_cross_entropy_with_logits" or not chain:
            return None
        return chain[0] if chain[0].op in SIGMOIDS or is_softmax(chain[0]) else None


class DoubleSigmoid(PairRule):
    """Two sigmoids in a row before BCELoss.

    Why: the second sees values between 0 and 1 and answers only between 0.5 and 0.73. Sick: a model that ends in Sigmoid,
    called as sigmoid(model(x)). Healthy: one sigmoid.

    中文：BCELoss 之前连做两次 sigmoid，第二次的结果只在 0.5..0.73 之间。病例：末层已是 Sigmoid，又写 sigmoid(model(x))。
    """

    code = "D705"
    name = "double-sigmoid"
    title = {"en": "Two sigmoids in a row", "zh": "连做两次 sigmoid"}
    reference = "PyTorch documentation, torch.nn.BCELoss"
    en = "{op} at {path} is followed by another sigmoid before {loss}: the probability is locked into 0.5..0.73."
    zh = "{path} 处的 {op} 之后、{loss} 之前又做了一次 sigmoid：概率被锁在 0.5..0.73。"
    cures = lambda loss, fault: (cure.remove_output(fault),)  # noqa: E731

    @staticmethod
    def matches(loss: LossNumbers, chain: tuple[Producer, ...]) -> Producer | None:
        if len(chain) < 2 or chain[0].op not in SIGMOIDS or loss.name.endswith("logits"):
            return None
        return chain[1] if chain[1].op in SIGMOIDS or is_softmax(chain[1]) else None


class ProbabilitiesBeforeNll(PairRule):
    """NLLLoss wants log-probabilities and is given probabilities.

    Why: the loss lies between -1 and 0 and its gradient is bounded, so certainty is hardly rewarded. Sick: Softmax +
    NLLLoss. Healthy: LogSoftmax + NLLLoss.

    中文：NLLLoss 需要对数概率，却得到概率。损失落在 -1..0，梯度有界。病例：Softmax+NLLLoss。健康例：LogSoftmax+NLLLoss。
    """

    code = "D706"
    name = "probabilities-before-nll"
    title = {"en": "Probabilities given to NLLLoss", "zh": "把概率交给 NLLLoss"}
    reference = "PyTorch documentation, torch.nn.NLLLoss"
    en = "{op} at {path} gives probabilities to {loss}, which wants their logarithms: the loss starts at {start}, below zero."
    zh = "{path} 处的 {op} 把概率交给 {loss}，而它需要的是对数概率：损失从 {start} 开始，低于零。"
    cures = lambda loss, fault: (cure.use_cross_entropy(fault, remove=True),)  # noqa: E731

    @staticmethod
    def matches(loss: LossNumbers, chain: tuple[Producer, ...]) -> Producer | None:
        if loss.name != "nll_loss" or not chain:
            return None
        return chain[0] if is_softmax(chain[0]) or chain[0].op in SIGMOIDS else None


class LogitsBeforeNll(PairRule):
    """NLLLoss wants log-probabilities and is given raw scores.

    What it does: exp(input) must sum to 1 over the classes; a log, or a log-softmax however written, does. Why: the loss
    has no lower bound, so scores run away. Sick: Linear + NLLLoss. Healthy: Linear + CrossEntropyLoss.

    中文：NLLLoss 需要对数概率，却得到原始分数；损失没有下界，分数会无限增大。病例：Linear+NLLLoss。健康例：Linear+CrossEntropyLoss。
    """

    code = "D707"
    name = "logits-before-nll"
    title = {"en": "Raw scores given to NLLLoss", "zh": "把原始分数交给 NLLLoss"}
    reference = "PyTorch documentation, torch.nn.NLLLoss"
    en = "{op} at {path} gives raw scores to {loss}, which wants log-probabilities: the loss has no lower bound (from {start} to {end})."
    zh = "{path} 处的 {op} 把原始分数交给 {loss}，而它需要对数概率：损失没有下界（由 {start} 变为 {end}）。"
    cures = lambda loss, fault: (cure.use_cross_entropy(fault, remove=False),)  # noqa: E731

    @staticmethod
    def matches(loss: LossNumbers, chain: tuple[Producer, ...]) -> Producer | None:
        if loss.name != "nll_loss" or not chain or loss.rows_sum_to_one:
            return None
        first = chain[0]
        if first.role in ("softmax", "log_softmax") or first.op in (*SIGMOIDS, "log", "logsigmoid", "logsumexp"):
            return None
        return first


class SquashedLogits(PairRule):
    """An activation on the scores before a loss that wants raw scores.

    Why: a rectifier cannot say no, a tanh or sigmoid cannot be sure. Sick: ReLU or Sigmoid before CrossEntropyLoss.
    Healthy: raw scores; scores divided by a temperature.

    中文：需要原始分数的损失之前多了激活函数：ReLU 无法表达否定，tanh 或 sigmoid 无法表达确信。
    病例：CrossEntropyLoss 之前的 ReLU 或 Sigmoid。健康例：原始分数。
    """

    code = "D708"
    name = "squashed-logits"
    title = {"en": "Squashed scores", "zh": "分数被压缩"}
    reference = "PyTorch documentation, torch.nn.CrossEntropyLoss"
    en = "{op} at {path} limits the scores that {loss} is given; it wants raw scores of either sign and any size."
    zh = "{path} 处的 {op} 限制了交给 {loss} 的分数；它需要正负皆可、大小不限的原始分数。"
    cures = lambda loss, fault: (cure.remove_output(fault),)  # noqa: E731

    @staticmethod
    def matches(loss: LossNumbers, chain: tuple[Producer, ...]) -> Producer | None:
        if not chain:
            return None
        scores = chain
        if loss.name == "nll_loss" and chain[0].role == "log_softmax":
            scores = chain[1:]
        elif loss.name not in ("cross_entropy", "binary_cross_entropy_with_logits"):
            return None
        if not scores or scores[0].op not in SQUASHING:
            return None
        first = scores[0]
        if loss.name == "binary_cross_entropy_with_logits" and first.op in SIGMOIDS:
            return None
        bounded = math.isfinite(first.low) or math.isfinite(first.high)
        return first if bounded else None


class RedundantLogSoftmax(PairRule):
    """LogSoftmax before CrossEntropyLoss: harmless, and done twice.

    Why: log-softmax of a log-softmax is itself, so only time is lost. A note.

    中文：CrossEntropyLoss 之前的 LogSoftmax 多余但无害（再做一次结果不变），只是浪费时间。
    """

    code = "D709"
    name = "redundant-log-softmax"
    title = {"en": "Redundant LogSoftmax", "zh": "多余的 LogSoftmax"}
    reference = "PyTorch documentation, torch.nn.CrossEntropyLoss"
    severity = "note"
    en = "{op} at {path} is repeated inside {loss}; the result is the same, only the time is lost."
    zh = "{path} 处的 {op} 在 {loss} 内部又做了一次；结果相同，只是浪费时间。"
    cures = lambda loss, fault: (cure.remove_output(fault),)  # noqa: E731

    @staticmethod
    def matches(loss: LossNumbers, chain: tuple[Producer, ...]) -> Producer | None:
        return chain[0] if loss.name == "cross_entropy" and chain and chain[0].role == "log_softmax" else None


class OutputRange(Rule):
    """The last activation cannot reach the targets.

    What it does: measures the output activation's range on a grid and counts targets outside; an alarm above 1 %.
    Why: those targets cannot be fitted, and the units saturate trying. Sick: Tanh output, targets of deviation 5.
    Healthy: Sigmoid for targets in 0..1.

    中文：输出激活函数的值域够不到目标（超过 1% 的目标在值域之外），无法拟合且单元会饱和。
    病例：Tanh 输出、标准差为 5 的目标。健康例：目标在 0..1 时用 Sigmoid。
    """

    code = "D710"
    name = "output-range"
    title = {"en": "Targets outside the output's range", "zh": "目标超出输出范围"}
    reference = "Goodfellow et al. 2016, section 6.2.2"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        for loss in numbers.losses:
            if loss.name not in REGRESSION_LOSSES or not loss.producers or loss.outside <= 0.01:
                continue
            last = loss.producers[0]
            if last.role not in ("activation", "softmax"):
                continue
            bounds = f"{number(last.low)}..{number(last.high)}"
            span = f"{number(loss.target_low)}..{number(loss.target_high)}"
            en = (
                f"{last.op} at {last.path or 'model'} gives values in {bounds}, but {percent(loss.outside)} of the targets "
                f"({span}) lie outside: they can never be reached."
            )
            zh = f"{last.path or 'model'} 处的 {last.op} 只能给出 {bounds}，而 {percent(loss.outside)} 的目标（{span}）在此之外，永远达不到。"
            yield self.finding(
                "illness",
                [last.path],
                {"low": last.low, "high": last.high, "outside": loss.outside, "target": [loss.target_low, loss.target_high]},
                en,
                zh,
                cure.remove_output(last),
            )
            return


class LossDoesNotFitTask(Rule):
    """A loss for another kind of target.

    What it does: three structural signs. A regression loss whose input and target have different shapes, so that each
    prediction is compared with every target; a regression loss on class codes 0..K-1, about equally common, in one
    output; cross-entropy on rows with several ones.
    Why: the first averages everything; the second invents an order among classes; the third ranks labels that should be
    independent. Sick: MSELoss on digits' class numbers. Healthy: counts or ratings, which pile up at one end.

    中文：损失与目标类型不符：形状不同而触发广播的回归损失；对类别编号做回归；对多标签行用交叉熵。
    病例：对类别编号用 MSELoss。健康例：分布偏斜的计数或评分。
    """

    code = "D711"
    name = "loss-does-not-fit-task"
    title = {"en": "The loss does not fit the task", "zh": "损失与任务不符"}
    reference = "Goodfellow et al. 2016, section 6.2"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        for loss in numbers.losses:
            regression = loss.name in REGRESSION_LOSSES
            if regression and _broadcasts(loss.input_shape, loss.target_shape):
                en = (
                    f"{loss.name} is given an output of shape {loss.input_shape} and a target of shape {loss.target_shape}: "
                    "broadcasting compares every prediction with every target, and the best answer becomes the mean."
                )
                zh = (
                    f"{loss.name} 的输出形状为 {loss.input_shape}，目标形状为 {loss.target_shape}：广播会把每个预测与每个目标相比，"
                    "最佳答案退化为均值。"
                )
                yield self._one("illness", loss, en, zh, cure.match_shapes(loss))
                return
            one_column = len(loss.input_shape) < 2 or math.prod(loss.input_shape[1:]) == 1
            if regression and loss.balanced_codes and one_column:
                asked = numbers.task is not None and "regression" in numbers.task
                en = (
                    f"{loss.name} is used on {loss.distinct} whole numbers from {number(loss.target_low)} to "
                    f"{number(loss.target_high)}, about equally common: these look like class codes, which have no order."
                )
                zh = (
                    f"{loss.name} 的目标是 {number(loss.target_low)} 到 {number(loss.target_high)} 的 {loss.distinct} 个整数，"
                    "出现频率相近：这像是没有大小顺序的类别编号。"
                )
                yield self._one("note" if asked else "warning", loss, en, zh, cure.classify(loss))
                return
            several = loss.name == "cross_entropy" and loss.target_kind == "binary" and loss.rows_target_sum > 1e-3
            if several:
                en = (
                    "cross_entropy is given rows that do not sum to 1: several labels may hold at once, but softmax makes "
                    "them compete."
                )
                zh = "cross_entropy 的目标行之和不为 1：多个标签可以同时成立，而 softmax 让它们互相竞争。"
                yield self._one("illness", loss, en, zh, cure.multi_label())
                return

    def _one(self, severity: str, loss: LossNumbers, en: str, zh: str, prescription: Prescription) -> Finding:
        evidence = {
            "loss": loss.name,
            "output_shape": list(loss.input_shape),
            "target_shape": list(loss.target_shape),
            "distinct_targets": loss.distinct,
        }
        return self.finding(severity, ["loss"], evidence, en, zh, prescription)


def _broadcasts(output: tuple[int, ...], target: tuple[int, ...]) -> bool:
    return output != target and math.prod(output) > 1 and math.prod(target) > 1
