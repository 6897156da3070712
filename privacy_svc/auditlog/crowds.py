"""Entries about more people than have a row each: their members are kept as sorted tags alone, in parts.

A person is found among them by their tag of that month, which only their data key makes; after their erasure their
place leads to nobody, and nothing has to be changed. Tags of the running month are kept, so that the second audience
of a month need not open everybody's key again; they go with the person's erasure. Each is kept with a MAC of whose it
is (`KeptTags`): a tag that somebody else wrote into the table would be signed, and leave its person out.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from hmac import compare_digest
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, or_, select
from sqlalchemy.orm import Session, aliased

from privacy_svc.auditlog.entry import month
from privacy_svc.auditlog.members import SIZE, TAG
from privacy_svc.auditlog.merkle import Hash, leaf_hash, part_roots
from privacy_svc.auditlog.model import CrowdPart, Entry, MonthTag
from privacy_svc.auditlog.raw import as_bytes, as_it_is, text_of
from privacy_svc.db import among, insert_rows, now
from privacy_svc.vault import SubjectCipher, Vault

MANY = 1_000
"""People of an entry from which on they are a crowd."""
PART = 4_096
KEPT = TAG + 16
"""Of a tag with its MAC."""
CHUNK = 10_000
AHEAD = timedelta(days=3)
"""Before a month its tags begin to be made."""
PIECE = 2_000
"""Of them in one transaction."""
_THEIRS = among(MonthTag.subject_id, "ids")
_KNOWN = select(MonthTag.subject_id, MonthTag.tag).where(MonthTag.month == bindparam("month"), _THEIRS)
_FORGET = (
    delete(MonthTag)
    .where(_THEIRS, or_(MonthTag.month == bindparam("month"), MonthTag.month < bindparam("running")))
    .execution_options(synchronize_session=False)
)
_PART = select(CrowdPart.members).where(CrowdPart.entry_id == bindparam("entry"), CrowdPart.part == bindparam("part"))
_NEXT_MONTH = select(func.min(CrowdPart.month)).where(CrowdPart.month > bindparam("before"))
_MADE = aliased(MonthTag)
_LAST = select(func.max(_MADE.subject_id)).where(_MADE.month == bindparam("coming")).scalar_subquery()
_NEXT = (
    select(MonthTag.subject_id)
    .where(MonthTag.month == bindparam("running"), MonthTag.subject_id > func.coalesce(_LAST, ""))
    .order_by(MonthTag.subject_id)
    .limit(PIECE)
)
"""In the order of their ids, so that each look goes on where the last one ended."""
_MAKING = 0x6D6F6E7468746167
"""The advisory lock of who makes tags: two audiences at once would else insert the same people's rows."""


def member_tag(cipher: SubjectCipher, in_month: str) -> bytes:
    return cipher.tag(f"audit-tag|{in_month}", TAG)


class KeptTags:
    """Tags of a month as they are kept. The MAC is BLAKE2b (RFC 7693), keyed by the organisation: the fastest there is
    here, as each audience checks everybody's."""

    def __init__(self, organisation: SubjectCipher, in_month: str) -> None:
        key = organisation.tag(f"audit-month-tags|{in_month}", 32)
        self._keyed = blake2b(key=key, digest_size=KEPT - TAG)

    def keep(self, subject_id: str, tag: bytes) -> bytes:
        mac = self._keyed.copy()
        mac.update(tag + subject_id.encode())
        return tag + mac.digest()

    def is_right(self, subject_id: str, kept: bytes) -> bool:
        return compare_digest(self.keep(subject_id, kept[:TAG]), kept)

    def are_right(self, subject_ids: Sequence[str], kept: Sequence[bytes]) -> bool:
        """All of them. One comparison: nearly always they are."""
        copy, made = self._keyed.copy, list[bytes]()
        for subject_id, row in zip(subject_ids, kept, strict=True):
            mac = copy()
            mac.update(row[:TAG] + subject_id.encode())
            made.append(mac.digest())
        return compare_digest(b"".join(made), b"".join([row[TAG:] for row in kept]))


