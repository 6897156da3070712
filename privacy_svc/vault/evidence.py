"""The end of an erased person's evidence key: on a date of its own, as final as the erasure itself.

Each is a line of the ledger, so that a restored backup neither forgets the date nor brings the key back. The page key
is replaced and the root epoch rolls on as after an erasure: in time no backup has the key either.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.vault import ledger
from privacy_svc.vault.erasure import EVIDENCE, EXCEPT_KEY
from privacy_svc.vault.model import Fence, PageKey, Subject, SubjectKey
from privacy_svc.vault.pages import Pages

_ENDLESS = (Fence.readmitted_at.is_(None), Fence.evidence_ended_at.is_(None))
"""Of erased people whose evidence key lives."""


def keep(session: Session, subject_id: str, until: datetime) -> None:
    """The key of this erased person lives until then, or until the later date that was said before. Nothing for who
    is not erased any more."""
    fence = session.get(Fence, subject_id, populate_existing=True)
    if fence is None or fence.readmitted_at is not None:
        return
    if fence.evidence_until is None or fence.evidence_until < until:
        fence.evidence_until = until
        body = {"subject_id": subject_id, "until": until.isoformat()}
        at = max(now(), fence.at + timedelta(microseconds=1))  # lines are ordered by it, and the fence comes first
        ledger.note(session, ledger.Kind.EVIDENCE_KEPT, body, at=at)
        session.flush()


def undated(session: Session) -> Sequence[Fence]:
    """Erased when evidence keys had no end yet."""
    return session.scalars(select(Fence).where(*_ENDLESS, Fence.evidence_until.is_(None))).all()


def over(session: Session, at: datetime) -> list[tuple[str, datetime]]:
    """Erased people whose date has come, with it; the oldest date first."""
    found = select(Fence.subject_id, Fence.evidence_until).where(*_ENDLESS, Fence.evidence_until <= at)
    rows = session.execute(found.order_by(Fence.evidence_until, Fence.subject_id))
    return [(i, until) for i, until in rows if until is not None]


def lock(session: Session, subject_id: str) -> Fence | None:
    """Until the transaction ends nothing more is sealed by this key. None where it is no longer to be ended."""
    session.get(Subject, subject_id, with_for_update=EXCEPT_KEY, populate_existing=True)
    found = select(Fence).where(*_ENDLESS, Fence.subject_id == subject_id)
    return session.scalars(found.execution_options(populate_existing=True)).one_or_none()


def end(session: Session, pages: Pages, fence: Fence) -> None:
    """Destroy what there is of the key; its page is due for a new page key. The caller has the person's lock."""
    generations = select(SubjectKey.generation).where(
        SubjectKey.subject_id == fence.subject_id, SubjectKey.use == EVIDENCE
    )
    through = max(1, fence.evidence_through, *session.scalars(generations))
    destroy(session, pages, fence, through, now())
    body = {"subject_id": fence.subject_id, "through": through}
    ledger.note(session, ledger.Kind.EVIDENCE_ENDED, body, at=fence.evidence_ended_at)
    session.flush()


def destroy(session: Session, pages: Pages, fence: Fence, through: int, at: datetime) -> None:
    """Up to this generation; later ones are of a person who came back."""
    pages.hold(session, fence.subject_id, (EVIDENCE,))
    mine = (
        SubjectKey.subject_id == fence.subject_id,
        SubjectKey.use == EVIDENCE,
        SubjectKey.generation <= through,
        SubjectKey.wrapped.is_not(None),
    )
    due = select(SubjectKey.page_key_id).where(*mine)
    session.execute(update(PageKey).where(PageKey.id.in_(due)).values(replace_due=True))
    session.execute(update(SubjectKey).where(*mine).values(wrapped=None))
    fence.evidence_through, fence.evidence_ended_at = max(fence.evidence_through, through), at
    session.flush()


def ended(session: Session, subject_ids: Sequence[str]) -> set[str]:
    """Those of whom no key is left, rightly."""
    found = select(Fence.subject_id).where(Fence.subject_id.in_(subject_ids), Fence.evidence_ended_at.is_not(None))
    return set(session.scalars(found))
