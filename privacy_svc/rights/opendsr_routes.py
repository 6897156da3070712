"""OpenDSR 2.0 over HTTP, below /opendsr/v2 (§3.4 wants the version there). Answers are signed, errors too."""

import base64
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody

from privacy_svc.db import now
from privacy_svc.errors import NotFound, PrivacyError
from privacy_svc.http import Caller, Role, allow, encode
from privacy_svc.rights import opendsr, opendsr_receiving
from privacy_svc.rights.opendsr_callbacks import going_on, status_of
from privacy_svc.rights.service import Requests
from privacy_svc.settings import Settings

BASE = "/opendsr/v2"
CERTIFICATE = BASE + "/certificate.pem"
TAGS = ["OpenDSR"]
SENDER, ANYBODY = allow(Role.SENDER), allow(Role.PUBLIC)


class NoOpenDsr(NotFound):
    slug, title = "no-opendsr", "This service takes no OpenDSR requests"
    remedy = "The operator sets opendsr_certificate and opendsr_key."


def as_opendsr(request: Request[Any, Any, Any], error: PrivacyError) -> Response[bytes]:
    """§7.6: 400 for whatever is wrong with a request; who may not ask and what is not there keep their own status."""
    status = error.status if error.status in {401, 403, 404, 413, 429} or error.status >= 500 else 400
    details = [
        {"domain": "Validation", "reason": error.slug, "message": f"{f.pointer} {f.detail}"} for f in error.faults
    ]
    told = {"code": status, "message": error.detail, "errors": details}
    return _signed(request.app.state.settings, {"error": told}, status)


ERRORS: Any = {PrivacyError: as_opendsr}


def _signed(settings: Settings, answer: object, status: int) -> Response[bytes]:
    body, ours = encode(answer), opendsr.signing_of(settings)
    headers = {"Cache-Control": "no-store", **(ours.sign(body) if ours else {})}
    return Response(body, status_code=status, media_type="application/json", headers=headers)


def _required(settings: Settings) -> opendsr.Signing:
    ours = opendsr.signing_of(settings)
    if ours is None:
        raise NoOpenDsr("No certificate is set for OpenDSR.")
    return ours


def _headers(request: Request[Any, Any, Any]) -> Mapping[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


@get(BASE + "/discovery", opt=ANYBODY, sync_to_thread=True, exception_handlers=ERRORS, tags=TAGS)
def discover(settings: NamedDependency[Settings]) -> Response[bytes]:
    """What may be asked here, and where the certificate is that signs the answers."""
    _required(settings)
    known = [{"identity_type": name, "identity_format": "raw"} for name in opendsr_receiving.IDENTITIES]
    found = {
        "api_version": opendsr.VERSION,
        "supported_identities": known,
        "supported_subject_request_types": list(opendsr_receiving.RIGHTS),
        "processor_certificate": settings.base_url + CERTIFICATE,
    }
    return _signed(settings, found, 200)


@get(CERTIFICATE, opt=ANYBODY, sync_to_thread=True, exception_handlers=ERRORS, tags=TAGS)
def show_certificate_chain(settings: NamedDependency[Settings]) -> Response[bytes]:
    return Response(_required(settings).chain, media_type="application/x-pem-file")


@post(BASE + "/requests", opt=SENDER, sync_to_thread=True, exception_handlers=ERRORS, tags=TAGS)
def take_request(
    request: Request[Any, Any, Any],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """A request of a sender that organisation.yml names, signed by its key."""
    _required(settings)
    parts = requests.parts
    sender = opendsr_receiving.sender_of(parts, caller.name)
    with requests.database.write() as session:
        taken, opened = opendsr_receiving.take(session, parts, sender, _headers(request), body)
        due_at = going_on(session, opened).due_at
    requests.send_after_answer(opened.id, sender.key)
    receipt = opendsr.Receipt(
        controller_id=sender.key,
        expected_completion_time=due_at,
        received_time=taken.received_at,
        encoded_request=base64.b64encode(body).decode(),
        subject_request_id=taken.id,
    )
    return _signed(settings, receipt, 201)


@get(BASE + "/requests/{subject_request_id:str}", opt=SENDER, sync_to_thread=True, exception_handlers=ERRORS, tags=TAGS)
def show_status(
    subject_request_id: FromPath[str],
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    sender = opendsr_receiving.sender_of(requests.parts, caller.name)
    with requests.database.read() as session:
        taken, opened = opendsr_receiving.find_taken(session, sender, subject_request_id)
        return _signed(settings, status_of(taken, going_on(session, opened)), 200)


@delete(
    BASE + "/requests/{subject_request_id:str}",
    opt=SENDER,
    status_code=202,
    sync_to_thread=True,
    exception_handlers=ERRORS,
    tags=TAGS,
)
def cancel_taken(
    subject_request_id: FromPath[str],
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """While it is pending."""
    sender = opendsr_receiving.sender_of(requests.parts, caller.name)
    with requests.database.write() as session:
        taken = opendsr_receiving.cancel(session, requests.parts, sender, subject_request_id)
    told = {
        "controller_id": sender.key,
        "subject_request_id": taken.id,
        "received_time": now(),
        "api_version": opendsr.VERSION,
    }
    return _signed(settings, told, 202)


@post(BASE + "/callbacks", opt=ANYBODY, status_code=202, sync_to_thread=True, exception_handlers=ERRORS, tags=TAGS)
def take_callback(request: Request[Any, Any, Any], body: RawBody, requests: NamedDependency[Requests]) -> None:
    """A recipient's new status, by its signature."""
    with requests.database.write() as session:
        opendsr_receiving.take_callback(session, requests.parts, _headers(request), body)


HANDLERS = [discover, show_certificate_chain, take_request, show_status, cancel_taken, take_callback]
