"""PyTorch, one ATen call per operation: runs on every device and inside compile, export and functorch.

Written for float32 and float64 input `x`; `where`, never `clamp`, whose boundary slope changed between releases.
"""

from __future__ import annotations

from ..language import OPERATIONS
from .spelling import Table


def _constant(value: float) -> str:
    return {"inf": "math.inf", "-inf": "-math.inf"}.get(repr(value), repr(value))


# What the cells call beyond torch; compiled together with a formula.
PRELUDE = """
import math
import torch


def box(value, x):
    if isinstance(value, torch.Tensor):
        return value  # a function of constants, as sqrt(2)
    return torch.scalar_tensor(value, dtype=x.dtype, device=x.device)


def phi(a):
    # rounding a**2 costs |a|^2 ulp of its exponential: one step of width is the cheapest way to keep them
    if a.dtype == torch.float32:
        wide = a.double()
        return (torch.exp(-0.5 * wide * wide) * 0.3989422804014327).to(a.dtype)
    b = torch.where(a > 40, box(40.0, a), torch.where(a < -40, box(-40.0, a), a))
    c = b * 134217729.0
    h = c - (c - b)
    return torch.exp(-0.5 * h * h) * torch.exp(-0.5 * (b - h) * (b + h)) * 0.3989422804014327


def Phi(a):
    # erfc, not 1 + erf, keeps the left tail; in float32 rounding a / sqrt(2) alone would cost |a|^2 ulp there
    if a.dtype == torch.float32:
        return Phi(a.double()).to(a.dtype)
    return 0.5 * torch.erfc(a * -0.7071067811865476)


def sigmoid(a):
    # the last bit of torch.sigmoid depends on where an element stands
    e = torch.exp(-torch.abs(a))
    return torch.where(a < 0, e, torch.ones_like(a)) / (1 + e)


def sigmoid_slope(a):
    e = torch.exp(-torch.abs(a))
    return e / (1 + e) / (1 + e)


def softplus(a):
    return torch.where(a > 0, a, torch.zeros_like(a)) + torch.log1p(torch.exp(-torch.abs(a)))


def damp(a, b):
    return torch.where(a == 0, a, a * b)


def hypot(a, b):
    # the last bit of torch.hypot depends on where an element stands: it is another function in the vectorised body
    high, low = torch.maximum(torch.abs(a), torch.abs(b)), torch.minimum(torch.abs(a), torch.abs(b))
    plain = (high == 0) | torch.isinf(high)
    ratio = low / torch.where(plain, torch.ones_like(high), high)
    return torch.where(plain, high, high * torch.sqrt(1 + ratio * ratio))


def hypotm1(a):
    return a / (hypot(a, torch.ones_like(a)) + 1) * a


def sech(a):
    e = torch.exp(-torch.abs(a))
    return 2 * e / (1 + e * e)


def log_cosh(a):
    # near 0 from log(1 + 2 sinh^2(a/2)), further out from |a| + log(1 + e^(-2|a|)) - log 2
    r = torch.abs(a)
    near = torch.log1p(2 * torch.sinh(torch.where(r < 1, r, torch.zeros_like(r)) / 2) ** 2)
    return torch.where(r < 1, near, r + torch.log1p(torch.exp(-2 * r)) - math.log(2))


def power(a, b):
    # the last bit of torch.pow depends on where an element stands; a product's does not
    if isinstance(b, float) and b == int(b) and abs(b) <= 64:
        product, factor, left = None, a, abs(int(b))
        while left:
            if left % 2:
                product = factor if product is None else product * factor
            left //= 2
            factor = factor * factor if left else factor
        product = torch.ones_like(a) if product is None else product
        return product if b > 0 else 1 / product
    if isinstance(a, torch.Tensor) and a.dtype == torch.float32:
        return (a.double() ** (b.double() if isinstance(b, torch.Tensor) else b)).to(a.dtype)
    return a**b


def softsign(a):
    return a / (1 + torch.abs(a))


def bessel(n, a):
    n = int(n)
    r = torch.abs(a)
    zero = torch.zeros_like(a)
    near = torch.where(r < n + 2, a, zero)
    term = near**n / math.prod(range(2 * n + 1, 0, -2))
    series = term
    for k in range(1, 30):
        term = term * (-near * near / 2) / (k * (2 * n + 2 * k + 1))
        series = series + term
    far = torch.where((r < n + 2) | torch.isinf(r), zero + (n + 2.0), a)
    low, high = torch.sin(far) / far, (torch.sin(far) / far - torch.cos(far)) / far
    for k in range(1, n):
        low, high = high, (2 * k + 1) / far * high - low
    away = torch.where(torch.isinf(r), zero, low if n == 0 else high)
    return torch.where(r < n + 2, series, away)


def empty(a, dim):
    # rows in which everything is masked; a row of length 0 has no largest value to ask for
    return torch.all(a == -math.inf, dim, keepdim=True)


def softmax(a, dim):
    # zeros enter and leave where the row is empty, so its slope is 0 as well
    masked = empty(a, dim)
    return torch.softmax(torch.where(masked, torch.zeros_like(a), a), dim).masked_fill(masked, 0.0)


def log_softmax(a, dim):
    masked = empty(a, dim)
    y = torch.log_softmax(torch.where(masked, torch.zeros_like(a), a), dim)
    return y.masked_fill(masked, -math.inf)
"""

