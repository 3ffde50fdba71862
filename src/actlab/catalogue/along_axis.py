"""Functions along an axis: every output depends on a whole row; they take `dim`.

A row in which every entry is minus infinity (fully masked) gives zeros, of log_softmax minus infinities, and its slope
is zero.
"""

from ..language import (
    INFINITY,
    block_total,
    block_winners,
    damp,
    excess,
    hypot,
    join,
    log,
    logsumexp,
    maximum,
    mean,
    probit,
    rms,
    share,
    sigmoid,
    total,
    unit,
    where,
    winners,
)
from ..language import log_softmax as _log_softmax
from ..language import softmax as _softmax
from .counts import count
from .entry import Kink, activation, fixed, learned

TITLE = {"en": "Along an axis", "zh": "沿轴运算"}

_PAIRING = (
    "For training use log_softmax with NLLLoss, or raw scores with CrossEntropyLoss, which applies it inside; "
    "softmax before CrossEntropyLoss applies it twice.",
    "训练时应使用 log_softmax 配 NLLLoss，或把原始得分直接交给 CrossEntropyLoss（其内部已含 softmax）；"
    "在 CrossEntropyLoss 之前再加 softmax 等于做了两次。",
)


@activation(
    source="Bridle 1990",
    zh="把一行得分变为和为 1 的概率。",
    kind="along axis",
    rows={(0.0, 0.6931471805599453): (0.3333333333333333, 0.6666666666666666)},
    facts=("bounded",),
    elsewhere={"torch": "nn.functional.softmax", "keras": "softmax", "jax": "jax.nn.softmax"},
    notes=_PAIRING,
)
def softmax(x, temperature=fixed(1.0, above=0)):
    """Turns a row of scores into probabilities that sum to 1."""
    return _softmax(x / temperature)


@activation(
    source="Bridle 1990; the logarithm taken inside for stability",
    zh="softmax 的对数，经减去最大值而保持稳定。",
    kind="along axis",
    rows={(0.0, 0.0): (-0.6931471805599453, -0.6931471805599453)},
    facts=("bounded above",),
    elsewhere={"torch": "nn.functional.log_softmax", "keras": "log_softmax", "jax": "jax.nn.log_softmax"},
    notes=_PAIRING,
)
def log_softmax(x, temperature=fixed(1.0, above=0)):
    """The logarithm of softmax, stable because the largest score is subtracted first."""
    return _log_softmax(x / temperature)


@activation(
    source="folklore; softmax of the negated scores",
    zh="对相反数做 softmax：得分越小概率越大。",
    kind="along axis",
    rows={(0.0, 0.6931471805599453): (0.6666666666666666, 0.3333333333333333)},
    facts=("bounded",),
    elsewhere={"torch": "nn.functional.softmin"},
)
def softmin(x, temperature=fixed(1.0, above=0)):
    """Softmax of the negated scores, so that the smallest gets the largest share."""
    return _softmax(-x / temperature)


@activation(
    source="Miller 2023, Attention Is Off By One (evanmiller.org)",
    zh="分母多加 n 的 softmax：一行的和可以小于 1。",
    kind="along axis",
    aliases=("softmax1", "softmax_one", "quiet_softmax", "ghost_softmax"),
    rows={(0.0, 0.0): (0.3333333333333333, 0.3333333333333333), (0.0,): (0.5,)},
    facts=("bounded",),
    notes=(
        "Not shift invariant: a row of very negative scores gives nearly nothing, so an attention head may abstain.",
        "不具有平移不变性：一行得分都很小时输出接近零，使注意力头可以“弃权”。",
    ),
)
def softmax_off_by_one(x, n=fixed(1.0, above=0)):
    """Softmax with n more in the denominator, so that a row may sum to less than 1."""
    return _softmax(x) * sigmoid(logsumexp(x) - log(n))


@activation(
    source="Xiao et al. 2023 (attention sinks), arXiv:2309.17453; as one learned score per head in gpt-oss",
    zh="与一个可学习的“汇”得分竞争的 softmax。",
    kind="along axis",
    rows={(0.0, 0.0): (0.3333333333333333, 0.3333333333333333)},
    facts=("bounded",),
)
def softmax_sink(x, sink=learned(0.0)):
    """Softmax in which a learned score takes part and takes its share away."""
    return _softmax(x) * sigmoid(logsumexp(x) - sink)


@activation(
    source="Martins & Astudillo 2016, arXiv:1602.02068",
    zh="把得分投影到概率单纯形上：小的得分恰为零。",
    kind="along axis",
    rows={(1.0, 0.5, -1.0): (0.75, 0.25, 0.0), (1.0, 0.0, -1.0): (1.0, 0.0, 0.0)},
    facts=("bounded",),
)
def sparsemax(x):
    """The point of the probability simplex that is nearest to the scores, with exact zeros."""
    return excess(1, x)


