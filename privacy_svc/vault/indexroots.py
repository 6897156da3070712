"""The organisation's blind index roots, by generation: loaded, made anew, dropped.

Two generations live side by side while an index is rebuilt: writers write entries of both, searches ask both. A
transaction that writes entries holds the roots it used, so the older one is not dropped behind its back.
"""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.errors import Conflict, KeyUnavailable
from privacy_svc.vault.keys import Key, bind_index_root
from privacy_svc.vault.model import IndexRoot
from privacy_svc.vault.pages import current_epoch
from privacy_svc.vault.providers import KeyProvider


def living(session: Session, *, hold: bool = False) -> list[IndexRoot]:
    """Oldest first. Raises KeyUnavailable where there is none."""
    statement = select(IndexRoot).order_by(IndexRoot.generation).execution_options(populate_existing=True)
    found = list(session.scalars(statement.with_for_update(read=True) if hold else statement))
    if not found:
        raise KeyUnavailable("The privacy database has no blind index root: run `privacy-svc init`.")
    return found


def exists(session: Session) -> bool:
    return session.scalar(select(IndexRoot.generation).limit(1)) is not None


def unwrap(root: IndexRoot, provider: KeyProvider, organisation: str) -> Key:
    return provider.unwrap(root.epoch, root.wrapped, bind_index_root(organisation, root.epoch, root.generation))


def create(session: Session, provider: KeyProvider, organisation: str, *, complete: bool) -> IndexRoot:
    """The next generation; the one that is still being filled, where there is one."""
    present = list(session.scalars(select(IndexRoot).order_by(IndexRoot.generation).with_for_update()))
    if len(present) > 1:
        return present[-1]
    generation = present[-1].generation + 1 if present else 1
    root = IndexRoot(generation=generation, complete=complete)
    _wrap(session, root, Key.new(), provider, organisation)
    session.add(root)
    session.flush()
    return root


def complete(
    session: Session, behind: Callable[[Session, int], int], drop_before: Callable[[Session, int], None]
) -> None:
    """The newest generation alone remains. Waits for writers that hold the older; raises Conflict while an entry of it
    has none of the newest beside it."""
    *older, newest = session.scalars(select(IndexRoot).order_by(IndexRoot.generation).with_for_update()).all()
    if alone := behind(session, newest.generation):
        raise Conflict(
            f"{alone} index entries have no new one beside them yet: run `privacy-svc keys rotate index` again."
        )
    drop_before(session, newest.generation)
    for root in older:
        session.delete(root)
    newest.complete = True
    session.flush()


def rewrap_index_roots(session: Session, provider: KeyProvider, organisation: str) -> int:
    """Under the newest epoch; how many were under another."""
    newest = current_epoch(session)
    old = session.scalars(select(IndexRoot).where(IndexRoot.epoch < newest).with_for_update()).all()
    for root in old:
        _wrap(session, root, unwrap(root, provider, organisation), provider, organisation)
    session.flush()
    return len(old)


def _wrap(session: Session, root: IndexRoot, key: Key, provider: KeyProvider, organisation: str) -> None:
    root.epoch = current_epoch(session)
    root.wrapped = provider.wrap(root.epoch, key, bind_index_root(organisation, root.epoch, root.generation))
