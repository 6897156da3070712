"""Restriction (Art. 18 GDPR) and objection (Art. 21): from the step's commit the gateway decides accordingly."""

from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.consent import Cause, ListKeeper, object_to, restrict
from privacy_svc.db import now
from privacy_svc.policy import DIRECT_MARKETING
from privacy_svc.rights import certificate, closing, details, lifting, recipients
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import WORKER, Parts
from privacy_svc.rights.steps import Step, progress, tell_progress
from privacy_svc.store import walk


def _restrict(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    assert request.subject_id is not None
    restrict(session, parts.log, request.subject_id, actor=WORKER, reason=f"request {request.id}")
    lifting.void(session, request.subject_id)
    tell_progress(request, since=now().isoformat())
    recipients.gather(
        session, parts, request, walk(session, parts.stores, parts.vault, parts.policy, request.subject_id)
    )


def _finish_restriction(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    entry = closing.complete(session, parts, request)
    facts = closing.facts(parts, request, entry)
    closing.certify(session, parts, request, certificate.restriction(facts, progress(request)["since"]))


def _object(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    assert request.subject_id is not None
    given = details.read(session, parts.vault, request).get("given", {})
    purpose = given.get("purpose", DIRECT_MARKETING)
    object_to(session, parts.log, request.subject_id, purpose, actor=WORKER, reason=f"request {request.id}")
    keeper = ListKeeper(parts.vault, parts.log, parts.directory)
    keeper.suppress(session, request.subject_id, purpose, Cause.OBJECTION, WORKER)


def _finish_objection(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    closing.complete(session, parts, request)


RESTRICTION = (Step("restrict", _restrict), closing.TELL, Step("finish", _finish_restriction, joins=True))
OBJECTION = (Step("object", _object), closing.TELL, Step("finish", _finish_objection, joins=True))
