"""Looks what time has brought and sends the letters about it; the boundary of `alerts`, called by every worker."""

import hashlib
from collections.abc import Sequence

import structlog
from sqlalchemy.orm import Session

from privacy_svc.db import Database, now
from privacy_svc.mail import Letter, MailUnavailable
from privacy_svc.rights import alerts, asking
from privacy_svc.rights.address import reach
from privacy_svc.rights.letters import to_the_dpo
from privacy_svc.rights.model import DataRequest, RequestAlert
from privacy_svc.rights.parts import WORKER, Event, Parts, find

_log = structlog.get_logger(__name__)


def keep_time(database: Database, parts: Parts) -> int:
    """How many things were noted. Harmless to call at any time, by any number of processes."""
    noted = 0
    for look in (alerts.note_unanswered, alerts.note_due, alerts.note_letters):
        while True:
            with database.write() as session:
                more = look(session, parts, now())
            noted += more
            if more < alerts.AT_ONCE:
                break
    _tell_the_dpo(database, parts)
    _remind_people(database, parts)
    return noted


def _tell_the_dpo(database: Database, parts: Parts) -> None:
    """One letter for all of it, in clear: it names requests, and nobody."""
    address = parts.organisation.dpo.email
    if not address:
        return
    with database.write() as session:
        found = alerts.take(session, (alerts.DUE, alerts.UNANSWERED, alerts.LETTER), now())
        lines = [alerts.line(session, parts, alert, request) for alert, request in found]
    if not found:
        return
    told = [alert for alert, _ in found]
    letter = to_the_dpo(lines, parts.settings.base_url, _token(told))
    try:
        parts.mailer.send(address, letter)
    except MailUnavailable:
        _log.warning("requests.dpo_not_told", alerts=len(told))
        return
    with database.write() as session:
        alerts.mailed(session, told, now())


def _remind_people(database: Database, parts: Parts) -> None:
    with database.write() as session:
        found = [(alert, r.id) for alert, r in alerts.take(session, (alerts.REMINDER,), now())]
    for alert, request_id in found:
        with database.write() as session:
            request = find(session, request_id, lock=True)
            written = _reminder(session, parts, request, alert)
        if written is not None and not _remind(database, parts, request_id, *written):
            continue
        with database.write() as session:
            alerts.mailed(session, [alert], now())


def _reminder(
    session: Session, parts: Parts, request: DataRequest, alert: RequestAlert
) -> tuple[str | None, Letter] | None:
    """None where the question was settled meanwhile."""
    if request.asked_at != alert.since:
        return None
    address = reach(session, parts, request)
    return address, asking.letter_of(parts, request, asking.asked(session, parts, request), again=True)


def _remind(database: Database, parts: Parts, request_id: str, address: str | None, letter: Letter) -> bool:
    """Whether it is settled: sent, or known that it cannot be. A mail server that is away is asked again."""
    event = Event.LETTER_FAILED
    if address is not None:
        try:
            parts.mailer.send(address, letter)
        except MailUnavailable:
            _log.warning("requests.person_not_reminded", request=request_id)
            return False
        event = Event.LETTER_SENT
    with database.write() as session:
        parts.note(session, find(session, request_id), event, WORKER, letter=letter.subject)
    return True


def _token(told: Sequence[RequestAlert]) -> str:
    named = "\n".join(f"{a.request_id} {a.kind} {a.days} {a.since.isoformat()}" for a in told)
    return hashlib.sha256(named.encode()).hexdigest()[:32]
