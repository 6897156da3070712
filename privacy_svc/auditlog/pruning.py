"""Entries end with their retention: everything below an index goes, proofs of what is above stay valid.

After C2SP tlog-tiles, "Pruning": leaves, their tiles and the tiles wholly below the index are deleted; the hashes of
the complete subtrees left of it stay, so the tree grows on and later proofs and checkpoints are what they would have
been. An entry says up to where, and verification accepts no other beginning.
"""

from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from msgspec import UNSET
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.appending import subject_label
from privacy_svc.auditlog.crowds import member_tag
from privacy_svc.auditlog.entry import Envelope, instant
from privacy_svc.auditlog.errors import LogInconsistent
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.growing_tree import HEIGHT, WIDTH
from privacy_svc.auditlog.merkle import Hash, leaf_hash
from privacy_svc.auditlog.model import CrowdPart, Entry, EntryMember, Payload, Tile, Tree
from privacy_svc.auditlog.opening import DATA, EVIDENCE
from privacy_svc.auditlog.stored_checkpoints import last_signed
from privacy_svc.auditlog.stored_members import committed_tags
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.auditlog.tombstones import LOST, is_tombstone
from privacy_svc.auditlog.tree_row import locked
from privacy_svc.db import now
from privacy_svc.errors import Erased
from privacy_svc.vault import SubjectCipher, Vault

AUTOMATIC = timedelta(days=31)
"""Of the log's own time, at most so much goes in one automatic run, and one run a day."""
IDLE = timedelta(days=7)
"""Nothing was logged for longer: the clock may have jumped, so nothing goes by itself."""


def automatic(session: Session, before: datetime, at: datetime) -> datetime:
    """How far a run that nobody looks at may go, of `before`: a clock that is ahead, or a wrong line in a policy file,
    costs a tile and a month of the oldest entries, not the log."""
    newest, oldest = _newest(session, at), _oldest(session, at)
    last = _newest(session, at, Entry.type == EventType.LOG_PRUNED)
    idle = newest is None or at - newest > IDLE
    if oldest is None or idle or (last is not None and at - last < timedelta(days=1)):
        return datetime.min.replace(tzinfo=UTC)
    return min(before, oldest + AUTOMATIC)


def caution(session: Session, count: int, at: datetime) -> str:
    """Why a person should look before the oldest `count` entries go, or anything else by its date, in words; empty
    where a run that nobody looks at might take them too."""
    newest, oldest = _newest(session, at), _oldest(session, at)
    if oldest is None or newest is None:
        return ""
    if at - newest > IDLE:
        return f"Nothing was logged for {(at - newest).days:,} days: is the clock right?"
    first: int = session.scalar(select(func.min(Entry.index))) or 0
    going = select(func.max(Entry.at)).where(Entry.index < first + count, Entry.at <= at)
    last: datetime | None = session.scalar(going)
    if last is not None and last - oldest > AUTOMATIC:
        return f"They are of {(last - oldest).days:,} days; the worker takes {AUTOMATIC.days} of them a day."
    return ""


def _newest(session: Session, at: datetime, *of: ColumnElement[bool]) -> datetime | None:
    """The time of the last of these entries by place. What is of later than now was written by a wrong clock, and says
    nothing."""
    last = select(Entry.at).where(Entry.at <= at, *of).order_by(Entry.index.desc()).limit(1)
    found: datetime | None = session.scalar(last)
    return found


def _oldest(session: Session, at: datetime) -> datetime | None:
    """The latest time among the first entries, as many as go at once at least: one of long ago stops nothing."""
    first = select(Entry.at).where(Entry.at <= at).order_by(Entry.index).limit(WIDTH).subquery()
    found: datetime | None = session.scalar(select(func.max(first.c.at)))
    return found


STRETCH = 32 * WIDTH
"""At most so many entries go in one transaction, so that writers need not wait for a long log; an entry of its own says
so of each stretch, so that a run which ends between two leaves a log that is whole."""


