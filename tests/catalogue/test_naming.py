"""What a name means: ours first, other libraries' with their settings, and never a guess."""

from __future__ import annotations

import pytest

import actlab
from actlab.catalogue import ENTRIES
from actlab.catalogue.dialects import ALSO, AMBIGUOUS, DIALECTS
from actlab.catalogue.naming import elsewhere, libraries, names_of, resolve
from actlab.catalogue.registry import plain

ROWS = [(library, name) for library, names in DIALECTS.items() for name in names]


@pytest.mark.parametrize(("library", "name"), ROWS)
def test_a_row_names_an_entry_and_only_settings_it_has(library: str, name: str) -> None:
    """Each row leads to an entry of the catalogue; its settings and open arguments are arguments of the module."""
    entry, settings, needs = resolve(f"{library}:{name}")
    assert ENTRIES[DIALECTS[library][name].entry] is entry
    numbers = {key: value for key, value in DIALECTS[library][name].settings.items() if not isinstance(value, str)}
    numbers.pop("dim", None)
    entry.arguments(numbers)
    assert set(needs) <= set(entry.parameters) and not set(needs) & set(settings)
    assert ("gate" in settings) == (entry.kind == "gated")


def test_a_name_is_understood_in_any_spelling_that_is_not_another_name() -> None:
    """Within a library no two names that differ in case or separators only mean different things."""
    for library in libraries():
        seen: dict[str, tuple[str, object]] = {}
        for name, meaning in names_of(library).items():
            before = seen.setdefault(plain(name), (meaning.entry, meaning.settings))
            assert before == (meaning.entry, meaning.settings), f"{library}:{name}"


def test_no_fact_has_two_homes() -> None:
    """What an entry says about its home in torch, Keras or JAX is not repeated in the tables."""
    for library, names in DIALECTS.items():
        homes = {plain(e.elsewhere[library].rpartition(".")[-1]): e for e in ENTRIES.values() if library in e.elsewhere}
        for name, meaning in names.items():
            home = homes.get(plain(name.rpartition(".")[-1]))
            repeated = home is not None and home.name == meaning.entry and not (meaning.settings or meaning.needs)
            assert not repeated, f"{library}:{name} is stated by {meaning.entry} already"


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_an_ambiguous_name_is_refused_with_its_meanings(name: str) -> None:
    """create, entry and attributes refuse it, list every meaning, and each that is listed can be had."""
    for ask in (actlab.create, actlab.entry, actlab.functional.__getattr__):
        with pytest.raises((ValueError, AttributeError), match="several meanings") as refused:
            ask(name)
        assert all(choice.what in str(refused.value) for choice in AMBIGUOUS[name])
    assert len(AMBIGUOUS[name]) > 1
    for choice in AMBIGUOUS[name]:
        assert not choice.write or resolve(choice.write).entry.name in ENTRIES


def test_no_entry_is_called_by_an_ambiguous_name() -> None:
    """Every name that the catalogue lists can be created."""
    refused = {plain(name) for name in AMBIGUOUS}
    assert not refused & {plain(name) for e in ENTRIES.values() for name in (e.name, *e.aliases)}


def test_a_name_that_parts_of_a_library_understand_differently_is_refused() -> None:
    """vLLM's gelu_tanh is plain in one place and gated in another; gelu is plain where vLLM looks first."""
    with pytest.raises(ValueError, match=r"several meanings.*vllm_custom_op:gelu_tanh.*vllm_moe:gelu_tanh"):
        resolve("vllm:gelu_tanh")
    assert resolve("vllm:gelu").entry.name == "gelu"
    assert resolve("vllm:silu_and_mul") == resolve("vllm_custom_op:silu_and_mul") == resolve("vLLM:silu_and_mul")


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry.kind == "gated"])
def test_a_gated_unit_is_not_guessed(name: str) -> None:
    """Without `gate` the error explains both halves and names a library that uses each, where there is one."""
    with pytest.raises(ValueError, match=r'gate="first" is .*gate="second" is ') as refused:
        actlab.create(name)
    users = [f"{lib}:{n}" for lib, names in DIALECTS.items() for n, m in names.items() if m.entry == name]
    assert not users or any(user in str(refused.value) for user in users)
    for gate in ("first", "second"):
        assert actlab.create(name, gate=gate).name == actlab.create(name, gate).name == name


def test_an_argument_that_no_library_has_a_default_for_is_asked_for() -> None:
    """A required number is never invented: the error names it, and with it the unit is made."""
    asked = [(lib, name, row) for lib, names in DIALECTS.items() for name, row in names.items() if row.needs]
    assert asked
    for library, name, row in asked:
        with pytest.raises(ValueError, match="has no default for " + row.needs[0]):
            actlab.create(f"{library}:{name}")
        assert actlab.create(f"{library}:{name}", **dict.fromkeys(row.needs, 0.5)).name == row.entry


def test_ours_wins_where_it_is_written_and_libraries_agree_otherwise() -> None:
    """A name of ours is ours; one of theirs is taken when all mean the same; "actlab:" says ours."""
    assert resolve("swish").entry.name == resolve("actlab:Swish").entry.name == "swish"
    assert resolve("timm:swish").entry.name == "silu"
    assert resolve("gelu_accurate").entry.name == "gelu_tanh"
    assert resolve("mul_and_silu").settings == {"gate": "second"}
    assert all(resolve(f"{short}:relu") == resolve(f"{long}:relu") for short, long in ALSO.items())


def test_a_setting_overrides_the_dialects() -> None:
    """What the caller gives counts more than what the library does."""
    assert actlab.create("keras:leaky_relu").arguments["negative_slope"] == 0.2
    assert actlab.create("keras:leaky_relu", negative_slope=0.3).arguments["negative_slope"] == 0.3
    assert actlab.create("keras:leaky_relu", 0.3).arguments["negative_slope"] == 0.3
    assert actlab.create("diffusers:swiglu", gate="first").gate == "first"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nolib:gelu", "no library.*known are .*vllm"),
        ("timm:geluu", "timm has no activation.*did you mean gelu"),
        ("leakyrelo", "did you mean leaky_relu"),
        ("t5:gated-tanh", "gated-"),
    ],
)
def test_an_unknown_name_is_one_sentence_with_a_way_on(name: str, said: str) -> None:
    """Library and name are told apart, and the nearest names are given."""
    with pytest.raises(ValueError, match=said) as refused:
        actlab.create(name)
    assert "\n" not in str(refused.value)


def test_an_entry_lists_its_names_in_other_libraries() -> None:
    """`show` and `properties` tell the homes of a function and every dialect of it, with settings that differ."""
    told = elsewhere(ENTRIES["leaky_relu"])
    assert told["keras"] == "leaky_relu (negative_slope=0.2)" and told["timm"] == "leaky_relu"
    assert elsewhere(ENTRIES["dyt"])["liger"] == "liger_dyt, LigerDyT"
    assert "gelu_python" in ENTRIES["gelu"].known_as["transformers"]
    assert actlab.properties("gelu").elsewhere == ENTRIES["gelu"].known_as
    assert elsewhere(actlab.define("x*tanh(exp(x))", name="tanh_exp_of_mine")) == {}
