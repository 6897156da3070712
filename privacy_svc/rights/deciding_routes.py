"""What people decide about a request, over HTTP: /v1/requests/{id}/…"""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody

from privacy_svc.errors import Forbidden
from privacy_svc.http import Caller, Once, Role, allow, decode
from privacy_svc.rights.schemas import Answer, Ask, Attach, Cancel, Complete, DecideLeftover, Extend, Refuse
from privacy_svc.rights.service import Requests
from privacy_svc.rights.views import Attached, LeftoverView, RequestOpened, RequestView

ONE = "/v1/requests/{request_id:str}"
TAGS = ["Rights requests"]
STAFF = allow(Role.DPO, Role.ADMIN)
OPENERS = allow(Role.MODULE, Role.DPO, Role.ADMIN)


def require_own(requests: Requests, request_id: str, caller: Caller) -> None:
    """A module goes on only with what it opened itself. Raises Forbidden."""
    if caller.role is Role.MODULE and requests.show(request_id).opened_by != caller.name:
        raise Forbidden("This request was opened by somebody else.")


@post(ONE + "/approve", opt=STAFF, status_code=200, sync_to_thread=True, operation_id="approveRequest", tags=TAGS)
def approve_request(
    request_id: FromPath[str],
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
    once: NamedDependency[Once],
) -> Response[RequestView]:
    """Starts the work; for a failed request, goes on with it."""
    change = once.change(b"")
    return change.told(requests.approve(request_id, caller.name, change))


@post(
    ONE + "/refuse",
    opt=STAFF | {"body": Refuse},
    status_code=200,
    sync_to_thread=True,
    operation_id="refuseRequest",
    tags=TAGS,
)
def refuse_request(
    request_id: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
    once: NamedDependency[Once],
) -> Response[RequestView]:
    """With a ground and an explanation; the letter names the authority and the remedy. Where the policy asks for a
    second person, the request stays open until they confirm it."""
    wanted = decode(body, Refuse)
    change = once.change(body)
    return change.told(
        requests.refuse(
            request_id, wanted.ground, wanted.explanation, caller.name, evidence=wanted.evidence, change=change
        )
    )


@post(
    ONE + "/confirm-refusal", opt=STAFF, status_code=200, sync_to_thread=True, operation_id="confirmRefusal", tags=TAGS
)
def confirm_refusal(
    request_id: FromPath[str],
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
    once: NamedDependency[Once],
) -> Response[RequestView]:
    """The second person of a refusal as unfounded or excessive."""
    change = once.change(b"")
    return change.told(requests.confirm_refusal(request_id, caller.name, change))


@post(
    ONE + "/extend",
    opt=STAFF | {"body": Extend},
    status_code=200,
    sync_to_thread=True,
    operation_id="extendRequest",
    tags=TAGS,
)
def extend_request(
    request_id: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
    once: NamedDependency[Once],
) -> Response[RequestView]:
    """Once, to three months from receipt."""
    change = once.change(body)
    return change.told(requests.extend(request_id, decode(body, Extend).reason, caller.name, change))


@post(
    ONE + "/complete",
    opt=STAFF | {"body": Complete},
    status_code=200,
    sync_to_thread=True,
    operation_id="completeReview",
    tags=TAGS,
)
def complete_review(
    request_id: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
    once: NamedDependency[Once],
) -> Response[RequestView]:
    """The end of the review of an automated decision by a person; who asked for it is told the result."""
    said = decode(body, Complete)
    change = once.change(body)
    return change.told(requests.complete(request_id, said.result, said.explanation, caller.name, change))


@post(
    ONE + "/cancel",
    opt=STAFF | {"body": Cancel},
    status_code=200,
    sync_to_thread=True,
    operation_id="cancelRequest",
    tags=TAGS,
)
def cancel_request(
    request_id: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
    once: NamedDependency[Once],
) -> Response[RequestView]:
    """A duplicate or a mistake of ours, with the reason where the body gives one. Nobody is told."""
    reason = decode(body, Cancel).reason if body else None
    change = once.change(body)
    return change.told(requests.cancel(request_id, reason, caller.name, change))


