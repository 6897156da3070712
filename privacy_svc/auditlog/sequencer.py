"""The sequencer: one at a time over all processes, crash-safe because the normal path is the recovery path.

1. A batch of the outbox gets its indices, tiles and tree size in one transaction. The tree's row is
   locked, and its size is compared on the way out: whoever loses tries again.
2. The durable tree is signed, if its root is consistent with the last one signed.
3. Signed checkpoints that the export file lacks are appended to it and synced.
Each step begins by looking at what is there, so a crash between any two is repaired by the next call.
"""

import os
import re
from pathlib import Path

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from privacy_svc.auditlog.checkpoint import Checkpoint, open_checkpoint
from privacy_svc.auditlog.merkle import ProofError, consistency_proof, leaf_hash, root, verify_consistency
from privacy_svc.auditlog.model import Entry, Outbox, SignedCheckpoint, Tree
from privacy_svc.auditlog.note import NoteError
from privacy_svc.auditlog.signing import Signer
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.db import Database, now
from privacy_svc.errors import PrivacyError

BATCH = 256
SEPARATOR = "\n"
_NOTE = re.compile(r"^([^\n]+\n\d+\n[A-Za-z0-9+/=]+\n\n(?:— [^\n]+\n)+)(?=\n)", re.MULTILINE)


class LogInconsistent(PrivacyError):
    """The tree does not contain what was signed before. Nothing is signed until a person has looked."""

    slug, title = "log-inconsistent", "The audit log contradicts its own checkpoints"
    remedy = (
        "Run `privacy-svc log verify`; it names the entries. Restore the log from a backup; do not delete checkpoints."
    )


def integrate(database: Database, signer: Signer, export: Path) -> int:
    """Everything that waits, in batches of 256. Returns how many entries entered the tree."""
    total = 0
    while _anything_to_do(database, export):
        with database.write() as session:
            done = _batch(session)
        with database.write() as session:
            _sign(session, signer, export)
        with database.read() as session:
            _export(session, export)
        total += done
    return total


def _anything_to_do(database: Database, export: Path) -> bool:
    with database.read() as session:
        waits = session.scalar(select(Outbox.number).limit(1)) is not None
        size = session.scalar(select(Tree.size)) or 0
        signed = session.scalar(select(func.max(SignedCheckpoint.size))) or 0
    return waits or signed < size or last_exported(export) < signed


def _batch(session: Session) -> int:
    tree = session.get(Tree, 1, with_for_update=True)
    if tree is None:
        tree = Tree(id=1, size=0)
        session.add(tree)
        session.flush()
    rows = session.scalars(select(Outbox).order_by(Outbox.number).limit(BATCH)).all()
    if not rows:
        return 0
    tiles, begin = Tiles(session), tree.size
    for offset, row in enumerate(rows):
        tiles.append(0, begin + offset, leaf_hash(row.leaf))
    tiles.save()
    columns = ("id", "at", "type", "actor", "subject_id", "leaf")
    entries = [{"index": begin + i, **{c: getattr(r, c) for c in columns}} for i, r in enumerate(rows)]
    session.execute(insert(Entry), entries)
    session.execute(delete(Outbox).where(Outbox.number.in_([r.number for r in rows])))
    turn = update(Tree).where(Tree.id == 1, Tree.size == begin).values(size=begin + len(rows)).returning(Tree.size)
    if session.scalar(turn) is None:
        raise LogInconsistent("Another sequencer took the turn.")
    return len(rows)


def _sign(session: Session, signer: Signer, export: Path) -> None:
    tree = session.get(Tree, 1, with_for_update=True)
    last = session.scalars(select(SignedCheckpoint).order_by(SignedCheckpoint.size.desc()).limit(1)).first()
    size = tree.size if tree else 0
    if size == 0 or (last is not None and last.size == size):
        return
    before = open_checkpoint(last.note, signer.verifier) if last else None
    exported = last_exported(export)
    if exported > size or (before is not None and before.size > size):
        raise LogInconsistent("The log is shorter than a checkpoint it has signed.")
    tiles = Tiles(session)
    checkpoint = Checkpoint(signer.name, size, root(size, tiles.node))
    if before is not None:
        try:
            proof = consistency_proof(before.size, size, tiles.node)
            verify_consistency(before.size, size, proof, before.root, checkpoint.root)
        except ProofError:
            raise LogInconsistent("The log does not contain what it has signed before.") from None
    session.add(SignedCheckpoint(size=size, note=signer.sign_note(str(checkpoint)), at=now()))


def _export(session: Session, export: Path) -> None:
    """Append-only, synced. The newest missing checkpoint is enough: each one covers those before it."""
    newest = session.scalars(select(SignedCheckpoint).order_by(SignedCheckpoint.size.desc()).limit(1)).first()
    if newest is None or newest.size <= last_exported(export):
        return
    export.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(export, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(("" if _ends_whole(export) else SEPARATOR) + newest.note + SEPARATOR)
        file.flush()
        os.fsync(file.fileno())


def _ends_whole(export: Path) -> bool:
    with export.open("rb") as file:
        file.seek(max(0, export.stat().st_size - 2))
        return file.read() in {b"", b"\n\n"}


def exported_notes(export: Path) -> list[str]:
    """Every whole signed checkpoint of the file; one that a crash cut off is passed over."""
    return _NOTE.findall(export.read_text(encoding="utf-8")) if export.exists() else []


def last_exported(export: Path) -> int:
    """Size of the newest whole checkpoint in the file, without reading all of it."""
    if not export.exists():
        return 0
    with export.open("rb") as file:
        file.seek(max(0, export.stat().st_size - 4096))
        notes = _NOTE.findall(file.read().decode(errors="replace"))
    return max((int(note.split("\n")[1]) for note in notes), default=0)


def parse_known(note: str, signer: Signer) -> Checkpoint:
    """A checkpoint from outside. Raises LogInconsistent when this log did not sign it."""
    try:
        return open_checkpoint(note, signer.verifier)
    except NoteError as error:
        raise LogInconsistent(f"The checkpoint is not one of this log: {error}.") from None
