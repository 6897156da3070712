"""Every checkpoint that was signed or exported, or that somebody kept: what a verification holds the log to."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import islice, takewhile
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

_STORED = select(SignedCheckpoint.size, SignedCheckpoint.note).execution_options(yield_per=1000)
LACKS = "the record outside the database lacks"
SIGNED, EXPORTED, KEPT = "signed", "exported", "kept"


class Promises:
    """`findings` are about the notes themselves. `exported` and `known`, a note that somebody kept, are texts."""

    def __init__(self, session: Session, signer: Signer, exported: Iterable[str], known: str | None) -> None:
        self.findings: list[Finding] = []
        self._signer = signer
        self._by_size: dict[int, list[tuple[str, Hash]]] = {}
        """Who told a root, and the root."""
        self._stored: dict[int, bytes] = {}
        """What is kept of each stored note: there may be a million."""
        self._exported: set[int] = set()
        """Sizes."""
        for size, note in session.execute(_STORED):
            self._take(SIGNED, note)
            self._stored[size] = _short(note)
            if note.split("\n")[1:2] != [str(size)]:
                detail = f"the row {size} of audit_checkpoints holds a checkpoint of another size: delete it"
                self.findings.append(Finding("altered", detail))
        for note in exported:
            self._take_exported(note)
        if known is not None:
            self._take(KEPT, known)
        self._sizes = sorted(self._by_size)
        for handover in signer.handovers:
            self._check_handover(session, handover)

    def _take(self, source: str, note: str) -> None:
        try:
            checkpoint = self._signer.open(note)
        except NoteError as error:
            self.findings.append(Finding("unsigned", f"a {source} checkpoint is not valid: {error}"))
            return
        self._by_size.setdefault(checkpoint.size, []).append((source, checkpoint.root))

    def _take_exported(self, note: str) -> None:
        """Most are stored too, and were opened then."""
        size = size_of(note)
        known = self._by_size.get(size, [])
        self._exported.add(size)
        if size in self._stored and self._stored[size] != _short(note):
            detail = f"the {EXPORTED} checkpoint of {size} entries is not stored as it was signed"
            self.findings.append(Finding("altered", detail))
        elif size in self._stored and known:
            known.append((EXPORTED, known[0][1]))
            return
        self._take(EXPORTED, note)

    def unstored(self, size: int) -> Iterator[Finding]:
        """Of a tree of this size. Those of a larger one are told by what it lacks."""
        gone = [exported for exported in self._exported - self._stored.keys() if exported <= size]
        if gone:
            detail = f"{len(gone)} exported checkpoints are not stored, the first is of {min(gone)} entries"
            yield Finding("missing", detail)

    def unexported(self, export: Path) -> Iterator[Finding]:
        """The newest may yet have to be; those before it were, before it was signed."""
        before = self._stored.keys() - {max(self._stored, default=0)}
        lacking = before - self._exported
        if lacking:  # exported since it was read
            lacking -= {size_of(note) for note in notes(export)}
        if lacking:
            detail = f"{LACKS} {len(lacking)} signed checkpoints, the first is of {min(lacking)} entries"
            yield Finding("missing", detail)

    @property
    def surely_exported(self) -> int:
        """Of how many entries a checkpoint is that was exported for certain."""
        return max(self._stored.keys() - {max(self._stored, default=0)}, default=0)

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

    @property
    def largest(self) -> int:
        return max(self._by_size, default=0)

    def sizes(self, above: int, until: int) -> Iterator[int]:
        """Of checkpoints, ascending."""
        start = bisect_right(self._sizes, above)
        return takewhile(lambda size: size <= until, islice(self._sizes, start, None))

    def count(self, first: int) -> tuple[int, int]:
        """Those of a log that begins at `first`, and those of what was pruned."""
        sizes = [size for size, promised in self._by_size.items() for _ in promised]
        older = sum(size < first for size in sizes)
        return len(sizes) - older, older

    def compare(self, tree: GrowingTree) -> Iterator[Finding]:
        for source, root in self._by_size.get(tree.size, ()):
            if root != tree.root():
                detail = f"the {source} checkpoint of {tree.size} entries has another root: history was rewritten"
                yield Finding("forked", detail, tree.size - 1)

    def compare_pruned(self, first: int) -> Iterator[Finding]:
        """Of what was pruned they are compared with each other: the tree of that size is no more. One that somebody
        kept must be among those the log signed."""
        for size, promised in self._by_size.items():
            if not 0 < size < first:
                continue
            if len({root for _, root in promised}) > 1:
                yield Finding("forked", f"checkpoints of {size} entries have different roots: history was rewritten")
            elif {source for source, _ in promised} == {KEPT}:
                yield Finding("forked", f"the kept checkpoint of {size} entries is none that this log still knows of")


def _short(note: str) -> bytes:
    return blake2b(note.encode(), digest_size=16).digest()
