"""From a case to numbers: measure at the start, train shortly, measure again, and try what is in doubt."""

from __future__ import annotations

import math
import sys
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import torch

from .calls import CUTS, FLAT, REGRESSION_LOSSES
from .case import check
from .chords import departure
from .inputs import Standardise, entering, input_numbers, mapped
from .losses import loss_numbers, recompute, standard_error
from .node import ancestors, tensors_in
from .numbers import Numbers, Place, Trial, odd_scale, odd_target, uneven
from .passes import LossCalls, Measured, collect, forward, make_optimizer, measured_pass, set_seed
from .precision import precision_numbers
from .preserve import State, preserved
from .records import Case, Diagnosis
from .rehearsal import short_training
from .rows import fan_in, fan_out, layer_rows, positions, weight_rows
from .shapes import Shape
from .shortage import told_of_memory
from .structure import blocked_at, mixes_rows, plain_dropout, role_of, straight_pairs
from .trace import Trace

MAJORITY = 0.5
SLOW = 1e-4  # relative update per step: a tenth of the customary 1e-3
LONGER = 6  # times the steps, where class recall needs more training to be judged


def examine(case: Case, steps: int = 50, seed: int = 0) -> Diagnosis:
    """Look at a training program and say what is wrong with it.

    The model is measured, trained for `steps` steps and measured again, then put back exactly as it was: weights,
    buffers, gradients, mode, hooks, attributes and random state. Deterministic for a seed and a deterministic loader.
    Raises CaseError (a ValueError) in one sentence when the case cannot be run.
    """
    from .rules import judge

    if steps < 1:
        raise ValueError(f"steps must be at least 1, not {steps}")
    with told_of_memory(case):
        numbers = gather(check(case), steps, seed)
    return Diagnosis(
        findings=judge(numbers),
        layers=numbers.layers,
        loss_start=numbers.task_start,
        loss_end=numbers.task_end,
        trivial_loss=numbers.trivial,
        learning=numbers.learning,
        losses=numbers.curve,
        samples=numbers.samples,
        steps=numbers.steps_done,
        seed=seed,
        name=case.name,
        source=case.source,
    )


def gather(case: Case, steps: int = 50, seed: int = 0) -> Numbers:
    """All the numbers the rules need; see `examine`."""
    with preserved(case.model, case.data) as state, warnings.catch_warnings(), _eager():
        warnings.simplefilter("ignore")
        if not case.model.training:
            case.model.train()
        return _Gathering(case, steps, seed, state).numbers()


