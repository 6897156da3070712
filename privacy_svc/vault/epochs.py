"""Root epochs: rolled, so that a page key is always wrapped by a young root key, and destroyed, so that no backup of
the key tables older than the window can be opened any more.

Rolling is one short transaction, then pages move in batches while the service serves; a run that was broken off
is taken up by the next. An epoch is destroyed only when nothing is wrapped under it, seen in the transaction that
destroys it.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import Conflict, KeyUnavailable, NotFound
from privacy_svc.vault import ledger
from privacy_svc.vault.erasure import replace_page
from privacy_svc.vault.indexroots import rewrap_index_roots
from privacy_svc.vault.model import IndexRoot, PageKey, RootEpoch
from privacy_svc.vault.pages import Pages
from privacy_svc.vault.providers import KeyProvider

BATCH = 32
"""Pages moved in one transaction."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`every`: an epoch's life. `window`: W, how long backups are kept: how far back the whole database can be
    restored, and how long after its end an epoch lives on for that."""

    every: timedelta = timedelta(days=1)
    window: timedelta = timedelta(days=30)


def register(session: Session, provider: KeyProvider) -> None:
    """At the start: the provider's epochs that we have no record of. Raises KeyUnavailable when it lacks one that
    is not destroyed: it is another provider, or its keys were lost."""
    if lacking := missing(session, provider):
        raise KeyUnavailable(
            f"The key provider lacks root key {', '.join(map(str, lacking))}: restore it; none is made anew."
        )
    held, known = provider.epochs(), set(session.scalars(select(RootEpoch.epoch)))
    newest = max(known, default=0)
    for epoch in held:
        if epoch not in known and epoch >= newest:
            with suppress(IntegrityError), session.begin_nested():  # another process wrote it at this moment
                session.add(RootEpoch(epoch=epoch))
    session.flush()
    _retire_all_but_newest(session)


def missing(session: Session, provider: KeyProvider) -> list[int]:
    """Epochs that were not destroyed, nor are about to be, and that the provider does not have."""
    held = set(provider.epochs())
    known = {e.epoch: e for e in session.scalars(select(RootEpoch))}
    living = {n for n, e in known.items() if e.ordered_at is None and e.destroyed_at is None}
    return sorted((living | set(_used(session)) - known.keys()) - held)


def newest(session: Session) -> int:
    """The epoch in use; 0 where there is none yet."""
    return session.scalar(select(func.max(RootEpoch.epoch)).where(RootEpoch.retired_at.is_(None))) or 0


def _used(session: Session) -> Iterator[int]:
    yield from session.scalars(select(PageKey.epoch).distinct())
    yield from session.scalars(select(IndexRoot.epoch).distinct())


def roll(session: Session, provider: KeyProvider) -> int:
    """A new epoch; from the commit on nothing is wrapped under an older one. Returns its number."""
    session.scalars(select(RootEpoch).order_by(RootEpoch.epoch).with_for_update()).all()
    newest = session.scalar(select(func.max(RootEpoch.epoch))) or 0
    current = provider.current_epoch()
    epoch = current if current > newest else provider.roll()  # a run that ended before its commit had rolled
    session.add(RootEpoch(epoch=epoch))
    session.flush()
    _retire_all_but_newest(session)
    return epoch


def _retire_all_but_newest(session: Session) -> None:
    living = select(RootEpoch).where(RootEpoch.retired_at.is_(None)).order_by(RootEpoch.epoch.desc())
    for old in session.scalars(living).all()[1:]:
        old.retired_at = now()
        ledger.note(session, ledger.Kind.EPOCH_RETIRED, {"epoch": old.epoch})
    session.flush()


def move_pages(session: Session, pages: Pages, organisation: str, limit: int = BATCH) -> int:
    """Rewrap some of what an older epoch wraps; returns how much. Pages somebody was erased from while the provider
    was away are replaced instead: their old key must not live on."""
    newest = session.scalar(select(func.max(RootEpoch.epoch)).where(RootEpoch.retired_at.is_(None))) or 0
    gone = select(RootEpoch.epoch).where(RootEpoch.destroyed_at.is_not(None))  # lost in a restore, and said so then
    old = select(PageKey).where(PageKey.epoch < newest, PageKey.epoch.not_in(gone)).order_by(PageKey.id).limit(limit)
    found = session.scalars(old.with_for_update(skip_locked=True).execution_options(populate_existing=True)).all()
    for page in found:
        if page.replace_due:
            replace_page(session, pages, organisation, page)
        else:
            pages.rewrap(session, page)
    session.flush()
    return len(found) + rewrap_index_roots(session, pages.provider, organisation)


def due(session: Session, schedule: Schedule, at: datetime) -> bool:
    """Whether it is time to roll."""
    newest = session.scalar(select(func.max(RootEpoch.created_at)).where(RootEpoch.retired_at.is_(None)))
    return newest is None or at >= newest + schedule.every


def destroyable(session: Session, schedule: Schedule, at: datetime) -> list[int]:
    """Epochs whose window is over."""
    over = select(RootEpoch.epoch).where(RootEpoch.destroyed_at.is_(None), RootEpoch.retired_at <= at - schedule.window)
    return list(session.scalars(over.order_by(RootEpoch.epoch)))


def order_destruction(session: Session, epoch: int) -> RootEpoch:
    """Written down before the provider is told, so that a process that ends in between leaves no missing key.
    Raises NotFound, Conflict while the epoch is in use or still wraps something."""
    found = session.get(RootEpoch, epoch, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound(f"There is no root key epoch {epoch}.")
    if found.destroyed_at is not None:
        return found
    if found.retired_at is None:
        raise Conflict(f"Root key epoch {epoch} is in use: run `privacy-svc keys roll-epoch` first.")
    if left := wrapped_under(session, epoch):
        raise Conflict(f"Root key epoch {epoch} still wraps {left} keys: run `privacy-svc keys roll-epoch` to its end.")
    found.ordered_at = found.ordered_at or now()
    session.flush()
    return found


def destroy(session: Session, provider: KeyProvider, epoch: int) -> RootEpoch:
    """Final; the second half of `order_destruction`, with what it raises."""
    found = order_destruction(session, epoch)
    if found.destroyed_at is not None:
        return found
    done = provider.destroy(epoch)
    found.destroyed_at, found.receipt = done.at, done.receipt
    ledger.note(session, ledger.Kind.EPOCH_DESTROYED, {"epoch": epoch, "receipt": done.receipt}, at=done.at)
    session.flush()
    return found


def wrapped_under(session: Session, epoch: int) -> int:
    pages = session.scalar(select(func.count()).select_from(PageKey).where(PageKey.epoch == epoch)) or 0
    roots = session.scalar(select(func.count()).select_from(IndexRoot).where(IndexRoot.epoch == epoch)) or 0
    return pages + roots


def backups_by(session: Session, schedule: Schedule, delay: timedelta, replaced_at: datetime) -> datetime:
    """When no backup can bring back a key whose page was replaced at this instant: the epoch that wrapped the page then
    has ended, its window is over, and so is the provider's delay in destroying it. What has happened counts, else what
    is planned; what is overdue is not over."""
    in_use = select(RootEpoch).where(RootEpoch.created_at <= replaced_at).order_by(RootEpoch.epoch.desc()).limit(1)
    epoch = session.scalars(in_use).first()
    if epoch is None:
        raise KeyUnavailable("The privacy database knows no root key of that time.")
    if epoch.destroyed_at is not None:
        return epoch.destroyed_at
    end = epoch.retired_at or max(epoch.created_at + schedule.every, replaced_at, now())
    return max(end + schedule.window, now() + schedule.every) + delay
