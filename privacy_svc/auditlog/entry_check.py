"""One entry against its columns, its payload and the people it names, for `verify`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Select, exists, null, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.appending import actor_label, subject_label
from privacy_svc.auditlog.entry import Envelope, fits
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.merkle import Hash, leaf_hash
from privacy_svc.auditlog.model import CrowdPart, Entry, EntryMember, Outbox, Payload
from privacy_svc.auditlog.opening import DATA, EVIDENCE, PAYLOAD_FIELD, Openers, place, reachable
from privacy_svc.auditlog.raw import reading_texts, rows_of
from privacy_svc.auditlog.stored_members import check_members
from privacy_svc.auditlog.tombstones import LOST, TOMBSTONES, UNPROVEN, is_tombstone
from privacy_svc.db import Instant
from privacy_svc.errors import Erased
from privacy_svc.vault import SubjectCipher, Tampered, Vault


class Row(msgspec.Struct, gc=False):
    """An entry with its payload; `index` is None while it waits, `sealed` where there is no payload."""

    hash: Hash
    """Of the leaf."""

    index: int | None
    id: str
    at: Any
    """As the database has it: compared with what would be stored, which is faster than to read it."""
    type: str
    actor: str
    subject_id: str | None
    leaf: bytes
    owner_id: str
    use: str
    sealed: bytes | None
    few: bool
    """People are listed in it, one by one."""
    crowd: bool
    """People are listed in it, in parts."""


def read(session: Session, selected: Select[Any], **values: Any) -> list[Row]:
    """Of what `entries_of` selects. Raises ValueError or TypeError for a text that is none, and for bytes that are. Of
    a sealed payload that is a text nothing is left; the entry is there all the same."""
    with reading_texts():
        rows = rows_of(session.connection(), selected, **values)
    if not {type(row[SEALED]) for row in rows} <= {bytes, type(None)}:
        rows = [row if isinstance(row[SEALED], bytes | None) else _unsealed(row) for row in rows]
    return [Row(leaf_hash(row[LEAF]), *row) for row in rows]


def _unsealed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*row[:SEALED], b"", *row[SEALED + 1 :])


def entries_of(table: type[Entry] | type[Outbox]) -> Select[Any]:
    index: Any = Entry.index if table is Entry else null().label("index")
    told: tuple[Any, ...] = (index, table.id, table.at, table.type, table.actor, table.subject_id, table.leaf)
    listed = (exists().where(of == table.id) for of in (EntryMember.entry_id, CrowdPart.entry_id))
    joined = select(*told, Payload.owner_id, Payload.use, Payload.sealed, *listed)
    return joined.outerjoin(Payload, Payload.entry_id == table.id)


LEAF, SEALED = 6, 9
"""Their places in what `entries_of` selects."""
MOST_LABELS = 50_000
_ELSE = "the column %s says something else than the leaf"
_COLUMNS = ("id", "type", "time", "actor")
_NOT_COMMITTED = "the payload is not the one committed to"
_AWAY = ("payload_unavailable", "the key that the payload names is away: it cannot be checked")
_GONE = ("payload_missing", "the payload or its key is gone, and no erasure says so")

Told = tuple[str, str]
"""Kind and detail of a finding."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind`: altered, missing, reordered, truncated, forked, unsigned, payload_altered, payload_missing or
    payload_unavailable."""

    kind: str
    detail: str
    index: int | None = None


class Checker:
    """Checks a page of entries at a time. `erased` counts those whose payload an erasure took, as it should, `lost`
    those whose payload was in no backup when the database was restored, `unproven` payloads and names in lists of
    people that a restore erased by what columns said."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session, self._vault = session, vault
        self._organisation = vault.organisation_cipher(session)
        self._openers = Openers(session, vault, each=True)
        self._actors = _ActorLabels(self._organisation)
        self._subjects: dict[tuple[str, str, str], str] = {}
        self._stored = lru_cache(stored_instant(session))
        """Labels by whom and month, kept as the same few are met again and again."""
        told = self.told(EventType.LOG_PRUNED)
        self.pruned = max((int(p.get("until", 0)) for entry, p in told if _in_time(entry, p)), default=0)
        """Entries below it were pruned, as an entry says: those that were older than it may say."""
        self.erased = self.lost = self.unproven = 0
        self.gone: dict[int, str] = {}
        """Entries of the page without a payload, rightly: `erased`, `lost` or `unproven`."""

    def check(self, page: Sequence[Row]) -> Iterator[Finding]:
        self._openers.learn(row for row in page if row.sealed is not None)
        for labels in (self._actors, self._subjects):
            if len(labels) > MOST_LABELS:
                labels.clear()
        self.gone = {}
        for row in page:
            try:
                envelope = Envelope.decode(row.leaf)
                at = self._stored(envelope.time)
            except ValueError:  # also what msgspec raises
                yield Finding("altered", "the leaf is no envelope", row.index)
                continue
            for kind, detail in self._one(row, envelope, at):
                yield Finding(kind, detail, row.index)

    def _one(self, row: Row, envelope: Envelope, at: Any) -> Sequence[Told]:
        """Nearly always nothing: no more calls than it takes, as a verification spends its time here."""
        in_month = envelope.time[:7]
        found: list[Told] = []
        columns = (row.id, row.type, row.at, self._actors[row.actor, in_month])
        said = (envelope.id, envelope.type, at, envelope.actor)
        if columns != said:
            found += [("altered", _ELSE % name) for name in _other(columns, said, row)]
        if row.use in TOMBSTONES:
            found += self._gone(row, envelope)
        elif row.sealed is None or (cipher := self._openers.cipher(row)) is None:
            found.append(_AWAY if self._openers.is_away(row) else _GONE)
        else:
            if (why := _payload(row.hash, row.sealed, envelope.commit, cipher)) is not None:
                found.append(("payload_altered", why))
            label = self._subject(row, cipher, in_month) if row.subject_id else None
            if label != envelope.subject or (row.subject_id is not None and row.subject_id != row.owner_id):
                found.append(("altered", _ELSE % "subject_id"))
        if envelope.members is not msgspec.UNSET and row.use != LOST:
            people = list(check_members(self._session, self._vault, row.id, envelope))
            found += [told for told in people if told[0] != UNPROVEN]
            self.unproven += sum(kind == UNPROVEN for kind, _ in people)
            added = row.few and row.crowd
        else:
            added = row.few or row.crowd
        if added:
            found.append(("altered", "people were added to the entry"))
        return found

    def _gone(self, row: Row, envelope: Envelope) -> Iterator[Told]:
        if not is_tombstone(self._organisation, row.use, row.leaf, row.sealed or b""):
            yield "payload_missing", "the payload is gone, and what stands in its place is not of this service"
            return
        if row.use == LOST and row.subject_id is not None:
            if not self._bears_their_tag(row.subject_id, envelope):
                yield "altered", _ELSE % "subject_id"
        elif row.subject_id is not None:
            yield "altered", "the entry names a person again whose erasure took the name away"
        if row.use == LOST:
            self.lost += 1
        elif row.use == UNPROVEN:
            self.unproven += 1
        else:
            self.erased += 1
        if row.index is not None:
            self.gone[row.index] = row.use

    def _bears_their_tag(self, subject_id: str, envelope: Envelope) -> bool:
        in_month = envelope.time[:7]
        for use in (DATA, EVIDENCE):
            place = (subject_id, use, in_month)
            if place not in self._subjects:
                ciphers, _ = reachable(self._session, self._vault, [subject_id], use)
                self._subjects[place] = subject_label(ciphers[subject_id], in_month) if ciphers else ""
            if self._subjects[place] == envelope.subject:
                return True
        return False

    def _subject(self, row: Row, cipher: SubjectCipher, in_month: str) -> str:
        place = (row.owner_id, row.use, in_month)
        if place not in self._subjects:
            self._subjects[place] = subject_label(cipher, in_month)
        return self._subjects[place]

    def told(self, *by: EventType) -> Iterator[tuple[Envelope, Mapping[str, Any]]]:
        """These entries of our own with their payloads, in the log's order, which no clock changes. One that does not
        open is reported at the entry itself."""
        for table, order in ((Entry, Entry.index), (Outbox, Outbox.number)):
            statement = select(table.leaf, Payload).join(Payload, Payload.entry_id == table.id)
            rows = self._session.execute(statement.where(table.type.in_(by)).order_by(order)).all()
            openers = Openers(self._session, self._vault, each=True)
            openers.learn(payload for _, payload in rows)
            for leaf, payload in rows:
                with suppress(Tampered, msgspec.MsgspecError, UnicodeDecodeError):
                    opened, envelope = openers.open(payload, leaf_hash(leaf)), Envelope.decode(leaf)
                    if opened is not None and envelope.type in by:
                        yield envelope, opened.payload


