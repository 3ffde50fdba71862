"""From a case to numbers: measure at the start, train shortly, measure again, and try what is in doubt."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from .calls import CUTS, REGRESSION_LOSSES
from .losses import loss_numbers, recompute
from .numbers import InputNumbers, LossNumbers, NotFinite, Numbers, Place, Trial, WeightNumbers, odd_scale, odd_target
from .passes import (
    ENOUGH,
    LossCalls,
    Measured,
    collect,
    forward,
    make_optimizer,
    measured_pass,
    set_seed,
    short_training,
    size_of,
)
from .preserve import State, preserved
from .records import Case, Diagnosis, LayerNumbers
from .shapes import Shape, expected_dead_share
from .sites import likeness
from .structure import blocked_at, reaches, role_of, straight_pairs
from .trace import Node, Trace, ancestors, call_model, source_of, tensors_in

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
    numbers = gather(case, steps, seed)
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
    )


def gather(case: Case, steps: int = 50, seed: int = 0) -> Numbers:
    """All the numbers the rules need; see `examine`."""
    with preserved(case.model, case.data) as state, warnings.catch_warnings():
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
        graph = self._graph(start, inputs, whole)
        residual_start = self._residual(start)
        self.state.rewind()
        if start.not_finite is None:
            trained = short_training(case, self.steps, self.seed)
        else:
            trained = short_training(case, 1, self.seed)
        set_seed(self.seed)
        end = measured_pass(case, self.batches, self.shapes)
        identical_end = self._identical()
        residual_end = self._residual(start) if end.not_finite is None else math.nan
        main = self._main_loss(start)
        task_start, task_end = self._task(start, main), self._task(end, main)
        error = self._task_error(start, main)
        losses = tuple(
            loss_numbers(calls, end.losses.get(key), None, self.shapes) for key, calls in start.losses.items()
        )
        main_numbers = next(
            (n for n, key in zip(losses, start.losses, strict=True) if key == main), losses[0] if losses else None
        )
        trouble = start.not_finite or trained.not_finite or end.not_finite
        layers = self._layers(start, end, whole)
        numbers = Numbers(
            layers=layers,
            weights=self._weights(start, graph["initial"], identical_end, inputs),
            losses=losses,
            inputs=inputs,
            samples=start.samples,
            steps=self.steps,
            task=case.task,
            curve=trained.losses,
            total_start=sum(start.total) / len(start.total),
            total_end=sum(end.total) / len(end.total),
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
            blocked=graph["blocked"],
            gates=tuple(
                Place(g.path, g.kind, {"flat_share": g.flat / g.elements, "rms": math.sqrt(g.second / g.elements)})
                for g in start.gates
                if g.elements
            ),
            straight=graph["straight"],
            not_finite=trouble,
            trials=(),
            steps_done=len(trained.losses),
            narrow_bound=graph["narrow"],
            alive_at_start=not (start.spread < 1e-6),
            learning_rate=trained.learning_rate,
            optimizer=trained.optimizer,
            residual_blocks=graph["sums"],
        )
        numbers = replace(numbers, trials=self._trials(numbers, main))
        if main is not None and main_numbers is not None and _imbalanced(main_numbers) and trouble is None:
            later = self._longer(main)
            if later is not None:
                fresh = loss_numbers(start.losses[main], end.losses.get(main), later, self.shapes)
                numbers = replace(
                    numbers, losses=tuple(fresh if n is main_numbers else n for n in losses)
                )
        return numbers

    # -- graph ---------------------------------------------------------------------------------------------------------

    def _graph(self, start: Measured, inputs: InputNumbers, whole: bool) -> dict[str, Any]:
        nodes, end = start.nodes, start.end
        used = ancestors(end) if end is not None else nodes
        weight_nodes = [n for n in used if n.role in ("weight", "recurrent", "attention") and n.data]
        dense = [n for n in weight_nodes if n.op != "embedding"]
        widths = [n.weight.shape[0] if n.weight is not None and n.op != "matmul" else n.weight.shape[-1]
                  for n in dense if n.weight is not None]  # fmt: skip
        fan_ins = [_fan_in(n) for n in dense if n.weight is not None]
        reduced = len(widths) > 1 and min(widths[:-1]) < min(fan_ins[0], widths[-1])
        cut = blocked_at(nodes, end) if end is not None else None
        blocked: tuple[Place, ...] = ()
        if cut is not None:
            node, starved = cut
            why = CUTS.get(node.op, (f"{node.op} returns a value without gradient", f"{node.op} 返回的值不带梯度"))
            detail = {"starved": [n.path for n in starved], "en": why[0], "zh": why[1]}
            blocked = (Place(node.path, node.op, detail),)
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
                Place(n.path, n.op) for n in used if n.role == "softmax" and n.data and role_of(n) == "hidden"
            ),
            "straight": tuple(
                Place(b.path, b.op, {"before": a.path}) for a, b in straight_pairs(used) if "embedding" not in a.op
            ),
            "narrow": narrow,
            "sums": sums,
            "initial": self._identical(),
        }

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

    def _weights(
        self, start: Measured, first: dict[str, bool], last: dict[str, bool], inputs: InputNumbers
    ) -> tuple[WeightNumbers, ...]:
        used = ancestors(start.end) if start.end is not None else start.nodes
        rows: list[WeightNumbers] = []
        with torch.no_grad():
            for node in used:
                if node.role not in ("weight", "recurrent", "attention") or not node.data:
                    continue
                name = self._parameters.get(id(node.weight), "") if node.weight is not None else ""
                weight = self.state.original(node.weight) if node.weight is not None else None
                bias = self.state.original(node.bias) if node.bias is not None else None
                second = float(weight.double().pow(2).mean()) if weight is not None else math.nan
                parent = next((p for p in node.parents if p.data), None)
                rows.append(
                    WeightNumbers(
                        path=node.path,
                        op=node.op,
                        depth=node.weight_depth,
                        fan_in=_fan_in(node),
                        fan_out=weight.shape[0] if weight is not None else 0,
                        variance=second * _fan_in(node),
                        bias_mean=float(bias.double().mean()) if bias is not None else 0.0,
                        bias_std=float(bias.double().std(unbiased=False)) if bias is not None else 0.0,
                        second_in=_second(parent.out if parent else None),
                        second_out=_second(node.out),
                        gradient_norm=math.sqrt(start.gradients.get(node.key, 0.0)),
                        trainable=bool(name) and bool(node.weight is not None and node.weight.requires_grad),
                        identical_rows=first.get(name, False),
                        identical_rows_end=last.get(name, False),
                        all_zero=second == 0,
                        last=not reaches(node, ("weight", "recurrent", "attention")),
                        parameter=name,
                    )
                )
        return tuple(rows)

    # -- layers --------------------------------------------------------------------------------------------------------

    def _layers(self, start: Measured, end: Measured, whole: bool) -> tuple[LayerNumbers, ...]:
        rows: list[LayerNumbers] = []
        sites = list(start.sites.items())
        used = {id(n) for n in ancestors(start.end)} if start.end is not None else set[int]()
        enough = start.samples >= ENOUGH or whole
        for key, site in sites:
            node = site.node
            if id(node) not in used:
                continue
            pre = next((p for p in node.parents if p.data), node)
            square = start.gradients.get(pre.key, start.gradients.get(key))
            after = reaches(node, ("weight",))
            following = min(after, key=lambda n: n.index) if after else None
            variance = None
            if following is not None and following.weight is not None:
                original = self.state.original(following.weight)
                variance = float(original.double().pow(2).mean()) * _fan_in(following)
            slope = site.shape.slope_second(site.mean, site.std)
            source = source_of(pre, ("view", "dropout", "norm", "affine"))
            own = source if source.role == "weight" else None
            last = end.sites.get(key)
            bias = self.state.original(own.bias) if own is not None and own.bias is not None else None
            norm = pre if pre.role == "norm" else None
            if norm is not None:
                bias = self._norm_bias(norm)
            c = likeness(pre) if site.shape.dead_type else 0.0
            gradient = math.sqrt(square) if square is not None else None
            bins = site.bins.tolist() if site.bins is not None else []
            rows.append(
                LayerNumbers(
                    path=node.path,
                    kind=node.op,
                    role=role_of(node),
                    depth=node.depth,
                    samples=site.samples,
                    units=site.units,
                    dead_share=site.dead_share if enough else 0.0,
                    dead_share_end=last.dead_share if enough and last is not None else 0.0,
                    expected_dead_share=expected_dead_share(c, site.samples) if site.shape.dead_type else 0.0,
                    saturated_share=site.saturated_share,
                    saturated_share_end=last.saturated_share if last is not None else 0.0,
                    saturated_elements=site.saturated_elements,
                    mean=site.mean,
                    std=site.std,
                    second=site.second,
                    histogram=(
                        tuple(int(b) for b in bins),
                        tuple(site.edges.tolist()) if site.edges is not None else (),
                    ),
                    gradient_norm=gradient,
                    weight_variance=variance,
                    slope_second=slope,
                    predicted_gradient_factor=math.sqrt(variance * slope) if variance is not None else None,
                    measured_gradient_factor=None,
                    bias_mean=float(bias.double().mean()) if bias is not None else None,
                    weight_path=norm.path if norm is not None else own.path if own is not None else None,
                    best_slope=site.shape.best_slope,
                    dead_type=site.shape.dead_type,
                    saturating=site.shape.saturating,
                    affine=site.shape.affine,
                )
            )
        hidden = [i for i, row in enumerate(rows) if row.role == "hidden"]
        for this, following in zip(hidden, hidden[1:], strict=False):
            a, b = rows[this].gradient_norm, rows[following].gradient_norm
            if a is not None and b:
                rows[this] = replace(rows[this], measured_gradient_factor=a / b)
        return tuple(rows)

    def _norm_bias(self, node: Node) -> Tensor | None:
        module = dict(self.case.model.named_modules()).get(node.path)
        bias = getattr(module, "bias", None)
        return self.state.original(bias) if isinstance(bias, Tensor) else None

    # -- losses --------------------------------------------------------------------------------------------------------

    def _main_loss(self, start: Measured) -> tuple[str, str, int] | None:
        used = {id(n) for n in ancestors(start.end)} if start.end is not None else set[int]()
        return next((key for key, calls in start.losses.items() if id(calls.node) in used), None)

    def _task(self, measured: Measured, main: tuple[str, str, int] | None) -> float:
        values = recompute(measured.losses[main]) if main in measured.losses else measured.total
        return sum(values) / len(values)

    def _task_error(self, measured: Measured, main: tuple[str, str, int] | None) -> float:
        from .losses import standard_error

        return standard_error(recompute(measured.losses[main]) if main in measured.losses else measured.total)

    def _evaluate(self, main: tuple[str, str, int] | None, change: Any = None) -> float:
        calls: LossCalls | None = None
        total: list[float] = []
        with torch.no_grad():
            for value, target in self.batches:
                if change is not None:
                    value, target = change(value, target)
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
        stuck = numbers.learning == "no"
        rose = any(row.dead_share_end - row.dead_share > 0.2 for row in numbers.layers)
        if broke or stuck or rose:
            done += [Trial(f"learning rate / {n}", self._try(main, factor=1 / n)) for n in (10, 100)]
        if stuck and 0 < numbers.update_ratio < 1e-4:
            done.append(Trial("larger learning rate", self._try(main, factor=numbers.customary_factor)))
        if odd_scale(numbers.inputs):
            done.append(Trial("standardised input", self._try(main, change=Standardise(self.batches))))
        regression = next((n for n in numbers.losses if n.name in REGRESSION_LOSSES), None)
        if regression is not None and odd_target(regression) and numbers.trivial:
            std = regression.target_std or 1.0
            mean = regression.target_mean
            loss = self._try(main, change=lambda value, target: (value, (target - mean) / std))
            scale = std if regression.name == "l1_loss" else std**2
            done.append(Trial("standardised target", loss * scale))
        return tuple(done)

    def _try(self, main: tuple[str, str, int] | None, factor: float = 1.0, change: Any = None) -> float:
        self.state.rewind()
        trained = short_training(self.case, self.steps, self.seed, factor, change)
        loss = math.inf if trained.not_finite is not None else self._evaluate(main, change)
        self.state.rewind()
        return loss if math.isfinite(loss) else math.inf

    # -- how far from a straight line ----------------------------------------------------------------------------------

    def _residual(self, start: Measured) -> float:
        """|| f((a+b)/2) - (f(a)+f(b))/2 || / || f(a)-f(b) || over random chords, before the output activation.

        0 for an affine network, also where a norm layer or dropout (evaluation mode) is in it; NaN where it has no meaning.
        """
        modes = [(module, module.training) for module in self.case.model.modules()]
        try:
            self.case.model.eval()
            with torch.no_grad():
                return self._chords(start)
        except (RuntimeError, TypeError, ValueError, IndexError, KeyError):
            return math.nan
        finally:
            for module, mode in modes:
                module.training = mode

    def _chords(self, start: Measured) -> float:
        node = start.output_node
        if node is None:
            return math.nan
        node = source_of(node)
        while node.role in ("softmax", "log_softmax", "activation") and role_of(node) == "output":
            data = [p for p in node.parents if p.data]
            if len(data) != 1:
                break
            node = source_of(data[0])
        value = self.batches[0][0]
        floats = [t for t in tensors_in(value) if t.is_floating_point()]
        if floats and floats[0].shape[0] >= 2:
            ends = [value, _map(value, lambda t: t.roll(1, 0)), _map(value, lambda t: (t + t.roll(1, 0)) / 2)]
            a, b, middle = (self._value_at(node, v) for v in ends)
        else:
            entry = next((n for n in start.nodes if n.op == "embedding" and n.data), None)
            if entry is None or entry.out is None or entry.out.shape[0] < 2:
                return math.nan
            there = entry.out.detach()
            points = [there, there.roll(1, 0), (there + there.roll(1, 0)) / 2]
            a, b, middle = (self._value_at(node, value, (entry.key, p)) for p in points)
        difference = float((a - b).norm())
        if not math.isfinite(difference) or difference <= 1e-4 * float(a.norm()):
            return math.nan  # an output this constant is rounding noise in float32
        return float((middle - (a + b) / 2).norm()) / difference

    def _value_at(self, wanted: Node, value: Any, inner: tuple[tuple[str, str, int], Tensor] | None = None) -> Tensor:
        trace = Trace(self.case.model, watch_gradient=False, replace=inner)
        with trace:
            trace.begin(value)
            call_model(self.case.model, value)
        node = next(n for n in trace.nodes if n.key == wanted.key)
        assert node.out is not None
        return node.out.detach().double()


def _fan_in(node: Node) -> int:
    if node.weight is None:
        return 0
    weight = node.weight
    return int(weight.shape[-2] if node.op in ("matmul", "mm", "addmm", "bmm", "rmatmul") else weight[0].numel())


def _second(tensor: Tensor | None) -> float:
    if tensor is None or not tensor.is_floating_point() or tensor.numel() == 0:
        return math.nan
    return float(tensor.detach().double().pow(2).mean())


def _map(value: Any, change: Any) -> Any:
    if isinstance(value, Tensor):
        return change(value) if value.is_floating_point() else value
    if isinstance(value, Mapping):
        return {key: _map(item, change) for key, item in value.items()}  # type: ignore[misc]
    if isinstance(value, (list, tuple)):
        return type(value)(_map(item, change) for item in value)  # type: ignore[misc]
    return value


def _imbalanced(loss: LossNumbers) -> bool:
    present = [count for count in loss.counts if count]
    return len(present) > 1 and max(present) >= 10 * min(present)


def feature_axis(t: Tensor) -> int:
    """The axis of features: channels of pictures, the last otherwise."""
    return 1 if t.dim() >= 4 else t.dim() - 1


class Standardise:
    """(input, target) with every float input shifted and scaled per feature, from the batches given."""

    def __init__(self, batches: list[tuple[Any, Any]]) -> None:
        columns = [[t for t in tensors_in(value) if t.is_floating_point() and t.dim() > 1] for value, _ in batches]
        self.scales: list[tuple[Tensor, Tensor]] = []
        for parts in zip(*columns, strict=False):
            axis = feature_axis(parts[0])
            rows = torch.cat([t.detach().movedim(axis, -1).reshape(-1, t.shape[axis]) for t in parts])
            std = rows.std(0, unbiased=False)
            self.scales.append((rows.mean(0), torch.where(std > 0, std, torch.ones_like(std))))

    def __call__(self, value: Any, target: Any) -> tuple[Any, Any]:
        left = iter(self.scales)
        return _map(value, lambda t: self._one(t, left)), target

    @staticmethod
    def _one(t: Tensor, left: Any) -> Tensor:
        if t.dim() < 2:
            return t
        mean, std = next(left)
        axis = feature_axis(t)
        return ((t.movedim(axis, -1) - mean) / std).movedim(-1, axis)


def input_numbers(batches: list[tuple[Any, Any]]) -> InputNumbers:
    """The scale of the first float input, over the batches; whether every input and target is finite."""
    bad = next(
        (
            where
            for value, target in batches
            for where, part in (("input", value), ("target", target))
            for t in tensors_in(part)
            if t.is_floating_point() and not bool(torch.isfinite(t).all())
        ),
        "",
    )
    firsts = [next((t for t in tensors_in(value) if t.is_floating_point()), None) for value, _ in batches]
    rows = [
        t.detach().double().movedim(feature_axis(t), -1).reshape(-1, t.shape[feature_axis(t)])
        for t in firsts
        if t is not None and t.dim() > 1
    ]
    if not rows or bad:
        return InputNumbers(1.0, 0.0, 1.0, not bad, bad, 0, not rows)
    table = torch.cat(rows)
    std, mean = table.std(0, unbiased=False), table.mean(0)
    moving = std > 1e-12 * float(table.abs().max() + 1e-300)
    shift = float((mean[moving].abs() / std[moving]).median()) if bool(moving.any()) else 0.0
    spread = float(std[moving].max() / std[moving].median()) if bool(moving.any()) else 1.0
    return InputNumbers(math.sqrt(float(table.pow(2).mean())), shift, spread, True, "", table.shape[1], False)


__all__ = ["NotFinite", "examine", "gather", "nn", "size_of"]
