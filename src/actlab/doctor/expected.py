"""What theory knows of each kind of call: what it does to a signal on the way, and to the gradient on the way back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from torch import Tensor, nn

from ..theory.profile import Curve, Signal, mixed
from .node import Node
from .rows import fan_in
from .shapes import Shape

# Calls that hand out several results: their gradient is measured.
SEVERAL = ("chunk", "split", "tensor_split", "unbind")
JOINED = ("cat", "concat", "concatenate", "stack")


class Expected:
    """Signals as theory has them, call by call in forward order, and the factors of gradients.

    modules: by path. shapes: of the activations. signals: after each call, by its id. known: whether theory knew it,
    or it was measured.
    """

    def __init__(self, modules: Mapping[str, nn.Module], shapes: Mapping[tuple[str, str, int], Shape | None]) -> None:
        self.modules, self.shapes = modules, shapes
        self.signals: dict[int, Signal] = {}
        self.slopes: dict[int, float] = {}
        self.known: dict[int, bool] = {}

    def forward(self, node: Node) -> None:
        """Note the signal after a call; where theory does not know, the measured one goes on."""
        rule = FORWARD.get(node.role)
        signal = rule(self, node) if rule is not None else None
        self.known[id(node)] = signal is not None
        self.signals[id(node)] = signal if signal is not None else _measured(node)

    def backward(self, node: Node, parent: Node) -> float | None:
        """The factor of the gradient's squared norm from a call's output to its input; None: only measuring knows."""
        rule = BACKWARD.get(node.role)
        return rule(self, node, parent) if rule is not None else None

    def signal_of(self, node: Node) -> Signal:
        """Before a call with one input that depends on the data."""
        return self.signals[id(given_to(node)[0])]

    def curve(self, node: Node) -> Curve | None:
        """An activation as a table, asked of the function itself."""
        shape = self.shapes.get(node.key)
        return None if shape is None else Curve(shape.grid.numpy(), shape.values.numpy(), shape.slopes.numpy())

    def affine_of(self, node: Node) -> tuple[float, float, float, float] | None:
        """Scale and shift of a norm layer: mean and mean square of each, over its channels."""
        module = self.modules.get(node.path)
        if module is None or not hasattr(module, "weight"):
            return (1.0, 1.0, 0.0, 0.0) if isinstance(module, nn.Module) else None
        scale, shift = getattr(module, "weight", None), getattr(module, "bias", None)
        return (*_moments(scale, 1.0), *_moments(shift, 0.0))


def _weight(theory: Expected, node: Node) -> Signal | None:
    gain = weight_gain(node)
    if gain is None:
        return None
    mean, second = _moments(node.bias, 0.0)
    return theory.signal_of(node).through_weights(gain, mean, max(second - mean**2, 0.0))


def _activation(theory: Expected, node: Node) -> Signal | None:
    curve = theory.curve(node)
    if curve is None or not given_to(node):
        return None
    signal, theory.slopes[id(node)] = curve.through(theory.signal_of(node))
    return signal


def _norm(theory: Expected, node: Node) -> Signal | None:
    before, affine = theory.signal_of(node), theory.affine_of(node)
    if affine is None or not _uses_own_statistics(node):
        return None
    scale, scale_second, shift, shift_second = affine
    kept = {"batch_norm": Signal(0.0, 1.0, 0.0), "layer_norm": Signal(0.0, 1.0, before.likeness)}
    kept["group_norm"] = kept["layer_norm"]
    root = math.sqrt(before.second) or 1.0
    kept["rms_norm"] = Signal(before.mean / root, before.variance / root**2, before.likeness)
    if node.op not in kept:
        return None
    moved = Signal(shift, max(shift_second - shift**2, 0.0), 1.0)
    return kept[node.op].times(scale, scale_second).plus(moved)


def _view(theory: Expected, node: Node) -> Signal | None:
    given = given_to(node)
    if len(given) == 1 and len(given) == len(node.parents):
        return theory.signal_of(node)
    if node.op in JOINED and len(given) == len(node.parents):
        return mixed([(theory.signals[id(p)], p.out.numel()) for p in given if p.out is not None])
    return None


def _dropout(theory: Expected, node: Node) -> Signal:
    signal, kept = theory.signal_of(node), 1 - _dropped(node)
    variance = signal.second / kept - signal.mean**2
    return Signal(signal.mean, variance, signal.likeness * signal.variance / variance if variance > 0 else 1.0)


def _sum(theory: Expected, node: Node) -> Signal | None:
    given = given_to(node)
    if len(given) < 2 or "sub" in node.op:
        return None
    total = theory.signals[id(given[0])]
    for parent in given[1:]:
        total = total.plus(theory.signals[id(parent)])
    return total


def _affine(theory: Expected, node: Node) -> Signal | None:
    constant, signal = _constant(node), theory.signal_of(node)
    if constant is None:
        return None
    mean, second = constant
    if node.op in ("add", "radd", "iadd"):
        if given_to(node)[0].bias is node.other and node.other is not None:
            return signal  # this very call adds the bias, which the weight operation has counted
        return signal.plus(Signal(mean, max(second - mean**2, 0.0), 1.0))
    if node.op in ("mul", "rmul", "imul", "multiply"):
        return signal.times(mean, second)
    if node.op in ("div", "truediv", "true_divide", "divide", "itruediv") and node.other is None and mean:
        return signal.times(1 / mean, 1 / second)
    return None


FORWARD: Mapping[str, Callable[[Expected, Node], Signal | None]] = {
    "weight": _weight,
    "activation": _activation,
    "norm": _norm,
    "view": _view,
    "dropout": _dropout,
    "sum": _sum,
    "affine": _affine,
}


def _norm_back(theory: Expected, node: Node) -> float | None:
    before, affine = theory.signal_of(node), theory.affine_of(node)
    if affine is None or _norm(theory, node) is None:
        return None
    size = {"batch_norm": before.variance * (1 - before.likeness), "rms_norm": before.second}
    return affine[1] / max(size.get(node.op, before.variance), 1e-300)


def _view_back(theory: Expected, node: Node, parent: Node) -> float | None:
    if node.op in SEVERAL or node.out is None or parent.out is None:
        return None
    return parent.out.numel() / node.out.numel() if node.op in JOINED else 1.0


def _affine_back(theory: Expected, node: Node) -> float | None:
    constant = _constant(node)
    if constant is None:
        return None
    if node.op in ("add", "radd", "iadd", "sub", "isub", "rsub"):
        return 1.0
    if node.op in ("mul", "rmul", "imul", "multiply"):
        return constant[1]
    return 1 / constant[1] if node.other is None and constant[1] else None


def _activation_back(theory: Expected, node: Node) -> float | None:
    # max pooling chooses where the gradient goes on: mostly to units that are not silent
    chosen = any(user.role == "pool" and "max" in user.op for user in node.children)
    return None if chosen else theory.slopes.get(id(node))


def _average_back(node: Node, parent: Node) -> float | None:
    if node.out is None or parent.out is None or not ("avg" in node.op or node.op == "mean"):
        return None
    return node.out.numel() / parent.out.numel()


# The factor of the gradient's squared norm from a call's output to one of its inputs; None: only measuring knows.
BACKWARD: Mapping[str, Callable[[Expected, Node, Node], float | None]] = {
    "weight": lambda theory, node, parent: weight_gain(node),
    "activation": lambda theory, node, parent: _activation_back(theory, node),
    "norm": lambda theory, node, parent: _norm_back(theory, node),
    "view": _view_back,
    "dropout": lambda theory, node, parent: 1 / (1 - _dropped(node)),
    "sum": lambda theory, node, parent: 1.0,
    "affine": lambda theory, node, parent: _affine_back(theory, node),
    "pool": lambda theory, node, parent: _average_back(node, parent),
    "other": lambda theory, node, parent: _average_back(node, parent),
}


def weight_gain(node: Node) -> float | None:
    """The mean square of the weights times the inputs that a unit sums over, of which padding is none.

    None for what is no plain weight operation.
    """
    if node.weight is None or "transpose" in node.op or node.op in ("embedding", "embedding_bag", "bilinear"):
        return None
    return float(node.weight.detach().double().pow(2).mean()) * fan_in(node) * _filled(node)


def _filled(node: Node) -> float:
    """The share of a convolution's taps that lie inside its input, over all positions."""
    if not node.op.startswith("conv") or node.weight is None or not given_to(node):
        return 1.0
    before, kernel = given_to(node)[0].out, node.weight.shape[2:]
    if before is None:
        return 1.0
    share = 1.0
    names = (("stride", 3, 1), ("padding", 4, 0), ("dilation", 5, 1))
    stride, padding, dilation = (_setting(node, *which, len(kernel)) for which in names)
    for axis, (size, taps) in enumerate(zip(before.shape[-len(kernel) :], kernel, strict=True)):
        if not isinstance(padding[axis], int):
            return share
        reach = size + 2 * padding[axis] - dilation[axis] * (taps - 1)
        places = [
            start + tap * dilation[axis] - padding[axis]
            for start, tap in product(range(0, reach, stride[axis]), range(taps))
        ]
        share *= sum(0 <= place < size for place in places) / max(len(places), 1)
    return share


