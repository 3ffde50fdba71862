"""Watch a training loop that is not ours: every so many steps what `examine` measures, in between one counter."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Protocol
from weakref import WeakSet

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from .live import PART, Hook, Key, Live, WatchError, part
from .numbers import NotFinite
from .records import Diagnosis, Finding
from .rules import judge
from .seen import Seen
from .shapes import Shape

# The rules that ask for nothing but what a running loop shows. Those about loss functions, data and step sizes need
# the loss call or a trial: that is `examine`.
LIVE_RULES = frozenset(
    ("dead-units", "saturated-units", "vanishing-gradient", "exploding-gradient", "growing-activations", "not-finite")
)
NO_STEP = {
    "en": "Nothing to report: no optimiser step was seen; call optimizer.step() while the model is watched.",
    "zh": "没有可报告的内容：未见到优化器的更新步；请在观察期间调用 optimizer.step()。",
}
_WATCHED: WeakSet[nn.Module] = WeakSet()


class Tracker(Protocol):
    """Where the numbers of sampled steps go, beside the report."""

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """Take the numbers of one step."""
        ...

    def finish(self) -> None:
        """Write what is left and close."""
        ...


@dataclass(frozen=True)
class Moment:
    """What one sampled step showed.

    step: optimiser steps made, from 1. samples: looked at in this step. loss: mean since the moment before; NaN when
    nobody told it. gradients, updates: per parameter the gradient's norm and the relative size of the update. dead,
    saturated: per activation the share of its units, over this step's samples alone.
    """

    step: int
    samples: int
    loss: float
    gradients: Mapping[str, float]
    updates: Mapping[str, float]
    dead: Mapping[str, float]
    saturated: Mapping[str, float]

    def numbers(self) -> dict[str, float]:
        """All numbers under one name each, as trackers want them: loss, gradient/fc.weight, dead/act ..."""
        parts = {"gradient": self.gradients, "update": self.updates, "dead": self.dead, "saturated": self.saturated}
        told = {f"{part}/{name}": number for part, group in parts.items() for name, number in group.items()}
        return told if math.isnan(self.loss) else {"loss": self.loss, **told}


def watch(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    every: int = 50,
    *,
    scaler: torch.amp.GradScaler | None = None,
    tracker: Tracker | None = None,
    merge: bool | None = None,
) -> Watch:
    """Watch a training loop: `with actlab.watch(model, optimizer) as w:` around it, `print(w.report())` after it.

    The optimiser's steps are counted; the first and every `every`-th are sampled, all others cost a counter. Tell the
    loss with `w.loss(loss)`, so that a symptom in a network that learns stays a note; a model that returns its own
    loss, as those of transformers do, needs none of this.
    optimizer: several as a sequence; the first one counts. scaler: of mixed precision, to undo its scale. tracker:
    gets the numbers of each sampled step. merge: whether reports are of all ranks of torch.distributed together; by
    default where the model is wrapped by DDP or FSDP. What torch.compile compiled runs uncompiled in sampled steps.
    Raises WatchError (a ValueError) when the model is being watched already, and, at the first step, when the
    optimiser stepped and no call of the model was seen.
    """
    return Watch(model, optimizer, every, scaler=scaler, tracker=tracker, merge=merge)


class Watch:
    """What is seen of a training loop; made by `watch`.

    history: a `Moment` for each sampled step, of this rank. steps: optimiser steps so far.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | Sequence[Optimizer],
        every: int,
        *,
        scaler: torch.amp.GradScaler | None,
        tracker: Tracker | None,
        merge: bool | None,
    ) -> None:
        self.model, self.optimizers = _inner(model), _optimizers(optimizer)
        if not isinstance(every, int) or every < 1:
            raise WatchError(f"every is a number of steps, at least 1, not {every!r}")
        if self.model in _WATCHED:
            raise WatchError("this model is being watched already; leave the first watch before starting a second")
        self.every, self.steps = every, 0
        self.history: tuple[Moment, ...] = ()
        self._scaler, self._tracker = scaler, tracker
        self._merge = _is_spread(model) if merge is None else merge
        self._seen, self._merged = Seen(), None
        self._told: list[tuple[int, Tensor | float]] = []
        self._names = {id(p): name for name, p in self.model.named_parameters()}
        self._known: dict[int, bool] = {}
        self._shapes: dict[Key, Shape | None] = {}
        self._live: Live | None = None
        self._eager: Any = None
        self._hooks: list[Any] = []
        self._before: dict[int, Tensor] = {}
        self._gradients: dict[str, float] = {}
        self._updates: dict[str, float] = {}
        _WATCHED.add(self.model)
        self._counter = self.optimizers[0].register_step_post_hook(Hook(self._count, self._give_up))
        self._open()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, kind: object, *details: object) -> None:
        if kind is None:
            self.finish()
        else:  # the other ranks may never come here to merge
            self.detach()

    def loss(self, value: Tensor | float) -> None:
        """Tell the loss of this step, every step or only some; it is kept, and read at the next sampled step."""
        self._told.append((self.steps + 1, value.detach() if isinstance(value, Tensor) else float(value)))

    def finish(self) -> None:
        """End the watch: detach, and merge what all ranks have seen; leaving the block does it."""
        self.detach()
        self._merged = self._merged or self._together()

    def detach(self) -> None:
        """Take every hook off the model and the optimisers; what was seen stays. A second time changes nothing."""
        self._counter.remove()
        self._close()
        _WATCHED.discard(self.model)
        self._tracker, tracker = None, self._tracker
        if tracker is not None:
            tracker.finish()

    # -- results -------------------------------------------------------------------------------------------------------

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the rules make of it, root cause first; nothing before the first sampled step."""
        return self._diagnosis(self._merged or self._seen).findings if self.history else ()

    @property
    def diagnosis(self) -> Diagnosis:
        """Findings, layers and losses as `examine` gives them. Raises WatchError before the first step."""
        return self._diagnosis(self._merged or self._seen)

    def report(self, lang: str = "en", width: int = 100) -> str:
        """The diagnosis as text in English ("en") or Chinese ("zh"), for a terminal of `width` columns.

        Where ranks are merged, all of them have to call this while the loop runs; rank 0 gets the text, others "".
        """
        seen = self._merged or self._together()
        if self._merge and torch.distributed.get_rank():
            return ""
        if not self.history:
            return NO_STEP[lang]
        return import_module("..report.terminal_doctor", __package__).text(self._diagnosis(seen), lang, width)

    def _together(self) -> Seen:
        return self._seen.gathered() if self._merge else self._seen

    def _diagnosis(self, seen: Seen) -> Diagnosis:
        if not self.history:
            raise WatchError(NO_STEP["en"])
        numbers = seen.numbers(self.steps, self.optimizers[0])
        return Diagnosis(
            findings=tuple(finding for finding in judge(numbers) if finding.name in LIVE_RULES),
            layers=numbers.layers,
            loss_start=numbers.curve[0] if numbers.curve else math.nan,
            loss_end=numbers.curve[-1] if numbers.curve else math.nan,
            trivial_loss=None,
            learning=numbers.learning,
            losses=numbers.curve,
            samples=numbers.samples,
            steps=self.steps,
            seed=0,
            name=type(self.model).__name__,
        )

    # -- steps ---------------------------------------------------------------------------------------------------------

    def _count(self, optimizer: Optimizer, *_: object) -> None:
        self.steps += 1
        if self._live is not None:
            self._after(optimizer)
            self._record(self._live)
        if (self.steps + 1) % self.every == 0:
            self._open()

    def _open(self) -> None:
        """What comes now is a step to sample."""
        self._live = Live(self.model, self._known, self._shapes, self._give_up)
        self._before, self._gradients, self._updates = {}, {}, {}
        for optimizer in self.optimizers:
            self._hooks.append(optimizer.register_step_pre_hook(Hook(self._keep, self._give_up)))
        for optimizer in self.optimizers[1:]:
            self._hooks.append(optimizer.register_step_post_hook(Hook(self._after, self._give_up)))
        if "torch._dynamo" in sys.modules:  # compiled code would run past the hooks
            self._eager = torch.compiler.set_stance("force_eager")

    def _give_up(self, error: Exception) -> None:
        """An error of ours ends the watch, not the training."""
        self.detach()
        line = (str(error).strip().splitlines() or ["no message"])[0]
        warnings.warn(
            f"actlab stopped watching {type(self.model).__name__} at step {self.steps} ({type(error).__name__}: "
            f"{line}); the training goes on",
            RuntimeWarning,
            stacklevel=2,
        )

    def _close(self) -> None:
        if self._live is not None:
            self._live.detach()
        self._live = None
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        if self._eager is not None:
            self._eager.__exit__(None, None, None)
            self._eager = None

    def _keep(self, optimizer: Optimizer, *_: object) -> None:
        for parameter in _parameters(optimizer):
            self._before[id(parameter)] = _part(parameter).clone()

    def _after(self, optimizer: Optimizer, *_: object) -> None:
        """Gradients are read after the step: an optimiser that is given a closure computes them in it."""
        names: list[str] = []
        sizes: list[Tensor] = []
        for parameter in _parameters(optimizer):
            old, gradient = self._before.get(id(parameter)), parameter.grad
            if old is None or gradient is None or gradient.is_sparse:
                continue
            names.append(self._names.get(id(parameter), f"parameter {len(names)}"))
            new = _part(parameter)
            both = (_norm(part(gradient, gradient.numel())), _norm(new - old) / _norm(old).clamp_min(1e-30))
            sizes.append(torch.stack(both))
        for name, (gradient, update) in zip(names, torch.stack(sizes).tolist() if sizes else [], strict=True):
            self._gradients[name], self._updates[name] = gradient, update

    def _record(self, live: Live) -> None:
        scale = float(self._scaler.get_scale()) if self._scaler is not None else 1.0
        self._close()
        found = live.finish(all(map(math.isfinite, self._gradients.values())), scale)
        if not found.nodes:
            if self.history:
                return
            self.detach()
            raise WatchError(
                "the optimiser made a step and no call of the watched model was seen; watch the module that the loop "
                "calls, and leave a training step that is compiled as a whole (torch.compile) uncompiled"
            )
        if live.loss is not None and not self._told:
            self.loss(live.loss)
            self._told = [(self.steps, value) for _, value in self._told]
        told = [(step, float(value)) for step, value in self._told]
        self._told = []
        trouble = self._trouble(found.not_finite, told)
        self._seen = self._seen.with_step(live, self._names, trouble)
        if told:
            self._seen = self._seen.with_losses([value for _, value in told])
        self.history += (
            Moment(
                step=self.steps,
                samples=found.samples,
                loss=self._seen.losses[-1].mean if told else math.nan,
                gradients=self._gradients,
                updates=self._updates,
                dead={key[0] or key[1]: site.dead_share for key, site in found.sites.items()},
                saturated={key[0] or key[1]: site.saturated_share for key, site in found.sites.items()},
            ),
        )
        if self._tracker is not None:
            self._tracker.log(self.steps, self.history[-1].numbers())

    def _trouble(self, found: NotFinite | None, told: list[tuple[int, float]]) -> NotFinite | None:
        """Where a number stopped being finite: in this step, or, once weights are not, in one before it."""
        bad = next(((step, value) for step, value in told if not math.isfinite(value)), None)
        if bad is not None and (found is None or bad[0] < self.steps):
            return NotFinite("value", bad[0], "loss", "loss", "nan" if math.isnan(bad[1]) else "inf")
        if found is None or not self.history:
            return found and replace(found, step=self.steps)
        spoilt = (name for name, p in self.model.named_parameters() if not torch.isfinite(_part(p)).all())
        name = next(spoilt, None)
        return replace(found, step=self.steps, **({} if name is None else {"path": name, "op": "optimizer.step"}))


def _inner(model: nn.Module) -> nn.Module:
    """The module that was wrapped for several devices or compiled."""
    if not isinstance(model, nn.Module):
        raise WatchError(f"what is watched is a torch.nn.Module, not a {type(model).__name__}")
    while True:
        wrapped = (nn.parallel.DistributedDataParallel, nn.DataParallel)
        inner = model.module if isinstance(model, wrapped) else getattr(model, "_orig_mod", None)
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def _optimizers(given: Optimizer | Sequence[Optimizer]) -> tuple[Optimizer, ...]:
    """The optimisers that really step: some libraries wrap them in one of their own."""
    found: list[Optimizer] = []
    queue: list[Any] = [given] if isinstance(given, Optimizer) else list(given)
    while queue:
        optimizer = queue.pop(0)
        inner = getattr(optimizer, "optimizer", None)
        if not isinstance(optimizer, Optimizer):
            raise WatchError(f"steps are counted by a torch optimizer, not by a {type(optimizer).__name__}")
        if isinstance(inner, Optimizer):
            queue.insert(0, inner)
        else:
            found.append(optimizer)
    if not found:
        raise WatchError("there is no optimizer to count steps by; give one, or a sequence of them")
    return tuple(found)


def _is_spread(model: nn.Module) -> bool:
    """Whether DDP or FSDP holds the model, and more than one process runs."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return False
    names = {each.__name__ for module in model.modules() for each in type(module).__mro__}
    holders = {"DistributedDataParallel", "FullyShardedDataParallel", "FSDPModule"}
    return torch.distributed.get_world_size() > 1 and bool(names & holders)


def _parameters(optimizer: Optimizer) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _part(parameter: Tensor) -> Tensor:
    return part(parameter, PART)


def _norm(tensor: Tensor) -> Tensor:
    return torch.linalg.vector_norm(tensor, dtype=torch.float32)
