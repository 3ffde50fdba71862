"""Rules about 16-bit formats: half-precision-overflow, half-precision-underflow, lost-updates."""

from __future__ import annotations

from collections.abc import Iterable

from .. import format_prescriptions as cure
from ..numbers import Numbers
from ..records import Finding
from .rule import Rule, by_harm, harm_words, listed, number, percent, words
from .units import MAJORITY

LIMIT = 65504.0  # the largest float16
HEADROOM = 8.0  # three binary orders: one more layer, or one warm step, uses them up


class HalfPrecisionOverflow(Rule):
    """A value in float16 exceeds 65504 and becomes infinite, or comes within a factor 8 of it.

    What it does: looks at every float16 result for infinities that finite numbers gave, and at the largest finite
    value; nearness to the limit is an alarm only if the network does not learn.
    Why: infinity minus infinity is NaN, and one NaN gradient ruins every weight; the same value in float32 or bfloat16
    would be ordinary.
    Sick: a layer with outputs around 10^5 under torch.autocast(dtype=torch.float16).
    Healthy: the same under bfloat16, or with a norm layer before it.

    中文：float16 的数值超过 65504 变成无穷，或已接近该上限（8 倍以内）。
    做什么：在所有 float16 结果中寻找由有限数得到的无穷，并记录最大的有限值；只是接近上限时，网络学不动才报警。
    为什么：无穷减无穷得 NaN，一个 NaN 梯度会毁掉全部权重；同样的值在 float32 或 bfloat16 中很平常。
    病例：float16 autocast 下输出约为 10^5 的层。
    健康例：改用 bfloat16，或在其前面加归一化层。
    """

    code = "D605"
    name = "half-precision-overflow"
    title = words("Overflow in half precision", "半精度上溢")
    reference = "Micikevicius et al. 2018, arXiv:1710.03740"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        precision, bad = numbers.precision, numbers.not_finite
        broke = bad is not None and bad.format == "float16" and bad.value == "inf"
        place = precision.overflow
        if place is None and not broke and precision.peak <= LIMIT / HEADROOM:
            return
        path = place.path if place is not None else bad.path if broke and bad is not None else precision.peak_at
        op = place.op if place is not None else bad.op if broke and bad is not None else ""
        if place is not None or broke:
            severity = "illness" if bad is not None or numbers.learning == "no" else "warning"
            en = f"{op} at {path or 'model'} gives values beyond {number(LIMIT)}, the largest float16: they turn inf. "
            zh = f"{path or 'model'} 处的 {op} 的结果超过 float16 的最大值 {number(LIMIT)}，变成无穷。"
        else:
            severity = by_harm(numbers, "warning")
            en = f"Values at {path or 'model'} reach {number(precision.peak)}; float16 ends at {number(LIMIT)}. "
            zh = f"{path or 'model'} 处的数值达到 {number(precision.peak)}，而 float16 的上限是 {number(LIMIT)}。"
        evidence = {"call": op, "peak": precision.peak, "limit": LIMIT}
        yield self.finding(
            severity, [path], evidence, en + harm_words(numbers, "en"), zh + harm_words(numbers, "zh"),
            cure.use_bfloat16(),
        )  # fmt: skip


