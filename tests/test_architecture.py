"""Who may import whom, and other rules of the house that a machine can check."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "actlab"
TESTS = PACKAGE.parents[1] / "tests"

# folder -> (ours it may import, third parties it may import). One row per folder; cli.py and the files at the top
# of the package may import everything.
TABLE: dict[str, tuple[set[str], set[str]]] = {
    "language": (set(), set()),
    "catalogue": ({"language"}, set()),
    "renderers": ({"language"}, set()),
    "runtime": ({"language", "renderers"}, {"torch", "llvmlite", "triton", "numpy"}),
    "nn": ({"language", "catalogue", "renderers", "runtime"}, {"torch"}),
    "theory": ({"language", "catalogue", "renderers"}, {"numpy"}),
    "advice": ({"catalogue", "theory"}, set()),
    # numpy: its random state is put back after an examination
    "doctor": ({"catalogue", "nn", "theory", "advice"}, {"torch", "numpy"}),
    "engine": (set(), {"ray"}),
    "study": ({"catalogue", "nn", "doctor", "engine"}, {"torch", "numpy", "scipy", "sklearn"}),
    "report": (
        {
            "catalogue",
            "renderers",
            "theory",
            "doctor.records",
            "doctor.keeping",
            "doctor.entry_memory",
            "doctor.prediction",
            "study.Comparison",
            "study.Progress",
        },
        {"matplotlib", "jinja2", "rich", "numpy"},
    ),
    # training.py: what the page trains, in PyTorch, with the doctor's view
    "explorer": (
        {"language", "catalogue", "renderers", "theory", "advice", "report", "nn", "doctor"},
        {"torch"},
    ),
    "integrations": (
        {"catalogue", "nn", "doctor", "study"},
        {"torch", "transformers", "lightning", "onnx", "onnxscript"},
    ),
    "testing": (
        {
            "language",
            "catalogue",
            "renderers",
            "runtime",
            "nn",
            "theory",
            "advice",
            "doctor",
            "engine",
            "study",
            "report",
            "integrations",
        },
        {"numpy", "torch", "mpmath", "onnxruntime", "pytest"},
    ),
}
# what the package itself states, free for all
STATED = {"__version__", "HOMES"}
# ray is optional and heavy: only the adapter may name it
ONLY_IN = {"ray": re.compile(r"engine/ray\w*\.py$")}
TOP_LEVEL = {
    "__init__.py",
    "__init__.pyi",
    "__main__.py",
    "cli.py",
    "command_line.py",
    "command_kernels.py",
    "command_entry_memory.py",
    "command_predict.py",
    "functional.py",
}
LONGEST = 400
VAGUE = {"utils", "util", "helpers", "helper", "common", "core", "base", "misc"}
# words that tell where and how a file was written instead of what it does
OUT_OF_PLACE = (r"/work\b", r"/tmp\b", r"\bsessions?\b", r"\bTODO\b", r"\bFIXME\b", r"NotImplementedError")


def imports(text: str, package: str) -> Iterator[tuple[str, int]]:
    """(absolute dotted name, line) of everything that the text of a module in `package` imports."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            start = parts[: len(parts) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("import_module", "importlib.import_module"):
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str) and not name.value.startswith("."):
                yield name.value, node.lineno


def violations(text: str, folder: str, path: str) -> list[str]:
    """Every import of a module in `folder` that the table does not allow, as "path:line: what"."""
    ours, others = TABLE[folder]
    found: list[str] = []
    package = ".".join(["actlab", *Path(path).parent.parts])
    for name, line in imports(text, package):
        parts = name.split(".")
        if parts[0] == "actlab":
            target = ".".join(parts[1:])
            if target in STATED:
                continue
            if not target:
                found.append(f"{path}:{line}: imports actlab itself, whose folders it should name")
            elif parts[1] != folder and not any(target == ok or target.startswith(ok + ".") for ok in ours):
                found.append(f"{path}:{line}: {folder} may not import {target}")
        elif parts[0] in ONLY_IN and not ONLY_IN[parts[0]].search(path):
            found.append(f"{path}:{line}: only the adapter may import {parts[0]}")
        elif parts[0] not in others and parts[0] not in sys.stdlib_module_names:
            found.append(f"{path}:{line}: {folder} may not import {parts[0]}")
    return found


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _folders() -> list[str]:
    return sorted(path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.rglob("*.py")))


@pytest.mark.parametrize("folder", _folders())
def test_a_folder_imports_only_what_its_row_allows(folder: str) -> None:
    """The import table of the design holds, for our own folders and for third parties."""
    found = [
        said
        for path in sorted((PACKAGE / folder).rglob("*.py"))
        for said in violations(path.read_text("utf-8"), folder, path.relative_to(PACKAGE).as_posix())
    ]
    assert not found, "\n".join(found)


def test_every_folder_has_a_row() -> None:
    """A new folder has to say what it may import; files at the top are the known ones."""
    assert set(_folders()) <= set(TABLE)
    assert {path.name for path in PACKAGE.glob("*.py*")} <= TOP_LEVEL | {"py.typed"}


