"""What a terminal shows: in any width, without colour, in both languages."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType
from tests.report import records

from actlab.catalogue import ENTRIES, find
from actlab.report import terminal, terminal_doctor, terminal_study
from actlab.report.doctor_rows import layer_rows
from actlab.report.numbers import number, predicted_norms, same_changes, share, shorten, spark
from actlab.report.property_rows import property_rows, property_table
from actlab.theory import properties

USAGE = {
    "when": ({"en": "Take it [here].", "zh": "用于[此处]。"},),
    "when_not": ({"en": "Not there.", "zh": "不宜。"},),
}
SIZES = pytest.mark.parametrize("width", [60, 80, 200])
LANGS = pytest.mark.parametrize("lang", ["en", "zh"])


def printed(part: RenderableType, width: int) -> str:
    """The part as a terminal without colour shows it; asserts that nothing is wider than the terminal."""
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None, highlight=False).print(part)
    text = stream.getvalue()
    assert max(map(cell_len, text.splitlines())) <= width
    assert "\x1b" not in text
    return text


@LANGS
@SIZES
def test_one_entry_in_full(lang: str, width: int) -> None:
    """Formula, slope formula, two pictures, properties, advice in the reader's words, names elsewhere, source."""
    entry = find("gelu")
    part = terminal.show(entry, properties(entry), USAGE, lang=lang, width=width)
    text = printed(part, width)
    assert "x·Φ(x)" in text
    assert "Φ(x) + x·φ(x)" in text
    assert {"en": "Take it [here].", "zh": "用于[此处]。"}[lang] in text
    assert "−0.169971" in text
    assert "1606.08415" in text
    assert len(re.findall("[\u2801-\u28ff]", text)) > 40


@LANGS
@pytest.mark.parametrize("name", ["softmax", "step", "s_shaped_relu", "rrelu", "sinc", "identity"])
def test_entries_of_every_kind(name: str, lang: str) -> None:
    """Along an axis, not trainable, with four learned numbers, random, oscillating, linear: all can be told."""
    entry = find(name)
    assert entry.source in re.sub(r"\s+", " ", printed(_shown(name, lang), 60))


def _shown(name: str, lang: str) -> RenderableType:
    entry = find(name)
    return terminal.show(entry, properties(entry), {"when": (), "when_not": ()}, lang=lang, width=60)


@LANGS
@SIZES
def test_entries_side_by_side(lang: str, width: int) -> None:
    """Every entry has its column, on narrow terminals in a block further down."""
    entries = [find(name) for name in ("relu", "gelu", "swish", "softmax")]
    text = printed(terminal.table(entries, [properties(entry) for entry in entries], lang, width), width)
    assert all(entry.name in text for entry in entries)
    blocks = sum("relu" in line.split() for line in text.splitlines())
    assert blocks == 1


@LANGS
@SIZES
def test_the_list_names_every_entry_under_its_family(lang: str, width: int) -> None:
    """One line or more for each, families as headings."""
    text = printed(terminal.listing(ENTRIES.values(), lang), width)
    assert all(f"  {name} " in text for name in ENTRIES)


@LANGS
@SIZES
def test_a_diagnosis_with_its_repair(lang: str, width: int) -> None:
    """Root cause first, evidence per layer with theory beside it, cures as diffs, the proof at the end."""
    text = printed(terminal_doctor.whole(records.diagnosis(), records.repair(), lang, width), width)
    flat = re.sub(r"\s+", "", text)
    names = [finding.name for finding in records.diagnosis().findings]
    places = [flat.index(f"{name}G{at}") for at, name in enumerate(names, 1)]
    assert places == sorted(places)
    assert "- Sigmoid()" in text
    assert "+ GELU()" in text
    assert text.count("plan.apply()") == 1  # the second finding has the same cure, told once
    assert text.count("0.14") >= records.DEPTH  # theory beside measurement in every row
    assert re.sub(r"\s+", "", records.repair().verdict(lang)) in flat
    assert ("0.58" in text) == (width >= 96)  # the standard deviation needs room


