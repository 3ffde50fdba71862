"""Noisy functions: a draw for every element in training, its mean in evaluation."""

from ..language import INFINITY, maximum, minimum, sigmoid, softmax, straight, where, winners
from .entry import Kink, activation, drawn_from, fixed, learned

TITLE = {"en": "Noisy", "zh": "随机"}


@activation(
    kind="random",
    source="Nair & Hinton 2010, Rectified Linear Units Improve Restricted Boltzmann Machines",
    zh="训练时先加高斯噪声再取 ReLU。",
    points={-2.0: 0.0, 1.5: 1.5},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
)
def noisy_relu(x, sigma=fixed(1.0, low=0), noise=drawn_from("normal")):
    """ReLU of the input plus normal noise of a given standard deviation."""
    return maximum(x + sigma * noise, 0)


@activation(
    kind="random",
    source="Shridhar et al. 2019 (ProbAct), arXiv:1905.10761",
    zh="ReLU 之后再加标准差可学习的高斯噪声。",
    points={-2.0: 0.0, 1.5: 1.5},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
    notes=(
        "The noise is added in training only; the authors' code adds it in evaluation as well.",
        "噪声只在训练时加入；作者的代码在评估时也会加入。",
    ),
)
def prob_act(x, sigma=learned(0.0), noise=drawn_from("normal")):
    """ReLU plus normal noise whose standard deviation is learned."""
    return maximum(x, 0) + sigma * noise


@activation(
    kind="random",
    source="Gulcehre et al. 2016, arXiv:1603.00391",
    zh="在饱和区注入噪声的 hard tanh。",
    points={0.5: 0.5},
    kinks=(Kink(-1.0, "1 - alpha"), Kink(1.0, "1 - alpha")),
    notes=(
        "Where hard tanh is not saturated the noise vanishes and the identity is left.",
        "在 hard tanh 未饱和处噪声为零，函数即为恒等。",
    ),
)
def noisy_hard_tanh(x, alpha=fixed(1.15, above=1), c=fixed(0.5, low=0), noise=drawn_from("half-normal")):
    """Hard tanh that leaks beyond its ends and gains half-normal noise where it is saturated."""
    h = minimum(maximum(x, -1), 1)
    # the size of the noise grows with how far the input lies outside; where alpha > 1 it points outwards
    beyond = h - x
    size = c * (sigmoid(beyond) - 0.5) ** 2
    return alpha * h + (1 - alpha) * x + where(x > 0, size, -size) * noise


@activation(
    kind="random",
    source="Maddison, Mnih & Teh 2016, arXiv:1611.00712; Jang, Gu & Poole 2016, arXiv:1611.01144",
    zh="加 logistic 噪声后的 S 形函数：二值变量的可微采样。",
    aliases=("gumbel_sigmoid", "binary_concrete"),
    points={0.0: 0.5},
    facts=("smooth", "monotone", "bounded"),
)
def concrete_sigmoid(x, tau=fixed(1.0, above=0), noise=drawn_from("logistic")):
    """The logistic function of the input plus logistic noise over a temperature: a soft draw of a bit."""
    return sigmoid((x + noise) / tau)


@activation(
    kind="random",
    source="Jang, Gu & Poole 2016, arXiv:1611.01144; Maddison, Mnih & Teh 2016, arXiv:1611.00712",
    zh="加 Gumbel 噪声后的 softmax：类别变量的可微采样。",
    aliases=("concrete_softmax",),
    rows={(0.0, 0.0): (0.5, 0.5)},
    facts=("bounded",),
    elsewhere={"torch": "nn.functional.gumbel_softmax"},
    notes=(
        "In evaluation there is no noise: it is softmax at the temperature tau. torch draws at all times.",
        "评估时没有噪声，即温度为 tau 的 softmax；torch 的版本始终采样。",
    ),
)
def gumbel_softmax(x, tau=fixed(1.0, above=0), noise=drawn_from("gumbel")):
    """Softmax of the scores plus Gumbel noise over a temperature: a soft draw of a class."""
    return softmax((x + noise) / tau)


@activation(
    kind="random",
    source="Jang, Gu & Poole 2016, arXiv:1611.01144 (straight-through variant)",
    zh="前向为独热采样、反向取 Gumbel softmax 梯度。",
    rows={(0.0, 1.0): (0.0, 1.0)},
    facts=("bounded",),
    elsewhere={"torch": "nn.functional.gumbel_softmax(hard=True)"},
)
def hard_gumbel_softmax(x, tau=fixed(1.0, above=0), noise=drawn_from("gumbel")):
    """A one-hot draw of a class with the slope of the soft draw."""
    drawn = where(x <= -INFINITY, 0, winners(1, x + noise))  # what is masked cannot win
    return straight(drawn, softmax((x + noise) / tau))
