"""One class for every entry: a torch module made from its definition."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import cache
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ..catalogue import Entry
from .bounds import Bounds
from .call import own_copy, prepare


class Activation(nn.Module):
    """An activation function as a module; subclasses are made by `module_class`, one per entry.

    Learned parameters have shape (num_parameters,): one for all (1) or one per channel along `dim`. `trainable`
    names the parameters that training changes; by default those the entry declares as learned. A learned parameter
    with bounds is stored unbounded, as NAME_raw. `inplace=True` reuses the input's memory when no gradient is recorded
    and changes nothing otherwise. Along-axis functions take `dim` (default -1). Input: a float16, bfloat16, float32
    or float64 tensor of any shape; output: the same dtype and shape. Raises TypeError for other input or unknown
    parameters, ValueError for values outside their set.
    """

    entry: ClassVar[Entry]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        entry = self.entry
        try:
            bound = signature(entry).bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}: {error}; its arguments are {signature(entry)}") from None
        bound.apply_defaults()
        given = dict(bound.arguments)
        self.inplace = bool(given.pop("inplace"))
        self.dim = given.pop("dim", -1)
        count = given.pop("num_parameters", 1)
        trainable = given.pop("trainable", ())
        factory = {key: given.pop(key, None) for key in ("device", "dtype")}
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            hint = next((f"; to set {name} write {name}={count!r}" for name in given), "")
            raise ValueError(f"{entry.name}: num_parameters must be a whole number >= 1, not {count!r}{hint}")
        self.num_parameters = count
        self._learned = _trainable(entry, trainable)
        self.arguments = entry.arguments(given)
        for name in self._learned:
            start = torch.full((count,), self.arguments[name], device=factory["device"], dtype=factory["dtype"])
            bounds = Bounds.of(entry.parameters[name])
            stored = start if bounds is None else bounds.free(start, f"{entry.name}: {name}")
            self.register_parameter(name if bounds is None else f"{name}_raw", nn.Parameter(stored))
        self._call = prepare(entry, given, self._learned)

    @property
    def name(self) -> str:
        """The entry's name."""
        return self.entry.name

    def learned(self, name: str) -> Tensor:
        """The current value of a learned parameter, within its bounds, of shape (num_parameters,)."""
        bounds = Bounds.of(self.entry.parameters[name])
        return getattr(self, name) if bounds is None else bounds.bound(getattr(self, f"{name}_raw"))

    def forward(self, x: Tensor) -> Tensor:
        """The activation of `x`, elementwise or along `dim`."""
        tensors = tuple(self._spread(name, x) for name in self._learned)
        y = self._call(x, tensors, dim=self.dim, training=self.training)
        if self.inplace and not (torch.is_grad_enabled() and y.requires_grad):
            return x.copy_(y)
        return y

    def _spread(self, name: str, x: Tensor) -> Tensor:
        """The learned parameter in a shape that broadcasts against `x`."""
        parameter = self.learned(name)
        if self.num_parameters == 1:
            return parameter.reshape(())
        if not -x.ndim <= self.dim < x.ndim or x.shape[self.dim] != self.num_parameters:
            raise ValueError(
                f"{self.entry.name}: it has {self.num_parameters} values of {name} along dim {self.dim}, "
                f"which a tensor of shape {tuple(x.shape)} does not offer"
            )
        shape = [1] * x.ndim
        shape[self.dim] = self.num_parameters
        return parameter.reshape(shape)

    def extra_repr(self) -> str:
        parts = [f"dim={self.dim}"] if self.entry.kind == "along axis" else []
        drawn = {name for name, parameter in self.entry.parameters.items() if parameter.draw}
        parts += [f"{key}={number:g}" for key, number in self.arguments.items() if key not in drawn]
        if self._learned:
            parts.append(f"trainable={self._learned}, num_parameters={self.num_parameters}")
        return ", ".join(parts + ["inplace=True"] * self.inplace)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _remake, (self.entry,), self.__dict__


def _remake(entry: Entry) -> Activation:
    cls = module_class(entry)
    return cls.__new__(cls)


def _trainable(entry: Entry, asked: Iterable[str] | None) -> tuple[str, ...]:
    if asked is None:
        return tuple(name for name, parameter in entry.parameters.items() if parameter.learned)
    wanted = (asked,) if isinstance(asked, str) else tuple(asked)
    for name in wanted:
        if name not in entry.parameters or entry.parameters[name].draw or entry.kind != "pointwise":
            raise ValueError(f"{entry.name}: {name!r} is no parameter that can be learned")
    return tuple(name for name in entry.parameters if name in wanted)


def class_name(entry: Entry) -> str:
    """The module's name: leaky_relu becomes LeakyRelu."""
    return "".join(part[:1].upper() + part[1:] for part in entry.name.split("_"))


@cache
def signature(entry: Entry) -> inspect.Signature:
    """The constructor's arguments, drop-in for torch's class of the same name.

    Along-axis modules take `dim` first; modules with learned parameters take `num_parameters` first and the rest
    by keyword, as `torch.nn.PReLU` does.
    """
    either, keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    own = [(name, row.default) for name, row in entry.parameters.items() if not row.draw]
    learns = any(row.learned for row in entry.parameters.values())
    arguments: list[inspect.Parameter] = []
    if entry.kind == "along axis":
        arguments.append(inspect.Parameter("dim", either, default=-1))
    if learns:
        arguments.append(inspect.Parameter("num_parameters", either, default=1))
    arguments += [inspect.Parameter(name, keyword if learns else either, default=default) for name, default in own]
    arguments.append(inspect.Parameter("inplace", keyword if learns else either, default=False))
    if own and entry.kind == "pointwise":
        if not learns:
            arguments.append(inspect.Parameter("num_parameters", keyword, default=1))
        arguments += [
            inspect.Parameter(name, keyword, default=default)
            for name, default in (("dim", 1), ("trainable", None), ("device", None), ("dtype", None))
        ]
    return inspect.Signature(arguments)


@cache
def module_class(entry: Entry) -> type[Activation]:
    """The torch module of an entry; the same class every time."""
    name = class_name(entry)
    body = {
        "entry": entry,
        "__doc__": f"{entry.summary('en')}\n\nSource: {entry.source}\n\n{Activation.__doc__}",
        "__signature__": signature(entry),
        "__module__": "actlab.nn",
        "__qualname__": name,
        "forward": own_copy(Activation.forward, f"{name}.forward"),  # type: ignore[arg-type]
    }
    return type(name, (Activation,), body)


def create(name: str | Entry, *args: Any, **params: Any) -> Activation:
    """A fresh module of the activation with this name (actlab's or another library's) or of this entry.

    params: the module's arguments, e.g. `create("leaky_relu", negative_slope=0.2)`. Raises ValueError for an unknown
    name (with the nearest ones) or a value outside its set, TypeError for an unknown parameter.
    """
    from .names import resolve

    entry, settings = resolve(name)
    return module_class(entry)(*args, **{**settings, **params})