@post(ONE + "/withdraw", opt=OPENERS, status_code=200, sync_to_thread=True, operation_id="withdrawRequest", tags=TAGS)
def withdraw_request(
    request_id: FromPath[str],
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
    once: NamedDependency[Once],
) -> Response[RequestOpened]:
    """The person does not want it any more, and says so to staff or where they asked."""
    require_own(requests, request_id, caller)
    change = once.change(b"")
    found = requests.withdraw(request_id, caller.name, change)
    return change.told(RequestOpened(found.id, found.right, found.state, found.received_at, found.due_at))


@post(
    ONE + "/ask",
    opt=STAFF | {"body": Ask},
    status_code=200,
    sync_to_thread=True,
    operation_id="askPerson",
    tags=TAGS,
)
def ask_person(
    request_id: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
) -> RequestView:
    """Mails the person a question, or notes one that was asked; the clock stops where the law lets it."""
    wanted = decode(body, Ask)
    return requests.ask(
        request_id,
        wanted.about,
        wanted.question,
        wanted.reason,
        caller.name,
        asked_at=wanted.asked_at,
        how=wanted.how,
    )


@post(
    ONE + "/answer",
    opt=OPENERS | {"body": Answer},
    status_code=200,
    sync_to_thread=True,
    operation_id="noteAnswer",
    tags=TAGS,
)
def note_answer(
    request_id: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
    once: NamedDependency[Once],
) -> Response[RequestOpened]:
    """What the person answered; the clock runs again from when it came. It verifies nobody."""
    wanted = decode(body, Answer)
    require_own(requests, request_id, caller)
    change = once.change(body)
    found = requests.answer(request_id, wanted.answer, caller.name, received_at=wanted.received_at, change=change)
    return change.told(RequestOpened(found.id, found.right, found.state, found.received_at, found.due_at))


@get(
    "/v1/leftovers",
    opt=allow(Role.DPO, Role.ADMIN, Role.AUDITOR),
    sync_to_thread=True,
    operation_id="listLeftovers",
    tags=TAGS,
)
def list_leftovers(requests: NamedDependency[Requests]) -> list[LeftoverView]:
    """Values that erasures left somewhere, of all requests that failed on them, and what was decided."""
    return list(requests.leftovers())


@post(
    ONE + "/leftovers",
    opt=allow(Role.DPO) | {"body": DecideLeftover},
    status_code=200,
    sync_to_thread=True,
    operation_id="decideLeftover",
    tags=TAGS,
)
def decide_leftover(
    request_id: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
    once: NamedDependency[Once],
) -> Response[RequestView]:
    """What becomes of a value that an erasure left in one place: taken out of the text, or accepted with a reason. Then
    approve the request again."""
    wanted = decode(body, DecideLeftover)
    change, said = once.change(body), (wanted.place, wanted.decision, wanted.reason)
    return change.told(requests.decide_leftover(request_id, *said, caller.name, change, row=wanted.row))


@post(ONE + "/files", opt=OPENERS | {"body": Attach}, sync_to_thread=True, operation_id="attachFile", tags=TAGS)
def attach_file(
    request_id: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
    once: NamedDependency[Once],
) -> Response[Attached]:
    """A file that proves what the request says: PDF, PNG, JPEG or text, sealed at once."""
    wanted = decode(body, Attach)
    require_own(requests, request_id, caller)
    file = (request_id, wanted.name, wanted.content, caller.name)
    return once.write(requests.database, body, Attached, lambda session: requests.attach_in(session, *file))


@get(ONE + "/files/{file_id:str}", opt=allow(Role.DPO), sync_to_thread=True, operation_id="readFile", tags=TAGS)
def read_file(
    request_id: FromPath[str],
    file_id: FromPath[str],
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
) -> Response[bytes]:
    """As a download, never shown by a browser; each look is logged."""
    _, content = requests.file(request_id, file_id, caller.name)
    headers = {
        "content-disposition": f'attachment; filename="{file_id}"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)


HANDLERS = [
    attach_file,
    read_file,
    list_leftovers,
    decide_leftover,
    approve_request,
    refuse_request,
    confirm_refusal,
    extend_request,
    complete_review,
    cancel_request,
    withdraw_request,
    ask_person,
    note_answer,
]
