"""Means over two correlated normal variables, for functions with kinks and steps."""

from __future__ import annotations

import math

import numpy as np

from .function import Function, Numbers

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_CUTS = np.linspace(-9.0, 9.0, 13)  # standard deviations; beyond 9 lies less than 1e-18

_TURN = np.array([-8.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0])


def correlated_mean(function: Function, q: float, c: float, order: int = 0) -> float:
    """E f(u) f(v) for normal u and v of variance `q` and correlation `c`; of the slopes with order 1.

    The inner integral is cut where v crosses a seam of the formula, which moves with u.
    """
    if not -1 <= c <= 1:
        raise ValueError(f"a correlation lies between -1 and 1, not {c!r}")
    s, rest = math.sqrt(q), math.sqrt(max(1 - c * c, 0.0))
    seams = np.array(function.seams) / s if s > 0 else np.empty(0)
    # near a seam the inner mean turns over within the distance `rest`
    around = (seams[:, None] + rest * _TURN).ravel()
    outer, outer_weights = _rule(np.sort(np.concatenate([_CUTS, around[np.abs(around) < _CUTS[-1]]])))
    if rest < 1e-12:
        u, v = function(s * outer, order), function(math.copysign(s, c) * outer, order)
        return float(np.sum(outer_weights * u * v))
    moving = np.clip((seams[None, :] - c * outer[:, None]) / rest, _CUTS[0], _CUTS[-1])
    cuts = np.sort(np.concatenate([np.broadcast_to(_CUTS, (len(outer), len(_CUTS))), moving], axis=1), axis=1)
    inner, inner_weights = _rule(cuts)
    given = np.sum(inner_weights * function(s * (c * outer[:, None] + rest * inner), order), axis=1)
    return float(np.sum(outer_weights * function(s * outer, order) * given))


def _rule(cuts: Numbers) -> tuple[Numbers, Numbers]:
    """Nodes and weights, the normal density included, on the last axis for parts between cuts on the last axis."""
    low, high = cuts[..., :-1, None], cuts[..., 1:, None]
    half = (high - low) / 2
    nodes = low + half * (1 + _NODES)
    weights = half * _WEIGHTS * np.exp(-nodes * nodes / 2) / math.sqrt(2 * math.pi)
    shape = (*cuts.shape[:-1], -1)
    return nodes.reshape(shape), weights.reshape(shape)
