"""Erasing a person's data key, so that it is gone in every process at once and from every new backup.

The fence and the empty key row take effect with the commit. The page key that wrapped it is
replaced and the survivors rewrapped: the old wrapped key in a backup opens only with the old page
key, which opens only with its root epoch, which is destroyed after the backup window.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import KeyUnavailable, NotFound
from privacy_svc.vault.keys import bind_subject
from privacy_svc.vault.model import Fence, PageKey, Subject, SubjectKey
from privacy_svc.vault.pages import Pages

DATA = "data"


@dataclass(frozen=True, slots=True)
class ErasedKeys:
    """`online_at`: when nothing could open the person's values any more. `generation`: the highest destroyed.
    `page_replaced` is False while the provider is away; `Vault.replace_due` makes up for it."""

    online_at: datetime
    generation: int
    page_replaced: bool


def erase(session: Session, pages: Pages, organisation: str, subject_id: str, request_id: str | None) -> ErasedKeys:
    """Fence, destroy the data key, replace its page key. Idempotent. The evidence key stays."""
    subject = session.get(Subject, subject_id, with_for_update=True, populate_existing=True)
    if subject is None:
        raise NotFound("There is no such subject.")
    rows = _data_keys(session, subject_id)
    fence = session.get(Fence, subject_id)
    if fence is None:
        generation = max((r.generation for r in rows), default=0)
        fence = Fence(subject_id=subject_id, erased_through=generation, request_id=request_id, at=now())
        session.add(fence)
    if subject.erased_at is None:
        subject.erased_at = fence.at
        subject.state_version += 1
    replaced = True
    for page_id in {r.page_key_id for r in rows if r.wrapped is not None}:
        for row in rows:
            row.wrapped = None
        session.flush()
        page = session.get_one(PageKey, page_id, with_for_update=True)
        replaced = _replace_or_mark(session, pages, organisation, page) and replaced
    session.flush()
    return ErasedKeys(fence.at, fence.erased_through, replaced)


def _data_keys(session: Session, subject_id: str) -> list[SubjectKey]:
    statement = select(SubjectKey).where(SubjectKey.subject_id == subject_id, SubjectKey.use == DATA)
    return list(session.scalars(statement.with_for_update()))


def _replace_or_mark(session: Session, pages: Pages, organisation: str, page: PageKey) -> bool:
    try:
        with session.begin_nested():
            replace_page(session, pages, organisation, page)
    except KeyUnavailable:
        page.replace_due = True
        return False
    return True


def replace_page(session: Session, pages: Pages, organisation: str, old: PageKey) -> None:
    """A new page key; every key still alive on the page is rewrapped under it. Raises KeyUnavailable."""
    from_key = pages.key(old)
    new = pages.successor(session, old)
    to_key = pages.key(new)
    for row in session.scalars(select(SubjectKey).where(SubjectKey.page_key_id == old.id).with_for_update()):
        if row.wrapped is not None:
            binding = bind_subject(organisation, row.subject_id, row.use, row.generation)
            row.wrapped = to_key.wrap(from_key.unwrap(row.wrapped, binding), binding)
        row.page_key_id = new.id
    session.flush()
    session.execute(delete(PageKey).where(PageKey.id == old.id))
    session.expunge(old)
    pages.forget(old)
