"""Page keys: each wraps the keys of at most 1,024 subjects, so that one can be replaced quickly.

Both keys of a subject stand on the page it was placed on. A page's row is the lock of every wrapped key on
it: who adds to a page, replaces or empties it holds the row first (SQLite has one writer anyhow). Locks are
taken in one order, subject, page, so two erasures on a page wait for each other instead of for ever.
"""

from collections import OrderedDict
from threading import Lock

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy_svc.db import new_id
from privacy_svc.vault.keys import Key, bind_page
from privacy_svc.vault.model import PageKey, SubjectKey
from privacy_svc.vault.providers import KeyProvider

CAPACITY = 1024
CACHED = 2048
"""Page keys kept in memory: two million subjects' worth, half a megabyte."""


class Pages:
    """Unwrapped page keys by row id. Subjects' keys are never kept."""

    def __init__(self, provider: KeyProvider, organisation: str) -> None:
        self.provider, self._organisation = provider, organisation
        self._keys: OrderedDict[str, Key] = OrderedDict()
        self._lock = Lock()

    def key(self, page: PageKey) -> Key:
        """Raises KeyUnavailable when the provider is away and the key is not held."""
        with self._lock:
            if page.id in self._keys:
                self._keys.move_to_end(page.id)
                return self._keys[page.id]
        key = self.provider.unwrap(page.epoch, page.wrapped, self._binding(page))
        return self._remember(page, key)

    def _remember(self, page: PageKey, key: Key) -> Key:
        with self._lock:
            self._keys[page.id] = key
            while len(self._keys) > CACHED:
                self._keys.popitem(last=False)
        return key

    def forget(self, page: PageKey) -> None:
        with self._lock:
            self._keys.pop(page.id, None)

    def with_room(self, session: Session) -> PageKey:
        """A page that takes another subject, locked until the transaction ends. Others make a new one meanwhile."""
        statement = select(PageKey).where(PageKey.subjects < CAPACITY).order_by(PageKey.page).limit(1)
        statement = statement.with_for_update(skip_locked=True).execution_options(populate_existing=True)
        return session.scalars(statement).first() or self.add(session)

    @staticmethod
    def hold(session: Session, subject_id: str, use: str) -> list[PageKey]:
        """The pages with this person's keys, locked. A page that was replaced while we waited is looked up anew."""
        on = select(SubjectKey.page_key_id).where(SubjectKey.subject_id == subject_id, SubjectKey.use == use)
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
        page.id, page.epoch, key = new_id(), self.provider.current_epoch(), Key.new()
        page.wrapped = self.provider.wrap(page.epoch, key, self._binding(page))
        session.add(page)
        session.flush()
        self._remember(page, key)
        return page

    def _binding(self, page: PageKey) -> bytes:
        return bind_page(self._organisation, page.id, page.epoch, page.generation)
