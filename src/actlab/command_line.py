"""The frame of the command line: the reader's language, complaints in one sentence, options that all commands share.

Commands register themselves with `command`.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from . import __version__
from .report.complaint import complaint
from .report.voice import Voice
from .report.words import LANGUAGES, choose, say


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
