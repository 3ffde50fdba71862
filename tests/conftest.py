"""One thread per worker, work that stays together, and a line at the end that says what did not run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# compiled kernels stay in the working tree, for this run's workers and subprocesses and for the next run
os.environ.setdefault("ACTLAB_CACHE", str(Path(__file__).parents[1] / ".pytest_cache" / "kernels"))

# the suite repeats itself exactly; `make campaign` searches anew, and longer
settings.register_profile("suite", max_examples=400, deadline=None, derandomize=True, database=None)
settings.register_profile("campaign", max_examples=10_000, deadline=None)
settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers of this suite."""
    config.addinivalue_line("markers", "gpu: runs a kernel on a GPU; skipped, and counted, where there is none")
    config.addinivalue_line("markers", "browser: opens the page in Chromium; skipped, and counted, where there is none")


_FILES = "catalogue|numbers|tensors|transforms|torch_agreement|gpu"  # one test per entry, no fixtures to share
_OF_ONE_ENTRY = re.compile(rf"tests/contracts/test_(?:{_FILES})\.py::\w+\[(\w+)")


def together(nodeid: str) -> str:
    """What runs in one worker: a file, or every contract of one entry, so that its exact values are computed once."""
    entry = _OF_ONE_ENTRY.match(nodeid)
    return entry[1] if entry else nodeid.partition("::")[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files first, entries last: hundreds of small pieces even out what the long files leave to each worker."""
    items.sort(key=lambda item: _OF_ONE_ENTRY.match(item.nodeid) is not None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Workers (`-n 2`) are given files and entries, in this order."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid)

    config.option.loadscopereorder = False
    return Together(config, log)


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Workers share the cores: one torch thread each."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What did not run is counted and printed, never silently green."""
    ran = {
        marker: sum(
            marker in report.keywords and report.when == "call"
            for outcome in ("passed", "failed")
            for report in terminalreporter.stats.get(outcome, [])
        )
        for marker in ("gpu", "browser")
    }
    skipped = terminalreporter.stats.get("skipped", [])
    terminalreporter.write_line(
        f"{ran['gpu']} GPU kernels and {ran['browser']} pages in a browser run; {len(skipped)} tests did not run"
    )
