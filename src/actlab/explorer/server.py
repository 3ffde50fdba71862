"""A server for this machine only: the page and the catalogue, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PLACES = {"/": "text/html; charset=utf-8", "/catalog.json": "application/json; charset=utf-8"}


def server(page: str, catalog: str, port: int = 0) -> ThreadingHTTPServer:
    """A server on 127.0.0.1 that is not running yet; port 0 takes a free one.

    Raises OSError with one sentence when the port is taken.
    """
    bodies = dict(zip(_PLACES, (page.encode("utf-8"), catalog.encode("utf-8")), strict=True))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            body = bodies.get(path)
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Type", _PLACES.get(path, "text/plain; charset=utf-8"))
            self.send_header("Content-Length", str(len(body or b"")))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Requests of one's own browser are no news."""

    try:
        return ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as fault:
        raise OSError(
            f"cannot listen on port {port}: {fault.strerror}; take another port or 0 for a free one"
        ) from fault


def serve(page: str, catalog: str, port: int, on_address: Callable[[str], None], open_browser: bool = True) -> None:
    """Serve until interrupted. on_address: told where the page is. Raises OSError when the port is taken."""
    import webbrowser

    with server(page, catalog, port) as running:
        address = f"http://127.0.0.1:{running.server_address[1]}/"
        on_address(address)
        if open_browser:
            webbrowser.open(address)
        running.serve_forever()
