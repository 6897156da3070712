"""Page keys: each wraps the keys of at most 1,024 subjects, so that one can be replaced quickly.

The keys of a subject stand on the page it was placed on. A page's row is the lock of every wrapped key on
it: who adds to a page, replaces or empties it holds the row first (SQLite has one writer anyhow). Locks are
taken in one order, subject, page, epoch, so two erasures on a page wait for each other instead of for ever.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy_svc.db import new_id
from privacy_svc.errors import KeyUnavailable
from privacy_svc.vault.keys import Key, bind_page
from privacy_svc.vault.lease import LeasedKeys
from privacy_svc.vault.model import PageKey, RootEpoch, SubjectKey
from privacy_svc.vault.providers import KeyProvider

CAPACITY = 1024


class Pages:
    """Page keys, unwrapped on lease."""

    def __init__(self, provider: KeyProvider, organisation: str, leased: LeasedKeys) -> None:
        self.provider, self._organisation, self._leased = provider, organisation, leased

    def key(self, page: PageKey) -> Key:
        """Raises KeyUnavailable when the provider is away and the lease is over."""
        return self._leased.valid(page.id) or self._unwrap(page.id, page.epoch, page.generation, page.wrapped)

    def keys(self, session: Session, ids: Iterable[str]) -> dict[str, Key]:
        """The keys of these pages; a page that was replaced meanwhile is absent. Raises KeyUnavailable."""
        found = {i: self._leased.valid(i) for i in ids}
        missing = [i for i, key in found.items() if key is None]
        if missing:
            columns = select(PageKey.id, PageKey.epoch, PageKey.generation, PageKey.wrapped)
            for row in session.execute(columns.where(PageKey.id.in_(missing))):
                found[row.id] = self._unwrap(*row)
        return {i: key for i, key in found.items() if key is not None}

    def _unwrap(self, page_id: str, epoch: int, generation: int, wrapped: bytes) -> Key:
        binding = bind_page(self._organisation, page_id, epoch, generation)
        return self._leased.renew(page_id, lambda: self.provider.unwrap(epoch, wrapped, binding))

    def probe(self, page: PageKey) -> None:
        """Asks the provider, whatever is on lease. Raises KeyUnavailable."""
        binding = bind_page(self._organisation, page.id, page.epoch, page.generation)
        self.provider.unwrap(page.epoch, page.wrapped, binding)

    def forget(self, page_id: str) -> None:
        self._leased.forget(page_id)

    def with_room(self, session: Session) -> PageKey:
        """A page that takes another subject, locked until the transaction ends. Others make a new one meanwhile."""
        statement = select(PageKey).where(PageKey.subjects < CAPACITY).order_by(PageKey.page).limit(1)
        statement = statement.with_for_update(skip_locked=True).execution_options(populate_existing=True)
        return session.scalars(statement).first() or self.add(session)

    @classmethod
    def hold(cls, session: Session, subject_id: str, uses: Iterable[str]) -> list[PageKey]:
        """The pages with this person's keys, locked. A page that was replaced while we waited is looked up anew."""
        return cls.hold_all(session, [subject_id], uses)

    @staticmethod
    def hold_all(session: Session, subject_ids: Sequence[str], uses: Iterable[str]) -> list[PageKey]:
        """The same of several people."""
        on = select(SubjectKey.page_key_id).where(
            SubjectKey.subject_id.in_(subject_ids), SubjectKey.use.in_(list(uses))
        )
        while True:
            wanted = set(session.scalars(on))
            pages = select(PageKey).where(PageKey.id.in_(wanted)).order_by(PageKey.id).with_for_update()
            held = list(session.scalars(pages.execution_options(populate_existing=True)))
            if {page.id for page in held} == wanted:
                return held

    def add(self, session: Session) -> PageKey:
        number = (session.scalar(select(func.max(PageKey.page))) or 0) + 1
        return self._new(session, PageKey(page=number, generation=1, subjects=0))

    def successor(self, session: Session, old: PageKey) -> PageKey:
        """The next generation of a page, under the newest epoch."""
        return self._new(session, PageKey(page=old.page, generation=old.generation + 1, subjects=old.subjects))

    def _new(self, session: Session, page: PageKey) -> PageKey:
        key = Key.new()
        page.id = new_id()
        self._wrap(session, page, key)
        session.add(page)
        session.flush()
        self._leased.put(page.id, key)
        return page

    def rewrap(self, session: Session, page: PageKey) -> None:
        """The same key under the newest epoch; the caller holds the page."""
        self._wrap(session, page, self.key(page))

    def _wrap(self, session: Session, page: PageKey, key: Key) -> None:
        page.epoch = current_epoch(session)
        page.wrapped = self.provider.wrap(
            page.epoch, key, bind_page(self._organisation, page.id, page.epoch, page.generation)
        )


def current_epoch(session: Session) -> int:
    """The newest root epoch, held until the transaction ends, so that it is not destroyed while something is being
    wrapped under it. Raises KeyUnavailable."""
    living = select(RootEpoch.epoch).where(RootEpoch.retired_at.is_(None)).order_by(RootEpoch.epoch.desc()).limit(1)
    for _ in range(3):  # PostgreSQL finds nothing when the epoch it waited for was retired meanwhile
        found = session.scalar(living.with_for_update(read=True))
        if found is not None:
            return found
    raise KeyUnavailable("The privacy database knows no root key: run `privacy-svc init`.")
