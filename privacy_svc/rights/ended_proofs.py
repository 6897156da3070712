"""The end of what was said about a request and nobody needs any more (Art. 5(1)(e) GDPR).

Files that prove something, such as who somebody is, go some days after the decision: the timeline keeps who added them
and who saw them when. What was said by somebody of whom we hold nothing has no evidence key that could end: it goes
when the organisation's `evidence_kept` after the request's end is over.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

from sqlalchemy import Select, delete, exists, select
from sqlalchemy.orm import Session

from privacy_svc.db import Database, now
from privacy_svc.policy import surely_before
from privacy_svc.rights.model import DataRequest, RequestFile
from privacy_svc.rights.owed_model import OwedLetter
from privacy_svc.rights.parts import WORKER, Event, Parts, find

FILES_KEPT = timedelta(days=30)
"""After the decision, for who contests it."""
BATCH = 100


def end_all(database: Database, parts: Parts) -> int:
    """A transaction for each request; of how many. Can be stopped and run again, by any number of workers."""
    files = _with_files().where(DataRequest.closed_at <= now() - FILES_KEPT)
    unknown = _of_nobody().where(DataRequest.closed_at <= surely_before(now(), parts.organisation.evidence_kept))
    return sum(_each(database, parts, files, _delete_files)) + sum(_each(database, parts, unknown, _forget))


def _with_files() -> Select[str]:
    return select(DataRequest.id).where(exists().where(RequestFile.request_id == DataRequest.id))


def _of_nobody() -> Select[str]:
    return select(DataRequest.id).where(DataRequest.subject_id.is_(None), DataRequest.details.is_not(None))


def _each(
    database: Database, parts: Parts, due: Select[str], end: Callable[[Session, Parts, DataRequest], None]
) -> Iterator[int]:
    """Not where another worker did it meanwhile."""
    found = ["begin"]
    while found:
        with database.read() as session:
            found = list(session.scalars(due.order_by(DataRequest.id).limit(BATCH)))
        for request_id in found:
            with database.write() as session:
                request = find(session, request_id, lock=True)
                if session.scalar(due.where(DataRequest.id == request_id)) is not None:
                    end(session, parts, request)
                    yield 1


def _delete_files(session: Session, parts: Parts, request: DataRequest) -> None:
    theirs = RequestFile.request_id == request.id
    count = len(session.scalars(select(RequestFile.id).where(theirs)).all())
    session.execute(delete(RequestFile).where(theirs))
    parts.note(session, request, Event.FILES_DELETED, WORKER, files=count)


def _forget(session: Session, parts: Parts, request: DataRequest) -> None:
    request.details = None
    session.execute(delete(OwedLetter).where(OwedLetter.request_id == request.id))
    parts.note(session, request, Event.DETAILS_ENDED, WORKER)
