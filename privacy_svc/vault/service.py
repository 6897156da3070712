"""The vault: what other rooms do with subjects and keys, put together of its parts."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy_svc.vault import epochs, indexroots, status
from privacy_svc.vault.care import Care
from privacy_svc.vault.ends import Ends
from privacy_svc.vault.model import LedgerEntry, PageKey, Subject
from privacy_svc.vault.pages import current_epoch
from privacy_svc.vault.returning import Returning
from privacy_svc.vault.searchable import Searchable


class Vault(Ends, Care, Returning, Searchable):
    """Each part is a file; all stand on `People`."""

    def register(self, session: Session) -> None:
        """At the start: the provider's root epochs are those we know of. Raises KeyUnavailable when one is missing."""
        epochs.register(session, self.provider)

    @staticmethod
    def in_use(session: Session) -> bool:
        """Whether the database holds wrapped keys."""
        return indexroots.exists(session)

    def status(self, session: Session) -> status.KeyStatus:
        waiting = select(func.count()).select_from(LedgerEntry).where(LedgerEntry.number.is_(None))
        return status.status(session, self.provider, self.schedule, session.scalar(waiting) or 0)

    def check(self, session: Session) -> None:
        """The provider answers and opens the newest page. Raises KeyUnavailable, Restored; for the health page."""
        epoch = current_epoch(session)
        page = session.scalars(select(PageKey).where(PageKey.epoch == epoch).limit(1)).first()
        if page is not None:
            self.pages.probe(page)
        self.ledger.check(session)

    @staticmethod
    def erasures(session: Session) -> tuple[int, int]:
        """Entries of the ledger that are exported, and that wait for it. Who sees the same twice has missed no erasure
        and no return of anybody between; where an export fell in between it differs too. Both are one look at an
        index."""
        last = select(func.max(LedgerEntry.number)).scalar_subquery()
        waiting = select(func.count()).select_from(LedgerEntry).where(LedgerEntry.number.is_(None)).scalar_subquery()
        found = session.execute(select(func.coalesce(last, 0), waiting)).one()
        return found[0], found[1]

    @staticmethod
    def erased_at(session: Session, subject_id: str) -> datetime | None:
        return session.scalar(select(Subject.erased_at).where(Subject.id == subject_id))
