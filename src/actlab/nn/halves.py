"""The two inputs of a gated unit: which half of a tensor is the gate, and how the halves lie in it."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ..catalogue import Entry
from ..catalogue.naming import choices, namesakes

# gate -> what it means for the halves a and b; libraries disagree, so none is the default
GATES = {"first": "act(a) * b", "second": "a * act(b)"}
# layout -> the (first, second) half of a tensor along a dimension that is not negative
LAYOUTS: dict[str, Callable[[Tensor, int], tuple[Tensor, Tensor]]] = {
    "chunk": lambda x, dim: (x.narrow(dim, 0, x.shape[dim] // 2), x.narrow(dim, x.shape[dim] // 2, x.shape[dim] // 2)),
    "interleaved": lambda x, dim: tuple(x.unflatten(dim, (x.shape[dim] // 2, 2)).unbind(dim + 1)),  # type: ignore[return-value]
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
    if layout not in LAYOUTS:
        raise ValueError(
            f'{entry.name}: layout is "chunk" (x[..., :d] and x[..., d:]) or "interleaved" (x[..., ::2] and '
            f"x[..., 1::2]), not {layout!r}"
        )


def halves(name: str, x: Tensor, gate: str, layout: str, dim: int) -> tuple[Tensor, Tensor]:
    """(gate, up), views of `x`. Raises ValueError when `dim` cannot be halved."""
    if x.shape[dim] % 2:
        raise ValueError(f"{name}: dim {dim} of a tensor of shape {tuple(x.shape)} is odd and cannot be halved")
    first, second = LAYOUTS[layout](x, dim % x.ndim)
    return (first, second) if gate == "first" else (second, first)
