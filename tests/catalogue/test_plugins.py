"""Installed packages contribute entries; one that fails is reported and left out, and nothing else suffers."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

GOOD = """
import actlab
from actlab.catalogue import activation
from actlab.catalogue.rectified import relu  # an entry of the catalogue, which is not contributed again
from actlab.language import exp, tanh

@activation(source="a plug-in", zh="插件中的函数。", aliases=("shrubby",), points={0.0: 0.0})
def shrub(x, rate=1.0):
    '''The input times the hyperbolic tangent of an exponential.'''
    return x * tanh(exp(rate * x))

bush = actlab.define("x/(1+exp(-a*x))", name="bush", a=1.0)
assert "relu" in actlab.names()  # asking while being loaded sees the catalogue
"""
CLASHING = """
from actlab.catalogue import activation

def entries():
    @activation(source="a plug-in", zh="插件中的函数。", aliases=("Leaky-ReLU",))
    def clashing(x):
        '''Twice the input.'''
        return 2 * x

    @activation(source="a plug-in", zh="插件中的函数。")
    def welcome(x):
        '''Three times the input.'''
        return 3 * x

    return [clashing, welcome]
"""


def _install(site: Path, distribution: str, module: str, text: str, value: str = "") -> None:
    """A distribution as pip leaves it: a module, and a dist-info folder with metadata and entry points."""
    about = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(f"[actlab.activations]\nmine = {value or module}\n", encoding="utf-8")
    (site / f"{module}.py").write_text(text, encoding="utf-8")


def _ask(site: Path, question: str) -> Any:
    """What a fresh interpreter with these distributions answers: the JSON it prints, and its warnings as a list."""
    program = f"""
    import json, sys, warnings
    sys.path.insert(0, {str(site)!r})
    import actlab
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        answer = {question}
        again = actlab.names()
    print(json.dumps([answer, [str(each.message) for each in said]]))
    """
    told = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], check=True, capture_output=True, text=True, timeout=120
    )
    return json.loads(told.stdout.splitlines()[-1])


def test_a_package_adds_entries_in_a_family_of_its_own(tmp_path: Path) -> None:
    """names, entry, create, modules and functions see them; the family is the distribution's name."""
    _install(tmp_path, "garden-activations", "garden", GOOD)
    answer, said = _ask(
        tmp_path,
        """[
            actlab.names(family="garden-activations"),
            actlab.entry("shrubby").family,
            float(actlab.value("shrub", 1.0)),
            repr(actlab.create("shrub", rate=2.0)),
            actlab.nn.Bush().name,
            "Shrub" in dir(actlab.nn) and "bush" in dir(actlab.functional),
            len(actlab.names()) - len(actlab.catalogue.ENTRIES),
        ]""",
    )
    assert answer[:2] == [["shrub", "bush"], "garden-activations"]
    assert answer[2] == pytest.approx(0.9913289158, abs=1e-9)  # tanh(e)
    assert answer[3:] == ["Shrub(rate=2)", "bush", True, 2]
    assert said == []


def test_a_package_that_fails_is_one_warning_and_is_left_out(tmp_path: Path) -> None:
    """The warning names the package and the cause; the other packages and the catalogue are there."""
    _install(tmp_path, "garden-activations", "garden", GOOD)
    _install(tmp_path, "broken-activations", "broken", "raise RuntimeError('no such device')")
    _install(tmp_path, "empty-activations", "hollow", "nothing = 3", "hollow:nothing")
    _install(tmp_path, "leaving-activations", "leaving", "raise SystemExit(3)")
    answer, said = _ask(tmp_path, "[actlab.names()[-2:], actlab.names()[:1]]")
    assert answer[0] == ["shrub", "bush"] and len(answer[1]) == 1
    assert [text.partition(":")[0].removeprefix("actlab plug-in ") for text in said] == [
        "broken-activations",
        "empty-activations",
        "leaving-activations",
    ]
    assert "RuntimeError: no such device" in said[0] and "no entry" in said[1] and "SystemExit: 3" in said[2]
    assert not any("\n" in text for text in said)


def test_a_name_that_is_taken_is_left_out_and_the_rest_kept(tmp_path: Path) -> None:
    """Neither a name of the catalogue nor one of another package can be replaced, in any spelling."""
    _install(tmp_path, "clashing-activations", "clashing_module", CLASHING, "clashing_module:entries")
    _install(tmp_path, "second-garden", "second", GOOD)
    _install(tmp_path, "garden-activations", "garden", GOOD)
    answer, said = _ask(tmp_path, "[actlab.names()[-3:], actlab.entry('LeakyReLU').name]")
    assert answer == [["welcome", "shrub", "bush"], "leaky_relu"]
    assert len(said) == 3
    assert "clashing is left out; the name 'Leaky-ReLU' belongs to actlab's leaky_relu" in said[0]
    assert "second-garden: shrub is left out; the name 'shrub' belongs to shrub of garden-activations" in said[1]


def test_nothing_is_looked_for_before_a_name_is_asked_for(tmp_path: Path) -> None:
    """Importing actlab loads no other package, and asking for a function of the catalogue does not either."""
    _install(tmp_path, "broken-activations", "broken", "raise RuntimeError('no such device')")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import actlab; actlab.entry('gelu'); "
        "assert 'broken' not in sys.modules and 'importlib.metadata' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=120)


def test_where_no_package_contributes_the_registry_of_packages_is_not_read() -> None:
    """`actlab.names()` stays quick: importlib.metadata, which takes half its budget to import, is not needed."""
    program = "import sys, actlab; actlab.names(); assert 'importlib.metadata' not in sys.modules"
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=120)


def test_the_command_line_lists_and_shows_them(tmp_path: Path) -> None:
    """`list` ends with the package's family, `show` draws its entries, in both languages."""
    _install(tmp_path, "garden-activations", "garden", GOOD)
    for lang, summary in (("en", "The input times the hyperbolic tangent"), ("zh", "插件中的函数")):
        for arguments in (["list", "--family", "garden-activations"], ["show", "shrubby"]):
            told = subprocess.run(
                [sys.executable, "-m", "actlab", *arguments, "--lang", lang],
                check=True,
                capture_output=True,
                text=True,
                encoding="utf-8",
                env={
                    "PYTHONPATH": str(tmp_path),
                    "PYTHONIOENCODING": "utf-8",
                    "COLUMNS": "120",
                    "OMP_NUM_THREADS": "1",
                },
                timeout=300,
            )
            assert summary in told.stdout and "garden-activations" in told.stdout, told.stdout
