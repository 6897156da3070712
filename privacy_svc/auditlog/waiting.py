"""What waits in the outbox for its place in the tree, and which of it is an entry of this service.

Whoever can write to the database could else have anything signed, or stop the log by what no bundle takes. Each row has
a MAC that the organisation's key makes. One that is no entry stays where it is, marked with why, for `verify` to tell
and a person to delete; no other waits for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple, Self

import structlog
from msgspec import MsgspecError
from sqlalchemy import Select, bindparam, exists, func, select, update
from sqlalchemy.orm import Session

from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.entry_check import Finding
from privacy_svc.auditlog.mac import outbox_mac
from privacy_svc.auditlog.merkle import leaf_hash
from privacy_svc.auditlog.mirror import LONGEST
from privacy_svc.auditlog.model import Entry, Outbox, Payload
from privacy_svc.auditlog.opening import Openers
from privacy_svc.auditlog.raw import as_bytes, as_it_is, text_of
from privacy_svc.auditlog.tombstones import TOMBSTONES, UNPROVEN, is_tombstone
from privacy_svc.db import among
from privacy_svc.vault import SubjectCipher, Tampered, Vault

_log = structlog.get_logger(__name__)
_REPEATED = exists().where(Entry.id == Outbox.id, Entry.leaf == Outbox.leaf)
"""Somebody put an entry of the tree into the outbox again. It stays there, for `verify` to tell, and stops no other; it
does not wait."""
_WAITS = (~_REPEATED, Outbox.refused.is_(None))
_RAW = (as_bytes(Outbox.id), as_it_is(Outbox.leaf), as_it_is(Outbox.mac))
_ROWS: Select[Any] = select(Outbox.number, *_RAW, Outbox.refused.is_not(None))
_WHOSE = (as_bytes(Payload.entry_id), as_bytes(Payload.owner_id), as_bytes(Payload.use))
_PAYLOADS: Select[Any] = select(*_WHOSE, as_it_is(Payload.sealed))
_PAYLOADS = _PAYLOADS.where(among(Payload.entry_id, "ids"))
_NEXT = (
    _ROWS.where(*_WAITS, ~among(Outbox.number, "aside"))
    .order_by(Outbox.number)
    .limit(bindparam("most"))
    .with_for_update()
)
_ANY = select(Outbox.number).where(*_WAITS).limit(1)
_BACKLOG = select(func.count(), func.min(Outbox.at)).select_from(Outbox).where(*_WAITS)
_REFUSED = select(func.count()).select_from(Outbox).where(Outbox.refused.is_not(None))
_REFUSE = (
    update(Outbox.__table__)  # type: ignore[arg-type]
    .where(Outbox.number == bindparam("which"))
    .values(refused=bindparam("why"))
)


AWAY = "the key that its payload names is away"
_NOT_SEALED = "its payload is not sealed by our keys"


class Row(NamedTuple):
    number: int
    id: str
    leaf: Any
    mac: Any
    refused: bool

    @classmethod
    def of(cls, number: int, raw_id: bytes, leaf: Any, mac: Any = None, refused: bool = False) -> Self:
        return cls(number, text_of(raw_id), leaf, mac, refused)


class SealedPayload(NamedTuple):
    entry_id: str
    owner_id: str
    use: str
    sealed: bytes


class Backlog(NamedTuple):
    """Entries committed and not yet in the tree, for health and metrics. `refused`: rows of the outbox that are no
    entries of this service."""

    waiting: int
    oldest: datetime | None
    refused: int


def any_waits(session: Session) -> bool:
    return session.connection().scalar(_ANY) is not None


def backlog(session: Session) -> Backlog:
    waiting, oldest = session.execute(_BACKLOG).one()
    return Backlog(waiting, oldest, session.scalar(_REFUSED) or 0)


def next_entries(session: Session, vault: Vault, most: int) -> Sequence[Row]:
    """Those who are to enter the tree next, locked. What is no entry among them is refused; what cannot be told yet
    goes on waiting, and no other waits for it."""
    aside: list[int] = []
    while True:
        rows = [Row.of(*row) for row in session.connection().execute(_NEXT, {"most": most, "aside": aside})]
        found = faults(session, vault, rows)
        if not found:
            return rows
        aside += [number for number, why in found.items() if why == AWAY]
        if wrong := {number: why for number, why in found.items() if why != AWAY}:
            session.connection().execute(_REFUSE, [{"which": number, "why": why} for number, why in wrong.items()])
            _log.error("auditlog.refused", rows=sorted(wrong))


def faults(session: Session, vault: Vault, rows: Sequence[Row]) -> Mapping[int, str]:
    """By number: why a row is no entry of this service, or `AWAY`. Raises KeyUnavailable where the organisation's own
    key is away."""
    if not rows:
        return {}
    wrong = {row.number: why for row in rows if (why := _form(row)) is not None}
    formed, mac = [row for row in rows if row.number not in wrong], outbox_mac(vault.organisation_cipher(session))
    older = [row for row in formed if row.mac is None]
    wrong |= {
        r.number: "its MAC is not of our key" for r in formed if r.mac is not None and not mac.fits(r.leaf, r.mac)
    }
    if older:
        sealed, away = with_our_payload(session, vault, {row.id: row.leaf for row in older})
        wrong |= {r.number: AWAY if r.id in away else _NOT_SEALED for r in older if r.id not in sealed}
    return wrong


def _form(row: Row) -> str | None:
    if not isinstance(row.leaf, bytes) or not 0 < len(row.leaf) <= LONGEST:
        return "its leaf is none"
    try:
        envelope = Envelope.decode(row.leaf)
    except (MsgspecError, UnicodeDecodeError):
        return "its leaf is no envelope"
    return None if envelope.id == row.id else "its leaf is of another id"


def with_our_payload(
    session: Session, vault: Vault, leaves: Mapping[str, bytes]
) -> tuple[AbstractSet[str], AbstractSet[str]]:
    """Of these entries, by id, those whose payload is sealed to just their leaf, which takes its person's key, or was
    erased by us, as its key told: how an entry is known that a version of this service without MACs wrote during an
    upgrade.

    Looked at twice: an erasure may be committed between the look at a payload and the one at its key. The second are
    those whose key is away.
    """
    known, away = set[str](), set[str]()
    for _ in range(2):
        rows = session.connection().execute(_PAYLOADS, {"ids": [i for i in leaves if i not in known]})
        payloads = [
            SealedPayload(text_of(entry_id), text_of(owner_id), text_of(use), sealed)
            for entry_id, owner_id, use, sealed in rows
            if isinstance(sealed, bytes)
        ]
        openers = Openers(session, vault, each=True)
        openers.learn(payloads)
        away = {payload.entry_id for payload in payloads if openers.is_away(payload)}
        known |= {p.entry_id for p in payloads if _is_ours(vault.organisation_cipher(session), openers, p, leaves)}
    return known, away


def _is_ours(
    organisation: SubjectCipher, openers: Openers, payload: SealedPayload, leaves: Mapping[str, bytes]
) -> bool:
    leaf = leaves[payload.entry_id]
    if payload.use == UNPROVEN:
        return False
    if payload.use in TOMBSTONES:
        return is_tombstone(organisation, payload.use, leaf, payload.sealed)
    with suppress(Tampered):
        return openers.open(payload, leaf_hash(leaf)) is not None
    return False


def pages(session: Session, size: int) -> Iterator[Sequence[Row]]:
    """All rows, for `verify`."""
    for found in session.execute(_ROWS.order_by(Outbox.number)).partitions(size):
        yield [Row.of(*row) for row in found]


def told(rows: Sequence[Row], wrong: Mapping[int, str]) -> Iterator[Finding]:
    """`wrong`: what `faults` says of them."""
    for row in rows:
        where = f"the row {row.number} of audit_outbox"
        if wrong.get(row.number) == AWAY:
            yield Finding("payload_unavailable", f"{where} cannot be told from one of somebody else: {AWAY}")
        elif row.number in wrong:
            yield Finding("altered", f"{where} is no entry of this service, {wrong[row.number]}: delete it")
        elif row.refused:
            yield Finding("altered", f"{where} is held back, and nothing is wrong with it: set its `refused` to NULL")
