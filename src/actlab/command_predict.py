"""The command `actlab predict`; `cli.py` holds the others."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from .command_line import command
from .report.files import suffix
from .report.voice import Voice


@command("predict")
def predict(
    voice: Voice,
    *,
    target: Annotated[str, typer.Argument(metavar="FILE.py:FUNCTION")],
    save: Annotated[list[str] | None, typer.Option("--save", metavar="FILE")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
) -> None:
    """Say before training what signal and gradient do with depth, on the first batch of a case."""
    for path in save or ():
        suffix(path, (".svg", ".png", ".html", ".json"))
    from .doctor import load_case
    from .doctor import predict as foresee
    from .doctor.predict import first_input
    from .report import prediction

    with voice.busy("busy.predict"):
        case = load_case(target)
        found = foresee(case.model, first_input(case), seed, case.name)
    voice.save(save or (), {ending: partial(write, found, voice.lang) for ending, write in prediction.WRITERS.items()})
    voice.tell(lambda width: prediction.terminal(found, voice.lang, width), found.to_json)
