"""The built page on a server of ours, seen by Debian's Chromium in both languages."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from actlab.explorer.content import NotBuilt, content
from actlab.explorer.server import Server
from actlab.report.words import LANGUAGES

LOCALES = {"en": "en-US", "zh": "zh-CN"}
_QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the browser is marked, so that the suite can count it."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def files() -> dict[str, str]:
    """The files of the built page; skips where it is not built."""
    try:
        return content("en")
    except NotBuilt as fault:
        pytest.skip(str(fault))


@contextmanager
def running(files: Mapping[str, str], **given: Any) -> Iterator[Server]:
    """These files on a running server. given: what `Server` takes beside them."""
    with Server(files, **given) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def server(files: dict[str, str]) -> Iterator[Server]:
    """The page on a running server."""
    with running(files) as served:
        yield served


@pytest.fixture(scope="session")
def site(server: Server) -> str:
    """The address of the served page, with a / at its end."""
    return server.address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser; skips where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium on this machine: `apt-get install chromium`")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver, tempfile.TemporaryDirectory() as home:
        browser = driver.chromium.launch(executable_path=program, args=[*_QUIET, f"--disk-cache-dir={home}"])
        yield browser
        browser.close()


@pytest.fixture(params=LANGUAGES)
def lang(request: pytest.FixtureRequest) -> str:
    """Each language in turn; a test that needs one only overrides it by `@pytest.mark.parametrize("lang", ["en"])`."""
    return request.param


class Complaints(list[str]):
    """What a page complained about: errors of its scripts, console errors, requests to other hosts."""

    def listen(self, page: Any, allowed: str) -> None:
        """Note everything that goes wrong on this page. allowed: the beginning of every address it may ask for."""
        page.on("pageerror", lambda fault: self.append(f"error: {fault}"))
        page.on("console", lambda told: self.append(f"console: {told.text}") if told.type == "error" else None)
        page.on("request", lambda asked: None if asked.url.startswith(own) else self.append(f"foreign: {asked.url}"))
        own = (allowed, "data:", "blob:")


@pytest.fixture
def complaints() -> Complaints:
    """What the page complained about so far; a test that provokes complaints reads and clears it."""
    return Complaints()


@pytest.fixture
def context(chromium: Any, lang: str, tmp_path: Path) -> Iterator[Any]:
    """A fresh browser window in one language, 1280 by 900, offline but for this machine."""
    window = chromium.new_context(locale=LOCALES[lang], viewport={"width": 1280, "height": 900}, accept_downloads=True)
    window.set_default_timeout(10_000)
    yield window
    window.close()


@pytest.fixture
def page(context: Any, site: str, complaints: Complaints) -> Iterator[Any]:
    """An empty page; `page.goto(site + "#view=curves")` opens ours. Fails on any complaint at the end."""
    opened = context.new_page()
    complaints.listen(opened, site)
    yield opened
    assert not complaints
