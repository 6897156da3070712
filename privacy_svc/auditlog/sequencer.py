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

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy import BigInteger, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.auditlog import checkpoint_file, record_id
from privacy_svc.auditlog.checkpoint import Checkpoint
from privacy_svc.auditlog.clock import milliseconds
from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.errors import LogHalted, LogInconsistent
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.mac import size_and_root, tree_mac
from privacy_svc.auditlog.merkle import Hash, ProofError, consistency_proof, leaf_hash, root, verify_consistency
from privacy_svc.auditlog.mirror import Mirror
from privacy_svc.auditlog.model import Entry, Outbox, SignedCheckpoint, Tree
from privacy_svc.auditlog.signed_note import NoteError
from privacy_svc.auditlog.signer import Signer
from privacy_svc.auditlog.stored_checkpoints import lacking, stored
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.auditlog.tree_check import require_ours
from privacy_svc.auditlog.waiting import any_waits, next_entries
from privacy_svc.db import Database, among
from privacy_svc.vault import Vault

BATCH = 256
SIGN_MS = 1000
"""Between two checkpoints at least, over all processes, unless somebody waits for one: each is kept for good."""
MOST_TOLD = 1000
"""Characters of why the log is halted: what is found beside it is told up to here."""
_MOVED = ("id", "at", "type", "actor", "subject_id", "leaf")
_CHOSEN = among(Outbox.number, "numbers")
_PLACE = bindparam("begin", type_=BigInteger()) + func.row_number().over(order_by=Outbox.number) - 1
_ENTER = insert(Entry.__table__).from_select(  # type: ignore[arg-type]
    ["index", *_MOVED], select(_PLACE, *(getattr(Outbox, name) for name in _MOVED)).where(_CHOSEN)
)
_LEAVE = delete(Outbox.__table__).where(_CHOSEN)  # type: ignore[arg-type]
_SIZE, _SIGNED = select(Tree.size).where(Tree.id == 1), select(func.max(SignedCheckpoint.size))
_FIRST = select(Tree.first).where(Tree.id == 1)
_TWO_SIGNED = select(SignedCheckpoint.size).order_by(SignedCheckpoint.size.desc()).limit(2)
_LAST_SIGNED = select(SignedCheckpoint).order_by(SignedCheckpoint.size.desc()).limit(1)
_LAST_UP_TO = _LAST_SIGNED.where(SignedCheckpoint.size <= bindparam("size", type_=BigInteger()))
_GROW = (
    update(Tree.__table__)  # type: ignore[arg-type]
    .where(Tree.id == 1, Tree.size == bindparam("begin"))
    .values(size=bindparam("end"), mac=bindparam("mac"))
    .returning(Tree.size)
)
_BETWEEN = (
    select(Entry.leaf).where(Entry.index >= bindparam("first"), Entry.index < bindparam("until")).order_by(Entry.index)
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
            grown = _Grown(session, vault, _running(session), _promised(session, signer, export))
            done = _batch(session, grown, signer, export, mirror)
            finish = partial(_export, database, export, mirror, grown.first)
            newest = _sign(session, grown, signer, export, finish, at_once=not patient and done < BATCH)
        if newest is not None:
            _export(database, export, mirror, grown.first, newest)
        total += done
    return total


def all_signed(database: Database) -> bool:
    with database.read() as session:
        return (session.connection().scalar(_SIGNED) or 0) >= size_of_tree(session)


@dataclass
class _Grown:
    """The tree in one transaction: its row, locked; the checkpoints it has to contain; its tiles, read once, so that
    what is checked is what is built upon, and signed."""

    session: Session
    vault: Vault
    row: Tree
    promised: Sequence[Checkpoint]
    size: int = field(init=False)
    tiles: Tiles = field(init=False)
    _ours: bool = False

    def __post_init__(self) -> None:
        self.size, self.tiles = self.row.size, Tiles(self.session)

    def require_ours(self) -> None:
        """Raises LogInconsistent where somebody else changed it since this service left it."""
        if not self._ours:
            require_ours(self.session, self.vault, self.row, self.tiles, self.promised)
            self._ours = True

    def root(self) -> Hash:
        return root(self.size, self.tiles.node)

    def mac(self) -> bytes:
        return tree_mac(self.vault.organisation_cipher(self.session)).of(size_and_root(self.size, self.root()))

    @property
    def first(self) -> int:
        return self.row.first


def _export(database: Database, export: Path, mirror: Mirror, first: int, newest: SignedCheckpoint) -> None:
    """Once; its leaves before it."""
    if newest.size > checkpoint_file.newest_size(export):
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


def write_outside(database: Database, session: Session, export: Path, mirror: Mirror) -> None:
    """All that the database has of it, also what is newest. Raises LogInconsistent where the two contradict."""
    if (told := record_id.known(session)) is not None and record_id.is_another(session, export.parent):
        record_id.write(export.parent, told)
    newest = last_signed(session)
    if newest is None:
        return
    mirror.extend(locked(session).first, newest.size, partial(_leaves, database))
    for _, note in lacking(stored(session), checkpoint_file.in_order(export)):
        checkpoint_file.append(export, note)
    if checkpoint_file.newest_size(export) != newest.size:  # older ones stand behind it now
        checkpoint_file.append(export, newest.note)


def _leaves(database: Database, first: int, until: int) -> Sequence[bytes]:
    with database.read() as session:
        return session.connection().scalars(_BETWEEN, {"first": first, "until": until}).all()


def last_signed(session: Session) -> SignedCheckpoint | None:
    """Raises LogInconsistent."""
    return _of_its_size(session.scalars(_LAST_SIGNED).first())


def last_published(session: Session, export: Path) -> SignedCheckpoint | None:
    """The newest that is outside the database too: nobody may see another. Raises LogInconsistent."""
    return _of_its_size(session.scalars(_LAST_UP_TO, {"size": checkpoint_file.newest_size(export)}).first())


def _of_its_size(found: SignedCheckpoint | None) -> SignedCheckpoint | None:
    if found is not None and found.note.split("\n")[1:2] != [str(found.size)]:
        raise LogInconsistent(f"The row {found.size} of audit_checkpoints holds a checkpoint of another size.")
    return found


def size_of_tree(session: Session) -> int:
    """Raises LogInconsistent."""
    return _whole(session.connection().scalar(_SIZE) or 0)


def _whole(size: object) -> int:
    """SQLite keeps what it is given, whatever a column's type."""
    if not isinstance(size, int) or size < 0:
        raise LogInconsistent("The size in audit_tree is no number of entries.")
    return size


def _anything_to_do(database: Database, export: Path) -> bool:
    with database.read() as session:
        connection = session.connection()
        waits = any_waits(session)
        size, signed = size_of_tree(session), connection.scalar(_SIGNED) or 0
    return waits or signed < size or checkpoint_file.newest_size(export) != signed


def _batch(session: Session, tree: _Grown, signer: Signer, export: Path, mirror: Mirror) -> int:
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


def locked(session: Session) -> Tree:
    """The tree's row, locked until the transaction ends; made on first use. Raises LogInconsistent."""
    tree = session.get(Tree, 1, with_for_update=True)
    if tree is None:
        try:
            with session.begin_nested():
                session.add(Tree(id=1, size=0))
        except IntegrityError:
            pass  # another process made it at the same moment; it is there now
        tree = session.get_one(Tree, 1, with_for_update=True, populate_existing=True)
    _whole(tree.size)
    return tree


def _running(session: Session) -> Tree:
    """The tree's row, locked. Raises LogHalted."""
    tree = locked(session)
    if tree.halted is not None:
        raise LogHalted(tree.halted)
    return tree


def halt(session: Session, why: str) -> bool:
    """Nothing enters the tree, is signed or exported until `resume`. False where it is halted for this already."""
    tree = locked(session)
    held = tree.halted or ""
    if why in held or len(held) > MOST_TOLD:
        return False
    tree.halted = f"{held} {why}".lstrip()
    return True


def resume(session: Session) -> str | None:
    """Why the log was halted; None where it was not."""
    tree = locked(session)
    why, tree.halted = tree.halted, None
    return why


def was_halted(session: Session) -> bool:
    """By the entries: the newest that speaks of it says so."""
    kinds = (EventType.LOG_HALTED, EventType.LOG_RESUMED)
    waiting = select(Outbox.type).where(Outbox.type.in_(kinds)).order_by(Outbox.number.desc()).limit(1)
    entered = select(Entry.type).where(Entry.type.in_(kinds)).order_by(Entry.index.desc()).limit(1)
    return (session.scalar(waiting) or session.scalar(entered)) == EventType.LOG_HALTED


def _promised(session: Session, signer: Signer, export: Path) -> list[Checkpoint]:
    """The newest checkpoints that were signed and exported. Raises LogInconsistent when one is not ours."""
    stored, exported = last_signed(session), checkpoint_file.newest(export)
    if exported is None and checkpoint_file.is_foreign(export, signer.name):
        raise LogInconsistent("The file of exported checkpoints holds none.")
    try:
        notes = (stored.note if stored else None, exported)
        return [signer.open(note) for note in dict.fromkeys(notes) if note]
    except NoteError as error:
        raise LogInconsistent(f"The newest checkpoint is not one that this key signed: {error}.") from None


def _sign(
    session: Session,
    tree: _Grown,
    signer: Signer,
    export: Path,
    finish: Callable[[SignedCheckpoint], None],
    *,
    at_once: bool,
) -> SignedCheckpoint | None:
    """A log must not sign what contradicts anything it has signed (C2SP tlog-checkpoint). Returns the newest.

    `finish` exports the checkpoint before, so that never more than one is signed and not outside.
    """
    last = last_signed(session)
    if tree.size == 0 or (last is not None and last.size == tree.size) or not (at_once or _is_due(session, tree.row)):
        return last
    tree.require_ours()
    checkpoint = Checkpoint(signer.name, tree.size, tree.root())
    for before in tree.promised:
        try:
            proof = consistency_proof(before.size, tree.size, tree.tiles.node)
            verify_consistency(before.size, tree.size, proof, before.root, checkpoint.root)
        except ProofError:
            raise LogInconsistent("The log does not contain what it has signed before.") from None
    if last is not None:
        finish(last)
    exported = checkpoint_file.newest(export)
    signed = exported if checkpoint_file.size_of(exported) == tree.size else None
    newest = SignedCheckpoint(size=tree.size, note=signed or signer.sign_note(str(checkpoint)))
    session.add(newest)
    tree.row.signed_ms = milliseconds(session)
    return newest


def _is_due(session: Session, tree: Tree) -> bool:
    """A clock that went back, or what somebody else put there, puts nothing off."""
    return not isinstance(tree.signed_ms, int) or not 0 <= milliseconds(session) - tree.signed_ms < SIGN_MS
