"""Try prescriptions one at a time on a copy, and accept only what is proved against two controls."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from .cures import CURES, carry_out
from .gather import examine
from .metrics import metric_of
from .passes import set_seed
from .preserve import preserved
from .records import Arm, Attempt, Case, CaseError, Diagnosis, Finding, Margin, Prescription, Repair
from .shortage import told_of_memory
from .trainings import Training, margin, split, train
from .verdict import verdict
from .wrappers import INNER, own_path

SEEDS = 3  # trainings per arm
ROUNDS = 4  # cures that may build on one another
TRIES = 10  # prescriptions examined before the search gives up
STEPS = 200  # optimiser steps of one training where no number of epochs is given
LONGER = 4  # times the budget, for the first prescription that cleared all alarms but was not ahead
EPOCHS = (3, 20)  # and the fewest and most epochs that makes
CONTROLS = {"before": "no repair", "reseeded": "new seed only"}
LOOK = 50  # steps of the short training after which alarms are judged

Progress = Callable[[str, int, int], None]
Plan = tuple[Prescription, ...]


def repair(
    case: Case,
    diagnosis: Diagnosis,
    epochs: int | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Repair:
    """Try the prescriptions of the alarms on copies, root cause first and one at a time, and prove one of them.

    The proof has three arms, each trained with three seeds and the same budget and data order: "no repair"; "new seed
    only" (the rows and columns of every trainable matrix shuffled, which is a fresh draw of the same kind: a constant,
    an orthogonal matrix or a bias of -10 stays one); "repaired". A prescription is accepted when the alarm it was made
    for is gone, no other is left, and the held-out metric beats both controls by more than two standard errors; where
    the metric is neither better nor worse, the held-out loss may decide. What fails is rolled back and the next is
    tried. Programs with two faults: where a prescription clears its alarm and another alarm remains, the cures of that
    one are tried on top of it (up to four deep), and the whole is proved. A repaired training that is not ahead with
    the first seed is not given the others.

    epochs: per training; by default about 200 optimiser steps, 3 to 20 epochs, and where that proves nothing four
    times as many for the first prescription that cleared all alarms. seed: the first of the three. progress:
    called with ("before", "reseeded" or "after", finished epochs, epochs). Nothing of the user's is changed before
    `Repair.apply`. Without held-out data every fourth batch of a list is held out; other data are judged on what was
    trained on. An interrupt returns what is known so far, marked interrupted. Raises ValueError for epochs below 1.
    """
    if epochs is not None and epochs < 1:
        raise ValueError(f"epochs must be at least 1, not {epochs}")
    search = _Search(case, diagnosis, epochs, diagnosis.seed if seed is None else seed, progress)
    with told_of_memory(case), preserved(case.model, case.data):
        case.model.train()
        try:
            search.run()
        except KeyboardInterrupt:
            search.interrupted = True
        return search.result()


def applied(case: Case, prescriptions: Iterable[Prescription], seed: int) -> Case:
    """Carry prescriptions out on the case's own model, drawing from `seed`; the global random state stays."""
    with preserved(nn.Module(), case.data):
        set_seed(seed)
        cured = carry_out(case, prescriptions)
    if cured is None:
        raise CaseError("the repair no longer fits the model; it was changed since the repair was made: examine again")
    return cured.case


