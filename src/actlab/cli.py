"""The commands of the command line: the only file that knows everything.

Data goes to stdout, progress and complaints to stderr. Exit codes: 0 fine, 1 an illness was found or a run failed,
2 usage or bad input, 3 a missing extra, 130 interrupted. Heavy packages load inside the commands that need them.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import command_kernels, command_predict  # noqa: F401  # pyright: ignore[reportUnusedImport]
from .command_entry_memory import show_memory
from .command_line import app, command
from .report.record import text
from .report.voice import Voice
from .report.words import choose, say

if TYPE_CHECKING:
    from .catalogue import Entry

PICTURES, PAGES = (".svg", ".png", ".html", ".json"), (".html", ".json")
Name = Annotated[str, typer.Argument(metavar="NAME")]
Names = Annotated[list[str], typer.Argument(metavar="NAME...")]
Save = Annotated[list[str] | None, typer.Option("--save", metavar="FILE")]
Page = Annotated[str | None, typer.Option("--report", metavar="FILE.html")]
Params = Annotated[list[str] | None, typer.Option("-p", "--param", metavar="NAME=NUMBER")]


def _numbers(entry: Entry, lang: str, given: Sequence[str] | None) -> dict[str, Any]:
    """The parameters of an entry given as name=number, checked."""
    found: dict[str, float] = {}
    for word in given or ():
        key, _, number = word.partition("=")
        try:
            found[key.strip()] = float(number)
        except ValueError:
            raise ValueError(say(lang, "bad.parameter", text=word)) from None
    entry.arguments(found)
    return found


def _named(name: str, voice: Voice, given: Sequence[str] | None) -> tuple[Entry, dict[str, Any]]:
    """The entry of a name, ours or another library's, and its parameters: those the name implies and those given."""
    from .catalogue.naming import resolve

    entry, settings, _ = resolve(name)
    if settings:
        told = ", ".join(f"{key}={value!r}" for key, value in settings.items())
        voice.remark("show.means", name=name, entry=entry.name, settings=told)
    implied = {key: value for key, value in settings.items() if key in entry.parameters}
    return entry, implied | _numbers(entry, voice.lang, given)


def _facts(entry: Entry, **params: Any) -> tuple[Any, dict[str, Any]]:
    """Properties of an entry, and when to use it, for the report."""
    from .advice.usage import use
    from .theory import properties

    told = use(entry)
    return properties(entry, **params), {"when": told.when, "when_not": told.when_not}


def _check(paths: Sequence[str], known: tuple[str, ...]) -> None:
    """Refuse a wrong ending before any work starts."""
    from .report.files import suffix

    for path in paths:
        suffix(path, known)


@command("list")
def list_(
    voice: Voice,
    family: Annotated[str | None, typer.Option("--family", metavar="FAMILY")] = None,
    library: Annotated[str | None, typer.Option("--library", metavar="LIBRARY")] = None,
) -> None:
    from .catalogue.lookup import entry, names
    from .catalogue.naming import described, names_of, parts_of
    from .report import record, terminal

    if library is not None:
        meanings = {f"{part}:{name}": each for part in parts_of(library) for name, each in names_of(part).items()}
        kept = {name: each for name, each in meanings.items() if family in (None, entry(each.entry).family)}
        rows = [(name, described(each)) for name, each in kept.items()]
        voice.tell(
            lambda width: terminal.pairs(rows, widest=48),
            lambda: {name: {**each._asdict(), "settings": dict(each.settings)} for name, each in kept.items()},
        )
        return
    entries = [entry(name) for name in names(family=family)]
    voice.tell(lambda width: terminal.listing(entries, voice.lang), lambda: [record.brief(each) for each in entries])


@command("show")
def show(
    voice: Voice,
    name: Name,
    param: Params = None,
    save: Save = None,
    memory: Annotated[bool, typer.Option("--memory")] = False,
) -> None:
    from .report import curve_pictures, html, record, terminal

    entry, params = _named(name, voice, param)
    if memory:
        return show_memory(voice, entry, params, save or ())
    _check(save or (), PICTURES)
    facts, usage = _facts(entry, **params)
    writers: dict[str, Callable[[], str | bytes]] = {
        ".svg": lambda: curve_pictures.curve(entry, voice.lang, **params).svg(),
        ".png": lambda: curve_pictures.curve(entry, voice.lang, **params).png(),
        ".html": lambda: html.entry_page(entry, facts, usage, voice.lang, params),
        ".json": lambda: text(record.full(entry, facts, usage)),
    }
    voice.save(save or (), writers)
    voice.tell(
        lambda width: terminal.show(entry, facts, usage, lang=voice.lang, width=width, params=params),
        lambda: record.full(entry, facts, usage),
    )


