"""Whom many entries are about, at once: people that are named one by one, and everybody of a crowd who still lives.

A crowd is told by everybody's tags, a month at a time: it takes as long as opening everybody's key once a month.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.crowds import CHUNK, member_tag, split
from privacy_svc.auditlog.members import Member
from privacy_svc.auditlog.model import CrowdPart, EntryMember
from privacy_svc.db import among
from privacy_svc.vault import Subject, Vault

_MEMBERS = select(EntryMember.entry_id, EntryMember.subject_id, EntryMember.group).where(
    among(EntryMember.entry_id, "ids")
)
_MONTHS = select(CrowdPart.entry_id, CrowdPart.month).where(among(CrowdPart.entry_id, "ids")).distinct()
_LIVING = select(Subject.id).where(Subject.erased_at.is_(None)).order_by(Subject.id).limit(CHUNK)

Told = tuple[str | None, int]
"""Somebody, None of whom was erased, and the number of their group: 0 where an erasure took it."""


def members(session: Session, entry_ids: Sequence[str]) -> dict[str, list[Told]]:
    """By entry, of those about a few people."""
    found = dict[str, list[Told]]()
    for entry_id, person, group in session.execute(_MEMBERS, {"ids": list(entry_ids)}):
        found.setdefault(entry_id, []).append((person, group))
    return found


def crowds(session: Session, entry_ids: Sequence[str]) -> dict[str, list[str]]:
    """Those of the entries that are about crowds, by their month."""
    found = dict[str, list[str]]()
    for entry_id, month in session.execute(_MONTHS, {"ids": list(entry_ids)}):
        found.setdefault(month, []).append(entry_id)
    return found


def in_crowds(session: Session, vault: Vault, month: str, entry_ids: Sequence[str]) -> Iterator[tuple[str, Told]]:
    """Each member of each of these entries, which are of that month."""
    people = _by_tag(session, vault, month)
    for entry_id in entry_ids:
        parts = select(CrowdPart.members).where(CrowdPart.entry_id == entry_id).order_by(CrowdPart.part)
        for part in session.scalars(parts.execution_options(yield_per=8)):
            for member in map(Member.decode, split(part)):
                yield entry_id, (people.get(member.tag), member.group)


def _by_tag(session: Session, vault: Vault, month: str) -> dict[bytes, str]:
    people, last = dict[bytes, str](), ""
    while ids := session.scalars(_LIVING.where(Subject.id > last)).all():
        ciphers = vault.ciphers(session, ids)
        people.update((member_tag(cipher, month), person) for person, cipher in ciphers.items())
        last = ids[-1]
    return people