class _Search:
    """The state of one repair: trainings so far, what was tried, and what was accepted."""

    def __init__(
        self, case: Case, diagnosis: Diagnosis, epochs: int | None, seed: int, progress: Progress | None
    ) -> None:
        self.whole, self.case, self.diagnosis, self.progress = case, split(case), diagnosis, progress
        self.patient = epochs is None
        self.epochs = _budget(self.case) if epochs is None else epochs
        self.seeds = tuple(seed + i for i in range(SEEDS))
        self.metric, self.metric_name = metric_of(self.case, diagnosis)
        self.judged_by = case.loss
        self.arms: dict[str, list[Training]] = {"before": [], "reseeded": [], "after": []}
        self.tried: list[Attempt] = []
        self.unproved: list[tuple[Plan, int]] = []
        self.accepted: Plan = ()
        self.margins: tuple[Margin, ...] = ()
        self.left = tuple(finding.name for finding in diagnosis.alarms)
        self.model: nn.Module | None = None
        self.original: nn.Module | None = None
        self.interrupted = False
        self._seen: set[str] = set()

    def run(self) -> None:
        """Train the original once, then search; what cleared all alarms but was not ahead gets one longer chance."""
        self._control("before", 1)
        if self._search((), self.diagnosis) or not self.unproved or not self.patient:
            return
        plan, at = self.unproved[0]
        self.epochs *= LONGER
        self.original = None
        self.arms = {"before": [], "reseeded": [], "after": []}
        self._prove(plan, at)

    # -- the search ----------------------------------------------------------------------------------------------------

    def _search(self, plan: Plan, found: Diagnosis) -> bool:
        """Whether a prescription for one of the alarms, on top of `plan`, was proved."""
        for finding, prescription in _candidates(found):
            longer = (*plan, prescription)
            key = str([(p.action, p.settings, p.changes) for p in longer])
            if key in self._seen or len(self._seen) >= TRIES:
                continue
            self._seen.add(key)
            if self._try(longer, finding):
                return True
        return False

    def _try(self, plan: Plan, finding: Finding) -> bool:
        """Carry a plan out, look again, and prove it or go deeper; anything else is rolled back."""
        outcome, found = self._look(plan, finding)
        left = tuple(alarm.name for alarm in found.alarms) if found is not None else ()
        attempt = Attempt(finding.name, plan[-1], outcome, left)
        self.tried.append(attempt)
        if found is None or outcome != "kept":
            return False
        at = len(self.tried) - 1
        if not found.healthy:
            self.tried[at] = replace(attempt, outcome="alarm stays")  # unless what is tried on top of it is proved
            return len(plan) < ROUNDS and self._search(plan, found)
        if not self._prove(plan, at):
            self.unproved.append((plan, at))
        return bool(self.accepted)

    def _look(self, plan: Plan, finding: Finding) -> tuple[str, Diagnosis | None]:
        """What a plan does to the alarm it was made for: an outcome, and the new diagnosis."""
        if plan[-1].action not in CURES:
            return "by hand", None
        try:
            with preserved(self.whole.model, self.whole.data):
                set_seed(self.seeds[0])
                cured = carry_out(self.whole, plan)
                if cured is None:
                    return "by hand", None
                found = examine(cured.case, max(self.diagnosis.steps, LOOK), self.diagnosis.seed)
        except Exception:  # whatever the user's code says to a changed model
            return "fails", None
        stays = _same(finding) in {_same(alarm) for alarm in found.alarms}
        return ("alarm stays" if stays else "kept"), found

    # -- the proof -----------------------------------------------------------------------------------------------------

    def _prove(self, plan: Plan, at: int) -> bool:
        """Accept the plan, the attempt number `at`, if it beats both controls."""
        margins = self._trained(plan)
        proved = len(self.arms["after"]) == SEEDS and all(m.better for m in margins)
        outcome = "proved" if proved else "not better" if margins else "fails"
        self.tried[at] = replace(self.tried[at], outcome=outcome, margins=margins)
        if proved:
            self.accepted, self.margins, self.left = plan, margins, ()
            self.tried = [replace(a, outcome="kept") if a.prescription in plan[:-1] else a for a in self.tried]
        return proved

    def _trained(self, plan: Plan) -> tuple[Margin, ...]:
        """The margins that decide; empty where the program does not run, of one seed where that one is not ahead."""
        margins: list[Margin] = []
        after = self.arms["after"] = list[Training]()
        for count in (1, SEEDS):
            self._control("before", count)
            self._control("reseeded", count)
            while len(after) < count:
                if not self._train_repaired(plan, after):
                    return ()
            margins = self._margins()
            if not any(all(m.difference > 0 for m in margins if m.by == by) for by in ("metric", "loss")):
                break
        return _deciding(margins)

    def _margins(self) -> list[Margin]:
        """Against each control, by metric and by loss, over the seeds that the repaired arm has."""
        ours = {by: self._judged("after", by) for by in ("metric", "loss")}
        return [
            margin(name, by, mine, self._judged(arm, by)[: len(mine)])
            for by, mine in ours.items()
            for arm, name in CONTROLS.items()
        ]

    def _judged(self, arm: str, by: str) -> list[list[float]]:
        """Each training of an arm by the metric, or by the loss that suits original and repaired program alike."""
        yardstick = self.metric if by == "metric" else self.judged_by
        finished = [training for training in self.arms[arm] if training.answers is not None]
        return [training.judged(lambda output, target: float(yardstick(output, target))) for training in finished]

    def _control(self, arm: str, count: int) -> None:
        while len(self.arms[arm]) < count:
            seed = self.seeds[len(self.arms[arm])]
            with preserved(self.case.model, self.case.data):
                if arm == "reseeded":
                    reseed(self.case.model, seed)
                self._train(arm, self.case, seed)
                if self.original is None:
                    self.original = _copied(self.case.model)

    def _train_repaired(self, plan: Plan, after: list[Training]) -> bool:
        """One training of the repaired program; False when it does not run."""
        seed = self.seeds[len(after)]
        try:
            with preserved(self.case.model, self.case.data):
                set_seed(seed)
                cured = carry_out(self.case, plan)
                if cured is None:
                    return False
                self.judged_by = cured.judged_by
                self._train("after", cured.case, seed)
                if len(after) == 1:
                    self.model = _copied(cured.case.model)
        except Exception:
            return False
        return True

    def _train(self, arm: str, case: Case, seed: int) -> None:
        training = Training()
        self.arms[arm].append(training)
        done, progress = self.epochs * (len(self.arms[arm]) - 1), self.progress

        def told(epoch: int) -> None:
            if progress is not None:
                progress(arm, done + epoch, self.epochs * SEEDS)

        train(case, self.epochs, seed, training, self.metric, told=told)

    # -- the record ----------------------------------------------------------------------------------------------------

    def result(self) -> Repair:
        """What is known now, as a record."""
        accepted = bool(self.accepted) and not self.interrupted
        before = self.arms["before"][0] if self.arms["before"] else Training()
        shown = self.arms["after"][0] if self.arms["after"] and (accepted or self.interrupted) else before
        model = self.model if accepted and self.model is not None else self.original or _copied(self.whole.model)
        arms = tuple(
            Arm(
                name,
                self.seeds[: len(scores)],
                *(tuple(t[0] for t in each) for each in (scores, self._judged(arm, "loss"))),
            )
            for arm, name in {**CONTROLS, **({"after": "repaired"} if accepted else {})}.items()
            if (scores := self._judged(arm, "metric"))
        )
        known = Repair(
            model=model,
            changes=tuple(c for p in self.accepted for c in _own(p).changes) if accepted else (),
            before=before.curve(self.metric_name),
            after=shown.curve(self.metric_name),
            accepted=accepted,
            left=self.left,
            reasons={},
            interrupted=self.interrupted,
            advice=tuple(_own(a.prescription) for a in self.tried if a.outcome == "by hand") if not accepted else (),
            arms=arms,
            margins=self.margins,
            tried=tuple(replace(a, prescription=_own(a.prescription)) for a in self.tried),
            prescriptions=self.accepted if accepted else (),
            case=self.whole,
            seed=self.seeds[0],
        )
        return replace(known, reasons=verdict(known, judged_as_trained=self.case.held_out is None))