@command("table")
def table(voice: Voice, names: Names, save: Save = None) -> None:
    from .catalogue.naming import resolve
    from .report import curve_pictures, html, record, terminal

    entries = list(dict.fromkeys(resolve(name).entry for name in names))
    _check(save or (), PICTURES)
    told = [_facts(entry) for entry in entries]
    facts = [each for each, _ in told]
    records = [record.full(entry, *each) for entry, each in zip(entries, told, strict=True)]
    writers: dict[str, Callable[[], str | bytes]] = {
        ".svg": lambda: curve_pictures.overlay(entries, voice.lang).svg(),
        ".png": lambda: curve_pictures.overlay(entries, voice.lang).png(),
        ".html": lambda: html.table_page(entries, facts, voice.lang),
        ".json": lambda: text(records),
    }
    voice.save(save or (), writers)
    voice.tell(lambda width: terminal.table(entries, facts, voice.lang, width), lambda: records)


@command("value", context_settings={"ignore_unknown_options": True})
def value(
    voice: Voice, name: Name, x: Annotated[list[str], typer.Argument(metavar="X...")], param: Params = None
) -> None:
    from .report import terminal
    from .theory.evaluate import slope
    from .theory.evaluate import value as value_at

    entry, params = _named(name, voice, param)
    try:
        at = [float(word) for word in x]
    except ValueError as fault:
        raise ValueError(say(voice.lang, "bad.number", text=str(fault).split(": ")[-1])) from None
    numbers = value_at(entry, at, **params).tolist()
    slopes = None if entry.along_axis else slope(entry, at, **params).tolist()
    voice.tell(
        lambda width: terminal.values(at, numbers, slopes, voice.lang),
        lambda: {"name": entry.name, "x": at, "value": numbers, "slope": slopes},
    )


@command("doctor")
def doctor(
    voice: Voice,
    *,
    target: Annotated[str | None, typer.Argument(metavar="FILE.py:FUNCTION")] = None,
    repair: Annotated[bool, typer.Option("--repair")] = False,
    report: Page = None,
    steps: Annotated[int, typer.Option("--steps", min=1)] = 50,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1)] = None,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    explain: Annotated[str | None, typer.Option("--explain", metavar="FINDING")] = None,
) -> None:
    _check([report] if report else [], (*PAGES, ".sarif"))
    if explain is not None:
        return _explain(voice, explain)
    if target is None:
        raise ValueError(
            say(voice.lang, "usage.MissingParameter", name="FILE.py:FUNCTION") + say(voice.lang, "see.help")
        )
    from .doctor import examine, load_case
    from .doctor import repair as cure
    from .doctor.sarif import sarif
    from .report import html, terminal_doctor

    with voice.busy("busy.examine"):
        case = load_case(target)
        diagnosis = examine(case, steps=steps, seed=seed)
    result = None
    if repair and not diagnosis.healthy:
        budget = {} if epochs is None else {"epochs": epochs}
        with voice.busy("busy.repair") as tell:
            result = cure(
                case,
                diagnosis,
                progress=lambda arm, done, of: tell(
                    "busy.epoch", which=say(voice.lang, f"repair.{arm}"), done=done, of=of
                ),
                **budget,
            )
    record = {**diagnosis.to_json(), "repair": result.to_json() if result else None}
    if report:
        writers: dict[str, Callable[[], str | bytes]] = {
            ".html": lambda: html.doctor_page(diagnosis, result, voice.lang),
            ".json": lambda: text(record),
            ".sarif": lambda: text(sarif(diagnosis, voice.lang)),
        }
        voice.save([report], writers)
    voice.tell(lambda width: terminal_doctor.whole(diagnosis, result, voice.lang, width), lambda: record)
    if result is not None and result.interrupted:
        raise typer.Exit(130)
    raise typer.Exit(0 if diagnosis.healthy or (result is not None and result.accepted) else 1)


def _explain(voice: Voice, name: str) -> None:
    """Print a finding's page."""
    from dataclasses import asdict

    from .doctor.rules.page import find
    from .report import terminal_finding

    page = find(name, voice.lang)
    voice.tell(lambda width: terminal_finding.page(page, voice.lang), lambda: asdict(page))


@command("advise")
def advise(
    voice: Voice,
    task: Annotated[str | None, typer.Option("--task", metavar="TASK")] = None,
    architecture: Annotated[str | None, typer.Option("--architecture", metavar="NETWORK")] = None,
    where: Annotated[str, typer.Option("--where", metavar="hidden|output")] = "hidden",
    trouble: Annotated[str | None, typer.Option("--trouble", metavar="TROUBLE")] = None,
) -> None:
    from .advice import advise as ask
    from .report import terminal_advice

    given = {"task": task, "architecture": architecture, "where": where, "trouble": trouble}
    advice = ask(**{key: word for key, word in given.items() if word is not None})
    voice.tell(lambda width: terminal_advice.advice(advice, voice.lang), lambda: [each.to_json() for each in advice])


