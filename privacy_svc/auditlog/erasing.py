"""A person's erasure in the log, later the end of their evidence: tombstones for payloads, bare hashes for their places
among many.

What is theirs is told by the tags in the leaves, which only their key makes: who moves other people's rows to somebody
in the database does not get them erased, and signed for, with that person. Nor does who puts something else in the
place of a payload: what does not open there gets no tombstone, so that `verify` goes on telling that it is gone.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from msgspec import MsgspecError
from sqlalchemy import func, null, select, update
from sqlalchemy.orm import Session

from privacy_svc.auditlog import crowds
from privacy_svc.auditlog.appending import subject_label
from privacy_svc.auditlog.crowds import member_tag
from privacy_svc.auditlog.entry import Envelope, fits
from privacy_svc.auditlog.mac import outbox_mac
from privacy_svc.auditlog.members import Member
from privacy_svc.auditlog.merkle import leaf_hash
from privacy_svc.auditlog.model import Entry, EntryMember, Outbox, Payload
from privacy_svc.auditlog.opening import DATA, unseal
from privacy_svc.auditlog.raw import as_it_is
from privacy_svc.auditlog.tombstones import ERASED, LOST, UNPROVEN, nameless, tombstone, unproven
from privacy_svc.db import among
from privacy_svc.vault import SubjectCipher, Tampered, Vault

_UNNAMED = {
    table: update(table)
    .where(among(table.id, "ids"))
    .values(subject_id=None)
    .execution_options(synchronize_session=False)
    for table in (Outbox, Entry)
}
"""The outbox first: the sequencer locks what it moves, so what is not there any more is in the tree already."""


@dataclass(frozen=True, slots=True)
class Theirs:
    """A person whose key of this use is about to be destroyed, and how its entries are recognised. `believed`: by what
    the columns say, in a restored backup whose keys are gone; there is nothing else. Somebody with the database's
    password may have written them, so what goes then gets a tombstone that says so (`UNPROVEN`)."""

    subject_id: str
    cipher: SubjectCipher | None
    use: str = DATA
    believed: bool = False

    def is_about(self, leaf: bytes) -> bool:
        envelope = _envelope(leaf)
        if self.cipher is None or envelope is None:
            return self.believed
        return envelope.subject == subject_label(self.cipher, envelope.time[:7])

    def is_among(self, leaf: bytes, tag: bytes) -> bool:
        envelope = _envelope(leaf)
        if self.cipher is None or envelope is None:
            return self.believed
        return tag == member_tag(self.cipher, envelope.time[:7])

    def sealed(self, leaf: bytes, payload: object) -> bool:
        """Whether this is the payload that the leaf commits to."""
        envelope = _envelope(leaf)
        if self.cipher is None or envelope is None:
            return self.believed
        with suppress(Tampered):
            opened = unseal(self.cipher, leaf_hash(leaf), payload) if isinstance(payload, bytes) else None
            return opened is not None and fits(opened, envelope.commit)
        return False


@dataclass(frozen=True, slots=True)
class Gone:
    """How many payloads went, from how many lists of people the name, and in the place of how many payloads there was
    something else, which stays there. `unproven`: that they were the person's, only the columns said."""

    entries: int
    members: int = 0
    altered: int = 0
    unproven: bool = False

    def to_payload(self) -> dict[str, int]:
        told = {"entries": self.entries, "members": self.members}
        told |= {"altered": self.altered} if self.altered else {}
        return told | ({"unproven": self.entries + self.members} if self.unproven else {})


def theirs(session: Session, vault: Vault, subject_id: str, use: str) -> Theirs:
    """Raises KeyUnavailable, Tampered."""
    return Theirs(subject_id, vault.ciphers(session, [subject_id], use).get(subject_id), use)


def erase(session: Session, vault: Vault, person: Theirs) -> Gone:
    """People are named in lists by their data key."""
    organisation = vault.organisation_cipher(session)
    entries, altered = _payloads(session, organisation, person)
    _unname_lost(session, person)
    if person.use != DATA:
        return Gone(entries, altered=altered, unproven=person.believed)
    crowds.forget(session, person.subject_id)
    return Gone(entries, _members(session, organisation, person), altered, person.believed)


