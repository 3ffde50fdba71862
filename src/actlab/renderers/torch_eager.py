"""PyTorch, one ATen call per operation: runs on every device and inside compile, export and functorch.

Written for float32 and float64 input `x`; `where`, never `clamp`, whose boundary slope changed between releases.
"""

from __future__ import annotations

from ..language import OPERATIONS
from .spelling import Table
from .torch_onnx import WITHOUT


def _constant(value: float) -> str:
    return {"inf": "math.inf", "-inf": "-math.inf"}.get(repr(value), repr(value))


# What the cells call beyond torch; compiled together with a formula.
PRELUDE = (
    """
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
    return 0.5 * erfc(a * -0.7071067811865476)


def fall(a):
    # e^-|a|; at 0 it has the slope of its left side, not that of |a|, so that autograd finds those of its users
    return torch.exp(torch.where(a > 0, -a, a))


def sigmoid(a):
    # the last bit of torch.sigmoid depends on where an element stands
    e = fall(a)
    return torch.where(a > 0, torch.ones_like(a), e) / (1 + e)


def sigmoid_slope(a):
    e = torch.exp(-torch.abs(a))
    return e / (1 + e) / (1 + e)


def softplus(a):
    return positive(a) + log1p(fall(a))


def damp(a, b):
    # the factor is replaced, not the product, so that an infinite one spoils no gradient
    return a * torch.where(a == 0, torch.zeros_like(b), b)


def hypot(a, b):
    # the last bit of torch.hypot depends on where an element stands: it is another function in the vectorised body
    if a.dtype == torch.float32:  # in float64 the squares cannot overflow, and it takes fewer steps
        return torch.sqrt(a.double() ** 2 + b.double() ** 2).to(a.dtype)
    high, low = torch.maximum(torch.abs(a), torch.abs(b)), torch.minimum(torch.abs(a), torch.abs(b))
    plain = (high == 0) | torch.isinf(high)
    ratio = low / torch.where(plain, torch.ones_like(high), high)
    return torch.where(plain, high, high * torch.sqrt(1 + ratio * ratio))


def hypotm1(a):
    return a / (hypot(a, torch.ones_like(a)) + 1) * a


def ramp(a, b):
    # halves first: neither the sum nor its conjugate overflows before the result does
    if a.dtype == torch.float32:
        return ramp(a.double(), b.double()).to(a.dtype)
    near, far = hypot(a, b) / 2, torch.abs(a) / 2
    return torch.where(a > 0, near + far, b / 2 * (b / 2 / (near + far)))


def sech(a):
    e = torch.exp(-torch.abs(a))
    return 2 * e / (1 + e * e)


def log_cosh(a):
    # near 0 from log(1 + 2 sinh^2(a/2)), further out from |a| + log(1 + e^(-2|a|)) - log 2
    r = torch.abs(a)
    near = log1p(2 * torch.sinh(torch.where(r < 1, r, torch.zeros_like(r)) / 2) ** 2)
    return torch.where(r < 1, near, r + log1p(torch.exp(-2 * r)) - math.log(2))


def power(a, b):
    # the last bit of torch.pow depends on where an element stands; those of a product and a root do not
    if isinstance(b, float) and 2 * b == int(2 * b) and abs(b) <= 64:
        product, factor, left = torch.sqrt(a) if b != int(b) else None, a, int(abs(b))
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


def logsumexp(a, dim):
    masked = empty(a, dim)
    y = torch.logsumexp(torch.where(masked, torch.zeros_like(a), a), dim, keepdim=True)
    return y.masked_fill(masked, -math.inf)


def straight(a, b):
    # the value of a, the slope of b; adding a difference that is 0 carries the slope
    return torch.where(torch.isfinite(b), a.detach() + (b - b.detach()), a)


def scaled(a, dim):
    # (a over its largest size, that size); the size is no variable, since it cancels where it is used
    size = torch.amax(torch.abs(a.detach()), dim, keepdim=True)
    size = torch.where(size == 0, torch.ones_like(size), size)
    return a / size, size


def rms(a, dim):
    near, size = scaled(a, dim)
    square = torch.mean(near * near, dim, keepdim=True)
    nothing = square == 0
    return size * torch.sqrt(square.masked_fill(nothing, 1.0)).masked_fill(nothing, 0.0)


def unit(a, dim):
    near, _ = scaled(a, dim)
    square = torch.sum(near * near, dim, keepdim=True)
    return near / torch.sqrt(square.masked_fill(square == 0, 1.0))


def below_top(a, dim):
    # (the distance to the largest of the row, 0 in an empty row; which rows are empty); the largest cancels later
    top = torch.amax(a.detach(), dim, keepdim=True)
    masked = top == -math.inf
    return torch.where(masked, torch.zeros_like(a), a - top.masked_fill(masked, 0.0)), masked


def level(low, high, rises):
    # the ends between which `rises` turns true, halved as often as the dtype has bits and some more
    for _ in range(60 if low.dtype == torch.float64 else 32):
        middle = low + (high - low) / 2
        right = rises(middle)
        low, high = torch.where(right, low, middle), torch.where(right, middle, high)
    return low, high


def positive(a):
    return torch.where(a > 0, a, torch.zeros_like(a))


def excess(p, a, dim):
    if isinstance(p, torch.Tensor) or p < 1:
        return steep_excess(p, a, dim)
    z, masked = below_top(a, dim)
    fixed, at = z.detach(), p
    zero = torch.zeros_like(torch.amax(fixed, dim, keepdim=True) + at)
    t, _ = level(zero - 1.0, zero, lambda t: torch.sum(power(torch.relu(fixed - t), at), dim, keepdim=True) < 1)
    # two steps of Newton's method: exact where the power is 1, and right to the third derivative by z and p; taken off
    # the excess and not off the level, whose rounding would be all of a small excess
    u = z - t
    for _ in range(2):
        inside = u > 0
        w = torch.where(inside, power(torch.where(inside, u, torch.ones_like(u)), p - 1), torch.zeros_like(u))
        total = torch.sum(positive(u) * w, dim, keepdim=True)
        u = u - (total - 1) / (p * torch.sum(w, dim, keepdim=True))
    return torch.where(torch.isnan(z), z, positive(u)).masked_fill(masked, 0.0)


def steep_excess(p, a, dim):
    # below 1 the smallest excess may be far below the rounding of the level and its power count all the same: the least
    # score that takes part is found first, and then how far the level lies below it, by the power of that distance
    z, masked = below_top(a.double(), dim)
    fixed, at = z.detach(), p.detach().double() if isinstance(p, torch.Tensor) else p
    nothing = torch.zeros_like(fixed)
    zero = torch.zeros_like(torch.amax(fixed, dim, keepdim=True) + at)

    def whole(excess):
        return torch.sum(positive(excess) ** at, dim, keepdim=True) >= 1

    low, _ = level(zero, zero + 1, lambda w: whole(fixed + w ** (1 / at)))
    least = torch.amin(torch.where(fixed >= -(low ** (1 / at)), fixed, nothing), dim, keepdim=True)
    taking = fixed >= least
    beyond = fixed - least
    root = 1 / torch.minimum(zero + at, zero + 1)  # from 1 on the distance itself is found as well as its power
    low, high = level(zero, zero + 1, lambda w: whole(torch.where(taking, beyond + w**root, nothing)))
    u = torch.where(taking, z - least + (low + (high - low) / 2) ** root, nothing)
    for _ in range(2):  # Newton's method, as above
        inside = u > 0
        w = torch.where(inside, torch.where(inside, u, torch.ones_like(u)) ** (p - 1), nothing)
        total = torch.sum(positive(u) * w, dim, keepdim=True)
        u = torch.where(taking, u - (total - 1) / (p * torch.sum(w, dim, keepdim=True)), nothing)
    return torch.where(torch.isnan(z), z, positive(u)).masked_fill(masked, 0.0).to(a.dtype)


def share(budget, a, dim):
    z, masked = below_top(a.double(), dim)  # a share between 0 and 1 may be asked of scores of 1e38
    fixed, one = z.detach(), torch.ones_like(z)
    found = torch.isfinite(fixed)
    count = torch.sum(found.to(z.dtype), dim, keepdim=True)
    asked = budget + torch.zeros_like(count)
    room = torch.where(asked < count, asked, count)
    low = torch.amin(torch.where(found, fixed, torch.zeros_like(fixed)), dim, keepdim=True)
    low = 2 * low - 1.0  # far enough below, even where numbers lie more than 1 apart

    def cut(t):
        return torch.sum(torch.minimum(torch.relu(fixed - t), one), dim, keepdim=True)

    low, high = level(low, torch.zeros_like(low), lambda t: cut(t) < room.detach())
    full = fixed - high >= 1
    inside = (fixed > low) & ~full
    above = torch.sum(full.to(z.dtype), dim, keepdim=True)
    kept = torch.sum(inside.to(z.dtype), dim, keepdim=True)
    shared = torch.where(kept > 0, kept, torch.ones_like(kept))
    middle = torch.sum(torch.where(inside, z, torch.zeros_like(z)), dim, keepdim=True) / shared
    # seen from the middle of those in between, whose share is what the full ones leave
    u = torch.where(full, one, torch.where(inside, (z - middle) + (room - above) / shared, torch.zeros_like(z)))
    part = torch.where(u >= 1, one, positive(u))
    y = torch.where(asked < count, part, found.to(z.dtype))
    return torch.where(torch.isnan(z), z, y).masked_fill(masked, 0.0).to(a.dtype)


def winners(count, a, dim):
    count = int(count)
    if count > a.shape[dim]:
        raise ValueError(f"{count} winners are asked for among {a.shape[dim]} values")
    if torch.onnx.is_in_onnx_export():  # it has no stable sort, and its top k take the first of equals
        first = torch.topk(a.detach(), count, dim=dim).indices
    else:
        first = torch.narrow(torch.argsort(a.detach(), dim=dim, descending=True, stable=True), dim, 0, count)
    chosen = torch.zeros_like(a).scatter(dim, first, 1.0)
    return torch.where(torch.isnan(a), a.detach(), chosen)


def blocks(size, a, dim):
    size = int(size)
    if a.shape[dim] % size:
        raise ValueError(f"{a.shape[dim]} values cannot be split into blocks of {size}")
    return torch.unflatten(torch.movedim(a, dim, -1), -1, (a.shape[dim] // size, size))


def block_winners(size, a, dim):
    chosen = winners(1, blocks(size, a, dim), -1)
    return torch.movedim(torch.flatten(chosen, -2), -1, dim)


def block_total(size, a, dim):
    return torch.movedim(torch.sum(blocks(size, a, dim), -1), -1, dim)


def join(a, b, dim):
    return torch.cat(torch.broadcast_tensors(a, b), dim)
"""
    + WITHOUT
)

