"""The one row of the log's tree: who has it locked has the turn, and a halt stands there."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.auditlog.errors import LogHalted, LogInconsistent
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.model import Entry, Outbox, Tree

MOST_TOLD = 1000
"""Characters of why the log is halted: what is found beside it is told up to here."""
_SIZE = select(Tree.size).where(Tree.id == 1)


def size_of_tree(session: Session) -> int:
    """Raises LogInconsistent."""
    return _whole(session.connection().scalar(_SIZE) or 0)


def _whole(size: object, name: str = "size") -> int:
    """SQLite keeps what it is given, whatever a column's type."""
    if not isinstance(size, int) or size < 0:
        raise LogInconsistent(f"The {name} in audit_tree is no number of entries.")
    return size


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
    _whole(tree.first, "first")
    return tree


def running(session: Session) -> Tree:
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
