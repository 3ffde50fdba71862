"""The words a question may use, in both languages: places, tasks, architectures and troubles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Word(NamedTuple):
    """A term: how it is called in each language, and what else people call it."""

    en: str
    zh: str
    also: tuple[str, ...] = ()

    def text(self, lang: str) -> str:
        """The term in one language."""
        return {"en": self.en, "zh": self.zh}[lang]


PLACES: Mapping[str, Word] = {
    "hidden": Word("hidden layers", "隐藏层", ("hidden-layer", "隐层", "中间层")),
    "output": Word("output layer", "输出层", ("output-layer", "out", "last", "final", "最后一层")),
}
TASKS: Mapping[str, Word] = {
    "binary": Word("binary classification", "二分类", ("binary-classifier", "two-class", "二元分类")),
    "multi-class": Word(
        "multi-class classification", "多分类", ("multiclass", "classification", "多类分类", "分类", "单标签多分类")
    ),
    "multi-label": Word("multi-label classification", "多标签分类", ("multilabel", "多标签")),
    "regression": Word("regression", "回归", ("unbounded-regression", "回归任务")),
    "bounded-regression": Word("regression to a bounded range", "有界回归", ("bounded", "有界")),
    "positive-regression": Word(
        "regression to positive numbers", "正值回归", ("positive", "count", "counts", "正数回归", "正值", "计数")
    ),
}
ARCHITECTURES: Mapping[str, Word] = {
    "mlp": Word(
        "fully connected network", "多层感知机", ("dense", "fully-connected", "feed-forward", "全连接网络", "全连接")
    ),
    "cnn": Word("convolutional network", "卷积神经网络", ("conv", "convolutional", "resnet", "卷积网络", "卷积")),
    "rnn": Word("recurrent network", "循环神经网络", ("lstm", "gru", "recurrent", "循环网络", "循环")),
    "transformer": Word("transformer", "Transformer", ("attention", "bert", "gpt", "vit", "llm", "变换器", "注意力")),
    "gan": Word("generative adversarial network", "生成对抗网络", ("gans", "dcgan", "对抗网络")),
    "light": Word("light network", "轻量网络", ("mobile", "edge", "mobilenet", "lightweight", "移动端", "轻量级")),
}
TROUBLES: Mapping[str, Word] = {
    "dead-units": Word("dead units", "神经元死亡", ("dead", "dying-relu", "dead-relu", "死亡神经元", "神经元坏死")),
    "vanishing-gradient": Word("vanishing gradients", "梯度消失", ("vanishing", "vanishing-gradients")),
    "exploding-gradient": Word("exploding gradients", "梯度爆炸", ("exploding", "exploding-gradients")),
    "instability": Word("unstable training", "训练不稳定", ("unstable", "diverging", "不稳定", "发散")),
    "slow": Word("slow computation", "计算慢", ("speed", "slow-training", "速度慢", "速度")),
    "memory": Word("too much memory", "显存不足", ("out-of-memory", "oom", "内存不足", "显存", "内存")),
}


def resolve(kind: str, given: str, words: Mapping[str, Word]) -> str:
    """The term meant by a name, alias or Chinese word, whatever its case and separators.

    kind: what is asked for, for the error. Raises ValueError listing the known terms.
    """
    asked = _plain(given)
    for key, word in words.items():
        if asked in {_plain(name) for name in (key, word.en, word.zh, *word.also)}:
            return key
    known = ", ".join(f"{key} ({word.zh})" for key, word in words.items())
    raise ValueError(f"there is no {kind} named {given!r}; known: {known}")


def _plain(name: str) -> str:
    return "".join(part for part in str(name).lower() if part.isalnum())
