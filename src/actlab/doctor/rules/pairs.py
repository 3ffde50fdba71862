"""Rules about the output and its loss: a table of pairs, each row a rule of its own, and four that look at data.

The pairs are read from the recorded calls, so functional code and losses inside a lambda are seen alike; structure
decides, not accuracy, because several of these faults hide from accuracy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from .. import loss_prescriptions as cure
from ..numbers import LossNumbers, Numbers, Producer
from ..records import Finding, Prescription
from .rule import Rule, number, words

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
            evidence = {
                "loss": loss.name,
                "call": fault.op,
                "path": fault.path,
                "loss_start": loss.start,
                "loss_end": loss.end,
            }
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

    What it does: looks for a softmax or cross-entropy over an axis of length 1 before the loss.
    Why: whatever the input, the output is 1 and the gradient 0; cross-entropy on one column is 0 likewise.
    Sick: Linear(16, 1) followed by Softmax(dim=1).
    Healthy: one unit with a sigmoid or raw scores, or two units with a softmax.

    中文：在长度为 1 的轴上做 softmax，结果恒为 1。
    做什么：在损失之前寻找作用于长度为 1 的轴的 softmax 或交叉熵。
    为什么：无论输入如何，输出都是 1，梯度为 0；对单列做交叉熵同样恒为 0。
    病例：Linear(16, 1) 之后接 Softmax(dim=1)。
    健康例：单个单元用 sigmoid 或原始分数；或两个单元用 softmax。
    """

    code = "D701"
    name = "softmax-over-one-unit"
    title = words("Softmax over one unit", "对单个单元做 softmax")
    reference = "Goodfellow et al. 2016, section 6.2.2"
    en = (
        "{op} at {path} runs over an axis of length 1, where it gives the constant answer of certainty whatever the "
        "input: the gradient is zero and the loss stays at {start}."
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
    """A softmax over the samples or places, not over the classes.

    What it does: for NLLLoss the rows must sum to 1 over the class axis; elsewhere a softmax before the loss must not
    run over axis 0. A missing dim is resolved as torch does (axis 0 for three dimensions).
    Why: samples of a batch compete; a prediction depends on who else is in the batch.
    Sick: LogSoftmax(dim=0); dim=1 for text of shape (samples, places, classes).
    Healthy: LogSoftmax(dim=1).

    中文：softmax 沿样本轴或位置轴而非类别轴计算。
    做什么：NLLLoss 的各行在类别轴上之和必须为 1；其他情形下损失之前的 softmax 不得沿第 0 轴。未写 dim 时按 torch 的规
    则确定（三维时为第 0 轴）。
    为什么：同批样本互相竞争，预测取决于批内的其他样本。
    病例：LogSoftmax(dim=0)；文本形状为（样本、位置、类别）而写了 dim=1。
    健康例：LogSoftmax(dim=1)。
    """

    code = "D702"
    name = "softmax-wrong-dim"
    title = words("Softmax over the wrong axis", "softmax 的轴不对")
    reference = "PyTorch documentation, torch.nn.functional.softmax"
    en = (
        "{op} at {path} runs over axis {dim}, of length {size}, which is not the class axis: samples or places "
        "compete with each other, and each prediction depends on the others."
    )
    zh = "{path} 处的 {op} 沿第 {dim} 轴（长度 {size}）计算，那不是类别轴：样本或位置之间互相竞争，预测彼此牵连。"
    cures = lambda loss, fault: (cure.set_dim(loss, fault),)  # noqa: E731

    @staticmethod
    def matches(loss: LossNumbers, chain: tuple[Producer, ...]) -> Producer | None:
        for place, producer in enumerate(chain):
            # a logarithm written by hand, with its small constant, still stands for log-softmax
            if place > 1 and any(passed.op not in ("log", "add", "clamp") for passed in chain[:place]):
                break
            if producer.role not in ("softmax", "log_softmax") or producer.size == 1:
                continue
            if loss.name == "nll_loss" and producer.role == "log_softmax":
                return None if loss.rows_sum_to_one else producer
            if producer.dim == 0 and len(loss.input_shape) > 1:
                return producer
        return None


class SoftmaxBeforeCrossEntropy(PairRule):
    """CrossEntropyLoss applies log-softmax itself; a softmax before it squashes the scores twice.

    What it does: reads what feeds the loss from the recorded calls; rows that are not negative and sum to 1 count as
    a softmax however written.
    Why: inputs between 0 and 1 leave a loss of at least log(1 + (C-1)/e), 1.4612 for ten classes, and a weak
    gradient.
    Sick: Softmax and CrossEntropyLoss.
    Healthy: raw scores and CrossEntropyLoss, or LogSoftmax and NLLLoss.

    中文：CrossEntropyLoss 自身已含 log-softmax，前面再做 softmax 等于压缩两次。
    做什么：从记录下的调用看损失的输入来自何处；非负且每行之和为 1 的输入，无论如何写成，都算 softmax。
    为什么：输入被限制在 0 与 1 之间，损失至少为 log(1 + (C-1)/e)，10 类时为 1.4612，梯度也很弱。
    病例：Softmax 配 CrossEntropyLoss。
    健康例：原始分数配 CrossEntropyLoss，或 LogSoftmax 配 NLLLoss。
    """

    code = "D703"
    name = "softmax-before-cross-entropy"
    title = words("Softmax before cross-entropy", "交叉熵之前多了 softmax")
    reference = "PyTorch documentation, torch.nn.CrossEntropyLoss"
    en = (
        "{op} at {path} feeds {loss}, which applies log-softmax itself: with scores squashed into 0..1 the loss "
        "cannot fall below {floor} for {classes} classes, and gradients are weak."
    )
    zh = (
        "{path} 处的 {op} 的输出送入 {loss}，而后者自身已含 log-softmax：分数被压进 0..1，{classes} "
        "类时损失不可能低于 {floor}，梯度也很弱。"
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

    What it does: reads what feeds the loss from the recorded calls.
    Why: the predicted probability is locked into [0.5, 0.73], so no negative is ever predicted.
    Sick: Sigmoid and BCEWithLogitsLoss.
    Healthy: raw scores and BCEWithLogitsLoss, or Sigmoid and BCELoss.

    中文：BCEWithLogitsLoss 自身已含 sigmoid，前面再做 sigmoid 或 softmax 等于压缩两次。
    做什么：从记录下的调用看损失的输入来自何处。
    为什么：预测概率被锁在 [0.5, 0.73]，永远判不出负类。
    病例：Sigmoid 配 BCEWithLogitsLoss。
    健康例：原始分数配 BCEWithLogitsLoss，或 Sigmoid 配 BCELoss。
    """

    code = "D704"
    name = "sigmoid-before-bce-with-logits"
    title = words("Sigmoid before BCEWithLogitsLoss", "BCEWithLogitsLoss 之前多了 sigmoid")
    reference = "PyTorch documentation, torch.nn.BCEWithLogitsLoss"
    en = (
        "{op} at {path} feeds {loss}, which applies the sigmoid itself: the probability is locked into 0.5..0.73, so "
        "every sample is predicted positive."
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

    What it does: reads the two calls before the loss.
    Why: the second sees values between 0 and 1 and answers only between 0.5 and 0.73.
    Sick: a model that ends in Sigmoid, called as sigmoid(model(x)).
    Healthy: one sigmoid.

    中文：BCELoss 之前连做两次 sigmoid。
    做什么：查看损失之前的两个调用。
    为什么：第二次的输入在 0 与 1 之间，结果只能在 0.5 与 0.73 之间。
    病例：末层已是 Sigmoid，又写 sigmoid(model(x))。
    健康例：只做一次 sigmoid。
    """

    code = "D705"
    name = "double-sigmoid"
    title = words("Two sigmoids in a row", "连做两次 sigmoid")
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

    What it does: looks for a softmax or sigmoid right before NLLLoss, without a logarithm.
    Why: the loss lies between -1 and 0 and its gradient is bounded, so certainty is hardly rewarded.
    Sick: Softmax and NLLLoss.
    Healthy: LogSoftmax and NLLLoss.

    中文：NLLLoss 需要对数概率，却得到概率。
    做什么：寻找紧接在 NLLLoss 之前、没有取对数的 softmax 或 sigmoid。
    为什么：损失落在 -1 与 0 之间，梯度有界，对确信的答案几乎没有奖励。
    病例：Softmax 配 NLLLoss。
    健康例：LogSoftmax 配 NLLLoss。
    """

    code = "D706"
    name = "probabilities-before-nll"
    title = words("Probabilities given to NLLLoss", "把概率交给 NLLLoss")
    reference = "PyTorch documentation, torch.nn.NLLLoss"
    en = (
        "{op} at {path} gives probabilities to {loss}, which wants their logarithms: the loss starts at {start}, "
        "below zero."
    )
    zh = "{path} 处的 {op} 把概率交给 {loss}，而它需要的是对数概率：损失从 {start} 开始，低于零。"
    cures = lambda loss, fault: (cure.use_cross_entropy(fault, remove=True),)  # noqa: E731

    @staticmethod
    def matches(loss: LossNumbers, chain: tuple[Producer, ...]) -> Producer | None:
        if loss.name != "nll_loss" or not chain:
            return None
        return chain[0] if is_softmax(chain[0]) or chain[0].op in SIGMOIDS else None


class LogitsBeforeNll(PairRule):
    """NLLLoss wants log-probabilities and is given raw scores.

    What it does: exp(input) must sum to 1 over the classes; a log, or a log-softmax however written, does.
    Why: the loss has no lower bound, so scores run away.
    Sick: Linear and NLLLoss.
    Healthy: Linear and CrossEntropyLoss.

    中文：NLLLoss 需要对数概率，却得到原始分数。
    做什么：exp(输入) 在类别上之和必须为 1；取过对数或以任何写法做过 log-softmax 的输入都满足。
    为什么：损失没有下界，分数会无限增大。
    病例：Linear 配 NLLLoss。
    健康例：Linear 配 CrossEntropyLoss。
    """

    code = "D707"
    name = "logits-before-nll"
    title = words("Raw scores given to NLLLoss", "把原始分数交给 NLLLoss")
    reference = "PyTorch documentation, torch.nn.NLLLoss"
    en = (
        "{op} at {path} gives raw scores to {loss}, which wants log-probabilities: the loss has no lower bound (from "
        "{start} to {end})."
    )
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

    What it does: looks for a bounded or one-sided activation right before cross-entropy or BCEWithLogitsLoss, or
    before the log-softmax of NLLLoss.
    Why: a rectifier cannot say no, a tanh or sigmoid cannot be sure.
    Sick: ReLU or Sigmoid before CrossEntropyLoss.
    Healthy: raw scores; scores divided by a temperature.

    中文：需要原始分数的损失之前多了激活函数。
    做什么：寻找紧接在交叉熵、BCEWithLogitsLoss 或 NLLLoss 的 log-softmax 之前的有界或单侧激活。
    为什么：整流函数无法表达否定，tanh 或 sigmoid 无法表达确信。
    病例：CrossEntropyLoss 之前的 ReLU 或 Sigmoid。
    健康例：原始分数；除以温度的分数。
    """

    code = "D708"
    name = "squashed-logits"
    title = words("Squashed scores", "分数被压缩")
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
    """LogSoftmax before CrossEntropyLoss: harmless, and done twice. Always a note.

    What it does: looks for a log-softmax right before cross-entropy.
    Why: log-softmax of a log-softmax is itself, so only time is lost.
    Sick: LogSoftmax and CrossEntropyLoss.
    Healthy: raw scores and CrossEntropyLoss.

    中文：CrossEntropyLoss 之前的 LogSoftmax 多余但无害，始终只作提示。
    做什么：寻找紧接在交叉熵之前的 log-softmax。
    为什么：对 log-softmax 再做一次结果不变，只是浪费时间。
    病例：LogSoftmax 配 CrossEntropyLoss。
    健康例：原始分数配 CrossEntropyLoss。
    """

    code = "D709"
    name = "redundant-log-softmax"
    title = words("Redundant LogSoftmax", "多余的 LogSoftmax")
    reference = "PyTorch documentation, torch.nn.CrossEntropyLoss"
    severity = "note"
    en = "{op} at {path} is repeated inside {loss}; the result is the same, only the time is lost."
    zh = "{path} 处的 {op} 在 {loss} 内部又做了一次；结果相同，只是浪费时间。"
    cures = lambda loss, fault: (cure.remove_output(fault),)  # noqa: E731

    @staticmethod
    def matches(loss: LossNumbers, chain: tuple[Producer, ...]) -> Producer | None:
        return chain[0] if loss.name == "cross_entropy" and chain and chain[0].role == "log_softmax" else None