@activation(
    source="Peters, Niculae & Martins 2019, arXiv:1905.05702",
    zh="介于 softmax 与 sparsemax 之间的稀疏概率。",
    kind="along axis",
    rows={(2.0, 0.0, -1.0): (1.0, 0.0, 0.0), (0.0, 0.0): (0.5, 0.5)},
    facts=("bounded",),
)
def entmax15(x):
    """Sparse probabilities half-way between softmax and sparsemax."""
    return excess(2, x / 2) ** 2


def _raised(a, power):
    # a power below 1 is infinitely steep at 0, where nothing takes part
    return where(a > 0, where(a > 0, a, 1) ** power, a)


@activation(
    source="Peters, Niculae & Martins 2019, arXiv:1905.05702; with a learned alpha in arXiv:1909.00015",
    zh="以 α 在 softmax（α 趋于 1）与 sparsemax（α = 2）之间过渡的稀疏概率。",
    kind="along axis",
    aliases=("entmax", "entmax_bisect"),
    rows={(2.0, 0.0, -1.0): (1.0, 0.0, 0.0), (0.0, 0.0): (0.5, 0.5)},
    facts=("bounded",),
    notes=(
        "Alpha 1 is softmax and is refused here because the formula divides by alpha - 1.",
        "α = 1 即 softmax；公式要除以 α − 1，因此此处不接受 1。",
    ),
)
def alpha_entmax(x, alpha=fixed(1.5, above=1)):
    """Sparse probabilities between softmax (alpha towards 1) and sparsemax (alpha 2)."""
    return _raised(excess(1 / (alpha - 1), (alpha - 1) * x), 1 / (alpha - 1))


@activation(
    source="Blondel, Martins & Niculae 2020 (Fenchel-Young losses, norm entropies), arXiv:1901.02324",
    zh="以范数为正则的稀疏概率。",
    kind="along axis",
    rows={(0.0, 0.0): (0.5, 0.5), (2.0, 0.0, -1.0): (1.0, 0.0, 0.0)},
    facts=("bounded",),
)
def normmax(x, alpha=fixed(2.0, above=1)):
    """Sparse probabilities regularised by their alpha-norm."""
    raised = _raised(excess(alpha / (alpha - 1), x), 1 / (alpha - 1))
    sums = total(raised)  # at least 1, except in a fully masked row
    return raised / where(sums > 0, sums, 1)


@activation(
    source="Duchi et al. 2008 (projection onto a capped simplex), as budget_bisect in the entmax package",
    zh="每个元素不超过 1、总和等于预算的稀疏选择。",
    kind="along axis",
    rows={(3.0, 1.0, -2.0, -5.0): (1.0, 1.0, 0.0, 0.0)},
    facts=("bounded",),
)
def budget_sparsemax(x, budget=fixed(2.0, above=0)):
    """The nearest point whose elements lie between 0 and 1 and sum to a budget."""
    return share(budget, x)


@activation(
    source="de Brebisson & Vincent 2015, arXiv:1511.05042",
    zh="按平方占比归一化的“球面”softmax。",
    kind="along axis",
    rows={(1.0, -2.0, 2.0): (0.1111111111111111, 0.4444444444444444, 0.4444444444444444), (0.0, 0.0): (0.0, 0.0)},
    facts=("bounded",),
)
def spherical_softmax(x):
    """Each square over the sum of squares, the same for a score and its negative."""
    return unit(x) ** 2


@activation(
    source="de Brebisson & Vincent 2015, arXiv:1511.05042; Banerjee et al. 2020, arXiv:2011.11538",
    zh="以二阶泰勒多项式代替指数的 softmax。",
    kind="along axis",
    rows={(0.0, 0.0): (0.5, 0.5), (0.0, 2.0): (0.16666666666666666, 0.8333333333333334)},
    facts=("bounded",),
    notes=(
        "1 + x + x²/2 rises again left of -1: a very negative score gets a large share, so it cannot be masked.",
        "1 + x + x²/2 在 −1 左侧重新上升：很小的得分反而得到很大份额，因此无法用掩码。",
    ),
)
def taylor_softmax(x):
    """Softmax with 1 + x + x^2/2 in place of the exponential."""
    # 1 + x + x^2/2 is half of (x + 1)^2 + 1, a squared length that need not overflow
    return unit(hypot(x + 1, 1)) ** 2


@activation(
    source="Shazeer et al. 2017, arXiv:1701.06538 (KeepTopK before softmax)",
    zh="只在得分最高的 k 个之间做 softmax。",
    kind="along axis",
    rows={(1.0, 3.0, 2.0): (0.0, 1.0, 0.0)},
    facts=("bounded",),
    notes=(
        "With k = 1 the output is constant and no gradient flows.",
        "k = 1 时输出恒定，没有梯度。",
    ),
)
def top_k_softmax(x, k=count(1, high=65536)):
    """Softmax over the k largest scores, with zeros for the others."""
    return _softmax(x + where(winners(k, x) > 0, 0, -INFINITY))


