"""How often is a doctor right about a sick program and silent about a healthy one, beside packages a user might pick?

Prediction: ours names the fault first in all specimens and is silent on all twins, which proves little, because its
tests demand just that; torchdiag, torch-audit and torchmortem, which look at zeros, norms and NaN, flag under two
thirds of the faults, seldom the right one first, and torchmortem flags most twins.

Programs: the specimens of `tests/specimens` (a fault and its healthy twin for every rule that may alarm); dead units
behind an activation that is a module, shared, functional, in place, wrapped, compiled, under autocast and
checkpointed, each with a twin; the three architectures of `examples`. Each package is used as its documentation says,
over 50 steps. An alarm is what a package itself calls a warning or worse; torch-audit's remarks on speed do not count.
The first finding is right if `MEANS` takes it for the fault, read in the package's favour. Seconds are processor time
per program. One row per package and group: results/doctors.jsonl.
"""

from __future__ import annotations

import contextlib
import io
import logging
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module, metadata
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch
from measuring import append, options, provenance
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from actlab.doctor import Case, examine, load_case

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests.doctor.test_specimens import CAUSES, NOTES, SPECIMENS  # noqa: E402
from tests.specimens.formats import Autocast  # noqa: E402
from tests.specimens.programs import CLASSES, FEATURES, classify  # noqa: E402

STEPS = 50
ARCHITECTURES = {
    "small_resnet": "growing-activations",
    "small_gpt": "softmax-wrong-dim",
    "lstm": "saturated-units",
}


class Program(NamedTuple):
    """A training program and the findings that are right for it; none for a healthy one."""

    name: str
    build: Callable[[], Case]
    right: frozenset[str] = frozenset()


# -- activations in all their forms -----------------------------------------------------------------------------------


