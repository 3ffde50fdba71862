"""A server for this machine only: the files of the page, and trainings in PyTorch for that page alone."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ..report.words import LANGUAGES, say
from .content import TYPES

Run = Callable[[Any], Iterator[dict[str, Any]]]

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_JSON = "application/json; charset=utf-8"
_MOST = 100_000  # bytes of settings
_PATIENCE = 10.0  # seconds for a training to end with the server


def _training(settings: Any) -> Iterator[dict[str, Any]]:
    from .training import run  # takes torch to import

    return run(settings)


class _Refused(Exception):
    """A request that is not answered: the status and why, in both languages."""

    def __init__(self, status: int, text: Mapping[str, str]) -> None:
        super().__init__(text["en"])
        self.status, self.text = status, text


def _refused(status: int, key: str) -> _Refused:
    return _Refused(status, {lang: say(lang, f"explore.{key}") for lang in LANGUAGES})


def _told(fault: Exception) -> Mapping[str, str]:
    """What went wrong in a training, in both languages: its own words, or ours about it."""
    own = str(fault) if isinstance(fault, ValueError) else ""
    unexpected = {"kind": type(fault).__name__, "text": str(fault)}
    return getattr(fault, "text", {lang: own or say(lang, "unexpected", **unexpected) for lang in LANGUAGES})


class Server(ThreadingHTTPServer):
    """The page on 127.0.0.1. `address`: where it is. `token`: what a run must show, told to the page by `health`."""

    daemon_threads = True

    def __init__(self, content: Mapping[str, str], port: int = 0, run: Run = _training, lang: str = "en") -> None:
        """content: the files of the page. port: 0 takes a free one. run: settings -> events. lang: of the complaint.

        Raises OSError with one sentence when the port is taken.
        """
        self.files = {f"/{name}": text.encode("utf-8") for name, text in content.items()}
        self.files["/"] = self.files["/index.html"]
        self.run, self.token, self.busy = run, secrets.token_urlsafe(24), threading.Lock()
        self.ending = False
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as fault:
            raise OSError(say(lang, "explore.port", port=port, reason=fault.strerror)) from fault
        names = (f"127.0.0.1:{self.server_port}", f"localhost:{self.server_port}")
        self.origins = {name: f"http://{name}" for name in names}
        self.address = f"{self.origins[names[0]]}/"

    def server_close(self) -> None:
        """Stop listening, and let a running training come to its next event: torch must not be torn down inside it."""
        self.ending = True
        super().server_close()
        if self.busy.acquire(timeout=_PATIENCE):
            self.busy.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that leaves in the middle of an answer is no news."""


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server  # type: ignore[assignment]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answered(self._get)

    def do_POST(self) -> None:
        self._answered(self._post)

    def _answered(self, answer: Callable[[str], None]) -> None:
        try:
            # a name that somebody let point here would make their page one of this server's
            if self.headers.get("Host") not in self.server.origins:
                raise _refused(403, "foreign")
            answer(self.path.split("?")[0])
        except _Refused as refusal:
            self.close_connection = True  # a body may be left unread
            self._send(refusal.status, _JSON, json.dumps({"error": refusal.text}).encode("utf-8"))

    def _get(self, path: str) -> None:
        if path == "/health":
            self._own()
            return self._send(200, _JSON, json.dumps({"token": self.server.token}).encode("utf-8"))
        body = self.server.files.get(path)
        if body is None:
            raise _refused(404, "nothing")
        self._send(200, TYPES[path[1:] or "index.html"], body)

    def _post(self, path: str) -> None:
        if path != "/run":
            raise _refused(404, "nothing")
        self._own()
        shown = self.headers.get("X-Actlab-Token", "")
        if not secrets.compare_digest(shown.encode(), self.server.token.encode()):
            raise _refused(403, "foreign")
        settings = self._settings()
        if not self.server.busy.acquire(blocking=False):
            raise _refused(409, "busy")
        try:
            self._stream(settings)
        finally:
            self.server.busy.release()

    def _own(self) -> None:
        """Refuse what another site sends."""
        origin, site = self.headers.get("Origin"), self.headers.get("Sec-Fetch-Site", "same-origin")
        if origin not in (None, self.server.origins[self.headers["Host"]]) or site != "same-origin":
            raise _refused(403, "foreign")

    def _settings(self) -> Any:
        try:
            length = int(self.headers.get("Content-Length", ""))
            if not 0 <= length <= _MOST or self.headers.get_content_type() != "application/json":
                raise ValueError
            return json.loads(self.rfile.read(length))
        except (ValueError, RecursionError):  # the latter for brackets inside brackets without end
            raise _refused(400, "settings") from None

    def _stream(self, settings: Any) -> None:
        """Send each event when it is there; a reader who leaves ends the run."""
        events: Iterator[dict[str, Any]] = iter(())
        begun = False
        try:
            events = self.server.run(settings)
            for event in events:
                if not begun:
                    self._begin(200, "text/event-stream; charset=utf-8", {"Connection": "close"})
                    begun = True
                self._event(event)
                if self.server.ending:
                    break
        except ConnectionError:
            self.close_connection = True  # the reader has left
        except Exception as fault:
            text = _told(fault)
            if not begun:
                raise _Refused(400 if isinstance(fault, ValueError) else 500, text) from fault
            self._event({"error": text})
        finally:
            if callable(close := getattr(events, "close", None)):
                close()

    def _event(self, event: Mapping[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())
        self.wfile.flush()

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self._begin(status, kind, {"Content-Length": str(len(body))})
        self.wfile.write(body)

    def _begin(self, status: int, kind: str, more: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, text in {"Content-Type": kind, **_HEADERS, **more}.items():
            self.send_header(name, text)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Requests of one's own browser are no news."""


def serve(content: Mapping[str, str], port: int, lang: str, on_address: Callable[[str], None], browse: bool) -> None:
    """Serve the page until interrupted. on_address: told where it is. browse: whether to open it in a browser.

    Raises OSError when the port is taken.
    """
    import webbrowser

    with Server(content, port, lang=lang) as running:
        on_address(running.address)
        if browse:
            webbrowser.open(running.address)
        running.serve_forever()
