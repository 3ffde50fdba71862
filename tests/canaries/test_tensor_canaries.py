"""Planted faults in modules and functions: every tensor check has to catch the one meant for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from actlab.nn import create
from actlab.testing import TENSOR_CHECKS, TRANSFORM_CHECKS, Subject, subject

CHECKS = {check.__name__: check for check in TENSOR_CHECKS + TRANSFORM_CHECKS}


class Honest(nn.Module):
    """A module made from a torch function, to be spoiled by subclasses."""

    def __init__(self, run: Callable[[Tensor], Tensor] = torch.tanh, **ignored: Any) -> None:
        super().__init__()
        self.run = run

    def forward(self, x: Tensor) -> Tensor:
        return self.run(x)


class Forgetful(nn.Module):
    """Its parameter is trained, but state_dict does not know it."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = [torch.tensor(0.25)]

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, self.hidden[0].to(x.dtype) * x)


class Deaf(nn.Module):
    """It has the parameter in its state_dict and does not use it."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.25]))

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, 0.25 * x)


class Lambda(nn.Module):
    """It keeps a local function, which pickle cannot store."""

    def __init__(self) -> None:
        super().__init__()
        self.run = lambda x: torch.tanh(x) * 1.0

    def forward(self, x: Tensor) -> Tensor:
        return self.run(x)


class Alike(nn.Module):
    """Its copies share the original's parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.25]))

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, self.weight.to(x.dtype) * x)

    def __deepcopy__(self, memo: object) -> Alike:
        twin = Alike()
        twin.weight = self.weight
        return twin


class Drifting(Alike):
    """Unpickled, it has lost what it learned."""

    def __reduce__(self) -> Any:
        return Drifting, ()


class _OnlyBackward(torch.autograd.Function):
    """No forward mode, no transforms, no second derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return torch.tanh(x)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> Tensor:  # type: ignore[override]
        (x,) = ctx.saved_tensors
        return upstream * (1 - torch.tanh(x) ** 2)


class _Wrong(_OnlyBackward):
    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:  # type: ignore[override]
        (x,) = ctx.saved_tensors
        return 1.01 * upstream * (1 - torch.tanh(x) ** 2)


def _branching(x: Tensor) -> Tensor:
    """Python control flow on values: no graph can hold it."""
    return torch.tanh(x) if float(x.detach().flatten()[0]) < 100 else x


def _by_position(x: Tensor) -> Tensor:
    """A vectorised body and a scalar tail that disagree in the last bit."""
    flat = torch.tanh(x).flatten()
    body = flat.numel() // 8 * 8
    tail = flat[body:]
    return torch.cat((flat[:body], tail + tail.abs() * torch.finfo(tail.dtype).eps)).view(x.shape)


def _by_layout(x: Tensor) -> Tensor:
    """Another kernel for tensors that are not contiguous."""
    y = torch.tanh(x)
    return y if x.is_contiguous() else y + y.abs() * torch.finfo(y.dtype).eps


def _overwrites_saved(x: Tensor) -> Tensor:
    y = torch.sigmoid(x)
    y.data.mul_(2).sub_(1)  # behind autograd's back: the slope is computed from the new numbers
    return y


def _tanh(run: Callable[[Tensor], Tensor]) -> Subject:
    """The subject tanh with this in place of its function and inside its module."""
    return replace(subject("tanh"), tensors=run, module=lambda **more: Honest(run, **more))


_SHARED = Honest()

FAULTS: dict[str, tuple[str, Callable[[], Subject]]] = {
    "a module that computes something else": (
        "module_is_the_function",
        lambda: replace(subject("tanh"), module=lambda: Honest(torch.sigmoid)),
    ),
    "one module handed out twice": ("module_is_the_function", lambda: replace(subject("tanh"), module=lambda: _SHARED)),
    "half precision promoted": ("dtype_kept", lambda: _tanh(lambda x: torch.tanh(x.float()))),
    "double precision narrowed": (
        "dtype_kept",
        lambda: _tanh(lambda x: torch.tanh(x.float()) if x.dtype == torch.float64 else torch.tanh(x)),
    ),
    "parameters that promote": (
        "dtype_kept",
        lambda: replace(subject("prelu"), module=Promoting),
    ),
    "a layout with another kernel": ("shape_kept", lambda: _tanh(_by_layout)),
    "strides forgotten": ("shape_kept", lambda: _tanh(lambda x: torch.tanh(x).contiguous())),
    "a 0-d tensor that grows": ("shape_kept", lambda: _tanh(lambda x: torch.tanh(torch.atleast_1d(x)))),
    "a tail with another kernel": ("position_independent", lambda: _tanh(_by_position)),
    "integers converted in silence": ("integer_refused", lambda: _tanh(lambda x: torch.tanh(torch.as_tensor(x) * 1.0))),
    "a gradient off by a percent": ("gradcheck", lambda: _tanh(_Wrong.apply)),
    "no second derivative": ("gradgradcheck", lambda: _tanh(_OnlyBackward.apply)),
    "no forward mode": ("forward_mode", lambda: _tanh(_OnlyBackward.apply)),
    "no rule for vmap": ("vmap", lambda: _tanh(_OnlyBackward.apply)),
    "a branch on a value": ("compiles", lambda: _tanh(_branching)),
    "a branch on a value, exported": ("exports", lambda: _tanh(_branching)),
    "a stored lambda": ("pickles", lambda: replace(subject("tanh"), module=Lambda)),
    "learned numbers lost in pickle": ("pickles", lambda: replace(subject("prelu"), module=Drifting)),
    "copies that share": ("copies", lambda: replace(subject("prelu"), module=Alike)),
    "a state_dict that forgets": ("state_dict", lambda: replace(subject("prelu"), module=Forgetful)),
    "a parameter without effect": ("state_dict", lambda: replace(subject("prelu"), module=Deaf)),
    "a tensor parameter taken for the input": ("tensor_parameters", lambda: _Confused.of("leaky_relu")),
    "a second tensor parameter without a gradient": ("tensor_parameters", lambda: _Halved.of("hard_tanh")),
    "saved numbers overwritten": (
        "inplace",
        lambda: replace(
            subject("symmetrical_sigmoid"),
            tensors=lambda x: torch.sigmoid(x) * 2 - 1,
            module=lambda inplace: Honest(_overwrites_saved),
        ),
    ),
    "inplace unknown": ("inplace", lambda: replace(subject("gelu"), module=nn.GELU)),
    "unknown parameters swallowed": (
        "parameters_checked",
        lambda: replace(subject("tanh"), module=lambda **ignored: create("tanh")),
    ),
    "a NaN parameter accepted": ("parameters_checked", lambda: _Lenient.of("elu")),
}


class Promoting(Alike):
    """A parameter of a wider dtype widens the result."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, self.weight * x)


