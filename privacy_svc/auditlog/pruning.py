"""Entries end with their retention: everything below an index goes, proofs of what is above stay valid.

After C2SP tlog-tiles, "Pruning": leaves, their tiles and the tiles wholly below the index are deleted; the hashes of
the complete subtrees left of it stay, so the tree grows on and later proofs and checkpoints are what they would have
been. An entry says up to where, and verification accepts no other beginning.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import sequencer
from privacy_svc.auditlog.growing import HEIGHT, WIDTH
from privacy_svc.auditlog.model import Entry, EntryMember, Payload, Tile, Tree


def prunable(session: Session, before: datetime, held: Collection[str]) -> int:
    """How far: no entry from `before` or later, none about people whose data are held, whole tiles only, and never all.
    An index, or what was pruned already."""
    tree = session.get(Tree, 1)
    if tree is None:
        return 0
    signed = sequencer.last_signed(session)
    young = session.scalar(select(func.min(Entry.index)).where(Entry.at >= before))
    ends = [tree.size - 1, signed.size if signed else 0, *([young] if young is not None else [])]
    if held:
        among = select(EntryMember.entry_id).where(EntryMember.subject_id.in_(held))
        kept = select(Entry.index).where(or_(Entry.subject_id.in_(held), Entry.id.in_(among)))
        ends += session.scalars(kept.order_by(Entry.index).limit(1))
    return max(tree.first, min(ends) // WIDTH * WIDTH)


def prune(session: Session, until: int) -> int:
    """Returns how many entries went. The caller writes the entry that says so, in the same transaction."""
    tree = sequencer.locked(session)
    if until <= tree.first:
        return 0
    gone = until - tree.first
    old = select(Entry.id).where(Entry.index < until)
    for table in (Payload, EntryMember):
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
