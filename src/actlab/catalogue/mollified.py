"""Mollified functions: hard functions written with absolute values, each |u| replaced by sqrt(u^2 + epsilon).

Differences of two such roots cancel in the tails, so beyond the corners a function is written as its limit and
what is missing to it.
"""

from ..language import hypot, sign, sqrt, where
from .entry import SURVEY, activation, fixed, learned

TITLE = {"en": "Mollified", "zh": "磨光类"}


def _roots(x, a, epsilon):
    """sqrt((x + a)^2 + epsilon) and sqrt((x - a)^2 + epsilon)."""
    width = sqrt(epsilon)
    return hypot(x + a, width), hypot(x - a, width)


def _clip(x, a, epsilon):
    """Half the difference of the two roots, a smooth clip to [-a, a], exact between -a and a."""
    right, left = _roots(x, a, epsilon)
    return 2 * a * (x / (right + left))


def _missing(far, near, a, epsilon):
    """What the smooth clip lacks to a, at distances near >= 0 and far = near + 2a beyond its two corners."""
    right, left = hypot(far, sqrt(epsilon)), hypot(near, sqrt(epsilon))
    return a * (epsilon / (right + far) + epsilon / (left + near)) / (right + left)


def _product(x, a, epsilon):
    """The product of the two roots, through x^2."""
    return sqrt((x * x - a * a) ** 2 + epsilon * (2 * (x * x + a * a) + epsilon))


def _pan(x, a, epsilon):
    """Half the sum of the two roots, less a."""
    # between -a and a through x^2, where the sum itself and its slope would cancel
    product = _product(x, a, epsilon)
    rest = epsilon * (2 * (x * x + a * a) + epsilon) / (product + a * a - x * x)
    inside = (epsilon + rest) / 2 / (sqrt((x * x + a * a + epsilon + product) / 2) + a)
    right, left = _roots(abs(x), a, epsilon)
    outside = abs(x) - a + (epsilon / (right + abs(x) + a) + epsilon / (left + abs(x) - a)) / 2
    return where(abs(x) < a, inside, outside)


def _left_over(x, epsilon):
    """(sqrt(x^2 + epsilon) - x) / 2 at x >= 0: what a smooth ReLU adds to x."""
    return epsilon / 2 / (hypot(x, sqrt(epsilon)) + x)


@activation(
    source=SURVEY,
    zh="光滑的绝对值 √(x²+epsilon)。",
    points={0.0: 0.1, -3.0: 3.0016662039607267},
    facts=("smooth", "not monotone", "even", "convex", "bounded below"),
)
def v_relu_plus(x, epsilon=fixed(0.01, above=0)):
    """The absolute value with a rounded corner, sqrt(x^2 + epsilon)."""
    return hypot(x, sqrt(epsilon))


@activation(
    source=SURVEY,
    zh="光滑的符号函数 x/√(x²+epsilon)。",
    points={0.1: 0.7071067811865476, -2.0: -0.9987523388778446},
    facts=("smooth", "monotone", "odd", "bounded"),
)
def bipolar_plus(x, epsilon=fixed(0.01, above=0)):
    """A smooth sign, x / sqrt(x^2 + epsilon)."""
    root = hypot(x, sqrt(epsilon))
    outside = 1 - epsilon / root / (root + abs(x))
    return where(x * x < epsilon, x / root, sign(x) * outside)


@activation(
    source=SURVEY,
    zh="光滑的阶跃函数 (1 + x/√(x²+epsilon))/2。",
    points={0.1: 0.8535533905932737, -2.0: 0.0006238305610776627},
    facts=("smooth", "monotone", "bounded"),
)
def step_plus(x, epsilon=fixed(0.01, above=0)):
    """A smooth step, (1 + x / sqrt(x^2 + epsilon)) / 2."""
    root = hypot(x, sqrt(epsilon))
    outside = where(x < 0, epsilon / 2 / root / (root - x), 1 - epsilon / 2 / root / (root + x))
    return where(x * x < epsilon, 0.5 + x / root / 2, outside)


@activation(
    source=SURVEY,
    zh="光滑的 softsign：x/(1+√(x²+epsilon))。",
    points={1.0: 0.4987562112089027, -0.1: -0.08761006569007046},
    facts=("smooth", "monotone", "odd", "bounded"),
)
def softsign_plus(x, epsilon=fixed(0.01, above=0)):
    """Softsign with its corner at the origin rounded, x / (1 + sqrt(x^2 + epsilon))."""
    root = hypot(x, sqrt(epsilon))
    outside = 1 - (1 + epsilon / (root + abs(x))) / (1 + root)
    return where(abs(x) < 1, x / (1 + root), sign(x) * outside)


