"""Verification of the whole log from what is stored, against every checkpoint ever signed or exported.

1. Entries have the indices 0, 1, 2 … and each column agrees with its leaf; so do those that wait.
2. The recomputed tree has the stored tiles and size.
3. At each checkpoint's size, signed or exported or kept by somebody, the tree has the checkpoint's root.
4. A payload fits its commitment and its leaf. In the place of one that is missing is a tombstone of ours.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Select, bindparam, exists, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from privacy_svc.auditlog import checkpoint_file, waiting
from privacy_svc.auditlog.entry_check import Checker, Finding, Row, entries_of, read
from privacy_svc.auditlog.errors import LogInconsistent
from privacy_svc.auditlog.growing_tree import GrowingTree
from privacy_svc.auditlog.merkle import Hash
from privacy_svc.auditlog.model import (
    CrowdPart,
    Entry,
    EntryMember,
    Outbox,
    Payload,
    Tree,
)
from privacy_svc.auditlog.outside_check import Outside
from privacy_svc.auditlog.progress import Progress, unseen
from privacy_svc.auditlog.promises import Promises
from privacy_svc.auditlog.ranges import INTACT, Range, Ranges
from privacy_svc.auditlog.raw import UNREADABLE, as_bytes, reading_texts, text_of
from privacy_svc.auditlog.reading import NEVER_WRITTEN, PAGE, pages
from privacy_svc.auditlog.rotating import is_told
from privacy_svc.auditlog.signing import unsigned_until
from privacy_svc.auditlog.table_check import (
    check_cosignatures,
    check_kept_tags,
    check_repeated,
    check_tree,
    check_tree_mac,
)
from privacy_svc.auditlog.tile_check import TileCheck
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.db import Database

if TYPE_CHECKING:
    from privacy_svc.auditlog.log import Log

_WAITING = entries_of(Outbox).where(Outbox.number == bindparam("number"))
MOST = 1000
"""Findings told; a wholly rewritten log has as many as entries."""


@dataclass(frozen=True, slots=True)
class Report:
    """`first`: where the log begins, since it was pruned. `checkpoints` were compared with the tree; `older` ones are
    of what was pruned. `erased`: entries whose payload an erasure took, as it should; `lost`: a restore. `unproven`:
    payloads and names that a restore erased again without a key, by what columns said."""

    first: int
    size: int
    root: str
    checkpoints: int
    older: int
    erased: int
    lost: int
    ranges: tuple[Range, ...]
    findings: tuple[Finding, ...]
    halted: str | None = None
    """Why nothing is signed until a person has looked; the entries are what they are all the same."""
    more: int = 0
    """Findings beyond those told."""
    unproven: int = 0

    @property
    def ok(self) -> bool:
        return not self.findings


def verify(
    log: "Log",
    database: Database,
    known: str | None = None,
    progress: Progress = unseen,
) -> Report:
    """Changes nothing. Raises KeyUnavailable when the organisation's own key is away."""
    # before the snapshot, so that nothing exported can be too new for it
    outside, exported = Outside(log.export, log.mirror), checkpoint_file.in_order(log.export)
    with database.snapshot() as session:
        try:
            with reading_texts():
                return _Verification(session, log, exported, known, outside).run(database, progress)
        except UNREADABLE as error:
            return _unreadable(error)


