"""The server gives the page to this machine's browser, trains for that page alone, and stops when nobody listens."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from tests.explorer.conftest import running

from actlab.explorer.content import TYPES
from actlab.explorer.server import Server
from actlab.report.words import LANGUAGES

FILES = {name: f"<{name}>页" for name in TYPES}


class Training:
    """A run that counts what it was asked for, and goes on until it is closed."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.closed = threading.Event()
        self.goes_on = threading.Event()

    def __call__(self, settings: Any) -> Iterator[dict[str, Any]]:
        self.asked.append(settings)
        try:
            if settings == "wrong":
                raise ValueError("no such function")
            if settings == "lost":
                raise KeyError("lost")
            yield {"step": 1, "text": "损失"}
            if settings == "short":
                return
            if settings == "broken":
                raise KeyError("lost")
            self.goes_on.wait(10)
            while True:
                time.sleep(0.01)
                yield {"step": 2}
        finally:
            self.closed.set()


@pytest.fixture
def training() -> Training:
    """A training to watch."""
    return Training()


@pytest.fixture
def served(training: Training) -> Iterator[Server]:
    """A running server."""
    with running(FILES, run=training) as server:
        yield server


def connect(server: Server) -> Any:
    """A fresh connection, closed at the end."""
    return closing(http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10))


def ask(server: Server, path: str, method: str = "GET", body: str = "", **headers: str) -> tuple[int, Any, bytes]:
    """Status, headers and body of one answer."""
    given = {name.replace("_", "-"): text for name, text in headers.items()}
    with connect(server) as line:
        line.request(method, path, body.encode() or None, given)
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read()


def run(server: Server, settings: Any, **headers: str) -> tuple[int, Any, bytes]:
    """The answer to a run as the page asks for it."""
    own = {"Content_Type": "application/json", "X_Actlab_Token": server.token, **headers}
    return ask(server, "/run", "POST", json.dumps(settings), **own)


def events(body: bytes) -> list[dict[str, Any]]:
    """What a stream told."""
    return [json.loads(part.removeprefix("data: ")) for part in body.decode().split("\n\n") if part]


def test_every_file_is_served_with_its_type_under_a_strict_policy(served: Server) -> None:
    """The page at / and each file by its name; scripts and styles of this server only, and no frame around it."""
    for path, name in {"/": "index.html", **{f"/{name}": name for name in TYPES}}.items():
        status, headers, body = ask(served, f"{path}?x=1")
        assert (status, body.decode(), headers["Content-Type"]) == (200, FILES[name], TYPES[name])
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/../../etc/passwd", "/catalog", "/built/index.html", "/%2e%2e/x", "/index.html/"])
def test_nothing_else_is_served(served: Server, path: str) -> None:
    """A path is a name of the table or nothing; the answer is a sentence in both languages."""
    status, _, body = ask(served, path)
    assert status == 404 and set(json.loads(body)["error"]) == set(LANGUAGES)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}"])
def test_a_name_that_was_made_to_point_here_is_refused(served: Server, training: Training, host: str) -> None:
    """Only this server's own address is answered, whatever a name server says (DNS rebinding)."""
    host = host.format(port=served.server_port)
    assert ask(served, "/", Host=host)[0] == 403
    assert ask(served, "/health", Host=host)[0] == 403
    assert run(served, "short", Host=host)[0] == 403 and not training.asked


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"X_Actlab_Token": "guessed"},
        {"X_Actlab_Token": "\xe9"},
    ],
)
def test_another_site_cannot_start_a_training(served: Server, training: Training, headers: dict[str, str]) -> None:
    """Its origin, its kind of request or its guess of the token give it away; the token is told to the page only."""
    assert run(served, "short", **headers)[0] == 403 and not training.asked
    if "X_Actlab_Token" not in headers:
        assert ask(served, "/health", **headers)[0] == 403


def test_the_page_learns_the_token_and_reads_the_events(served: Server, training: Training) -> None:
    """`health` tells the token; a run streams its events, one by one, and may be asked for again."""
    token = json.loads(ask(served, "/health", Origin=served.address[:-1])[2])["token"]
    for _ in range(2):
        status, headers, body = run(served, "short", X_Actlab_Token=token, Sec_Fetch_Site="same-origin")
        assert (status, headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
        assert events(body) == [{"step": 1, "text": "损失"}]
    assert training.asked == ["short", "short"]


def test_wrong_settings_are_a_sentence_and_a_fault_is_an_event(served: Server) -> None:
    """What is refused before the first event is answered with 400; what breaks is told in words."""
    status, _, body = run(served, "wrong")
    assert status == 400 and json.loads(body)["error"] == dict.fromkeys(LANGUAGES, "no such function")
    status, _, body = run(served, "lost")
    assert status == 500 and "KeyError" in json.loads(body)["error"]["zh"]
    status, _, body = run(served, "broken")
    assert status == 200 and "KeyError" in events(body)[-1]["error"]["zh"]


@pytest.mark.parametrize(
    ("body", "headers"),
    [("{", {}), ("[" * 99_999, {}), ("", {}), ("1", {"Content_Type": "text/plain"}), ("1" * 100_001, {})],
)
def test_what_is_no_settings_is_refused(served: Server, training: Training, body: str, headers: dict[str, str]) -> None:
    """Half JSON, endless brackets, nothing, another type, too much: 400 with a sentence, and the server goes on."""
    own = {"Content_Type": "application/json", "X_Actlab_Token": served.token, **headers}
    status, _, answer = ask(served, "/run", "POST", body, **own)
    assert status == 400 and set(json.loads(answer)["error"]) == set(LANGUAGES) and not training.asked
    assert run(served, "short")[0] == 200


def test_one_training_at_a_time_and_it_ends_when_the_reader_leaves(served: Server, training: Training) -> None:
    """A second one is refused while the first runs; leaving closes the first, and then there is room again."""
    with connect(served) as line:
        own = {"Content-Type": "application/json", "X-Actlab-Token": served.token}
        line.request("POST", "/run", b'"long"', own)
        answer = line.getresponse()
        assert answer.readline().startswith(b"data: ")
        status, _, body = run(served, "short")
        assert status == 409 and set(json.loads(body)["error"]) == set(LANGUAGES)
        training.goes_on.set()
        answer.close()
    assert training.closed.wait(10)
    for _ in range(200):
        if (status := run(served, "short")[0]) == 200:
            break
        time.sleep(0.01)
    assert status == 200


def test_a_training_ends_before_its_server_is_gone(training: Training) -> None:
    """Ctrl-C in the middle of a training stops it at its next event, so that Python never leaves with torch at work."""
    with running(FILES, run=training) as server:
        line = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        own = {"Content-Type": "application/json", "X-Actlab-Token": server.token}
        line.request("POST", "/run", b'"long"', own)
        answer = line.getresponse()
        assert answer.readline().startswith(b"data: ")
        training.goes_on.set()
    assert training.closed.is_set()
    line.close()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_taken_port_is_named_in_one_sentence(served: Server, lang: str) -> None:
    """The message says which port and what to do."""
    with pytest.raises(OSError, match=f"{served.server_port}.*--port"):
        Server(FILES, served.server_port, lang=lang)
