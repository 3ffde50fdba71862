"""Waves for networks that map coordinates to signals: sines of learned frequency and size."""

from ..language import cos, sign, signed_zero, sin, sinc, sqrt, where
from .entry import Kink, activation, fixed, learned

TITLE = {"en": "Waves for coordinates", "zh": "坐标网络的波形"}


@activation(
    source="Kazerouni et al. 2024 (INCODE), arXiv:2310.18846",
    zh="振幅、频率、相位与偏移均可调节的 SIREN 正弦。",
    points={0.0625: 0.9540857816096938, -1.0: 0.9880316240928618},
    facts=("smooth", "not monotone", "odd", "bounded"),
    notes=(
        "Its authors let a small second network choose a, b, c and d for each signal; here they are learned directly.",
        "原方法由另一个小网络为每个信号给出 a、b、c、d；此处直接学习。",
    ),
)
def incode(x, *, a=learned(1.0), b=learned(1.0), c=learned(0.0), d=learned(0.0), omega=fixed(30.0, above=0)):
    """The sine of SIREN with its amplitude, frequency, phase and offset set free."""
    # beyond 1e36 the phase is lost in every format; the limit keeps the product from overflowing
    kept = where(abs(x) < 1e36, x, 0.0)
    return a * sin(b * (omega * kept) + c) + d


@activation(
    source="Shah & Sitawarin 2023 (SPDER), arXiv:2306.15242",
    zh="被 √|x| 调幅的正弦：保留位置信息的半周期激活。",
    points={1.0: 0.8414709848078965, -2.0: -1.285940753247836},
    facts=("not monotone", "odd"),
    kinks=(Kink(0.0, 0.0),),
)
def spder(x):
    """A sine whose size grows like the root of |x|, so that the output still tells where the input was."""
    # within 1 of zero as sinc(x) |x|^1.5, whose curvature does not overflow on the way
    near = where(abs(x) > 0, sign(x) * (sinc(x) * abs(x) ** 1.5), signed_zero(x))
    away = where(x > 0, sin(x) * sqrt(x), sin(x) * sqrt(-x))
    return where(abs(x) < 1, near, away)


@activation(
    source="Zhao, Ding & Prakash 2023 (PINNsFormer), arXiv:2307.11833",
    zh="正弦与余弦的可学习组合。",
    points={1.0: 1.3817732906760363, -2.0: -1.325444263372824},
    facts=("smooth", "not monotone", "bounded"),
)
def pinnsformer_wavelet(x, w1=learned(1.0), w2=learned(1.0)):
    """A learned sum of a sine and a cosine, called Wavelet in transformers for physics."""
    return w1 * sin(x) + w2 * cos(x)


@activation(
    source="the FANN library, FANN_SIN",
    zh="压到 [0, 1] 的正弦 sin(x)/2 + 1/2。",
    points={1.0: 0.9207354924039483, -2.0: 0.04535128658715915},
    facts=("smooth", "not monotone", "bounded"),
)
def unit_sine(x):
    """The sine pressed into the interval from 0 to 1."""
    return sin(x) / 2 + 0.5


@activation(
    source="the FANN library, FANN_COS",
    zh="压到 [0, 1] 的余弦 cos(x)/2 + 1/2。",
    points={1.0: 0.7701511529340699, -2.0: 0.2919265817264288},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def unit_cosine(x):
    """The cosine pressed into the interval from 0 to 1."""
    return cos(x / 2) ** 2
