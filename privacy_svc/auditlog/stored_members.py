"""The people of an entry about many, as stored: one of them proven, all against what the leaf commits to."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import crowds
from privacy_svc.auditlog.crowds import member_tag
from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.members import (
    TAG,
    Member,
    Membership,
    check,
    commitment,
    commitment_of_parts,
    hashes,
    prove,
    prove_in_part,
)
from privacy_svc.auditlog.merkle import Hash, ProofError, leaf_hash
from privacy_svc.auditlog.model import Entry, EntryMember
from privacy_svc.auditlog.opening import DATA, reachable
from privacy_svc.auditlog.tombstones import UNPROVEN, is_nameless, is_unproven, len_unproven, member_hash
from privacy_svc.errors import NotFound
from privacy_svc.vault import SubjectCipher, Vault

Found = Iterator[tuple[str, str]]


def check_members(session: Session, vault: Vault, entry_id: str, envelope: Envelope) -> Found:
    """What is wrong with them, and whose name only a restore took away (`UNPROVEN`)."""
    of_entry = select(EntryMember).where(EntryMember.entry_id == entry_id).order_by(EntryMember.position)
    rows = session.scalars(of_entry).all()
    if not rows and (crowd := crowds.members_of(session, entry_id)):
        roots = crowds.roots_of(crowd)
        if commitment_of_parts(len(crowd), roots) != envelope.members:
            yield "altered", "the people of the entry are not those it was written about"
        elif not crowds.is_findable(session, entry_id, envelope.time[:7], roots):
            yield (
                "altered",
                "people of the entry are not found in it: its list has another month, order or root",
            )
        return
    if [r.position for r in rows] != list(range(len(rows))) or commitment(_leaves(rows)) != envelope.members:
        yield "altered", "the people of the entry are not those it was written about"
    yield from _check_names(session, vault, rows, envelope.time[:7])


def _check_names(session: Session, vault: Vault, rows: Sequence[EntryMember], in_month: str) -> Found:
    organisation = vault.organisation_cipher(session)
    ciphers, away = reachable(session, vault, {r.subject_id for r in rows if r.subject_id}, DATA)
    for row in rows:
        if row.subject_id is None and _is_unproven(organisation, row):
            yield UNPROVEN, "an erasure without a key took a name out of the entry"
        elif row.subject_id is None:
            if (row.group, row.version) != (0, 0) or not is_nameless(organisation, row.entry_id, row.tag):
                yield "altered", "somebody is no longer named in the entry, and was not erased"
        elif row.subject_id in away:
            yield "payload_unavailable", "the key of somebody whom the entry names is away: it cannot be checked"
        elif row.subject_id not in ciphers or member_tag(ciphers[row.subject_id], in_month) != row.tag:
            yield "altered", "the entry names another person than the one it was written about"


def committed_tags(session: Session, entry_id: str, said: Mapping[str, Any]) -> list[bytes] | None:
    """Of the people of an entry; None where they are not those that its leaf speaks of."""
    of_entry = select(EntryMember).where(EntryMember.entry_id == entry_id).order_by(EntryMember.position)
    if rows := session.scalars(of_entry).all():
        return [row.tag[:TAG] for row in rows] if commitment(_leaves(rows)) == said else None
    crowd = crowds.members_of(session, entry_id)
    fits = commitment_of_parts(len(crowd), crowds.roots_of(crowd)) == said
    return [member[:TAG] for member in crowd] if fits else None


def named(session: Session, entry_id: str) -> dict[str, int]:
    """Those an entry about many still names, with the number of their group."""
    rows = select(EntryMember.subject_id, EntryMember.group).where(
        EntryMember.entry_id == entry_id, EntryMember.subject_id.is_not(None)
    )
    return {i: group for i, group in session.execute(rows) if i is not None}


def group_of(session: Session, vault: Vault, index: int, subject_id: str) -> int | None:
    """The number of this person's group; None where the entry is not about them among others."""
    entry = session.get_one(Entry, index)
    mine = select(EntryMember.group).where(EntryMember.entry_id == entry.id, EntryMember.subject_id == subject_id)
    if (group := session.scalar(mine)) is not None:
        return group
    found = find_membership(session, vault, entry, subject_id)
    return None if found is None else found.member.group


def membership(session: Session, vault: Vault, index: int, subject_id: str) -> Membership:
    """Raises NotFound."""
    entry = session.get(Entry, index) if index >= 0 else None
    found = find_membership(session, vault, entry, subject_id) if entry else None
    if found is None:
        raise NotFound("The log has no entry here that is about this person among others.")
    return found


def find_membership(session: Session, vault: Vault, entry: Entry, subject_id: str) -> Membership | None:
    """None where the entry is not about this person among others."""
    of_entry = select(EntryMember).where(EntryMember.entry_id == entry.id).order_by(EntryMember.position)
    rows = session.scalars(of_entry).all()
    if rows:
        mine = next((r for r in rows if r.subject_id == subject_id), None)
        return None if mine is None else prove(_member(mine), _leaves(rows), mine.position)
    envelope = Envelope.decode(entry.leaf)
    if not envelope.members:
        return None
    cipher = vault.ciphers(session, [subject_id]).get(subject_id)
    return _in_crowd(session, entry.id, member_tag(cipher, envelope.time[:7]), envelope.members) if cipher else None


def _in_crowd(session: Session, entry_id: str, tag: bytes, said: Mapping[str, Any]) -> Membership | None:
    """By the one part that may have the tag, and the roots of all. By the whole list where it has none, or others."""
    if roots := crowds.stored_roots(session, entry_id):
        number, members = crowds.part_around(session, entry_id, tag) or (0, b"")
        place = crowds.place_of(members, tag)
        if place is None:
            return None
        with suppress(ProofError):
            found = prove_in_part(crowds.split(members), place, number, crowds.PART, roots)
            check(found, said)
            return found
    whole = crowds.members_of(session, entry_id)
    place = crowds.place_of(b"".join(whole), tag)
    return None if place is None else prove(Member.decode(whole[place]), hashes(whole), place)


def _member(row: EntryMember) -> Member:
    return Member(row.tag, row.group, row.version)


def _leaves(rows: Sequence[EntryMember]) -> list[Hash]:
    """None where a row holds a number that no member has."""
    try:
        return [_hash(row) for row in rows]
    except OverflowError:
        return []


def _is_unproven(organisation: SubjectCipher, row: EntryMember) -> bool:
    with suppress(OverflowError):
        return is_unproven(organisation, row.entry_id, row.tag, _hash(row))
    return False


def _hash(row: EntryMember) -> Hash:
    """Raises OverflowError."""
    if row.subject_id is None and len(row.tag) != len_unproven(TAG):
        return member_hash(row.tag)
    return leaf_hash(Member(row.tag[:TAG], row.group, row.version).encode())
