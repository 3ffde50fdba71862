"""Every rule names its sick specimen and is silent on the healthy twin; the check itself is checked."""

from __future__ import annotations

from functools import cache

import pytest
from tests.specimens.formats import MORE
from tests.specimens.programs import SPECIMENS as FIRST

from actlab.doctor import Diagnosis, examine
from actlab.doctor.rules import RULES

SPECIMENS = {**FIRST, **MORE}
NOTES = {"redundant-log-softmax"}  # never more than a note
# what a specimen's first alarm may be besides its own rule: the cause that the rule is a consequence of
CAUSES = {
    "identity-activation": {"linear-collapse"},
    "constant-output": {"dead-units"},
    "poor-initialisation": {"saturated-units"},
}


@cache
def diagnosis(name: str, twin: int) -> Diagnosis:
    """The specimen's diagnosis, made once."""
    return examine(SPECIMENS[name][twin]())


def complaints(name: str, sick: Diagnosis, healthy: Diagnosis) -> list[str]:
    """What is wrong with the diagnoses of a pair."""
    found: list[str] = []
    named = {finding.name: finding for finding in sick.findings}
    if name not in named:
        found.append(f"{name} is not named in its sick specimen: {sorted(named)}")
    elif name not in NOTES and not named[name].alarm:
        found.append(f"{name} is only a note")
    if name not in NOTES and sick.alarms and sick.alarms[0].name not in {name, *CAUSES.get(name, set())}:
        found.append(f"{sick.alarms[0].name} is named before {name}")
    found += [f"{alarm.name} in the healthy twin" for alarm in healthy.alarms]
    return found


def test_every_rule_has_a_pair_of_specimens() -> None:
    """A rule without a sick and a healthy specimen is untested."""
    assert {rule.name for rule in RULES} == set(SPECIMENS)


@pytest.mark.parametrize("name", SPECIMENS)
def test_the_sick_specimen_is_named_and_its_healthy_twin_is_silent(name: str) -> None:
    """The rule fires on its specimen, as the first alarm or after its cause; the twin has no alarm."""
    assert complaints(name, diagnosis(name, 0), diagnosis(name, 1)) == []


def test_a_rule_that_never_fires_is_caught() -> None:
    """Canary: a healthy diagnosis in place of the sick one."""
    healthy = diagnosis("dead-units", 1)
    assert complaints("dead-units", healthy, healthy) != []


def test_a_rule_that_always_fires_is_caught() -> None:
    """Canary: a sick diagnosis in place of the healthy one."""
    sick = diagnosis("dead-units", 0)
    assert complaints("dead-units", sick, sick) != []


def test_a_consequence_named_before_its_cause_is_caught() -> None:
    """Canary: the same findings in the wrong order."""
    sick, healthy = diagnosis("constant-output", 0), diagnosis("constant-output", 1)
    assert len(sick.alarms) > 1
    assert complaints("dead-units", sick, healthy) == []
    wrong = Diagnosis(**{**vars(sick), "findings": sick.findings[::-1]})
    assert complaints("dead-units", wrong, healthy) != []


@pytest.mark.parametrize("name", SPECIMENS)
def test_a_finding_names_the_earlier_one_it_follows_from(name: str) -> None:
    """The first alarm has no cause; a cause was found before, and is told in both languages."""
    findings = diagnosis(name, 0).findings
    assert findings[0].cause == ""
    for place, finding in enumerate(findings):
        if finding.cause:
            assert finding.cause in {earlier.name for earlier in findings[:place]}
            assert finding.cause in finding.explain("en") and finding.cause in finding.explain("zh")


def test_a_chain_of_three_leads_back_to_its_cause() -> None:
    """The output is constant because values are not finite, because float16's eps vanished."""
    causes = {finding.name: finding.cause for finding in diagnosis("half-precision-underflow", 0).findings}
    assert causes["constant-output"] == "not-finite" and causes["not-finite"] == "half-precision-underflow"


def test_codes_and_names_are_never_used_twice() -> None:
    """A code belongs to one rule for ever."""
    assert len({rule.code for rule in RULES}) == len(RULES) == len({rule.name for rule in RULES})


@pytest.mark.parametrize("name", SPECIMENS)
def test_findings_explain_themselves_in_both_languages_with_numbers_and_a_cure(name: str) -> None:
    """Full sentences in English and Chinese; an alarm other than a plain consequence has a prescription with a diff."""
    for finding in diagnosis(name, 0).findings:
        english, chinese = finding.explain("en"), finding.explain("zh")
        assert english.rstrip().endswith(".") and chinese.rstrip().endswith("。")
        assert any("\u4e00" <= character <= "\u9fff" for character in chinese)
        assert not any("\u4e00" <= character <= "\u9fff" for character in english)
        if finding.alarm and finding.name != "constant-output":
            assert finding.prescriptions
        for prescription in finding.prescriptions:
            assert prescription.changes and prescription.code
            assert prescription.explain("en") and prescription.explain("zh")
