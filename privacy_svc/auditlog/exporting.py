"""Entries with their proofs as lines of JSON, so that a range of the log can be handed out and checked offline.

The first line holds the signed checkpoint and the public key, each further one an entry: its leaf as it is hashed,
the path to the checkpoint's root, and the payload with its salt where the reader may have it. The last one is signed
and says how many there were, so that nothing can be cut off or put in unnoticed.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from privacy_svc.auditlog.checkpoint import Checkpoint, open_checkpoint
from privacy_svc.auditlog.entry import Envelope, Sealable, fits
from privacy_svc.auditlog.members import Membership, check
from privacy_svc.auditlog.merkle import ProofError, inclusion_proof, leaf_hash, verify_inclusion
from privacy_svc.auditlog.model import Entry, Payload
from privacy_svc.auditlog.note import NoteError, Verifier
from privacy_svc.auditlog.opening import Openers
from privacy_svc.auditlog.searching import Wanted, is_about_nobody, page
from privacy_svc.auditlog.signedjson import verify_json
from privacy_svc.auditlog.signing import Signer
from privacy_svc.auditlog.strictjson import strict_json
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.db import Database

if TYPE_CHECKING:
    from privacy_svc.auditlog.log import Log

TYPE, END = "privacy-svc/log-export", "privacy-svc/log-export-end"
VERSION = 1
PAGE = 500


@dataclass(frozen=True, slots=True)
class Exported:
    """What a checked export holds: entries proven, of them with a payload that was committed to, and without."""

    checkpoint: Checkpoint
    entries: int
    payloads: int


def export(log: "Log", database: Database, wanted: Wanted, *, about_people: bool) -> Iterator[str]:
    """Lines without their line ends, oldest first; a transaction a page, so that a long export holds nothing up.
    `wanted.limit` is not heeded. Raises NotFound for an empty log."""
    return ended(log.signer, _lines(log, database, wanted, about_people=about_people))


def ended(signer: Signer, lines: Iterable[str]) -> Iterator[str]:
    """The lines, and one that signs them."""
    digest, count = hashlib.sha256(), -1
    for told in lines:
        digest.update(told.encode() + b"\n")
        count += 1
        yield told
    end = {"type": END, "version": VERSION, "entries": count, "sha256": digest.hexdigest()}
    yield line(signer.sign_json(end))


def _lines(log: "Log", database: Database, wanted: Wanted, *, about_people: bool) -> Iterator[str]:
    with database.read() as session:
        signed = log.checkpoint(session)
    size = log.signer.open(signed).size
    told = {"log": log.signer.name, "key": log.signer.vkey, "checkpoint": signed, "about_people": about_people}
    yield line({"type": TYPE, "version": VERSION, **told})
    after = -1
    while True:
        with database.read() as session:
            found = _page(session, log, wanted, after, size, about_people=about_people)
        yield from (line(entry) for entry in found)
        if len(found) < PAGE:
            return
        after = found[-1]["index"]


def _page(
    session: Session, log: "Log", wanted: Wanted, after: int, size: int, *, about_people: bool
) -> list[dict[str, Any]]:
    beyond = (Entry.index > after, Entry.index < size)
    rows = session.execute(page(session, log.vault, replace(wanted, limit=PAGE), *beyond, newest_first=False)).all()
    openers, tiles = Openers(session, log.vault), Tiles(session)
    shown = {e.id: p for e, p in rows if p is not None and (about_people or is_about_nobody(e.leaf))}
    openers.learn(shown.values())
    return [_entry(e, shown.get(e.id), openers, inclusion_proof(e.index, size, tiles.node)) for e, _ in rows]


def _entry(entry: Entry, payload: Payload | None, openers: Openers, path: Sequence[bytes]) -> dict[str, Any]:
    opened = openers.open(payload, leaf_hash(entry.leaf)) if payload is not None else None
    return without_payload(entry.index, entry.leaf, path) | (opened.to_json() if opened else {})


def without_payload(index: int, leaf: bytes, path: Sequence[bytes]) -> dict[str, Any]:
    return {"index": index, "leaf": leaf.decode(), "proof": [_text(h) for h in path], "salt": None, "payload": None}


def verify_export(lines: Iterable[str], vkey: str) -> Exported:
    """Every entry against the checkpoint and the tags of the first line, every payload against its entry, all of it
    against the signed end. Lines without their line ends. Raises NoteError or ProofError, which name the line."""
    checking = _Checking(vkey)
    for number, told in enumerate(lines, 1):
        try:
            checking.take(told, number)
        except (KeyError, TypeError, ValueError) as error:
            raise NoteError(f"line {number} is no line of an export") from error
        except (NoteError, ProofError) as error:
            raise type(error)(f"line {number}: {error}") from None
    return checking.done()


class _Checking:
    """One line is looked at when the next is there: only the last one may be the end."""

    def __init__(self, vkey: str) -> None:
        self._vkey, self._digest = vkey, hashlib.sha256()
        self._checkpoint: Checkpoint | None = None
        self._tags: Mapping[str, Any] | None = None
        self._end: Mapping[str, Any] | None = None
        self._entries = self._payloads = 0
        self._last = -1

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
        return Exported(self._checkpoint, self._entries, self._payloads)

    def _begin(self, head: Mapping[str, Any]) -> None:
        if head.get("type") != TYPE:
            raise NoteError("not an export of a log")
        self._checkpoint = open_checkpoint(str(head.get("checkpoint")), Verifier.parse(self._vkey))
        self._tags = head.get("tags")

    def _take_entry(self, entry: Mapping[str, Any]) -> None:
        assert self._checkpoint is not None
        if int(entry["index"]) <= self._last:
            raise ProofError("the entry is out of order")
        self._last = int(entry["index"])
        self._payloads += _check(entry, self._checkpoint)
        self._entries += 1
        if self._tags is not None:
            _belongs(entry, self._tags)


def _belongs(entry: Mapping[str, Any], tags: Mapping[str, Any]) -> None:
    """In a person's share: that the entry is about them, by their tags of that month."""
    envelope = Envelope.decode(str(entry["leaf"]).encode())
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


def line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
