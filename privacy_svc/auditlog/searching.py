"""Reading the log: by person, type, actor and time, newest first."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate
from typing import Any

from msgspec import UNSET
from sqlalchemy import ColumnElement, Select, select, union_all
from sqlalchemy.orm import Session

from privacy_svc.auditlog.crowds import next_about
from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.errors import UnknownType
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.merkle import leaf_hash
from privacy_svc.auditlog.model import Entry, EntryMember, Outbox, Payload, Tree
from privacy_svc.auditlog.opening import Openers
from privacy_svc.auditlog.tombstones import TOMBSTONES
from privacy_svc.errors import NotFound
from privacy_svc.vault import Tampered, Vault

CHUNK = 500
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
    """`type` may be a beginning of one, e.g. `consent` or `consent:record`; `after` is the index to go on below. Raises
    UnknownType."""

    subject_id: str | None = None
    type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: int | None = None
    limit: int = 50
    actor: str | None = None

    def __post_init__(self) -> None:
        if self.type is not None and not types_of(self.type):
            known = {b for t in EventType for b in (t.value, *accumulate(t.split(":"), "{}:{}".format))}
            near = difflib.get_close_matches(self.type, sorted(known), n=1, cutoff=0.5)
            hint = f"did you mean `{near[0]}`? " if near else ""
            raise UnknownType(f"No entry has this type: {hint}`privacy-svc log types` lists them.")


def find(session: Session, vault: Vault, wanted: Wanted, *, about_people: bool) -> list[EntryView]:
    """Without `about_people`, payloads that may say something about somebody stay closed, and nobody is named. Raises
    KeyUnavailable."""
    below = () if wanted.after is None else (Entry.index < wanted.after,)
    rows = session.execute(page(session, vault, wanted, *below, newest_first=True)).all()
    openers = Openers(session, vault)
    shown = {e.id: p for e, p in rows if _there(p) and (about_people or is_about_nobody(e.leaf))}
    openers.learn(shown.values())
    views = [_view(openers, entry, payload, shown=entry.id in shown) for entry, payload in rows]
    return views if about_people else [replace(view, subject_id=None) for view in views]


def first_of(session: Session) -> int:
    """The first entry that was not pruned."""
    return session.scalar(select(Tree.first).where(Tree.id == 1)) or 0


def not_there(session: Session, entry: str) -> NotFound:
    """Of an entry by its index or id, which `place_of` did not find."""
    first = first_of(session)
    if _INDEX.fullmatch(entry) and int(entry) < first:
        return NotFound(f"Entry {int(entry)} was pruned: its time was over, and the log begins at entry {first}.")
    return NotFound("The log has no such entry, or none of this module's own.")


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
        waiting = session.scalars(select(Outbox).where(Outbox.id == entry)).first()
        if waiting is not None:
            return _placed(None, waiting)
    chosen = Entry.index == int(entry) if by_index else Entry.id == entry
    found = session.scalars(select(Entry).where(chosen)).first()
    return _placed(found.index, found) if found else None


def _placed(index: int | None, found: Entry | Outbox) -> Placed:
    about_people = not is_about_nobody(found.leaf) or _is_about_many(found.leaf)
    return Placed(index, found.actor, found.subject_id, about_people)


def page(
    session: Session, vault: Vault, wanted: Wanted, *beyond: ColumnElement[bool], newest_first: bool
) -> Select[Any, Any]:
    """The next `wanted.limit` entries with their payloads, by an index whatever is wanted.

    Of several types, and of the ways in which an entry is about a person, the next of each are looked up, then merged:
    neither are all entries of a common type sorted, nor all others passed over to find a rare one.
    """
    order = Entry.index.desc() if newest_first else Entry.index.asc()
    conditions = [*beyond, *_conditions(wanted)]
    types = [] if wanted.type is None else types_of(wanted.type)
    of_each: list[Select[int]] = []
    if wanted.subject_id is not None:
        conditions += [Entry.type.in_(types)] if types else []
        crowd = next_about(session, vault, wanted.subject_id, conditions, wanted.limit, newest_first=newest_first)
        of_each = [*_about(wanted.subject_id, conditions), select(Entry.index).where(Entry.index.in_(crowd))]
    elif len(types) > 1:
        of_each = [select(Entry.index).where(Entry.type == t, *conditions) for t in types]
    else:
        conditions += [Entry.type == t for t in types]
    if of_each:
        nexts = (s.order_by(order).limit(wanted.limit).subquery() for s in of_each)
        conditions = [Entry.index.in_(union_all(*(select(n.c.index) for n in nexts)))]
    joined = select(Entry, Payload).outerjoin(Payload, Payload.entry_id == Entry.id)
    return joined.where(*conditions).order_by(order).limit(wanted.limit)


def _about(subject_id: str, conditions: Sequence[ColumnElement[bool]]) -> Iterator[Select[int]]:
    """Entries about this person alone, and among a few others."""
    yield select(Entry.index).where(Entry.subject_id == subject_id, *conditions)
    among = select(Entry.index).join(EntryMember, EntryMember.entry_id == Entry.id)
    yield among.where(EntryMember.subject_id == subject_id, *conditions)


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.actor is not None:
        yield Entry.actor == wanted.actor
    if wanted.since is not None:
        yield Entry.at >= wanted.since
    if wanted.until is not None:
        yield Entry.at < wanted.until


def types_of(beginning: str) -> list[str]:
    """The vocabulary is closed, so its words are named: a beginning is no range of an index in most collations."""
    return [t.value for t in EventType if t == beginning or t.startswith(beginning + ":")]


def _there(payload: Payload | None) -> bool:
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
