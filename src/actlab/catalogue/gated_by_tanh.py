"""Relatives of Mish: the input, or a softplus, times a hyperbolic tangent."""

from ..language import Phi, damp, exp, expm1, log, log1p, maximum, where
from ..language import sigmoid as _sigmoid
from ..language import softplus as _softplus
from ..language import tanh as _tanh
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Gated by tanh", "zh": "tanh 门控类"}

_BISWAS = "Biswas et al. 2020, arXiv:2009.03863"


@activation(
    source="Roy et al. 2019, arXiv:1901.05894",
    zh="x·tanh(x)：偶函数，两端趋于 |x|。",
    points={1.0: 0.7615941559557649, -2.0: 1.9280551601516338},
    facts=("smooth", "not monotone", "even", "bounded below"),
)
def lisht(x):
    """x times its hyperbolic tangent, an even function that tends to the absolute value."""
    return x * _tanh(x)


@activation(
    source="Misra 2019, the Echo package",
    zh="softplus 先放大 β 倍的 Mish。",
    points={1.0: 0.9618375601782212, -2.0: -0.37624875306050976},
    facts=("smooth", "not monotone", "bounded below"),
)
def beta_mish(x, beta=fixed(1.5, above=0)):
    """Mish whose softplus is multiplied by beta before the tanh."""
    return x * _tanh(beta * _softplus(x))


@activation(
    source="Misra 2019, the Mila repository and the Echo package",
    zh="门平移 β 的 Mish。",
    points={1.0: 0.8133577802910579, -2.0: -0.1997449948648588},
    facts=("smooth", "not monotone", "bounded below"),
)
def mila(x, beta=fixed(-0.25)):
    """Mish whose gate is shifted by beta."""
    return x * _tanh(_softplus(x + beta))


@activation(
    source="Liu & Di 2020, arXiv:2003.09855; again as TeLU, Fernandez & Mali 2024, arXiv:2412.20269",
    zh="x 乘以 eˣ 的双曲正切；正半轴几乎是恒等函数。",
    aliases=("telu",),
    points={1.0: 0.9913289158005998, -2.0: -0.26903008257898037},
    facts=("smooth", "not monotone", "bounded below"),
)
def tanh_exp(x):
    """x times the hyperbolic tangent of e^x, which is close to the identity for positive input."""
    return x * _tanh(exp(x))


@activation(
    source=_BISWAS,
    zh="tanh(αx) 乘以 softplus(x)。",
    points={1.0: 0.9210877747776752, -2.0: -0.11934109739466504},
    facts=("smooth", "not monotone", "bounded below"),
)
def tanh_soft1(x, alpha=learned(0.87)):
    """The hyperbolic tangent of alpha x times softplus(x)."""
    return _tanh(alpha * x) * _softplus(x)


@activation(
    source=_BISWAS,
    zh="x 乘以 β·e^(γx) 的双曲正切，是 TanhExp 的两参数推广。",
    points={1.0: 0.9261994666828048, -2.0: -0.16204633847764396},
    facts=("smooth", "not monotone", "bounded below"),
)
def tanh_soft2(x, beta=learned(0.6), gamma=learned(1.0)):
    """x times the hyperbolic tangent of beta exp(gamma x), TanhExp with two learned numbers."""
    return x * _tanh(beta * exp(gamma * x))


@activation(
    source=_BISWAS + "; its constant as in the survey of Kunc & Klema 2024, arXiv:2402.09092",
    zh="以 tanh(αx) 调制指数项的 softplus：log(1 + eˣ·tanh(αx))。",
    points={1.0: 1.057276822777908, -2.0: -0.1353545982395942},
    facts=("smooth", "not monotone", "bounded below"),
)
def tanh_soft3(x, alpha=learned(0.85, above=0)):
    """Softplus whose exponential is modulated by a tanh, log(1 + e^x tanh(alpha x))."""
    # beyond 1 the exponential is taken out of the logarithm, so that it cannot overflow
    modulation = _tanh(alpha * x)
    return where(x > 1, x + log(modulation + exp(-x)), log1p(exp(x) * modulation))


@activation(
    source="Wang, Ren & Wang 2022, doi:10.3390/electronics11040540",
    zh="α·x·tanh(log(1 + σ(βx)))；右端斜率为 0.6α。",
    points={1.0: 0.4995701060309371, -2.0: -0.22428613891211774},
    facts=("smooth", "not monotone", "bounded below"),
)
def smish(x, alpha=fixed(1.0), beta=fixed(1.0)):
    """alpha x times the tanh of log(1 + sigmoid(beta x)), with slope 0.6 alpha far to the right."""
    return alpha * (x * _tanh(log1p(_sigmoid(beta * x))))