@LANGS
def test_a_healthy_diagnosis_is_short(lang: str) -> None:
    """A tick and one line, nothing to cure."""
    text = printed(terminal_doctor.whole(records.diagnosis(findings=(), layers=()), None, lang, 80), 80)
    assert text.startswith("✓ digits_deep_sigmoid")
    assert len(text.splitlines()) <= 5


@LANGS
@SIZES
def test_a_comparison_says_each_verdict_in_a_sentence_and_a_row(lang: str, width: int) -> None:
    """Sentences, table best first, warnings."""
    made = records.comparison()
    text = printed(terminal_study.comparison(made, lang, width), width)
    flat = re.sub(r"\s+", "", text)
    assert all(re.sub(r"\s+", "", sentence) in flat for sentence in made.sentences(lang))
    assert {"en": "nodecision", "zh": "难分高下"}[lang] in flat.lower()
    assert [row.name for row in made.rows] == re.findall(r"^ (gelu|mish|relu|tanh|sigmoid) ", text, re.MULTILINE)


@LANGS
def test_properties_are_told_in_words_for_every_entry(lang: str) -> None:
    """No empty cell, no Python repr, no English in the Chinese rows beyond names and formulas."""
    for name in ENTRIES:
        for label, text in property_rows(properties(name), lang):
            assert label
            assert text
            assert not re.search(r"\b(None|nan|inf|True|False)\b", text), f"{name}: {label}: {text}"


def test_properties_side_by_side_keep_one_order() -> None:
    """A property that only a later entry has stands where it belongs, not at the end."""
    both = [properties("relu"), properties("swish")]
    table = property_table(both, "en")
    assert table[0] == ("parameters", ["", "beta = 1 (learned)"])
    assert [label for label, cells in table if cells[1]] == [label for label, _ in property_rows(both[1], "en")]


def test_numbers_read_as_people_write_them() -> None:
    """A true minus, infinity as a sign, no trailing zeros; a share that is not nothing is never 0 %."""
    told = [number(n) for n in (0.0, -1.0, 2.3026, float("inf"), -float("inf"), 1e-9, None)]
    assert told == ["0", "−1", "2.3", "∞", "−∞", "1e−09", ""]
    assert [share(n) for n in (0.0, 0.001, 0.5, 1.0, None)] == ["0 %", "<1 %", "50 %", "100 %", ""]


def test_small_pictures_and_lists_keep_their_meaning() -> None:
    """A row of blocks rises with the numbers; one item too many is not left out; equal changes stand together."""
    assert spark([0, 1, float("nan"), 7]) == "▁▂ █"
    assert spark([]) == ""
    assert shorten(list("abcdefg"), 6) == (list("abcdefg"), 0)
    assert shorten(list("abcdefgh"), 6) == (list("abcdef"), 2)
    groups = same_changes(records.repair().changes)
    assert [(len(paths), old, new) for paths, old, new in groups] == [(10, "Sigmoid()", "GELU()")]


def test_a_loop_written_by_hand_is_told_by_its_first_step_and_its_last() -> None:
    """Thirteen steps of two activations are four rows and a count; twelve are told in full, and so are layers."""
    steps = [records.layer(at, path="cell", kind=("Sigmoid", "Tanh")[at % 2]) for at in range(26)]
    rows = layer_rows([*steps, records.layer(9)])
    told = [(row["layer"], row["kind"]) for row in rows]
    assert told == [("cell", "Sigmoid"), ("cell", "Tanh"), ("⋮ × 11", ""), *told[:2], ("net.19", "Sigmoid")]
    assert rows[3]["saturated"] == layer_rows(steps[24:])[0]["saturated"] != rows[0]["saturated"]
    for few in (steps[:24], [records.layer(at) for at in range(40)]):
        assert len(layer_rows(few)) == len(few)


def test_the_predicted_gradient_is_counted_back_from_the_last_layer() -> None:
    """Each factor leads from the next layer's gradient to its own; a missing factor starts again from measurement."""
    three = [records.layer(at, gradient_norm=1.0, predicted_gradient_factor=0.5) for at in range(3)]
    assert predicted_norms(three) == [0.25, 0.5, 1.0]
    three[1] = records.layer(1, gradient_norm=8.0, predicted_gradient_factor=None)
    assert predicted_norms(three) == [4.0, 8.0, 1.0]
