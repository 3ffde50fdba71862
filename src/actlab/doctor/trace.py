"""One forward and backward pass, seen call by call: a graph of what the model really computes.

Module hooks alone miss `F.relu`, in-place calls and shared modules; the autograd graph alone misses names, axes and
detached parts. So a `TorchFunctionMode` records each torch call once, with the module it was made in; what it cannot
see (a custom autograd Function) is attached through the module or through `grad_fn`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.checkpoint import CheckpointFunction

from ..catalogue import Entry
from .calls import FLAT, ROLES, plain_name
from .node import Node, tensors_in
from .ours import entry_name, gate_of, row_entry, seen_alone, share_of_rows

LEAVING = ("numpy", "tolist", "item")  # calls that leave torch: what comes back is a new value without a past
GRADIENT_REACH = 200  # autograd nodes searched for the origin of an unseen tensor


class Trace(TorchFunctionMode):
    """Record the calls made inside the block as `nodes`; `begin` names the tensors that are the model's input.

    replace: (key of a node, tensor): the output of that call is replaced, to put values in at an inner place.
    """

    def __init__(
        self, model: nn.Module, watch_gradient: bool = True, replace: tuple[tuple[str, str, int], Tensor] | None = None
    ) -> None:
        super().__init__()
        self.nodes: list[Node] = []
        self.model = model
        self._watch = watch_gradient
        self._replace = replace
        self.made: dict[int, Node] = {}
        self._kept: list[Any] = []
        self._origins: dict[Any, Node] = {}
        self._calls: dict[tuple[str, str], int] = {}
        self.called: set[str] = set()
        self.checkpoints: list[str] = []
        self.exits: list[tuple[str, str, Node]] = []
        self._stack: list[str] = [""]
        self._handles: list[Any] = []
        self._paused = 0
        self._entered: list[tuple[nn.Module, int]] = []
        self._elementwise: dict[int, bool] = {}

    # -- module paths ------------------------------------------------------------------------------------------------

    def __enter__(self) -> Any:
        for path, module in self.model.named_modules():
            if isinstance(module, torch.jit.ScriptModule):
                continue
            self._handles.append(module.register_forward_pre_hook(self._before(path), prepend=True))
            self._handles.append(module.register_forward_hook(self._after, always_call=True))
        # a re-entrant checkpoint runs its part without gradient and again in backward: here it is run as it stands
        CheckpointFunction.apply = staticmethod(self._plainly)
        return super().__enter__()

    def __exit__(self, *details: Any) -> Any:
        for handle in self._handles:
            handle.remove()
        if "apply" in vars(CheckpointFunction):
            del CheckpointFunction.apply
        return super().__exit__(*details)

    def _plainly(self, function: Callable[..., Any], preserve: bool, *args: Any) -> Any:
        self.checkpoints.append(self._stack[-1])
        return function(*args)

    def _before(self, path: str) -> Callable[..., None]:
        def enter(module: nn.Module, inputs: Any) -> None:
            self._stack.append(path)
            self._entered.append((module, len(self.nodes)))
            self.called.add(path)
            if self._possible_activation(module, inputs):
                with self.pause():
                    self._kept.append((module, inputs[0].detach().clone()))

        return enter

    def _after(self, module: nn.Module, inputs: Any, output: Any) -> None:
        path = self._stack.pop()
        _, since = self._entered.pop()
        if self._paused or not isinstance(output, Tensor):
            return
        entry = getattr(module, "entry", None)
        role = share_of_rows(entry) if isinstance(entry, Entry) and entry.along_axis else ""
        with self.pause():
            gate = gate_of(module, inputs)
        if role:
            self._collapse(module, path, inputs[0], output, since=since, role=role)
        elif gate is not None:
            self._collapse(module, path, inputs[0], output, since=since, gate=gate.detach())
        elif self._possible_activation(module, inputs) and self._is_elementwise(module, inputs[0]):
            self._collapse(module, path, inputs[0], output, since=since)
        elif not self._seen(output) and inputs and isinstance(inputs[0], Tensor):
            self.adopt(output, (path, entry.name if isinstance(entry, Entry) else type(module).__name__))

    def _possible_activation(self, module: nn.Module, inputs: Any) -> bool:
        """A childless module of the user's (or of actlab) from one float tensor; torch's own are seen as calls."""
        return (
            not type(module).__module__.startswith("torch.")
            and next(module.children(), None) is None
            and len(inputs) == 1
            and isinstance(inputs[0], Tensor)
            and inputs[0].is_floating_point()
            and all(p.numel() == 1 for p in module.parameters())
        )

    def _is_elementwise(self, module: nn.Module, x: Tensor) -> bool:
        if id(module) in self._elementwise:
            return self._elementwise[id(module)]
        given = next((kept for owner, kept in reversed(self._kept_pairs()) if owner is module), x)
        with self.pause(), torch.no_grad():
            flat = given.flatten()[:257]
            order = torch.arange(flat.numel() - 1, -1, -1, device=flat.device)
            try:
                there, back = module.forward(flat.clone()), module.forward(flat[order].clone())
                answer = (
                    isinstance(there, Tensor)
                    and there.shape == flat.shape
                    and bool(torch.equal(there[order], back))
                    and bool(torch.equal(module.forward(given.clone()).flatten()[:257], there))
                )
            except (RuntimeError, TypeError, ValueError, IndexError, AttributeError):
                answer = False
        self._elementwise[id(module)] = answer
        return answer

    def _kept_pairs(self) -> list[tuple[nn.Module, Tensor]]:
        return [pair for pair in self._kept if isinstance(pair, tuple)]

    def _collapse(
        self, module: nn.Module, path: str, x: Tensor, output: Tensor, *, since: int, role: str = "activation",
        gate: Tensor | None = None,
    ) -> None:  # fmt: skip
        """Replace what was recorded inside an activation module by one node."""
        given = next((kept for owner, kept in reversed(self._kept_pairs()) if owner is module), x)
        inside = {id(node) for node in self.nodes[since:]}
        source = next((p for node in self.nodes[since:] for p in node.parents if id(p) not in inside and p.data), None)
        source = source or self.made.get(id(x))
        del self.nodes[since:]
        for node in self.nodes:
            node.children = [child for child in node.children if id(child) not in inside]
        op = getattr(getattr(module, "entry", None), "name", type(module).__name__)
        more: dict[str, Any] = {"x": given, "function": module.forward} if role == "activation" else {}
        if gate is not None:
            more = {"x": gate, "function": lambda z: module.forward(z, torch.ones_like(z))}
        if role != "activation":
            more = {"arguments": {"dim": getattr(module, "dim", -1)}}
        self._add(op, role, path, (source,) if source else (), output, **more)

    # -- calls -------------------------------------------------------------------------------------------------------

    def pause(self) -> _Pause:
        """A block whose calls are not recorded."""
        return _Pause(self)

    def _set_paused(self, by: int) -> None:
        self._paused += by

    def begin(self, value: Any) -> None:
        """Declare the model's input, nested as it may be."""
        for tensor in tensors_in(value):
            self._add("input", "input", "", (), tensor)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        raw = getattr(func, "__name__", str(func))
        if raw == "__get__":
            raw = getattr(getattr(func, "__self__", None), "__name__", raw)
        if self._paused or raw in ("__set__", "register_hook", "requires_grad_", "grad", "grad_fn", "backward"):
            return func(*args, **kwargs)
        name = plain_name(raw)
        role = ROLES.get(name, "other")
        inplace = (
            (raw.endswith("_") and not raw.startswith("__")) or bool(kwargs.get("inplace")) or raw.startswith("__i")
        )
        given = tensors_in((args, kwargs))
        parents: list[Node] = []
        for tensor in given:
            parent = self.node_of(tensor)
            if parent is not None and parent not in parents:
                parents.append(parent)
        x = given[0].detach() if given else None
        if x is not None and (inplace or (len(args) > 1 and role == "activation" and args[-1] is True)):
            x = x.clone()
        out = func(*args, **kwargs)
        results = tensors_in(args[0] if name == "setitem" else out)
        if name in LEAVING and not results:
            self.exits += [(name, self._stack[-1], parent) for parent in parents if parent.data]
        if not results or (not parents and not any(isinstance(t, nn.Parameter) for t in given)):
            return out
        node = self._record(
            name, role, tuple(parents), given, args=args, kwargs=kwargs, results=results, x=x, func=func
        )
        if self._replace is not None and node is not None and node.key == self._replace[0]:
            out = self._replace[1]
            self.made[id(out)] = node
            node.out = out
            self._kept.append(out)
        return out

    def _record(
        self,
        name: str,
        role: str,
        parents: tuple[Node, ...],
        given: list[Tensor],
        *,
        args: Any,
        kwargs: Any,
        results: list[Tensor],
        x: Tensor | None,
        func: Any,
    ) -> Node | None:
        data = [self.made[id(t)] for t in given if id(t) in self.made and self.made[id(t)].data]
        fixed = [t for t in given if not (id(t) in self.made and self.made[id(t)].data)]
        weight = bias = function = None
        if role == "weight":
            weight = next((t for t in fixed if t.dim() >= 2), None)
            bias = next((t for t in fixed if t.dim() == 1), None)
        elif role == "matmul":
            weight = next((t for t in fixed if t.dim() >= 2 and t.requires_grad), None) if data else None
            role = "weight" if weight is not None else role
            bias = next((t for t in fixed if t.dim() == 1), None)
        elif role == "sum" and len(data) == 1 and data[0].role == "weight" and fixed and fixed[0].dim() == 1:
            data[0].bias = fixed[0]
        elif role == "clamp" and len(results) > 1:  # the largest along an axis, with its place
            role = "view"
        elif role == "clamp":
            name, role = self._clamp(name, args, kwargs, data, fixed)
        elif role == "gated":
            role, function = "activation", torch.sigmoid
            x = given[0].detach().chunk(2, kwargs.get("dim", args[1] if len(args) > 1 else -1))[1]
        if role == "activation" and function is None:
            function = self._unary(func, args, kwargs)
        if role in ("sum", "product") and len(data) < 2:
            role = "affine"
        arguments = {
            key: value
            for key, value in (*kwargs.items(), *((f"arg{i}", a) for i, a in enumerate(args)))
            if not isinstance(value, Tensor) or role == "loss"
        }
        if role == "loss":
            arguments = {**arguments, "function": func}
        node = self._add(
            name, role, self._stack[-1], parents, results[0], weight=weight, bias=bias, function=function,
            arguments=arguments, x=x if role in ("activation", "clamp") else None, other=fixed[0] if fixed else None,
        )  # fmt: skip
        for extra in results[1:]:
            self.made[id(extra)] = node
            self._kept.append(extra)
        node.stopped |= not results[0].requires_grad and any(t.requires_grad for t in given)
        return node

    @staticmethod
    def _clamp(name: str, args: Any, kwargs: Any, data: list[Node], fixed: list[Tensor]) -> tuple[str, str]:
        """clamp(min=0), clamp_min(0) and maximum(x, 0) are the rectifier; other limits are only limits."""
        limits = [a for a in (*args[1:], *kwargs.values()) if not isinstance(a, Tensor)]
        zero_tensor = len(fixed) == 1 and fixed[0].numel() == 1 and float(fixed[0]) == 0
        if len(data) == 1 and name != "clamp_max" and kwargs.get("max") is None:
            if name in ("clamp", "clip", "clamp_min") and [a for a in limits if a is not None] in ([0], [0.0]):
                return "relu", "activation"
            if name in ("maximum", "max") and zero_tensor:
                return "relu", "activation"
        return name, "other" if name in ("max", "maximum") else "clamp"

    @staticmethod
    def _unary(func: Any, args: Any, kwargs: Any) -> Callable[[Tensor], Tensor]:
        """The call as a function of its first tensor; PReLU's weights per channel are taken at their mean."""
        options = {key: value for key, value in kwargs.items() if key not in ("input", "inplace", "training")}
        rest = tuple(a.detach().mean().reshape(1) if isinstance(a, Tensor) and a.numel() > 1 else a for a in args[1:])
        rest = rest if args else ()
        return lambda z: func(z, *rest, **options)

    def _add(self, op: str, role: str, path: str, parents: tuple[Node, ...], out: Tensor, **more: Any) -> Node:
        call = self._calls.get((path, op), 0)
        self._calls[path, op] = call + 1
        data = role == "input" or any(parent.data for parent in parents)
        node = Node(len(self.nodes), op, role, path, call, parents, out, data, **more)
        node.depth = max((p.depth for p in parents), default=0) + (role == "activation")
        node.weight_depth = max((p.weight_depth for p in parents), default=0) + (role in ("weight", "recurrent"))
        with self.pause():  # to ask the output for its shape is no call of the program's
            node.unit_dim = self._unit_dim(node)
        node.tracked = out.requires_grad
        node.stopped = op in FLAT and any(parent.tracked for parent in parents)
        for parent in parents:
            parent.children.append(node)
        self.nodes.append(node)
        self.made[id(out)] = node
        self._kept.append(out)
        if out.grad_fn is not None:
            self._origins[out.grad_fn] = node
        if self._watch and out.requires_grad and not out.is_leaf:
            with self.pause():
                out.register_hook(_Keep(node))
        return node

    @staticmethod
    def _unit_dim(node: Node) -> int | None:
        """Convolutions and batch norms put units on axis 1, the rest on the last; arrangement makes it unknown."""
        if node.op.startswith("conv"):
            return 1 if node.out is not None and node.out.dim() > 2 else None
        if node.role in ("weight", "recurrent", "attention", "matmul"):
            return -1
        if node.op in ("batch_norm", "instance_norm", "group_norm"):
            return 1
        if node.role == "view" or not node.parents:
            return None
        first = next((p for p in node.parents if p.data), node.parents[0])
        same = first.out is not None and node.out is not None and first.out.dim() == node.out.dim()
        return first.unit_dim if same else None

    def node_of(self, tensor: Tensor) -> Node | None:
        """The call that made a tensor; a result of a custom autograd Function is attached through its `grad_fn`."""
        return self.made[id(tensor)] if self._seen(tensor) else self.adopt(tensor)

    def _seen(self, tensor: Tensor) -> bool:
        node = self.made.get(id(tensor))
        return node is not None and (node.tracked or tensor.grad_fn is None)

    def adopt(self, tensor: Tensor, named: tuple[str, str] | None = None) -> Node | None:
        """A node for a tensor no recorded call made, attached to the recorded calls its gradient flows to."""
        if tensor.grad_fn is None:
            return None
        if tensor.grad_fn in self._origins and named is None:  # another Python object for a known result
            return self._origins[tensor.grad_fn]
        parents: list[Node] = []
        queue, seen = [tensor.grad_fn], {tensor.grad_fn}
        while queue and len(seen) < GRADIENT_REACH:
            current = queue.pop(0)
            known = self._origins.get(current) if current is not tensor.grad_fn else None
            if known is not None:
                parents.append(known)
                continue
            for following, _ in current.next_functions:
                if following is not None and following not in seen:
                    seen.add(following)
                    queue.append(following)
        if not parents:
            return None
        path = named[0] if named else self._stack[-1]
        expr = getattr(getattr(tensor.grad_fn, "kernel", None), "expr", None)
        along = row_entry(tensor.grad_fn)
        if along is not None:
            role = share_of_rows(along) or "other"
            return self._add(along.name, role, path, tuple(parents), tensor, arguments={"dim": -1})
        if expr is not None and not hasattr(tensor.grad_fn, "pair"):  # one of our own functions, without its module
            x, function = seen_alone(tensor.grad_fn)
            op = named[1] if named else entry_name(expr)
            return self._add(op, "activation", path, tuple(parents), tensor, x=x.detach(), function=function)
        op = named[1] if named else tensor.grad_fn.name().removesuffix("Backward")
        return self._add(op, "other", path, tuple(parents), tensor)


class _Keep:
    """A tensor hook that keeps the gradient at a node; summed if it arrives more than once."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def __call__(self, gradient: Tensor) -> None:
        known = self._node.gradient
        self._node.gradient = gradient.detach() if known is None else known + gradient.detach()


class _Pause:
    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    def __enter__(self) -> None:
        self._trace._set_paused(1)  # pyright: ignore[reportPrivateUsage]

    def __exit__(self, *details: object) -> None:
        self._trace._set_paused(-1)  # pyright: ignore[reportPrivateUsage]
