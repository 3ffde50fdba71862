"""Pages: one self-contained file each, no request leaves it, pictures inside as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..catalogue import Entry
from ..theory.formulas import mathml
from . import curve_pictures, doctor_rows, study_pictures, study_rows, training_pictures
from .numbers import number, same_changes
from .property_rows import property_rows, property_table
from .rendering import render
from .terminal import tags
from .words import formula_labels, say, word

if TYPE_CHECKING:
    from ..doctor.records import Diagnosis, Finding, Repair
    from ..study import Comparison
    from ..theory import Properties
    from .pictures import Picture


def entry_page(
    entry: Entry,
    properties: Properties,
    usage: Mapping[str, Any],
    lang: str,
    params: Mapping[str, object] | None = None,
) -> str:
    """Everything about one entry: formulas, picture, properties, when to use it, code."""
    return render(
        "entry.html",
        lang,
        entry.name,
        entry=entry,
        tags=tags(entry, lang),
        formulas=list(zip(formula_labels(entry, lang), (mathml(entry), mathml(entry, "slope")), strict=True)),
        picture=_inline(curve_pictures.curve(entry, lang, **dict(params or {})), "c"),
        rows=property_rows(properties, lang),
        usage=usage,
        code=_code(entry, params or {}),
    )


def table_page(entries: Sequence[Entry], properties: Sequence[Properties], lang: str) -> str:
    """Several entries side by side, with their curves laid over each other."""
    return render(
        "table.html",
        lang,
        say(lang, "table.title"),
        entries=entries,
        formulas=[
            (say(lang, "table.formula"), [mathml(entry) for entry in entries]),
            (say(lang, "table.slope"), [mathml(entry, "slope") for entry in entries]),
        ],
        rows=property_table(properties, lang),
        picture=_inline(curve_pictures.overlay(entries, lang), "o"),
    )


def doctor_page(diagnosis: Diagnosis, result: Repair | None, lang: str) -> str:
    """A diagnosis with its evidence, cures and pictures, and the repair if there was one."""
    layers = diagnosis.layers
    drawn: dict[str, Picture | None] = {
        "loss": training_pictures.short_training(diagnosis, lang) if diagnosis.losses else None,
        "gradient": training_pictures.gradient_by_depth(layers, lang) if layers else None,
        "shares": training_pictures.unit_shares(layers, lang) if layers else None,
        "histograms": training_pictures.histograms(layers, lang) if layers else None,
        "repair": training_pictures.before_and_after(result, lang) if result else None,
    }
    return render(
        "doctor.html",
        lang,
        f"{diagnosis.name or 'actlab'} · {say(lang, 'doctor.title')}",
        diagnosis=diagnosis,
        result=result,
        verdict=doctor_rows.verdict(diagnosis, lang),
        training=doctor_rows.training(diagnosis, lang),
        pictures={key: _inline(picture, key) if picture else "" for key, picture in drawn.items()},
        layers=doctor_rows.layer_rows(layers),
        columns=doctor_rows.COLUMNS,
        words=doctor_rows.WORDS,
        ends=doctor_rows.ends(result, lang) if result else [],
        held_out=doctor_rows.held_out(result, lang) if result else "",
        arms=doctor_rows.arm_rows(result, lang) if result else [],
        proof=doctor_rows.proof(result, lang) if result and result.arms else "",
        tried=doctor_rows.tried_rows(result, lang) if result else [],
        findings=list(zip(diagnosis.findings, doctor_rows.cures(diagnosis), strict=True)),
        evidence=_evidence,
        same=same_changes,
    )


def comparison_page(comparison: Comparison, lang: str) -> str:
    """A comparison: its sentences, table, forest plot, every run, and how it was measured."""
    metric = comparison.about.metric
    margin = f"{comparison.margin * metric.scale:.{metric.digits}f}{metric.unit[lang]}"
    return render(
        "comparison.html",
        lang,
        study_rows.headline(comparison, lang),
        comparison=comparison,
        columns=study_rows.COLUMNS,
        words=study_rows.WORDS,
        rows=study_rows.cells(comparison, lang),
        unit=study_rows.unit(comparison, lang),
        forest=_inline(study_pictures.forest(comparison, lang), "f"),
        dots=_inline(study_pictures.seed_dots(comparison, lang), "d"),
        margin=margin,
        provenance=[(word(lang, "provenance", key), _plain(value)) for key, value in comparison.provenance.items()],
    )


def _inline(picture: Picture, prefix: str) -> str:
    return picture.inline(f"{prefix}-")


def _code(entry: Entry, params: Mapping[str, object]) -> str:
    given = "".join(f", {key}={value:g}" for key, value in params.items())
    lines = (
        "import actlab",
        "",
        f'layer = actlab.create("{entry.name}"{given})',
        f"y = actlab.functional.{entry.name}(x{given})",
    )
    return "\n".join(lines)


def _evidence(finding: Finding) -> list[tuple[str, str]]:
    return [(key.replace("_", " "), _plain(value)) for key, value in finding.evidence.items()]


def _plain(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())  # type: ignore[misc]
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value))  # type: ignore[misc]
    return str(value)
