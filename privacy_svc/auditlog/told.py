"""What every entry of some types says, also those that wait for their place in the tree: for who may not act before all
of it is known. What somebody took away or changed is told as unreadable, and hides nothing beside it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.merkle import leaf_hash
from privacy_svc.auditlog.model import Entry, Outbox, Payload
from privacy_svc.auditlog.opening import Openers
from privacy_svc.auditlog.raw import read_all
from privacy_svc.auditlog.searching import is_there
from privacy_svc.auditlog.tombstones import TOMBSTONES, is_tombstone
from privacy_svc.db import among
from privacy_svc.vault import Vault


def _with_payloads(table: type[Entry | Outbox]) -> Select[*tuple[Any, ...]]:
    named = (table.id, table.type, table.at, table.actor, table.subject_id, table.leaf)
    joined = select(*named, Payload).outerjoin(Payload, Payload.entry_id == table.id)
    return joined.where(among(table.type, "kinds"))


def _about(table: type[Entry | Outbox]) -> list[Select[*tuple[Any, ...]]]:
    """Whom the entry names, and who owns its payload, each by its index: asked in one, PostgreSQL reads
    all there is."""
    person: BindParameter[str] = bindparam("person")
    return [_with_payloads(table).where(column == person) for column in (table.subject_id, Payload.owner_id)]


_OF_EVERYBODY = [_with_payloads(Outbox), _with_payloads(Entry)]
"""The outbox first: what leaves it meanwhile is in the tree."""
_OF_ONE = [*_about(Outbox), *_about(Entry)]


@dataclass(frozen=True, slots=True)
class Told:
    """`payload` is None where it is `gone`, as an erasure or a restore says, or where it cannot be read."""

    id: str
    type: str
    at: datetime
    actor: str
    subject_id: str | None
    payload: Mapping[str, Any] | None
    gone: bool


def told(session: Session, vault: Vault, kinds: Collection[EventType], person: str | None = None) -> list[Told]:
    """In no order, of everybody or about one person. Raises KeyUnavailable."""
    values = {"kinds": [kind.value for kind in kinds], "person": person}
    rows = {
        row[0]: row
        for statement in (_OF_EVERYBODY if person is None else _OF_ONE)
        for row in read_all(session, partial(_rows, session, statement, values))
    }
    openers, organisation = Openers(session, vault), vault.organisation_cipher(session)
    openers.learn(row[-1] for row in rows.values() if is_there(row[-1]))
    found = list[Told]()
    for entry_id, kind, at, actor, subject_id, leaf, payload in rows.values():
        there = is_there(payload)
        opened = openers.try_open(payload, leaf_hash(leaf))[0] if there else None
        gone = there and payload.use in TOMBSTONES and is_tombstone(organisation, payload.use, leaf, payload.sealed)
        whose = payload.owner_id if opened else subject_id  # only their key has opened it, whatever the column says
        found.append(Told(entry_id, kind, at, actor, whose, opened.payload if opened else None, gone))
    return found


def _rows(session: Session, statement: Select[*tuple[Any, ...]], values: Mapping[str, Any]) -> Sequence[Any]:
    return session.execute(statement, values).all()
