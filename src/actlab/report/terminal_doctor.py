"""A diagnosis and a repair told in a terminal: root cause first, measurement beside theory, cures as diffs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .doctor_rows import (
    COLUMNS,
    WORDS,
    arm_rows,
    cures,
    ends,
    held_out,
    layer_rows,
    proof,
    training,
    tried_rows,
    verdict,
)
from .numbers import same_changes, shorten, spark, thinned
from .terminal import DIM, HEAD, fitted, heading, indented, text_of
from .words import join, say, word

if TYPE_CHECKING:
    from ..doctor.records import Change, Diagnosis, Finding, LayerNumbers, Prescription, Repair

_STYLE = {"illness": "bold red", "warning": "yellow", "note": "blue"}


def diagnosis(found: Diagnosis, lang: str, width: int) -> Group:
    """What is wrong, with its numbers, and what to do."""
    parts: list[RenderableType] = [_verdict(found, lang), Text(), _training(found, lang), Text()]
    for at, (finding, given) in enumerate(zip(found.findings, cures(found), strict=True), 1):
        parts += [_finding(at, finding, lang)]
        for cure, earlier in given:
            told = prescription(cure, lang) if earlier is None else Text(say(lang, "doctor.same_cure", at=earlier))
            parts.append(indented(told))
        parts.append(Text())
    if found.layers:
        parts += [heading(say(lang, "doctor.layers")), layers(found.layers, lang, width)]
        parts.append(Text(say(lang, "doctor.layers.legend"), style=DIM))
    return Group(*parts)


def _verdict(found: Diagnosis, lang: str) -> Text:
    mark = ("✓ ", "bold green") if found.healthy else ("✗ ", "bold red")
    name = f"{found.name}{say(lang, 'list.colon')}" if found.name else ""
    return Text.assemble(mark, (name, "bold"), verdict(found, lang))


def _training(found: Diagnosis, lang: str) -> Text:
    return Text.assemble(training(found, lang), (f"  {spark(thinned(found.losses))}", DIM))


def _finding(at: int, finding: Finding, lang: str) -> Group:
    severity = word(lang, "severity", finding.severity)
    title = Text.assemble(
        f"{at}  ", (severity, _STYLE[finding.severity]), "  ", (finding.name, "bold"), (f"  {finding.code}", DIM)
    )
    parts: list[RenderableType] = [title, indented(Text(finding.title[lang], style="italic"))]
    if finding.where:
        places, left = shorten(finding.where)
        told = join(lang, places) + (say(lang, "list.more", count=left) if left else "")
        parts.append(indented(Text(f"{say(lang, 'doctor.where')}{told}", style=DIM)))
    parts.append(indented(Text(finding.explain(lang))))
    return Group(*parts)


def prescription(cure: Prescription, lang: str) -> Group:
    """One cure: why, the diff, and code to paste."""
    parts: list[RenderableType] = [Text.assemble(("→ ", "bold green"), cure.explain(lang))]
    if cure.changes:
        parts.append(indented(diff(cure.changes, lang)))
    if cure.code:
        parts.append(indented(Text(cure.code.rstrip(), style="cyan")))
    return Group(*parts)


def diff(changes: Iterable[Change], lang: str) -> Text:
    """Old and new lines, equal changes of several modules together."""
    told = Text()
    for paths, old, new in same_changes(changes):
        shown, left = shorten(paths, 4)
        places = join(lang, shown) + (say(lang, "list.more", count=left) if left else "")
        told.append(f"@ {places}\n", style=DIM)
        for mark, style, lines in (("-", "red", old), ("+", "green", new)):
            for line in lines.splitlines():
                told.append(f"{mark} {line}\n", style=style)
    told.rstrip()
    return told


def layers(numbers: Sequence[LayerNumbers], lang: str, width: int) -> Table:
    """One row for each layer in forward order; narrow terminals see the columns that decide."""
    return fitted(COLUMNS, WORDS, layer_rows(numbers), lang=lang, width=width)


def _grid(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style=HEAD, padding=(0, 1))
    for title in titles:
        grid.add_column(title, overflow="fold")
    for row in rows:
        grid.add_row(*map(Text, row))
    return grid


def repair(result: Repair, lang: str) -> Group:
    """The verdict, what was changed, the arms of the proof, both courses of training, and what was tried."""
    mark = ("✓ ", "bold green") if result.accepted else ("✗ ", "bold red")
    parts: list[RenderableType] = [heading(say(lang, "repair.title"))]
    parts.append(indented(Text.assemble(mark, result.verdict(lang))))
    if result.changes:
        parts.append(indented(diff(result.changes, lang)))
    if result.arms:
        parts += [Text(), indented(Text(proof(result, lang), style=DIM))]
        titles = ("repair.arm", "", "repair.loss_held_out")
        parts.append(
            _grid([say(lang, key) if key else held_out(result, lang) for key in titles], arm_rows(result, lang))
        )
    courses = [
        (*row, spark(thinned(part.held_out or part.loss)))
        for row, part in zip(ends(result, lang), (result.before, result.after), strict=False)
    ]
    parts.append(_grid(["", say(lang, "repair.loss"), held_out(result, lang), say(lang, "repair.course")], courses))
    if result.tried:
        parts.append(heading(say(lang, "repair.tried")))
        for at, (finding, action, outcome, ahead) in enumerate(tried_rows(result, lang), 1):
            told = f"{say(lang, 'list.colon')}{outcome}" + (f" ({ahead})" if ahead else "")
            parts.append(indented(Text.assemble(f"{at}  {finding} → ", (action, "bold"), told)))
    if result.advice:
        parts.append(heading(say(lang, "repair.advice")))
        parts += [indented(prescription(cure, lang)) for cure in result.advice]
    return Group(*parts)


def whole(found: Diagnosis, result: Repair | None, lang: str, width: int) -> Group:
    """A diagnosis, and the repair if there was one."""
    parts: list[RenderableType] = [diagnosis(found, lang, width)]
    return Group(*parts, *([Text(), repair(result, lang)] if result is not None else []))


def text(found: Diagnosis, lang: str, width: int) -> str:
    """A diagnosis as lines of at most `width` columns."""
    return text_of(whole(found, None, lang, width), width)
