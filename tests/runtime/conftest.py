"""Compiled kernels on, their machine code kept in a folder of this run."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actlab.runtime import native
from actlab.runtime.launch import compiled
from actlab.runtime.machine import Unavailable, machine


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Nothing is read from the user's cache, and nothing is left there."""
    folder = tmp_path_factory.mktemp("cache")
    folder.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACTLAB_CACHE", str(folder))
        patch.setenv("ACTLAB_NATIVE", "1")
        compiled.cache_clear()
        yield folder


@pytest.fixture(autouse=True)
def kernels_on() -> Iterator[None]:
    """Compiled kernels run, as they do for users; a machine that cannot compile them skips, and is counted."""
    try:
        machine()
    except Unavailable as reason:
        pytest.skip(f"no CPU kernels here: {reason}")
    with native.switched(True):
        yield


@pytest.fixture
def in_child() -> Callable[..., Any]:
    """`in_child(method, work, *given)`: what `work(*given, answers)` puts into its queue in another process."""

    def answer(method: str, work: Callable[..., None], *given: object) -> Any:
        if method not in multiprocessing.get_all_start_methods():
            pytest.skip(f"no {method} on this system")
        context = multiprocessing.get_context(method)
        answers = context.Queue()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of forks beside threads
            child = context.Process(target=work, args=(*given, answers))
            child.start()
        found = answers.get(timeout=120)
        child.join(timeout=60)
        assert child.exitcode == 0
        return found

    return answer