class _Confused(Subject):
    """Its slope by x is x when a parameter is a tensor."""

    @classmethod
    def of(cls, name: str) -> _Confused:
        honest = subject(name)
        return cls(honest.entry, honest.params, honest.numbers, honest.tensors, honest.module)

    def call(self, x: Tensor, **changed: Any) -> Tensor:
        y = super().call(x, **changed)
        return y + (x * x - (x * x).detach()) / 2


class _Halved(_Confused):
    """Given two parameters as tensors, it learns the first alone."""

    def call(self, x: Tensor, **changed: Any) -> Tensor:
        first, *rest = changed.items()
        return Subject.call(self, x, **dict((first, *((name, tensor.detach()) for name, tensor in rest))))


class _Lenient(Subject):
    """It takes any number for a parameter."""

    @classmethod
    def of(cls, name: str) -> _Lenient:
        honest = subject(name)
        return cls(honest.entry, honest.params, honest.numbers, honest.tensors, honest.module)

    def remake(self, **changed: Any) -> nn.Module:
        return create(self.entry, **{k: v for k, v in changed.items() if not (isinstance(v, float) and math.isnan(v))})


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault: str) -> None:
    """The check meant for a fault refuses it, whatever form the refusal takes inside torch."""
    check, plant = FAULTS[fault]
    spoiled = plant()
    with pytest.raises(Exception):  # noqa: B017  (torch refuses in many ways; what matters is that nothing passes)
        CHECKS[check](spoiled)


HONEST = {"module_is_the_function", "dtype_kept", "shape_kept", "position_independent", "gradcheck", "vmap", "exports"}


@pytest.mark.parametrize("check", sorted(HONEST))
def test_what_is_right_is_not_refused(check: str) -> None:
    """The stand-ins fail for their fault, not for being stand-ins: plain tanh in the same dress passes."""
    assert CHECKS[check](_tanh(torch.tanh)) > 0


def test_every_tensor_check_has_a_canary() -> None:
    """A check without a planted fault is not known to work."""
    assert {check for check, _ in FAULTS.values()} == set(CHECKS)
