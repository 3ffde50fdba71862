"""Names of other libraries on the command line."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from actlab.catalogue.dialects import DIALECTS
from actlab.cli import app


def run(*arguments: str) -> Result:
    """One command, in-process, on a terminal of 100 columns."""
    return CliRunner(env={"COLUMNS": "100", "ACTLAB_LANG": "en"}).invoke(app, list(arguments))


def test_a_librarys_names_are_listed_with_what_they_mean_here() -> None:
    """`list --library` walks the table of a library and of its parts; as JSON with settings and open arguments."""
    told = run("list", "--library", "vllm")
    assert told.exit_code == 0
    for part in ("vllm", "vllm_moe", "vllm_custom_op", "vllm_and_mul"):
        assert all(f"{part}:{name}" in told.stdout for name in DIALECTS[part])
    record = json.loads(run("list", "--library", "vllm", "--json").stdout)
    assert record["vllm_custom_op:mul_and_silu"]["settings"]["gate"] == "second"
    assert record["vllm_moe:situ"] == {
        "entry": "situ_glu",
        "settings": {"gate": "first", "layout": "chunk"},
        "needs": ["beta"],
    }


def test_a_library_and_a_family_narrow_the_list_together() -> None:
    """Both options hold at once."""
    record = json.loads(run("list", "--library", "timm", "--family", "gated", "--json").stdout)
    assert {name.partition(":")[0] for name in record} == {"timm_mlp"}


@pytest.mark.parametrize(("lang", "said"), [("en", "is swiglu with gate='second'"), ("zh", "即 swiglu")])
def test_a_name_of_another_library_is_shown_as_what_it_means(lang: str, said: str) -> None:
    """`show` says on stderr which entry with which settings the name means, and shows that."""
    told = run("show", "vllm:mul_and_silu", "--lang", lang)
    assert told.exit_code == 0 and told.stdout.startswith("swiglu")
    assert said in told.stderr and "mul_and_silu (gate='second')" in told.stdout


def test_settings_that_a_name_implies_are_used_and_can_be_changed() -> None:
    """Keras's leaky ReLU has slope 0.2, unless another is given."""
    assert json.loads(run("value", "keras:leaky_relu", "--json", "--", "-1").stdout)["value"] == [-0.2]
    changed = run("value", "keras:leaky_relu", "-p", "negative_slope=0.3", "--json", "--", "-1")
    assert json.loads(changed.stdout)["value"] == [-0.3]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "srelu"), "s_shaped_relu"),
        (("show", "vllm:gelu_tanh"), "vllm_moe:gelu_tanh"),
        (("list", "--library", "nolib"), "known are"),
    ],
)
def test_what_is_not_one_name_is_refused_with_the_choices(arguments: tuple[str, ...], said: str) -> None:
    """Exit code 2 and one sentence."""
    told = run(*arguments)
    assert told.exit_code == 2 and said in told.stderr and len(told.stderr.strip().splitlines()) == 1
