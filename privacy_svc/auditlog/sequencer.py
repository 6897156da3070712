"""The sequencer: one at a time over all processes, crash-safe because the normal path is the recovery path.

1. A batch of the outbox gets its indices, tiles and tree size in one transaction. The tree's row is
   locked, so that others wait; a size that changed all the same is an inconsistency. So is a tree that
   somebody else changed (tree_check.py).
2. The tree is signed in the same one, once a second or when asked, if it contains the last checkpoint signed or
   exported: nobody sees a signature before what it is of is durable.
3. Its leaves are mirrored outside the database, then the checkpoint is appended to the export file; both are synced.
   Only what is exported is served and sent to the witness: a backup that is put back then cannot make the log sign
   something else than anybody may have seen.
Each step begins by looking at what is there, so a crash between any two is repaired by the next call.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import BigInteger, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.auditlog import checkpoint_file, record_id
from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.errors import LogInconsistent
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.grown import Grown
from privacy_svc.auditlog.merkle import leaf_hash
from privacy_svc.auditlog.mirror import Mirror
from privacy_svc.auditlog.model import Entry, Outbox, SignedCheckpoint, Tree
from privacy_svc.auditlog.outside import export_newest, outside_lacks
from privacy_svc.auditlog.signer import Signer
from privacy_svc.auditlog.signing import promised, sign
from privacy_svc.auditlog.tree_row import running, size_of_tree
from privacy_svc.auditlog.waiting import any_waits, next_entries
from privacy_svc.db import Database, among
from privacy_svc.vault import Vault

BATCH = 256
_MOVED = ("id", "at", "type", "actor", "subject_id", "leaf")
_CHOSEN = among(Outbox.number, "numbers")
_PLACE = bindparam("begin", type_=BigInteger()) + func.row_number().over(order_by=Outbox.number) - 1
_ENTER = insert(Entry.__table__).from_select(  # type: ignore[arg-type]
    ["index", *_MOVED], select(_PLACE, *(getattr(Outbox, name) for name in _MOVED)).where(_CHOSEN)
)
_LEAVE = delete(Outbox.__table__).where(_CHOSEN)  # type: ignore[arg-type]
_SIGNED = select(func.max(SignedCheckpoint.size))
_GROW = (
    update(Tree.__table__)  # type: ignore[arg-type]
    .where(Tree.id == 1, Tree.size == bindparam("begin"))
    .values(size=bindparam("end"), mac=bindparam("mac"))
    .returning(Tree.size)
)
"""Built once: a batch is 30 statements, and building them took longer than the database."""


def integrate(
    database: Database, vault: Vault, signer: Signer, export: Path, mirror: Mirror, *, patient: bool = False
) -> int:
    """Everything that waits, in batches of 256. Returns how many entries entered the tree. It is signed once a second,
    and at the end, which a `patient` caller leaves to a later call. Raises LogInconsistent, and KeyUnavailable where
    the key is away by which this service knows its entries."""
    total, done = 0, BATCH
    while done == BATCH and _anything_to_do(database, export):
        with database.write() as session:
            grown = Grown(session, vault, running(session), promised(session, signer, export), export.parent)
            done = _batch(session, grown, signer, export, mirror)
            finish = partial(export_newest, database, export, mirror, grown.first)
            newest = sign(session, grown, signer, export, finish, at_once=not patient and done < BATCH)
            if newest is not None and newest.size > checkpoint_file.newest_size(export):
                grown.require_ours()
        if newest is not None:
            export_newest(database, export, mirror, grown.first, newest)
        total += done
    return total


def all_signed(database: Database) -> bool:
    with database.read() as session:
        return (session.connection().scalar(_SIGNED) or 0) >= size_of_tree(session)


def _anything_to_do(database: Database, export: Path) -> bool:
    with database.read() as session:
        connection = session.connection()
        waits = any_waits(session)
        size, signed = size_of_tree(session), connection.scalar(_SIGNED) or 0
    return waits or signed < size or checkpoint_file.newest_size(export) != signed


def _batch(session: Session, tree: Grown, signer: Signer, export: Path, mirror: Mirror) -> int:
    if any(known.size > tree.size for known in tree.promised):
        raise LogInconsistent("The log is shorter than a checkpoint it has signed.")
    if mirror.count() > tree.size:
        raise LogInconsistent("The log is shorter than its mirror: run `privacy-svc restore replay`.")
    if lost := outside_lacks(session, export, mirror):
        raise LogInconsistent(
            f"The record outside the database was cut or lost: {lost}. Bring the newest copy of `log/` back; where "
            "there is none, compare the log with a checkpoint somebody keeps, then `privacy-svc log resume`."
        )
    record_id.begin(tree.row, export.parent)
    rows = next_entries(session, tree.vault, BATCH)
    if not rows:
        return 0
    _refuse_an_old_key(session, signer, [Envelope.decode(row.leaf).type for row in rows])
    tree.require_ours()
    begin = tree.size
    for offset, row in enumerate(rows):
        tree.tiles.append(0, begin + offset, leaf_hash(row.leaf))
    tree.tiles.save()
    _move(session, [row.number for row in rows], begin)
    tree.size = begin + len(rows)
    _grow(session, begin, tree.size, tree.mac())
    return len(rows)


def _grow(session: Session, begin: int, end: int, mac: bytes) -> None:
    if session.connection().scalar(_GROW, {"begin": begin, "end": end, "mac": mac}) is None:
        raise LogInconsistent("The tree grew while its row was locked.")


def _move(session: Session, numbers: Sequence[int], begin: int) -> None:
    """These rows of the outbox, in their order, become the entries from `begin` on; inside the database."""
    session.flush()
    connection = session.connection()
    try:
        with connection.begin_nested():
            connection.execute(_ENTER, {"numbers": numbers, "begin": begin})
    except IntegrityError:
        raise LogInconsistent(_taken(session, numbers, begin)) from None
    if connection.execute(_LEAVE, {"numbers": numbers}).rowcount != len(numbers):
        raise LogInconsistent("Entries left the outbox while they were locked.")


def _taken(session: Session, numbers: Sequence[int], begin: int) -> str:
    """Which row of the outbox has no place in the tree, or which entry has it already."""
    again = select(Outbox.number, Entry.index).join(Entry, Entry.id == Outbox.id).where(_CHOSEN).limit(1)
    for number, index in session.execute(again, {"numbers": numbers}):
        return f"The row {number} of audit_outbox has the id of entry {index}, and another leaf."
    beyond = session.scalar(select(func.min(Entry.index)).where(Entry.index >= begin))
    return f"The tree has {begin} entries, and audit_entries has the entry {beyond}."


def _refuse_an_old_key(session: Session, signer: Signer, kinds: Sequence[str]) -> None:
    """Of a copy of the keys on another machine, which may not know that another took over."""
    changes = sum(kind == EventType.LOG_KEY_ROTATED for kind in kinds)
    if changes:
        before = select(func.count()).select_from(Entry).where(Entry.type == EventType.LOG_KEY_ROTATED)
        if (session.scalar(before) or 0) + changes > len(signer.handovers):
            raise LogInconsistent("Another signing key has taken over: bring the newest key folder here.")
