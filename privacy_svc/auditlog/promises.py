"""Every checkpoint that was signed or exported, or that somebody kept: what a verification holds the log to.

There may be millions, so they are taken in the order of their sizes, as the tree grows, from the database and from the
file at once; no more are held than those of one size.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.checkpoint_file import notes, size_of
from privacy_svc.auditlog.entry_check import Finding
from privacy_svc.auditlog.growing_tree import GrowingTree
from privacy_svc.auditlog.handover import Handover
from privacy_svc.auditlog.merkle import Hash
from privacy_svc.auditlog.model import SignedCheckpoint
from privacy_svc.auditlog.signed_note import NoteError
from privacy_svc.auditlog.signer import Signer
from privacy_svc.auditlog.stored_checkpoints import stored

LACKS = "the record outside the database lacks"
SIGNED, EXPORTED, KEPT = "signed", "exported", "kept"
FEW = 1000
"""So many that are stored alone may just have been exported, since the file was looked at."""
Note = tuple[int, str, str]
"""Size, who tells it, and the note."""
_SIZE = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Promised:
    """What was told of a tree of one size: by whom, and the root."""

    size: int
    roots: Sequence[tuple[str, Hash]]
    unstored: bool
    """Exported, and not in the database."""

    def compare(self, tree: GrowingTree) -> Iterator[Finding]:
        for source, root in self.roots:
            if tree.size == self.size and root != tree.root():
                detail = f"the {source} checkpoint of {self.size} entries has another root: history was rewritten"
                yield Finding("forked", detail, self.size - 1)

    def compare_pruned(self) -> Iterator[Finding]:
        """Of what was pruned they are compared with each other: the tree of that size is no more. One that somebody
        kept must be among those the log signed."""
        if len({root for _, root in self.roots}) > 1:
            yield Finding("forked", f"checkpoints of {self.size} entries have different roots: history was rewritten")
        elif {source for source, _ in self.roots} == {KEPT}:
            yield Finding("forked", f"the kept checkpoint of {self.size} entries is none that this log still knows of")


class Promises:
    """`findings` are about the notes themselves. `exported`: sizes with notes, ascending. `known`: a note that somebody
    kept. `first`: where the log begins, since it was pruned. `resumed`: changes of keys, by their size, after which the
    former key signed nothing any more."""

    def __init__(
        self,
        session: Session,
        signer: Signer,
        exported: Iterable[tuple[int, str]],
        known: str | None,
        first: int,
        resumed: Collection[object] = (),
    ) -> None:
        self.findings: list[Finding] = []
        self.largest = 0
        self.older = self.newer = 0
        """Checkpoints of what was pruned, and of a log that begins at `first`."""
        self.surely_exported = 0
        """Of how many entries a checkpoint is that was exported for certain: all that are stored, but the newest."""
        self._signer, self._first, self._newest = signer, first, 0
        self._lacking: list[int] = []
        """Sizes of those that are stored and not exported, the first few."""
        self._lacks = self._gone = self._first_gone = 0
        signed = ((size, SIGNED, note) for size, note in stored(session))
        outside = ((size, EXPORTED, note) for size, note in exported)
        self._ordered = groupby(merge(signed, outside, self._kept(known), key=_SIZE), key=_SIZE)
        self._ahead = self._read()
        for handover in signer.handovers:
            if handover.after not in resumed:
                self._check_handover(session, handover)

    def until(self, size: int) -> Iterator[Promised]:
        """Those of the next sizes, up to that of the tree as far as it is."""
        for promised in self._next(size):
            if promised.unstored:
                self._gone, self._first_gone = self._gone + 1, self._first_gone or promised.size
            yield promised

    def finish(self) -> None:
        """Those that are left are of a larger tree than there is."""
        for _ in self._next(None):
            pass

    def _next(self, size: int | None) -> Iterator[Promised]:
        while self._ahead is not None and (size is None or self._ahead.size <= size):
            promised, self._ahead = self._ahead, self._read()
            yield promised

    def _read(self) -> Promised | None:
        size, told = next(self._ordered, (0, None))
        return None if told is None else self._judge(size, [(source, note) for _, source, note in told])

    def _judge(self, size: int, told: Sequence[tuple[str, str]]) -> Promised:
        stored = next((note for source, note in told if source == SIGNED), None)
        exported = [note for source, note in told if source == EXPORTED]
        roots: list[tuple[str, Hash]] = []
        for source, note in told:
            if source == EXPORTED and note == stored:  # it was opened just before
                roots += [(EXPORTED, root) for told_by, root in roots if told_by == SIGNED]
                continue
            if source == EXPORTED and stored is not None:
                detail = f"the {EXPORTED} checkpoint of {size} entries is not stored as it was signed"
                self.findings.append(Finding("altered", detail))
            roots += self._open(size, source, note)
        self._count(size, len(roots))
        if stored is not None:
            self.surely_exported, self._newest = self._newest, size
            if not exported:
                self._lacks += 1
                self._lacking += [size] if len(self._lacking) <= FEW else []
        return Promised(size, roots, unstored=bool(exported) and stored is None)

    def _open(self, size: int, source: str, note: str) -> list[tuple[str, Hash]]:
        try:
            checkpoint = self._signer.open(note)
        except NoteError as error:
            self.findings.append(Finding("unsigned", f"a {source} checkpoint is not valid: {error}"))
            checkpoint = None
        if source == SIGNED and note.split("\n")[1:2] != [str(size)]:
            detail = f"the row {size} of audit_checkpoints holds a checkpoint of another size: delete it"
            self.findings.append(Finding("altered", detail))
            checkpoint = None
        return [] if checkpoint is None else [(source, checkpoint.root)]

    def _count(self, size: int, count: int) -> None:
        if count:
            self.largest = max(self.largest, size)
        if size < self._first:
            self.older += count
        else:
            self.newer += count

    def _kept(self, known: str | None) -> Iterator[Note]:
        if known is not None:
            try:
                yield self._signer.open(known).size, KEPT, known
            except NoteError as error:
                self.findings.append(Finding("unsigned", f"a {KEPT} checkpoint is not valid: {error}"))

    def unstored(self) -> Iterator[Finding]:
        """Those of a larger tree are told by what it lacks."""
        if self._gone:
            detail = f"{self._gone} exported checkpoints are not stored, the first is of {self._first_gone} entries"
            yield Finding("missing", detail)

    def unexported(self, export: Path) -> Iterator[Finding]:
        """The newest may yet have to be; those before it were, before it was signed."""
        lacks, lacking = self._lacks, self._lacking
        if lacks <= FEW:
            lacking = [size for size in lacking if size != self._newest]
            if lacking:  # exported since it was read
                there = {size_of(note) for note in notes(export)}
                lacking = [size for size in lacking if size not in there]
            lacks = len(lacking)
        if lacks:
            detail = f"{LACKS} {lacks} signed checkpoints, the first is of {lacking[0]} entries"
            yield Finding("missing", detail)

    def _check_handover(self, session: Session, handover: Handover) -> None:
        """The first checkpoint of a new key is signed by the one before, too."""
        beyond = select(SignedCheckpoint).where(SignedCheckpoint.size > handover.after)
        first = session.scalars(beyond.order_by(SignedCheckpoint.size).limit(1)).first()
        if first is None:
            return
        try:
            handover.old.open(first.note)
        except NoteError:
            detail = f"the checkpoint of {first.size} entries, the first of a new key, is not signed by the one before"
            self.findings.append(Finding("unsigned", detail))
