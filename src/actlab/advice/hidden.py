"""Advice on hidden layers: what always holds, what a task adds, and what each architecture uses."""

from __future__ import annotations

from .rule import ALTERNATIVE, AVOID, DCGAN, FIRST, GELU, GLOROT, HE, MOBILE, SELU, Rule

HIDDEN: tuple[Rule, ...] = (
    # nothing known but that it is a hidden layer
    Rule(
        "hidden",
        FIRST,
        ("relu",),
        "Its slope is 1 for every positive input, so gradients pass any depth unshrunk, and it needs no exponential; "
        "with weights at its gain {gain[relu]} both signal and gradient keep their size.",
        "正输入处导数恒为 1，梯度可以无衰减地穿过任意深度，且不含指数运算；权重按增益 {gain[relu]} 初始化时，"
        "信号与梯度的大小都能保持。",
        HE,
    ),
    *(
        Rule(
            "hidden",
            ALTERNATIVE,
            ("gelu", "silu"),
            "Smooth and with a non-zero slope for most negative inputs, so no unit dies for good; costs {calls[gelu]} "
            "transcendental call per element where ReLU needs none.",
            "光滑，且多数负输入处导数不为 0，单元不会永久死亡；代价是每个元素 {calls[gelu]} 次超越函数，ReLU 则无。",
            GELU,
            architecture=architecture,
        )
        for architecture in ("", "mlp")
    ),
    Rule(
        "hidden",
        AVOID,
        ("sigmoid",),
        "Its slope is at most {peak[sigmoid]} and its mean output {mean[sigmoid]}: with PyTorch's default "
        "initialisation the gradient keeps {shrink[sigmoid]} of its norm per layer and is down to a thousandth after "
        "{depth[sigmoid]} layers.",
        "导数最大只有 {peak[sigmoid]}，平均输出为 {mean[sigmoid]}：在 PyTorch 默认初始化下，梯度范数每层只剩 "
        "{shrink[sigmoid]} 倍，约 {depth[sigmoid]} 层后降到千分之一。",
        GLOROT,
    ),
    Rule(
        "hidden",
        AVOID,
        ("step", "signum"),
        "The slope is 0 everywhere, so gradient descent learns nothing in the layers before it.",
        "导数处处为 0，其前面的各层无法通过梯度下降学习。",
        "Bengio, Léonard & Courville 2013, arXiv:1308.3432",
    ),
    # the task matters little inside, but a fitted function inherits its activation's smoothness
    *(
        Rule(
            "hidden",
            ALTERNATIVE,
            ("silu", "tanh"),
            "The fitted function is as smooth as its activation: these have every derivative, where ReLU gives a "
            "piecewise linear fit with corners.",
            "拟合出的函数与激活函数一样光滑：它们任意阶可导，而 ReLU 只能给出带折角的分段线性拟合。",
            "Montúfar et al. 2014, arXiv:1402.1869",
            task=task,
        )
        for task in ("regression", "bounded-regression", "positive-regression")
    ),
    # architectures
    Rule(
        "hidden",
        FIRST,
        ("relu",),
        "The plain default for fully connected layers: no shrinking on the active side and {zeros[relu]} of the "
        "outputs exactly 0 at the start.",
        "全连接层的稳妥默认选择：激活一侧不衰减，初始时 {zeros[relu]} 的输出恰为 0。",
        HE,
        architecture="mlp",
    ),
    Rule(
        "hidden",
        ALTERNATIVE,
        ("selu",),
        "Made for deep fully connected stacks without normalisation: mean 0 and variance 1 are a stable fixed point "
        "(an error in the variance shrinks to {drift[selu]} of itself per layer).",
        "专为没有归一化层的深层全连接网络设计：零均值、单位方差是稳定的不动点（方差误差每层缩小到 {drift[selu]} 倍）。",
        SELU,
        architecture="mlp",
    ),
    Rule(
        "hidden",
        FIRST,
        ("relu",),
        "With batch normalisation before it half of the units are active on every batch, and it costs next to nothing "
        "on large feature maps.",
        "配合其前面的批归一化，每个批次都约有一半单元被激活；在大特征图上几乎没有额外开销。",
        "He et al. 2016, arXiv:1512.03385",
        architecture="cnn",
    ),
    Rule(
        "hidden",
        ALTERNATIVE,
        ("silu", "mish"),
        "Used by EfficientNet and the YOLO family for a small gain in accuracy; keep batch normalisation, for without "
        "it a variance error grows by {drift[silu]} per layer.",
        "EfficientNet 与 YOLO 系列用它换取小幅精度提升；应保留批归一化，否则方差误差每层放大 {drift[silu]} 倍。",
        "Tan & Le 2019, arXiv:1905.11946",
        architecture="cnn",
    ),
    Rule(
        "hidden",
        AVOID,
        ("tanh",),
        "It saturates on both sides: with PyTorch's default initialisation the gradient keeps {shrink[tanh]} of its "
        "norm per layer.",
        "两侧都会饱和：在 PyTorch 默认初始化下，梯度范数每层只剩 {shrink[tanh]} 倍。",
        GLOROT,
        architecture="cnn",
    ),
    Rule(
        "hidden",
        FIRST,
        ("tanh",),
        "The state goes through it at every time step: it is centred at 0 and stays within (-1, 1), so it cannot grow; "
        "LSTM and GRU add sigmoid gates, which belong there. Initialise recurrent weights orthogonally.",
        "状态在每个时间步都要经过它：它以零为中心且限于 (−1, 1)，不会越滚越大；LSTM 与 GRU 另配 sigmoid 门控，"
        "门控正是 sigmoid 的用武之地。循环权重宜用正交初始化。",
        "Hochreiter & Schmidhuber 1997; Cho et al. 2014, arXiv:1406.1078",
        architecture="rnn",
        weights=False,
    ),
    Rule(
        "hidden",
        ALTERNATIVE,
        ("sigmoid",),
        "For the gates of LSTM and GRU only, which decide how much passes; not for the state.",
        "仅用于 LSTM 与 GRU 的门控（决定通过多少），不用于状态本身。",
        "Hochreiter & Schmidhuber 1997; Cho et al. 2014, arXiv:1406.1078",
        architecture="rnn",
        weights=False,
    ),
    Rule(
        "hidden",
        AVOID,
        ("relu", "gelu", "silu"),
        "Nothing bounds them: a recurrent matrix slightly too large makes the state grow at every step. If you need "
        "ReLU, start the recurrent weights at the identity.",
        "没有上界：循环矩阵稍大，状态就会逐步增长。若一定要用 ReLU，应把循环权重初始化为单位阵。",
        "Le, Jaitly & Hinton 2015, arXiv:1504.00941",
        architecture="rnn",
    ),
    Rule(
        "hidden",
        FIRST,
        ("gelu",),
        "What BERT, GPT and ViT were built with: smooth, slope up to {peak[gelu]}, and layer normalisation around it "
        "takes care of its drift. For a trained checkpoint keep the variant it was trained with (gelu or gelu_tanh).",
        "BERT、GPT、ViT 的标准选择：光滑，导数最大 {peak[gelu]}，周围的层归一化可抵消其方差漂移。"
        "使用预训练权重时，应沿用其训练时的版本（gelu 或 gelu_tanh）。",
        GELU,
        architecture="transformer",
        weights=False,
    ),
    Rule(
        "hidden",
        ALTERNATIVE,
        ("silu",),
        "As the gate of a gated feed-forward layer (SwiGLU) it is the choice of LLaMA-like models; a gate needs a "
        "second projection, so make the layer two thirds as wide.",
        "作为门控前馈层（SwiGLU）的门，是 LLaMA 一类模型的选择；门控需要第二个投影，宽度应取三分之二。",
        "Shazeer 2020, arXiv:2002.05202",
        architecture="transformer",
        weights=False,
    ),
    Rule(
        "hidden",
        FIRST,
        ("leaky_relu",),
        "The discriminator must hand a gradient to the generator for every input: use it with negative_slope 0.2 "
        "there, where ReLU would pass nothing for {flat[relu]} of the inputs.",
        "判别器必须对每个输入都把梯度传给生成器：在判别器中使用 negative_slope=0.2；换成 ReLU，"
        "{flat[relu]} 的输入处传不出任何梯度。",
        DCGAN,
        architecture="gan",
    ),
    Rule(
        "hidden",
        ALTERNATIVE,
        ("relu",),
        "In the generator only, with batch normalisation.",
        "仅用于生成器，并配合批归一化。",
        DCGAN,
        architecture="gan",
    ),
    Rule(
        "hidden",
        FIRST,
        ("relu6", "relu"),
        "No transcendental call at all, and the cap at 6 keeps activations in the range of 8-bit integers and float16.",
        "完全不含超越函数；上限 6 使激活值适合 8 位整数与 float16。",
        "Sandler et al. 2018, arXiv:1801.04381",
        architecture="light",
    ),
    Rule(
        "hidden",
        ALTERNATIVE,
        ("hard_swish", "hard_sigmoid"),
        "Swish and its gate without an exponential: hard_swish in the deeper layers, hard_sigmoid in "
        "squeeze-and-excitation gates.",
        "不含指数运算的 Swish 及其门控：hard_swish 用于较深的层，hard_sigmoid 用于 SE 门控。",
        MOBILE,
        architecture="light",
    ),
    Rule(
        "hidden",
        AVOID,
        ("mish", "gelu"),
        "{calls[mish]} transcendental calls per element for mish and {calls[gelu]} for gelu, on hardware that has no "
        "fast exponential.",
        "每个元素 mish 需 {calls[mish]} 次、gelu 需 {calls[gelu]} 次超越函数计算，而此类硬件没有快速指数运算。",
        MOBILE,
        architecture="light",
    ),
)
