"""What a graph holds for its backward pass: every storage that a node of autograd keeps, and which node that is.

Read from the nodes after a forward pass and not from a hook: hooks of others (recomputation, checkpoints, offloading)
see only what is on top of them, and what they put in a tensor's place is what is really kept.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch._C._autograd import SavedTensor, _get_sequence_nr
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from ..nn.modules import Activation
from ..nn.swap import activation_name
from .node import tensors_in

_SAVED: Any = SavedTensor  # whose type stub lacks what is read here


class Held(NamedTuple):
    """A storage that a node holds: its address, its size in bytes, the node's number in forward order and its name."""

    storage: int
    bytes: int
    number: int
    function: str


def held(outputs: Iterable[Tensor]) -> list[Held]:
    """What the graph behind these tensors holds, in forward order; a storage is listed for every node that holds it.

    Not seen: what C++ nodes hide (an in-place call on a view wraps the node that it stands for).
    """
    nodes: list[Any] = []
    seen: set[Any] = set()
    waiting = [tensor.grad_fn for tensor in outputs]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            nodes.append(node)
            waiting += [before for before, _ in node.next_functions]
    found: list[Held] = []
    for node in sorted((node for node in nodes if node.next_functions), key=lambda node: node._sequence_nr()):
        for tensor in _tensors(node):
            found.append(Held(*storage(tensor), node._sequence_nr(), _plain(node.name())))
    return found


def storage(tensor: Tensor) -> tuple[int, int]:
    """Address and bytes of the memory behind a tensor; of one without memory of its own (sparse), what it counts."""
    try:
        memory = tensor.untyped_storage()
    except RuntimeError:
        return id(tensor), tensor.numel() * tensor.element_size()
    return memory._cdata, memory.nbytes()


def _tensors(node: Any) -> Iterator[Tensor]:
    """The tensors that a node holds: saved ones as they were packed, and attributes of a custom function's context."""
    for name in dir(node):
        if name.startswith("_raw_saved_"):
            yield from _packed(getattr(node, name))
    yield from tensors_in(getattr(node, "__dict__", None))


def _packed(saved: Any) -> Iterator[Tensor]:
    if isinstance(saved, (list, tuple)):
        for each in saved:  # type: ignore[misc]
            yield from _packed(each)
    elif isinstance(saved, _SAVED):
        yield from _opened(saved.data)
        # torch's checkpoints put a place holder here; the inputs of the part to be run again stand in a frame that
        # the hook closes over
        for cell in getattr(saved.unpack_hook, "__closure__", None) or ():
            yield from _packed(getattr(cell.cell_contents, "saved_args", ()))


def _opened(packed: Any) -> Iterator[Tensor]:
    """The tensors in what stands in a saved tensor's place: the tensor, or with `lean` those it is computed from."""
    whole = getattr(packed, "tensor", packed)
    yield from tensors_in(whole)
    for each in getattr(packed, "inputs", ()) if whole is None else ():
        yield from _opened(each)


def _plain(name: str) -> str:
    """A node's name as people know the function: GeluBackward0 is gelu."""
    short = re.sub(r"Backward\d*$", "", name.rpartition("::")[2])
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", short).lower()


class Places:
    """Which module ran when, by the numbers that autograd gives its nodes; and where activations put their outputs.

    Hooks of every module in the process serve it while the block lasts, so the model's own stay as they are.
    """

    def __init__(self, model: nn.Module) -> None:
        self._paths = {id(module): path for path, module in model.named_modules()}
        self._since, self._where, self._stack = [0], [""], [""]
        self.outputs: dict[str, list[StorageWeakRef]] = {}

    def __enter__(self) -> Places:
        self._handles = (
            register_module_forward_pre_hook(self._before),
            register_module_forward_hook(self._after, always_call=True),
        )
        return self

    def __exit__(self, *details: object) -> None:
        for handle in self._handles:
            handle.remove()

    def at(self, number: int) -> str:
        """The path of the innermost module that made the node with this number."""
        return self._where[bisect_right(self._since, number) - 1]

    def _moved(self) -> None:
        self._since.append(_get_sequence_nr())
        self._where.append(self._stack[-1])

    def _before(self, module: nn.Module, inputs: Any) -> None:
        if torch.compiler.is_compiling():
            return  # what is compiled is one call of the module around it
        if (path := self._paths.get(id(module))) is not None:
            self._stack.append(path)
            self._moved()

    def _after(self, module: nn.Module, inputs: Any, output: Any) -> None:
        if torch.compiler.is_compiling() or (path := self._paths.get(id(module))) is None:
            return
        self._stack.pop()
        self._moved()
        if isinstance(output, Tensor) and (isinstance(module, Activation) or activation_name(module)):
            # a weak reference holds the address, so that no later storage can be taken for this one
            self.outputs.setdefault(path, []).append(StorageWeakRef(output.untyped_storage()))