class HalfPrecisionUnderflow(Rule):
    """Gradients, or the optimiser's own small numbers, are rounded to zero in float16.

    What it does: repeats one backward pass with the loss times 1024; gradient elements that are zero without the
    factor and not with it were rounded away. It also asks whether the optimiser's eps, stored beside 16-bit weights,
    is zero in their format. An alarm needs a majority lost in some layer, or a vanished eps, and a network that does
    not learn.
    Why: below 6e-8 float16 has only zero, so a layer stops learning; Adam then divides zero by zero.
    Sick: a model turned to float16 with model.half() and trained by Adam, whose eps is 1e-8.
    Healthy: float32 weights with autocast and GradScaler, or bfloat16.

    中文：梯度或优化器内部的小数在 float16 中被舍入为零。
    做什么：把损失乘以 1024 再反传一次；不乘时为零、乘后不为零的梯度元素就是被舍去的。还检查优化器的 eps
    在权重的 16 位格式中是否为零。某层多数元素丢失，或 eps 消失，并且网络学不动时才报警。
    为什么：float16 在 6e-8 以下只有零，该层停止学习；Adam 还会出现零除以零。
    病例：用 model.half() 转成 float16、再用 Adam（eps 为 1e-8）训练的模型。
    健康例：float32 权重配 autocast 与 GradScaler，或使用 bfloat16。
    """

    code = "D606"
    name = "half-precision-underflow"
    title = words("Underflow in half precision", "半精度下溢")
    reference = "Micikevicius et al. 2018, arXiv:1710.03740"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        precision = numbers.precision
        lost = [place for place in precision.lost_gradients if place.detail["share"] > MAJORITY]
        eps = precision.vanished_eps
        if not lost and eps is None:
            return
        en, zh = "", ""
        if eps is not None:
            en += (
                f"{numbers.optimizer}'s eps of {number(eps)} is 0 in {precision.weights}, the format of the weights: "
                "where the squared gradient is rounded to 0 too, the step is 0/0. "
            )
            zh += (
                f"{numbers.optimizer} 的 eps（{number(eps)}）在权重的格式 {precision.weights} 中等于 0："
                "梯度平方也被舍为 0 时，更新就是 0/0。"
            )
        worst = max((place.detail["share"] for place in lost), default=0.0)
        if lost:
            paths = [place.path for place in lost]
            en += f"At {listed(paths)}, up to {percent(worst)} of the gradient is below the smallest float16. "
            zh += f"{listed(paths, 'zh')} 处最多有 {percent(worst)} 的梯度小于 float16 的最小值，被舍为零。"
        where = [place.path for place in lost] or ["optimizer"]
        cures = (cure.scale_loss(),) if lost and not precision.weights else (cure.widen_weights(precision.weights),)
        yield self.finding(
            by_harm(numbers),
            where,
            {"lost_gradient_share": worst, "vanished_eps": eps, "weights": precision.weights},
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            *cures,
            *((cure.scale_loss(),) if lost and precision.weights else ()),
        )


class LostUpdates(Rule):
    """Weights stored in 16 bits are so coarse that most updates are rounded away.

    What it does: counts the weight elements that have a gradient and are bit for bit the same after a step; an alarm
    needs a majority, and that the same steps on float32 copies of the weights make at least twice the progress.
    Why: near 1 bfloat16 has steps of 1/128 and float16 of 1/1024; an update below half of that changes nothing,
    however often it is repeated.
    Sick: a bfloat16 model trained with a learning rate of 1e-4.
    Healthy: float32 weights with computing in bfloat16 under autocast.

    中文：以 16 位存放的权重过于粗糙，多数更新被舍入掉。
    做什么：统计有梯度、但一步之后逐位不变的权重元素；需占多数，且用 float32 副本走同样的步数至少多学一倍，才报警。
    为什么：在 1 附近 bfloat16 的间隔为 1/128，float16 为 1/1024；小于间隔一半的更新无论重复多少次都毫无作用。
    病例：学习率为 1e-4 的 bfloat16 模型。
    健康例：float32 权重，在 autocast 下用 bfloat16 计算。
    """

    code = "D607"
    name = "lost-updates"
    title = words("Updates lost to rounding", "更新被舍入丢失")
    reference = "Kalamkar et al. 2019, arXiv:1905.12322; Zamirai et al. 2020, arXiv:2010.06192"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        precision = numbers.precision
        if precision.lost_updates <= MAJORITY:
            return
        trial = numbers.trial("float32 weights")
        made = numbers.task_start - numbers.task_end
        gained = 0.0 if trial is None else numbers.task_start - trial
        helped = gained > 2 * max(made, 0.0) and gained - made > 2 * numbers.standard_error
        severity = ("illness" if numbers.learning == "no" else "warning") if helped else "note"
        en = (
            f"{percent(precision.lost_updates)} of the weights that have a gradient do not change in a step: the "
            f"update is smaller than half a step of {precision.weights}. "
        )
        zh = (
            f"有梯度的权重中 {percent(precision.lost_updates)} 在一步之后毫无变化：更新小于 {precision.weights} "
            "相邻两数间隔的一半。"
        )
        if trial is not None:
            en += f"With float32 copies of the weights the same steps end at a loss of {number(trial)}. "
            zh += f"用 float32 副本走同样的步数，损失止于 {number(trial)}。"
        yield self.finding(
            severity,
            ["optimizer"],
            {"lost_share": precision.lost_updates, "weights": precision.weights, "loss_float32_weights": trial},
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            cure.widen_weights(precision.weights),
        )
