"""Every checkpoint that was signed or exported, or that somebody kept: what a verification holds the log to."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice, takewhile

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.checking import Finding
from privacy_svc.auditlog.checkpoint import Checkpoint
from privacy_svc.auditlog.growing import GrowingTree
from privacy_svc.auditlog.handover import Handover
from privacy_svc.auditlog.model import SignedCheckpoint
from privacy_svc.auditlog.note import NoteError
from privacy_svc.auditlog.signing import Signer

SIGNED, EXPORTED, KEPT = "signed", "exported", "kept"


class Promises:
    """`findings` are about the notes themselves. `exported` and `known`, a note that somebody kept, are texts."""

    def __init__(self, session: Session, signer: Signer, exported: Sequence[str], known: str | None) -> None:
        self.findings: list[Finding] = []
        self._by_size: dict[int, list[tuple[str, Checkpoint]]] = {}
        stored = {row.size: row.note for row in session.scalars(select(SignedCheckpoint))}
        read = cache(signer.open)  # most are stored and exported
        sources = [(SIGNED, n) for n in stored.values()] + [(EXPORTED, n) for n in exported]
        for source, note in sources + ([(KEPT, known)] if known is not None else []):
            try:
                checkpoint = read(note)
            except NoteError as error:
                self.findings.append(Finding("unsigned", f"a {source} checkpoint is not valid: {error}"))
                continue
            self._by_size.setdefault(checkpoint.size, []).append((source, checkpoint))
            if stored.get(checkpoint.size) != note and source != KEPT:
                detail = f"the {source} checkpoint of {checkpoint.size} entries is not stored as it was signed"
                self.findings.append(Finding("altered", detail))
        for size, note in stored.items():
            if note.split("\n")[1:2] != [str(size)]:
                detail = f"the row {size} of audit_checkpoints holds a checkpoint of another size: delete it"
                self.findings.append(Finding("altered", detail))
        self._sizes = sorted(self._by_size)
        for handover in signer.handovers:
            self._check_handover(handover, stored)

    def _check_handover(self, handover: Handover, stored: Mapping[int, str]) -> None:
        """The first checkpoint of a new key is signed by the one before, too."""
        first = min((size for size in stored if size > handover.after), default=None)
        try:
            if first is not None:
                handover.old.open(stored[first])
        except NoteError:
            detail = f"the checkpoint of {first} entries, the first of a new key, is not signed by the one before"
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
        for source, checkpoint in self._by_size.get(tree.size, ()):
            if checkpoint.root != tree.root():
                detail = f"the {source} checkpoint of {tree.size} entries has another root: history was rewritten"
                yield Finding("forked", detail, tree.size - 1)

    def compare_pruned(self, first: int) -> Iterator[Finding]:
        """Of what was pruned they are compared with each other: the tree of that size is no more. One that somebody
        kept must be among those the log signed."""
        for size, promised in self._by_size.items():
            if not 0 < size < first:
                continue
            if len({checkpoint.root for _, checkpoint in promised}) > 1:
                yield Finding("forked", f"checkpoints of {size} entries have different roots: history was rewritten")
            elif {source for source, _ in promised} == {KEPT}:
                yield Finding("forked", f"the kept checkpoint of {size} entries is none that this log still knows of")
