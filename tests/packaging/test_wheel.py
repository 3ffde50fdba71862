"""The built wheel works where nothing else is installed."""

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from actlab.explorer.content import TYPES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "src/actlab/explorer/built/index.html"


def build(folder, *left_out, **environment):
    """Build a wheel into `folder` from a copy of what a checkout holds, as git ignores it."""
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "hatch_build.py", ".gitignore", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", *left_out)
    shutil.copytree(ROOT / "src", source / "src", ignore=ignored)
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(source)]
    around = {**os.environ, "PIP_CONSTRAINT": str(ROOT / "constraints.txt"), **environment}
    return subprocess.run(command, capture_output=True, text=True, env=around, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The project's wheel, without the page only where this checkout has not built it."""
    folder = tmp_path_factory.mktemp("wheel")
    done = build(folder, **({} if PAGE.is_file() else {"ACTLAB_WITHOUT_PAGE": "1"}))
    assert done.returncode == 0, done.stderr[-2000:]
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.skipif(not PAGE.is_file(), reason="the explorer's page is not built: `make explorer`")
def test_the_wheel_carries_the_page(wheel):
    """Every file of the explorer is inside, though git ignores them; and nothing it was built from."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"actlab/explorer/built/{name}" for name in TYPES} <= set(names)
    assert not [name for name in names if name.endswith((".ts", ".tsx", ".mjs"))]


def test_a_wheel_without_the_page_is_refused(tmp_path):
    """Where the page is not built, the build stops with a sentence that says how to build it."""
    done = build(tmp_path, "built")
    assert done.returncode != 0 and not list(tmp_path.glob("*.whl"))
    assert "run `make explorer`" in done.stdout + done.stderr


def test_the_wheel_carries_texts_templates_and_stubs(wheel):
    """Package data is inside, and nothing that is not the package's."""
    names = zipfile.ZipFile(wheel).namelist()
    for needed in ("actlab/report/text/zh.json", "actlab/nn/__init__.pyi", "actlab/py.typed"):
        assert needed in names
    assert any(name.startswith("actlab/report/templates/") for name in names)
    assert all(name.startswith(("actlab/", "actlab-")) for name in names)


def test_the_wheel_shows_gelu_in_an_empty_environment(wheel, tmp_path):
    """Installed with its dependencies in a fresh environment without a compiler, `actlab show gelu` answers."""
    home = tmp_path / "fresh"
    venv.create(home, with_pip=True)
    binaries = home / "bin"
    install = [str(binaries / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*install, "-c", str(ROOT / "constraints.txt"), str(wheel)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    bare = {"PATH": str(binaries), "HOME": str(tmp_path), "LANG": "C.UTF-8", "COLUMNS": "80"}
    shown = subprocess.run(
        [str(binaries / "actlab"), "show", "gelu"], capture_output=True, text=True, env=bare, cwd=tmp_path, check=False
    )
    assert shown.returncode == 0, shown.stderr
    assert "x·Φ(x)" in shown.stdout and "0.16997" in shown.stdout
    listed = subprocess.run(
        [str(binaries / "actlab"), "show", "gelu", "--json", "--lang", "zh"],
        capture_output=True,
        text=True,
        env=bare,
        cwd=tmp_path,
        check=False,
    )
    assert json.loads(listed.stdout)["name"] == "gelu"
