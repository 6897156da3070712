"""The people of an entry about many, as stored: one of them proven, all against what the leaf commits to."""

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import crowds
from privacy_svc.auditlog.crowds import member_tag
from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.members import Member, Membership, commitment, hashes, prove
from privacy_svc.auditlog.merkle import Hash, leaf_hash
from privacy_svc.auditlog.model import Entry, EntryMember
from privacy_svc.auditlog.opening import DATA, living
from privacy_svc.auditlog.tombstones import is_nameless, member_hash
from privacy_svc.vault import Vault

Found = Iterator[tuple[str, str]]


def check_members(session: Session, vault: Vault, entry_id: str, envelope: Envelope) -> Found:
    of_entry = select(EntryMember).where(EntryMember.entry_id == entry_id).order_by(EntryMember.position)
    rows = session.scalars(of_entry).all()
    if not rows and (crowd := crowds.members_of(session, entry_id)):
        if commitment(hashes(crowd)) != envelope.members:
            yield "altered", "the people of the entry are not those it was written about"
        elif not crowds.is_findable(session, entry_id, envelope.time[:7]):
            yield "altered", "people of the entry are not found in it: its list of them has another month or order"
        return
    if [r.position for r in rows] != list(range(len(rows))) or commitment(_leaves(rows)) != envelope.members:
        yield "altered", "the people of the entry are not those it was written about"
    ciphers = living(session, vault, {r.subject_id for r in rows if r.subject_id}, DATA)
    organisation = vault.organisation_cipher(session)
    for row in rows:
        if row.subject_id is None:
            if (row.group, row.version) != (0, 0) or not is_nameless(organisation, entry_id, row.tag):
                yield "altered", "somebody is no longer named in the entry, and was not erased"
        elif row.subject_id not in ciphers or member_tag(ciphers[row.subject_id], envelope.time[:7]) != row.tag:
            yield "altered", "the entry names another person than the one it was written about"


def find_membership(session: Session, vault: Vault, entry: Entry, subject_id: str) -> Membership | None:
    """None where the entry is not about this person among others."""
    of_entry = select(EntryMember).where(EntryMember.entry_id == entry.id).order_by(EntryMember.position)
    rows = session.scalars(of_entry).all()
    if rows:
        mine = next((r for r in rows if r.subject_id == subject_id), None)
        return None if mine is None else prove(_member(mine), _leaves(rows), mine.position)
    members = crowds.members_of(session, entry.id)
    cipher = vault.ciphers(session, [subject_id]).get(subject_id) if members else None
    position = crowds.place_of(b"".join(members), member_tag(cipher, crowds.month_of(entry))) if cipher else None
    return None if position is None else prove(Member.decode(members[position]), hashes(members), position)


def _member(row: EntryMember) -> Member:
    return Member(row.tag, row.group, row.version)


def _leaves(rows: Sequence[EntryMember]) -> list[Hash]:
    """None where a row holds a number that no member has."""
    try:
        return [member_hash(r.tag) if r.subject_id is None else leaf_hash(_member(r).encode()) for r in rows]
    except OverflowError:
        return []
