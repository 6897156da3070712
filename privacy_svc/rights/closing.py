"""The end of a run: the certificate, the letter, the last entry; from it on recipients are told."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.http import encode
from privacy_svc.mail import Letter, MailUnavailable
from privacy_svc.rights import outside_ending, owed, recipients
from privacy_svc.rights.address import reach
from privacy_svc.rights.certificate import Facts
from privacy_svc.rights.letters import Letters
from privacy_svc.rights.model import DataRequest, RequestCertificate
from privacy_svc.rights.owed import NO_ADDRESS, Unsent
from privacy_svc.rights.owed_model import DONE
from privacy_svc.rights.parts import RETENTION, WORKER, Event, Parts
from privacy_svc.rights.states import State, follow
from privacy_svc.rights.steps import Step, progress

Told = Event | Unsent | None
"""How a letter went: the line of the timeline, the letter that is still owed, or none that is."""
OPENDSR = "opendsr"


def complete(session: Session, parts: Parts, request: DataRequest) -> str:
    """Closes the request; returns the id of the audit entry that says so."""
    request.state = follow(State(request.state), State.COMPLETED, "completed").value
    request.closed_at = now()
    outside_ending.let_go(session, request)
    recipients.begin_to_tell(session, request)
    return parts.note(session, request, Event.COMPLETED, WORKER, late=request.is_overdue)


def facts(parts: Parts, request: DataRequest, entry: str) -> Facts:
    return Facts(
        request_id=request.id,
        right=request.kind,
        received_at=request.received_at,
        completed_at=request.closed_at,
        organisation=parts.organisation,
        policy_version=parts.policy.version,
        log={"origin": parts.signer.name, "key": parts.signer.vkey, "entry": entry},
    )


def certify(session: Session, parts: Parts, request: DataRequest, document: Mapping[str, Any]) -> None:
    """A later issue takes the place of the earlier one, which still verifies in whoever's hands it is."""
    source = {"source": RETENTION, "rule": request.opened_by} if request.channel == RETENTION else {}
    elsewhere = {k: v for k, v in progress(request).items() if k == "elsewhere"}
    at = now()
    issued = {"issued_at": at.isoformat().replace("+00:00", "Z")}
    signed = encode(parts.signer.sign_json({**document, **source, **elsewhere, **issued})).decode()
    session.merge(RequestCertificate(request_id=request.id, created_at=at, document=signed))


def certificate_of(session: Session, request: DataRequest) -> str:
    return session.get_one(RequestCertificate, request.id).document


def send(
    parts: Parts, request: DataRequest, address: str | None, told: Iterable[str] = (), *, partly: bool = False
) -> Told:
    """The closing letter, with what else is `told`."""
    letters = Letters(parts.organisation, request.language)
    letter = letters.completed(request.kind, parts.settings.base_url, told, partly=partly)
    return deliver(parts, request, address, letter, DONE)


def deliver(parts: Parts, request: DataRequest, address: str | None, letter: Letter, kind: str) -> Told:
    """A mail server that is away does not undo what was done: the person is owed the letter. Who asked by OpenDSR is
    told by it, where there is no address."""
    if not address:
        return None if request.channel == OPENDSR else Unsent(kind, None, letter, NO_ADDRESS)
    try:
        parts.mailer.send(address, letter)
    except MailUnavailable as error:
        return Unsent(kind, address, letter, error.slug.replace("-", "_"))
    return Event.LETTER_SENT


def note_letter(session: Session, parts: Parts, request: DataRequest, told: Told) -> None:
    if isinstance(told, Unsent):
        owed.put_unsent(session, parts, request, told, WORKER)
    elif told is not None:
        parts.note(session, request, told, WORKER)


def _tell_by_file(session: Session, parts: Parts, request: DataRequest) -> Told:
    return send(parts, request, reach(session, parts, request))


TELL = Step("tell", note_letter, _tell_by_file)
"""To the address on file. At least once: a crash between the mail and its note sends it again."""


def count(places: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """(collection, field) of each value as a list of places with how many rows."""
    found: dict[tuple[str, str], int] = {}
    for place in places:
        found[place] = found.get(place, 0) + 1
    return [{"collection": c, "field": f, "rows": n} for (c, f), n in found.items()]
