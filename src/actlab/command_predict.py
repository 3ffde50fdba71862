"""The commands `actlab predict` and `actlab memory`, which look at a model before it is trained."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Annotated, Any

import typer

from .command_line import command
from .report.files import suffix
from .report.voice import Voice

Target = Annotated[str, typer.Argument(metavar="FILE.py:FUNCTION")]
Save = Annotated[list[str] | None, typer.Option("--save", metavar="FILE")]
Seed = Annotated[int, typer.Option("--seed", min=0)]


@command("predict")
def predict(voice: Voice, *, target: Target, save: Save = None, seed: Seed = 0) -> None:
    """Say before training what signal and gradient do with depth, on the first batch of a case."""
    from .report import prediction

    _looked(voice, "predict", prediction, target, save=save or [], seed=seed)


@command("memory")
def memory(voice: Voice, *, target: Target, save: Save = None, seed: Seed = 0) -> None:
    """Count, before training, what is kept for the backward pass and what each mode would save."""
    from .report import memory as told

    _looked(voice, "memory", told, target, save=save or [], seed=seed)


def _looked(voice: Voice, look: str, told: ModuleType, target: str, *, save: list[str], seed: int) -> None:
    """Look at the model of a case in one of the doctor's ways, and tell it in the way of a part of the report."""
    for path in save:
        suffix(path, tuple(told.WRITERS))
    from . import doctor
    from .doctor.predict import first_input

    with voice.busy(f"busy.{look}"):
        case = doctor.load_case(target)
        found: Any = getattr(doctor, look)(case.model, first_input(case), seed, case.name)
    voice.save(save, {ending: partial(write, found, voice.lang) for ending, write in told.WRITERS.items()})
    voice.tell(lambda width: told.terminal(found, voice.lang, width), found.to_json)