# Python numbers may stand beside tensors here; everywhere else a constant becomes a tensor of x's dtype.
_TAKES_NUMBERS = ("add", "sub", "mul", "div", "neg", "power", "lt", "le", "gt", "ge")

TABLE = Table(
    target="torch_eager",
    constant=_constant,
    box="box({0}, x)",
    boxed={name: tuple(range(row.arity)) for name, row in OPERATIONS.items() if name not in _TAKES_NUMBERS}
    | {"where": (1,), "bessel": (1,)}
    | dict.fromkeys(("excess", "share", "winners", "block_winners", "block_total"), (1,)),
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
        "ramp": "ramp({0}, {1})",
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
        "expm1": "expm1({0})",
        "log": "torch.log({0})",
        "log1p": "log1p({0})",
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
        "probit": "probit({0})",
        "sin": "torch.sin({0})",
        "cos": "torch.cos({0})",
        "atan": "torch.atan({0})",
        "asinh": "torch.asinh({0})",
        "bessel": "bessel({0}, {1})",
        "total": "torch.sum({0}, dim, keepdim=True)",
        "straight": "straight({0}, {1})",
        "mean": "torch.mean({0}, dim, keepdim=True)",
        "rms": "rms({0}, dim)",
        "unit": "unit({0}, dim)",
        "softmax": "softmax({0}, dim)",
        "log_softmax": "log_softmax({0}, dim)",
        "logsumexp": "logsumexp({0}, dim)",
        "excess": "excess({0}, {1}, dim)",
        "share": "share({0}, {1}, dim)",
        "winners": "winners({0}, {1}, dim)",
        "block_winners": "block_winners({0}, {1}, dim)",
        "block_total": "block_total({0}, {1}, dim)",
        "join": "join({0}, {1}, dim)",
    },
)