def _candidates(found: Diagnosis) -> Iterator[tuple[Finding, Prescription]]:
    for finding in found.alarms:
        for prescription in finding.prescriptions:
            yield finding, prescription


def _same(finding: Finding) -> tuple[Any, ...]:
    """What makes two alarms the same one: name, places in the user's own model, and the call where one is named."""
    return finding.name, tuple(map(own_path, finding.where)), finding.evidence.get("call")


def _own(prescription: Prescription) -> Prescription:
    """A prescription that names places as they are in the user's own model."""
    changes = tuple(replace(change, path=own_path(change.path)) for change in prescription.changes)
    return replace(prescription, changes=changes, code=prescription.code.replace(INNER, ""))


def _deciding(margins: Sequence[Margin]) -> tuple[Margin, ...]:
    """The margins by the metric; by the loss, where the metric is nowhere worse and the loss is better everywhere."""
    metric, loss = (tuple(m for m in margins if m.by == by) for by in ("metric", "loss"))
    by_loss = all(m.better for m in loss) and not any(m.worse for m in metric) and not all(m.better for m in metric)
    return loss if by_loss else metric


def _budget(case: Case) -> int:
    data: Any = case.data
    steps = len(data) if hasattr(data, "__len__") else sum(1 for _ in data)
    return min(max(EPOCHS[0], math.ceil(STEPS / max(steps, 1))), EPOCHS[1])


def reseed(model: nn.Module, seed: int) -> None:
    """A fresh draw of the same kind: rows and columns of every trainable matrix shuffled; all else stays."""
    chance = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.requires_grad and weight.dim() >= 2:
                rows, columns = (torch.randperm(weight.shape[axis], generator=chance) for axis in (0, 1))
                weight.copy_(weight[rows][:, columns])


def _copied(model: nn.Module) -> nn.Module:
    """A copy of a trained model; tensors that a forward pass left as attributes are freed of their graph first."""
    model.eval()
    for module in model.modules():
        for name, value in list(vars(module).items()):
            if isinstance(value, Tensor) and not value.is_leaf:
                object.__setattr__(module, name, value.detach())
    try:
        return copy.deepcopy(model)
    except (RuntimeError, TypeError) as error:
        raise CaseError(
            f"the model cannot be copied ({str(error).splitlines()[0]}); repair works on copies: make the model's "
            "attributes such that copy.deepcopy(model) works"
        ) from error
