"""A certificate as a page of Markdown, and in a few lines for the terminal, in English or Chinese."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import torch

from ..report.words import clauses, say, texts, word
from .certificate import FEW, LIBRARIES, LIMITS, PROMISES, ROW_PROMISES
from .certificate_records import Certificate, Exemption, Row
from .peers import PEER_CHECKS, PeerReport
from .sweep import MANTISSAS, ROUNDINGS, Error

DTYPES = tuple(str(dtype).removeprefix("torch.") for dtype in LIMITS)
_OF = ("value", "slope")
_LISTED, _EXAMPLE = 12, 180  # names of failing functions in one cell, and characters of what one of them did


def page(certificate: Certificate, reports: Sequence[PeerReport], lang: str) -> str:
    """The certificate as Markdown: in full, or beside the peers if there are reports of them."""
    return comparison(certificate, reports, lang) if reports else whole(certificate, lang)


def places(path: str) -> dict[str, str]:
    """Language -> file for a file to be saved: a page is written in both languages, X.md and X.zh-CN.md."""
    stem = path.removesuffix(".md").removesuffix(".zh-CN")
    return {"en": f"{stem}.md", "zh": f"{stem}.zh-CN.md"} if path.endswith(".md") else {"en": path}


def record(certificate: Certificate, reports: Iterable[PeerReport]) -> dict[str, Any]:
    """The certificate, and the reports of the peers if there are any, as plain JSON values."""
    told = [report.to_json() for report in reports]
    return {**certificate.to_json(), **({"peers": told} if told else {})}


def whole(certificate: Certificate, lang: str) -> str:
    """The certificate in full: summary, how it was measured, errors, checks, exemptions."""
    parts = [
        f"# {say(lang, 'certificate.title')}",
        say(lang, "certificate.intro", command="make docs"),
        *summary(certificate, lang),
        *_faults(certificate, lang),
        f"## {say(lang, 'certificate.how')}",
        *_how(certificate, lang),
        f"## {say(lang, 'certificate.errors')}",
        say(lang, "certificate.errors.read"),
        _errors(certificate.rows, lang),
        f"## {say(lang, 'certificate.checks')}",
        _checks(certificate.rows, lang),
        f"## {say(lang, 'certificate.exemptions')}",
        say(lang, "certificate.exemptions.read"),
        _exemptions(certificate.rows, lang),
    ]
    return "\n\n".join(parts) + "\n"


def summary(certificate: Certificate, lang: str) -> list[str]:
    """Entries, checks, failures, and the worst errors by dtype: paragraphs of Markdown."""
    said = say(
        lang,
        "certificate.summary",
        entries=len(certificate.rows),
        checks=f"{certificate.checks:,}",
        compared=f"{certificate.compared:,}",
        failed=len(certificate.failed),
    )
    head = [word(lang, "certificate.column", key) for key in ("dtype", "of", "within", "explained", "worst")]
    rows: list[list[str]] = []
    for dtype in DTYPES:
        for of in _OF:
            found = list(certificate.errors(dtype, of))
            if not found:
                continue
            within = [(row, error) for row, error in found if error.ulp <= error.limit]
            most = max(within, key=lambda pair: pair[1].ulp, default=None)
            rows.append(
                [
                    dtype,
                    word(lang, "certificate.of", of),
                    str(len(within)),
                    str(sum(error.explained for _, error in found)),
                    "–" if most is None else f"{_short(most[1].ulp)} ({most[0].name}, x = {_short(most[1].at)})",
                ]
            )
    return [said, _table(head, rows)]


def _faults(certificate: Certificate, lang: str) -> list[str]:
    if not certificate.failed:
        return []
    lines = [f"- `{row.name}`: {_cell(fault)}" for row in certificate.failed for _, fault in row.faults]
    return [f"## {say(lang, 'certificate.faults')}", "\n".join(lines)]


def _how(certificate: Certificate, lang: str) -> list[str]:
    numbers = {
        "mantissas": MANTISSAS,
        "roundings": ROUNDINGS,
        "few": f"{FEW:g}",
        "libraries": LIBRARIES,
        "limit": f"{LIMITS[torch.float32]:g}",
    }
    lines = [
        say(lang, key, **numbers) if "{" in texts(lang)[key] else say(lang, key)
        for key in texts(lang)
        if key.startswith("certificate.how.")
    ]
    legend = [f"**{word(lang, 'certificate.check', name)}**: {say(lang, f'certificate.means.{name}')}" for name in _ALL]
    made = say(
        lang,
        "certificate.versions",
        versions=clauses(lang, [f"{name} {version}" for name, version in certificate.versions.items()]),
    )
    return [_list(lines), say(lang, "certificate.legend"), _list(legend), made]


def _errors(rows: Sequence[Row], lang: str) -> str:
    head = [word(lang, "certificate.column", "entry")]
    head += [f"{dtype} {word(lang, 'certificate.of', of)}" for dtype in DTYPES for of in _OF]
    return _table(
        head,
        [[f"`{row.name}`", *(_error(row.error(d, of)) for d in DTYPES for of in _OF)] for row in rows if row.errors],
    )


def _error(error: Error | None, asterisk: str = "\\*") -> str:
    if error is None:
        return "–"
    mark = f" {asterisk}" if error.explained else ""
    return "0" if error.ulp == 0 else f"{_short(error.ulp)} @ {_short(error.at)}{mark}"


_ALL = ("finite", *PROMISES, *ROW_PROMISES)


def _checks(rows: Sequence[Row], lang: str) -> str:
    columns = ("kind", *_ALL)
    head = [word(lang, "certificate.column", "entry"), word(lang, "certificate.column", "kind")]
    head += [word(lang, "certificate.check", name) for name in columns[1:]]
    return _table(
        head, [[f"`{row.name}`", word(lang, "kind", row.kind), *(_mark(row, name) for name in _ALL)] for row in rows]
    )


def _mark(row: Row, check: str) -> str:
    if check == "finite":
        if not row.errors:
            return "–"
        return "✗" if any(error.lost for error in row.errors) else "✓"
    found = [each for each in row.outcomes if each.check == check]
    if not found:
        return "–"
    return "✗" if any(each.fault for each in found) else "✓"


def _exemptions(rows: Sequence[Row], lang: str) -> str:
    lines: list[list[str]] = []
    for row in rows:
        for _, same in groupby(sorted(row.exemptions, key=lambda each: each.key), key=lambda each: each.key):
            lines.append([f"`{row.name}`", clauses(lang, [reason(each, lang) for each in same])])
    return _table([word(lang, "certificate.column", key) for key in ("entry", "reason")], lines)


def reason(exemption: Exemption, lang: str) -> str:
    """The reason of an exemption as a sentence."""
    told: dict[str, Any] = {
        key: word(lang, "certificate.of", value) if key == "of" else _short(value) if key in _NUMBERS else value
        for key, value in exemption.values.items()
    }
    return say(lang, f"certificate.reason.{exemption.key}", **told)


_NUMBERS = ("at", "ulp", "felt", "slope")


def comparison(certificate: Certificate, reports: Sequence[PeerReport], lang: str) -> str:
    """Our row and those of the peers, and what failed there: a page of Markdown."""
    measured = [report for report in reports if report.version]
    head = [word(lang, "certificate.column", "library"), word(lang, "certificate.column", "functions")]
    head += [word(lang, "certificate.check", check) for check in PEER_CHECKS]
    ours = ["**actlab**", str(len(certificate.rows)), *(_ours(certificate, check) for check in PEER_CHECKS)]
    rows = [
        [
            f"{report.library} {report.version}",
            str(len(report.rows)),
            *(_theirs(report, check) for check in PEER_CHECKS),
        ]
        for report in measured
    ]
    parts = [
        f"# {say(lang, 'certificate.peers')}",
        say(lang, "certificate.peers.intro", command="actlab certify --peers --save docs/peers.md"),
        _table(head, [ours, *rows]),
        _list([*_not_measured(reports, lang), say(lang, "certificate.peers.accuracy")]),
    ]
    for report in measured:
        parts += [f"## {report.library} {report.version}", *_about(report, lang)]
    return "\n\n".join(parts) + "\n"


def _ours(certificate: Certificate, check: str) -> str:
    asked = failed = 0
    for row in certificate.rows:
        if check == "accuracy":
            asked, failed = asked + bool(row.errors), failed + any(error.beyond > error.limit for error in row.errors)
        elif check == "finite":
            asked, failed = asked + bool(row.errors), failed + any(error.lost for error in row.errors)
        else:
            found = [each for each in row.outcomes if each.check == check]
            asked, failed = asked + bool(found), failed + any(each.fault for each in found)
    return f"**{failed}** / {asked}"


def _theirs(report: PeerReport, check: str) -> str:
    failed, asked = report.failed(check)
    return f"{failed} / {asked}" if asked else "–"


def _not_measured(reports: Sequence[PeerReport], lang: str) -> list[str]:
    return [say(lang, "certificate.peers.missing", library=report.library) for report in reports if not report.version]


def _about(report: PeerReport, lang: str) -> list[str]:
    rows: list[list[str]] = []
    for check in PEER_CHECKS:
        faults = [(row.name, each.fault) for row in report.rows for each in row.faults if each.check == check]
        if faults:
            names = [name for name, _ in faults]
            more = say(lang, "list.more", count=len(names) - _LISTED) if len(names) > _LISTED else ""
            example = f"{names[0]}: {faults[0][1].removeprefix(f'{names[0]}: ')}"[:_EXAMPLE]
            rows.append([word(lang, "certificate.check", check), ", ".join(names[:_LISTED]) + more, _cell(example)])
    lines = [_table([word(lang, "certificate.column", key) for key in ("check", "failing", "example")], rows)]
    differing = [row.name for row in report.rows if row.agrees is False]
    if differing:
        lines.append(say(lang, "certificate.peers.differ", count=len(differing), names=", ".join(differing)))
    if report.unusable:
        named = ", ".join(report.unusable)
        lines.append(say(lang, "certificate.peers.unusable", count=len(report.unusable), names=named))
    return lines


def terminal(certificate: Certificate, reports: Sequence[PeerReport], lang: str) -> str:
    """What one wants to know at once: each entry's float32 error, and every failure; for peers, how many fail."""
    lines: list[str] = []
    for row in certificate.rows:
        errors = [error for of in _OF if (error := row.error("float32", of))]
        told = ", ".join(
            f"{word(lang, 'certificate.of', error.of)} {_error(error, '*').replace(' @', ' ULP @')}" for error in errors
        )
        count = len(row.errors) + len(row.outcomes)
        key = "certificate.row.failed" if row.faults else "certificate.row.passed"
        line = say(lang, key, name=row.name, checks=count, failed=len(row.faults))
        lines.append(f"{line}  float32: {told}" if told else line)
        lines += [f"    {fault}" for _, fault in row.faults]
    lines.append(summary(certificate, lang)[0].replace("**", ""))
    for report in reports:
        if not report.version:
            lines.append(say(lang, "certificate.peers.missing", library=report.library))
            continue
        counts = [f"{word(lang, 'certificate.check', check)} {_theirs(report, check)}" for check in PEER_CHECKS]
        lines.append(f"{report.library} {report.version}: {clauses(lang, counts)}")
    return "\n".join(lines) + "\n"


def _short(number: Any) -> str:
    if not isinstance(number, float):
        return str(number)
    return f"{number:.3g}" if math.isfinite(number) else "∞" if number > 0 else "−∞"


def _cell(text: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)  # colours of a terminal
    return plain.replace("|", "\\|").replace("`", "'").replace("*", "\\*").replace("<", "&lt;")


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
