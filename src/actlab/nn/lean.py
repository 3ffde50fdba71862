"""Training with half the memory for activations: their results are computed again in backward instead of being kept."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar, overload

from torch import nn

from ..runtime.lean import Tally, begin, end, forget

Model = TypeVar("Model", bound=nn.Module)

_SENTENCES = {
    "en": "lean keeps how to compute {recipes} tensors instead of the tensors: {size} less is held for backward.",
    "zh": "lean 只保留了 {recipes} 个张量的计算方法，而不保留张量本身：为反向传播保存的数据减少 {size}。",
}
_NOTHING = {
    "en": "lean found nothing to save: none of the {tensors} tensors kept for backward is the untouched result of an "
    "activation that keeps its input. relu, sigmoid, tanh and softmax keep one tensor already; for others, the layer "
    "that uses the activation's result has to run inside lean too; compiled code chooses by itself what it keeps.",
    "zh": "lean 没有可节省的内容：为反向传播保存的 {tensors} 个张量中，没有一个是未经改动、"
    "且其激活函数保存了输入的输出。relu、sigmoid、tanh 和 softmax 本来就只保存一个张量；"
    "对于其他激活函数，使用其输出的那一层也必须在 lean 内运行；编译后的代码自行决定保存什么。",
}
_UNITS = ("B", "kB", "MB", "GB", "TB")


class Lean(Tally):
    """A region in which results are computed again instead of being kept, and what that saved since it was entered.

    bytes_saved: bytes of results that are not kept for backward. recipes: how many saved tensors they stand for.
    tensors: how many tensors were saved in all.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told = False

    def __enter__(self) -> Lean:
        begin(self)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        end(self)
        if kind is None and self.tensors and not self.recipes and not self._told:
            self._told = True
            warnings.warn(self.sentence(), UserWarning, stacklevel=2)

    def sentence(self, lang: str = "en") -> str:
        """What was saved, in English ("en") or Chinese ("zh")."""
        size, unit = float(self.bytes_saved), 0
        while size >= 1000 and unit < len(_UNITS) - 1:
            size, unit = size / 1000, unit + 1
        words = _SENTENCES if self.recipes or not self.tensors else _NOTHING
        return words[lang].format(recipes=self.recipes, tensors=self.tensors, size=f"{size:.3g} {_UNITS[unit]}")

    @staticmethod
    def of(model: nn.Module) -> Lean | None:
        """What `lean(model)` saved in the model's last forward pass; None for a model that is not lean."""
        return next((one for one in map(_owner, model._forward_pre_hooks.values()) if one is not None), None)

    def _before(self, model: nn.Module, given: Any) -> None:
        forget(self)
        self.__enter__()

    def _after(self, model: nn.Module, given: Any, result: Any) -> None:
        failed = result is None
        self.__exit__(Exception if failed else None, None, None)


def _owner(hook: Any) -> Lean | None:
    owner = getattr(hook, "__self__", None)
    return owner if isinstance(owner, Lean) else None


@overload
def lean() -> Lean:
    """A region that is lean."""
    ...


@overload
def lean(model: Model, *, off: bool = False) -> Model:
    """The model, lean from now on or no longer."""
    ...


def lean(model: nn.Module | None = None, *, off: bool = False) -> Any:
    """Train with less memory and the same gradients, bit for bit: a context manager, or the model made lean for good.

    `with actlab.lean() as kept:` around a forward pass, or `model = actlab.lean(model)`, which returns the same model
    and is taken back by `lean(model, off=True)`. The layer that uses an activation's result keeps how to compute it
    from the activation's own input, and backward computes it again: one tensor is held where two were. This holds for
    every pointwise and gated entry, for along-axis entries, for torch's own activations that keep their input, and for
    products, quotients and powers written by hand. `kept` (for a model `actlab.nn.Lean.of(model)`) tells what was
    saved; a warning says when there was nothing.

    A tensor edited in place raises in backward, as without lean; so does an input of an activation that was edited,
    where torch alone would still have had the result. An edit that torch cannot see (through `.data` or numpy) of a
    result before it is used is lost. Functions of torch itself, not ours, may differ in the last bit if backward runs
    with another number of threads. Inside torch.compile, activation checkpoints, other saved-tensor hooks and
    functorch transforms nothing is done; torch.func.grad refuses to start inside `with lean():`, as inside any hooks
    of saved tensors, so make the model lean there. Backward may run anywhere.
    """
    if model is None:
        return Lean()
    if off:
        for hooks in (model._forward_pre_hooks, model._forward_hooks):
            for key in [key for key, hook in hooks.items() if _owner(hook) is not None]:
                del hooks[key]
                model._forward_hooks_always_called.pop(key, None)
    elif Lean.of(model) is None:
        made = Lean()
        model.register_forward_pre_hook(made._before, prepend=True)
        model.register_forward_hook(made._after, always_call=True)
    return model