def test_the_table_has_no_cycles() -> None:
    """Folders can be put in an order in which each imports earlier ones only."""
    done: set[str] = set()
    left = {folder: {name.split(".")[0] for name in ours} for folder, (ours, _) in TABLE.items()}
    while left:
        ready = [folder for folder, ours in left.items() if ours <= done]
        assert ready, f"cycle among {sorted(left)}"
        done |= set(ready)
        left = {folder: ours for folder, ours in left.items() if folder not in ready}


@pytest.mark.parametrize(
    ("folder", "text"),
    [
        ("language", "import numpy"),
        ("language", "from ..catalogue import ENTRIES"),
        ("language", "from actlab.catalogue import ENTRIES"),
        ("catalogue", "from .. import nn"),
        ("renderers", "def f():\n    import torch"),
        ("theory", "import torch.nn as nn"),
        ("theory", "from actlab import doctor"),
        ("engine", "from ..catalogue import ENTRIES"),
        ("engine", "import ray"),
        ("report", "from ..doctor import examine"),
        ("report", "from ..doctor.repair import repair"),
        ("report", "from ..study import compare"),
        ("report", "from .. import study"),
        ("nn", "import importlib\nimportlib.import_module('matplotlib')"),
        ("doctor", "import actlab"),
        ("testing", "from ..cli import main"),
    ],
)
def test_a_forbidden_import_is_caught(folder: str, text: str) -> None:
    """Canary: planted violations of every kind do not pass."""
    assert violations(text, folder, f"{folder}/planted.py")


def test_an_allowed_import_is_not_caught() -> None:
    """Canary: the check does not cry wolf."""
    fine = "import math\nfrom .expr import Expr\nfrom ..language import exp\nfrom ..doctor.records import Finding"
    assert not violations(fine, "report", "report/fine.py")[1:], "only the language import is foreign to report"
    assert not violations("def f():\n    import ray", "engine", "engine/ray_adapter.py")
    assert len(_modules()) > 30 and len(_folders()) > 8, "the walk found no files"


def _loaded_after(code: str) -> set[str]:
    """Top-level modules loaded by a fresh interpreter that runs `code`."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{code}\nimport sys; print(' '.join(sorted({{m.split('.')[0] for m in sys.modules}})))",
        ],
        check=True,
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
    )
    return set(told.stdout.split("\n")[-2].split())


HEAVY = {"numba", "matplotlib", "scipy", "sympy", "rich", "ray", "sklearn", "jinja2", "mpmath"}


def test_importing_actlab_loads_nothing_heavy() -> None:
    """`import actlab` is instant: neither torch nor any plotting, statistics or reporting library is loaded."""
    loaded = _loaded_after("import actlab; actlab.names(); actlab.entry('gelu'); actlab.latex('gelu')")
    assert "actlab" in loaded
    assert not loaded & (HEAVY | {"torch"})


def test_using_modules_loads_torch_and_nothing_else_heavy() -> None:
    """The part that trains needs torch alone."""
    code = "import actlab, torch; before = set(__import__('sys').modules); actlab.nn.Gelu()(torch.zeros(2))"
    torch_alone = _loaded_after("import torch; torch.nn.GELU()(torch.zeros(2))")
    assert not (_loaded_after(code) - torch_alone) & HEAVY


def test_the_import_probe_sees_what_is_loaded() -> None:
    """Canary: a planted import shows up."""
    assert "mpmath" in _loaded_after("import actlab, mpmath")


def _written() -> list[Path]:
    own = [*_modules(), *sorted(TESTS.rglob("*.py"))]
    root = PACKAGE.parents[1]
    return own + [path for folder in ("examples", "benchmarks") for path in sorted((root / folder).rglob("*.py"))]


def test_files_stay_short() -> None:
    """A file that outgrows 400 lines is two files."""
    long = {path.name: lines for path in _written() if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST}
    assert not long


def test_no_file_has_a_name_that_says_nothing() -> None:
    """utils, helpers, common, core and base say where something was put, not what it is."""
    vague = [path for path in _written() if VAGUE & {path.stem, *path.relative_to(PACKAGE.parents[1]).parts}]
    assert not vague
    assert VAGUE & {Path("actlab/utils.py").stem}, "canary"


def out_of_place(text: str) -> list[str]:
    """Words in a file that speak of its making instead of its matter."""
    return [found.group() for pattern in OUT_OF_PLACE for found in re.finditer(pattern, text)]


def test_files_speak_of_their_matter_only() -> None:
    """No path of a workplace, no note to self, no unfinished branch is left in what is shipped."""
    found = {path.name: words for path in _modules() if (words := out_of_place(path.read_text("utf-8")))}
    assert not found
    assert out_of_place("# TODO: see /tmp/x") == ["/tmp", "TODO"], "canary"


def test_public_functions_say_what_they_do() -> None:
    """Every public function, class and method outside tests has a docstring; properties and protocol methods too."""
    silent = [
        f"{path.relative_to(PACKAGE).as_posix()}:{node.lineno} {node.name}"
        for path in _modules()
        if path.name != "cli.py"  # a command's help is text in two languages, not its docstring
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not silent, "\n".join(silent)
