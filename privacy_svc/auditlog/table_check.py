"""What stands in the log's tables beside entries, tiles and checkpoints, for `verify`: who can write to the database
could else use it to mislead the log, or to stop it, while every entry is as it was."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from heapq import merge
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.crowds import count_wrong_tags
from privacy_svc.auditlog.entry_check import Checker, Finding
from privacy_svc.auditlog.errors import LogInconsistent
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.model import Cosignature, Entry, Outbox, SignedCheckpoint, Tree
from privacy_svc.auditlog.signed_note import NoteError, Verifier
from privacy_svc.auditlog.stored_checkpoints import PAGE
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.auditlog.tree_check import NO_MAC, has_former_mac, has_our_mac, lacks_its_mac
from privacy_svc.vault import Vault

_SIZE = itemgetter(0)
_SAID = (
    select(Cosignature.size, Cosignature.witness, Cosignature.lines, SignedCheckpoint.note)
    .outerjoin(SignedCheckpoint, SignedCheckpoint.size == Cosignature.size)
    .order_by(Cosignature.size, Cosignature.witness)
)


def check_cosignatures(
    session: Session, witness: Verifier | None, exported: Iterable[tuple[int, str]]
) -> Iterator[Finding]:
    """What was exported was judged then, by a key that the witness may have replaced. All else is by its key of now.
    There may be millions: both are gone over in the order of their sizes, `exported` ascending."""
    stored = ((row.size, row) for row in session.execute(_SAID.execution_options(yield_per=PAGE)))
    for size, told in groupby(merge(stored, exported, key=_SIZE), key=_SIZE):
        both: list[Any] = [one for _, one in told]
        rows, lines = [one for one in both if not isinstance(one, str)], {one for one in both if isinstance(one, str)}
        for row in rows:
            if row.lines not in lines and (fault := _fault(witness, row)):
                yield Finding("unsigned", fault)
        there = {row.witness for row in rows}
        for name in sorted({line.split(" ", 2)[1] for line in lines} - there):
            yield Finding("missing", f"what {name} said of the checkpoint of {size} entries is only exported")


def _fault(witness: Verifier | None, row: Any) -> str | None:
    if witness is None or row.witness != witness.name:
        return f"a line under the checkpoint of {row.size} entries is of no witness of this log; it is not served"
    try:
        witness.open(f"{row.note or ''}{row.lines}")
    except NoteError as error:
        return f"the witness's line under the checkpoint of {row.size} entries: {error}"
    return None


def check_kept_tags(session: Session, vault: Vault) -> Iterator[Finding]:
    if wrong := count_wrong_tags(session, vault):
        detail = f"{wrong} tags kept in audit_month_tags are not of this service; none is used; delete them"
        yield Finding("altered", detail)


def check_tree(session: Session, checker: Checker) -> Iterator[Finding]:
    """The one row of the tree, and that entries say the same of its halt."""
    for number in session.scalars(select(Tree.id).where(Tree.id != 1).order_by(Tree.id)):
        yield Finding("altered", f"audit_tree has a second row, {number}: delete it")
    halted = session.scalar(select(Tree.halted).where(Tree.id == 1))
    standing: list[str] = []
    for entry, told in checker.told(EventType.LOG_HALTED, EventType.LOG_RESUMED):
        standing = [*standing, str(told.get("why"))] if entry.type == EventType.LOG_HALTED else []
    if halted is not None and halted != " ".join(standing):
        yield Finding("altered", "the log is halted (audit_tree.halted), and no entry says so")
    elif halted is None and standing:
        yield Finding("altered", "the log was halted, and no entry says that a person has let it go on")


def check_tree_mac(session: Session, vault: Vault, folder: Path) -> Iterator[Finding]:
    """One of before, or another's. A tree whose tiles are not even of its size is told by those."""
    tree = session.get(Tree, 1)
    if tree is not None and lacks_its_mac(tree, folder):
        yield Finding("altered", NO_MAC)
    with suppress(LogInconsistent):
        tiles = Tiles(session)
        if tree is None or tree.mac is None or has_former_mac(session, vault, tree, tiles):
            return
        if not has_our_mac(session, vault, tree, tiles):
            detail = "the size in audit_tree and the tiles are not as this service left them, by the MAC of the row"
            yield Finding("altered", detail)


def check_repeated(session: Session) -> Iterator[Finding]:
    """Entries of the tree that somebody put into the outbox again."""
    again = select(Outbox.number, Outbox.leaf, Entry.index, Entry.leaf).join(Entry, Entry.id == Outbox.id)
    for number, leaf, index, entered in session.execute(again.order_by(Outbox.number)):
        detail = f"the row {number} of audit_outbox has the id of entry {index}"
        yield Finding(
            "altered", f"{detail}, and stays there: delete it" if leaf == entered else f"{detail}, and another leaf"
        )