def _payloads(session: Session, organisation: SubjectCipher, person: Theirs) -> tuple[int, int]:
    """How many went, and how many are altered; those entries lose the name as well."""
    mine = (Payload.owner_id == person.subject_id, Payload.use == person.use)
    rows = _with_leaves(session, Payload.entry_id, *mine, more=as_it_is(Payload.sealed))
    about = [(i, leaf, person.sealed(leaf, sealed)) for i, leaf, sealed in rows if person.is_about(leaf)]
    if person.believed:
        about = _without_strangers(session, organisation, about)
    if not about:
        return 0, 0
    use = UNPROVEN if person.believed else ERASED
    for statement in _UNNAMED.values():
        session.execute(statement, {"ids": [i for i, *_ in about]})
    gone = {"owner_id": "", "use": use}
    stones = [{"entry_id": i, "sealed": tombstone(organisation, use, leaf), **gone} for i, leaf, ok in about if ok]
    if stones:
        session.execute(update(Payload), stones)
    return len(stones), len(about) - len(stones)


def _unname_lost(session: Session, person: Theirs) -> None:
    """Entries whose payload a restore lost already. Two looks: joined, PostgreSQL reads every payload there is."""
    named = session.execute(select(Entry.id, Entry.leaf).where(Entry.subject_id == person.subject_id))
    about = {"ids": [i for i, leaf in named if person.is_about(leaf)]}
    lost = select(Payload.entry_id).where(among(Payload.entry_id, "ids"), Payload.use == LOST)
    if about["ids"] and (ids := list(session.scalars(lost, about))):
        session.execute(_UNNAMED[Entry], {"ids": ids})


def _without_strangers(
    session: Session, organisation: SubjectCipher, about: Sequence[tuple[str, bytes, bool]]
) -> list[tuple[str, bytes, bool]]:
    """What waits and has no MAC of ours may be anybody's: it gets nothing from us."""
    waits = select(Outbox.id, Outbox.leaf, as_it_is(Outbox.mac)).where(among(Outbox.id, "ids"))
    rows, mac = session.execute(waits, {"ids": [i for i, *_ in about]}), outbox_mac(organisation)
    strange = {i for i, leaf, told in rows if not mac.fits(leaf, told)}
    return [row for row in about if row[0] not in strange]


def _members(session: Session, organisation: SubjectCipher, person: Theirs) -> int:
    rows = session.scalars(select(EntryMember).where(EntryMember.subject_id == person.subject_id)).all()
    found = _with_leaves(session, EntryMember.entry_id, EntryMember.subject_id == person.subject_id)
    leaves = {i: leaf for i, leaf, _ in found}
    mine = [r for r in rows if r.entry_id in leaves and person.is_among(leaves[r.entry_id], r.tag)]
    for row in mine:
        member = leaf_hash(Member(row.tag, row.group, row.version).encode())
        if person.believed:
            row.tag = unproven(organisation, row.entry_id, row.tag, member)
        else:
            row.tag, row.group, row.version = nameless(organisation, row.entry_id, member), 0, 0
        row.subject_id = None
    session.flush()
    return len(mine)


def _with_leaves(session: Session, entry_id: Any, *where: Any, more: Any = None) -> Iterator[tuple[str, bytes, Any]]:
    """Ids with their leaves and one more column, wherever the entry is; those whose entry is nowhere are left for
    `verify` to tell."""
    leaf = func.coalesce(Entry.leaf, Outbox.leaf)
    joined = (
        select(entry_id, leaf, null() if more is None else more)
        .outerjoin(Entry, Entry.id == entry_id)
        .outerjoin(Outbox, Outbox.id == entry_id)
    )
    rows: Sequence[Any] = session.execute(joined.where(*where)).all()
    return ((i, leaf, column) for i, leaf, column in rows if leaf is not None)


def _envelope(leaf: bytes) -> Envelope | None:
    with suppress(MsgspecError, UnicodeDecodeError):
        return Envelope.decode(leaf)
    return None