class _Verification:
    def __init__(
        self, session: Session, log: "Log", exported: Iterable[tuple[int, str]], known: str | None, outside: Outside
    ) -> None:
        self._session, self._outside, self._vault = session, outside, log.vault
        self._findings: list[Finding] = []
        self._signer, self._export = log.signer, log.export
        self._checker = Checker(session, log.vault)
        self._witness = log.witness.verifier if log.witness else None
        self._tiles = TileCheck(session)
        self._first = session.scalar(select(Tree.first).where(Tree.id == 1)) or 0
        self._resumed = unsigned_until(self._checker)
        self._promises = Promises(session, log.signer, exported, known, self._first, self._resumed)
        self._ranges = Ranges()
        self._tree = self._begin()

    def run(self, database: Database, progress: Progress) -> Report:
        tree, size = self._tree, self._session.scalar(select(Tree.size).where(Tree.id == 1)) or 0
        with pages(database, self._session) as found:
            for page in found:
                self._findings += page.unreadable
                self._findings.extend(self._checker.check(page.rows))
                self._outside.compare(page.rows)
                self._place(page.rows)
                self._tiles.compare(tree.take_full())
                progress(tree.size, max(size, tree.size))
        self._promises.finish()
        self._finish()
        self._tiles.compare(tree.tiles)
        outside = self._outside.findings(self._session, database, self._promises.surely_exported)
        findings = [
            *self._promises.findings,
            *self._findings,
            *check_cosignatures(self._session, self._witness, self._outside.cosigned),
            *self._promises.unstored(),
            *self._promises.unexported(self._export),
            *outside,
            *self._tiles.findings(self._first, tree.size),
            *self._waiting(),
            *self._orphans(),
            *check_tree(self._session, self._checker),
            *check_tree_mac(self._session, self._vault, self._export.parent),
            *check_repeated(self._session),
            *check_kept_tags(self._session, self._vault),
            *self._handovers(),
        ]
        for finding in findings:
            if finding.index is not None and finding.index < tree.size:
                self._ranges.mark(finding.index, finding.kind)
        return Report(
            self._first,
            tree.size,
            tree.root().hex(),
            self._promises.newer,
            self._promises.older,
            self._checker.erased,
            self._checker.lost,
            self._ranges.told(),
            tuple(findings[:MOST]),
            self._session.scalar(select(Tree.halted).where(Tree.id == 1)),
            max(0, len(findings) - MOST),
            self._checker.unproven,
        )

    def _begin(self) -> GrowingTree:
        """Where the log begins: at nothing, or where an entry says that it was pruned."""
        if self._first != self._checker.pruned:
            detail = f"the log begins at {self._first}, and its entries say {self._checker.pruned}"
            self._findings.append(Finding("truncated", detail))
        for promised in self._promises.until(self._first - 1):
            if promised.size > 0:
                self._findings.extend(promised.compare_pruned())
        try:
            tree = GrowingTree.after(self._first, Tiles(self._session).node)
        except LogInconsistent as error:
            self._findings.append(Finding("altered", str(error)))
            return GrowingTree()
        self._ranges.add(0, min(self._first, self._checker.pruned), "pruned")
        self._ranges.add(self._checker.pruned, self._first, "truncated")
        for promised in self._promises.until(self._first):
            self._findings.extend(promised.compare(tree))
        return tree

    def _place(self, page: Sequence[Row]) -> None:
        """Entries into the tree: all at once where none is missing among them, and none is below it."""
        begin = self._tree.size
        if [entry.index for entry in page] == list(range(begin, begin + len(page))):
            self._grow([entry.hash for entry in page])
            for index, state in sorted(self._checker.gone.items()):
                self._ranges.add(begin, index, INTACT)
                self._ranges.add(index, index + 1, state)
                begin = index + 1
            self._ranges.add(begin, self._tree.size, INTACT)
            return
        for entry in page:
            self._place_one(entry)

    def _place_one(self, entry: Row) -> None:
        assert entry.index is not None
        if entry.index < self._tree.size:
            self._findings.append(Finding("altered", "no entry has an index like this", entry.index))
        elif self._fill(entry.index, "missing"):
            self._grow([entry.hash])
            self._ranges.add(entry.index, entry.index + 1, self._checker.gone.get(entry.index, INTACT))

    def _finish(self) -> None:
        """What the tree's row and the checkpoints say must be there."""
        size = self._session.scalar(select(Tree.size).where(Tree.id == 1)) or 0
        self._fill(size, "truncated")
        if size < self._tree.size:
            self._findings.append(
                Finding("altered", f"the tree's size was {size}, {self._tree.size} entries are there")
            )
        largest = self._promises.largest
        if largest > self._tree.size:
            detail = f"a checkpoint was signed for {largest} entries, {self._tree.size} are there"
            self._findings.append(Finding("truncated", detail))

    def _fill(self, until: int, kind: str) -> bool:
        """Go over a gap by the tiles' hashes, so that what follows can be checked. False where they have none."""
        if until > self._tree.size:
            first = self._tree.size
            self._findings.append(Finding(kind, f"entries {first} to {until - 1} are not there", first))
            self._ranges.add(first, until, kind)
        while until > self._tree.size:
            leaf = self._tiles.leaf(self._tree.size)
            if leaf is None:
                return False
            self._grow([leaf])
        return True

    def _grow(self, leaves: Sequence[Hash]) -> None:
        begin = self._tree.size
        for promised in self._promises.until(begin + len(leaves)):
            self._tree.extend(leaves[self._tree.size - begin : max(promised.size - begin, 0)])
            self._findings.extend(promised.compare(self._tree))
        self._tree.extend(leaves[self._tree.size - begin :])

    def _waiting(self) -> Iterator[Finding]:
        """Entries that wait for their place in the tree."""
        for rows in waiting.pages(self._session, PAGE):
            wrong = waiting.faults(self._session, self._vault, rows)
            yield from waiting.told(rows, wrong)
            for row in rows:
                if row.number not in wrong:
                    yield from self._waits(row.number)

    def _waits(self, number: int) -> Iterator[Finding]:
        try:
            found = read(self._session, _WAITING, number=number)
        except UNREADABLE:
            yield Finding("altered", f"the row {number} of audit_outbox: {NEVER_WRITTEN}")
        else:
            yield from self._checker.check(found)

    def _handovers(self) -> Iterator[Finding]:
        """A key that took over, and no entry says so."""
        handovers = () if self._signer.rotating else self._signer.handovers
        ends = [*(following.after for following in handovers[1:]), None]
        for handover, until in zip(handovers, ends, strict=False):
            told = handover.after in self._resumed or is_told(self._session, handover.after, until)
            if handover.after >= self._first and not told:
                yield Finding("missing", f"no entry says that the key {handover.new.vkey} took over")

    def _orphans(self) -> Iterator[Finding]:
        """Payloads whose entry is neither in the tree nor waiting: it was taken away before it got there. People of
        entries that are not there."""
        nowhere = union(*map(_nowhere, (Payload.entry_id, EntryMember.entry_id, CrowdPart.entry_id)))
        for entry_id in sorted(map(text_of, self._session.scalars(nowhere))):
            yield Finding("missing", f"entry {entry_id} was written and is not in the log")


def _unreadable(error: Exception) -> Report:
    """A column holds what the service never writes there, so that not even the rest can be read."""
    finding = Finding("altered", f"a stored value of the log cannot be read ({type(error).__name__})")
    return Report(0, 0, "", 0, 0, 0, 0, (), (finding,))


def _nowhere(entry_id: InstrumentedAttribute[str]) -> Select[bytes]:
    return select(as_bytes(entry_id)).where(
        ~exists().where(Entry.id == entry_id), ~exists().where(Outbox.id == entry_id)
    )