def month_tags(session: Session, vault: Vault, subject_ids: Collection[str], in_month: str) -> dict[str, bytes]:
    """Tags of the living among them, by person."""
    ids, found = list(subject_ids), dict[str, bytes]()
    kept = KeptTags(vault.organisation_cipher(session), in_month)
    session.flush()
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        found.update(_known(session, chunk, in_month, kept))
        if missing := [i for i in chunk if i not in found]:
            _take_turns(session)
            made_meanwhile = _known(session, missing, in_month, kept)
            found.update(made_meanwhile)
            if missing := [i for i in missing if i not in made_meanwhile]:
                found.update(_make_tags(session, vault, missing, in_month, kept))
    return found


def _known(session: Session, ids: Sequence[str], in_month: str, kept: KeptTags) -> dict[str, bytes]:
    rows = session.connection().execute(_KNOWN, {"ids": ids, "month": in_month}).all()
    return {i: tag[:TAG] for i, tag in rows if kept.is_right(i, tag)}


def _take_turns(session: Session) -> None:
    """Until this transaction ends, nobody else makes tags. SQLite lets only one transaction write at a time."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_MAKING)))


def _make_tags(session: Session, vault: Vault, ids: Sequence[str], in_month: str, kept: KeptTags) -> dict[str, bytes]:
    vault.hold(session, ids)
    made = {i: member_tag(cipher, in_month) for i, cipher in vault.ciphers(session, ids).items()}
    if made:
        session.execute(_FORGET, {"ids": list(made), "month": in_month, "running": month(now())})
        insert_rows(
            session, MonthTag, [{"subject_id": i, "month": in_month, "tag": kept.keep(i, t)} for i, t in made.items()]
        )
    return made


def make_ahead(session: Session, vault: Vault, at: datetime) -> int:
    """In a month's last days, the next month's tags of some who have one of this month: how many were left to make."""
    running, coming = month(at), month(at + AHEAD)
    if coming == running:
        return 0
    _take_turns(session)
    ids = session.scalars(_NEXT, {"running": running, "coming": coming}).all()
    if ids:
        _make_tags(session, vault, ids, coming, KeptTags(vault.organisation_cipher(session), coming))
    return len(ids)


def count_wrong_tags(session: Session, vault: Vault) -> int:
    """Of the kept tags, those that this service did not make: they are never used, and somebody wrote them."""
    organisation, months = vault.organisation_cipher(session), dict[str, KeptTags]()
    wrong = 0
    columns = (as_bytes(MonthTag.subject_id), as_bytes(MonthTag.month), as_it_is(MonthTag.tag))
    for raw_id, raw_month, tag in session.execute(select(*columns)):
        subject_id, in_month = text_of(raw_id), text_of(raw_month)
        if in_month not in months:
            months[in_month] = KeptTags(organisation, in_month)
        wrong += not (isinstance(tag, bytes) and months[in_month].is_right(subject_id, tag))
    return wrong


def forget(session: Session, subject_id: str) -> None:
    """At the person's erasure."""
    session.execute(delete(MonthTag).where(MonthTag.subject_id == subject_id))


def roots_of(members: Sequence[bytes]) -> list[Hash]:
    """Of each part's tree. `members`: encoded, in the order of their tags."""
    return part_roots(map(leaf_hash, members), PART)[1]


def write(session: Session, entry_id: str, in_month: str, members: Sequence[bytes], roots: Sequence[Hash]) -> None:
    rows = []
    for number, start in enumerate(range(0, len(members), PART)):
        part = members[start : start + PART]
        ends = {"first": part[0][:TAG], "last": part[-1][:TAG]}
        place: dict[str, Any] = {"entry_id": entry_id, "part": number, "month": in_month}
        rows.append({**place, **ends, "members": b"".join(part), "root": roots[number]})
    insert_rows(session, CrowdPart, rows)


def members_of(session: Session, entry_id: str) -> list[bytes]:
    """Encoded; none where the entry is about no crowd. Of a part that was cut, what is left."""
    parts = select(CrowdPart.members).where(CrowdPart.entry_id == entry_id).order_by(CrowdPart.part)
    return [member for part in session.scalars(parts) for member in split(part)]


