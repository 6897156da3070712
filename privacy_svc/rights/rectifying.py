"""Rectification (Art. 16 GDPR): old and new values are kept sealed with the request, then corrected in the store."""

from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.rights import certificate, closing, details, recipients
from privacy_svc.rights.model import RECTIFIED, DataRequest, RequestValue
from privacy_svc.rights.parts import WORKER, Event, Parts
from privacy_svc.rights.steps import Step, progress, tell_progress
from privacy_svc.rights.tables import plain
from privacy_svc.store import FactReader, keep_person, rectify, walk
from privacy_svc.vault import Subject


def _remember(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    """Before anything is changed: a step that runs twice would not know the old values any more."""
    assert request.subject_id is not None
    changes, kind = _changes(session, parts, request), _kind(session, request)
    cipher = details.cipher_of(session, parts.vault, request)
    wanted = [(found, new) for name, new in changes.items() if (found := parts.policy.resolve_field(name, kind))]
    places: list[tuple[str, str]] = []
    rows = walk(session, parts.stores, parts.vault, parts.policy, request.subject_id)
    for row in rows:
        for (collection, field), new in wanted:
            if row.collection.path != collection.path or row.values[field.name] == new:
                continue
            place = f"{collection.path}/{row.key}.{field.name}"
            values = {"old": plain(row.values[field.name]), "new": new}
            sealed = cipher.seal(RECTIFIED, f"{request.id}/{place}", values)
            session.add(RequestValue(request_id=request.id, place=place, sealed=sealed))
            places.append((collection.path, field.name))
    tell_progress(request, rectified=closing.count(places))
    recipients.gather(session, parts, request, rows, {c for (_, field), _ in wanted for c in field.categories})


def _apply(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    assert request.subject_id is not None
    changes = _changes(session, parts, request)
    rectify(session, parts.stores, parts.vault, parts.policy, request.subject_id, changes, _kind(session, request))
    keep_person(session, FactReader(parts.stores, parts.vault, parts.policy), parts.log, request.subject_id, WORKER)
    for place in progress(request)["rectified"]:
        parts.note(session, request, Event.VALUE_RECTIFIED, WORKER, **place)


def _finish(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    entry = closing.complete(session, parts, request)
    document = certificate.rectification(closing.facts(parts, request, entry), progress(request)["rectified"])
    closing.certify(session, parts, request, document)


def _changes(session: Session, parts: Parts, request: DataRequest) -> dict[str, Any]:
    given = details.read(session, parts.vault, request)["given"]["changes"]
    assert isinstance(given, dict)
    return given


def _kind(session: Session, request: DataRequest) -> str:
    return session.get_one(Subject, request.subject_id).kind


STEPS = (Step("remember", _remember), Step("apply", _apply), closing.TELL, Step("finish", _finish))
