"""When to use a function along an axis and when not, said from what all its rows have in common."""

from __future__ import annotations

from .facts import Facts, Remark


def competes(facts: Facts) -> bool:
    """Rows in, rows of the same length out, and no probabilities."""
    rows = facts.p.rows
    return rows is not None and rows.most is None and rows.stretch == 1 and facts.p.range.high.value != 0


WHEN: tuple[Remark, ...] = (
    Remark(
        lambda f: f.p.rows is not None and f.p.rows.total == 1 and f.p.rows.order == "kept",
        "Probabilities of classes that exclude each other, and attention weights: each row sums to 1.",
        "互斥类别的概率，以及注意力权重：每一行之和为 1。",
    ),
    Remark(
        lambda f: f.p.rows is not None and f.p.rows.total == 1 and f.p.rows.order == "mixed",
        "Probabilities with a longer tail than softmax gives: each row sums to 1, but a low score may get a share too.",
        "需要比 softmax 更长尾的概率：每一行之和为 1，但低分也可能得到份额。",
    ),
    Remark(
        lambda f: f.p.rows is not None and f.p.rows.total == 1 and f.p.rows.zeros > 0,
        "Choices among many of which few should count: {share:.0%} of the places of a random row get exactly 0.",
        "从众多选项中只应考虑少数的场合：随机的一行中有 {share:.0%} 的位置恰为 0。",
        lambda f: {"share": f.p.rows.zeros if f.p.rows else 0.0},
    ),
    Remark(
        lambda f: f.p.rows is not None and f.p.rows.total not in (None, 1) and f.p.rows.most is not None,
        "Choosing {total:.3g} places of a row, softly where they are close: the outputs lie between 0 and 1.",
        "从一行中选出 {total:.3g} 个位置（得分接近时为软选择）：输出介于 0 与 1 之间。",
        lambda f: {"total": f.p.rows.total if f.p.rows else 0.0},
    ),
    Remark(
        lambda f: f.p.rows is not None and f.p.rows.total is None and f.p.rows.most is not None,
        "Attention heads that may abstain: a row of low scores sums to less than 1.",
        "允许“弃权”的注意力头：得分都很低的一行，其和小于 1。",
    ),
    Remark(
        lambda f: f.p.rows is not None and f.p.rows.most is None and f.p.rows.stretch < 1,
        "Hidden layers that learn the shape of their own bend: each output chooses among {pieces:.3g} of the layer's.",
        "由网络自己学习弯曲形状的隐藏层：每个输出在该层的 {pieces:.3g} 个值中选择。",
        lambda f: {"pieces": 1 / (f.p.rows.stretch if f.p.rows else 1.0)},
    ),
    Remark(
        lambda f: f.p.rows is not None and f.p.rows.most is None and f.p.rows.stretch > 1,
        "Hidden layers that must lose nothing: both signs of the input survive, side by side.",
        "不应丢失信息的隐藏层：输入的正负两部分并排保留。",
    ),
    Remark(
        lambda f: competes(f) and f.p.rows is not None and f.p.rows.zeros > 0,
        "Hidden layers that should be sparse: {share:.0%} of the outputs of a random row are exactly 0, and the others "
        "keep their size.",
        "希望稀疏的隐藏层：随机的一行中有 {share:.0%} 的输出恰为 0，其余保留其大小。",
        lambda f: {"share": f.p.rows.zeros if f.p.rows else 0.0},
    ),
    Remark(
        lambda f: competes(f) and f.p.rows is not None and f.p.rows.zeros == 0,
        "Hidden layers whose units should answer to each other: an output depends on how its input stands in its row.",
        "希望单元相互参照的隐藏层：每个输出取决于其输入在本行中的位置。",
    ),
    Remark(
        lambda f: f.p.rows is not None and f.p.rows.total == 1 and f.p.rows.order == "reversed",
        "Weights from distances or costs: the smallest score gets the largest share, and each row sums to 1.",
        "由距离或代价得到权重：得分最小者份额最大，每一行之和为 1。",
    ),
    Remark(
        lambda f: f.p.rows is not None and f.p.rows.total is None and f.p.range.high.value == 0,
        "Log-probabilities of classes that exclude each other, for NLLLoss: exact where log of softmax is not.",
        "互斥类别的对数概率，配合 NLLLoss 使用：先 softmax 再取对数会损失精度，它不会。",
    ),
)

WHEN_NOT: tuple[Remark, ...] = (
    Remark(
        lambda f: f.p.rows is not None and f.p.rows.total != 1,
        "Along the batch dimension: an output would depend on the other examples.",
        "沿批次维度使用：输出会依赖于其他样本。",
    ),
    Remark(
        lambda f: f.p.rows is not None and f.p.rows.stretch != 1,
        "In place of an activation that keeps the width: the row becomes {stretch:.3g} times as long.",
        "替换保持宽度的激活函数：一行的长度会变为 {stretch:.3g} 倍。",
        lambda f: {"stretch": f.p.rows.stretch if f.p.rows else 1.0},
    ),
    Remark(
        lambda f: f.p.rows is not None and f.p.rows.zeros > 0.05,
        "Where every place must learn at every step: what gets 0 passes no gradient.",
        "要求每个位置每一步都能学习的场合：得到 0 的位置不传递梯度。",
    ),
    Remark(
        lambda f: f.p.rows is not None and f.p.rows.scale_invariant,
        "Where the size of a row carries information: three times the scores give the same output.",
        "行的整体大小含有信息的场合：得分放大三倍，输出不变。",
    ),
    Remark(
        lambda f: f.p.rows is not None and f.p.rows.total == 1,
        "Before CrossEntropyLoss, which applies softmax itself; for labels that may be true together; and in hidden "
        "layers, where it makes units compete.",
        "CrossEntropyLoss 之前（其内部已含 softmax）；可同时成立的多个标签；以及隐藏层（会使单元相互竞争）。",
    ),
    Remark(
        lambda f: f.p.rows is not None and f.p.rows.total is None and f.p.range.high.value == 0,
        "Before CrossEntropyLoss, which applies it itself, and in hidden layers, where it makes units compete.",
        "CrossEntropyLoss 之前（其内部已包含它），以及隐藏层（会使单元相互竞争）。",
    ),
)
