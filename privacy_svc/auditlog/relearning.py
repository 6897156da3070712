"""A log restored from a backup takes back the entries it had integrated since: the leaves from the mirror, as far as it
has signed them, its own checkpoints and what witnesses said of them from the export. It is then the log it was; what it
says of the lost payloads is one more entry, in the same transaction. So is what it says of entries that were pruned
since the backup, and go again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import MsgspecError
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from privacy_svc.auditlog import checkpoint_file, pruning
from privacy_svc.auditlog.checkpoint import Checkpoint
from privacy_svc.auditlog.entry import Envelope, instant
from privacy_svc.auditlog.errors import LogInconsistent
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.growing_tree import GrowingTree
from privacy_svc.auditlog.merkle import leaf_hash, root
from privacy_svc.auditlog.mirror import BUNDLE, Mirror, not_there
from privacy_svc.auditlog.model import Cosignature, Entry, Outbox, Payload, SignedCheckpoint, Tree
from privacy_svc.auditlog.naming import name_again
from privacy_svc.auditlog.searching import first_of
from privacy_svc.auditlog.sequencer import BATCH
from privacy_svc.auditlog.signed_note import NoteError
from privacy_svc.auditlog.signer import Signer
from privacy_svc.auditlog.stored_checkpoints import PAGE, lacking, stored
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.auditlog.tombstones import LOST, tombstone
from privacy_svc.auditlog.tree_check import put_mac
from privacy_svc.auditlog.tree_row import locked
from privacy_svc.db import among, insert_rows
from privacy_svc.vault import SubjectCipher, Tampered, Vault

_THERE = select(Cosignature.size, Cosignature.witness).where(among(Cosignature.size, "sizes"))


@dataclass(frozen=True, slots=True)
class Relearned:
    """Entries `first` to `until` - 1 came back, `erasures` among them that the backup did not know; of
    `without_payload` the backup lacks the payload. `pruned`: what an entry says of those that went again. `cut`: leaves
    outside that no checkpoint of ours is of; they were taken away there."""

    first: int
    until: int
    without_payload: int
    erasures: int
    pruned: Mapping[str, Any] | None
    cut: int

    def to_payload(self) -> dict[str, int]:
        told = {"from": self.first, "until": self.until}
        told |= {"without_payload": self.without_payload, "erasures": self.erasures}
        return told | ({"cut": self.cut} if self.cut else {})


@dataclass(frozen=True, slots=True)
class Over:
    """What may be pruned again: entries older than `before`, where there is a retention, and about nobody whose data
    are held (GDPR 17(3))."""

    before: datetime | None
    held: Collection[str]


def relearn(session: Session, vault: Vault, export: Path, mirror: Mirror, signer: Signer, over: Over) -> Relearned:
    """Where a payload is in no backup, a tombstone says so. Raises LogInconsistent where the
    mirror lacks something or does not fit the checkpoints."""
    tree, back = locked(session), _Back()
    organisation = vault.organisation_cipher(session)
    begin, there = tree.size, mirror.count()
    newest = _take_checkpoints(session, export, signer)
    proven = newest.size if newest else 0
    if begin < max(proven, there):
        _refuse_too_old(begin, mirror.first())
        _compare(session, begin, mirror)
    back.take(session, organisation, tree, mirror, proven)
    if begin < proven and newest is not None:
        _check(session, newest)
    if (note := _announced(session, export, signer, mirror, tree.size)) is not None:
        proven = checkpoint_file.size_of(note)
        back.take(session, organisation, tree, mirror, proven)
        session.add(SignedCheckpoint(size=proven, note=note))
    name_again(session, vault, begin)
    cut = there - proven if there > tree.size else 0
    if cut:
        mirror.cut(proven)
    _take_cosignatures(session, checkpoint_file.cosignatures(export))
    pruned = _prune_again(session, vault, mirror.first(), back.pruned_at, over)
    if tree.size > begin:
        put_mac(session, vault, tree)
    return Relearned(begin, tree.size, back.lost, back.erasures, pruned, cut)


@dataclass
class _Back:
    """What came back. `pruned_at`: when entries were pruned last, as one of them says."""

    lost: int = 0
    erasures: int = 0
    pruned_at: str = ""

    def take(self, session: Session, organisation: SubjectCipher, tree: Tree, mirror: Mirror, until: int) -> None:
        """The entries of the mirror up to there."""
        leaves = mirror.read(tree.size)
        while tree.size < until:
            batch = list(islice(leaves, min(BATCH, until - tree.size)))
            if not batch:
                raise not_there(tree.size)
            unknown = _take_back(session, tree, batch)
            insert_rows(session, Payload, [_lost(organisation, envelope.id, leaf) for envelope, leaf in unknown])
            self.lost += len(unknown)
            self.erasures += sum(envelope.type == EventType.SUBJECT_ERASED for envelope, _ in unknown)
            pruned = (e.time for e, _ in unknown if e.type == EventType.LOG_PRUNED)
            self.pruned_at = max(pruned, default=self.pruned_at)


def _announced(session: Session, export: Path, signer: Signer, mirror: Mirror, size: int) -> str | None:
    """The checkpoint that a crash kept from being exported, where it is of what is mirrored behind `size` entries. By
    nothing else are leaves beyond the exported ones known as ours: who writes to the folder could append others."""
    note = checkpoint_file.announced(export)
    try:
        told = signer.open(note or "")
    except NoteError:
        return None
    if not size < told.size <= mirror.count():
        return None
    grown = GrowingTree.after(size, Tiles(session).node)
    grown.extend(map(leaf_hash, islice(mirror.read(size), told.size - size)))
    return note if (grown.size, grown.root()) == (told.size, told.root) else None


def _prune_again(session: Session, vault: Vault, most: int, pruned_at: str, over: Over) -> Mapping[str, Any] | None:
    """What was pruned since the backup, as an entry says, and is over: the mirror's files may have gone otherwise too,
    and what is lost there is not deleted here. Nothing while a key of somebody held is broken: see `pruning`."""
    if not pruned_at or over.before is None:
        return None
    until = begin = first_of(session)
    with suppress(Tampered):
        while (further := pruning.prunable(session, vault, over.before, over.held, until, most)) > until:
            until = further
    gone = pruning.prune(session, until) if until > begin else 0
    return {"until": until, "entries": gone, "before": instant(over.before)} if gone else None


def _refuse_too_old(size: int, first: int) -> None:
    if size < first:
        raise LogInconsistent(
            f"The backup ends at entry {size}, and the log outside begins at {first}: the backup is older than the "
            "retention of the log. Restore a newer one; where `log/` is not whole, bring back its newest copy."
        )


def _compare(session: Session, begin: int, mirror: Mirror) -> None:
    """What both have of the bundle that is gone on with is the same; what is not signed yet has no other witness."""
    number, count = divmod(begin, BUNDLE)
    ours = select(Entry.leaf).where(Entry.index >= number * BUNDLE, Entry.index < begin).order_by(Entry.index)
    if list(session.scalars(ours)) != mirror.bundle(number)[:count]:
        raise LogInconsistent("The mirror of the log holds other entries than the backup: bring back its newest copy.")


def _envelopes(leaves: list[bytes]) -> list[Envelope]:
    try:
        return [Envelope.decode(leaf) for leaf in leaves]
    except (MsgspecError, UnicodeDecodeError):
        raise LogInconsistent("The mirror of the log holds something that is no entry.") from None


def _take_checkpoints(session: Session, export: Path, signer: Signer) -> Checkpoint | None:
    """What the backup lacks of them is stored, a page at a time. The newest."""
    newest = None

    def opened() -> Iterator[tuple[int, str]]:
        nonlocal newest
        for _, note in checkpoint_file.in_order(export):
            newest = _open(signer, note)
            yield newest.size, note

    rest = lacking(opened(), stored(session))
    while page := [{"size": size, "note": note} for size, note in islice(rest, PAGE)]:
        insert_rows(session, SignedCheckpoint, page)
    return newest


def _open(signer: Signer, note: str) -> Checkpoint:
    try:
        return signer.open(note)
    except NoteError as error:
        raise LogInconsistent(f"An exported checkpoint is not one that this key signed: {error}.") from None


def _take_cosignatures(session: Session, cosignatures: Iterable[tuple[int, str]]) -> None:
    """What the database lacks of them, a page at a time; the last of a page where one said it twice."""
    rest = iter(cosignatures)
    while page := {(size, lines.split(" ", 2)[1]): lines for size, lines in islice(rest, PAGE)}:
        there = session.execute(_THERE, {"sizes": [size for size, _ in page]})
        lacked = page.keys() - {(size, witness) for size, witness in there}
        insert_rows(session, Cosignature, [{"size": s, "witness": w, "lines": page[s, w]} for s, w in sorted(lacked)])


def _lost(organisation: SubjectCipher, entry_id: str, leaf: bytes) -> dict[str, object]:
    return {"entry_id": entry_id, "owner_id": "", "use": LOST, "sealed": tombstone(organisation, LOST, leaf)}


def _take_back(session: Session, tree: Tree, leaves: list[bytes]) -> list[tuple[Envelope, bytes]]:
    """Those of which only the leaf is known. Entries that waited in the backup's outbox still have their payload."""
    tiles, begin = Tiles(session), tree.size
    for offset, leaf in enumerate(leaves):
        tiles.append(0, begin + offset, leaf_hash(leaf))
    tiles.save()
    envelopes = _envelopes(leaves)
    waiting = {o.id: o for o in session.scalars(select(Outbox).where(Outbox.id.in_([e.id for e in envelopes])))}
    rows = [
        {
            "index": begin + i,
            "id": envelope.id,
            "at": datetime.fromisoformat(envelope.time),
            "type": envelope.type,
            "actor": waiting[envelope.id].actor if envelope.id in waiting else "",
            "subject_id": waiting[envelope.id].subject_id if envelope.id in waiting else None,
            "leaf": leaf,
        }
        for i, (envelope, leaf) in enumerate(zip(envelopes, leaves, strict=True))
    ]
    session.execute(insert(Entry), rows)
    session.execute(delete(Outbox).where(Outbox.id.in_(list(waiting))))
    session.execute(update(Tree).where(Tree.id == 1).values(size=begin + len(leaves)))
    session.refresh(tree)
    return [(e, leaf) for e, leaf in zip(envelopes, leaves, strict=True) if e.id not in waiting]


def _check(session: Session, newest: Checkpoint) -> None:
    if root(newest.size, Tiles(session).node) != newest.root:
        raise LogInconsistent("The mirror of the log does not fit the checkpoints exported beside it.")