@activation(
    source="Xiao, Zhong & Zheng 2019, arXiv:1905.10510",
    zh="只保留一行中最大的 k 个值，其余为零。",
    kind="along axis",
    aliases=("k_winners_take_all",),
    rows={(1.0, 3.0, 2.0): (0.0, 3.0, 0.0), (-1.0, -1.0): (-1.0, 0.0)},
    notes=(
        "For sparse hidden layers: exactly k values of a row pass, negative ones too, the first of equals; set k to a "
        "share of the row's length.",
        "用于稀疏的隐藏层：每行恰有 k 个值通过（可以为负，相等时取靠前者）；k 宜按行长的一定比例设置。",
    ),
)
def k_wta(x, k=count(1, high=65536)):
    """The k largest values of a row as they are, zeros for the others."""
    return damp(winners(k, x), x)


@activation(
    source="Srivastava et al. 2013, Compete to Compute",
    zh="每组相邻单元中只有最大者保留其值。",
    kind="along axis",
    aliases=("local_winner_take_all",),
    rows={(1.0, 3.0, -2.0, -5.0): (0.0, 3.0, -2.0, 0.0)},
    notes=(
        "For hidden layers whose units should specialise: one of every block is active. The width must be a multiple "
        "of the block size.",
        "用于希望单元各有分工的隐藏层：每组只有一个单元工作；宽度须为组大小的整数倍。",
    ),
)
def lwta(x, size=count(2, low=2, high=65536)):
    """In every block of neighbours the largest keeps its value and the others become zero."""
    return damp(block_winners(size, x), x)


@activation(
    source="Goodfellow et al. 2013, arXiv:1302.4389",
    zh="取每组相邻单元的最大值；一行随之缩短。",
    kind="along axis",
    rows={(1.0, 3.0, -2.0, -5.0): (3.0, -2.0)},
    notes=(
        "The layer before it must be that many times wider; the pieces of one unit are neighbours. A unit learns a "
        "convex curve of its own and cannot die as a ReLU can.",
        "前一层须宽相应的倍数，同一单元的各片相邻；每个单元学到自己的凸曲线，不会像 ReLU 那样死亡。",
    ),
)
def maxout(x, pieces=count(2, low=2, high=65536)):
    """The largest of every block of neighbours, which makes the row that many times shorter."""
    return block_total(pieces, damp(block_winners(pieces, x), x))


@activation(
    source="Shang et al. 2016, arXiv:1603.05201",
    zh="把 relu(x) 与 relu(−x) 沿轴拼接，长度加倍。",
    kind="along axis",
    rows={(1.0, -2.0): (1.0, 0.0, 0.0, 2.0)},
    facts=("bounded below",),
    kinks=(Kink(0.0, 0.0),),
    notes=(
        "Keeps what ReLU throws away; the next layer must take twice as many features. Along channels, pass dim=1.",
        "保留被 ReLU 丢弃的部分；下一层的输入特征数须加倍。沿通道使用时传入 dim=1。",
    ),
)
def concatenated_relu(x):
    """relu of the row followed by relu of its negative, which doubles its length."""
    return join(maximum(x, 0), maximum(-x, 0))


@activation(
    source="Elhage et al. 2022, Softmax Linear Units (transformer-circuits.pub)",
    zh="以自身 softmax 为权的 x。",
    kind="along axis",
    rows={(0.0, 0.0): (0.0, 0.0), (1.0, 1.0): (0.5, 0.5)},
    notes=(
        "Its authors follow it with a LayerNorm, which is a layer of its own here.",
        "原作者在其后接一个 LayerNorm；此处它是单独的一层。",
    ),
)
def solu(x):
    """x weighted by its own softmax."""
    return damp(_softmax(x), x)


@activation(
    source="Zhuo et al. 2024 (PolyCom), arXiv:2411.03884",
    zh="对 x 的一、二、三次幂各自归一化后的加权和。",
    kind="along axis",
    rows={(1.0, 1.0): (1.9999995, 1.9999995)},
)
def poly_norm(
    x,
    *,
    w1=learned(1 / 3),
    w2=learned(1 / 3),
    w3=learned(1 / 3),
    bias=learned(1.0),
    eps=fixed(1e-6, above=0),
):
    """A weighted sum of the first three powers of x, each over its root mean square along the row."""
    scale = maximum(rms(x), 1)  # cancels, and keeps the third power from overflowing

    def normed(power):
        y, floor = (x / scale) ** power, eps**0.5
        for _ in range(power):
            floor = floor / scale
        return y / hypot(rms(y), floor)

    return w1 * normed(1) + w2 * normed(2) + w3 * normed(3) + bias


@activation(
    source="named in Gemma 3n's model code (activation sparsity)",
    zh="只保留高出本行高斯分位数的部分。",
    kind="along axis",
    rows={(1.0, 1.0): (0.0, 0.0)},
    facts=("bounded below",),
)
def gaussian_sparse_relu(x, sparsity=fixed(0.95, above=0, below=1)):
    """What exceeds the quantile that a normal distribution with the row's mean and spread would have."""
    middle = mean(x)
    return maximum(x - (middle + probit(sparsity) * rms(x - middle)), 0)
