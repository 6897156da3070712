"""No caller may fill somebody's mailbox with codes, however many requests they open in their name.

It is counted by the person, when the code would be mailed, and that is after the answer: a caller whose codes are not
mailed any more is answered as for somebody we do not know. Staff verify such a person.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy_svc.rights.model import DataRequest, RequestEvent
from privacy_svc.rights.parts import Event

SOON = timedelta(minutes=15)
IN_SOON = 8
"""Codes mailed to one person meanwhile."""
A_DAY = 16


def may_mail(session: Session, subject_id: str | None, at: datetime) -> bool:
    """Whether one more code may go to this person; nobody else asks until this transaction has said what it sends."""
    if subject_id is None:
        return True
    _take_turns(session, subject_id)
    mailed = _mailed(session, subject_id, at - timedelta(days=1))
    return len(mailed) < A_DAY and sum(one > at - SOON for one in mailed) < IN_SOON


def _take_turns(session: Session, subject_id: str) -> None:
    """Two that count at once would both find room for the last code. An advisory lock: others lock the person's row
    too, and then wait for the request that we hold. SQLite lets only one transaction write at a time."""
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(f"codes/{subject_id}".encode()).digest()[:8], signed=True)
        session.execute(select(func.pg_advisory_xact_lock(number)))


def _mailed(session: Session, subject_id: str, since: datetime) -> Sequence[datetime]:
    """In two looks: in one, PostgreSQL reads everybody's timelines."""
    requests = session.scalars(select(DataRequest.id).where(DataRequest.subject_id == subject_id)).all()
    sent = (RequestEvent.type == Event.CODE_SENT.value, RequestEvent.at > since)
    return session.scalars(select(RequestEvent.at).where(RequestEvent.request_id.in_(requests), *sent)).all()
