"""The people of an entry about many, as stored: one of them proven, all against what the leaf commits to."""

from collections.abc import Collection, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import crowds
from privacy_svc.auditlog.crowds import member_tag
from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.members import Member, Membership, commitment, prove
from privacy_svc.auditlog.model import Entry, EntryMember
from privacy_svc.auditlog.opening import DATA, living
from privacy_svc.vault import SubjectCipher, Vault

Found = Iterator[tuple[str, str]]


def check_members(session: Session, vault: Vault, entry_id: str, envelope: Envelope, claimed: Collection[str]) -> Found:
    """`claimed`: whose names an erasure took, as `entry id#position`."""
    of_entry = select(EntryMember).where(EntryMember.entry_id == entry_id).order_by(EntryMember.position)
    rows = session.scalars(of_entry).all()
    if not rows and (crowd := crowds.members_of(session, entry_id)):
        if commitment(crowd) != envelope.members:
            yield "altered", "the people of the entry are not those it was written about"
        return
    if [r.position for r in rows] != list(range(len(rows))) or _commitment(rows) != envelope.members:
        yield "altered", "the people of the entry are not those it was written about"
    ciphers = living(session, vault, {r.subject_id for r in rows if r.subject_id}, DATA)
    for row in rows:
        yield from _named(row, envelope.time[:7], ciphers, erased=f"{entry_id}#{row.position}" in claimed)


def find_membership(session: Session, vault: Vault, entry: Entry, subject_id: str) -> Membership | None:
    """None where the entry is not about this person among others."""
    of_entry = select(EntryMember).where(EntryMember.entry_id == entry.id).order_by(EntryMember.position)
    rows = session.scalars(of_entry).all()
    if rows:
        mine = next((r.position for r in rows if r.subject_id == subject_id), None)
        members = [Member(r.tag, r.group, r.version).encode() for r in rows]
    else:
        members = crowds.members_of(session, entry.id)
        cipher = vault.ciphers(session, [subject_id]).get(subject_id) if members else None
        mine = crowds.place_of(members, member_tag(cipher, crowds.month_of(entry))) if cipher else None
    return None if mine is None else prove(members, mine)


def _commitment(rows: Collection[EntryMember]) -> dict[str, object]:
    try:
        return commitment([Member(r.tag, r.group, r.version).encode() for r in rows])
    except OverflowError:  # a number that no member has
        return {}


def _named(row: EntryMember, in_month: str, ciphers: dict[str, SubjectCipher], *, erased: bool) -> Found:
    if row.subject_id is None:
        if not erased:
            yield "altered", "somebody is no longer named in the entry, and no erasure says so"
    elif erased:
        yield "altered", "the entry names a person again whose erasure took the name away"
    elif row.subject_id not in ciphers or member_tag(ciphers[row.subject_id], in_month) != row.tag:
        yield "altered", "the entry names another person than the one it was written about"
