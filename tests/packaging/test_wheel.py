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

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The project's wheel, built from a copy of what a clone holds."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(source)]
    constraints = {**os.environ, "PIP_CONSTRAINT": str(ROOT / "constraints.txt")}
    done = subprocess.run(command, capture_output=True, text=True, env=constraints, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (built,) = folder.glob("*.whl")
    return built


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
