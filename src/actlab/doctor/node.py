"""One recorded call, and the ways from call to call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from .calls import PASSING
from .records import CaseError


@dataclass(eq=False)
class Node:
    """One call: its name and role, where it was made, what it was given and what it gave.

    data: whether the output depends on the model's input. weight: the trainable or constant tensor it multiplies
    with; other: what a difference was taken from or with. x: the tensor a unary function was given, copied where
    it works in place. function: x -> value, for unary functions. stopped: no gradient passes, though one came in.
    tracked: the output had a gradient when it was made. depth: activations passed so far; weight_depth: weight
    operations. unit_dim: the axis of units.
    """

    index: int
    op: str
    role: str
    path: str
    call: int
    parents: tuple[Node, ...]
    out: Tensor | None
    data: bool
    weight: Tensor | None = None
    bias: Tensor | None = None
    x: Tensor | None = None
    other: Tensor | None = None
    function: Callable[[Tensor], Tensor] | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    module: nn.Module | None = None
    depth: int = 0
    weight_depth: int = 0
    unit_dim: int | None = None
    children: list[Node] = field(default_factory=list["Node"])
    gradient: Tensor | None = None
    stopped: bool = False
    tracked: bool = False

    @property
    def key(self) -> tuple[str, str, int]:
        """What identifies the same place in another pass: path, operation, how often it came before."""
        return self.path, self.op, self.call


def tensors_in(value: Any) -> list[Tensor]:
    """All tensors in nested tuples, lists, mappings and dataclass-like outputs, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        return [tensor for item in value.values() for tensor in tensors_in(item)]  # type: ignore[misc]
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in tensors_in(item)]  # type: ignore[misc]
    return []


def source_of(node: Node, roles: Iterable[str] = PASSING) -> Node:
    """The call that made a value, past calls that only rearrange it (or have one of `roles`)."""
    passing = tuple(roles)
    while node.role in passing:
        data = [parent for parent in node.parents if parent.data]
        if len(data) != 1:
            break
        node = data[0]
    return node


def ancestors(node: Node) -> list[Node]:
    """The node and everything it was computed from."""
    seen: dict[int, Node] = {}
    queue = [node]
    while queue:
        current = queue.pop()
        if id(current) not in seen:
            seen[id(current)] = current
            queue.extend(current.parents)
    return sorted(seen.values(), key=lambda n: n.index)


def call_model(model: nn.Module, value: Any) -> Any:
    """The model on one batch's input: a mapping goes in as keywords, a tuple or list as positional arguments."""
    if isinstance(value, Mapping):
        return model(**value)
    if isinstance(value, (tuple, list)):
        return model(*value)
    return model(value)


def call_example(model: nn.Module, example: Any) -> Any:
    """The model on an example. Raises CaseError in one sentence when it cannot take it."""
    try:
        return call_model(model, example)
    except Exception as error:
        line = (str(error).strip().splitlines() or ["no message"])[0]
        raise CaseError(
            f"the model cannot take the example: {type(error).__name__}: {line.rstrip('.')}; give a batch as the model "
            "is called with it"
        ) from error
