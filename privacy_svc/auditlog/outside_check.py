"""What lies outside the database, compared with it: the mirrored leaves, and what witnesses said."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import checkpoint_file, record_id
from privacy_svc.auditlog.entry_check import Finding, Row
from privacy_svc.auditlog.mirror import BUNDLE, Mirror
from privacy_svc.auditlog.model import Tree
from privacy_svc.db import Database


class Outside:
    """Made before the database's snapshot, so that nothing here can be too new for it."""

    def __init__(self, export: Path, mirror: Mirror) -> None:
        self._mirror, self._count, self._folder = mirror, mirror.count(), export.parent
        self._promised, self.cosigned = (
            checkpoint_file.newest_size(export),
            checkpoint_file.cosignatures_in_order(export),
        )
        self._different: list[int] = []

    def compare(self, rows: Iterable[Row]) -> None:
        """Entries of the database, by index."""
        mine = [(row.index, row.leaf) for row in rows if row.index is not None and 0 <= row.index < self._count]
        for number, some in groupby(mine, lambda entry: entry[0] // BUNDLE):
            there = dict(enumerate(self._mirror.bundle(number), number * BUNDLE))
            self._different += [index for index, leaf in some if there.get(index) != leaf]

    def findings(self, session: Session, database: Database, promised: int) -> Iterator[Finding]:
        """`promised`: of how many entries a checkpoint is stored that was exported for certain."""
        size, first = session.execute(select(Tree.size, Tree.first).where(Tree.id == 1)).one_or_none() or (0, 0)
        promised = max(promised, self._promised)
        if record_id.is_another(session, self._folder):
            detail = "the record outside the database lacks the id in audit_tree: it is another's, or that was changed"
            yield Finding("missing", detail)
        if size and record_id.known(session) is None and record_id.read(self._folder):
            yield Finding("altered", "the record outside the database has an id, and audit_tree knows of none")
        if max(here := self._mirror.count(), first) < promised:
            detail = f"the record outside the database lacks entries: they end at {here}, a checkpoint is of {promised}"
            yield Finding("missing", detail)
        if self._count > max(size, self._promised):  # a checkpoint of a larger tree is told by itself
            yield Finding("truncated", f"the mirror of the log holds {self._count} entries, the tree {size}")
        with database.read() as later:  # entries may have been pruned since the snapshot
            first = later.scalar(select(Tree.first).where(Tree.id == 1)) or 0
        different = [i for i in self._different if i >= first]
        if different:
            detail = f"the mirror of the log differs in {len(different)} entries, the first is {different[0]}"
            yield Finding("altered", detail)
