"""What the rules are given: numbers and names only, no tensors, no modules."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .records import LayerNumbers


@dataclass(frozen=True)
class Producer:
    """A call on the way to the loss, nearest first: what it is, where, along which axis, range, and output's rank."""

    op: str
    role: str
    path: str
    dim: int | None = None
    size: int | None = None
    low: float = -math.inf
    high: float = math.inf
    implicit: bool = False
    rank: int = 0


@dataclass(frozen=True)
class LossNumbers:
    """One recognised loss call: its name, what feeds it, and what its target looks like.

    producers: the calls before it, nearest first, rearrangements skipped. rows_sum_to_one: exp(input) or input
    sums to 1 over the class axis. probabilities: the input itself is not negative and sums to 1 there.
    target_kind: "classes", "numbers", "binary" or "distributions". outside: share of target values outside the
    producer's range. counts: samples per class. weighted: whether class weights were given.
    """

    name: str
    producers: tuple[Producer, ...]
    input_shape: tuple[int, ...]
    target_shape: tuple[int, ...]
    rows_sum_to_one: bool
    probabilities: bool
    target_kind: str
    outside: float
    target_low: float
    target_high: float
    distinct: int
    rows_target_sum: float
    counts: tuple[int, ...]
    counted: bool
    weighted: bool
    trivial: float | None
    start: float
    end: float
    standard_error: float
    recall_start: tuple[float, ...] = ()
    recall_end: tuple[float, ...] = ()
    recall_later: tuple[float, ...] = ()
    balanced_codes: bool = False
    target_mean: float = 0.0
    target_std: float = 1.0


@dataclass(frozen=True)
class WeightNumbers:
    """One weight operation: variance times fan-in, bias, output size, gradient norm at its output, update size."""

    path: str
    op: str
    depth: int
    fan_in: int
    fan_out: int
    variance: float
    bias_mean: float
    bias_std: float
    second_in: float
    second_out: float
    gradient_norm: float
    trainable: bool
    identical_rows: bool
    identical_rows_end: bool
    all_zero: bool
    last: bool
    parameter: str = ""


@dataclass(frozen=True)
class Place:
    """A place in the computation where something structural happens: the path, the call, and a number or a word."""

    path: str
    op: str
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Trial:
    """A short training under one change, from the same start: its final task loss (infinite if it broke)."""

    change: str
    loss_end: float


@dataclass(frozen=True)
class InputNumbers:
    """The input's scale, over samples.

    rms: root mean square. shift: the median over features of |mean| / deviation. spread: the largest deviation
    over the median one; features that hardly vary carry nothing and do not count. tokens: integer input.
    symbols: of how many kinds its parts are, where it is looked up in an embedding or one-hot, else 0.
    """

    rms: float
    shift: float
    spread: float
    finite: bool
    first_bad: str
    features: int
    tokens: bool
    symbols: int = 0


@dataclass(frozen=True)
class PrecisionNumbers:
    """What 16-bit formats cost.

    weights: the format of the narrowest trainable weights, "float16" or "bfloat16", or "". peak: the largest finite
    value in float16, at `peak_at`. overflow: the first float16 call that gave an infinity from finite inputs.
    lost_gradients: per weight operation with float16 gradients, the share of gradient elements that are zero and are
    not when the loss is multiplied by 1024. lost_updates: the share of 16-bit weight elements with a gradient that a
    step leaves as they were, the median over steps. vanished_eps: the optimiser's eps where the weights' format
    rounds it to 0.
    """

    weights: str = ""
    peak: float = 0.0
    peak_at: str = ""
    overflow: Place | None = None
    lost_gradients: tuple[Place, ...] = ()
    lost_updates: float = 0.0
    vanished_eps: float | None = None


@dataclass(frozen=True)
class NotFinite:
    """The first call whose input was finite and whose output, or gradient, was not, and that one's number format."""

    phase: str
    step: int
    path: str
    op: str
    value: str
    format: str = ""


