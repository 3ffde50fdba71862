"""Machine code on disk: kept, checked, replaced, done without, and shared by processes that start together."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from actlab.language import symbol, tanh
from actlab.renderers.llvm_cpu import Part
from actlab.renderers.llvm_loops import Plan
from actlab.runtime import launch, machine

X = symbol("x")


def _load_anew(plan: Plan) -> launch.Native:
    launch.compiled.cache_clear()
    return launch.compiled(plan)


def _run_anew(plan: Plan, x: torch.Tensor) -> torch.Tensor:
    launch.compiled.cache_clear()
    return launch.run(plan, x)


def _broken(path: Path, how: str) -> None:
    content = path.read_bytes()
    path.write_bytes({"empty": b"", "cut": content[:-9], "other bits": content[:-9] + b"123456789"}[how])


@pytest.mark.parametrize("how", ["empty", "cut", "other bits"])
def test_a_corrupt_cache_is_compiled_again(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was cut or changed is neither run nor fatal; it is replaced."""
    monkeypatch.setenv("ACTLAB_CACHE", str(tmp_path))
    plan = Plan((Part(X * tanh(X) + 0.125),), ways=("each", "each"))
    _load_anew(plan)
    (path,) = (tmp_path / "kernels").iterdir()
    whole = path.read_bytes()
    _broken(path, how)
    x = torch.randn(9)
    torch.testing.assert_close(_run_anew(plan, x), x * x.tanh() + 0.125)
    assert path.read_bytes() == whole


def test_the_cache_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Canary: the second load compiles nothing."""
    monkeypatch.setenv("ACTLAB_CACHE", str(tmp_path))
    plan = Plan((Part(X * tanh(X) + 0.25),), ways=("each", "each"))
    _load_anew(plan)
    monkeypatch.setattr(machine, "_parsed", lambda *given: pytest.fail("compiled again"))
    _load_anew(plan)


def test_a_cache_that_cannot_be_written_or_is_open_to_others_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing permission costs a compilation and nothing else; machine code that others may write is not read."""
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")
    monkeypatch.setenv("ACTLAB_CACHE", str(blocked))
    x = torch.randn(9)
    plan = Plan((Part(X * tanh(X) + 0.5),), ways=("each", "each"))
    torch.testing.assert_close(_run_anew(plan, x), x * x.tanh() + 0.5)
    shared = tmp_path / "shared" / "kernels"
    shared.mkdir(parents=True)
    shared.chmod(shared.stat().st_mode | stat.S_IWOTH)
    monkeypatch.setenv("ACTLAB_CACHE", str(shared.parent))
    _load_anew(plan)
    assert not list(shared.iterdir())


def test_processes_that_start_together_share_a_cache(tmp_path: Path) -> None:
    """Four processes with an empty cache compile at once; all get the numbers, and whole files remain."""
    code = (
        "import torch, actlab; torch.manual_seed(0); torch.set_num_threads(1);"
        "print(actlab.functional.mish(torch.randn(1000)).sum().item())"
    )
    environment = {**os.environ, "ACTLAB_CACHE": str(tmp_path), "ACTLAB_NATIVE": "1"}
    team = [subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) for _ in range(4)]
    said = [one.communicate(timeout=120)[0] for one in team]
    assert len(set(said)) == 1 and all(one.returncode == 0 for one in team)
    names = [path.name for path in (tmp_path / "kernels").iterdir()]
    assert names and all(re.fullmatch(r"[0-9a-f]{64}", name) for name in names)