def prunable(
    session: Session,
    vault: Vault,
    before: datetime,
    held: Collection[str],
    begin: int | None = None,
    most: int | None = None,
) -> int:
    """How far, a stretch at most, from `begin` or from what was pruned already: no entry from `before` or later, none
    about people whose data are held, whole tiles only, nothing from `most` on, and never all. An index. Told by the
    leaves alone, which must be those of the tree: who changed the columns for searching changes nothing here. Raises
    LogInconsistent."""
    tree = session.get(Tree, 1)
    if tree is None:
        return 0
    signed = last_signed(session)
    end = min(tree.size - 1, signed.size if signed else 0)
    tiles, holds, at = Tiles(session), _Held(session, vault, held), now()
    until = over = tree.first if begin is None else begin
    end, stretch = min(end, end if most is None else most), until + STRETCH
    while until + WIDTH <= end and (until < stretch or over < until):
        found = _all_over(session, tiles, until // WIDTH, before, at, holds)
        if found is False:
            break
        until += WIDTH
        over = until if found else over
    return over


def _all_over(
    session: Session, tiles: Tiles, number: int, before: datetime, at: datetime, holds: "_Held"
) -> bool | None:
    """Whether all entries of a tile may go. A clock that was wrong keeps nothing for years: an entry is at most as old
    as it says, and as the next one; one of later than now goes with those around it. None where all are, so that only
    what follows tells."""
    envelopes = _leaves(session, tiles, number * WIDTH, WIDTH)
    if any(map(holds.holds, envelopes)):
        return False
    tiles.check_up(0, number)
    times = [envelope.time for envelope in [*envelopes, *_leaves(session, tiles, (number + 1) * WIDTH, 1)]]
    told = [min(pair) for pair in pairwise(times) if pair[0] <= instant(at)]
    return max(told) < instant(before) if told else None


def _leaves(session: Session, tiles: Tiles, start: int, count: int) -> list[Envelope]:
    """Those of the tree. Raises LogInconsistent."""
    rows = session.execute(
        select(Entry.index, Entry.id, Entry.leaf)
        .where(Entry.index >= start, Entry.index < start + count)
        .order_by(Entry.index)
    ).all()
    if [index for index, _, _ in rows] != list(range(start, start + count)):
        raise LogInconsistent(f"Entries are missing between {start} and {start + count}: nothing is pruned.")
    return [_envelope(index, entry_id, leaf, tiles.node(0, index)) for index, entry_id, leaf in rows]


def _envelope(index: int, entry_id: str, leaf: bytes, expected: Hash) -> Envelope:
    if leaf_hash(leaf) != expected:
        raise LogInconsistent(f"Entry {index} is not the one that was logged: nothing is pruned.")
    envelope = Envelope.decode(leaf)
    if envelope.id != entry_id:
        raise LogInconsistent(f"Entry {index} has another id than its leaf: nothing is pruned.")
    return envelope


class _Held:
    """Whether an entry is about one of these people, by their tags in its leaf, or in the list that its leaf speaks of.
    One whose list a restore lost may be about anybody."""

    def __init__(self, session: Session, vault: Vault, people: Collection[str]) -> None:
        """Raises Tampered where a key is broken or taken away: nothing tells which entries are theirs."""
        self._session, self._organisation = session, vault.organisation_cipher(session)
        self._ciphers: list[SubjectCipher] = []
        for use in (DATA, EVIDENCE):
            found = vault.ciphers(session, people, use)
            for gone in set(people) - found.keys():
                with suppress(Erased):
                    vault.cipher(session, gone, use)
            self._ciphers += found.values()
        self._months: dict[str, tuple[frozenset[str], frozenset[bytes]]] = {}

    def holds(self, envelope: Envelope) -> bool:
        if not self._ciphers:
            return False
        labels, tags = self._of(envelope.time[:7])
        if envelope.members is UNSET:
            return envelope.subject in labels
        told = committed_tags(self._session, envelope.id, envelope.members)
        if told is not None:
            return not tags.isdisjoint(told)
        if not self._lost_in_a_restore(envelope.id):
            raise LogInconsistent(f"The people of entry {envelope.id} are not those it was written about.")
        return True

    def _of(self, in_month: str) -> tuple[frozenset[str], frozenset[bytes]]:
        if in_month not in self._months:
            labels = frozenset(subject_label(c, in_month) for c in self._ciphers)
            self._months[in_month] = labels, frozenset(member_tag(c, in_month) for c in self._ciphers)
        return self._months[in_month]

    def _lost_in_a_restore(self, entry_id: str) -> bool:
        """Of whom nothing says any more that they are not among them."""
        lost = select(Entry.leaf, Payload.sealed).join(Payload, Payload.entry_id == Entry.id)
        rows = self._session.execute(lost.where(Entry.id == entry_id, Payload.use == LOST))
        return any(is_tombstone(self._organisation, LOST, leaf, sealed) for leaf, sealed in rows)


def prune(session: Session, until: int) -> int:
    """Returns how many entries went. The caller writes the entry that says so, in the same transaction."""
    tree = locked(session)
    if until <= tree.first:
        return 0
    gone = until - tree.first
    old = select(Entry.id).where(Entry.index < until)
    session.execute(old.with_for_update())  # entries, then payloads: as an erasure locks them
    for table in (Payload, EntryMember, CrowdPart):
        session.execute(delete(table).where(table.entry_id.in_(old)))
    session.execute(delete(Entry).where(Entry.index < until))
    for level in range(_levels(until)):
        whole = until >> HEIGHT * (level + 1)
        session.execute(delete(Tile).where(Tile.level == level, Tile.number < whole))
    tree.first = until
    session.flush()
    return gone


def _levels(size: int) -> int:
    return (max(size, 1).bit_length() + HEIGHT - 1) // HEIGHT
