"""Rules about the gradient's way back through the steps of a recurrent network."""

from __future__ import annotations

from collections.abc import Iterable

from .. import prescriptions as cure
from ..numbers import Numbers
from ..records import Finding
from .rule import Rule, by_harm, harm_words, number, words

FADED = 1e-4  # over a sequence four decades: a plain recurrence at torch's default loses them in 17 steps (0.58 each)


class VanishingThroughTime(Rule):
    """The gradient fades over the steps of a plain recurrent network, and the task is not learned.

    What it does: measures the norm of the loss gradient at each step, before training: at the input of nn.RNN, LSTM
    and GRU, and at each call of a cell or weight that a loop in forward() uses again and again. An alarm needs four
    decades between the first step and the strongest one, no learning, and a plain recurrence; LSTM and GRU have gates
    that can learn to keep a value, so for them it is a note.
    Why: what the first steps say cannot be learned.
    Sick: nn.RNN over 30 steps whose answer lies in the first.
    Healthy: the same with an orthogonal recurrence, or an LSTM.

    中文：普通循环网络的梯度沿时间步衰减，且任务学不会。
    做什么：训练前测量每个时间步的梯度范数：nn.RNN、LSTM、GRU 看其输入，forward() 中手写的循环看反复使用的单元或权重的
    每次调用。第一步与最强处相差四个数量级、网络学不动、且是普通循环时才报警；LSTM、GRU 的门能学会保持数值，只作提示。
    为什么：最初几步的信息无法学到。
    病例：答案在第一步、长 30 步的 nn.RNN。
    健康例：循环权重正交的同一网络，或 LSTM。
    """

    code = "D204"
    name = "vanishing-through-time"
    title = words("Vanishing gradient through time", "沿时间的梯度消失")
    reference = "Bengio et al. 1994, IEEE TNN 5(2); Hochreiter & Schmidhuber 1997"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        for place in numbers.through_time:
            norms = place.detail["norms"]
            strongest = max(norms)
            if not strongest > 0 or norms[0] >= FADED * strongest or _silent(norms):
                continue
            ratio = norms[0] / strongest
            gated = not place.op.startswith("RNN")
            factor = ratio ** (1 / max(norms.index(strongest), 1)) if ratio > 0 else 0.0
            en = (
                f"Over {len(norms)} steps of {place.path or 'model'} ({place.op}) the gradient at the first step is "
                f"{number(ratio)} of the strongest: a factor of about {number(factor)} per step. "
            )
            zh = (
                f"{place.path or 'model'}（{place.op}）共 {len(norms)} 步，第一步的梯度只有最强处的 {number(ratio)} "
                "倍，"
                f"每步因子约 {number(factor)}。"
            )
            yield self.finding(
                "note" if gated else by_harm(numbers, "warning"),
                [place.path],
                {"ratio": ratio, "per_step": factor, "steps": len(norms), "gradient_norms": norms},
                en + harm_words(numbers, "en"),
                zh + harm_words(numbers, "zh"),
                *cure.for_recurrence(place.path, place.op),
            )


class ExplodingThroughTime(Rule):
    """The gradient grows over the steps of a recurrent network, and the task is not learned.

    What it does: the same measurement as vanishing-through-time; an alarm needs the first step's gradient to be ten
    thousand times the last's.
    Why: one early step decides the size of every update.
    Sick: a recurrence with singular values above 1.
    Healthy: an orthogonal recurrence.

    中文：循环网络的梯度沿时间步放大，且任务学不会。
    做什么：与 vanishing-through-time 相同的测量；第一步的梯度是最后一步的一万倍以上才报警。
    为什么：某个早期的步决定了每次更新的大小。
    病例：奇异值大于 1 的循环权重。
    健康例：正交的循环权重。
    """

    code = "D205"
    name = "exploding-through-time"
    title = words("Exploding gradient through time", "沿时间的梯度爆炸")
    reference = "Pascanu et al. 2013, arXiv:1211.5063"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        for place in numbers.through_time:
            norms = place.detail["norms"]
            if not norms[-1] > 0 or norms[0] <= norms[-1] / FADED:
                continue
            ratio = norms[0] / norms[-1]
            en = (
                f"Over {len(norms)} steps of {place.path or 'model'} ({place.op}) the gradient grows {number(ratio)} "
                "times "
                "on its way back. "
            )
            zh = f"{place.path or 'model'}（{place.op}）共 {len(norms)} 步，梯度反传时放大 {number(ratio)} 倍。"
            yield self.finding(
                by_harm(numbers),
                [place.path],
                {"ratio": ratio, "steps": len(norms), "gradient_norms": norms},
                en + harm_words(numbers, "en"),
                zh + harm_words(numbers, "zh"),
                *cure.for_recurrence(place.path, place.op),
                cure.clip_gradient(),
            )


def _silent(norms: list[float]) -> bool:
    """Whether the strongest step is the first few only: then the task reads the start, and nothing fades."""
    return norms.index(max(norms)) < 2
