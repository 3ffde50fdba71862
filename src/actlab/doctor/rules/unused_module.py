"""Rule unused-module."""

from __future__ import annotations

from collections.abc import Iterable

from .. import format_prescriptions as cure
from ..numbers import Numbers
from ..records import Finding
from .rule import Rule, harm_words, listed, words


class UnusedModule(Rule):
    """A module of the model that the loss does not depend on.

    What it does: lists the outermost modules whose trainable weights get no gradient on any batch although nothing
    cuts it, and activations that are never called. An alarm only if the network does not learn; a spare head is a
    note.
    Why: what was built but never called does nothing; often forward() uses the wrong variable.
    Sick: `h = self.encoder(x)` followed by `return self.head(x)`.
    Healthy: `return self.head(h)`; an auxiliary head kept for later.

    中文：模型中有模块与损失无关。
    做什么：列出可训练权重在所有批次上都得不到梯度（且并非被切断）的最外层模块，以及从未被调用的激活。
    网络学不动时才报警；备用的输出头只作提示。
    为什么：建好却没有用上的模块毫无作用，常见原因是 forward() 里用错了变量。
    病例：`h = self.encoder(x)` 之后却写 `return self.head(x)`。
    健康例：`return self.head(h)`；留作后用的辅助输出头。
    """

    code = "D305"
    name = "unused-module"
    title = words("A module without effect", "未起作用的模块")
    reference = "PyTorch documentation, torch.nn.Module; Wardat et al. 2022, DeepDiagnosis, ICSE"

    def judge(self, numbers: Numbers) -> Iterable[Finding]:
        if not numbers.unused:
            return
        paths = [place.path for place in numbers.unused]
        weights = sum(place.detail["weights"] for place in numbers.unused)
        called = [place.path for place in numbers.unused if place.detail["called"]]
        en = f"The loss does not depend on {listed(paths)} ({weights} trainable weights). "
        zh = f"损失与 {listed(paths, 'zh')} 无关（共 {weights} 个可训练权重）。"
        if called:
            en += f"{listed(called)} is called, but its result goes nowhere. "
            zh += f"{listed(called, 'zh')} 被调用了，但结果没有去处。"
        yield self.finding(
            "warning" if numbers.learning == "no" and weights else "note",
            paths,
            {"modules": paths, "weights": weights, "called": called},
            en + harm_words(numbers, "en"),
            zh + harm_words(numbers, "zh"),
            cure.use_module(numbers.unused),
        )
