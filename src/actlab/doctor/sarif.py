"""A diagnosis as SARIF 2.1.0, which code hosts and editors show beside the code (OASIS standard, 27 March 2020)."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from .. import __version__
from .records import Diagnosis, Finding, plain
from .rules import RULES, Rule
from .rules.page import page

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"illness": "error", "warning": "warning", "note": "note"}


def sarif(diagnosis: Diagnosis, lang: str = "en") -> dict[str, Any]:
    """The diagnosis as a SARIF log, in English ("en") or Chinese ("zh").

    Every rule is described, whether it found something or not. A result is placed at the function that makes the case,
    where the case came from a file, and at the module paths.
    """
    order = {rule.code: at for at, rule in enumerate(RULES)}
    driver = {"name": "actlab", "version": __version__, "rules": [_rule(rule, lang) for rule in RULES]}
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "language": {"zh": "zh-CN"}.get(lang, lang),
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, diagnosis.source, order[finding.code], lang) for finding in diagnosis.findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule, lang: str) -> dict[str, Any]:
    told = page(rule, lang)
    colon = "：" if lang == "zh" else ": "
    parts = [told.summary, *(f"{head}{colon}{text}" for head, text in told.parts.items()), told.reference]
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": told.title},
        "fullDescription": {"text": told.summary},
        "help": {"text": "\n\n".join(parts)},
    }


def _result(finding: Finding, source: str, rule: int, lang: str) -> dict[str, Any]:
    cures = [cure.explain(lang) for cure in finding.prescriptions]
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": path, "kind": "module"} for path in finding.where]
    }
    name, _, line = source.rpartition(":")
    if name:
        uri = quote(PurePath(name).as_posix())
        region = {"startLine": int(line)}
        location["physicalLocation"] = {"artifactLocation": {"uri": uri}, "region": region}
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": LEVELS[finding.severity],
        "message": {"text": "\n".join([finding.explain(lang).strip(), *(f"→ {cure}" for cure in cures)])},
        "locations": [location],
        "properties": {"name": finding.name, "cause": finding.cause, "evidence": plain(finding.evidence)},
    }
