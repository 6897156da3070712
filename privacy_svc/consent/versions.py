"""One writer a person: whoever changes what stands holds the subject's row until the transaction ends."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from privacy_svc.db import among
from privacy_svc.errors import Erased, NotFound
from privacy_svc.vault import Fence, Subject

_SUBJECTS = cast("Table", Subject.__table__)
_HELD = (
    select(Subject)
    .where(Subject.id == bindparam("id"))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
_HELD_MANY = (
    select(Subject.id, Subject.state_version)
    .where(among(Subject.id, "ids"), Subject.erased_at.is_(None))
    .order_by(Subject.id)
    .with_for_update(key_share=True)
)
_READMITTED = select(Fence.subject_id, Fence.readmitted_at).where(among(Fence.subject_id, "ids"))
_RAISED = (
    update(_SUBJECTS).where(among(Subject.id, "ids")).values(state_version=Subject.state_version + bindparam("steps"))
)


def hold(session: Session, subject_id: str) -> Subject:
    """The subject, locked. Raises NotFound, Erased."""
    subject = session.scalar(_HELD, {"id": subject_id})
    if subject is None:
        raise NotFound("There is no such subject.")
    if subject.erased_at is not None:
        raise Erased("This person's data were erased.")
    return subject


def raise_version(session: Session, subject: Subject) -> int:
    """The next state version of a subject that is held: two writers never get the same."""
    version = subject.state_version + 1
    session.flush()
    raise_versions(session, {subject.id: 1})
    set_committed_value(subject, "state_version", version)
    return version


def hold_many(session: Session, subject_ids: Iterable[str]) -> dict[str, int]:
    """The state versions of those who are not erased, locked in the order of their ids."""
    session.flush()
    return dict(session.connection().execute(_HELD_MANY, {"ids": sorted(subject_ids)}).all())


def readmissions(session: Session, subject_ids: Iterable[str]) -> dict[str, datetime]:
    """Of these people, held by `hold_many`, those who were erased and came back, and when: nothing that they agreed to
    before that counts, whoever brings it later."""
    found = session.connection().execute(_READMITTED, {"ids": list(subject_ids)})
    return {subject_id: at for subject_id, at in found if at is not None}


def raise_versions(session: Session, by: Mapping[str, int]) -> None:
    """By so many, of subjects that are held. One statement for all who are raised by the same."""
    alike: dict[int, list[str]] = {}
    for subject_id, steps in by.items():
        alike.setdefault(steps, []).append(subject_id)
    for steps, ids in alike.items():
        session.connection().execute(_RAISED, {"ids": ids, "steps": steps})