@dataclass(frozen=True)
class Numbers:
    """Everything gathered about one case."""

    layers: tuple[LayerNumbers, ...]
    weights: tuple[WeightNumbers, ...]
    losses: tuple[LossNumbers, ...]
    inputs: InputNumbers
    samples: int
    steps: int
    task: str | None
    curve: tuple[float, ...]
    task_start: float
    task_end: float
    trivial: float | None
    standard_error: float
    update_ratio: float
    residual_start: float
    residual_end: float
    weight_operations: int
    reduced_rank: bool
    output_spread_start: float
    output_spread_end: float
    hidden_softmax: tuple[Place, ...]
    blocked: tuple[Place, ...]
    gates: tuple[Place, ...]
    through_time: tuple[Place, ...]
    straight: tuple[Place, ...]
    not_finite: NotFinite | None
    trials: tuple[Trial, ...]
    steps_done: int
    narrow_bound: float
    learning_rate: float
    optimizer: str
    residual_blocks: int
    precision: PrecisionNumbers = field(default_factory=PrecisionNumbers)
    unused: tuple[Place, ...] = ()
    plain_dropout: tuple[Place, ...] = ()

    @property
    def drop(self) -> float:
        """The share of the trivial (or first) task loss that the short training removed; negative when it grew."""
        reference = self.trivial if self.trivial is not None else self.task_start
        if not math.isfinite(self.task_end) or not math.isfinite(reference) or reference <= 0:
            return -math.inf if not math.isfinite(self.task_end) else 0.0
        return (reference - self.task_end) / reference

    @property
    def learning(self) -> str:
        """ "yes" if the task loss fell clearly below what a constant output reaches, "no" if it did not, or "unclear".

        Clearly: by more than two standard errors and a tenth; not: by less than two standard errors or a fiftieth. A
        loss that is still above but has come more than half of the way down is on its way, which is unclear too.
        """
        if math.isnan(self.task_start) and self.not_finite is None:  # nobody told the loss
            return "unclear"
        if math.isinf(self.task_end):
            return "no"
        reference = self.trivial if self.trivial is not None else self.task_start
        margin = 2 * self.standard_error / reference if reference > 0 else 0.0
        if self.drop > max(margin, 0.1):
            return "yes"
        if self.task_end > 1.1 * reference and self.task_end - reference < 0.5 * (self.task_start - reference):
            return "unclear"
        return "no" if self.drop < max(margin, 0.02) else "unclear"

    @property
    def customary_factor(self) -> float:
        """The power of ten that would bring the relative update per step nearest to the customary 1e-3.

        Ten times that where both were tried and it went further.
        """
        factor = 10.0 ** round(math.log10(1e-3 / self.update_ratio)) if self.update_ratio > 0 else 1.0
        less, more = self.trial("larger learning rate"), self.trial("much larger learning rate")
        return 10 * factor if less is not None and more is not None and more < less else factor

    def trial(self, change: str) -> float | None:
        """The final task loss under a change that was tried, or None."""
        return next((trial.loss_end for trial in self.trials if trial.change == change), None)

    def trial_helps(self, change: str) -> bool:
        """Whether the change, at the same budget, makes the difference.

        It at least doubles the drop of the loss and adds a tenth of it; or, where the loss stays above twice what a
        constant output gets, it comes down to that (within a tenth).
        """
        loss = self.trial(change)
        reference = self.trivial if self.trivial is not None else self.task_start
        if loss is None or not math.isfinite(loss) or reference <= 0:
            return False
        if self.task_end > 2 * reference and loss < 1.1 * reference:
            return True
        gained = (reference - loss) / reference
        return gained > 2 * max(self.drop, 0.0) and gained - max(self.drop, 0.0) > 0.1


# What the rules are given before anything has been measured: none of them finds fault with it.
NOTHING = Numbers(
    layers=(),
    weights=(),
    losses=(),
    inputs=InputNumbers(rms=1.0, shift=0.0, spread=1.0, finite=True, first_bad="", features=0, tokens=False),
    samples=0,
    steps=0,
    task=None,
    curve=(),
    task_start=math.nan,
    task_end=math.nan,
    trivial=None,
    standard_error=0.0,
    update_ratio=0.0,
    residual_start=math.nan,
    residual_end=math.nan,
    weight_operations=0,
    reduced_rank=False,
    output_spread_start=math.nan,
    output_spread_end=math.nan,
    hidden_softmax=(),
    blocked=(),
    gates=(),
    through_time=(),
    straight=(),
    not_finite=None,
    trials=(),
    steps_done=0,
    narrow_bound=0.0,
    learning_rate=0.0,
    optimizer="",
    residual_blocks=0,
)


def odd_scale(inputs: InputNumbers) -> bool:
    """Whether the input is far from unit scale: 10 times too large or small, off centre by 3 deviations, or uneven.

    A factor 10 in the input is a factor 100 in the pre-activations' variance, which no default initialisation absorbs.
    Symbols have no scale: a one-hot row picks a column of the first weight, as an embedding does.
    """
    if inputs.tokens or inputs.symbols or not inputs.finite:
        return False
    return not 0.1 <= inputs.rms <= 10 or inputs.shift > 3 or inputs.spread > 100


RATIO = 10  # most to least common class, as in SageMaker Debugger and deepchecks


def uneven(numbers: Numbers, loss: LossNumbers) -> bool:
    """Whether a class is RATIO times rarer than another, other than by the nature of the task.

    A model that reads as many kinds of symbols as there are classes predicts the next symbols of a text: their
    frequencies are what it has to learn.
    """
    present = [count for count in loss.counts if count]
    return len(present) > 1 and max(present) >= RATIO * min(present) and len(loss.counts) != numbers.inputs.symbols


def odd_target(loss: LossNumbers) -> bool:
    """Whether a regression target is far from unit scale: mean above 10 deviations, or deviation off by 100."""
    if not loss.target_std > 0:
        return False
    return abs(loss.target_mean) > 10 * loss.target_std or not 0.01 <= loss.target_std <= 100
