"""The end of a package: it is there to be fetched, and goes with its last link's time (Art. 5(1)(e) GDPR).

What was given out stays provable: its size and SHA-256 are in the log. A link that was revoked or used up keeps the
package until its time is over, so that staff can make another one.
"""

from datetime import datetime, timedelta

from sqlalchemy import Select, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from privacy_svc.db import Database, now
from privacy_svc.rights.outside_model import RequestWork
from privacy_svc.rights.owed_model import PACKAGE, OwedLetter
from privacy_svc.rights.packages_model import PackageLink, RequestPackage
from privacy_svc.rights.parts import WORKER, Event, Parts, find

BATCH = 100
WITHOUT_LINK = timedelta(days=30)
DELETED = "The package was deleted when the time of its link was over: open a new request for what is held now."


def delete_ended(database: Database, parts: Parts) -> int:
    """All that are over, a transaction each; how many. Can be stopped and run again."""
    count = 0
    while True:
        with database.read() as session:
            ended = session.scalars(_ended(now()).limit(BATCH)).all()
        for request_id in ended:
            with database.write() as session:
                count += _delete(session, parts, request_id)
        if len(ended) < BATCH:
            return count


def was_deleted(session: Session, request_id: str) -> bool:
    """There was one, and a link to it."""
    return session.scalar(select(exists().where(PackageLink.request_id == request_id))) or False


def _delete(session: Session, parts: Parts, request_id: str) -> int:
    """Not where another worker did it, or a new link was made meanwhile."""
    request = find(session, request_id, lock=True)
    if session.scalar(_ended(now()).where(RequestPackage.request_id == request_id)) is None:
        return 0
    session.execute(delete(RequestPackage).where(RequestPackage.request_id == request_id))
    session.execute(update(RequestWork).where(RequestWork.request_id == request_id).values(gathered=None))
    parts.note(session, request, Event.PACKAGE_DELETED, WORKER)
    return 1


def _ended(at: datetime) -> Select[str]:
    """Their requests; not of which the person was not told yet."""
    mine = PackageLink.request_id == RequestPackage.request_id
    untold = (
        OwedLetter.request_id == RequestPackage.request_id,
        OwedLetter.kind == PACKAGE,
        OwedLetter.told_at.is_(None),
    )
    # Between a package and its link lies a step of its run: what has none after that time gets none any more.
    linked = or_(exists().where(mine), RequestPackage.created_at <= at - WITHOUT_LINK)
    over = (linked, ~exists().where(mine, PackageLink.expires_at > at), ~exists().where(*untold))
    return select(RequestPackage.request_id).where(*over).order_by(RequestPackage.request_id)
