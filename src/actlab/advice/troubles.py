"""Advice on hidden layers of a network that is in trouble."""

from __future__ import annotations

from .rule import ALTERNATIVE, AVOID, EFFICIENT, FIRST, HE, LEAKY, MOBILE, SCHOENHOLZ, SELU, Rule

TROUBLED: tuple[Rule, ...] = (
    Rule(
        "hidden",
        FIRST,
        ("leaky_relu", "gelu"),
        "Negative inputs keep a slope, so a unit that fell silent can come back. Also lower the learning rate and "
        "check for large negative biases, which are what pushed the units out.",
        "负输入处仍有斜率，沉默的单元可以恢复。同时应降低学习率并检查是否有很大的负偏置：正是它们把单元推入了死区。",
        LEAKY,
        trouble="dead-units",
    ),
    Rule(
        "hidden",
        ALTERNATIVE,
        ("elu", "prelu"),
        "ELU levels off at {lowest[elu]} and keeps a slope until deep in the negative side; PReLU learns that slope.",
        "ELU 在负半轴逐渐趋于 {lowest[elu]}，很深处仍有斜率；PReLU 则学习该斜率。",
        "Clevert et al. 2016, arXiv:1511.07289",
        trouble="dead-units",
    ),
    Rule(
        "hidden",
        AVOID,
        ("relu", "relu6"),
        "The slope is exactly 0 for every negative input: a unit that is negative on all data gets no gradient and "
        "never changes again.",
        "对一切负输入导数恰为 0：在所有数据上都为负的单元得不到梯度，再也不会改变。",
        "Lu et al. 2019, arXiv:1903.06733",
        trouble="dead-units",
    ),
    Rule(
        "hidden",
        FIRST,
        ("relu", "gelu"),
        "Together with weights at their gain, which is half of the cure: with PyTorch's default initialisation even "
        "ReLU keeps only {shrink[relu]} of the gradient's norm per layer, with gain {gain[relu]} all of it. Beyond "
        "some twenty layers add normalisation or skip connections.",
        "须同时按各自的增益初始化权重，这是疗效的一半：在 PyTorch 默认初始化下，即使 ReLU 每层也只保留梯度范数的 "
        "{shrink[relu]} 倍，而增益取 {gain[relu]} 时可全部保留。超过约二十层时，应加归一化或残差连接。",
        HE,
        trouble="vanishing-gradient",
    ),
    Rule(
        "hidden",
        ALTERNATIVE,
        ("selu",),
        "Keeps mean 0 and variance 1 by itself where no normalisation is wanted.",
        "在不想使用归一化时，可自行保持零均值与单位方差。",
        SELU,
        trouble="vanishing-gradient",
    ),
    Rule(
        "hidden",
        AVOID,
        ("sigmoid", "hard_sigmoid", "tanh"),
        "They saturate on both sides: at PyTorch's default initialisation the gradient keeps {shrink[sigmoid]} "
        "(sigmoid) or {shrink[tanh]} (tanh) of its norm per layer, a thousandth after {depth[sigmoid]} or "
        "{depth[tanh]} layers.",
        "两侧都会饱和：在 PyTorch 默认初始化下，梯度范数每层只剩 {shrink[sigmoid]} 倍（sigmoid）或 {shrink[tanh]} 倍"
        "（tanh），约 {depth[sigmoid]} 层或 {depth[tanh]} 层后降到千分之一。",
        SCHOENHOLZ,
        trouble="vanishing-gradient",
    ),
    Rule(
        "hidden",
        FIRST,
        ("tanh", "relu"),
        "First the weights, then the function: tanh cannot pass on more than {peak[tanh]} times a gradient and bounds "
        "the signal; ReLU is neutral at exactly gain {gain[relu]}. Clip the gradient's norm meanwhile.",
        "先查权重，再谈函数：tanh 传递梯度的倍数不超过 {peak[tanh]}，并限制信号大小；ReLU 在增益恰为 {gain[relu]} 时"
        "保持中性。在此期间应裁剪梯度范数。",
        "Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063",
        trouble="exploding-gradient",
    ),
    Rule(
        "hidden",
        AVOID,
        ("bent_identity", "hard_swish"),
        "Their slopes exceed 1 over a wide range (up to {peak[bent_identity]} and {peak[hard_swish]}), so every layer "
        "can enlarge the gradient.",
        "在很宽的范围内导数大于 1（最大分别为 {peak[bent_identity]} 与 {peak[hard_swish]}），每一层都可能放大梯度。",
        SCHOENHOLZ,
        trouble="exploding-gradient",
    ),
    Rule(
        "hidden",
        FIRST,
        ("silu", "gelu"),
        "No corner: a small step of the weights changes the gradient by a small amount. Keep normalisation around "
        "them, since alone a variance error grows by {drift[gelu]} (gelu) or {drift[silu]} (silu) per layer.",
        "没有折角：权重的微小变化只引起梯度的微小变化。周围应保留归一化，因为单独使用时方差误差每层放大 "
        "{drift[gelu]} 倍（gelu）或 {drift[silu]} 倍（silu）。",
        "Ramachandran, Zoph & Le 2017, arXiv:1710.05941",
        trouble="instability",
    ),
    Rule(
        "hidden",
        ALTERNATIVE,
        ("relu6", "tanh"),
        "Bounded, so that one wild batch cannot send activations to infinity.",
        "有界：个别异常批次不会使激活值失控。",
        "Sandler et al. 2018, arXiv:1801.04381",
        trouble="instability",
    ),
    Rule(
        "hidden",
        FIRST,
        ("relu", "leaky_relu"),
        "A comparison and a product per element: they run at the speed of memory.",
        "每个元素只需一次比较和一次乘法：速度只受内存带宽限制。",
        EFFICIENT,
        trouble="slow",
    ),
    Rule(
        "hidden",
        ALTERNATIVE,
        ("hard_swish", "hard_tanh"),
        "Stand-ins for swish and tanh without any transcendental call.",
        "swish 与 tanh 的替代品，不含任何超越函数。",
        MOBILE,
        trouble="slow",
    ),
    Rule(
        "hidden",
        AVOID,
        ("mish",),
        "{calls[mish]} transcendental calls per element for the value alone; a fused kernel hides it, eager code does "
        "not.",
        "仅计算函数值每个元素就需 {calls[mish]} 次超越函数；融合内核可以掩盖这一开销，逐算子执行则不能。",
        "Misra 2019, arXiv:1908.08681",
        trouble="slow",
    ),
    Rule(
        "hidden",
        FIRST,
        ("relu", "leaky_relu"),
        "Their gradient can be read off the output, so with inplace=True the input is not kept at all.",
        "梯度可由输出直接得到，使用 inplace=True 时完全不必保留输入。",
        "Rota Bulò et al. 2018, arXiv:1712.02616",
        trouble="memory",
    ),
    Rule(
        "hidden",
        AVOID,
        ("gelu", "silu", "mish"),
        "Not monotone, so the output does not tell the input: the input (4 bytes an element in float32) is kept for "
        "the backward pass. Checkpoint the layer if you need them.",
        "非单调，无法由输出还原输入：反向传播需保留输入（float32 每元素 4 字节）。若必须使用，可对该层做激活检查点。",
        "Chen et al. 2016, arXiv:1604.06174",
        trouble="memory",
    ),
    # a recurrent network is cured through its cell, not by another function
    Rule(
        "hidden",
        FIRST,
        ("tanh",),
        "Keep tanh, but inside an LSTM or GRU cell: its additive path carries gradients over many steps. Start the "
        "forget gate's bias at 1 and the recurrent weights orthogonal.",
        "保留 tanh，但放进 LSTM 或 GRU 单元：其加性通路能把梯度传过许多时间步。遗忘门偏置取 1，循环权重正交初始化。",
        "Jozefowicz, Zaremba & Sutskever 2015, ICML",
        architecture="rnn",
        trouble="vanishing-gradient",
        weights=False,
    ),
    Rule(
        "hidden",
        FIRST,
        ("tanh",),
        "Keep tanh, whose slope never exceeds {peak[tanh]}; clip the gradient's norm (torch.nn.utils.clip_grad_norm_) "
        "and start the recurrent weights orthogonal, so that their largest singular value is 1.",
        "保留 tanh，其导数不超过 {peak[tanh]}；裁剪梯度范数（torch.nn.utils.clip_grad_norm_），"
        "循环权重用正交初始化，使最大奇异值为 1。",
        "Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063",
        architecture="rnn",
        trouble="exploding-gradient",
        weights=False,
    ),
)
