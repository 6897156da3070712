"""Generations of people's data keys: a new one is made, everything is sealed anew, the old one is destroyed.

From the commit that makes a generation, whatever is written is sealed by it. What the older ones sealed is sealed
anew by its owners: the rooms that keep values of ours (`Holder`), the store room in the customer stores. An older
generation is destroyed only when it is older than any transaction that may still use it (`settle`), a whole pass
over the customer stores met none of its values, and no holder keeps one, seen in the transaction that destroys it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session, aliased

from privacy_svc.vault import opening
from privacy_svc.vault.cipher import SubjectCipher
from privacy_svc.vault.erasure import DATA, TAG
from privacy_svc.vault.model import PageKey, Subject, SubjectKey
from privacy_svc.vault.pages import Pages
from privacy_svc.vault.provisioning import wrapped_key

ORGANISATION = "organisation"
"""The organisation's own keys, kept like a person's, open what is about nobody in particular. They are not rotated."""
SETTLE = timedelta(minutes=15)
"""Longer than any request or batch lasts."""

_Newer = aliased(SubjectKey)
_OLDER = (
    SubjectKey.use == DATA,
    SubjectKey.wrapped.is_not(None),
    select(_Newer.subject_id)
    .where(
        _Newer.subject_id == SubjectKey.subject_id,
        _Newer.use == DATA,
        _Newer.generation > SubjectKey.generation,
        _Newer.wrapped.is_not(None),
    )
    .exists(),
)
"""Living data keys of people who have a newer one."""


class Holder(Protocol):
    """A room that keeps values sealed by people's data keys."""

    def __call__(self, session: Session, cipher: SubjectCipher) -> None:
        """Seal anew whatever an older generation of this person sealed, in the caller's transaction."""


def older_than(session: Session, at: datetime, limit: int) -> list[str]:
    """People whose one living data key was made before this instant; who has two is still being rotated."""
    made = (func.max(SubjectKey.created_at) < at, func.count() == 1)
    living = select(SubjectKey.subject_id).join(Subject, Subject.id == SubjectKey.subject_id)
    living = living.where(SubjectKey.use == DATA, SubjectKey.wrapped.is_not(None), Subject.kind != ORGANISATION)
    return list(session.scalars(living.group_by(SubjectKey.subject_id).having(*made).limit(limit)))


def next_generation(session: Session, pages: Pages, organisation: str, subject_ids: Sequence[str]) -> int:
    """One generation more for each who is not erased; how many. What their log tags are keyed with is kept."""
    people = select(Subject.id).where(Subject.id.in_(subject_ids), Subject.erased_at.is_(None)).order_by(Subject.id)
    made = 0
    for subject_id in session.scalars(people.with_for_update(key_share=True)).all():
        page = pages.hold(session, subject_id, (DATA,))[0]
        cipher = opening.ciphers(session, pages, organisation, [subject_id], DATA).get(subject_id)
        if cipher is None:
            continue
        page_key = pages.key(page)
        rows = [wrapped_key(page, page_key, organisation, subject_id, DATA, cipher.newest + 1)]
        if not _has_tag(session, subject_id):
            tag = wrapped_key(page, page_key, organisation, subject_id, TAG, cipher.newest, cipher.tag_key())
            rows.append(tag)
        session.execute(insert(SubjectKey), rows)
        made += 1
    return made


def _has_tag(session: Session, subject_id: str) -> bool:
    living = select(SubjectKey.generation).where(SubjectKey.subject_id == subject_id, SubjectKey.use == TAG)
    return session.scalar(living.where(SubjectKey.wrapped.is_not(None)).limit(1)) is not None


def with_older(session: Session, limit: int, after: str = "") -> list[str]:
    """People, by id, who have a living data key older than their newest."""
    older = select(SubjectKey.subject_id).where(*_OLDER, SubjectKey.subject_id > after)
    return list(session.scalars(older.distinct().order_by(SubjectKey.subject_id).limit(limit)))


def settled(session: Session, subject_ids: Iterable[str], before: datetime) -> list[str]:
    """Those whose newest generation was made before this instant."""
    newest = func.max(SubjectKey.created_at)
    living = select(SubjectKey.subject_id).where(SubjectKey.use == DATA, SubjectKey.subject_id.in_(list(subject_ids)))
    return list(session.scalars(living.group_by(SubjectKey.subject_id).having(newest < before)))


def retire_older(session: Session, pages: Pages, subject_ids: Sequence[str]) -> int:
    """Destroy the older generations of these people; how many. The caller has seen that nothing needs them.

    Their pages are due for a new page key: until then a backup could still bring the old keys back.
    """
    people = select(Subject.id).where(Subject.id.in_(subject_ids)).order_by(Subject.id)
    held = list(session.scalars(people.with_for_update(key_share=True)))
    pages.hold_all(session, held, (DATA,))
    older = select(SubjectKey.subject_id, SubjectKey.generation, SubjectKey.page_key_id)
    found = session.execute(older.where(*_OLDER, SubjectKey.subject_id.in_(held))).all()
    for subject_id, generation, _ in found:
        which = (SubjectKey.subject_id == subject_id, SubjectKey.use == DATA, SubjectKey.generation == generation)
        session.execute(update(SubjectKey).where(*which).values(wrapped=None))
    due = {page for _, _, page in found}
    session.execute(update(PageKey).where(PageKey.id.in_(due)).values(replace_due=True))
    return len(found)