class _Gathering:
    def __init__(self, case: Case, steps: int, seed: int, state: State) -> None:
        self.case, self.steps, self.seed, self.state = case, steps, seed, state
        self.shapes: dict[tuple[str, str, int], Shape | None] = {}

    def numbers(self) -> Numbers:
        case = self.case
        set_seed(self.seed)
        self.batches, whole = collect(case)
        make_optimizer(case)
        inputs = input_numbers(self.batches)
        set_seed(self.seed)
        start = measured_pass(case, self.batches, self.shapes)
        self.state.rewind()
        inputs = entering(start.nodes, inputs)
        graph = self._graph(start)
        residual_start = departure(self.case.model, self.batches[0][0], start)
        self.state.rewind()
        if start.not_finite is None:
            trained = short_training(case, self.steps, self.seed)
        else:
            trained = short_training(case, 1, self.seed)
        set_seed(self.seed)
        end = measured_pass(case, self.batches, self.shapes)
        identical_end = self._identical()
        residual_end = departure(self.case.model, self.batches[0][0], start) if end.not_finite is None else math.nan
        main = self._main_loss(start)
        never = start.reached - trained.reached if start.checkpoints and trained.losses else set[int]()
        task_start, task_end = self._task(start, main), self._task(end, main)
        error = self._task_error(start, main)
        losses = tuple(
            loss_numbers(calls, end.losses.get(key), None, self.shapes) for key, calls in start.losses.items()
        )
        main_numbers = next(
            (n for n, key in zip(losses, start.losses, strict=True) if key == main), losses[0] if losses else None
        )
        trouble = start.not_finite or trained.not_finite or end.not_finite
        layers = layer_rows(start, end, self.state, whole)
        numbers = Numbers(
            layers=layers,
            weights=weight_rows(start, self.state, self._parameters, graph["initial"], identical_end),
            losses=losses,
            inputs=inputs,
            samples=start.samples,
            steps=self.steps,
            task=case.task,
            curve=trained.losses,
            task_start=task_start,
            task_end=math.inf if trained.not_finite is not None else task_end,
            trivial=main_numbers.trivial if main_numbers is not None else None,
            standard_error=error,
            update_ratio=trained.update_ratio,
            residual_start=residual_start,
            residual_end=residual_end,
            weight_operations=graph["operations"],
            reduced_rank=graph["reduced"],
            output_spread_start=start.spread,
            output_spread_end=end.spread,
            hidden_softmax=graph["softmax"],
            blocked=graph["blocked"] or self._behind_checkpoint(start, never),
            gates=tuple(
                Place(g.path, g.kind, {"flat_share": g.flat / g.elements, "rms": math.sqrt(g.second / g.elements)})
                for g in start.gates
                if g.elements
            ),
            through_time=tuple(
                Place(path, kind, {"norms": norms, "loop": loop})
                for loop, heard in ((False, start.through_time), (True, start.loops))
                for path, kind, norms, *_ in heard
                if len(norms) > 1
            ),
            straight=graph["straight"],
            not_finite=trouble,
            trials=(),
            steps_done=len(trained.losses),
            narrow_bound=graph["narrow"],
            learning_rate=trained.learning_rate,
            optimizer=trained.optimizer,
            residual_blocks=graph["sums"],
            precision=precision_numbers(case, self.batches[0], start, trained),
            unused=self._unused(start, graph["blocked"]),
            plain_dropout=plain_dropout(start.nodes),
        )
        self.state.rewind()
        numbers = replace(numbers, trials=self._trials(numbers, main))
        if main is not None and main_numbers is not None and uneven(numbers, main_numbers) and trouble is None:
            later = self._longer(main)
            if later is not None:
                fresh = loss_numbers(start.losses[main], end.losses.get(main), later, self.shapes)
                numbers = replace(numbers, losses=tuple(fresh if n is main_numbers else n for n in losses))
        return numbers

    # -- graph ---------------------------------------------------------------------------------------------------------

    def _graph(self, start: Measured) -> dict[str, Any]:
        nodes, end = start.nodes, start.end
        used = ancestors(end) if end is not None else nodes
        weight_nodes = [n for n in used if n.role in ("weight", "recurrent", "attention") and n.data]
        dense = [n for n in weight_nodes if n.op != "embedding"]
        weighted = [n for n in dense if n.weight is not None]
        widths = [fan_out(n) * positions(n) for n in weighted]
        entered = fan_in(weighted[0]) * positions(weighted[0]) if weighted else 0
        reduced = len(widths) > 1 and min(widths[:-1]) < min(entered, widths[-1])
        cut = blocked_at(nodes, end) if end is not None else None
        blocked: tuple[Place, ...] = ()
        if cut is not None:
            node, starved = cut
            flat = (f"{node.op} is flat wherever it has a slope", f"{node.op} 处处平坦，导数为 0")
            bare = (f"{node.op} returns a value without gradient", f"{node.op} 返回的值不带梯度")
            why = CUTS.get(node.op, flat if node.op in FLAT else bare)
            detail = {"starved": [n.path for n in starved], "en": why[0], "zh": why[1]}
            blocked = (Place(node.path, node.op, detail),)
        else:
            blocked = self._left_torch(start)
        sites = [s for s in start.sites.values() if s.shape.dead_type and role_of(s.node) == "hidden"]
        sums = sum(n.role == "sum" for n in used if n.path != "loss" and n.children)
        narrow = 0.0
        if sites and sums == 0:
            narrow = 1 - math.prod(1 - 2.0**-s.units for s in sites if s.units)
        self._parameters = {id(p): name for name, p in self.case.model.named_parameters()}
        return {
            "operations": len(dense),
            "reduced": reduced,
            "blocked": blocked,
            "softmax": tuple(
                Place(n.path, n.op, {"mixes": mixes_rows(n)})
                for n in used
                if n.role == "softmax" and n.data and role_of(n) == "hidden"
            ),
            "straight": tuple(
                Place(b.path, b.op, {"before": a.path}) for a, b in straight_pairs(used) if "embedding" not in a.op
            ),
            "narrow": narrow,
            "sums": sums,
            "initial": self._identical(),
        }

    def _unused(self, start: Measured, blocked: tuple[Place, ...]) -> tuple[Place, ...]:
        """The outermost modules whose trainable weights the loss does not depend on, and idle activations."""
        idle = {
            name
            for name, p in self.case.model.named_parameters()
            if p.requires_grad and id(p) not in start.reached and id(p) in self._parameters
        }
        cut = {path for place in blocked for path in place.detail["starved"]}
        found: list[Place] = []
        for path, module in self.case.model.named_modules():
            if not path or path in cut or any(path.startswith(f"{place.path}.") for place in found):
                continue
            names = [f"{path}.{name}" for name, p in module.named_parameters() if p.requires_grad]
            called = path in start.called
            if (names and idle.issuperset(names)) or (_is_activation(module) and not called):
                number = sum(p.numel() for p in module.parameters() if p.requires_grad)
                found.append(Place(path, type(module).__name__, {"called": called, "weights": number}))
        return tuple(found)

    def _left_torch(self, start: Measured) -> tuple[Place, ...]:
        """A value taken to numpy or Python and back, where the weights before it get no gradient in any other way."""
        for op, path, node in start.exits:
            before = [n for n in ancestors(node) if isinstance(n.weight, torch.nn.Parameter) and n.weight.requires_grad]
            if before and not any(id(n.weight) in start.reached for n in before):
                en, zh = CUTS["numpy"] if op == "numpy" else (f"{op} leaves torch", f"{op} 离开了 torch")
                starved = list(dict.fromkeys(n.path for n in before))
                return (Place(path, op, {"starved": starved, "en": en, "zh": zh}),)
        return ()

    def _behind_checkpoint(self, start: Measured, never: set[int]) -> tuple[Place, ...]:
        """A re-entrant checkpoint whose inputs need no gradient gives its weights none: the short training shows it."""
        starved = [n.path for n in start.nodes if n.weight is not None and id(n.weight) in never]
        en = "a re-entrant checkpoint passes no gradient to its weights unless one of its inputs needs one"
        zh = "可重入的 checkpoint 只有在某个输入需要梯度时才会把梯度传给其中的权重"
        detail = {"starved": list(dict.fromkeys(starved)), "en": en, "zh": zh}
        return (Place(start.checkpoints[0], "checkpoint", detail),) if starved else ()

    def _identical(self) -> dict[str, bool]:
        """For each trainable matrix whether all its units have the same weights."""
        answer: dict[str, bool] = {}
        for name, parameter in self.case.model.named_parameters():
            if parameter.dim() < 2:
                continue
            rows = parameter.detach().double().reshape(parameter.shape[0], -1)
            apart = float((rows - rows[:1]).abs().max())
            answer[name] = rows.shape[0] > 1 and apart <= 1e-6 * max(float(rows.abs().max()), 1e-30)
        return answer

    # -- losses --------------------------------------------------------------------------------------------------------

    def _main_loss(self, start: Measured) -> tuple[str, str, int] | None:
        used = {id(n) for n in ancestors(start.end)} if start.end is not None else set[int]()
        return next((key for key, calls in start.losses.items() if id(calls.node) in used), None)

    def _task(self, measured: Measured, main: tuple[str, str, int] | None) -> float:
        values = recompute(measured.losses[main]) if main in measured.losses else measured.total
        return sum(values) / len(values)

    def _task_error(self, measured: Measured, main: tuple[str, str, int] | None) -> float:
        return standard_error(recompute(measured.losses[main]) if main in measured.losses else measured.total)

    def _evaluate(self, main: tuple[str, str, int] | None, change: Any = None) -> float:
        calls: LossCalls | None = None
        total: list[float] = []
        with torch.no_grad():
            for batch in self.batches:
                value, target = batch if change is None else change(*batch)
                trace = Trace(self.case.model, watch_gradient=False)
                with trace:
                    trace.begin(value)
                    _, loss = forward(self.case, value, target, trace)
                total.append(float(loss))
                node = next((n for n in trace.nodes if n.role == "loss" and (main is None or n.key == main)), None)
                if node is not None:
                    calls = calls or LossCalls(node)
                    calls.inputs.append(tensors_in(node.arguments.get("arg0", node.arguments.get("input")))[0])
                    calls.targets.append(tensors_in(node.arguments.get("arg1", node.arguments.get("target")))[0])
        values = recompute(calls) if calls is not None and main is not None else total
        self._last_calls = calls
        return sum(values) / len(values)

    def _longer(self, main: tuple[str, str, int]) -> LossCalls | None:
        self.state.rewind()
        short_training(self.case, LONGER * self.steps, self.seed)
        self._evaluate(main)
        self.state.rewind()
        return self._last_calls

    # -- trials --------------------------------------------------------------------------------------------------------

    def _trials(self, numbers: Numbers, main: tuple[str, str, int] | None) -> tuple[Trial, ...]:
        """Short trainings under one change each, for what the measurements leave in doubt."""
        if numbers.not_finite is not None and numbers.not_finite.step == 0:
            return ()
        done: list[Trial] = []
        broke = numbers.not_finite is not None
        stuck = numbers.learning == "no" or numbers.drop < 0
        rose = any(row.dead_share_end - row.dead_share > 0.2 for row in numbers.layers)
        slow = 0 < numbers.update_ratio < SLOW
        if broke or rose or (stuck and not slow):
            done += [Trial(f"learning rate / {n}", self._try(main, factor=1 / n)) for n in (10, 100)]
        if numbers.precision.lost_updates > MAJORITY and not broke:
            done.append(Trial("float32 weights", self._try(main, wide=True)))
        if stuck and slow:
            factor = numbers.customary_factor
            done.append(Trial("larger learning rate", self._try(main, factor=factor)))
            done.append(Trial("much larger learning rate", self._try(main, factor=10 * factor)))
        if odd_scale(numbers.inputs):
            done.append(Trial("standardised input", self._try(main, change=Standardise(self.batches))))
        regression = next((n for n in numbers.losses if n.name in REGRESSION_LOSSES), None)
        if regression is not None and odd_target(regression) and numbers.trivial:
            std = regression.target_std or 1.0
            mean = regression.target_mean
            loss = self._try(main, change=lambda value, target: (value, mapped(target, lambda t: (t - mean) / std)))
            calls = self._last_calls
            if math.isfinite(loss) and calls is not None and calls.node.op in REGRESSION_LOSSES:
                for values in (calls.inputs, calls.targets):
                    values[:] = [value * std + mean for value in values]
                told = recompute(calls)
                loss = sum(told) / len(told)
            else:
                loss *= std if regression.name == "l1_loss" else std**2
            done.append(Trial("standardised target", loss))
        return tuple(done)

    def _try(
        self, main: tuple[str, str, int] | None, *, factor: float = 1.0, change: Any = None, wide: bool = False
    ) -> float:
        self.state.rewind()
        trained = short_training(self.case, self.steps, self.seed, factor=factor, change=change, wide=wide)
        loss = math.inf if trained.not_finite is not None else self._evaluate(main, change)
        self.state.rewind()
        return loss if math.isfinite(loss) else math.inf


def _is_activation(module: torch.nn.Module) -> bool:
    return type(module).__module__ == "torch.nn.modules.activation" or hasattr(module, "entry")


def _eager() -> AbstractContextManager[Any]:
    """Compiled parts run as plain Python, so that each call is seen; nothing to do where none can exist."""
    return torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()
