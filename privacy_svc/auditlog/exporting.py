"""Entries with their proofs as lines of JSON, so that a range of the log can be handed out and checked offline.

The first line holds the signed checkpoint and the public key, each further one an entry: its leaf as it is hashed,
the path to the checkpoint's root, and the payload with its salt where the reader may have it.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.checkpoint import Checkpoint, open_checkpoint
from privacy_svc.auditlog.entry import Envelope, Sealable, fits
from privacy_svc.auditlog.members import Membership, check
from privacy_svc.auditlog.merkle import ProofError, inclusion_proof, leaf_hash, verify_inclusion
from privacy_svc.auditlog.model import Entry, Payload
from privacy_svc.auditlog.note import NoteError, Verifier
from privacy_svc.auditlog.opening import Openers
from privacy_svc.auditlog.searching import Wanted, narrowed
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.db import Database

if TYPE_CHECKING:
    from privacy_svc.auditlog.log import Log

TYPE = "privacy-svc/log-export"
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
    with database.read() as session:
        signed = log.checkpoint(session)
    size = open_checkpoint(signed, log.signer.verifier).size
    told = {"log": log.signer.name, "key": log.signer.vkey, "checkpoint": signed, "about_people": about_people}
    yield line({"type": TYPE, "version": VERSION, **told})
    after = -1
    while True:
        with database.read() as session:
            page = _page(session, log, wanted, after, size, about_people=about_people)
        yield from (line(entry) for entry in page)
        if len(page) < PAGE:
            return
        after = page[-1]["index"]


def _page(
    session: Session, log: "Log", wanted: Wanted, after: int, size: int, *, about_people: bool
) -> list[dict[str, Any]]:
    joined = select(Entry, Payload).outerjoin(Payload, Payload.entry_id == Entry.id)
    between = narrowed(joined, replace(wanted, after=None)).where(Entry.index > after, Entry.index < size)
    rows = session.execute(between.order_by(Entry.index).limit(PAGE)).all()
    openers, tiles = Openers(session, log.vault), Tiles(session)
    shown = {e.id: p for e, p in rows if p is not None and (about_people or e.subject_id is None)}
    openers.learn(shown.values())
    return [_entry(e, shown.get(e.id), openers, inclusion_proof(e.index, size, tiles.node)) for e, _ in rows]


def _entry(entry: Entry, payload: Payload | None, openers: Openers, path: Sequence[bytes]) -> dict[str, Any]:
    opened = openers.open(payload, entry.leaf) if payload is not None else None
    return without_payload(entry.index, entry.leaf, path) | (opened.to_json() if opened else {})


def without_payload(index: int, leaf: bytes, path: Sequence[bytes]) -> dict[str, Any]:
    return {"index": index, "leaf": leaf.decode(), "proof": [_text(h) for h in path], "salt": None, "payload": None}


def verify_export(lines: Iterator[str], vkey: str) -> Exported:
    """Every entry against the checkpoint, every payload against its entry. Raises NoteError or ProofError, which name
    the line."""
    head = _object(next(lines, ""), 1)
    if head.get("type") != TYPE:
        raise NoteError("not an export of a log")
    checkpoint = open_checkpoint(str(head.get("checkpoint")), Verifier.parse(vkey))
    entries = payloads = 0
    for number, told in enumerate(lines, 2):
        try:
            payloads += _check(_object(told, number), checkpoint)
        except (KeyError, TypeError, ValueError) as error:
            raise NoteError(f"line {number} is no entry of an export") from error
        except ProofError as error:
            raise ProofError(f"line {number}: {error}") from None
        entries += 1
    return Exported(checkpoint, entries, payloads)


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
    if not fits(Sealable.from_json(entry), envelope.commit):
        raise ProofError("the payload is not the one committed to")
    return True


def _object(told: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(told)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise NoteError(f"line {number} is not a JSON object")
    return found


def line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
