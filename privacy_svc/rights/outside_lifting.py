"""The end of a restriction at other systems: whoever was asked to restrict is asked to end it.

The parts of the requests that placed it are opened once more, to lift. Nobody waits for them and no approval comes
after them: whatever goes wrong is tried again, then a person says by what it is shown to be done.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from privacy_svc.consent import restricted_since
from privacy_svc.db import now
from privacy_svc.rights import details, outside
from privacy_svc.rights.backoff import LEASE
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.outside_model import ABOUT, DONE, OPEN, RequestWork
from privacy_svc.rights.parts import WORKER, Parts
from privacy_svc.store import FoundRow


def begin(session: Session, parts: Parts, subject_id: str, rows: Sequence[FoundRow]) -> None:
    """With the lifting here. What is under way to restrict, a call or a retry, is waited for."""
    restricting = outside.restrictions_of(subject_id).where(RequestWork.lifts.is_(False))
    for work in session.scalars(restricting.with_for_update(of=RequestWork)):
        request = session.get_one(DataRequest, work.request_id)
        connector = parts.policy.connectors.get(work.place)
        known = outside.about(session, parts, request, work)
        known += outside.identities(rows, connector) if connector else []
        cipher = details.cipher_of(session, parts.vault, request)
        work.about = cipher.seal(ABOUT, f"{request.id}/{work.place}", list(dict.fromkeys(known)))
        calling = work.state == OPEN and work.tries > 0
        work.lifts, work.state, work.next_at = True, OPEN, now() + LEASE if calling else now()
        work.tries, work.rows = 0, 0
        work.problem = work.mailed_at = work.done_at = work.done_by = work.said = None


def is_void(session: Session, work: RequestWork) -> bool:
    """The person is restricted again: there is nothing to lift any more."""
    if not work.lifts:
        return False
    subject_id = session.get_one(DataRequest, work.request_id).subject_id
    if subject_id is None or restricted_since(session, subject_id) is None:
        return False
    work.state, work.next_at, work.done_at, work.done_by = DONE, None, now(), WORKER
    return True
