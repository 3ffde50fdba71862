"""Checks of the torch side: dtype, shape, layout, gradients of every kind, transforms, copies, bad input.

Each takes a `Subject`, asserts, and returns how many values or properties it compared.
"""

from __future__ import annotations

import copy
import io
import math
import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from .comparison import counted, same_bits
from .subject import Subject

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_GENERIC = (-4.31, -2.17, -1.43, -0.62, -0.23, 0.31, 0.74, 1.87, 2.59, 4.83)  # no kink of any entry lies near


def generic(dtype: torch.dtype = torch.float64, count: int = len(_GENERIC)) -> Tensor:
    """Points where nothing special happens, repeated to `count` elements."""
    return torch.tensor((_GENERIC * (count // len(_GENERIC) + 1))[:count], dtype=dtype)


def _made(subject: Subject) -> nn.Module:
    module = subject.module()
    module.eval()  # a random entry is a function only in evaluation
    return module


def module_is_the_function(subject: Subject) -> int:
    """The module computes what the function computes, and every call of the factory makes a fresh one."""
    first, second = _made(subject), _made(subject)
    assert first is not second, f"{subject.name}: the factory hands out the same module twice"
    special = torch.tensor([0.0, -0.0, math.inf, -math.inf, math.nan, 1e-300, 1e300, -1e300], dtype=torch.float64)
    x = generic() if subject.along_axis else torch.cat((generic(), special))

    def _differs(said: str) -> str:
        return f"{subject.name}: module against function: {said}"

    if any(True for _ in first.parameters()):
        # a parameter of float32 is the number rounded
        torch.testing.assert_close(first(x), subject.tensors(x), rtol=1e-6, atol=1e-7, equal_nan=True, msg=_differs)
        return x.numel()
    compared = same_bits(first(x), subject.tensors(x), f"{subject.name}: module against function")
    return compared + same_bits(
        _gradient(first, generic()), _gradient(subject.tensors, generic()), f"{subject.name}: slope of the module"
    )


def dtype_kept(subject: Subject) -> int:
    """Output and gradient have the input's dtype, whatever the dtype of the module's parameters."""
    compared = 0
    for own in (torch.float32, torch.float64, torch.bfloat16):
        module = _made(subject).to(own)
        for dtype in DTYPES:
            x = generic(dtype).requires_grad_()
            y = module(x)
            assert y.dtype == dtype, f"{subject.name}: {dtype} in gives {y.dtype} out"
            y.float().sum().backward()
            assert x.grad is not None and x.grad.dtype == dtype, (
                f"{subject.name}: the gradient of {dtype} changes dtype"
            )
            for name, parameter in module.named_parameters():
                kept = parameter.grad is not None and parameter.grad.dtype == own
                assert kept, f"{subject.name}: {name} of {own} gets no gradient of its dtype from {dtype} input"
            compared += 1
    return counted(compared, subject.name)


def _layouts(x: Tensor) -> dict[str, Tensor]:
    """The same 4-dimensional numbers in other layouts: name -> tensor that equals x."""
    wide = torch.stack((x, x + 1), dim=-1)
    return {
        "transposed": x.transpose(1, 3).contiguous().transpose(1, 3),
        "channels-last": x.contiguous(memory_format=torch.channels_last),
        "strided": wide[..., 0],
        "offset": torch.cat((x.new_zeros(1), x.flatten()))[1:].view_as(x),
    }


def shape_kept(subject: Subject) -> int:
    """Shape and memory format are kept; every layout gives the bits that a contiguous tensor gives."""
    compared = 0
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        width = 8 if subject.along_axis else 7  # rows of a length that halves
        x = generic(dtype, 2 * 3 * 5 * width).reshape(2, 3, 5, width)
        expected = subject.tensors(x)
        expected_slope = _gradient(subject.tensors, x)
        for layout, same in _layouts(x).items():
            what = f"{subject.name}: {layout} {dtype}"
            y = subject.tensors(same)
            compared += same_bits(y, expected, what)
            if layout in ("channels-last", "transposed") and not subject.along_axis:
                assert y.stride() == same.stride(), f"{what}: strides {same.stride()} become {y.stride()}"
            compared += same_bits(_gradient(subject.tensors, same), expected_slope, f"{what}: slope")
        row = x[0, 0, 0]
        alone = subject.tensors(row)
        compared += same_bits(subject.tensors(row.expand(4, width)), alone.expand(4, -1), "expanded")
        nothing = alone.new_empty(0, alone.shape[-1])
        compared += same_bits(subject.tensors(x.new_empty(0, width)), nothing, "empty", empty=True)
        if not subject.along_axis:
            assert subject.tensors(x[0, 0, 0, 0]).shape == (), f"{subject.name}: a 0-d tensor gains a dimension"
    return compared


def _gradient(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The gradient of a weighted sum, recorded for another derivative, as `gradgradcheck` and penalties need it."""
    x = x.detach().requires_grad_()
    y = f(x)
    weights = torch.linspace(0.5, 1.5, y.numel(), dtype=y.dtype).reshape(y.shape)
    return torch.autograd.grad(y, x, weights, create_graph=True)[0].detach()


def position_independent(subject: Subject) -> int:
    """An element's result does not depend on where it stands or how many stand beside it, bit for bit."""
    compared = 0
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        x = torch.linspace(-29.3, 29.7, 67, dtype=torch.float64).to(dtype)
        if subject.along_axis:
            rows = x.reshape(-1, 1).expand(67, 4).clone() * torch.arange(1, 5, dtype=dtype)
            alone = torch.cat([subject.tensors(rows[k : k + 1]) for k in range(67)])
            compared += same_bits(alone, subject.tensors(rows), f"{subject.name}: rows one by one, {dtype}")
            continue
        for f, said in ((subject.tensors, "value"), (lambda a: _plain_gradient(subject.tensors, a), "slope")):
            together = f(x)
            alone = torch.cat([f(x[k : k + 1]) for k in range(x.numel())])
            compared += same_bits(alone, together, f"{subject.name}: {said} of elements one by one, {dtype}")
            for length in (7, 8, 15, 16, 17, 33):
                what = f"{subject.name}: {said} of the first {length}, {dtype}"
                compared += same_bits(f(x[:length]), together[:length], what)
    return counted(compared, subject.name)


def _plain_gradient(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    x = x.detach().requires_grad_()
    return torch.autograd.grad(f(x).sum(), x)[0]


def integer_refused(subject: Subject) -> int:
    """Integer and bool tensors, and things that are no tensors, raise a TypeError that names the cure."""
    compared = 0
    for wrong in (torch.arange(4), torch.tensor([True, False]), [1.0, 2.0]):
        for run in (subject.tensors, _made(subject)):
            try:
                run(wrong)  # type: ignore[arg-type]
            except TypeError as error:
                said = str(error)
                assert "float" in said or "tensor" in said, f"{subject.name}: {said!r} names no cure"
                compared += 1
                continue
            raise AssertionError(f"{subject.name}: {wrong!r} is taken without a word")
    return compared


def _row_or_points(subject: Subject) -> Tensor:
    return generic(count=12).reshape(2, 6) if subject.along_axis else generic()


def gradcheck(subject: Subject) -> int:
    """Reverse-mode gradients agree with differences, by the input and by every learned parameter."""
    x = _row_or_points(subject).requires_grad_()
    if subject.sloped is not subject.entry.value:
        return _slope_of_the_stand_in(subject, x)
    assert torch.autograd.gradcheck(subject.tensors, (x,)), subject.name
    return 1 + _with_parameters(subject, torch.autograd.gradcheck)


def _slope_of_the_stand_in(subject: Subject, x: Tensor) -> int:
    """A straight-through slope is that of the stand-in, which agrees with differences to the second order."""
    entry = replace(subject.entry, name=f"stand-in of {subject.name}", value=subject.sloped)
    gentle = Subject.of(entry, subject.params)
    for check in (torch.autograd.gradcheck, torch.autograd.gradgradcheck):
        assert check(gentle.tensors, (x,)), gentle.name
    expected = _gradient(gentle.tensors, x)
    torch.testing.assert_close(_gradient(subject.tensors, x), expected, rtol=1e-14, atol=0, msg=subject.name)
    return x.numel()


def _with_parameters(subject: Subject, check: Callable[..., bool], **options: Any) -> int:
    module = _made(subject).to(torch.float64)
    names = [name for name, _ in module.named_parameters()]
    if not names:
        return 0

    def call(x: Tensor, *values: Tensor) -> Tensor:
        return torch.func.functional_call(module, dict(zip(names, values, strict=True)), (x,))

    values = [parameter.detach().clone().requires_grad_() for parameter in module.parameters()]
    assert check(call, (generic().requires_grad_(), *values), **options), subject.name
    return len(names)


def gradgradcheck(subject: Subject) -> int:
    """Second derivatives agree with differences of first ones."""
    x = _row_or_points(subject).requires_grad_()
    if subject.sloped is not subject.entry.value:
        return _slope_of_the_stand_in(subject, x)
    if subject.tensors(x) is x:
        return 1  # the identity hands its input on: nothing is recorded
    assert torch.autograd.gradgradcheck(subject.tensors, (x,)), subject.name
    return 1 + _with_parameters(subject, torch.autograd.gradgradcheck)


def forward_mode(subject: Subject) -> int:
    """Forward-mode derivatives agree with differences, and `torch.func.jvp` with reverse mode."""
    x = _row_or_points(subject).requires_grad_()
    options = {"check_forward_ad": True, "check_backward_ad": False}
    straight = subject.sloped is not subject.entry.value
    if not straight:
        assert torch.autograd.gradcheck(subject.tensors, (x,), **options), subject.name
    x = x.detach()
    value, slope = torch.func.jvp(subject.tensors, (x,), (torch.ones_like(x),))[:2]
    compared = same_bits(value, subject.tensors(x), f"{subject.name}: value under jvp")
    if not subject.along_axis:
        pull = torch.func.vjp(subject.tensors, x)[1]
        expected = pull(torch.ones_like(x))[0]
        # beside a root of the slope its terms are of the order of 1, and one of the two is rounded otherwise
        torch.testing.assert_close(slope, expected, rtol=1e-14, atol=2.0**-50)
        compared += slope.numel()
    return compared if straight else compared + _with_parameters(subject, torch.autograd.gradcheck, **options)


def vmap(subject: Subject) -> int:
    """`torch.func.vmap` over rows gives what a loop over rows gives, for values and for gradients."""
    x = generic(count=12).reshape(3, 4)
    mapped = torch.func.vmap(subject.tensors)(x)
    compared = same_bits(mapped, torch.stack([subject.tensors(row) for row in x]), f"{subject.name}: vmap")
    slopes = torch.func.vmap(torch.func.grad(lambda row: subject.tensors(row).square().sum()))(x)
    looped = torch.stack([_square_gradient(subject.tensors, row) for row in x])
    torch.testing.assert_close(slopes, looped, rtol=1e-13, atol=1e-15)
    return compared + slopes.numel()


def _square_gradient(f: Callable[[Tensor], Tensor], row: Tensor) -> Tensor:
    row = row.clone().requires_grad_()
    y = f(row).square().sum()
    return torch.autograd.grad(y, row)[0] if y.requires_grad else torch.zeros_like(row)


def compiles(subject: Subject, backend: str = "eager") -> int:
    """`torch.compile(fullgraph=True)` takes the module, and its value and gradient are those without it."""
    module = _made(subject)
    torch.compiler.reset()
    run = torch.compile(module, fullgraph=True, backend=backend)
    x = generic(torch.float32, 24).reshape(4, 6)
    compared = 0
    # one input that wants a gradient: value and slope come from one compilation
    for found, expected in zip(_value_and_gradient(run, x), _value_and_gradient(module, x), strict=True):
        # traced are torch operations, outside a compiled kernel may run: each rounds for itself
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=5e-7)
        compared += found.numel()
    return compared


def _value_and_gradient(f: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    x = x.detach().clone().requires_grad_()
    y = f(x)
    return y.detach(), torch.autograd.grad(y, x, torch.linspace(0.5, 1.5, y.numel()).reshape(y.shape))[0]


def exports(subject: Subject) -> int:
    """`torch.export` takes the module, and the exported program gives the same values."""
    module = _made(subject)
    x = generic(torch.float32, 24).reshape(4, 6)
    program = torch.export.export(module, (x,))
    torch.testing.assert_close(program.module()(x), module(x), rtol=1e-6, atol=5e-7)
    return x.numel()


def pickles(subject: Subject) -> int:
    """The module survives pickle and torch.save with its values and parameters."""
    module = _shifted(subject)
    x = generic()
    buffer = io.BytesIO()
    torch.save(module, buffer)
    buffer.seek(0)
    compared = 0
    for again in (pickle.loads(pickle.dumps(module)), torch.load(buffer, weights_only=False)):
        assert type(again) is type(module), f"{subject.name}: pickled {type(module)}, got {type(again)}"
        compared += same_bits(again(x), module(x), f"{subject.name}: after pickle")
    return compared


def copies(subject: Subject) -> int:
    """A deep copy gives the same values and shares no parameter with the original."""
    module = _shifted(subject)
    twin = copy.deepcopy(module)
    shared = {id(p) for p in module.parameters()} & {id(p) for p in twin.parameters()}
    assert not shared, f"{subject.name}: the copy shares parameters with the original"
    return same_bits(twin(generic()), module(generic()), f"{subject.name}: after deepcopy")


def _shifted(subject: Subject) -> nn.Module:
    """A module whose learned parameters, if any, have been moved, as training does."""
    module = _made(subject)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(1.1).add_(0.05)
    return module


def state_dict(subject: Subject) -> int:
    """The state_dict of a trained module makes a fresh one compute the same."""
    trained, fresh = _shifted(subject), _made(subject)
    result = fresh.load_state_dict(trained.state_dict())
    assert not result.missing_keys and not result.unexpected_keys, f"{subject.name}: {result}"
    x = generic()
    compared = same_bits(fresh(x), trained(x), f"{subject.name}: after load_state_dict")
    learned = {name for name, row in subject.entry.parameters.items() if row.learned}
    # a bounded parameter is stored as the unbounded number it is made from
    held = {key.removeprefix("unit.").removesuffix("_raw") for key in trained.state_dict()}
    assert held == learned, f"{subject.name}: state_dict holds {held}, learned are {learned}"
    if learned:
        if subject.entry.kind == "random":  # what scales a draw shows in training
            trained.train()
        moved = (trained(x) != subject.tensors(x)).any()
        assert moved, f"{subject.name}: its learned parameters do not change what it computes"
    return compared + 1


def tensor_parameters(subject: Subject) -> int:
    """Parameters given as tensors mean what they mean as numbers, and get gradients that agree with differences."""
    given = {name: subject.arguments[name] for name, row in subject.entry.parameters.items() if not row.draw}
    if not given or subject.entry.kind in ("random", "straight-through"):
        return 1  # numbers that bound a draw or place a step
    compared = 1
    for name, number in given.items():
        tensor = torch.tensor(number, dtype=torch.float64)

        def call(x: Tensor, name: str = name, tensor: Tensor = tensor) -> Tensor:
            return subject.call(x, **{name: tensor})

        x = generic()
        what = f"{subject.name} with {name} as a tensor"
        # another kernel, which rounds on its own, and a tail multiplies that by the square of its argument
        torch.testing.assert_close(call(x), subject.tensors(x), rtol=1e-13, atol=0, msg=f"{what}: the value differs")
        torch.testing.assert_close(
            _gradient(call, x), _gradient(subject.tensors, x), rtol=1e-13, atol=1e-15, msg=f"{what}: the slope differs"
        )
        compared += 2 * x.numel()

    def together(x: Tensor, *values: Tensor) -> Tensor:
        return subject.call(x, **dict(zip(given, values, strict=True)))

    # away from the numbers, each by another distance: at them, a learned threshold may sit on another
    moved = [
        next(n for n in (number * 1.05 + 0.05 + 0.003 * k, number * 0.95) if subject.entry.parameters[name].admits(n))
        for k, (name, number) in enumerate(given.items())
    ]
    values = [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in moved]
    for check in (torch.autograd.gradcheck, torch.autograd.gradgradcheck):
        assert check(together, (generic().requires_grad_(), *values)), f"{subject.name} with {moved} as tensors"
    return compared + len(values)


def inplace(subject: Subject) -> int:
    """`inplace=True` is accepted, gives the same values, and never spoils a gradient."""
    module = subject.module(inplace=True)
    module.eval()
    x = generic().requires_grad_()
    y, plain = module(x * 1.0), _made(subject)
    compared = same_bits(y, plain(x), f"{subject.name}: inplace")
    (found,) = torch.autograd.grad(y.square().sum(), x)
    compared += same_bits(found, _square_gradient(plain, generic()), f"{subject.name}: gradient after inplace")
    return compared


def parameters_checked(subject: Subject) -> int:
    """An unknown parameter is a TypeError and a value outside the allowed set an error naming the parameter."""
    name, entry = subject.name, subject.entry
    compared = _refused(name, "frobnicate", lambda: subject.module(frobnicate=1.0))
    for key, row in entry.parameters.items():
        if not row.settable:
            continue
        wrong: list[Any] = [math.nan, "much", None]
        for bound, outside in ((row.above, 0.0), (row.low, -1.0), (row.below, 0.0), (row.high, 1.0)):
            if bound is not None:
                wrong.append(bound + outside)
        for number in wrong:
            compared += _refused(name, key, lambda number=number, key=key: subject.remake(**{key: number}))
    return compared


def _refused(name: str, key: str, make: Callable[[], object]) -> int:
    try:
        make()
    except (TypeError, ValueError) as error:
        assert key in str(error), f"{name}: {str(error)!r} does not name {key}"
        return 1
    raise AssertionError(f"{name}: a wrong {key} is taken without a word")