def stored_roots(session: Session, entry_id: str) -> list[Hash]:
    """None where a version that kept no roots wrote the list."""
    roots = select(as_it_is(CrowdPart.root)).where(CrowdPart.entry_id == entry_id).order_by(CrowdPart.part)
    found = session.scalars(roots).all()
    return list(found) if all(isinstance(root, bytes) for root in found) else []


def part_around(session: Session, entry_id: str, tag: bytes) -> tuple[int, bytes] | None:
    """Number and members of the part within whose ends the tag lies."""
    within = (CrowdPart.entry_id == entry_id, CrowdPart.first <= tag, CrowdPart.last >= tag)
    found = session.execute(select(CrowdPart.part, CrowdPart.members).where(*within).limit(1)).one_or_none()
    return None if found is None else (found.part, found.members)


def is_findable(session: Session, entry_id: str, in_month: str, roots: Sequence[Hash]) -> bool:
    """Whether all that a person is searched by, and proven by, says what the members say: month, ends and numbers of
    the parts, and their roots."""
    columns = (CrowdPart.root, CrowdPart.part, CrowdPart.month, CrowdPart.first, CrowdPart.last, CrowdPart.members)
    parts = session.execute(select(*columns).where(CrowdPart.entry_id == entry_id).order_by(CrowdPart.part))
    before = b""
    for expected, (root, *said, raw) in enumerate(parts):
        tags = [member[:TAG] for member in split(raw)]
        if not tags or said != [expected, in_month, tags[0], tags[-1]] or [before, *tags] != sorted([before, *tags]):
            return False
        if root is not None and roots[expected : expected + 1] != [root]:
            return False
        before = tags[-1]
    return True


def place_of(members: bytes, tag: bytes) -> int | None:
    """Among members one behind the other."""
    place = bisect_left(range(len(members) // SIZE), tag, key=lambda at: members[at * SIZE : at * SIZE + TAG])
    return place if members[place * SIZE : place * SIZE + TAG] == tag else None


def next_about(
    session: Session,
    vault: Vault,
    subject_id: str,
    conditions: Sequence[ColumnElement[bool]],
    values: Mapping[str, Any],
    limit: int,
    *,
    newest_first: bool,
) -> list[int]:
    """Indices of the next entries about crowds that this person is in, of those that meet the conditions; none once
    they were erased. An index tells the one part of each entry that may name them; no more of these are read than it
    takes."""
    found = list[int]()
    for index, entry_id, part, tag in sorted(
        _around(session, vault, subject_id, conditions, values), reverse=newest_first
    ):
        members = session.connection().scalar(_PART, {"entry": entry_id, "part": part})
        if place_of(members or b"", tag) is not None:
            found.append(index)
            if len(found) == limit:
                break
    return found


def _around(
    session: Session,
    vault: Vault,
    subject_id: str,
    conditions: Sequence[ColumnElement[bool]],
    values: Mapping[str, Any],
) -> Iterator[tuple[int, str, int, bytes]]:
    """Parts of entries within whose ends the person's tag lies: index, id, part and the tag."""
    months = list(_months(session))
    cipher = vault.ciphers(session, [subject_id]).get(subject_id) if months else None
    if cipher is None:
        return
    for in_month in months:
        tag = member_tag(cipher, in_month)
        within = (CrowdPart.month == in_month, CrowdPart.first <= tag, CrowdPart.last >= tag)
        parts = select(Entry.index, Entry.id, CrowdPart.part).join(CrowdPart, CrowdPart.entry_id == Entry.id)
        yield from ((*row, tag) for row in session.execute(parts.where(*within, *conditions), values))


def _months(session: Session) -> Iterator[str]:
    """Of crowds, each by one look into the index."""
    month: str | None = ""
    while month is not None:
        month = session.connection().scalar(_NEXT_MONTH, {"before": month})
        if month is not None:
            yield month


def split(part: bytes) -> list[bytes]:
    return [part[i : i + SIZE] for i in range(0, len(part), SIZE)]
