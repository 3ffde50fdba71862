"""The two inputs of a gated unit: which half of a tensor is the gate, and how the halves lie in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ..catalogue import Entry
from ..catalogue.naming import choices, namesakes

# gate -> what it means for the halves a and b; libraries disagree, so none is the default
GATES = {"first": "act(a) * b", "second": "a * act(b)"}
# layout -> the (first, second) half of a tensor along a dimension that is not negative
_SPLITS: dict[str, Callable[[Tensor, int], tuple[Tensor, Tensor]]] = {
    "chunk": lambda x, dim: (x.narrow(dim, 0, x.shape[dim] // 2), x.narrow(dim, x.shape[dim] // 2, x.shape[dim] // 2)),
    "interleaved": lambda x, dim: tuple(x.unflatten(dim, (x.shape[dim] // 2, 2)).unbind(dim + 1)),  # type: ignore[return-value]
}
LAYOUTS = tuple(_SPLITS)
# layout -> the tensor that is split so
_JOINS: dict[str, Callable[[Tensor, Tensor, int], Tensor]] = {
    "chunk": lambda first, second, dim: torch.cat((first, second), dim),
    "interleaved": lambda first, second, dim: torch.stack((first, second), dim + 1).flatten(dim, dim + 1),
}


def check_halves(entry: Entry, gate: object, layout: object) -> None:
    """ValueError unless the gate's half and the layout are stated, listing what they mean and who uses which."""
    if gate not in GATES:
        users = choices(entry)
        told = [
            f'gate="{half}" is {formula}' + (f" ({', '.join(users[half])})" if users[half] else "")
            for half, formula in GATES.items()
        ]
        told += [f'"{name}" is {other}' for name, other in namesakes(entry).items()]
        said = "" if gate is None else f"; not gate={gate!r}"
        asked = f"{entry.name}: say which half is the gate, or whose unit it is"
        raise ValueError(f"{asked}: {'; '.join(told)}{said}")
    if layout not in _SPLITS:
        raise ValueError(
            f'{entry.name}: layout is "chunk" (x[..., :d] and x[..., d:]) or "interleaved" (x[..., ::2] and '
            f"x[..., 1::2]), not {layout!r}"
        )


class Halved(NamedTuple):
    """How a tensor holds its gate: which half along a dimension that is not negative, and how the halves lie."""

    gate: str
    layout: str
    dim: int

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(gate, up), views of `x`."""
        first, second = _SPLITS[self.layout](x, self.dim)
        return (first, second) if self.gate == "first" else (second, first)

    def join(self, gate: Tensor, up: Tensor) -> Tensor:
        """The tensor that is split into these."""
        first, second = (gate, up) if self.gate == "first" else (up, gate)
        return _JOINS[self.layout](first, second, self.dim)


def halves(name: str, x: Tensor, gate: str, layout: str, dim: int) -> Halved:
    """How `x` holds its gate. Raises ValueError when `dim` cannot be halved."""
    if x.shape[dim] % 2:
        raise ValueError(f"{name}: dim {dim} of a tensor of shape {tuple(x.shape)} is odd and cannot be halved")
    return Halved(gate, layout, dim % x.ndim)
