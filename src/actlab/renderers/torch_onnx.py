"""Functions that ONNX does not have, spelled inside an export with those it has; everywhere else ATen's own run."""

from __future__ import annotations

# Part of the prelude of `torch_eager`, which brings torch, Phi and phi.
WITHOUT = """

# ONNX has Erf, whose complement has no left tail, and onnxruntime has it in float32 only
ERFC = (
    -0.14613669078545938, 1.1926820036672046, -4.245136566932715, 8.54608147285699, -10.531275730122731,
    8.070576054524143, -3.9202193163691033, 1.4591061111211243, -0.44075843456249386, -0.08598110832455981,
    -0.09214693345489183, 0.08373468202761458, 0.37498639747467594, 1.000000182823885, -1.2655121239028124,
)


def erfc(a):
    if not torch.onnx.is_in_onnx_export():
        return torch.erfc(a)
    # t e^(p(t) - a^2) with t = 1/(1 + |a|/2) and p fitted by Chebyshev's method: 4e-10 relative
    t = 1 / (1 + 0.5 * torch.abs(a))
    p = torch.zeros_like(a)
    for coefficient in ERFC:
        p = p * t + coefficient
    tail = t * torch.exp(p - a * a)
    return torch.where(a < 0, 2 - tail, tail)


def log1p(a):
    if not torch.onnx.is_in_onnx_export():
        return torch.log1p(a)
    # ONNX has none: log(u) a / (u - 1), in which the rounding of u = 1 + a cancels (Kahan)
    u = 1 + a
    plain = (u == 1) | torch.isinf(u)
    ratio = a / torch.where(plain, torch.ones_like(u), u - 1)
    return torch.where(plain, a, torch.log(u) * ratio)


def expm1(a):
    if not torch.onnx.is_in_onnx_export():
        return torch.expm1(a)
    # ONNX has none: (u - 1) a / log(u) with u = e^a, likewise
    u = torch.exp(a)
    plain = (u == 1) | (u - 1 == -1) | torch.isinf(u)
    ratio = a / torch.where(plain, torch.ones_like(u), torch.log(u))
    return torch.where(u == 1, a, torch.where(plain, u - 1, (u - 1) * ratio))


def probit(a):
    if not torch.onnx.is_in_onnx_export():
        return torch.special.ndtri(a)
    # ONNX has none: Newton's method on log Phi, which is concave, in the left half
    p = torch.minimum(a, 1 - a).double()
    z = torch.log(p / (1 - p)) / 1.7
    for _ in range(8):
        below = Phi(z)
        z = z - torch.log(below / p) * below / phi(z)
    return torch.where(a < 0.5, z, -z).to(a.dtype)
"""
