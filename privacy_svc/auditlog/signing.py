"""The service's signing key: checkpoints, receipts, certificates, audit reports."""

import base64
import json
import os
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from privacy_svc.auditlog.note import ML_DSA_44, NoteError, Verifier, cosigned_message, signature_line
from privacy_svc.errors import KeyUnavailable, Misconfigured

FILE = "signing.key"
SECOND = "signing-ml-dsa-44.key"


def sync_folder(folder: Path) -> None:
    """A new file's name survives a power cut only once its folder is synced."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Signer:
    """An Ed25519 key in a file of mode 0600, apart from the database's credentials.

    With a second key, of ML-DSA-44 (FIPS 204), checkpoints bear its cosignature too: they hold when a quantum
    computer has broken the first.
    """

    def __init__(self, name: str, key: Ed25519PrivateKey, second: MLDSA44PrivateKey | None = None) -> None:
        self._key, self._second = key, second
        self.verifier = Verifier(name, key.public_key().public_bytes_raw())
        self.second = Verifier(name, second.public_key().public_bytes_raw(), ML_DSA_44) if second else None

    @classmethod
    def create(cls, folder: Path, name: str) -> Self:
        """A new key. Refuses to replace one: what it signed could not be told from what another signed."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = Ed25519PrivateKey.generate()
        _write_new(folder / FILE, key.private_bytes_raw())
        return cls(name, key)

    @staticmethod
    def add_second(folder: Path) -> None:
        """A key of ML-DSA-44 beside the first, used from the next start on. Refuses to replace one."""
        _write_new(folder / SECOND, MLDSA44PrivateKey.generate().private_bytes_raw())

    @classmethod
    def load(cls, folder: Path, name: str) -> Self:
        """Raises KeyUnavailable when it is missing, Misconfigured when others could read it."""
        key = Ed25519PrivateKey.from_private_bytes(_read(folder / FILE))
        second = folder / SECOND
        return cls(name, key, MLDSA44PrivateKey.from_seed_bytes(_read(second)) if second.exists() else None)

    def __repr__(self) -> str:
        return f"Signer({self.verifier.name!r})"

    @property
    def name(self) -> str:
        return self.verifier.name

    @property
    def vkey(self) -> str:
        return self.verifier.vkey

    def sign_note(self, text: str) -> str:
        """A checkpoint's text, signed."""
        return f"{text}\n{signature_line(self.verifier, self._key.sign(text.encode()))}{self._cosignature(text)}"

    def _cosignature(self, text: str) -> str:
        if self._second is None or self.second is None:
            return ""
        stamp = int(time.time())
        signature = self._second.sign(cosigned_message(ML_DSA_44, self.name, stamp, text))
        return signature_line(self.second, stamp.to_bytes(8) + signature)

    def sign(self, message: bytes) -> bytes:
        """Ed25519. The message begins with what it is for, which no note and no JSON begins with."""
        return self._key.sign(message)

    def sign_json(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The document with a `signature` over its canonical form without it.

        No note can be mistaken for it: canonical JSON is one line, a note's text is several.
        """
        value = base64.b64encode(self._key.sign(canonical(document))).decode()
        return {**document, "signature": {"algorithm": "Ed25519", "key": self.vkey, "value": value}}


def _write_new(path: Path, raw: bytes) -> None:
    """Whole and on disk when it returns."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Misconfigured(f"{path} exists already.") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def _read(path: Path) -> bytes:
    try:
        mode, raw = path.stat().st_mode & 0o777, path.read_bytes()
    except OSError as error:
        raise KeyUnavailable(f"The signing key {path} cannot be read: {error.strerror}.") from None
    if mode & 0o077:
        raise Misconfigured(f"{path} has mode {mode:04o}: others may read it. Run: chmod go-rwx {path}")
    if len(raw) != 32:
        raise Misconfigured(f"{path} is not a signing key. Restore it from a backup; do not make a new one.")
    return raw


def canonical(document: Any) -> bytes:
    """RFC 8785 over texts, whole numbers, truth values, null, lists and objects; whole numbers of any size in full.

    Raises TypeError for anything else: fractions have no one spelling that all languages agree on.
    """
    return _encode(_ordered(document)).encode()


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def _ordered(value: Any) -> Any:
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, (dict, Mapping)):  # the first is found at once
        return {name: _ordered(value[name]) for name in _sorted(value)}
    if isinstance(value, (list, tuple)):
        return [_ordered(inner) for inner in value]
    raise TypeError(f"a signed document holds no {type(value).__name__}")


def _sorted(names: Collection[Any]) -> list[str]:
    """RFC 8785 §3.2.3: by UTF-16 code units, which for ASCII is Python's own order."""
    if not all(isinstance(name, str) for name in names):
        raise TypeError("names in a signed document are texts")
    return sorted(names) if "".join(names).isascii() else sorted(names, key=lambda name: name.encode("utf-16-be"))


def verify_json(document: Mapping[str, Any], vkey: str) -> None:
    """Raises NoteError unless `vkey` signed exactly this document."""
    signature = document.get("signature")
    known = {"algorithm", "key", "value"}
    if not isinstance(signature, Mapping) or set(signature) != known or signature["algorithm"] != "Ed25519":
        raise NoteError("the document is not signed")
    if signature["key"] != vkey.strip():
        raise NoteError("it names another key than the one you trust")
    rest = {k: v for k, v in document.items() if k != "signature"}
    try:
        raw, message = base64.b64decode(str(signature.get("value")), validate=True), canonical(rest)
    except (ValueError, TypeError):
        raise NoteError("the signature cannot be read") from None
    if base64.b64encode(raw).decode() != signature["value"]:  # the last sign has bits that nobody reads
        raise NoteError("the signature is not spelled as it was written")
    Verifier.parse(vkey).verify(raw, message)
