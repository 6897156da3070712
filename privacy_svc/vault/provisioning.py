"""Subjects come into being with their keys, and come back only explicitly."""

from collections.abc import Sequence

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from privacy_svc.db import insert_rows, now
from privacy_svc.errors import Conflict, NotFound
from privacy_svc.vault import ledger
from privacy_svc.vault.erasure import DATA, EVIDENCE
from privacy_svc.vault.keys import Key, bind_subject
from privacy_svc.vault.model import Fence, PageKey, Subject, SubjectKey
from privacy_svc.vault.pages import CAPACITY, Pages


def create(session: Session, pages: Pages, organisation: str, kind: str, ids: Sequence[str]) -> None:
    """Subjects with a data key and an evidence key each, both on one page."""
    same = {"kind": kind, "state_version": 1, "created_at": now(), "of_age": 0}
    insert_rows(session, Subject, [{"id": i, **same} for i in ids])
    left = list(ids)
    while left:
        page = pages.with_room(session)
        here, left = left[: CAPACITY - page.subjects], left[CAPACITY - page.subjects :]
        page.subjects += len(here)
        page_key = pages.key(page)
        rows = [wrapped_key(page, page_key, organisation, i, use, 1) for i in here for use in (DATA, EVIDENCE)]
        insert_rows(session, SubjectKey, rows)


def wrapped_key(
    page: PageKey, page_key: Key, organisation: str, subject_id: str, use: str, generation: int, key: Key | None = None
) -> dict[str, object]:
    """A row of `subject_keys`; a new random key unless one is given."""
    key = key or Key.new()
    return {
        "subject_id": subject_id,
        "use": use,
        "generation": generation,
        "created_at": now(),
        "page_key_id": page.id,
        "wrapped": page_key.wrap(key, bind_subject(organisation, subject_id, use, generation)),
        "commitment": key.commitment(),
    }


def readmit(session: Session, pages: Pages, organisation: str, subject_id: str) -> Subject:
    """An erased person comes back: a new data key of a generation above every erased one. What was erased stays so.
    The evidence key is theirs again where it still lives, and ends by the date that the next erasure gives it.

    Raises NotFound, Conflict for somebody who is not erased.
    """
    subject = session.get(Subject, subject_id, with_for_update={"key_share": True}, populate_existing=True)
    fence = session.get(Fence, subject_id, populate_existing=True)
    if subject is None or fence is None:
        raise NotFound("There is no such erased person.")
    if subject.erased_at is None:
        raise Conflict("This person is not erased.")
    held = pages.hold(session, subject_id, (EVIDENCE,))
    page = held[0] if held else pages.with_room(session)
    page.subjects += not held  # in a restored database that is older than the person
    page_key = pages.key(page)
    rows = [wrapped_key(page, page_key, organisation, subject_id, DATA, fence.erased_through + 1)]
    if not _has_evidence_key(session, fence):
        rows.append(wrapped_key(page, page_key, organisation, subject_id, EVIDENCE, fence.evidence_through + 1))
    session.execute(insert(SubjectKey), rows)
    subject.erased_at, subject.state_version = None, subject.state_version + 1
    fence.readmitted_at = now()
    fence.evidence_until = fence.evidence_ended_at = None
    ledger.note(session, ledger.Kind.READMISSION, {"subject_id": subject_id}, at=fence.readmitted_at)
    session.flush()
    return subject


def _has_evidence_key(session: Session, fence: Fence) -> bool:
    living = select(SubjectKey.generation).where(
        SubjectKey.subject_id == fence.subject_id,
        SubjectKey.use == EVIDENCE,
        SubjectKey.generation > fence.evidence_through,
        SubjectKey.wrapped.is_not(None),
    )
    return session.scalar(living.limit(1)) is not None
