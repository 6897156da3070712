"""A witness on the loopback address, after C2SP tlog-witness: it trusts one log and remembers what it saw."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy_svc.auditlog import NoteError, ProofError, Verifier, open_checkpoint
from privacy_svc.auditlog.merkle import verify_consistency
from privacy_svc.auditlog.signed_note import COSIGNATURE, signature_line, unbase64


class WitnessServer:
    def __init__(self, log: Verifier) -> None:
        self.log = log
        self.renew_key()
        self.size, self.root, self.asked = 0, b"", 0
        self.broken: int | None = None
        """Answer with this status instead."""
        self._lock = threading.Lock()

    def renew_key(self) -> None:
        """It stands where it stood."""
        self._key = Ed25519PrivateKey.generate()
        self.verifier = Verifier("witness.test/w1", self._key.public_key().public_bytes_raw(), COSIGNATURE)

    def add_checkpoint(self, body: str) -> tuple[int, str, str]:  # noqa: PLR0911 - the specification, answer by answer
        """Status, content type, text."""
        with self._lock:
            self.asked += 1
            if self.broken is not None:
                return self.broken, "text/plain", "broken"
            head, _, note = body.partition("\n\n")
            first, *proof = head.split("\n")
            old = int(first.removeprefix("old "))
            if note.split("\n")[0] != self.log.name:
                return 404, "text/plain", ""
            try:
                checkpoint = open_checkpoint(note, self.log)
            except NoteError:
                return 403, "text/plain", ""
            if old != self.size:
                return 409, "text/x.tlog.size", f"{self.size}\n"
            if old == checkpoint.size and checkpoint.root != self.root:
                return 409, "text/plain", ""
            try:
                if old:
                    hashes = [unbase64(line) for line in proof]
                    verify_consistency(old, checkpoint.size, hashes, self.root, checkpoint.root)
            except ProofError:
                return 422, "text/plain", ""
            self.size, self.root = checkpoint.size, checkpoint.root
            stamp, text = int(time.time()), note.partition("\n\n")[0] + "\n"
            signed = self._key.sign(f"cosignature/v1\ntime {stamp}\n{text}".encode())
            return 200, "text/plain", signature_line(self.verifier, stamp.to_bytes(8) + signed)


@contextmanager
def serving(witness: WitnessServer) -> Iterator[str]:
    """Its submission prefix."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            status, kind, text = witness.add_checkpoint(body) if self.path == "/w/add-checkpoint" else (404, "", "")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/w/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
