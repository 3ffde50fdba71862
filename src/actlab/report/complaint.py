"""What went wrong, in one sentence, with the exit code that says of which sort it was."""

from __future__ import annotations

from .words import say, texts

FINE, ILL, USAGE, MISSING, INTERRUPTED = 0, 1, 2, 3, 130
# package -> the extra that brings it
EXTRAS = {
    "scipy": "study",
    "sklearn": "study",
    "ray": "ray",
    "onnxscript": "onnx",
    "onnxruntime": "test",
    "mpmath": "test",
}


def complaint(fault: BaseException, lang: str) -> tuple[int, str]:
    """(exit code, sentence) for a fault; an empty sentence when all has been said already."""
    code, text = _sorted(fault, lang)
    if not text or code == INTERRUPTED:
        return code, text
    return code, say(lang, "error") + say(lang, "list.colon") + " ".join(text.split())


def _sorted(fault: BaseException, lang: str) -> tuple[int, str]:
    if isinstance(fault, KeyboardInterrupt) or type(fault).__name__ == "Abort":
        return INTERRUPTED, str(fault) or say(lang, "interrupted")
    if callable(telling := getattr(fault, "format_message", None)):  # Typer's, about the command line
        part = getattr(fault, "param", None)
        spelled = [name for name in getattr(part, "opts", ()) if name.startswith("-")]
        name = getattr(fault, "option_name", None) or (spelled or [getattr(part, "metavar", None)])[0]
        key = f"usage.{type(fault).__name__}"
        told = say(lang, key, name=name) if key in texts(lang) and name else str(telling()).rstrip(".")
        return USAGE, told and told + say(lang, "see.help")
    package = (getattr(fault, "name", "") or "").split(".")[0]
    if isinstance(fault, ModuleNotFoundError) and package in EXTRAS:
        return MISSING, say(lang, "missing.extra", package=package, extra=EXTRAS[package])
    if isinstance(fault, ImportError) and type(fault) is not ImportError and package != "actlab":
        return MISSING, str(fault)  # a refined ImportError says itself what to install
    if isinstance(fault, (ValueError, TypeError, OSError)):
        return USAGE, str(fault)
    if type(fault).__name__ == "Unavailable":  # of actlab.runtime.machine, which takes torch to import
        return ILL, say(lang, "warm.unavailable", reason=fault)
    return ILL, say(lang, "unexpected", kind=type(fault).__name__, text=str(fault))
