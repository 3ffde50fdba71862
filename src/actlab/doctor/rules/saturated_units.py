"""Rule saturated-units."""

from __future__ import annotations

from collections.abc import Iterable

from .. import prescriptions as cure
from ..numbers import Numbers
from ..records import Finding
from .rule import Rule, by_harm, harm_words, listed, number, percent, words
from .units import saturated_gates, saturated_layers


class SaturatedUnits(Rule):
    """A majority of a layer sits where its activation is flat.

    What it does: flat means a slope below 5 % of the steepest: |z| > 4.36 for sigmoid, 2.18 for tanh. At the start,
    when no code has been learned, it counts values in the flat tails; after training it counts units stuck in one
    tail on 95 % of the samples. Gates inside LSTM and GRU are unrolled and count at the start only, because a trained
    gate may close on purpose.
    Why: a flat place passes no gradient. Pre-activations of unit variance put 0 % (sigmoid) or 3 % (tanh) of the
    values there.
    Sick: a tanh network with weights drawn from N(0, 1).
    Healthy: the same with Xavier initialisation.

    中文：一层中多数值落在激活函数的平坦区。
    做什么：平坦指斜率低于最大斜率的 5%：sigmoid 为 |z| > 4.36，tanh 为 2.18。开始时尚未学到编码，按数值计；训练后按在
    95% 样本上停在同一侧的单元计。LSTM、GRU 的门会展开统计，且只看开始时，因为训练好的门可以有意关闭。
    为什么：平坦区不传梯度。预激活方差为 1 时，落入平坦区的值只有 0%（sigmoid）或 3%（tanh）。
    病例：权重取自 N(0, 1) 的 tanh 网络。
    健康例：用 Xavier 初始化的同一网络。
    """

    code = "D102"
    name = "saturated-units"
    title = words("Saturated units", "单元饱和")
    reference = "Glorot & Bengio 2010, AISTATS"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        layers = saturated_layers(numbers)
        gates = saturated_gates(numbers)
        if not layers and not gates:
            return
        trained = numbers.trivial is not None and numbers.task_start < 0.5 * numbers.trivial
        at_start = any(when == "start" for *_, when in layers) or bool(gates)
        severity = "note" if trained else by_harm(numbers)
        if at_start and severity == "note" and not trained:
            severity = "warning"
        share = max([s for _, s, _ in layers] + [g.detail["flat_share"] for g in gates])
        size = max([row.second**0.5 for row, *_ in layers] + [g.detail["rms"] for g in gates])
        paths = tuple([row.path for row, *_ in layers] + [gate.path for gate in gates])
        en = (
            f"In {listed(paths)}, up to {percent(share)} of the {'values' if at_start else 'units'} are "
            f"saturated{' from the start' if at_start else ''}: the slope there is below 5 % of the steepest, because "
            f"the pre-activations have a root mean square of {number(size)} where about 1 is right. "
        )
        zh = (
            f"{listed(paths, 'zh')} 中最多有 {percent(share)} "
            f"的{'数值' if at_start else '单元'}{'从一开始就' if at_start else ''}处于饱和区："
            f"那里的斜率不到最大斜率的 5%，因为预激活值的均方根为 {number(size)}，而约为 1 才合适。"
        )
        weights = tuple(dict.fromkeys([row.weight_path or "" for row, *_ in layers] + [g.path for g in gates]))
        kind = layers[0][0].kind if layers else "tanh"
        yield self.finding(
            severity,
            paths,
            {"saturated_share": round(share, 4), "pre_activation_rms": size, "at_start": at_start},
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            cure.reinitialise(tuple(w for w in weights if w), numbers, kind),
        )
