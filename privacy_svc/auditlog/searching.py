"""Reading the log: by person, type, actor and time, newest first."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import accumulate
from typing import Any

from msgspec import UNSET
from sqlalchemy import BindParameter, ColumnElement, Row, Select, bindparam, select, union_all
from sqlalchemy.orm import Session

from privacy_svc.auditlog.crowds import next_about
from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.errors import UnknownType
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.merkle import leaf_hash
from privacy_svc.auditlog.model import Entry, EntryMember, Outbox, Payload, Tree
from privacy_svc.auditlog.opening import Openers
from privacy_svc.auditlog.raw import read_all
from privacy_svc.auditlog.tombstones import TOMBSTONES
from privacy_svc.db import among
from privacy_svc.errors import NotFound, nearest
from privacy_svc.vault import Tampered, Vault

CHUNK = 500
MOST = 2**62
"""No index is as high."""
_WITH_PAYLOADS = select(Entry, Payload).outerjoin(Payload, Payload.entry_id == Entry.id)
_FIRST = select(Tree.first).where(Tree.id == 1)
_INDEX = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry as a reader may have it. `payload` is None where its key is gone (`erased`) or the reader may not;
    so is `subject_id` then."""

    id: str
    index: int | None
    at: datetime
    type: str
    actor: str
    subject_id: str | None
    payload: Mapping[str, Any] | None
    erased: bool = False
    altered: bool = False
    """The stored payload is not what was sealed there: `log verify` names the entry."""

    @property
    def told(self) -> Mapping[str, Any]:
        """The payload; nothing where it is gone. Raises Tampered: what is built on entries must not pass over one."""
        if self.altered:
            raise Tampered(f"Entry {self.index} does not say what was sealed in it: run `privacy-svc log verify`.")
        return self.payload or {}


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an entry is, whose doing, and whom it is about alone; without an index while it waits for its place in the
    tree. `about_people`: by its leaf, also of those whom no column names."""

    index: int | None
    actor: str
    subject_id: str | None
    about_people: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """`type` may be a beginning of one, e.g. `consent` or `consent:record`; `types` are several whole ones instead.
    `after` is the index to go on below. Raises UnknownType."""

    subject_id: str | None = None
    type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: int | None = None
    limit: int = 50
    actor: str | None = None
    types: tuple[EventType, ...] = ()

    def __post_init__(self) -> None:
        if self.type is not None and not types_of(self.type):
            known = {b for t in EventType for b in (t.value, *accumulate(t.split(":"), "{}:{}".format))}
            near = nearest(self.type, known, cutoff=0.5)
            hint = f"did you mean `{near}`? " if near else ""
            raise UnknownType(f"No entry has this type: {hint}`privacy-svc log types` lists them.")

    @property
    def named(self) -> tuple[str, ...]:
        """All types that are wanted; none where all are."""
        return tuple(map(str, self.types)) or (tuple(types_of(self.type)) if self.type is not None else ())


def find(session: Session, vault: Vault, wanted: Wanted, *, about_people: bool, above: int = -1) -> list[EntryView]:
    """Without `about_people`, payloads that may say something about somebody stay closed, and nobody is named. Raises
    KeyUnavailable."""
    rows = page(session, vault, wanted, above=above, below=wanted.after, newest_first=True)
    openers = Openers(session, vault)
    shown = {e.id: p for e, p in rows if is_there(p) and (about_people or is_about_nobody(e.leaf))}
    openers.learn(shown.values())
    views = [_view(openers, entry, payload, shown=entry.id in shown) for entry, payload in rows]
    return views if about_people else [replace(view, subject_id=None) for view in views]


def first_of(session: Session) -> int:
    """The first entry that was not pruned."""
    return session.connection().scalar(_FIRST) or 0


def not_there(session: Session, entry: str) -> NotFound:
    """Of an entry by its index or id, which `place_of` did not find."""
    first = first_of(session)
    if _INDEX.fullmatch(entry) and int(entry) < first:
        return NotFound(f"Entry {int(entry)} was pruned: its time was over, and the log begins at entry {first}.")
    return NotFound("The log has no such entry.")


def indices(session: Session, ids: Collection[str]) -> dict[str, int]:
    wanted, found = list(ids), dict[str, int]()
    for start in range(0, len(wanted), CHUNK):
        chunk = Entry.id.in_(wanted[start : start + CHUNK])
        found.update((i, index) for i, index in session.execute(select(Entry.id, Entry.index).where(chunk)))
    return found


def place_of(session: Session, entry: str) -> Placed | None:
    """By its index or its id. What waits is looked for first: it may enter the tree meanwhile."""
    by_index = _INDEX.fullmatch(entry)
    if by_index is None:
        waiting = read_all(session, lambda: session.scalars(select(Outbox).where(Outbox.id == entry)).first())
        if waiting is not None:
            return _placed(None, waiting)
    chosen = Entry.index == int(entry) if by_index else Entry.id == entry
    found = read_all(session, lambda: session.scalars(select(Entry).where(chosen)).first())
    return _placed(found.index, found) if found else None


def _placed(index: int | None, found: Entry | Outbox) -> Placed:
    about_people = not is_about_nobody(found.leaf) or _is_about_many(found.leaf)
    return Placed(index, found.actor, found.subject_id, about_people)


def page(
    session: Session,
    vault: Vault,
    wanted: Wanted,
    *,
    above: int = -1,
    below: int | None = None,
    newest_first: bool,
) -> Sequence[Row[Entry, Payload]]:
    """The next `wanted.limit` entries between two indices with their payloads, by an index whatever is wanted."""
    types = wanted.named
    given = {
        n: value for n, value in (("actor", wanted.actor), ("since", wanted.since), ("until", wanted.until)) if value
    }
    values: dict[str, Any] = {**given, "above": above, "below": MOST if below is None else below, "limit": wanted.limit}
    if wanted.subject_id is not None:
        values |= {"person": wanted.subject_id, "types": types}
        conditions = _conditions(frozenset(given), typed=bool(types))
        values["crowd"] = next_about(
            session, vault, wanted.subject_id, conditions, values, wanted.limit, newest_first=newest_first
        )
        asked = _about_person(frozenset(given), bool(types), newest_first)
    else:
        asked = _of_types(frozenset(given), types, newest_first)
    return read_all(session, lambda: session.execute(asked, values).all())


@lru_cache(maxsize=64)
def _about_person(given: frozenset[str], typed: bool, newest_first: bool) -> Select[Entry, Payload]:
    """Of the ways in which an entry is about a person, the next of each are looked up, then merged: alone, among a few
    others, in a crowd."""
    conditions = _conditions(given, typed=typed)
    person: BindParameter[str] = bindparam("person")
    among_others = select(Entry.index).join(EntryMember, EntryMember.entry_id == Entry.id)
    ways = (
        select(Entry.index).where(Entry.subject_id == person, *conditions),
        among_others.where(EntryMember.subject_id == person, *conditions),
        select(Entry.index).where(among(Entry.index, "crowd")),
    )
    return _joined(ways, newest_first=newest_first)


@lru_cache(maxsize=256)
def _of_types(given: frozenset[str], types: tuple[str, ...], newest_first: bool) -> Select[Entry, Payload]:
    """Of several types the next of each: neither are all entries of a common type sorted, nor all others passed over to
    find a rare one."""
    conditions = _conditions(given)
    if len(types) > 1:
        each = [select(Entry.index).where(Entry.type == t, *conditions) for t in types]
        return _joined(each, newest_first=newest_first)
    alone = _WITH_PAYLOADS.where(*conditions, *(Entry.type == t for t in types))
    return alone.order_by(_order(newest_first=newest_first)).limit(bindparam("limit"))


def _joined(of_each: Iterable[Select[int]], *, newest_first: bool) -> Select[Entry, Payload]:
    order = _order(newest_first=newest_first)
    limit: BindParameter[int] = bindparam("limit")
    nexts = (s.order_by(order).limit(limit).subquery() for s in of_each)
    found = _WITH_PAYLOADS.where(Entry.index.in_(union_all(*(select(n.c.index) for n in nexts))))
    return found.order_by(order).limit(limit)


def _order(*, newest_first: bool) -> ColumnElement[Any]:
    return Entry.index.desc() if newest_first else Entry.index.asc()


def _conditions(given: Collection[str], *, typed: bool = False) -> list[ColumnElement[bool]]:
    """With their values left open: a statement is built once."""
    known = {
        "actor": Entry.actor == bindparam("actor"),
        "since": Entry.at >= bindparam("since"),
        "until": Entry.at < bindparam("until"),
    }
    between = [Entry.index > bindparam("above"), Entry.index < bindparam("below")]
    return [*between, *(known[n] for n in sorted(given)), *([among(Entry.type, "types")] if typed else [])]


def types_of(beginning: str) -> list[str]:
    """The vocabulary is closed, so its words are named: a beginning is no range of an index in most collations."""
    return [t.value for t in EventType if t == beginning or t.startswith(beginning + ":")]


def is_there(payload: Payload | None) -> bool:
    """The outer join's other side may be missing, which its type does not say."""
    return payload is not None


def is_about_nobody(leaf: bytes) -> bool:
    """By the leaf: the column for searching may have been changed. What cannot be read is about somebody, and so may be
    what a module has written, whomever it named."""
    with suppress(ValueError):
        envelope = Envelope.decode(leaf)
        return envelope.subject is None and envelope.type != EventType.MODULE_EVENT
    return False


def _is_about_many(leaf: bytes) -> bool:
    return Envelope.decode(leaf).members is not UNSET


def _view(openers: Openers, entry: Entry, payload: Payload | None, *, shown: bool) -> EntryView:
    opened, altered = None, False
    if payload is not None and shown:
        opened, altered = openers.try_open(payload, leaf_hash(entry.leaf))
    gone = payload is None or payload.use in TOMBSTONES or (shown and opened is None and not altered)
    return EntryView(
        id=entry.id,
        index=entry.index,
        at=entry.at,
        type=entry.type,
        actor=entry.actor,
        subject_id=entry.subject_id,
        payload=opened.payload if opened else None,
        erased=gone,
        altered=altered,
    )
