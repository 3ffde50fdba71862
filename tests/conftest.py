"""One thread per worker, and a line at the end that says what did not run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

# the suite repeats itself exactly; `make campaign` searches anew, and longer
settings.register_profile("suite", max_examples=400, deadline=None, derandomize=True, database=None)
settings.register_profile("campaign", max_examples=10_000, deadline=None)
settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers of this suite."""
    config.addinivalue_line("markers", "gpu: runs a kernel on a GPU; skipped, and counted, where there is none")


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
    ran = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if "gpu" in report.keywords and report.when == "call"
    ]
    skipped = terminalreporter.stats.get("skipped", [])
    terminalreporter.write_line(f"{len(ran)} GPU kernels run; {len(skipped)} tests did not run")
