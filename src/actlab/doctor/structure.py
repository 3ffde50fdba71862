"""What a recorded graph says about roles: hidden or output, gate or attention, which call feeds the loss."""

from __future__ import annotations

from .calls import GATED, PASSING
from .node import Node, ancestors, source_of
from .numbers import Place

_CARRY = (*PASSING, "affine", "pool", "clamp")


def reaches(node: Node, roles: tuple[str, ...], through: tuple[str, ...] | None = None) -> list[Node]:
    """The calls with one of `roles` that use this value, directly or past calls with a role in `through`."""
    found: list[Node] = []
    queue, seen = list(node.children), set[int]()
    while queue:
        current = queue.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if current.role in roles:
            found.append(current)
            continue
        if through is None or current.role in through:
            queue.extend(current.children)
    return found


def role_of(node: Node) -> str:
    """ "hidden", "gate", "attention" or "output" for an activation or a softmax, by what its value is used for."""
    if node.op in GATED:
        return "gate"
    for user in reaches(node, ("product", "matmul"), _CARRY):
        others = [p for p in user.parents if p.data and p is not node and node not in ancestors(p)[-1:]]
        beside = [p for p in others if not _comes_only_from(p, node)]
        if beside:
            return "attention" if user.role == "matmul" else "gate"
    if reaches(node, ("weight", "recurrent", "attention")):
        return "hidden"
    return "output"


def _comes_only_from(node: Node, origin: Node) -> bool:
    """Whether `node` is `origin` or made from it by calls that carry a value."""
    while True:
        if node is origin:
            return True
        data = [p for p in node.parents if p.data]
        if node.role not in _CARRY or len(data) != 1:
            return False
        node = data[0]


def producers(node: Node, depth: int = 4) -> list[Node]:
    """The calls before a loss's input, nearest first; rearrangements and harmless limits are skipped."""
    chain: list[Node] = []
    while len(chain) < depth:
        node = source_of(node, (*PASSING, "clamp"))
        chain.append(node)
        data = [p for p in node.parents if p.data]
        if len(data) != 1:
            break
        node = data[0]
    return chain


def straight_pairs(nodes: list[Node]) -> list[tuple[Node, Node]]:
    """Weight operations that follow each other with nothing non-linear between."""
    pairs: list[tuple[Node, Node]] = []
    for node in nodes:
        if node.role != "weight" or not node.data:
            continue
        before = next((p for p in node.parents if p.data), None)
        before = source_of(before, (*PASSING, "affine")) if before is not None else None
        if before is not None and before.role == "weight" and before.data:
            pairs.append((before, node))
    return pairs


def mixes_rows(node: Node) -> bool:
    """Whether a softmax's shares mix the rows of one matrix, without a bias, as a soft look-up in a table does."""
    users = reaches(node, ("weight", "recurrent", "attention"))[:1]
    return bool(users) and users[0].op not in ("linear",) and users[0].bias is None and node in users[0].parents


def plain_dropout(nodes: list[Node]) -> tuple[Place, ...]:
    """Ordinary dropout on the output of a SELU, whose mean and variance it shifts."""
    return tuple(
        Place(node.path, node.op)
        for node in nodes
        if node.role == "dropout"
        and not node.op.endswith("alpha_dropout")
        and any(source_of(p, ("view", "dropout", "norm")).op == "selu" for p in node.parents if p.data)
    )


def blocked_at(nodes: list[Node], end: Node) -> tuple[Node, list[Node]] | None:
    """The call that cuts the gradient, and the trainable weight operations that get none because of it.

    Only weights whose every way to the loss passes a cut count: a deliberate detach beside an open way is no fault, nor
    is one that keeps a loss from a part that does not read the input, as a generator beside its discriminator.
    """
    open_way: set[int] = set()
    queue = [end]
    while queue:
        current = queue.pop()
        if id(current) in open_way or current.stopped:
            continue
        open_way.add(id(current))
        queue.extend(current.parents)
    upstream = {id(node) for node in ancestors(end)}
    starved = [
        node
        for node in nodes
        if node.role in ("weight", "recurrent", "attention")
        and node.data
        and id(node) in upstream
        and id(node) not in open_way
        and (node.weight is None or node.weight.requires_grad)
        and _trainable(node)
    ]
    if not starved:
        return None
    for node in ancestors(end):
        if node.stopped and any(parent in ancestors(node) for parent in starved):
            return node, starved
    return None


def _trainable(node: Node) -> bool:
    return node.weight is not None and node.weight.requires_grad
