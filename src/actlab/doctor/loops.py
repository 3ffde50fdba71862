"""Recurrences written by hand: one weight used step after step, each step computed from the one before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

from .node import Node, ancestors
from .recurrence import Gates
from .sites import Site
from .structure import role_of

FEWEST = 8  # steps from which a chain of the same weight is taken for a sequence
Key = tuple[str, str, int]


class Loop(NamedTuple):
    """A weight, or cell, that is used in a chain of calls, and the gradient norm at each step.

    kind: "RNN" for a plain recurrence; "GATED" where a gate stands between the steps; a cell's own kind for torch's.
    inside: the keys of the activations between the first call and the last.
    """

    path: str
    kind: str
    norms: list[float]
    inside: tuple[Key, ...]


def hand_written(nodes: list[Node], end: Node | None) -> list[Loop]:
    """The recurrences among the calls that the loss depends on."""
    used = [node for node in (ancestors(end) if end is not None else nodes) if node.data]
    groups: dict[object, list[Node]] = {}
    for node in used:
        if node.role in ("weight", "recurrent") and node.op not in _WHOLE:
            groups.setdefault(id(node.weight) if node.weight is not None else (node.path, node.op), []).append(node)
    found: list[Loop] = []
    for calls in groups.values():
        deepening = all(b.weight_depth > a.weight_depth for a, b in pairwise(calls))
        if len(calls) < FEWEST or not deepening or any(call.gradient is None for call in calls):
            continue
        between = [node for node in used if calls[0].index < node.index < calls[-1].index]
        bends = [node for node in between if node.role == "activation"]
        gated = any(role_of(node) == "gate" for node in bends[:200])
        norms = [float(call.gradient.double().norm()) for call in calls if call.gradient is not None]
        kind = _CELLS.get(calls[0].op, "GATED" if gated else "RNN")
        found.append(Loop(calls[0].path, kind, norms, tuple(node.key for node in bends)))
    return found


def gates(loops: Iterable[Loop], sites: Mapping[Key, Site]) -> list[Gates]:
    """How saturated the gates of recurrences written by hand are, all steps together."""
    found: list[Gates] = []
    for loop in loops:
        flat = [sites[key] for key in loop.inside if key in sites and sites[key].shape.saturating]
        if loop.kind == "GATED" and flat:
            cell = _FUNCTIONS.get(round(len(flat) / (len(loop.norms) - 1)), loop.kind)
            elements, flat_ones = sum(s.elements for s in flat), sum(s.flat_elements for s in flat)
            found.append(Gates(loop.path, cell, elements, flat_ones, sum(s.square for s in flat)))
    return found


_WHOLE = ("lstm", "gru", "rnn_tanh", "rnn_relu")  # whole sequences in one call, listened to by `recurrence`
_FUNCTIONS = {5: "LSTM", 3: "GRU"}  # of saturating functions per step
_CELLS = {"lstm_cell": "LSTM", "gru_cell": "GRU", "rnn_tanh_cell": "RNN", "rnn_relu_cell": "RNN"}
