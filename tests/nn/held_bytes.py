"""What backward holds, counted by storage: the oracle of the tests of lean training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

import actlab
from actlab.nn import Lean
from actlab.runtime.lean import Kept

SMALL = 256  # bytes: learned parameters as they are spread over the data


def held(root: Tensor, *apart: Tensor) -> int:
    """The bytes of all storages that backward from `root` would read, each counted once, without those of `apart`."""
    found: dict[int, int] = {}

    def add(one: Any) -> None:
        if isinstance(one, Kept) and one.tensor is None:
            for inner in one.inputs:
                add(inner)
        elif one is not None:
            storage = (one.tensor if isinstance(one, Kept) else one).untyped_storage()
            found[storage._cdata] = storage.nbytes()

    todo, seen = [root.grad_fn], set[Any]()
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        todo += [before for before, _ in node.next_functions]
        for name in dir(node):
            if name.startswith("_raw_saved_"):
                raw = getattr(node, name)
                for one in raw if isinstance(raw, (tuple, list)) else (raw,):
                    add(one.data)
    known = {one.untyped_storage()._cdata for one in apart}
    return sum(size for key, size in found.items() if key not in known and size > SMALL)


def sandwich(
    act: Callable[[Tensor], Tensor], width: int = 24, out: int = 24
) -> tuple[Callable[[], Tensor], list[Tensor]]:
    """Linear, the activation, Linear; and the tensors that learn, the input first."""
    torch.manual_seed(0)
    first, last, x = nn.Linear(6, 24), nn.Linear(out, 3), torch.randn(20, 6, requires_grad=True)
    own = list(act.parameters()) if isinstance(act, nn.Module) else []

    def run() -> Tensor:
        torch.manual_seed(1)
        return last(act(first(x)))

    return run, [x, *first.parameters(), *own, *last.parameters()]


def same(ones: Any, others: Any) -> bool:
    """Whether two lists of gradients agree in every bit, NaN included."""
    return all(
        one is other or (torch.equal(one.nan_to_num(), other.nan_to_num()) and torch.equal(one.isnan(), other.isnan()))
        for one, other in zip(ones, others, strict=True)
    )


def compared(run: Callable[[], Tensor], learn: list[Tensor]) -> tuple[int, int, Lean]:
    """(bytes held by torch alone, bytes held when lean, what lean tells), once the gradients are the same."""
    plain = run()
    expected = torch.autograd.grad(plain.sum(), learn, retain_graph=True, allow_unused=True)
    with actlab.lean() as kept:
        lean = run()
    sizes = held(plain, *learn), held(lean, *learn), kept
    assert torch.equal(plain, lean)
    assert same(expected, torch.autograd.grad(lean.sum(), learn, allow_unused=True))
    return sizes