class Net(nn.Module):
    """Two hidden layers with these activations; the bias of the second."""

    def __init__(self, bends: Sequence[Callable[[Tensor], Tensor]], bias: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second, self.last = nn.Linear(FEATURES, 32), nn.Linear(32, 32), nn.Linear(32, CLASSES)
        nn.init.constant_(self.second.bias, bias)
        modules = [bend for bend in bends if isinstance(bend, nn.Module)]
        self.bends = nn.ModuleList(modules) if modules else bends

    def forward(self, x: Tensor) -> Tensor:
        """Features to scores."""
        one, two = self.bends
        return self.last(two(self.second(one(self.first(x)))))


class Wrapped(nn.Module):
    """A module of the user's own that calls the function."""

    def forward(self, x: Tensor) -> Tensor:
        """relu."""
        return torch.relu(x)


class Checkpointed(nn.Module):
    """A network computed a second time on the way back."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        """The network."""
        return checkpoint(self.net, x, use_reentrant=False)


def plain(bias: float) -> Net:
    """An activation module for each layer."""
    return Net([nn.ReLU(), nn.ReLU()], bias)


FORMS: Mapping[str, Callable[[float], nn.Module]] = {
    "module": plain,
    "shared": lambda bias: Net([nn.ReLU()] * 2, bias),
    "functional": lambda bias: Net([F.relu] * 2, bias),
    "in place": lambda bias: Net([nn.ReLU(inplace=True), nn.ReLU(inplace=True)], bias),
    "wrapped": lambda bias: Net([Wrapped(), Wrapped()], bias),
    "compiled": lambda bias: torch.compile(plain(bias), backend="eager"),  # pyright: ignore[reportReturnType]
    "autocast": lambda bias: Autocast(plain(bias), torch.bfloat16),
    "checkpointed": lambda bias: Checkpointed(plain(bias)),
}


def groups() -> dict[str, list[Program]]:
    """All programs, sick and healthy apart."""
    pairs = {name: pair for name, pair in SPECIMENS.items() if name not in NOTES}
    right = {name: frozenset({name, *CAUSES.get(name, ())}) for name in pairs}
    dead = frozenset(("dead-units", "poor-initialisation"))
    forms = [(name, lambda bias, make=make: classify(make(bias))) for name, make in FORMS.items()]
    files = {name: f"{ROOT / 'examples' / name}.py" for name in ARCHITECTURES}
    return {
        "specimens, sick": [Program(name, sick, right[name]) for name, (sick, _) in pairs.items()],
        "specimens, healthy": [Program(name, twin) for name, (_, twin) in pairs.items()],
        "forms, sick": [Program(name, lambda make=make: make(-10.0), dead) for name, make in forms],
        "forms, healthy": [Program(name, lambda make=make: make(0.0)) for name, make in forms],
        "architectures, sick": [
            Program(name, lambda file=file: load_case(f"{file}:fault"), frozenset({ARCHITECTURES[name]}))
            for name, file in files.items()
        ],
        "architectures, healthy": [
            Program(name, lambda file=file: load_case(f"{file}:case")) for name, file in files.items()
        ],
    }


# -- the doctors ------------------------------------------------------------------------------------------------------


def training(case: Case) -> tuple[nn.Module, torch.optim.Optimizer, list[tuple[Any, Any]]]:
    """The model, its optimiser and the batches of STEPS steps."""
    torch.manual_seed(0)
    make = case.optimizer or (lambda parameters: torch.optim.Adam(parameters, lr=1e-3))
    batches: list[tuple[Any, Any]] = []
    while len(batches) < STEPS:
        batches += list(islice(case.data, STEPS - len(batches)))
    return case.model, make(case.model.parameters()), batches


def ours(case: Case) -> list[str]:
    """The alarms of `actlab.examine`."""
    return [alarm.name for alarm in examine(case, STEPS).alarms]


def torchdiag(case: Case) -> list[str]:
    """`check_dead_neurons` on 1000 samples at both ends, `verify_step` and `check_gradients` at every tenth step."""
    package = import_module("torchdiag")
    model, optimizer, batches = training(case)
    many = torch.cat([x for x, _ in batches[:16]])
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        package.check_dead_neurons(model, many)
        for step, (x, y) in enumerate(batches):
            if step % 10 == 0:
                package.verify_step(model, optimizer, case.loss, x, y)
                package.check_gradients(model)
            else:
                optimizer.zero_grad()
                case.loss(model(x), y).backward()
                optimizer.step()
        package.check_dead_neurons(model, many)
    lines = [line.strip() for line in told.getvalue().splitlines()]
    return list(dict.fromkeys(line for line in lines if line.startswith("•")))


def torch_audit(case: Case) -> list[str]:
    """An `Auditor` around the training, at every tenth step, the most severe findings first."""
    package = import_module("torch_audit")
    model, optimizer, batches = training(case)
    auditor = package.Auditor(model, optimizer=optimizer, every_n_steps=10)
    with auditor:
        auditor.audit_static()
        auditor.audit_init()
        for x, y in batches:
            optimizer.zero_grad()
            auditor.backward(case.loss(auditor.forward(x), y))
            auditor.optimizer_step()
    result = auditor.finish()
    rules = result.rules
    found = [f for f in result.findings if f.severity >= package.Severity.WARN and f.rule_id != "TA000"]
    found = [f for f in found if rules[f.rule_id].category != "Performance"]
    found.sort(key=lambda f: f.severity, reverse=True)
    return list(dict.fromkeys(rules[f.rule_id].title for f in found))


def torchmortem(case: Case) -> list[str]:
    """An `Autopsy` around the training, in the order of its report."""
    package = import_module("torchmortem")
    model, optimizer, batches = training(case)
    with package.Autopsy(model, optimizer=optimizer) as autopsy:
        for x, y in batches:
            optimizer.zero_grad()
            loss = case.loss(model(x), y)
            loss.backward()
            optimizer.step()
            autopsy.step(loss=loss.item())
    report = autopsy.get_report()
    found = [f for f in report.findings if f.severity >= package.Severity.WARNING] if report else []
    return list(dict.fromkeys(f.title for f in found))


DOCTORS: Mapping[str, Callable[[Case], list[str]]] = {
    "actlab": ours,
    "torchdiag": torchdiag,
    "torch-audit": torch_audit,
    "torchmortem": torchmortem,
}
# words of a finding of theirs -> the names of ours that it may mean
MEANS: Mapping[str, str] = {
    "dead": "dead-units born-dead-network constant-output poor-initialisation",
    "saturation": "saturated-units saturating-hidden-activation poor-initialisation input-scale",
    "vanish": "vanishing-gradient vanishing-through-time saturating-hidden-activation blocked-gradient mean-shift",
    "stalling": "vanishing-gradient vanishing-through-time blocked-gradient learning-rate-too-low",
    "explo": "exploding-gradient exploding-through-time growing-activations learning-rate-too-high target-scale "
    "input-scale poor-initialisation",
    "divergence": "learning-rate-too-high exploding-gradient exploding-through-time growing-activations not-finite",
    "plateau": "learning-rate-too-low",
    "ratio too low": "learning-rate-too-low lost-updates vanishing-gradient",
    "ratio too high": "learning-rate-too-high",
    "stagnant": "learning-rate-too-low lost-updates",
    "rank collapse": "symmetric-initialisation linear-collapse constant-output mean-shift",
    "finite": "not-finite not-finite-input half-precision-overflow half-precision-underflow",
    "nan": "not-finite not-finite-input half-precision-overflow half-precision-underflow",
    "invalid input": "not-finite-input",
    "data range": "input-scale",
    "no grad": "blocked-gradient",
    "none": "blocked-gradient unused-module",
    "unused": "unused-module",
    "not learning": "blocked-gradient learning-rate-too-low lost-updates",
}


def meant(finding: str) -> set[str]:
    """The names of ours that a finding may mean: one of ours means itself."""
    words = (names.split() for part, names in MEANS.items() if part in finding.lower())
    return {finding, *(name for names in words for name in names)}


def measured(doctor: Callable[[Case], list[str]], programs: Sequence[Program]) -> dict[str, Any]:
    """What a doctor says of a group."""
    alarms: list[str] = []
    right, failed, seconds = 0, list[str](), list[float]()
    for program in programs:
        case = program.build()
        start = time.process_time()
        try:
            found = doctor(case)
        except Exception as error:  # whatever the package meets
            found = []
            failed.append(f"{program.name}: {type(error).__name__}")
        seconds.append(time.process_time() - start)
        if found:
            alarms.append(program.name)
            right += bool(meant(found[0]) & program.right)
    return {
        "programs": len(programs),
        "alarms": len(alarms),
        "first_right": right if programs[0].right else None,
        "failed": failed,
        "seconds_median": round(statistics.median(seconds), 2),
        "seconds_most": round(max(seconds), 2),
        "alarmed": alarms,
    }


def main() -> None:
    """Ask every doctor that is installed about every program, print the table, add the rows."""
    asked = options(__doc__).parse_args()
    torch.set_num_threads(asked.threads)
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    about = provenance(asked.threads)
    print(f"{'':24s}{'':12s}{'alarms':>9s}{'first right':>13s}{'failed':>8s}{'seconds, median and most':>26s}")
    for group, programs in groups().items():
        for name, doctor in DOCTORS.items():
            try:
                import_module(name.replace("-", "_"))
            except ImportError as error:
                print(f"{group:24s}{name:12s} not asked: {error}")
                append("doctors", {**about, "package": name, "group": group, "missing": str(error)}, asked.into)
                continue
            row = measured(doctor, programs)
            append(
                "doctors",
                {**about, "package": name, "version": metadata.version(name), "group": group, "steps": STEPS, **row},
                asked.into,
            )
            share = f"{row['alarms']}/{row['programs']}"
            first = "" if row["first_right"] is None else f"{row['first_right']}/{row['programs']}"
            print(
                f"{group:24s}{name:12s}{share:>9s}{first:>13s}{len(row['failed']):8d}"
                f"{row['seconds_median']:17.2f}{row['seconds_most']:9.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
