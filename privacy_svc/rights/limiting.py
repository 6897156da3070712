"""Restriction (Art. 18 GDPR) and objection (Art. 21): from the first step's commit the gateway decides accordingly.

That step needs no customer store; what does is a step of its own, which waits for a store that is away.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.consent import Cause, enlist_theirs, object_to, restrict
from privacy_svc.db import now
from privacy_svc.http import Contact
from privacy_svc.policy import DIRECT_MARKETING, PROFILING
from privacy_svc.rights import certificate, closing, details, lifting, recipients
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import WORKER, Parts
from privacy_svc.rights.recipients_model import RecipientNotice
from privacy_svc.rights.steps import Step, progress, tell_progress
from privacy_svc.store import FoundRow, walk


def _restrict(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    assert request.subject_id is not None
    restrict(session, parts.log, request.subject_id, actor=WORKER, reason=f"request {request.id}")
    lifting.void(session, request.subject_id)
    tell_progress(request, since=now().isoformat())


def _held(session: Session, parts: Parts, request: DataRequest) -> list[FoundRow]:
    assert request.subject_id is not None
    return walk(session, parts.stores, parts.vault, parts.policy, request.subject_id)


def _note_recipients(session: Session, parts: Parts, request: DataRequest, rows: Sequence[FoundRow]) -> None:
    """An earlier version noted them together with the restriction."""
    noted = select(RecipientNotice.recipient).where(RecipientNotice.request_id == request.id)
    if session.scalar(noted.limit(1)) is None:
        recipients.gather(session, parts, request, rows)


def _finish_restriction(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    entry = closing.complete(session, parts, request)
    facts = closing.facts(parts, request, entry)
    closing.certify(session, parts, request, certificate.restriction(facts, progress(request)["since"]))


def _object(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    assert request.subject_id is not None
    purpose = _against(session, parts, request)
    object_to(session, parts.log, request.subject_id, purpose, actor=WORKER, reason=f"request {request.id}")


def _against(session: Session, parts: Parts, request: DataRequest) -> str:
    given = details.read(session, parts.vault, request).get("given", {})
    return str(given.get("purpose", DIRECT_MARKETING))


def _addresses(session: Session, parts: Parts, request: DataRequest) -> Sequence[Contact]:
    """To which nobody is to write any more; for profiling nobody is written to."""
    assert request.subject_id is not None
    if _against(session, parts, request) == PROFILING:
        return ()
    return parts.directory.contacts(session, [request.subject_id]).get(request.subject_id, ())


def _suppress(session: Session, parts: Parts, request: DataRequest, known: Sequence[Contact]) -> None:
    assert request.subject_id is not None
    if known:
        scope, cause = _against(session, parts, request), Cause.OBJECTION
        enlist_theirs(session, parts.vault, parts.log, request.subject_id, known, scope, cause, WORKER)


def _finish_objection(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    closing.complete(session, parts, request)


RESTRICTION = (
    Step("restrict", _restrict),
    Step("recipients", _note_recipients, _held),
    closing.TELL,
    Step("finish", _finish_restriction, joins=True),
)
OBJECTION = (
    Step("object", _object),
    Step("suppress", _suppress, _addresses),
    closing.TELL,
    Step("finish", _finish_objection, joins=True),
)
