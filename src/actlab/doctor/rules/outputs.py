"""Rules about the output and its target: output-range, loss-does-not-fit-task."""

from __future__ import annotations

import math
from collections.abc import Iterable

from .. import loss_prescriptions as cure
from ..calls import REGRESSION_LOSSES
from ..numbers import LossNumbers, Numbers
from ..records import Finding, Prescription
from .rule import Rule, number, percent, words


class OutputRange(Rule):
    """The last activation cannot reach the targets.

    What it does: measures the output activation's range on a grid and counts targets outside; an alarm above 1 %.
    Why: those targets cannot be fitted, and the units saturate trying.
    Sick: Tanh output, targets of deviation 5.
    Healthy: Sigmoid for targets in 0..1.

    中文：输出激活函数的值域够不到目标。
    做什么：在网格上测量输出激活的值域，统计落在其外的目标；超过 1% 即报警。
    为什么：这些目标永远无法拟合，单元还会因此饱和。
    病例：Tanh 输出、标准差为 5 的目标。
    健康例：目标在 0..1 时用 Sigmoid。
    """

    code = "D710"
    name = "output-range"
    title = words("Targets outside the output's range", "目标超出输出范围")
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
                f"{last.op} at {last.path or 'model'} gives values in {bounds}, but {percent(loss.outside)} of the "
                f"targets ({span}) lie outside: they can never be reached."
            )
            zh = (
                f"{last.path or 'model'} 处的 {last.op} 只能给出 {bounds}，而 {percent(loss.outside)} 的目标（{span}）"
                "在此之外，永远达不到。"
            )
            yield self.finding(
                "illness",
                [last.path],
                {
                    "low": last.low,
                    "high": last.high,
                    "outside": loss.outside,
                    "target": [loss.target_low, loss.target_high],
                },
                en,
                zh,
                cure.remove_output(last),
                *([cure.replace_output(loss, last)] if loss.target_low >= 0 else []),
            )
            return


class LossDoesNotFitTask(Rule):
    """A loss for another kind of target.

    What it does: three structural signs. A regression loss whose input and target have different shapes, so that each
    prediction is compared with every target; a regression loss on class codes 0..K-1, about equally common, in one
    output; cross-entropy on rows with several ones.
    Why: the first averages everything; the second invents an order among classes; the third ranks labels that should
    be independent.
    Sick: MSELoss on digits' class numbers.
    Healthy: MSELoss on counts or ratings, which pile up at one end.

    中文：损失与目标的类型不符。
    做什么：看三种结构上的迹象：回归损失的输出与目标形状不同，广播后每个预测与每个目标相比；单个输出对出现频率相近的类
    别编号 0..K-1 做回归；对含多个 1 的行用交叉熵。
    为什么：第一种把一切平均掉；第二种凭空给类别排了大小；第三种让本应独立的标签互相竞争。
    病例：对数字图片的类别编号用 MSELoss。
    健康例：对偏向一端的计数或评分用 MSELoss。
    """

    code = "D711"
    name = "loss-does-not-fit-task"
    title = words("The loss does not fit the task", "损失与任务不符")
    reference = "Goodfellow et al. 2016, section 6.2"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        for loss in numbers.losses:
            regression = loss.name in REGRESSION_LOSSES
            if regression and _broadcasts(loss.input_shape, loss.target_shape):
                en = (
                    f"{loss.name} is given an output of shape {loss.input_shape} and a target of shape "
                    f"{loss.target_shape}: broadcasting compares every prediction with every target, and the best "
                    "answer becomes the mean."
                )
                zh = (
                    f"{loss.name} 的输出形状为 {loss.input_shape}，目标形状为 {loss.target_shape}："
                    "广播会把每个预测与每个目标相比，最佳答案退化为均值。"
                )
                yield self._one("illness", loss, en, zh, cure.match_shapes(loss))
                return
            one_column = len(loss.input_shape) < 2 or math.prod(loss.input_shape[1:]) == 1
            if regression and loss.balanced_codes and one_column:
                asked = numbers.task is not None and "regression" in numbers.task
                en = (
                    f"{loss.name} is used on {loss.distinct} whole numbers from {number(loss.target_low)} to "
                    f"{number(loss.target_high)}, about equally common: these look like class codes, which have no "
                    "order."
                )
                zh = (
                    f"{loss.name} 的目标是 {number(loss.target_low)} 到 {number(loss.target_high)} 的 {loss.distinct} "
                    "个整数，出现频率相近：这像是没有大小顺序的类别编号。"
                )
                yield self._one("note" if asked else "warning", loss, en, zh, cure.classify(loss))
                return
            several = loss.name == "cross_entropy" and loss.target_kind == "binary" and loss.rows_target_sum > 1e-3
            if several:
                en = (
                    "cross_entropy is given rows that do not sum to 1: several labels may hold at once, but softmax "
                    "makes them compete."
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
