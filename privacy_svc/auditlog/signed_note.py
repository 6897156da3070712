"""Signed notes (C2SP signed-note) and verifier keys: of logs, Ed25519, and of those who cosign checkpoints
(C2SP tlog-cosignature), Ed25519 and ML-DSA-44. Pure."""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

ED25519, COSIGNATURE, ML_DSA_44 = b"\x01", b"\x04", b"\x06"
"""Signature types."""
_SIZES = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}
_TIMESTAMP, _ED25519_SIGNATURE = 8, 64
MOST_SIGNATURES = 64
"""The specification asks for a limit of at least 16."""
_NAME = re.compile(r"[^\s+]+")
_LINE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+=*)")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteError(Exception):
    """The note is malformed, or nobody we know signed it."""


def unbase64(text: str) -> bytes:
    """RFC 4648 §4, one spelling for each value. Raises NoteError."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise NoteError("not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise NoteError("not base64")
    return raw


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key by its name: `name+keyhash+base64(type, key)`."""

    name: str
    public: bytes
    kind: bytes = ED25519

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Raises NoteError when the text is no verifier key of a known type or its hash does not fit."""
        parts = vkey.strip().split("+", 2)
        if len(parts) != 3 or not _NAME.fullmatch(parts[0]):
            raise NoteError("not a verifier key")
        raw = unbase64(parts[2])
        verifier = cls(parts[0], raw[1:], raw[:1])
        if len(raw) - 1 != _SIZES.get(raw[:1]) or verifier.id.hex() != parts[1]:
            raise NoteError("not a verifier key of a known type, or its hash does not fit")
        return verifier

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.kind + self.public).decode()}"

    def verify(self, signature: bytes, message: bytes) -> None:
        try:
            if self.kind == ML_DSA_44:
                MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, message)
            else:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            raise NoteError("the signature does not verify") from None

    def _verify_line(self, raw: bytes, text: str) -> None:
        if self.kind == ED25519:
            self.verify(raw, _utf8(text))
            return
        if len(raw) <= _TIMESTAMP:
            raise NoteError("the signature does not verify")
        stamp = int.from_bytes(raw[:_TIMESTAMP])
        self.verify(raw[_TIMESTAMP:], cosigned_message(self.kind, self.name, stamp, text))

    def open(self, note: str) -> str:
        """The note's text, ending in a newline. Raises NoteError unless this key signed it."""
        text, separator, signatures = note.rpartition("\n\n")
        if not separator or not signatures.endswith("\n") or _CONTROL.search(note):
            raise NoteError("not a signed note")
        text += "\n"
        lines = signatures[:-1].split("\n")
        if len(lines) > MOST_SIGNATURES:
            raise NoteError("the note has too many signatures")
        mine = self._mine(lines)
        if not mine:
            raise NoteError(f"not signed by {self.name}")
        for raw in mine:
            self._verify_line(raw[4:], text)
        return text

    def signed_lines(self, note: str, lines: str) -> str:
        """Of signature lines that stand beside a note, those by which this key signed it, and nothing else."""
        return "".join(line for line in lines.splitlines(keepends=True) if self._did_sign(note + line))

    def _did_sign(self, note: str) -> bool:
        try:
            self.open(note)
        except NoteError:
            return False
        return True

    def signs(self, note: str) -> bool:
        """Whether a line of the note says so; `open` tells whether it is true. Raises NoteError."""
        return bool(self._mine(note.rpartition("\n\n")[2].splitlines()))

    def _mine(self, lines: Iterable[str]) -> list[bytes]:
        return [raw for name, raw in map(_signature, lines) if (name, raw[:4]) == (self.name, self.id)]


def ed25519_ids(note: str, name: str) -> set[bytes]:
    """Of the keys by this name that say they signed it. Raises NoteError."""
    lines = (_signature(line) for line in note.rpartition("\n\n")[2].splitlines())
    return {raw[:4] for by, raw in lines if by == name and len(raw) == 4 + _ED25519_SIGNATURE}


def cosigned_message(kind: bytes, name: str, stamp: int, text: str) -> bytes:
    """What a cosigner signs of a checkpoint's text at a POSIX time: "cosignature/v1", or for ML-DSA-44 "subtree/v1".
    Raises NoteError."""
    if stamp >= 2**63:
        raise NoteError("the cosignature is of no time")
    if kind == COSIGNATURE:
        return f"cosignature/v1\ntime {stamp}\n".encode() + _utf8(text)
    origin, size, root = (*text.split("\n"), "", "")[:3]
    if not _SIZE.fullmatch(size) or len(unbase64(root)) != 32 or not 0 < len(_utf8(origin)) < 256:
        raise NoteError("not a checkpoint")
    head = b"subtree/v1\n\0" + _short(name) + stamp.to_bytes(8) + _short(origin)
    return head + bytes(8) + int(size).to_bytes(8) + unbase64(root)


def _short(text: str) -> bytes:
    raw = _utf8(text)
    if len(raw) > 255:
        raise NoteError("a name in it is too long")
    return len(raw).to_bytes(1) + raw


def _signature(line: str) -> tuple[str, bytes]:
    found = _LINE.fullmatch(line)
    if not found:
        raise NoteError("a signature line is malformed")
    return found["name"], unbase64(found["signature"])


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise NoteError("the note is not UTF-8") from None


def signature_line(verifier: Verifier, signature: bytes) -> str:
    return f"— {verifier.name} {base64.b64encode(verifier.id + signature).decode()}\n"
