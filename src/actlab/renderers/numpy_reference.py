"""The reference: numpy in float64, every tail exact; slow and plain, to be compared with."""

from __future__ import annotations

from .spelling import Table


def _constant(value: float) -> str:
    return {"inf": "np.inf", "-inf": "-np.inf"}.get(repr(value), repr(value))


# What the cells call beyond numpy; compiled together with a formula.
PRELUDE = """
import math
import numpy as np

_erf = np.frompyfunc(math.erf, 1, 1)
_erfc = np.frompyfunc(math.erfc, 1, 1)


def erf(a):
    return np.asarray(_erf(a), dtype=np.float64)


def Phi(a):
    return 0.5 * np.asarray(_erfc(-a / math.sqrt(2)), dtype=np.float64)


def phi(a):
    # exp(-(h + l)^2 / 2) with h of 26 bits: h*h is exact, so large |a| keep their digits
    a = np.asarray(a, dtype=np.float64)
    b = np.clip(a, -40.0, 40.0)
    c = b * 134217729.0
    h = c - (c - b)
    return np.where(np.isnan(a), a, np.exp(-0.5 * h * h) * np.exp(-0.5 * (b - h) * (b + h)) / math.sqrt(2 * math.pi))


def sigmoid(a):
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1.0, e) / (1 + e)


def sigmoid_slope(a):
    e = np.exp(-np.abs(a))
    return e / (1 + e) / (1 + e)


def tanh_slope(a):
    return 4 * sigmoid_slope(2 * a)


def softplus(a):
    return np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a)))


def damp(a, b):
    return np.where(a == 0, a, a * b)


def hypotm1(a):
    return a / (np.hypot(a, 1) + 1) * a


def sech(a):
    e = np.exp(-np.abs(a))
    return 2 * e / (1 + e * e)


def log_cosh(a):
    # near 0 from log(1 + 2 sinh^2(a/2)), further out from |a| + log(1 + e^(-2|a|)) - log 2
    r = np.abs(a)
    near = np.log1p(2 * np.sinh(np.minimum(r, 1.0) / 2) ** 2)
    return np.where(r < 1, near, r + np.log1p(np.exp(-2 * r)) - math.log(2))


def softsign(a):
    return a / (1 + np.abs(a))


def bessel(n, a):
    n = int(n)
    a = np.asarray(a, dtype=np.float64)
    r = np.abs(a)
    near = np.where(r < n + 2, a, 0.0)
    term = near**n / math.prod(range(2 * n + 1, 0, -2))
    series = term
    for k in range(1, 30):
        term = term * (-near * near / 2) / (k * (2 * n + 2 * k + 1))
        series = series + term
    far = np.where(np.isinf(r), 1.0, np.where(r < n + 2, n + 2.0, a))
    low, high = np.sin(far) / far, (np.sin(far) / far - np.cos(far)) / far
    for k in range(1, n):
        low, high = high, (2 * k + 1) / far * high - low
    away = np.where(np.isinf(r), 0.0, low if n == 0 else high)
    return np.where(np.isnan(a), a, np.where(r < n + 2, series, away))


def total(a):
    return np.sum(a, axis=-1, keepdims=True)


def log_softmax(a):
    m = np.max(a, axis=-1, keepdims=True)
    shifted = a - np.where(m == -np.inf, 0.0, m)
    # the largest term is exactly 1, so the sum is at least 1 unless the row is fully masked
    return shifted - np.log(np.maximum(1.0, total(np.exp(shifted))))


def softmax(a):
    return np.exp(log_softmax(a))
"""

TABLE = Table(
    target="numpy_reference",
    constant=_constant,
    cells={
        "add": "({0} + {1})",
        "sub": "({0} - {1})",
        "mul": "({0} * {1})",
        "damp": "damp({0}, {1})",
        "div": "({0} / {1})",
        "neg": "(-{0})",
        "power": "({0} ** {1})",
        "hypot": "np.hypot({0}, {1})",
        "hypotm1": "hypotm1({0})",
        "abs": "np.abs({0})",
        "sign": "np.sign({0})",
        "maximum": "np.maximum({0}, {1})",
        "minimum": "np.minimum({0}, {1})",
        "where": "np.where({0}, {1}, {2})",
        "lt": "({0} < {1})",
        "le": "({0} <= {1})",
        "gt": "({0} > {1})",
        "ge": "({0} >= {1})",
        "sqrt": "np.sqrt({0})",
        "exp": "np.exp({0})",
        "expm1": "np.expm1({0})",
        "log": "np.log({0})",
        "log1p": "np.log1p({0})",
        "sigmoid": "sigmoid({0})",
        "sigmoid_slope": "sigmoid_slope({0})",
        "log_sigmoid": "(-softplus(-({0})))",
        "softplus": "softplus({0})",
        "tanh": "np.tanh({0})",
        "tanh_slope": "tanh_slope({0})",
        "sinh": "np.sinh({0})",
        "cosh": "np.cosh({0})",
        "sech": "sech({0})",
        "log_cosh": "log_cosh({0})",
        "softsign": "softsign({0})",
        "erf": "erf({0})",
        "Phi": "Phi({0})",
        "phi": "phi({0})",
        "sin": "np.sin({0})",
        "cos": "np.cos({0})",
        "atan": "np.arctan({0})",
        "asinh": "np.arcsinh({0})",
        "bessel": "bessel({0}, {1})",
        "total": "total({0})",
        "softmax": "softmax({0})",
        "log_softmax": "log_softmax({0})",
    },
)
