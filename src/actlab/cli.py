"""The command line: the only file that knows everything.

Data goes to stdout, progress and complaints to stderr. Exit codes: 0 fine, 1 an illness was found or a run failed,
2 usage or bad input, 3 a missing extra, 130 interrupted. Heavy packages load inside the commands that need them.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import inspect
import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from . import __version__
from .report.complaint import complaint
from .report.record import text
from .report.voice import Voice
from .report.words import LANGUAGES, choose, say

if TYPE_CHECKING:
    from .catalogue import Entry

PICTURES, PAGES = (".svg", ".png", ".html", ".json"), (".html", ".json")


class _Speaking(TyperGroup):
    """The group of commands: help in the reader's language, complaints in one sentence."""

    lang = "en"

    def main(self, args: Sequence[str] | None = None, *rest: Any, **named: Any) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a terminal without Unicode gets a question mark, not a crash
        try:
            self.lang = choose(_asked(given))
            self._translate(self.lang)
            code = super().main(given, *rest, **{**named, "standalone_mode": False})
            sys.stdout.flush()
        except BrokenPipeError:
            # the reader (such as head) has seen enough; later flushes must not complain either
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 0
        except Exception as fault:
            if "--debug" in given:
                traceback.print_exc()
            code = _complain(fault, self.lang)
        except KeyboardInterrupt as fault:
            code = _complain(fault, self.lang)
        sys.exit(code if isinstance(code, int) else 0)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        found = super().get_command(ctx, cmd_name)
        if found is None:
            close = difflib.get_close_matches(cmd_name, self.commands, n=1) or list(self.commands)
            raise ValueError(say(self.lang, "usage.command", name=cmd_name, known=", ".join(close)))
        return found

    def _translate(self, lang: str) -> None:
        from typer import rich_utils

        for part in ("ARGUMENTS", "OPTIONS", "COMMANDS"):
            setattr(rich_utils, f"{part}_PANEL_TITLE", say(lang, f"help.{part.lower()}"))
        for command in (self, *self.commands.values()):
            command.help = say(lang, f"help.{command.name if command is not self else 'actlab'}")
            shown = command.get_help_option(typer.Context(command))  # made once, then kept by the command
            if shown is not None:
                shown.help = say(lang, "help.help")
            for option in command.params:
                option.help = say(lang, f"option.{option.name}")  # type: ignore[attr-defined]


def _complain(fault: BaseException, lang: str) -> int:
    code, text = complaint(fault, lang)
    if text:
        sys.stderr.write(f"{text}\n")
    return code


def _asked(arguments: Sequence[str]) -> str | None:
    for at, word in enumerate(arguments):
        if word.startswith("--lang="):
            return word.removeprefix("--lang=")
        if word == "--lang" and at + 1 < len(arguments):
            return arguments[at + 1]
    return None


app = typer.Typer(
    name="actlab", cls=_Speaking, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False
)
Lang = Annotated[str | None, typer.Option("--lang", metavar="|".join(LANGUAGES))]
Json = Annotated[bool, typer.Option("--json")]
Debug = Annotated[bool, typer.Option("--debug")]
Name = Annotated[str, typer.Argument(metavar="NAME")]
Names = Annotated[list[str], typer.Argument(metavar="NAME...")]
Save = Annotated[list[str] | None, typer.Option("--save", metavar="FILE")]
Page = Annotated[str | None, typer.Option("--report", metavar="FILE.html")]
Params = Annotated[list[str] | None, typer.Option("-p", "--param", metavar="NAME=NUMBER")]


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"actlab {__version__}\n")
        raise typer.Exit


@app.callback()
def _everywhere(
    context: typer.Context,
    lang: Lang = None,
    as_json: Json = False,
    debug: Debug = False,
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_version)] = False,
) -> None:
    context.obj = Voice(choose(lang), as_json, debug)


