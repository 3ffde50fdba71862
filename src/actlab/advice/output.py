"""Advice on output layers: the activation and the torch loss that go together."""

from __future__ import annotations

from .rule import ALTERNATIVE, AVOID, DCGAN, EFFICIENT, FIRST, LEAKY, TORCH, Rule

OUTPUT: tuple[Rule, ...] = (
    Rule(
        "output",
        FIRST,
        ("identity",),
        "Give the loss raw scores: it applies the sigmoid inside, where no digit is lost. Apply the sigmoid yourself "
        "only to show probabilities.",
        "把原始得分直接交给损失函数：它在内部做 sigmoid，不损失精度。只有展示概率时才自己做 sigmoid。",
        TORCH,
        task="binary",
        loss="BCEWithLogitsLoss",
    ),
    Rule(
        "output",
        ALTERNATIVE,
        ("sigmoid",),
        "Works, but in float32 the probability is exactly 1 beyond a score of {beyond[sigmoid]}, and a wrong sure "
        "answer then gets no gradient to learn from.",
        "可行，但在 float32 中得分超过 {beyond[sigmoid]} 后概率恰为 1，此时错误而自信的答案得不到可学习的梯度。",
        TORCH,
        task="binary",
        loss="BCELoss",
    ),
    Rule(
        "output",
        AVOID,
        ("sigmoid",),
        "The loss applies the sigmoid once more: scores are squeezed into (0, 1), the probability cannot fall below "
        "one half, and the slope is at most {peak[sigmoid]}.",
        "该损失会再做一次 sigmoid：得分被压入 (0, 1)，概率不可能低于二分之一，且导数最大只有 {peak[sigmoid]}。",
        TORCH,
        task="binary",
        loss="BCEWithLogitsLoss",
    ),
    Rule(
        "output",
        FIRST,
        ("identity",),
        "Give the loss one raw score per class: CrossEntropyLoss applies log_softmax inside, stably. Apply softmax "
        "only to show probabilities; the largest score is the answer either way.",
        "每个类别给出一个原始得分即可：CrossEntropyLoss 内部会稳定地计算 log_softmax。只有展示概率时才做 softmax；"
        "得分最大者即为答案，与是否做 softmax 无关。",
        TORCH,
        task="multi-class",
        loss="CrossEntropyLoss",
    ),
    Rule(
        "output",
        ALTERNATIVE,
        ("log_softmax",),
        "The same number as CrossEntropyLoss on raw scores, for code that wants log-probabilities from the model.",
        "与“原始得分 + CrossEntropyLoss”数值相同，适合需要模型直接输出对数概率的代码。",
        TORCH,
        task="multi-class",
        loss="NLLLoss",
    ),
    Rule(
        "output",
        AVOID,
        ("softmax",),
        "The loss applies softmax once more: scores now lie between 0 and 1, so with 10 classes the loss cannot fall "
        "below log(1 + 9/e) = 1.461 even when every answer is right.",
        "该损失会再做一次 softmax：得分被限制在 0 与 1 之间，10 个类别时即使全部答对，损失也不会低于 "
        "log(1 + 9/e) = 1.461。",
        TORCH,
        task="multi-class",
        loss="CrossEntropyLoss",
    ),
    Rule(
        "output",
        AVOID,
        ("softmax",),
        "NLLLoss expects log-probabilities: given probabilities it returns minus the probability, whose gradient is "
        "weakest exactly where the answer is most wrong. Use log_softmax.",
        "NLLLoss 需要对数概率：若给它概率，得到的是概率的相反数，越是答错梯度反而越弱。应使用 log_softmax。",
        TORCH,
        task="multi-class",
        loss="NLLLoss",
    ),
    Rule(
        "output",
        FIRST,
        ("identity",),
        "One raw score per label, each judged on its own; pos_weight balances rare labels.",
        "每个标签一个原始得分，彼此独立判断；稀有标签可用 pos_weight 平衡。",
        TORCH,
        task="multi-label",
        loss="BCEWithLogitsLoss",
    ),
    Rule(
        "output",
        AVOID,
        ("softmax",),
        "It makes the labels compete for a total of 1, although several may be right at once.",
        "它使各标签争夺总和为 1 的份额，而多个标签可以同时成立。",
        TORCH,
        task="multi-label",
        loss="CrossEntropyLoss",
    ),
    Rule(
        "output",
        FIRST,
        ("identity",),
        "Nothing after the last linear layer, so that every number can be reached; standardise the targets.",
        "最后一个线性层之后不加任何函数，才能取到任意数值；目标值应标准化。",
        EFFICIENT,
        task="regression",
        loss="MSELoss",
    ),
    Rule(
        "output",
        ALTERNATIVE,
        ("identity",),
        "When a few targets are far off: the loss grows only linearly there.",
        "当少数目标值偏离很远时：该损失在远处只线性增长。",
        "Huber 1964, Annals of Mathematical Statistics 35",
        task="regression",
        loss="SmoothL1Loss",
    ),
    Rule(
        "output",
        AVOID,
        ("relu",),
        "It cannot give a negative number, and where the score is negative its slope is 0: the output may stay at 0 "
        "for good.",
        "无法输出负数，且得分为负时导数为 0：输出可能永远停在 0。",
        LEAKY,
        task="regression",
        loss="MSELoss",
    ),
    Rule(
        "output",
        FIRST,
        ("sigmoid",),
        "Scale it to your range, low + (high - low) * sigmoid(score): every value inside can be reached and none "
        "outside. Ends that do occur as targets should lie a little inside, for the slope dies out towards them.",
        "按取值范围缩放：low + (high − low)·sigmoid(得分)，范围内的值都能取到，范围外的都取不到。"
        "若目标值会取到端点，应把范围略微放宽，因为靠近端点时导数趋于 0。",
        EFFICIENT,
        task="bounded-regression",
        loss="MSELoss",
    ),
    Rule(
        "output",
        ALTERNATIVE,
        ("tanh",),
        "For ranges symmetric around 0, such as images scaled to (-1, 1).",
        "适用于关于 0 对称的范围，例如缩放到 (−1, 1) 的图像。",
        DCGAN,
        task="bounded-regression",
        loss="MSELoss",
    ),
    Rule(
        "output",
        AVOID,
        ("hard_tanh",),
        "Cutting off passes no gradient outside the range: an output that starts there cannot come back.",
        "截断在范围之外不传递梯度：一旦输出落在外面就无法回来。",
        LEAKY,
        task="bounded-regression",
        loss="MSELoss",
    ),
    Rule(
        "output",
        FIRST,
        ("softplus",),
        "Positive everywhere, grows linearly and never stops passing a gradient; good for variances, rates and "
        "durations (GaussianNLLLoss takes it as variance).",
        "处处为正、线性增长，梯度从不中断；适合方差、速率、时长（可作为 GaussianNLLLoss 的方差）。",
        "Dugas et al. 2001",
        task="positive-regression",
        loss="MSELoss",
    ),
    Rule(
        "output",
        ALTERNATIVE,
        ("identity",),
        "For counts: let the model give the logarithm of the rate; PoissonNLLLoss takes it so by default "
        "(log_input=True).",
        "对于计数：让模型输出速率的对数；PoissonNLLLoss 默认即如此（log_input=True）。",
        TORCH,
        task="positive-regression",
        loss="PoissonNLLLoss",
    ),
    Rule(
        "output",
        AVOID,
        ("relu",),
        "Its slope is 0 wherever the score is negative: an output stuck at 0 gets no gradient.",
        "得分为负时导数为 0：停在 0 的输出得不到梯度。",
        LEAKY,
        task="positive-regression",
        loss="MSELoss",
    ),
    Rule(
        "output",
        FIRST,
        ("tanh",),
        "The generator's output, with images scaled to (-1, 1).",
        "用于生成器的输出，图像应缩放到 (−1, 1)。",
        DCGAN,
        architecture="gan",
    ),
    Rule(
        "output",
        FIRST,
        ("identity",),
        "The discriminator's output is a raw score; the loss applies the sigmoid inside.",
        "判别器输出原始得分；损失函数内部会做 sigmoid。",
        TORCH,
        architecture="gan",
        loss="BCEWithLogitsLoss",
    ),
    *(
        Rule(
            "output",
            FIRST,
            ("identity",),
            "Raw scores with a loss that takes them (CrossEntropyLoss, BCEWithLogitsLoss): the gradient is then simply "
            "prediction minus target and does not vanish for a sure wrong answer, as it does after a squashing "
            "function of slope at most {peak[sigmoid]}.",
            "输出原始得分，并配合接受得分的损失（CrossEntropyLoss、BCEWithLogitsLoss）：此时梯度就是“预测减目标”，"
            "自信的错误答案也不会失去梯度；而经过导数最大仅 {peak[sigmoid]} 的压缩函数后就会。",
            "Bishop 1995, Neural Networks for Pattern Recognition",
            trouble=trouble,
            loss="CrossEntropyLoss",
        )
        for trouble in ("vanishing-gradient", "instability")
    ),
    Rule(
        "output",
        AVOID,
        ("relu",),
        "An output unit that dies gives the same answer for every input; use no activation, or softplus for positive "
        "targets.",
        "输出单元一旦死亡，对任何输入都给出同一答案；应不加激活，正值目标用 softplus。",
        LEAKY,
        trouble="dead-units",
    ),
)
