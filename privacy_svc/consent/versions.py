"""One writer a person: whoever changes what stands holds the subject's row until the transaction ends."""

from sqlalchemy.orm import Session

from privacy_svc.errors import Erased, NotFound
from privacy_svc.vault import Subject


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