def command(name: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a command that gets a `Voice` first and, on its command line, --lang, --json and --debug."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(context: typer.Context, lang: str | None, as_json: bool, debug: bool, **given: Any) -> Any:
            before: Voice = context.obj
            chosen = choose(lang) if lang else before.lang
            try:
                return function(Voice(chosen, as_json or before.json, debug or before.debug), **given)
            except KeyboardInterrupt as stop:
                raise typer.Exit(_complain(stop, chosen)) from None

        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        shared = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for key, kind, default in (("lang", Lang, None), ("as_json", Json, False), ("debug", Debug, False))
        ]
        first = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        parameters = [first, *(part.replace(kind=inspect.Parameter.KEYWORD_ONLY) for part in own), *shared]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {part.name: part.annotation for part in parameters}
        app.command(name, **settings)(run)
        return function

    return register


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
def list_(voice: Voice, family: Annotated[str | None, typer.Option("--family", metavar="FAMILY")] = None) -> None:
    from .catalogue.lookup import entry, names
    from .report import record, terminal

    entries = [entry(name) for name in names(family=family)]
    voice.tell(lambda width: terminal.listing(entries, voice.lang), lambda: [record.brief(each) for each in entries])


@command("show")
def show(voice: Voice, name: Name, param: Params = None, save: Save = None) -> None:
    from .catalogue import find
    from .report import curve_pictures, html, record, terminal

    entry = find(name)
    params = _numbers(entry, voice.lang, param)
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
    from .catalogue import find
    from .report import curve_pictures, html, record, terminal

    entries = [find(name) for name in dict.fromkeys(names)]
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
    from .catalogue import find
    from .report import terminal
    from .theory.evaluate import slope
    from .theory.evaluate import value as value_at

    entry = find(name)
    params = _numbers(entry, voice.lang, param)
    try:
        at = [float(word) for word in x]
    except ValueError as fault:
        raise ValueError(say(voice.lang, "bad.number", text=str(fault).split(": ")[-1])) from None
    numbers = value_at(entry, at, **params).tolist()
    slopes = None if entry.kind == "along axis" else slope(entry, at, **params).tolist()
    voice.tell(
        lambda width: terminal.values(at, numbers, slopes, voice.lang),
        lambda: {"name": entry.name, "x": at, "value": numbers, "slope": slopes},
    )


@command("doctor")
def doctor(
    voice: Voice,
    *,
    target: Annotated[str, typer.Argument(metavar="FILE.py:FUNCTION")],
    repair: Annotated[bool, typer.Option("--repair")] = False,
    report: Page = None,
    steps: Annotated[int, typer.Option("--steps", min=1)] = 50,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1)] = None,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
) -> None:
    _check([report] if report else [], PAGES)
    from .doctor import examine, load_case
    from .doctor import repair as cure
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
        }
        voice.save([report], writers)
    voice.tell(lambda width: terminal_doctor.whole(diagnosis, result, voice.lang, width), lambda: record)
    if result is not None and result.interrupted:
        raise typer.Exit(130)
    raise typer.Exit(0 if diagnosis.healthy or (result is not None and result.accepted) else 1)


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


@command("explore")
def explore(
    voice: Voice,
    export: Annotated[str | None, typer.Option("--export", metavar="FILE.html")] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser")] = False,
) -> None:
    from .catalogue import ENTRIES
    from .explorer import catalog, page, serve

    _check([export] if export else [], PAGES)
    entries = [(entry, *_facts(entry)) for entry in ENTRIES.values()]
    data = catalog(entries)
    if export:
        voice.save([export], {".html": lambda: page(data, voice.lang), ".json": lambda: text(data)})
        return
    with contextlib.suppress(KeyboardInterrupt):  # the way to end a server
        serve(
            page(data, voice.lang),
            text(data),
            port,
            lambda address: voice.remark("explore.address", address=address),
            open_browser=not no_browser,
        )


def main() -> None:
    """Run the command line and leave with its exit code."""
    app()


if __name__ == "__main__":
    main()
