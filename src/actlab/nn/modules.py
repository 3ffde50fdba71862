"""One class for every entry: a torch module made from its definition."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import cache
from typing import Any, cast

import torch
from torch import Tensor, nn

from ..catalogue import Entry
from ..runtime.codes import drawn
from .bounds import Bounds
from .call import check, check_dim, masked_as, own_copy, prepare, without_masked
from .halves import check_halves, halves
from .saves import Certificate, Refused, certificate, check_saves, kept, kept_halved, recorded, refused, takes_saves


class Activation(nn.Module):
    """An activation function as a module; subclasses are made by `module_class`, one per entry.

    Learned parameters have shape (num_parameters,): one for all (1) or one per channel along `dim`; those that a layer
    shares, as the alpha of DyT, have shape (1,) always. `trainable` names the parameters that training changes; by
    default those the entry declares as learned. Counts, as in `Apl(hinges=5)`, choose how many pieces a formula has and
    with them how many parameters. A learned parameter with bounds is stored unbounded, as NAME_raw. Along-axis
    functions take `dim` (default -1). Input: a float16, bfloat16, float32 or float64 tensor of any shape; output: the
    same dtype and shape. Raises TypeError for other input or unknown parameters, ValueError for values outside their
    set.

    `saves` is what is kept for the gradient: "input"; "output", which the next layer often keeps anyway (and one bit
    per element of a function with two branches, in 16-bit dtypes at most two); "code8", the slope as one byte;
    "code8_unbiased", the same rounded by chance, right on average. ValueError where the entry does not allow it;
    float64 keeps the input instead of the output. `inplace=True` reuses the input's memory and keeps the output; where
    a gradient is recorded and the output does not tell the slope, or bytes are kept, it computes out of place. Only
    "input" has second derivatives.
    """

    entry: Entry
    saves: str = "input"  # also of modules that were pickled before they had it

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        entry, kwargs = self.entry.sized(kwargs)
        if entry is not self.entry:
            self.entry = entry  # this one has another number of pieces than its class
        try:
            bound = signature(entry).bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}: {error}; its arguments are {signature(entry)}") from None
        bound.apply_defaults()
        given = {key: value for key, value in bound.arguments.items() if key not in entry.counts}
        self.inplace = bool(given.pop("inplace"))
        saves = given.pop("saves", "input")
        self.dim = given.pop("dim", -1)
        self.parameter_dim = given.pop("parameter_dim", self.dim)
        self._take(given)
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
            size = 1 if entry.parameters[name].shared else count
            stored = self._start(name, torch.empty((size,), **factory))
            self.register_parameter(self._stored(name), nn.Parameter(stored))
        operands = tuple(name for name, row in entry.parameters.items() if row.operand)
        self._call = prepare(entry, given, (*operands, *self._learned))
        self.saves = check_saves(self._call, saves)

    def _take(self, given: dict[str, Any]) -> None:
        """Takes the arguments out of `given` that only modules of this kind have."""

    @property
    def name(self) -> str:
        """The entry's name."""
        return self.entry.name

    def reset_parameters(self) -> None:
        """Give every learned parameter its first value again, for example after `to_empty`."""
        with torch.no_grad():
            for name in self._learned:
                held = getattr(self, self._stored(name))
                held.copy_(self._start(name, held))

    def _stored(self, name: str) -> str:
        """What the tensor behind a learned parameter is called."""
        return name if Bounds.of(self.entry.parameters[name]) is None else f"{name}_raw"

    def _start(self, name: str, like: Tensor) -> Tensor:
        """The first value of a learned parameter as it is stored, in the shape, dtype and place of `like`."""
        bounds, start = Bounds.of(self.entry.parameters[name]), torch.full_like(like, self.arguments[name])
        return start if bounds is None else bounds.free(start, f"{self.entry.name}: {name}")

    def learned(self, name: str) -> Tensor:
        """The current value of a learned parameter, within its bounds, of shape (num_parameters,) or (1,)."""
        bounds = Bounds.of(self.entry.parameters[name])
        held = getattr(self, self._stored(name))
        return held if bounds is None else bounds.bound(held)

    def refuses(self, saves: str) -> Refused | None:
        """Why this module could not keep for its gradient what `saves` says; None where it could."""
        return refused(self._call, saves)

    def certificate(self, dtype: torch.dtype) -> Certificate:
        """How far slopes are off that come from what this module keeps; relative to the slope for gated units."""
        return certificate(self._call, self.saves, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """The activation of `x`, elementwise."""
        return self._answer(x, x)

    def _answer(self, x: Tensor, at: Tensor) -> Tensor:
        """The activation of `at`, written into `x` if that was asked for and spoils no gradient."""
        tensors = tuple(self._spread(name, x) for name in self._learned) if self._learned else ()
        if (self.inplace or self.saves != "input") and at is x and (done := self._leanly(x, tensors)) is not None:
            return done
        y = self._call(at, tensors, dim=self.dim, training=self.training)
        learns = torch.is_grad_enabled() and y.requires_grad
        # a transform does not tell whether what it wraps records a gradient
        if y.shape == x.shape and not learns and self._over(x) and not torch._C._are_functorch_transforms_active():
            return x.copy_(y)
        return y

    def _over(self, x: Tensor) -> bool:
        """Whether it may be written over `x`: not without a gradient over what a checkpoint will compute from again."""
        return self.inplace and (torch.is_grad_enabled() or not x.requires_grad)

    def _leanly(self, x: Tensor, tensors: tuple[Tensor, ...]) -> Tensor | None:
        """The activation of `x` in place, or keeping what `saves` says; None where it is computed as usual."""
        if recorded(x, *tensors):
            return kept(self._call, x, self.saves, self.inplace)
        if self.saves == "code8_unbiased":
            drawn()
        return self._call.into(x, tensors) if not (self.training and self._call.random) and self._over(x) else None

    def _spread(self, name: str, x: Tensor) -> Tensor:
        """The learned parameter in a shape that broadcasts against `x`."""
        parameter = self.learned(name)
        if parameter.numel() == 1:
            return parameter.reshape(())
        along = self.parameter_dim
        if not -x.ndim <= along < x.ndim or x.shape[along] != self.num_parameters:
            raise ValueError(
                f"{self.entry.name}: it has {self.num_parameters} values of {name} along dim {along}, "
                f"which a tensor of shape {tuple(x.shape)} does not offer"
            )
        shape = [1] * x.ndim
        shape[along] = self.num_parameters
        return parameter.reshape(shape)

    def extra_repr(self) -> str:
        parts = [f"dim={self.dim}"] if self.entry.along_axis or self.entry.kind == "gated" else []
        parts += [f"{key}={size}" for key, size in self.entry.sizes.items()]
        parts += [f"{key}={self.arguments[key]:g}" for key, row in self.entry.parameters.items() if row.settable]
        if self._learned:
            parts.append(f"trainable={self._learned}, num_parameters={self.num_parameters}")
        parts += [f"saves={self.saves!r}"] * (self.saves != "input")
        return ", ".join(parts + ["inplace=True"] * self.inplace)

    def __reduce_ex__(self, protocol: Any) -> Any:
        if type(self) is not module_class(type(self).entry):
            return super().__reduce_ex__(protocol)  # a user's own class, which has a name to be found by
        return _remake, (type(self).entry,), self.__dict__


class RowActivation(Activation):
    """A module whose outputs depend on whole rows; `forward` takes a mask where places can be taken out of a row."""

    def _take(self, given: dict[str, Any]) -> None:
        self._far = masked_as(self.entry)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """The activation of `x` along `dim`; mask: a bool tensor that broadcasts against `x`, True: takes part."""
        return self._answer(x, x if mask is None else without_masked(self.entry.name, self._far, x, mask))


class GatedUnit(Activation):
    """A gated linear unit: act(gate) times up, from one tensor that is halved along `dim` or from two.

    `gate` says which half is the gate, "first" or "second", and has no default because libraries disagree;
    `layout` is "chunk" (x[..., :d] and x[..., d:]) or "interleaved" (x[..., ::2] and x[..., 1::2]).
    """

    gate: str
    layout: str

    def _take(self, given: dict[str, Any]) -> None:
        self.gate, self.layout = given.pop("gate"), given.pop("layout")
        check_halves(self.entry, self.gate, self.layout)

    def forward(self, x: Tensor, up: Tensor | None = None) -> Tensor:
        """The unit's output, half as long along `dim` as `x`; with `up`, as long as `x`, which is then the gate."""
        if up is None:
            check(self.entry.name, x)
            check_dim(self.entry.name, x, self.dim)
            ways = halves(self.entry.name, x, self.gate, self.layout, self.dim)
            shaped = ways.split(x)[0] if self._learned else x
            if self.saves != "input":
                return kept_halved(self._call, x, ways)
            return self._call.halved(x, ways, tuple(self._spread(name, shaped) for name in self._learned), self.dim)
        if self.saves != "input":
            check(self.entry.name, x)
            return kept_halved(self._call, x, None, up)
        tensors = (up, *(self._spread(name, x) for name in self._learned))
        return self._call(x, tensors, dim=self.dim, training=self.training)

    def extra_repr(self) -> str:
        return f"gate={self.gate!r}, layout={self.layout!r}, {super().extra_repr()}"


def _base(entry: Entry) -> type[Activation]:
    return GatedUnit if entry.kind == "gated" else RowActivation if entry.along_axis else Activation


def _remake(entry: Entry) -> Activation:
    cls = module_class(entry)
    return cls.__new__(cls)


def _trainable(entry: Entry, asked: Iterable[str] | None) -> tuple[str, ...]:
    if asked is None:
        return tuple(name for name, parameter in entry.parameters.items() if parameter.learned)
    wanted = (asked,) if isinstance(asked, str) else tuple(asked)
    for name in wanted:
        bounds = {bound for row in entry.parameters.values() if row.draw for bound in row.draw.bounds}
        if name not in entry.parameters or name in bounds or not entry.parameters[name].settable:
            raise ValueError(f"{entry.name}: {name!r} is no parameter that can be learned")
    return tuple(name for name in entry.parameters if name in wanted)


def class_name(entry: Entry) -> str:
    """The module's name: leaky_relu becomes LeakyRelu."""
    return "".join(part[:1].upper() + part[1:] for part in entry.name.split("_"))


_PLACES = ("gate", "dim")  # what a module starts with that has another use for `dim` than its parameters


@cache
def signature(entry: Entry) -> inspect.Signature:
    """The constructor's arguments, drop-in for torch's class of the same name.

    Gated modules take `gate`, `layout` and `dim` first, along-axis modules `dim`; modules with learned parameters take
    `num_parameters` first and the rest by keyword, as `torch.nn.PReLU` does.
    """
    either, keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    own = [(name, row.default) for name, row in entry.parameters.items() if row.settable]
    learns = any(row.learned for row in entry.parameters.values())
    arguments: list[inspect.Parameter] = []
    if entry.kind == "gated":
        split = (("gate", None), ("layout", "chunk"), ("dim", -1))
        arguments += [inspect.Parameter(name, either, default=default) for name, default in split]
    elif entry.along_axis:
        arguments.append(inspect.Parameter("dim", either, default=-1))
    if learns:
        arguments.append(inspect.Parameter("num_parameters", either, default=1))
    arguments += [inspect.Parameter(name, keyword if learns else either, default=default) for name, default in own]
    arguments.append(inspect.Parameter("inplace", keyword if learns else either, default=False))
    arguments += [inspect.Parameter(name, keyword, default=size) for name, size in entry.sizes.items()]
    if takes_saves(entry):
        arguments.append(inspect.Parameter("saves", keyword, default="input"))
    if own:
        if not learns:
            arguments.append(inspect.Parameter("num_parameters", keyword, default=1))
        along = ("parameter_dim", -1 if entry.kind == "gated" else 1) if arguments[0].name in _PLACES else ("dim", 1)
        arguments += [
            inspect.Parameter(name, keyword, default=default)
            for name, default in (along, ("trainable", None), ("device", None), ("dtype", None))
        ]
    return inspect.Signature(arguments)


@cache
def module_class(entry: Entry) -> type[Activation]:
    """The torch module of an entry; the same class every time."""
    name, base = class_name(entry), _base(entry)
    kind = "" if base is Activation else f"\n\n{base.__doc__}"
    body = {
        "entry": entry,
        "__doc__": f"{entry.summary('en')}\n\nSource: {entry.source}\n\n{Activation.__doc__}{kind}",
        "__signature__": signature(entry),
        "__module__": "actlab.nn",
        "__qualname__": name,
        "forward": own_copy(base.forward, f"{name}.forward"),  # type: ignore[arg-type]
    }
    return cast("type[Activation]", type(name, (base,), body))


def create(name: str | Entry, *args: Any, **params: Any) -> Activation:
    """A fresh module of the activation with this name (actlab's or another library's) or of this entry.

    params: the module's arguments, e.g. `create("leaky_relu", negative_slope=0.2)`. Raises ValueError for an unknown
    name (with the nearest ones) or a value outside its set, TypeError for an unknown parameter.
    """
    from .names import meaning, require

    found = meaning(name)
    given = {**found.settings, **params}
    placed = dict(zip(signature(found.entry).parameters, args, strict=False))
    require(name, found, {**given, **placed})
    return module_class(found.entry)(*args, **{key: value for key, value in given.items() if key not in placed})
