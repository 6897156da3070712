"""What other systems and people have to do for requests, over HTTP."""

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody

from privacy_svc.http import Caller, Role, allow, decode
from privacy_svc.rights.outside_service import Elsewheres
from privacy_svc.rights.service import Requests
from privacy_svc.rights.views import WorkDetails, WorkView

ALL = "/v1/requests/{request_id:str}/elsewhere"
ONE = ALL + "/{place:str}"
TAGS = ["Rights requests"]
READERS = allow(Role.DPO, Role.ADMIN, Role.AUDITOR)
STAFF = allow(Role.DPO, Role.ADMIN)


class NoteDone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By what it is shown to be done; sealed."""

    evidence: str

    def __repr__(self) -> str:
        return "NoteDone(…)"


@get("/v1/tasks", opt=READERS, sync_to_thread=True, operation_id="listTasks", tags=TAGS)
def list_tasks(requests: NamedDependency[Requests]) -> list[WorkView]:
    """What open requests wait for elsewhere: people's tasks, and systems that have not done their part yet."""
    return list(Elsewheres(requests).open())


@get(ALL, opt=READERS, sync_to_thread=True, operation_id="listElsewhere", tags=TAGS)
def list_elsewhere(request_id: FromPath[str], requests: NamedDependency[Requests]) -> list[WorkView]:
    """Each system's, and each person's, part in a request."""
    return list(Elsewheres(requests).of(request_id))


@get(ONE, opt=allow(Role.DPO), sync_to_thread=True, operation_id="showElsewhere", tags=TAGS)
def show_elsewhere(
    request_id: FromPath[str],
    place: FromPath[str],
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
) -> WorkDetails:
    """Who it is about, in clear, and how it was shown to be done. Each look is logged."""
    return Elsewheres(requests).details(request_id, place, caller.name)


@post(
    ONE + "/done",
    opt=STAFF | {"body": NoteDone},
    status_code=200,
    sync_to_thread=True,
    operation_id="noteElsewhereDone",
    tags=TAGS,
)
def note_done(
    request_id: FromPath[str],
    place: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
) -> list[WorkView]:
    """A person has done it; the request goes on where it was the last part."""
    return list(Elsewheres(requests).done(request_id, place, decode(body, NoteDone).evidence, caller.name))


HANDLERS = [list_tasks, list_elsewhere, show_elsewhere, note_done]