@activation(
    source=SURVEY,
    zh="两个拐角都圆滑的 hard tanh。",
    points={1.0: 0.9512492197250393, -2.0: -0.9983393209243189},
    facts=("smooth", "monotone", "odd", "bounded"),
)
def hard_tanh_plus(x, epsilon=fixed(0.01, above=0)):
    """Hard tanh with both corners rounded."""
    outside = sign(x) * (1 - _missing(abs(x) + 1, abs(x) - 1, 1.0, epsilon))
    return where(abs(x) < 1, _clip(x, 1.0, epsilon), outside)


@activation(
    source=SURVEY,
    zh="两个拐角都圆滑、截断在 (0, 1) 的 ReLU。",
    points={1.0: 0.9524937810560445, -2.0: 0.0004161177446758482},
    facts=("smooth", "monotone", "bounded"),
)
def b_relu_plus(x, epsilon=fixed(0.01, above=0)):
    """ReLU bounded by 1 with both corners rounded."""
    inside = 0.5 + _clip(x - 0.5, 0.5, epsilon)
    above = 1 - _missing(x, x - 1, 0.5, epsilon)
    return where(x < sqrt(epsilon) / 2, _missing(1 - x, -x, 0.5, epsilon), where(x > 1, above, inside))


@activation(
    source=SURVEY,
    zh="拐角圆滑的 softshrink。",
    points={1.0: 0.5032861567609939, -0.25: -0.0063104714178237025},
    facts=("smooth", "monotone", "odd"),
)
def softshrink_plus(x, alpha=fixed(0.5, above=0), epsilon=fixed(0.01, above=0)):
    """Softshrink with its corners rounded."""
    extra = _pan(x, alpha, epsilon)
    return x * (extra / (extra + alpha))


@activation(
    source=SURVEY,
    zh="跳跃被磨圆的 hardshrink。",
    points={1.0: 0.9913977589171556, -0.25: -0.010036926054013252},
    facts=("smooth", "monotone", "odd"),
)
def hardshrink_plus(x, alpha=fixed(0.5, above=0), epsilon=fixed(0.01, above=0)):
    """Hardshrink with its jumps smoothed."""
    # near 0 through x^2; far out by 1 - u/sqrt(u^2 + epsilon) = epsilon / (root (root + u))
    r = abs(x)
    right, left = _roots(r, alpha, epsilon)
    far = (epsilon / right / (right + r + alpha) + 1 + (r - alpha) / left) / 2
    extra = _pan(x, alpha, epsilon)
    width = extra + alpha
    bump = alpha * (x * x) * (extra + 2 * alpha) / (width * width * _product(x, alpha, epsilon))
    return x * where(r < alpha, extra / width * (1 + bump), far)


@activation(
    source=SURVEY,
    zh="拐角圆滑、两端斜率为 alpha 的对称 S 形 ReLU。",
    points={1.0: 0.9756246098625196, -2.0: -1.4991696604621594},
    facts=("smooth", "monotone", "odd"),
)
def s_relu_plus(x, alpha=learned(0.5), t=learned(1.0, above=0), epsilon=fixed(0.01, above=0)):
    """Slope 1 between -t and t and slope alpha beyond, with both corners rounded."""
    right, left = _roots(x, t, epsilon)
    return x * (alpha + (1 - alpha) * (2 * t / (right + left)))


@activation(
    source=SURVEY,
    zh="拐角圆滑的 Pan 函数：中间平坦、两侧上升。",
    points={1.0: 0.051249219725039284, -2.0: 1.003326883036408},
    facts=("smooth", "not monotone", "even", "convex", "bounded below"),
)
def pan_plus(x, alpha=fixed(1.0, above=0), epsilon=fixed(0.01, above=0)):
    """Flat between -alpha and alpha and of slope 1 beyond, with both corners rounded (the Pan function)."""
    return _pan(x, alpha, epsilon)


@activation(
    source=SURVEY,
    zh="拐角圆滑的 SignReLU：正侧近似恒等，负侧近似 softsign。",
    points={1.0: 0.9775559704955994, -2.0: -0.6654635603583597},
    facts=("smooth", "monotone", "bounded below"),
)
def sign_relu_plus(x, epsilon=fixed(0.01, above=0)):
    """Nearly the identity for positive input and softsign for negative input, with a rounded corner."""
    # smooth_relu(x) - smooth_relu(-x) / root; root - 1 is (x^2 - 2x + epsilon) / (root + 1)
    root = hypot(1 - x, sqrt(epsilon))
    above_one = x / root * ((x - 2) / (root + 1)) + epsilon / root / (root + 1)
    extra, lost = _left_over(x, epsilon), _left_over(-x, epsilon)
    far = lost - 1 + (1 + epsilon / (root + 1 - x) - lost) / root
    return where(x >= 0, x + extra * above_one, where(x > -1, lost * above_one + x / root, far))
