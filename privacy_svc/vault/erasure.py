"""Erasing a person's data key, so that it is gone in every process at once and from every new backup.

The fence and the empty key row take effect with the commit. The page key that wrapped it is
replaced and the survivors rewrapped: the old wrapped key in a backup opens only with the old page
key, which opens only with its root epoch, which is destroyed after the backup window.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import KeyUnavailable, NotFound
from privacy_svc.vault import ledger
from privacy_svc.vault.errors import Tampered
from privacy_svc.vault.keys import bind_subject, check_commitment
from privacy_svc.vault.model import Fence, PageKey, Subject, SubjectKey
from privacy_svc.vault.pages import Pages

DATA, TAG, EVIDENCE = "data", "tag", "evidence"
MORTAL = (DATA, TAG)
"""Uses of keys that die at erasure."""
EXCEPT_KEY = {"key_share": True}
"""PostgreSQL's FOR NO KEY UPDATE: one writer a person, while foreign keys to the person are still checked. A plain
FOR UPDATE deadlocks with a neighbour's erasure, which rewraps this person's keys."""


@dataclass(frozen=True, slots=True)
class ErasedKeys:
    """`online_at`: when nothing could open the person's values any more. `generation`: the highest destroyed.
    `page_replaced` is False while a page key could not be replaced; erasing again, or `Vault.replace_due`,
    makes up for it."""

    online_at: datetime
    generation: int
    page_replaced: bool


def erase(
    session: Session,
    pages: Pages,
    organisation: str,
    subject_id: str,
    request_id: str | None,
    about: Mapping[str, Any],
    *,
    later: bool = False,
) -> ErasedKeys:
    """Fence, destroy the data key, replace its page key or, `later`, leave that to `replace_due`, which does it once
    for all who were erased on the page. Idempotent. The evidence key stays, until its own end (`evidence`)."""
    subject = session.get(Subject, subject_id, with_for_update=EXCEPT_KEY, populate_existing=True)
    if subject is None:
        raise NotFound("There is no such subject.")
    held = pages.hold(session, subject_id, MORTAL)
    keys = _mortal_keys(session, subject_id)
    fence = _fence(session, subject_id, max((k.generation for k in keys), default=0), request_id, about)
    if subject.erased_at is None:
        subject.erased_at = fence.at
        subject.state_version += 1
    subject.of_age, subject.birth, subject.country, subject.ended_on = 0, None, None, None
    touched = {k.page_key_id for k in keys if k.wrapped is not None}
    for key in keys:
        key.wrapped = None
    session.flush()
    due = [page for page in held if page.id in touched or page.replace_due]
    replaced = [_mark(page) if later else _replace_or_mark(session, pages, organisation, page) for page in due]
    if all(replaced) and fence.page_replaced_at is None:
        fence.page_replaced_at = now()
    session.flush()
    return ErasedKeys(fence.at, fence.erased_through, all(replaced))


def _mortal_keys(session: Session, subject_id: str) -> list[SubjectKey]:
    statement = select(SubjectKey).where(SubjectKey.subject_id == subject_id, SubjectKey.use.in_(MORTAL))
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def _fence(session: Session, subject_id: str, through: int, request_id: str | None, about: Mapping[str, Any]) -> Fence:
    """The person's fence, written down for the ledger; raised where keys were made after it."""
    fence = session.get(Fence, subject_id, populate_existing=True)
    if fence is not None and fence.erased_through >= through:
        return fence
    if fence is None:
        fence = Fence(subject_id=subject_id)
        session.add(fence)
    fence.erased_through, fence.request_id, fence.at = through, request_id, now()
    fence.readmitted_at = fence.page_replaced_at = fence.evidence_until = fence.evidence_ended_at = None
    body = {"subject_id": subject_id, "erased_through": through, "request_id": request_id, **about}
    ledger.note(session, ledger.Kind.FENCE, body, at=fence.at)
    return fence


def _mark(page: PageKey) -> bool:
    page.replace_due = True
    return False


def _replace_or_mark(session: Session, pages: Pages, organisation: str, page: PageKey) -> bool:
    """Nobody's erasure waits for the key provider, or for a neighbour's broken key: the page is marked instead."""
    try:
        with session.begin_nested():
            replace_page(session, pages, organisation, page)
    except (KeyUnavailable, Tampered):
        return _mark(page)
    return True


def replace_due(session: Session, pages: Pages, organisation: str, limit: int) -> int:
    """Make up for page keys that could not be replaced at once. Returns how many were; the others stay marked."""
    statement = select(PageKey).where(PageKey.replace_due).order_by(PageKey.id).limit(limit)
    statement = statement.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return sum(_replace_or_mark(session, pages, organisation, page) for page in session.scalars(statement).all())


def replace_page(session: Session, pages: Pages, organisation: str, old: PageKey) -> None:
    """A new page key; every key still alive on the page, which the caller holds, is rewrapped under it.

    Raises KeyUnavailable, Tampered.
    """
    key = SubjectKey
    living = select(key.subject_id, key.use, key.generation, key.wrapped, key.commitment)
    found = session.execute(living.where(key.page_key_id == old.id, key.wrapped.is_not(None))).all()
    from_key = pages.key(old) if found else None  # nobody needs the key of an empty page, which may be gone
    new = pages.successor(session, old)
    to_key = pages.key(new)
    moved: list[dict[str, object]] = []
    for subject_id, use, generation, wrapped, commitment in found:
        assert wrapped is not None
        assert from_key is not None
        binding = bind_subject(organisation, subject_id, use, generation)
        which = {"subject_id": subject_id, "use": use, "generation": generation}
        rewrapped = to_key.wrap(check_commitment(from_key.unwrap(wrapped, binding), commitment), binding)
        moved.append({**which, "wrapped": rewrapped, "page_key_id": new.id})
    if moved:
        session.execute(update(key), moved)
    session.execute(update(key).where(key.page_key_id == old.id).values(page_key_id=new.id))  # destroyed ones
    _note_replaced(session, new)
    session.execute(delete(PageKey).where(PageKey.id == old.id))
    session.expunge(old)
    pages.forget(old.id)


def _note_replaced(session: Session, new: PageKey) -> None:
    fenced = select(SubjectKey.subject_id).where(SubjectKey.page_key_id == new.id)
    waiting = update(Fence).where(Fence.page_replaced_at.is_(None), Fence.subject_id.in_(fenced))
    session.execute(waiting.values(page_replaced_at=now()))
