"""A transit engine on loopback, as Vault and OpenBao have it: real AES-GCM, their answers and their status codes.

Only what a key provider can meet: list, create, read, configure, delete, encrypt (which makes a missing key, as theirs
does for a token that may create), decrypt.
"""

import base64
import json
import os
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MOUNT = "transit"
Answer = tuple[int, dict[str, Any] | None]


def fault(status: int, *words: str) -> Answer:
    return status, {"errors": list(words)}


class TransitServer:
    """`away` answers like a sealed server, `ignores_binding` like one too old for associated data, `redirects` like a
    standby node."""

    def __init__(self, token: str) -> None:
        self.token, self.away, self.ignores_binding, self.redirects = token, False, False, False
        self.keys: dict[str, dict[str, Any]] = {}
        self.lock = threading.Lock()

    def __enter__(self) -> Self:
        this = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, body = this.answer(
                    self.command, self.path, self.headers.get("X-Vault-Token", ""), json.loads(raw or b"{}")
                )
                sent = b"" if body is None else json.dumps(body).encode()
                self.send_response(status)
                if status == 307:
                    self.send_header("Location", f"{this.url}{self.path}?active")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_POST = do_DELETE = do_LIST = _any  # noqa: N815 - the base class asks for these names

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def answer(self, method: str, path: str, token: str, body: dict[str, Any]) -> Answer:
        if self.away:
            return fault(503, "Vault is sealed")
        if self.redirects and not path.endswith("?active"):
            return 307, None
        if token != self.token:
            return fault(403, "permission denied")
        return self._routed(method, path, body)

    def _routed(self, method: str, path: str, body: dict[str, Any]) -> Answer:
        match = re.fullmatch(rf"/v1/{MOUNT}/(keys|encrypt|decrypt)(?:/([\w.-]+?))?(/config)?(?:\?active)?", path)
        if match is None:
            return fault(404, "no handler for route")
        what, name, config = match.groups()
        with self.lock:
            if what == "keys":
                return self._keys(method, name, body) if config is None else self._config(name, body)
            return self._encrypt(name, body) if what == "encrypt" else self._decrypt(name, body)

    def _keys(self, method: str, name: str | None, body: dict[str, Any]) -> Answer:
        if name is None:
            return (200, {"data": {"keys": sorted(self.keys)}}) if self.keys else fault(404)
        if method == "POST":
            return self._create(name, body)
        if method == "DELETE":
            return self._delete(name)
        if name not in self.keys:
            return fault(404)
        return 200, {"data": {k: v for k, v in self.keys[name].items() if k != "raw"}}

    def _delete(self, name: str) -> Answer:
        if name not in self.keys:
            return fault(400, "could not delete key; not found")
        if not self.keys[name]["deletion_allowed"]:
            return fault(400, f"error deleting policy {name}: deletion is not allowed for this key")
        del self.keys[name]
        return 204, None

    def _create(self, name: str, body: dict[str, Any]) -> Answer:
        made = {
            "name": name,
            "type": body.get("type", "aes256-gcm96"),
            "exportable": body.get("exportable", False),
            "allow_plaintext_backup": body.get("allow_plaintext_backup", False),
            "deletion_allowed": False,
            "latest_version": 1,
            "raw": os.urandom(32),
        }
        self.keys.setdefault(name, made)
        return 204, None

    def _config(self, name: str, body: dict[str, Any]) -> Answer:
        if name not in self.keys:
            return fault(400, f"no existing key named {name} could be found")
        self.keys[name].update({k: v for k, v in body.items() if k in {"deletion_allowed", "exportable"}})
        return 204, None

    def _encrypt(self, name: str, body: dict[str, Any]) -> Answer:
        if name not in self.keys:
            self._create(name, {})
        if body.get("key_version", 1) > 1:
            return fault(400, "requested version for encryption is higher than the latest key version")
        nonce = os.urandom(12)
        sealed = self._cipher(name).encrypt(nonce, base64.b64decode(body["plaintext"]), self._binding(body))
        return 200, {"data": {"ciphertext": f"vault:v1:{base64.b64encode(nonce + sealed).decode()}", "key_version": 1}}

    def _decrypt(self, name: str, body: dict[str, Any]) -> Answer:
        if name not in self.keys:
            return fault(400, "encryption key not found")
        match = re.fullmatch(r"vault:v(\d+):(.*)", body["ciphertext"])
        if match is None:
            return fault(400, "invalid ciphertext: no prefix")
        if match[1] != "1":
            return fault(400, "invalid ciphertext: version is too new")
        raw = base64.b64decode(match[2])
        if len(raw) < 12:
            return fault(400, "invalid ciphertext length")
        try:
            plain = self._cipher(name).decrypt(raw[:12], raw[12:], self._binding(body))
        except InvalidTag:
            return fault(400, "cipher: message authentication failed")
        return 200, {"data": {"plaintext": base64.b64encode(plain).decode()}}

    def _cipher(self, name: str) -> AESGCM:
        return AESGCM(self.keys[name]["raw"])

    def _binding(self, body: dict[str, Any]) -> bytes:
        return b"" if self.ignores_binding else base64.b64decode(body.get("associated_data", ""))