def _setting(node: Node, name: str, place: int, default: int, axes: int) -> list[Any]:
    given = node.arguments.get(name, node.arguments.get(f"arg{place}", default))
    return list(given) if isinstance(given, (tuple, list)) and len(given) == axes else [given] * axes


def _dropped(node: Node) -> float:
    """The share that a dropout drops in this call."""
    on = node.arguments.get("training", node.arguments.get("arg2", True))
    share = node.arguments.get("p", node.arguments.get("arg1", 0.5))
    return min(float(share), 0.999) if on and isinstance(share, (int, float)) else 0.0


def _uses_own_statistics(node: Node) -> bool:
    """Whether a norm measures the batch or sample it is given; a batch norm in evaluation mode does not."""
    training = node.arguments.get("training", node.arguments.get("arg5", True))
    return node.op != "batch_norm" or bool(training)


def _constant(node: Node) -> tuple[float, float] | None:
    """Mean and mean square of what a signal is added to or multiplied with."""
    if node.other is not None:
        return _moments(node.other, 0.0)
    numbers = [
        a for key, a in node.arguments.items() if key in ("arg0", "arg1", "other") and isinstance(a, (int, float))
    ]
    return (float(numbers[0]), float(numbers[0]) ** 2) if len(numbers) == 1 else None


def _moments(tensor: Any, default: float) -> tuple[float, float]:
    if not isinstance(tensor, Tensor):
        return default, default**2
    numbers = tensor.detach().double()
    return float(numbers.mean()), float(numbers.pow(2).mean())


def _measured(node: Node) -> Signal:
    """The signal at a call's output as it is."""
    if node.out is None or not node.out.is_floating_point() or not node.out.numel():
        return Signal(0.0, 1.0, 0.0)
    rows = node.out.detach().double().reshape(node.out.shape[0], -1) if node.out.dim() else node.out.double().view(1, 1)
    mean, variance, n = float(rows.mean()), float(rows.var(unbiased=False)), rows.shape[0]
    if n < 2 or variance == 0:
        return Signal(mean, variance, 0.0)
    within = float(rows.var(0).mean())
    shared = float(rows.mean(0).var(unbiased=False)) - within / n
    return Signal(mean, variance, min(max(shared / variance, 0.0), 1.0))


def given_to(node: Node) -> list[Node]:
    """What a call was given that depends on the data."""
    return [parent for parent in node.parents if parent.data]
