"""Checkpoints (C2SP tlog-checkpoint) and proofs of entries (C2SP tlog-proof). Pure."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from privacy_svc.auditlog.merkle import Hash, leaf_hash, verify_inclusion
from privacy_svc.auditlog.note import NoteError, Verifier

PROOF_HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`size` leaves have this `root`; `origin` names the log."""

    origin: str
    size: int
    root: Hash

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises NoteError."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not lines[1].isdecimal() or (lines[1] != "0" and lines[1].startswith("0")):
            raise NoteError("not a checkpoint")
        return cls(lines[0], int(lines[1]), unbase64(lines[2]))


def open_checkpoint(note: str, verifier: Verifier) -> Checkpoint:
    """A signed checkpoint of the verifier's own log. Raises NoteError."""
    checkpoint = Checkpoint.parse(verifier.open(note))
    if checkpoint.origin != verifier.name:
        raise NoteError("the checkpoint is of another log")
    return checkpoint


def format_proof(index: int, path: Sequence[Hash], signed: str, extra: bytes = b"") -> str:
    """A `.tlog-proof`; `extra` carries the entry itself, so that the file can be checked by itself."""
    lines = [PROOF_HEADER, *([f"extra {base64.b64encode(extra).decode()}"] if extra else []), f"index {index}"]
    return "\n".join([*lines, *(base64.b64encode(h).decode() for h in path), "", signed])


def verify_proof(text: str, verifier: Verifier, entry: bytes | None = None) -> tuple[int, bytes, Checkpoint]:
    """(index, entry, checkpoint) of a valid proof. Raises NoteError or ProofError."""
    head, separator, signed = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines[0] != PROOF_HEADER:
        raise NoteError("not a tlog-proof")
    extra = unbase64(lines.pop(1).removeprefix("extra ")) if lines[1:2] and lines[1].startswith("extra ") else None
    if len(lines) < 2 or not lines[1].removeprefix("index ").isdecimal():
        raise NoteError("the proof has no index")
    leaf = entry if entry is not None else extra
    if leaf is None:
        raise NoteError("the proof does not carry its entry")
    index, path = int(lines[1].removeprefix("index ")), [unbase64(line) for line in lines[2:]]
    checkpoint = open_checkpoint(signed, verifier)
    verify_inclusion(index, checkpoint.size, leaf_hash(leaf), path, checkpoint.root)
    return index, leaf, checkpoint


def unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise NoteError("not base64") from None
