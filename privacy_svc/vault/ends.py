"""The vault's part about ends: of a person's data key, and later of their evidence key."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.db import Database
from privacy_svc.vault import epochs, erasure, evidence
from privacy_svc.vault.model import Fence
from privacy_svc.vault.people import People


class Ends(People):
    """Of erased people."""

    def erase(
        self,
        session: Session,
        subject_id: str,
        *,
        request_id: str | None = None,
        about: Mapping[str, Any] | None = None,
        later: bool = False,
    ) -> erasure.ErasedKeys:
        """Destroy the person's data key in this transaction; see `erasure.erase`. `about` goes into the ledger: what
        repeating the erasure after a restore needs to know, no personal data. `later`: the page key is left to
        `replace_due`."""
        done = erasure.erase(session, self.pages, self.organisation, subject_id, request_id, about or {}, later=later)
        self._forget_keys(session)
        return done

    def replace_due(self, session: Session, limit: int = 8) -> int:
        """Replace some of the page keys that an erasure could not, because the provider was away. Returns how many."""
        return erasure.replace_due(session, self.pages, self.organisation, limit)

    def replace_all_due(self, database: Database) -> None:
        """The same until nothing is left that can be."""
        while True:
            with database.write() as session:
                if not self.replace_due(session):
                    return

    def backups_by(self, session: Session, subject_id: str) -> datetime | None:
        """When this erased person is out of reach of every backup; None while the page key is still to be replaced."""
        replaced = session.scalar(select(Fence.page_replaced_at).where(Fence.subject_id == subject_id))
        if replaced is None:
            return None
        return epochs.backups_by(session, self.schedule, self.provider.destruction_delay, replaced)

    @staticmethod
    def keep_evidence(session: Session, subject_id: str, until: datetime) -> None:
        """When it is to end: then, or on the later date that was said before."""
        evidence.keep(session, subject_id, until)

    @staticmethod
    def evidence_until(session: Session, subject_id: str) -> datetime | None:
        """None where the person is not erased."""
        return session.scalar(select(Fence.evidence_until).where(Fence.subject_id == subject_id))

    @staticmethod
    def undated_evidence(session: Session) -> list[Fence]:
        """Erased people whose evidence key has no end yet: their erasure is from before there was one."""
        return list(evidence.undated(session))

    @staticmethod
    def evidence_over(session: Session, at: datetime) -> list[tuple[str, datetime]]:
        """Erased people whose evidence key should have ended by then, with the date; the oldest first."""
        return evidence.over(session, at)

    @staticmethod
    def hold_evidence(session: Session, subject_id: str) -> Fence | None:
        """The person's fence, whose evidence key nobody uses until the transaction ends; None where it has ended, or
        the person came back."""
        return evidence.lock(session, subject_id)

    def end_evidence(self, session: Session, fence: Fence) -> None:
        """Destroy the key, held by `hold_evidence`; `replace_due` then replaces its page key."""
        evidence.end(session, self.pages, fence)
        self._forget_keys(session)

    @staticmethod
    def keyless(session: Session, subject_ids: Iterable[str]) -> set[str]:
        """Those of them who have no key left at all, rightly."""
        return evidence.ended(session, list(subject_ids))
