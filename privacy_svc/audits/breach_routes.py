"""The register of breaches over HTTP: /v1/breaches."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, RawBody

from privacy_svc.auditlog import Log
from privacy_svc.audits.breach_notices import Draft
from privacy_svc.audits.breach_schemas import (
    AssessBreach,
    BreachDetails,
    BreachView,
    RegisterBreach,
    TellAuthority,
    TellPeople,
)
from privacy_svc.audits.breaches import Breaches
from privacy_svc.audits.formats import Format, affected_as
from privacy_svc.db import Database
from privacy_svc.http import Caller, NotAcceptable, Role, allow, decode
from privacy_svc.policy import PolicyHolder

TAGS = ["DPO"]
STAFF = allow(Role.DPO, Role.ADMIN)
READERS = allow(Role.DPO, Role.ADMIN, Role.AUDITOR)


def breaches_of(
    database: NamedDependency[Database], log: NamedDependency[Log], policies: NamedDependency[PolicyHolder]
) -> Breaches:
    return Breaches(database, log, policies)


BREACHES = {"breaches": Provide(breaches_of, sync_to_thread=False)}
Register = NamedDependency[Breaches]
By = NamedDependency[Caller]


@post(
    "/v1/breaches",
    opt=STAFF | {"body": RegisterBreach},
    dependencies=BREACHES,
    sync_to_thread=True,
    operation_id="registerBreach",
    tags=TAGS,
)
def register_breach(body: RawBody, breaches: Register, caller: By) -> BreachView:
    """Enters a breach; the 72 hours of Art. 33(1) run from `aware_at`."""
    return breaches.register(decode(body, RegisterBreach), caller.name)


@get("/v1/breaches", opt=READERS, dependencies=BREACHES, sync_to_thread=True, operation_id="listBreaches", tags=TAGS)
def list_breaches(breaches: Register) -> list[BreachView]:
    """All of them, also closed ones and those that nobody had to be told of (Art. 33(5)); the newest first."""
    return list(breaches.all())


@get(
    "/v1/breaches/{breach_id:str}",
    opt=STAFF,
    dependencies=BREACHES,
    sync_to_thread=True,
    operation_id="showBreach",
    tags=TAGS,
)
def show_breach(breach_id: FromPath[str], breaches: Register, caller: By) -> BreachDetails:
    """With what was said of it; the look is logged."""
    return breaches.show(breach_id, caller.name)


@post(
    "/v1/breaches/{breach_id:str}/assess",
    opt=STAFF | {"body": AssessBreach},
    dependencies=BREACHES,
    sync_to_thread=True,
    status_code=200,
    operation_id="assessBreach",
    tags=TAGS,
)
def assess_breach(breach_id: FromPath[str], body: RawBody, breaches: Register, caller: By) -> BreachView:
    """The risk to people's rights, with reason, consequences and measures; again as more becomes known."""
    return breaches.assess(breach_id, decode(body, AssessBreach), caller.name)


@post(
    "/v1/breaches/{breach_id:str}/authority",
    opt=STAFF | {"body": TellAuthority},
    dependencies=BREACHES,
    sync_to_thread=True,
    status_code=200,
    operation_id="tellAuthority",
    tags=TAGS,
)
def tell_authority(breach_id: FromPath[str], body: RawBody, breaches: Register, caller: By) -> BreachView:
    """The authority was told; after 72 hours the reason for the delay is needed."""
    return breaches.tell_authority(breach_id, decode(body, TellAuthority), caller.name)


@post(
    "/v1/breaches/{breach_id:str}/people",
    opt=STAFF | {"body": TellPeople},
    dependencies=BREACHES,
    sync_to_thread=True,
    status_code=200,
    operation_id="tellPeople",
    tags=TAGS,
)
def tell_people(breach_id: FromPath[str], body: RawBody, breaches: Register, caller: By) -> BreachView:
    """The people were told, or Art. 34(3) makes it unnecessary."""
    return breaches.tell_people(breach_id, decode(body, TellPeople), caller.name)


@post(
    "/v1/breaches/{breach_id:str}/close",
    opt=STAFF,
    dependencies=BREACHES,
    sync_to_thread=True,
    status_code=200,
    operation_id="closeBreach",
    tags=TAGS,
)
def close_breach(breach_id: FromPath[str], breaches: Register, caller: By) -> BreachView:
    """409 while somebody has still to be told."""
    return breaches.close(breach_id, caller.name)


@get(
    "/v1/breaches/{breach_id:str}/affected",
    opt=allow(Role.DPO),
    dependencies=BREACHES,
    sync_to_thread=True,
    operation_id="affectedByBreach",
    tags=TAGS,
)
def affected_by_breach(
    breach_id: FromPath[str], request: Request[Any, Any, Any], breaches: Register, caller: By
) -> Response[bytes]:
    """Whose data went through the breach's client in its span, by the log. The look is logged.
    `Accept`: application/json, text/csv."""
    best = request.accept.best_match([Format.JSON, Format.CSV])
    if best is None:
        raise NotAcceptable("This can be had as application/json, text/csv.")
    form = Format(best)
    content = affected_as(form, breaches.affected(breach_id, caller.name))
    return Response(content.encode(), media_type=form, headers={"Vary": "Accept"})


@get(
    "/v1/breaches/{breach_id:str}/notices",
    opt=STAFF,
    dependencies=BREACHES,
    sync_to_thread=True,
    operation_id="breachNotices",
    tags=TAGS,
)
def breach_notices(breach_id: FromPath[str], breaches: Register, caller: By) -> list[Draft]:
    """Drafts of what the authority (Art. 33(3)) and the people (Art. 34(2)) are told. The look is logged."""
    return breaches.notices(breach_id, caller.name)


HANDLERS = [
    register_breach,
    list_breaches,
    show_breach,
    assess_breach,
    tell_authority,
    tell_people,
    close_breach,
    affected_by_breach,
    breach_notices,
]