class _ActorLabels(dict[tuple[str, str], str]):
    """By name and month."""

    def __init__(self, organisation: SubjectCipher) -> None:
        self._organisation = organisation

    def __missing__(self, place: tuple[str, str]) -> str:
        self[place] = made = actor_label(self._organisation, *place)
        return made


def _other(columns: Sequence[object], said: Sequence[object], row: Row) -> Iterator[str]:
    """Names of those that differ. Of an entry that came back without its payload nobody knows the actor."""
    for name, column, of_leaf in zip(_COLUMNS, columns, said, strict=True):
        if column != of_leaf and not (name == "actor" and row.use == LOST and not row.actor):
            yield name


def stored_instant(session: Session) -> Callable[[str], Any]:
    """What the database holds of an envelope's time. Raises ValueError."""
    stored = Instant().bind_processor(session.get_bind().dialect)
    return lambda time: stored(datetime.fromisoformat(time))


def _payload(leaf: Hash, sealed: bytes, commit: str, cipher: SubjectCipher) -> str | None:
    """Why it is not the one that was committed to."""
    try:
        return None if fits(cipher.open(PAYLOAD_FIELD, place(leaf), sealed), commit) else _NOT_COMMITTED
    except Erased:
        return _NOT_COMMITTED
    except Tampered:
        return "the sealed payload does not open in this place"


def _in_time(entry: Envelope, pruned: Mapping[str, Any]) -> bool:
    """Nobody prunes what is not over yet by the entry's own time."""
    return str(pruned.get("before", "")) <= entry.time and "before" in pruned
