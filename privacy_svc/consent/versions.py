"""One writer a person: whoever changes what stands holds the subject's row until the transaction ends."""

from collections.abc import Iterable, Mapping
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from privacy_svc.errors import Erased, NotFound
from privacy_svc.vault import Subject

CHUNK = 500
_SUBJECTS = cast("Table", Subject.__table__)
_RAISE = update(_SUBJECTS).where(_SUBJECTS.c.id == bindparam("held")).values(state_version=bindparam("version"))
_HELD = (
    select(Subject)
    .where(Subject.id == bindparam("id"))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
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
    raise_versions(session, {subject.id: version})
    set_committed_value(subject, "state_version", version)
    return version


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
    session.connection().execute(_RAISE, [{"held": i, "version": v} for i, v in versions.items()])