@activation(
    source="Naveen 2022, TechRxiv preprint",
    zh="x 乘以 GELU(x) 的双曲正切。",
    points={1.0: 0.6865206717033414, -2.0: 0.0909377810773598},
    facts=("smooth", "not monotone", "bounded below"),
)
def phish(x):
    """x times the hyperbolic tangent of GELU(x)."""
    return x * _tanh(x * Phi(x))


@activation(
    source=SURVEY + " as the TeLU of Mercioni & Holban",
    zh="x 乘以 ELU(αx) 的双曲正切；与 2024 年的 TeLU 同名而不同式。",
    points={1.0: 0.7615941559557649, -2.0: 1.3973065094160466},
    facts=("not monotone", "bounded below"),
)
def telu_mercioni(x, alpha=learned(1.0, above=0)):
    """x times the hyperbolic tangent of ELU(alpha x); not the TeLU of 2024."""
    return x * _tanh(where(x > 0, alpha * x, expm1(alpha * x)))


@activation(
    source=SURVEY,
    zh="只保留正半轴的 Mish，softplus 内乘以 α。",
    aliases=("soft_clipping_mish", "scl_mish"),
    points={1.0: 0.8650983882673103, -2.0: 0.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
)
def sc_mish(x, alpha=learned(1.0)):
    """Mish of sharpness alpha for positive input and 0 for negative input."""
    return maximum(x * _tanh(_softplus(alpha * x)), 0.0)


@activation(
    source=SURVEY,
    zh="只保留正半轴的 Mish，再整体平移 p。",
    aliases=("flatten_p_mish",),
    points={1.0: 0.6650983882673104, -2.0: -0.2},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
    notes=(
        "No starting value is known from its source; -0.2 is that of its relative, Flatten-T Swish.",
        "原始文献的初值不详；−0.2 取自同类函数 Flatten-T Swish。",
    ),
)
def pfpm(x, p=learned(-0.2)):
    """Mish for positive input and 0 for negative input, all shifted by p."""
    return maximum(x, 0.0) * _tanh(_softplus(x)) + p


@activation(
    source=SURVEY,
    zh="x 乘以 α·σ(x) 的双曲正切；α = 1 时称 TS-ReLU。",
    aliases=("ts_relul",),
    points={1.0: 0.3500750547536474, -2.0: -0.11906197276120177},
    facts=("smooth", "not monotone", "bounded below"),
)
def psgu(x, alpha=learned(0.5)):
    """x times the hyperbolic tangent of alpha sigmoid(x), known as TS-ReLU when alpha is 1."""
    return x * _tanh(alpha * _sigmoid(x))


@activation(
    source=SURVEY,
    zh="x 乘以 α·tanh(x/2) 的双曲正切：偶函数；α = 1 时称 TBS-ReLU。",
    points={1.0: 0.2270326087174543, -2.0: 0.726798968778105},
    facts=("smooth", "not monotone", "even", "bounded below"),
)
def tbs_relul(x, alpha=learned(0.5)):
    """x times the tanh of alpha tanh(x/2), an even function known as TBS-ReLU when alpha is 1."""
    return x * _tanh(alpha * _tanh(x / 2))


@activation(
    source="Gnanasambandam et al. 2022, arXiv:2204.12589",
    zh="自适应 tanh：tanh(x) + beta·x·tanh(x)，不会饱和。",
    aliases=("self_scalable_tanh",),
    points={1.0: 1.5231883119115297, -2.0: 0.9640275800758169},
    facts=("smooth", "not monotone", "bounded below"),
)
def stan(x, beta=learned(1.0)):
    """tanh plus beta times x tanh, which lets a network for physics reach outputs of any size."""
    return _tanh(x) * (1 + beta * x)


@activation(
    source=_BISWAS,
    zh="TanhSoft 函数族：tanh(αx + β·e^(γx))·ln(δ + e^x)。",
    points={1.0: 0.9261994666828048, -2.0: -0.16204633847764396},
    facts=("smooth", "not monotone", "bounded below"),
    notes=(
        "tanh_soft1, 2 and 3 are the members its authors advise; the defaults here are those of tanh_soft2.",
        "tanh_soft1、2、3 是作者推荐的三个成员；此处默认值即 tanh_soft2。",
    ),
)
def tanh_soft(
    x,
    *,
    alpha=fixed(0.0, high=1),
    beta=fixed(0.6, low=0),
    gamma=fixed(1.0, above=0),
    delta=fixed(0.0, low=0, high=1),
):
    """The family tanh(alpha x + beta exp(gamma x)) log(delta + exp(x)), between a softplus and the input itself."""
    rest = where(delta + exp(x) > 0.5, log1p(delta - 1 + exp(x)), log(delta + exp(x)))
    curve = where(exp(x) >= delta, x + log1p(damp(delta, exp(-x))), rest)
    return _tanh(alpha * x + beta * exp(gamma * x)) * curve
