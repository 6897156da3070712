"""An export of the log, or a person's share of it, checked line by line with only the public key. Pure."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from privacy_svc.auditlog.checkpoint import Checkpoint, open_checkpoint
from privacy_svc.auditlog.entry import Envelope, Sealable, fits
from privacy_svc.auditlog.members import Membership, check
from privacy_svc.auditlog.merkle import ProofError, leaf_hash, verify_inclusion
from privacy_svc.auditlog.signed_json import strict_json, verify_json
from privacy_svc.auditlog.signed_note import NoteError, Verifier

TYPE, END = "privacy-svc/log-export", "privacy-svc/log-export-end"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Exported:
    """What a checked export holds: entries proven, of them with a payload that was committed to. `first`: where the log
    began; `filters`: what the entries were chosen by. Without any, all from there to the checkpoint are there."""

    checkpoint: Checkpoint
    entries: int
    payloads: int
    first: int
    filters: Mapping[str, Any]


def verify_export(lines: Iterable[str], vkey: str) -> Exported:
    """Every entry against the checkpoint and the tags of the first line, every payload against its entry, all of it
    against the signed end. Lines without their line ends. Raises NoteError or ProofError, which name the line."""
    checking = _Checking(vkey)
    for number, told in enumerate(lines, 1):
        try:
            checking.take(told, number)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise NoteError(f"line {number} is no line of an export") from error
        except (NoteError, ProofError) as error:
            raise type(error)(f"line {number}: {error}") from None
    return checking.done()


class _Checking:
    """One line is looked at when the next is there: only the last one may be the end."""

    def __init__(self, vkey: str) -> None:
        self._vkey, self._digest = vkey, hashlib.sha256()
        self._checkpoint: Checkpoint | None = None
        self._filters: Mapping[str, Any] = {}
        self._tags: Mapping[str, Any] | None = None
        self._end: Mapping[str, Any] | None = None
        self._entries = self._payloads = 0
        self._first, self._last = 0, -1

    def take(self, told: str, number: int) -> None:
        found = strict_json(told)
        if not isinstance(found, dict) or self._end is not None:
            raise NoteError("something stands behind the end" if self._end else "not a JSON object")
        if number == 1:
            self._begin(found)
        elif found.get("type") == END:
            self._end = found
            return
        else:
            self._take_entry(found)
        self._digest.update(told.encode() + b"\n")

    def done(self) -> Exported:
        if self._checkpoint is None or self._end is None:
            raise NoteError("it was cut off: its signed last line is missing")
        verify_json(self._end, self._vkey)
        if (self._end.get("entries"), self._end.get("sha256")) != (self._entries, self._digest.hexdigest()):
            raise ProofError("the lines are not those that the last one signs")
        if not self._filters and self._entries != self._checkpoint.size - self._first:
            raise ProofError(f"it says that it holds all entries from {self._first} on, and some are missing")
        return Exported(self._checkpoint, self._entries, self._payloads, self._first, self._filters)

    def _begin(self, head: Mapping[str, Any]) -> None:
        if (head.get("type"), head.get("version")) != (TYPE, VERSION):
            raise NoteError("not an export of a log")
        self._checkpoint = open_checkpoint(str(head.get("checkpoint")), Verifier.parse(self._vkey))
        self._first, self._filters, self._tags = int(head["first"]), dict(head["filters"]), head.get("tags")
        self._last = self._first - 1

    def _take_entry(self, entry: Mapping[str, Any]) -> None:
        assert self._checkpoint is not None
        if int(entry["index"]) <= self._last:
            raise ProofError("the entry is out of order")
        self._last = int(entry["index"])
        self._payloads += _check(entry, self._checkpoint)
        self._entries += 1
        envelope = Envelope.decode(str(entry["leaf"]).encode())
        _fits_filters(envelope, self._filters)
        if self._tags is not None:
            _belongs(entry, envelope, self._tags)


def _fits_filters(envelope: Envelope, filters: Mapping[str, Any]) -> None:
    """As far as a leaf tells: of whom it is about, and whose doing it is, it says only tags."""
    wanted, at = filters.get("type"), datetime.fromisoformat(envelope.time)
    if wanted is not None and not f"{envelope.type}:".startswith(f"{wanted}:"):
        raise ProofError("the entry is not of the type that the first line says")
    if "from" in filters and at < datetime.fromisoformat(filters["from"]):
        raise ProofError("the entry is older than the first line says")
    if "to" in filters and at >= datetime.fromisoformat(filters["to"]):
        raise ProofError("the entry is newer than the first line says")


def _belongs(entry: Mapping[str, Any], envelope: Envelope, tags: Mapping[str, Any]) -> None:
    """In a person's share: that the entry is about them, by their tags of that month."""
    mine = set(tags.get(envelope.time[:7], ()))
    member = Membership.from_json(entry["member"]).member.tag if "member" in entry else b""
    if envelope.subject not in mine and base64.urlsafe_b64encode(member).decode().rstrip("=") not in mine:
        raise ProofError("the entry is about somebody else")


def _check(entry: Mapping[str, Any], checkpoint: Checkpoint) -> bool:
    """Whether it has a payload."""
    leaf = str(entry["leaf"]).encode()
    path = [base64.b64decode(h, validate=True) for h in entry["proof"]]
    verify_inclusion(int(entry["index"]), checkpoint.size, leaf_hash(leaf), path, checkpoint.root)
    envelope = Envelope.decode(leaf)
    if "member" in entry:
        check(Membership.from_json(entry["member"]), envelope.members or {})
    if entry["payload"] is None:
        return False
    if not fits(Sealable.from_json(entry).to_bytes(), envelope.commit):
        raise ProofError("the payload is not the one committed to")
    return True
