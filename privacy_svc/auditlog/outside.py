"""The record outside the database: what is signed is written there, its leaves before it, and what it lacks is told."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import checkpoint_file, record_id
from privacy_svc.auditlog.errors import LogInconsistent
from privacy_svc.auditlog.merkle import leaf_hash
from privacy_svc.auditlog.mirror import Mirror
from privacy_svc.auditlog.model import Entry, SignedCheckpoint, Tree
from privacy_svc.auditlog.raw import as_it_is
from privacy_svc.auditlog.stored_checkpoints import lacking, last_signed, stored
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.auditlog.tree_row import size_of_tree
from privacy_svc.db import Database

_FIRST = select(Tree.first).where(Tree.id == 1)
_TWO_SIGNED = select(SignedCheckpoint.size).order_by(SignedCheckpoint.size.desc()).limit(2)
_BETWEEN = (
    select(Entry.index, as_it_is(Entry.leaf))
    .where(Entry.index >= bindparam("first"), Entry.index < bindparam("until"))
    .order_by(Entry.index)
)
"""Built once: a batch is 30 statements, and building them took longer than the database."""


def export_newest(database: Database, export: Path, mirror: Mirror, first: int, newest: SignedCheckpoint) -> None:
    """Once; its leaves before it, and before these a word of what they will be signed by."""
    if newest.size > checkpoint_file.newest_size(export):
        export.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        checkpoint_file.announce(export, newest.note)
        mirror.extend(first, newest.size, partial(_leaves, database))
        if (here := max(mirror.count(), first)) < newest.size:
            raise LogInconsistent(f"The mirror of the log ends at {here}: no checkpoint of {newest.size} is exported.")
        checkpoint_file.append(export, newest.note, newest_only=True)


def outside_lacks(session: Session, export: Path, mirror: Mirror) -> str:
    """What the record outside should have and has not, in words. On a folder that machines share, what another has just
    written may not be seen yet: it is looked for again under the locks before anything is called lost."""
    lost = _lacks(session, export, mirror)
    if not lost or not export.parent.exists():
        return lost
    with mirror.anew(), checkpoint_file.locked(export):
        return _lacks(session, export, mirror)


def _lacks(session: Session, export: Path, mirror: Mirror) -> str:
    """The newest checkpoint may yet have to be exported, where a process died; those before it were, before it was
    signed."""
    if record_id.is_another(session, export.parent):
        return "it has not the id that the database knows"
    sizes = session.scalars(_TWO_SIGNED).all()
    exported, promised = checkpoint_file.newest_size(export), sizes[1] if len(sizes) > 1 else 0
    if exported < promised:
        return f"its checkpoints end at {exported or 'nothing'}, and one was signed for {promised} entries"
    here = max(mirror.count(), session.scalar(_FIRST) or 0)
    return f"its entries end at {here}, and a checkpoint was exported for {exported}" if here < exported else ""


def database_lacks(database: Database, export: Path, mirror: Mirror) -> int:
    """How many entries are outside that the database does not have. Raises LogInconsistent."""
    there = max(checkpoint_file.newest_size(export), mirror.count())
    with database.read() as session:  # begun after the look outside: it may go on growing
        return max(0, there - size_of_tree(session))


def is_elsewhere(session: Session, export: Path, mirror: Mirror) -> bool:
    """Whether another folder is the record."""
    if record_id.is_another(session, export.parent):
        return True
    there = checkpoint_file.newest_size(export) or mirror.count()
    return not there and bool(outside_lacks(session, export, mirror))


def write_outside(database: Database, session: Session, export: Path, mirror: Mirror, first: int) -> None:
    """All that the database has of it, also what is newest, of a log that begins at `first`. Raises LogInconsistent
    where the two contradict."""
    if (told := record_id.known(session)) is not None and record_id.is_another(session, export.parent):
        record_id.write(export.parent, told)
    newest = last_signed(session)
    if newest is None:
        return
    export.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    checkpoint_file.announce(export, newest.note)
    mirror.extend(first, newest.size, partial(_leaves, database))
    for _, note in lacking(stored(session), checkpoint_file.in_order(export)):
        checkpoint_file.append(export, note)
    if checkpoint_file.newest_size(export) != newest.size:  # older ones stand behind it now
        checkpoint_file.append(export, newest.note)


def _leaves(database: Database, first: int, until: int) -> Sequence[bytes]:
    """Those that the tree is of. Raises LogInconsistent: outside is what was signed, or nothing."""
    with database.read() as session:
        rows = session.connection().execute(_BETWEEN, {"first": first, "until": until}).all()
        tiles = Tiles(session)
        for index, leaf in rows:
            if not isinstance(leaf, bytes) or leaf_hash(leaf) != tiles.node(0, index):
                raise LogInconsistent(f"Entry {index} is not the one that was logged: nothing is exported.")
        return [leaf for _, leaf in rows]
