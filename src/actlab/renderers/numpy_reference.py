"""The reference: numpy in float64, every tail exact; slow and plain, to be compared with."""

from __future__ import annotations

from .spelling import Table


def _constant(value: float) -> str:
    text = {"inf": "np.inf", "-inf": "-np.inf"}.get(repr(value), repr(value))
    return f"({text})" if text.startswith("-") else text  # -2 ** a would be -(2 ** a)


# What the cells call beyond numpy; compiled together with a formula.
PRELUDE = """
import math
import statistics
import numpy as np

_erf = np.frompyfunc(math.erf, 1, 1)
_erfc = np.frompyfunc(math.erfc, 1, 1)
_probit = np.frompyfunc(lambda p: statistics.NormalDist().inv_cdf(p) if 0 < p < 1 else math.nan, 1, 1)


def erf(a):
    return np.asarray(_erf(a), dtype=np.float64)


def Phi(a):
    return 0.5 * np.asarray(_erfc(-a / math.sqrt(2)), dtype=np.float64)


def probit(a):
    return np.asarray(_probit(a), dtype=np.float64)


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


def ramp(a, b):
    # halves first: neither the sum nor its conjugate overflows before the result does
    near, far = np.hypot(a, b) / 2, np.abs(a) / 2
    return np.where(a > 0, near + far, b / 2 * (b / 2 / (near + far)))


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


def below_top(a):
    # (the distance to the largest of the row, -inf in a fully masked row; that largest)
    m = np.max(a, axis=-1, keepdims=True)
    return a - np.where(m == -np.inf, 0.0, m), m


def log_softmax(a):
    shifted, _ = below_top(a)
    # the largest term is exactly 1, so the sum is at least 1 unless the row is fully masked
    return shifted - np.log(np.maximum(1.0, total(np.exp(shifted))))


def softmax(a):
    return np.exp(log_softmax(a))


def mean(a):
    return np.mean(a, axis=-1, keepdims=True)


def scaled(a):
    # (a over its largest size, that size): squares of these stay between 0 and 1
    size = np.max(np.abs(a), axis=-1, keepdims=True)
    size = np.where(size == 0, 1.0, size)
    return a / size, size


def rms(a):
    near, size = scaled(a)
    return size * np.sqrt(mean(near * near))


def unit(a):
    near, _ = scaled(a)
    length = np.sqrt(total(near * near))
    return near / np.where(length == 0, 1.0, length)


def logsumexp(a):
    m = np.max(a, axis=-1, keepdims=True)
    kept = np.where(np.isinf(m), 0.0, m)
    return np.where(m == -np.inf, m, kept + np.log(total(np.exp(a - kept))))


def level(low, high, rises):
    # the neighbouring numbers between which `rises` turns true
    for _ in range(2100):
        middle = low + (high - low) / 2
        if np.all((middle <= low) | (middle >= high) | ~np.isfinite(middle)):
            break
        right = rises(middle)
        low, high = np.where(right, low, middle), np.where(right, middle, high)
    return low, high


def excess(p, a):
    z, m = below_top(a)
    powers = lambda u: total(np.where(u > 0, u, 0.0) ** p)
    if np.all(np.asarray(p) >= 1):
        taking = np.full(z.shape, True)
        t, _ = level(np.full_like(m, -1.0), np.zeros_like(m), lambda t: powers(z - t) < 1)
        u = z - t
    else:  # the least score that takes part, and how far the level lies below it, by the power of that distance
        zero = np.zeros_like(m)
        low, _ = level(zero, zero + 1.0, lambda w: powers(z + w ** (1 / p)) >= 1)
        least = np.min(np.where(z >= -(low ** (1 / p)), z, 0.0), axis=-1, keepdims=True)
        taking = z >= least
        root = 1 / np.minimum(p, 1)  # from 1 on the distance itself is found as well as its power
        low, _ = level(zero, zero + 1.0, lambda w: powers(np.where(taking, z - least + w**root, 0.0)) >= 1)
        u = np.where(taking, z - least + low**root, 0.0)
    for _ in range(2):  # Newton, taken off the excess: exact where the power is 1
        kept = np.where(u > 0, u, 1.0)
        w = np.where(u > 0, kept ** (p - 1), 0.0)
        u = np.where(taking, u - (total(np.where(u > 0, kept, 0.0) * w) - 1) / (p * total(w)), 0.0)
    return np.where(m == -np.inf, 0.0, np.where(np.isnan(z), z, np.maximum(u, 0.0)))


def share(budget, a):
    z, m = below_top(a)
    budget = budget + 0.0 * m
    found = np.isfinite(z)
    room = np.minimum(budget, total(found))
    lowest = np.min(np.where(found, z, 0.0), axis=-1, keepdims=True)
    low, high = level(2 * lowest - 1.0, np.zeros_like(m), lambda t: total(np.clip(z - t, 0.0, 1.0)) < room)
    full = z - high >= 1
    inside = (z > low) & ~full
    count, above = total(inside), total(full)
    shared = np.maximum(count, 1)
    # seen from the middle of those in between, whose share is what the full ones leave
    u = np.where(inside, (z - total(np.where(inside, z, 0.0)) / shared) + (room - above) / shared, full)
    y = np.where(total(found) <= budget, np.where(found, 1.0, 0.0), np.clip(u, 0.0, 1.0))
    return np.where(np.isnan(m), m, y)


def winners(count, a):
    count = int(count)
    if count > a.shape[-1]:
        raise ValueError(f"{count} winners are asked for among {a.shape[-1]} values")
    order = np.argsort(-a, axis=-1, kind="stable")
    y = np.zeros_like(a)
    np.put_along_axis(y, order[..., :count], 1.0, axis=-1)
    return np.where(np.isnan(a), a, y)


def blocks(size, a):
    size = int(size)
    if a.shape[-1] % size:
        raise ValueError(f"{a.shape[-1]} values cannot be split into blocks of {size}")
    return a.reshape(*a.shape[:-1], a.shape[-1] // size, size)


def block_winners(size, a):
    return winners(1, blocks(size, a)).reshape(a.shape)


def block_total(size, a):
    return np.sum(blocks(size, a), axis=-1)


def join(a, b):
    return np.concatenate(np.broadcast_arrays(a, b), axis=-1)
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
        "ramp": "ramp({0}, {1})",
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
        "probit": "probit({0})",
        "sin": "np.sin({0})",
        "cos": "np.cos({0})",
        "atan": "np.arctan({0})",
        "asinh": "np.arcsinh({0})",
        "bessel": "bessel({0}, {1})",
        "total": "total({0})",
        "straight": "({0})",
        "mean": "mean({0})",
        "rms": "rms({0})",
        "unit": "unit({0})",
        "softmax": "softmax({0})",
        "log_softmax": "log_softmax({0})",
        "logsumexp": "logsumexp({0})",
        "excess": "excess({0}, {1})",
        "share": "share({0}, {1})",
        "winners": "winners({0}, {1})",
        "block_winners": "block_winners({0}, {1})",
        "block_total": "block_total({0}, {1})",
        "join": "join({0}, {1})",
    },
)