# Python numbers may stand beside tensors here; everywhere else a constant becomes a tensor of x's dtype.
_TAKES_NUMBERS = ("add", "sub", "mul", "div", "neg", "power", "lt", "le", "gt", "ge")

TABLE = Table(
    target="torch_eager",
    constant=_constant,
    box="box({0}, x)",
    boxed={name: tuple(range(row.arity)) for name, row in OPERATIONS.items() if name not in _TAKES_NUMBERS}
    | {"where": (1,), "bessel": (1,)},
    cells={
        "add": "({0} + {1})",
        "sub": "({0} - {1})",
        "mul": "({0} * {1})",
        "damp": "damp({0}, {1})",
        "div": "({0} / {1})",
        "neg": "(-{0})",
        "power": "power({0}, {1})",
        "hypot": "hypot({0}, {1})",
        "hypotm1": "hypotm1({0})",
        "abs": "torch.abs({0})",
        "sign": "torch.sign({0})",
        "maximum": "torch.maximum({0}, {1})",
        "minimum": "torch.minimum({0}, {1})",
        "where": "torch.where({0}, {1}, {2})",
        "lt": "({0} < {1})",
        "le": "({0} <= {1})",
        "gt": "({0} > {1})",
        "ge": "({0} >= {1})",
        "sqrt": "torch.sqrt({0})",
        "exp": "torch.exp({0})",
        "expm1": "torch.expm1({0})",
        "log": "torch.log({0})",
        "log1p": "torch.log1p({0})",
        "sigmoid": "sigmoid({0})",
        "sigmoid_slope": "sigmoid_slope({0})",
        "log_sigmoid": "(-softplus(-({0})))",
        "softplus": "softplus({0})",
        "tanh": "torch.tanh({0})",
        "tanh_slope": "(4 * sigmoid_slope(2 * {0}))",
        "sinh": "torch.sinh({0})",
        "cosh": "torch.cosh({0})",
        "sech": "sech({0})",
        "log_cosh": "log_cosh({0})",
        "softsign": "softsign({0})",
        "erf": "torch.erf({0})",
        "Phi": "Phi({0})",
        "phi": "phi({0})",
        "sin": "torch.sin({0})",
        "cos": "torch.cos({0})",
        "atan": "torch.atan({0})",
        "asinh": "torch.asinh({0})",
        "bessel": "bessel({0}, {1})",
        "total": "torch.sum({0}, dim, keepdim=True)",
        "softmax": "softmax({0}, dim)",
        "log_softmax": "log_softmax({0}, dim)",
    },
)