def _seeds(lang: str, given: str) -> int | list[int]:
    try:
        found = [int(part) for part in given.split(",")]
    except ValueError:
        raise ValueError(say(lang, "bad.seeds", text=given)) from None
    return found[0] if len(found) == 1 else found


@command("compare")
def compare(
    voice: Voice,
    *,
    names: Names,
    task: Annotated[str, typer.Option("--task", metavar="TASK")] = "digits",
    seeds: Annotated[str, typer.Option("--seeds", metavar="N")] = "10",
    engine: Annotated[str, typer.Option("--engine", metavar="local|local:N|ray")] = "local",
    baseline: Annotated[str, typer.Option("--baseline", metavar="NAME")] = "relu",
    budget: Annotated[str, typer.Option("--budget", metavar="full|quick")] = "full",
    report: Page = None,
    store: Annotated[str | None, typer.Option("--store", metavar="FILE")] = None,
) -> None:
    _check([report] if report else [], PAGES)
    chosen = _seeds(voice.lang, seeds)
    from .report import html, progress, terminal_study
    from .study import compare as measure

    with progress.bar(voice.lang) as watch:
        try:
            result = measure(
                names, task, chosen, engine=engine, baseline=baseline, store=store, on_progress=watch, budget=budget
            )
        except KeyboardInterrupt:
            raise KeyboardInterrupt(say(voice.lang, "compare.interrupted")) from None
    if report:
        writers: dict[str, Callable[[], str | bytes]] = {
            ".html": lambda: html.comparison_page(result, voice.lang),
            ".json": lambda: text(result.to_json()),
        }
        voice.save([report], writers)
    voice.tell(lambda width: terminal_study.comparison(result, voice.lang, width), result.to_json)
    raise typer.Exit(1 if result.failures else 0)


@command("certify")
def certify(
    voice: Voice,
    *,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...")] = None,
    peers: Annotated[bool, typer.Option("--peers")] = False,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1)] = None,
    save: Save = None,
) -> None:
    _check(save or (), (".md", ".json"))
    from .catalogue import ENTRIES, find
    from .report import progress
    from .testing import certificate_page
    from .testing.certificate import certify_all
    from .testing.peers import PeerReport, measure

    asked = list(dict.fromkeys(find(name).name for name in names)) if names else list(ENTRIES)
    reports: tuple[PeerReport, ...] = ()
    try:
        with progress.bar(voice.lang) as watch:
            result = certify_all(asked, jobs, watch)
        if peers:
            with progress.bar(voice.lang) as watch:
                reports = measure(jobs=jobs, progress=watch)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(say(voice.lang, "certificate.interrupted")) from None
    record = certificate_page.record(result, reports)
    for path in save or ():
        for lang, place in certificate_page.places(path).items():
            writers: dict[str, Callable[[], str | bytes]] = {
                ".md": lambda lang=lang: certificate_page.page(result, reports, lang),
                ".json": lambda: text(record),
            }
            voice.save([place], writers)
    # lines of measurements are kept whole, for grep and for copying
    sys.stdout.write(text(record) if voice.json else certificate_page.terminal(result, reports, voice.lang))
    raise typer.Exit(1 if result.failed else 0)


@command("explore")
def explore(
    voice: Voice,
    export: Annotated[str | None, typer.Option("--export", metavar="FILE.html")] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser")] = False,
) -> None:
    from .explorer.content import content, speaking
    from .explorer.page import page
    from .explorer.server import serve

    _check([export] if export else [], (".html",))
    files = content(voice.lang)
    if voice.lang != choose(None):  # asked for; otherwise the browser's language counts
        files = speaking(files, voice.lang)
    if export:
        voice.save([export], {".html": lambda: page(files)})
        return
    with contextlib.suppress(KeyboardInterrupt):  # the way to end a server
        serve(files, port, voice.lang, lambda address: voice.remark("explore.address", address=address), not no_browser)


@command("gallery")
def gallery(
    voice: Voice,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]")] = None,
    folder: Annotated[str, typer.Option("--save", metavar="DIR")] = "out/gallery",
    certificate: Annotated[str | None, typer.Option("--certificate", metavar="FILE.json")] = None,
) -> None:
    from .catalogue import ENTRIES, find
    from .report.accuracy_rows import measured_in
    from .report.gallery import write_gallery

    entries = list(dict.fromkeys(find(name) for name in names)) if names else list(ENTRIES.values())
    with voice.busy("busy.gallery") as tell:
        index = write_gallery(
            folder,
            entries,
            _facts,
            measured_in(certificate),
            lambda done, of: tell("busy.gallery.done", done=done, of=of),
        )
    voice.remark("saved", path=index)


def main() -> None:
    """Run the command line and leave with its exit code."""
    app()


if __name__ == "__main__":
    main()
