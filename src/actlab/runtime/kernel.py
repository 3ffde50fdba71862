"""From a formula to something that runs on tensors: compiled once, NaN and infinities put right, dtype kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..language import Expr, derivative, symbol, where
from ..renderers import function
from ..renderers.limits import FAR, GROWN, SHRUNK, STEADY, STEP
from ..renderers.torch_eager import PRELUDE, TABLE
from . import native
from .dtypes import DTYPES, HALF

if TYPE_CHECKING:
    from ..renderers.llvm_cpu import Part
    from .branches import Refused
    from .launch import Native
    from .one_pass import Ready
    from .output_plan import Plan

_LIMITS = {1.0: "limit_at_inf", -1.0: "limit_at_minus_inf"}
_SMALL = 4096  # elements: at most what a layer learns per channel


@cache
def prelude() -> dict[str, Any]:
    """The names that the torch text calls, compiled once."""
    space: dict[str, Any] = {}
    exec(compile(PRELUDE, "<torch_eager prelude>", "exec"), space)  # our own text, never a user's
    return space


@cache
def compiled(expr: Expr, names: tuple[str, ...], instead: tuple[Callable[..., Any], ...] = ()) -> Callable[..., Any]:
    """The formula as a Python function of `x` and `names` on tensors of one dtype, IEEE rules, no corrections.

    instead: functions that stand in for those of the prelude that have their names.
    """
    space = prelude() | {function.__name__: function for function in instead}
    text = function(TABLE, "formula", ("x", *names), {"y": expr})
    exec(compile(text, "<torch_eager>", "exec"), space)
    return space["formula"]


def _all_numbers(y: Tensor, tensors: tuple[Tensor, ...]) -> bool:
    """Whether `y` is seen to hold no NaN, so that no limit can be missing; False where a tracer forbids to look.

    On a GPU looking makes the program wait, so it is done only for large tensors, the halves of gated units.
    """
    tracing = torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
    if tracing or torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active():
        return False
    if torch._C._len_torch_dispatch_stack():
        return False  # make_fx and its like record what is done, and cannot record a look
    if type(y) is not Tensor or y.device.type not in ("cpu", "cuda"):
        return False  # a fake tensor, or one on meta, holds no numbers
    small = sum([tensor.numel() for tensor in tensors]) <= _SMALL
    if y.is_cuda and (small or torch.cuda.is_current_stream_capturing()):
        return False
    return not bool((y != y).any())


class Kernel:
    """One formula ready to run: `kernel(x, *tensors)` in the dtype of `x`.

    names: the symbols other than x, in the order their tensors are passed. defaults: a number for each, used
    once to find out where plain arithmetic would lose the limit at infinity or swallow a NaN.
    float16 and bfloat16 are computed in float32.
    """

    def __init__(self, expr: Expr, names: tuple[str, ...] = (), defaults: Mapping[str, float] | None = None) -> None:
        self.expr = expr
        self.names = names
        self.defaults = {name: (defaults or {})[name] for name in names}
        self._formula = compiled(expr, names)
        self.is_identity = expr.op == "symbol" and expr.name == "x"
        self._constant = "x" not in expr.symbols
        # a learned tensor may move the limit, so only formulas of x alone keep theirs as numbers
        self._moving = bool(expr.symbols - {"x"})
        with torch.device("cpu"):  # also while a model is built on another device, or on meta, which holds no numbers
            self._swallows_nan, self._loses = self._probe()
            stays = self._loses and not self._moving
            self._limits = self._limit(self._loses, *self._numbers()).tolist() if stays else []
        self._partials: dict[str, Kernel] = {}
        self._ended: dict[torch.dtype, Kernel] = {}
        # compiled code: how each dtype is computed, kernels by what they are given, those without gaps
        self.parts: dict[torch.dtype, Part | None] = {}
        self.tables: dict[torch.dtype, Tensor] = {}
        self.looked_up: dict[tuple[torch.dtype, bool], bool] = {}  # by dtype, and whether times a gradient
        self.native: dict[Any, Ready | None] = {}
        self.flat: dict[torch.dtype, Native] = {}
        self.flat_beside: dict[torch.dtype, Native] = {}
        self.flat_product: dict[torch.dtype, Native] = {}
        self.output_plan: Plan | Refused | None = None  # how its slope is found from its output, once that was asked
        self.quick = native.quick(self.flat)
        self.quick_beside = native.quick_beside(self.flat_beside)
        self.quick_product = native.quick_beside(self.flat_product)

    def __reduce__(self) -> tuple[Any, ...]:
        return kernel, (self.expr, self.names, tuple(self.defaults.items()))

    def __deepcopy__(self, memo: object) -> Kernel:
        return self

    def _probe(self) -> tuple[bool, tuple[float, ...]]:
        """(whether a NaN would be swallowed, the infinities at which plain arithmetic loses the limit)."""
        x = torch.tensor([math.nan, math.inf, -math.inf], dtype=torch.float64)
        swallows, lost = False, set[float]()
        with torch.no_grad():
            for factor in (1.0, -1.0, 0.0) if self._moving else (1.0,):  # either sign of a learned parameter
                numbers = self._numbers(factor)
                seen = self._raw(x, *numbers).isnan().tolist()
                swallows |= not seen[0]
                nans = tuple(sign for sign, is_nan in zip((1.0, -1.0), seen[1:], strict=True) if is_nan)
                if nans:
                    limits = self._limit(nans, *numbers).tolist()
                    lost |= {sign for sign, limit in zip(nans, limits, strict=True) if not math.isnan(limit)}
        return swallows, tuple(sorted(lost))

    def _numbers(self, factor: float = 1.0) -> list[Tensor]:
        """The defaults as tensors, times a factor."""
        return [torch.tensor(factor * value, dtype=torch.float64) for value in self.defaults.values()]

    def _raw(self, x: Tensor, *tensors: Tensor) -> Tensor:
        y = self._formula(x, *tensors)
        return torch.zeros_like(x) + y if self._constant else y

    def _limit(self, signs: tuple[float, ...], *tensors: Tensor) -> Tensor:
        """The values far out on these sides, taken to the limits they are heading for; NaN where one does not settle.

        The first dimension of the result is the side. All places are computed together: a tracer meets one formula.
        """
        wide = [tensor.to(torch.float64) for tensor in tensors]
        far = [sign * FAR * STEP**step for step in range(3) for sign in signs]
        places = torch.tensor(far, dtype=torch.float64, device=wide[0].device if wide else None)
        deep = max([tensor.ndim for tensor in wide]) if wide else 0
        first, second, third = self._raw(places.reshape(-1, *[1] * deep), *wide).chunk(3)
        size, factor = first.abs(), second / first
        steady = first.isinf() | ((factor - third / second).abs() <= STEADY * factor.abs())
        grown = (size > GROWN) & (first.sign() == second.sign()) & steady
        settled = torch.where((first - second).abs() <= 1e-9 * size, first, math.nan)
        limit = torch.where(grown, first * math.inf, settled)
        return torch.where(torch.maximum(size, second.abs()) < SHRUNK, 0.0, limit)

    def __call__(self, x: Tensor, *tensors: Tensor) -> Tensor:
        found = self.quick_beside(x, *tensors) if tensors else None
        found = native.value(self, x, tensors) if found is None else found
        return self.text(x, *tensors) if found is None else found

    @property
    def lost(self) -> tuple[float, ...]:
        """The signs of the infinities at which plain arithmetic loses the limit."""
        return self._loses

    @property
    def swallows_nan(self) -> bool:
        """Whether plain arithmetic makes a number of a NaN."""
        return self._swallows_nan

    def text(self, x: Tensor, *tensors: Tensor) -> Tensor:
        """The value by torch operations, one after the other."""
        dtype = torch.float32 if x.dtype in HALF else x.dtype
        at = x.to(dtype)
        y = self._raw(at, *[tensor.to(dtype) for tensor in tensors])
        loses = () if self._moving and self._loses and _all_numbers(y, tensors) else self._loses
        limits = self._limit(loses, *tensors).to(dtype) if loses and self._moving else None
        for place, sign in enumerate(loses):
            if limits is None:
                limit = torch.scalar_tensor(self._limits[place], dtype=dtype, device=x.device)
            else:
                limit = limits[place]
            y = torch.where((at == sign * math.inf) & (y != y), limit, y)
        if self._swallows_nan:
            y = torch.where(at != at, at, y)
        return y.to(x.dtype)

    def ended(self, dtype: torch.dtype, tensors: tuple[Tensor, ...]) -> tuple[Kernel, tuple[Tensor, ...]]:
        """The same formula with its limits at infinities as further names, and what they are for these tensors."""
        with torch.device("cpu"):
            if dtype not in self._ended:
                x, y, most = symbol("x"), self.expr, torch.finfo(DTYPES[dtype][1]).max
                for sign in self._loses:  # taken where arithmetic gives NaN, which is not below itself
                    kept = where(y <= y, y, symbol(_LIMITS[sign]))
                    y = where(x > most if sign > 0 else x < -most, kept, y)
                names = tuple(_LIMITS[sign] for sign in self._loses)
                numbers = zip(names, self._limit(self._loses, *self._numbers()).tolist(), strict=True)
                made = Kernel(y, (*self.names, *names), {**self.defaults, **dict(numbers)})
                made._loses = ()  # it is given its limits
                self._ended.setdefault(dtype, made)
            return self._ended[dtype], tuple(self._limit(self._loses, *tensors))

    def prepared(self) -> Kernel:
        """This kernel with its first derivatives ready, so that a tracer finds nothing left to compile."""
        for name in ("x", *self.names):
            self.partial(name)
        return self

    def partial(self, name: str) -> Kernel:
        """The kernel of the derivative by `name` ("x" or a parameter)."""
        found = self._partials.get(name)
        if found is None:  # of two threads the first: what is compiled belongs to one kernel
            found = self._partials.setdefault(name, Kernel(derivative(self.expr, name), self.names, self.defaults))
        return found


@cache
def kernel(expr: Expr, names: tuple[str, ...] = (), defaults: tuple[tuple[str, float], ...] = ()) -> Kernel:
    """The kernel of a formula, made once, with its first derivatives ready."""
    return Kernel(expr, names, dict(defaults)).prepared()
