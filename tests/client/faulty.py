"""A server on the loopback address that fails as it is told, or passes on to the real service and then fails."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


@dataclass
class Faulty:
    """`script` says what happens to each request in turn; its last entry goes on for ever."""

    upstream: str = ""
    url: str = ""
    script: list[Callable[["Handler"], None]] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    """Method, path, headers with small names, body."""
    held: threading.Event = field(default_factory=threading.Event)
    """Set at the end, for whom never answers."""


class Handler(BaseHTTPRequestHandler):
    faulty: Faulty

    def log_message(self, *_: object) -> None:
        """No noise."""

    def handle_any(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.faulty.seen.append((self.command, self.path, headers, self.body))
        script = self.faulty.script
        (script.pop(0) if len(script) > 1 else script[0])(self)

    do_GET = do_POST = do_PATCH = handle_any  # noqa: N815 - the standard library's names

    def forward(self) -> httpx.Response:
        ours = {"host", "content-length", "connection"}
        headers = {n: v for n, v in self.headers.items() if n.lower() not in ours}
        return httpx.request(
            self.command, self.faulty.upstream + self.path, headers=headers, content=self.body, timeout=60
        )

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def says(status: int, body: bytes = b"", **headers: str) -> Callable[[Handler], None]:
    """Header names with underscores for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(status, body, named)


def passes(handler: Handler) -> None:
    got = handler.forward()
    handler.answer(got.status_code, got.content, {})


def loses(handler: Handler) -> None:
    """The service carries it out, and its answer never arrives."""
    handler.forward()
    handler.close_connection = True
    handler.connection.close()


def drops(handler: Handler) -> None:
    handler.close_connection = True
    handler.connection.close()


def cuts(handler: Handler) -> None:
    """The service's answer without its last line."""
    got = handler.forward()
    handler.answer(200, b"".join(line + b"\n" for line in got.content.splitlines()[:-1]), {})


def hangs(handler: Handler) -> None:
    handler.faulty.held.wait(60)
    handler.close_connection = True


@contextmanager
def faulty_server(upstream: str = "") -> Iterator[Faulty]:
    faulty = Faulty(upstream)
    handler = type("OneHandler", (Handler,), {"faulty": faulty, "protocol_version": "HTTP/1.1"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # closed on purpose
    faulty.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield faulty
    finally:
        faulty.held.set()
        server.shutdown()
        server.server_close()
        thread.join()
