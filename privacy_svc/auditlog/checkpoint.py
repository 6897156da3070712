"""Checkpoints (C2SP tlog-checkpoint) and proofs of entries (C2SP tlog-proof). Pure."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from privacy_svc.auditlog.merkle import Hash, leaf_hash, verify_inclusion
from privacy_svc.auditlog.signed_note import NoteError, Verifier, unbase64

PROOF_HEADER = "c2sp.org/tlog-proof@v1"
_NUMBER = r"0|[1-9][0-9]{0,18}"
_TEXT = re.compile(rf"(?P<origin>[^\n]+)\n(?P<size>{_NUMBER})\n(?P<root>[^\n]+)\n(?:[^\n]+\n)*")
_PROOF = re.compile(
    rf"{re.escape(PROOF_HEADER)}\n(?:extra (?P<extra>[^\n]*)\n)?index (?P<index>{_NUMBER})\n"
    r"(?P<path>(?:[^\n]+\n)*)\n(?P<checkpoint>.+)",
    re.DOTALL,
)


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
        found = _TEXT.fullmatch(text)
        root = unbase64(found["root"]) if found else b""
        if found is None or len(root) != 32:
            raise NoteError("not a checkpoint")
        return cls(found["origin"], int(found["size"]), root)


def is_checkpoint(note: str) -> bool:
    """By its form, whoever signed it."""
    text, _, signatures = note.rpartition("\n\n")
    try:
        Checkpoint.parse(text + "\n")
    except NoteError:
        return False
    return signatures.startswith("— ")


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
    """(index, entry, checkpoint) of a valid proof of `entry`, or of the one it carries.

    Raises NoteError or ProofError.
    """
    found = _PROOF.fullmatch(text)
    if found is None:
        raise NoteError("not a tlog-proof")
    carried = unbase64(found["extra"]) if found["extra"] is not None else None
    leaf = entry if entry is not None else carried
    if leaf is None:
        raise NoteError("the proof does not carry its entry")
    index, path = int(found["index"]), [unbase64(line) for line in found["path"].split("\n")[:-1]]
    checkpoint = open_checkpoint(found["checkpoint"], verifier)
    verify_inclusion(index, checkpoint.size, leaf_hash(leaf), path, checkpoint.root)
    return index, leaf, checkpoint
