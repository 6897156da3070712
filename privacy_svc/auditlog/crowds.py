"""Entries about more people than have a row each: their members are kept as sorted tags alone, in parts.

A person is found among them by their tag of that month, which only their data key makes; after their erasure their
place leads to nobody, and nothing has to be changed. Tags of the running month are kept, so that the second audience
of a month need not open everybody's key again; they go with the person's erasure.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.members import SIZE, TAG
from privacy_svc.auditlog.model import CrowdPart, Entry, MonthTag
from privacy_svc.db import among, insert_rows
from privacy_svc.vault import SubjectCipher, Vault

MANY = 1_000
"""People of an entry from which on they are a crowd."""
PART = 4_096
CHUNK = 10_000
_THEIRS = among(MonthTag.subject_id, "ids")
_KNOWN = select(MonthTag.subject_id, MonthTag.tag).where(MonthTag.month == bindparam("month"), _THEIRS)
_FORGET = delete(MonthTag).where(_THEIRS).execution_options(synchronize_session=False)


def member_tag(cipher: SubjectCipher, in_month: str) -> bytes:
    return cipher.tag(f"audit-tag|{in_month}", TAG)


def month_tags(session: Session, vault: Vault, subject_ids: Collection[str], in_month: str) -> dict[str, bytes]:
    """Tags of the living among them, by person."""
    ids, found = list(subject_ids), dict[str, bytes]()
    session.flush()
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        known = session.connection().execute(_KNOWN, {"ids": chunk, "month": in_month})
        found.update(known.all())
        if missing := [i for i in chunk if i not in found]:
            found.update(_make_tags(session, vault, missing, in_month))
    return found


def _make_tags(session: Session, vault: Vault, ids: Sequence[str], in_month: str) -> dict[str, bytes]:
    vault.hold(session, ids)
    made = {i: member_tag(cipher, in_month) for i, cipher in vault.ciphers(session, ids).items()}
    if made:
        session.execute(_FORGET, {"ids": list(made)})
        insert_rows(session, MonthTag, [{"subject_id": i, "month": in_month, "tag": t} for i, t in made.items()])
    return made


def forget(session: Session, subject_id: str) -> None:
    """At the person's erasure."""
    session.execute(delete(MonthTag).where(MonthTag.subject_id == subject_id))


def write(session: Session, entry_id: str, in_month: str, members: Sequence[bytes]) -> None:
    """`members`: encoded, in the order of their tags."""
    rows = []
    for number, start in enumerate(range(0, len(members), PART)):
        part = members[start : start + PART]
        ends = {"first": part[0][:TAG], "last": part[-1][:TAG]}
        place = {"entry_id": entry_id, "part": number, "month": in_month}
        rows.append({**place, **ends, "members": b"".join(part)})
    insert_rows(session, CrowdPart, rows)


def members_of(session: Session, entry_id: str) -> list[bytes]:
    """Encoded; none where the entry is about no crowd. Of a part that was cut, what is left."""
    parts = select(CrowdPart.members).where(CrowdPart.entry_id == entry_id).order_by(CrowdPart.part)
    return [member for part in session.scalars(parts) for member in _split(part)]


def is_findable(session: Session, entry_id: str, in_month: str) -> bool:
    """Whether all that a person is searched by says what the members say: month, ends and numbers of the parts."""
    columns = (CrowdPart.part, CrowdPart.month, CrowdPart.first, CrowdPart.last, CrowdPart.members)
    parts = session.execute(select(*columns).where(CrowdPart.entry_id == entry_id).order_by(CrowdPart.part))
    before = b""
    for expected, (*said, raw) in enumerate(parts):
        tags = [member[:TAG] for member in _split(raw)]
        if not tags or said != [expected, in_month, tags[0], tags[-1]] or [before, *tags] != sorted([before, *tags]):
            return False
        before = tags[-1]
    return True


def place_of(members: Sequence[bytes], tag: bytes) -> int | None:
    place = bisect_left(members, tag)
    return place if place < len(members) and members[place].startswith(tag) else None


def entries_about(session: Session, vault: Vault, subject_id: str) -> set[str]:
    """Ids of the entries about crowds that this person is in; none once they were erased."""
    months = session.scalars(select(CrowdPart.month).distinct()).all()
    cipher = vault.ciphers(session, [subject_id]).get(subject_id) if months else None
    return {i for m in months if cipher for i in _entries_with(session, m, member_tag(cipher, m))}


def month_of(entry: Entry) -> str:
    return Envelope.decode(entry.leaf).time[:7]


def _entries_with(session: Session, in_month: str, tag: bytes) -> Iterator[str]:
    around = select(CrowdPart.entry_id, CrowdPart.members).where(
        CrowdPart.month == in_month, CrowdPart.first <= tag, CrowdPart.last >= tag
    )
    for entry_id, part in session.execute(around):
        if place_of(_split(part), tag) is not None:
            yield entry_id


def _split(part: bytes) -> list[bytes]:
    return [part[i : i + SIZE] for i in range(0, len(part), SIZE)]
