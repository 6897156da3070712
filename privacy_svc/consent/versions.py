"""One writer a person: whoever changes what stands holds the subject's row until the transaction ends."""

from collections.abc import Iterable, Mapping
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from privacy_svc.errors import Erased, NotFound
from privacy_svc.vault import Subject

CHUNK = 500
_SUBJECTS = cast("Table", Subject.__table__)


def hold(session: Session, subject_id: str) -> Subject:
    """The subject, locked. Raises NotFound, Erased."""
    subject = session.get(Subject, subject_id, with_for_update={"key_share": True}, populate_existing=True)
    if subject is None:
        raise NotFound("There is no such subject.")
    if subject.erased_at is not None:
        raise Erased("This person's data were erased.")
    return subject


def raise_version(session: Session, subject: Subject) -> int:
    """The next state version of a subject that is held: two writers never get the same."""
    subject.state_version += 1
    session.flush()
    return subject.state_version


def hold_many(session: Session, subject_ids: Iterable[str]) -> dict[str, int]:
    """The state versions of those who are not erased, locked in the order of their ids."""
    ids, found = sorted(subject_ids), dict[str, int]()
    for start in range(0, len(ids), CHUNK):
        columns = select(Subject.id, Subject.state_version).where(Subject.id.in_(ids[start : start + CHUNK]))
        living = columns.where(Subject.erased_at.is_(None)).order_by(Subject.id)
        found.update(session.execute(living.with_for_update(key_share=True)).all())
    return found


def raise_versions(session: Session, versions: Mapping[str, int]) -> None:
    """To these, of subjects that are held."""
    raised = update(_SUBJECTS).where(_SUBJECTS.c.id == bindparam("held")).values(state_version=bindparam("version"))
    session.connection().execute(raised, [{"held": i, "version": v} for i, v in versions.items()])
