"""Entries with their proofs as lines of JSON, so that a range of the log can be handed out and checked offline.

The first line holds the signed checkpoint, the public key, where the log begins, and what the entries were chosen by;
each further one an entry: its leaf as it is hashed, the path to the checkpoint's root, and the payload with its salt
where the reader may have it. The last one is signed and says how many there were, so that nothing can be cut off or put
in unnoticed. `export_check` checks it.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from privacy_svc.auditlog.entry import instant
from privacy_svc.auditlog.export_check import END, TYPE, VERSION
from privacy_svc.auditlog.merkle import inclusion_proof, leaf_hash
from privacy_svc.auditlog.model import Entry, Payload
from privacy_svc.auditlog.opening import Openers
from privacy_svc.auditlog.searching import Wanted, first_of, is_about_nobody, is_there, page
from privacy_svc.auditlog.signer import Signer
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.auditlog.tree_check import require_beginning
from privacy_svc.db import Database
from privacy_svc.errors import Conflict

if TYPE_CHECKING:
    from privacy_svc.auditlog.log import Log

PAGE = 500
CUSTOMER = "customer"
"""The filter that does not say who it is."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What an export stands on to its end, however long it takes: the checkpoint, the key that was in force at it, and
    where the log began."""

    signer: Signer
    checkpoint: str
    size: int
    first: int

    def head(self, filters: Mapping[str, Any], **more: Any) -> str:
        told = {"log": self.signer.name, "key": self.signer.vkey, "checkpoint": self.checkpoint, "first": self.first}
        return line({"type": TYPE, "version": VERSION, **told, "filters": filters, **more})


def begun(log: "Log", session: Session) -> Begun:
    """Raises NotFound for an empty log, LogInconsistent where somebody else moved its beginning."""
    signed = log.checkpoint(session)
    size, first = log.signer.open(signed).size, first_of(session)
    require_beginning(session, log.vault, first)
    return Begun(log.signer.at(size), signed, size, first)


def export(log: "Log", database: Database, wanted: Wanted, *, about_people: bool) -> Iterator[str]:
    """Lines without their line ends, oldest first; a transaction a page, so that a long export holds nothing up.
    `wanted.limit` is not heeded. Raises NotFound for an empty log, Conflict where entries that were still to come are
    pruned meanwhile: the signed last line is missing then."""
    with database.read() as session:
        begin = begun(log, session)
    return ended(begin.signer, _lines(log, database, wanted, begin, about_people=about_people))


def ended(signer: Signer, lines: Iterable[str]) -> Iterator[str]:
    """The lines, and one that signs them."""
    digest, count = hashlib.sha256(), -1
    for told in lines:
        digest.update(told.encode() + b"\n")
        count += 1
        yield told
    end = {"type": END, "version": VERSION, "entries": count, "sha256": digest.hexdigest()}
    yield line(signer.sign_json(end))


def _lines(log: "Log", database: Database, wanted: Wanted, begin: Begun, *, about_people: bool) -> Iterator[str]:
    yield begin.head(filters(wanted), about_people=about_people)
    after = begin.first - 1
    while True:
        with database.snapshot() as session:
            _refuse_a_gap(session, after)
            found = _page(session, log, wanted, after, begin.size, about_people=about_people)
        yield from (line(entry) for entry in found)
        if len(found) < PAGE:
            return
        after = found[-1]["index"]


def filters(wanted: Wanted) -> dict[str, Any]:
    """What the entries were chosen by. Of a person only that it was one: the file may go to others."""
    times = {"from": wanted.since, "to": wanted.until}
    told = {
        "type": wanted.type,
        "actor": wanted.actor,
        **{n: at and instant(at.astimezone(UTC)) for n, at in times.items()},
    }
    return {**{n: value for n, value in told.items() if value}, **({CUSTOMER: True} if wanted.subject_id else {})}


def _refuse_a_gap(session: Session, after: int) -> None:
    first = first_of(session)
    if first > after + 1:
        raise Conflict(
            f"Entries {after + 1} to {first - 1} were pruned while they were to be exported; what came out before ends "
            "without its signed last line. Ask again."
        )


def _page(
    session: Session, log: "Log", wanted: Wanted, after: int, size: int, *, about_people: bool
) -> list[dict[str, Any]]:
    rows = page(session, log.vault, replace(wanted, limit=PAGE), above=after, below=size, newest_first=False)
    openers, tiles = Openers(session, log.vault), Tiles(session)
    shown = {e.id: p for e, p in rows if is_there(p) and (about_people or is_about_nobody(e.leaf))}
    openers.learn(shown.values())
    return [_entry(e, shown.get(e.id), openers, inclusion_proof(e.index, size, tiles.node)) for e, _ in rows]


def _entry(entry: Entry, payload: Payload | None, openers: Openers, path: Sequence[bytes]) -> dict[str, Any]:
    told = without_payload(entry.index, entry.leaf, path)
    if payload is None:
        return told
    opened, altered = openers.try_open(payload, leaf_hash(entry.leaf))
    return told | (opened.to_json() if opened else {}) | ({"altered": True} if altered else {})


def without_payload(index: int, leaf: bytes, path: Sequence[bytes]) -> dict[str, Any]:
    return {"index": index, "leaf": leaf.decode(), "proof": [_text(h) for h in path], "salt": None, "payload": None}


def line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
