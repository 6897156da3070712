"""Requests over HTTP: /v1/requests, /v1/readmissions."""

from datetime import datetime
from typing import Annotated

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter, RawBody
from sqlalchemy.orm import Session

from privacy_svc.errors import BadRequest, Forbidden
from privacy_svc.http import Caller, Once, Role, allow, decode
from privacy_svc.rights import holdroutes
from privacy_svc.rights.aftermath_service import Aftermath
from privacy_svc.rights.deciding_routes import HANDLERS as DECIDING
from privacy_svc.rights.deciding_routes import ONE, OPENERS, STAFF, TAGS, require_own
from privacy_svc.rights.opening import Wanted
from privacy_svc.rights.packages_service import Packages
from privacy_svc.rights.reading import Filter, Order
from privacy_svc.rights.schemas import OpenRequest, Readmit, Verify
from privacy_svc.rights.service import Requests
from privacy_svc.rights.states import Right, State
from privacy_svc.rights.views import Readmitted, RequestDetails, RequestOpened, RequestPage, RequestView, TimelineLine

READERS = allow(Role.DPO, Role.ADMIN, Role.AUDITOR)
DPO = allow(Role.DPO)


@post("/v1/requests", opt=OPENERS | {"body": OpenRequest}, sync_to_thread=True, operation_id="openRequest", tags=TAGS)
def open_request(
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
    once: NamedDependency[Once],
) -> Response[RequestOpened]:
    """A person makes use of a right; a code goes to the address on file, if there is one. The answer does not wait
    for that: it would tell by its time whether we know the person."""
    wanted = decode(body, OpenRequest)
    if wanted.received_reason and caller.role is Role.MODULE:
        raise Forbidden("Only staff (dpo, admin) enter a request so long after it was received.")
    asked = Wanted(
        wanted.right,
        wanted.customer,
        wanted.received_at,
        wanted.channel,
        wanted.details,
        wanted.language,
        staff=caller.role is not Role.MODULE,
        received_reason=wanted.received_reason,
    )

    def receive(session: Session) -> RequestOpened:
        found = requests.receive(session, asked, caller.name)
        return RequestOpened(found.id, found.right, found.state, found.received_at, found.due_at)

    answer = once.write(requests.database, body, RequestOpened, receive)
    answer.background = BackgroundTask(requests.send_after_answer, answer.content.id, caller.name)
    return answer


@get("/v1/requests", opt=READERS, sync_to_thread=True, operation_id="listRequests", tags=TAGS)
def list_requests(
    requests: NamedDependency[Requests],
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
    right: FromQuery[Right | None] = None,
    due_before: FromQuery[datetime | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
    is_open: Annotated[bool, QueryParameter(name="open")] = False,
    order: FromQuery[Order] = Order.NEWEST,
) -> RequestPage:
    """Newest first, or with `order=due` the most urgent first; `open=true` leaves out what has ended."""
    return requests.list(Filter(in_state, right, due_before, limit=limit, cursor=cursor, is_open=is_open, order=order))


@get(ONE, opt=READERS, sync_to_thread=True, operation_id="showRequest", tags=TAGS)
def show_request(request_id: FromPath[str], requests: NamedDependency[Requests]) -> RequestView:
    return requests.show(request_id)


@get(ONE + "/timeline", opt=READERS, sync_to_thread=True, operation_id="showTimeline", tags=TAGS)
def show_timeline(
    request_id: FromPath[str], requests: NamedDependency[Requests], language: FromQuery[str] = "en"
) -> list[TimelineLine]:
    """Everything that happened to the request, to be read by people, in English or German (`language=de`)."""
    return list(requests.timeline(request_id, language))


@get(ONE + "/details", opt=DPO, sync_to_thread=True, operation_id="showDetails", tags=TAGS)
def show_details(
    request_id: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> RequestDetails:
    """What the person asked for, in clear: to be read before deciding. Each look is logged."""
    return requests.details(request_id, caller.name)


@post(ONE + "/code", opt=OPENERS, status_code=202, sync_to_thread=True, operation_id="sendCode", tags=TAGS)
def send_code(
    request_id: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> Response[None]:
    """A new code; the earlier one is void. A module is not told whether there is an address on file; staff are."""
    if caller.role is not Role.MODULE:
        requests.send_code(request_id, caller.name)
        return Response(None)
    require_own(requests, request_id, caller)
    requests.reserve_code(request_id)
    return Response(None, background=BackgroundTask(requests.send_after_answer, request_id, caller.name))


@post(
    ONE + "/verify",
    opt=OPENERS | {"body": Verify},
    status_code=200,
    sync_to_thread=True,
    operation_id="verifyRequest",
    tags=TAGS,
)
def verify_request(
    request_id: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
    once: NamedDependency[Once],
) -> Response[RequestOpened]:
    """The code the person was mailed; staff may say instead how they verified the person."""
    wanted = decode(body, Verify)
    require_own(requests, request_id, caller)
    if (wanted.code is None) == (wanted.reason is None):
        raise BadRequest("Give exactly one of code and reason.")
    if wanted.code is not None and wanted.customer is not None:
        raise BadRequest("Whose code it is says the code; `customer` goes with a reason.")
    change = once.change(body)
    if wanted.code is not None:
        found = requests.verify(request_id, wanted.code, caller.name, change)
    elif caller.role is Role.MODULE:
        raise Forbidden("Only staff (dpo, admin) may verify a person with a reason.")
    else:
        assert wanted.reason is not None
        found = requests.vouch(request_id, wanted.reason, caller.name, wanted.customer, change)
    told = RequestOpened(found.id, found.right, found.state, found.received_at, found.due_at, found.merged_into)
    return change.told(told)


@get(
    ONE + "/package",
    opt=DPO,
    media_type="application/zip",
    sync_to_thread=True,
    operation_id="downloadPackage",
    tags=TAGS,
)
def download_package(
    request_id: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> Response[bytes]:
    """What was given out; each download is logged."""
    headers = {"content-disposition": f'attachment; filename="{request_id}.zip"', "cache-control": "no-store"}
    return Response(Packages(requests).package(request_id, caller.name), media_type="application/zip", headers=headers)


@get(ONE + "/certificate", opt=READERS, sync_to_thread=True, operation_id="showCertificate", tags=TAGS)
def show_certificate(request_id: FromPath[str], requests: NamedDependency[Requests]) -> Response[bytes]:
    """Signed JSON; `privacy-svc verify` checks it offline."""
    return Response(requests.certificate(request_id).encode(), media_type="application/json")


@post("/v1/readmissions", opt=STAFF | {"body": Readmit}, sync_to_thread=True, operation_id="readmit", tags=TAGS)
def readmit(body: RawBody, requests: NamedDependency[Requests], caller: NamedDependency[Caller]) -> Readmitted:
    """An erased person came back: a new key; what was erased stays erased, consents from before do not count."""
    wanted = decode(body, Readmit)
    return Aftermath(requests).readmit(wanted.customer, wanted.reason, caller.name)


HANDLERS = [
    open_request,
    list_requests,
    show_request,
    show_timeline,
    show_details,
    send_code,
    verify_request,
    *DECIDING,
    download_package,
    show_certificate,
    readmit,
    *holdroutes.HANDLERS,
]
