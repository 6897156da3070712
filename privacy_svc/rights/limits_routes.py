"""Ends of restrictions, and grounds against objections, over HTTP. `{customer}` is the CRM's own key."""

from datetime import datetime

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody

from privacy_svc.http import Caller, CustomerRef, Role, allow, decode
from privacy_svc.rights.limits_service import Limits
from privacy_svc.rights.service import Requests
from privacy_svc.rights.views import RestrictionView, StateVersion

CUSTOMER = "/v1/customers/{customer:str}"
TAGS = ["Rights requests"]
DPO = allow(Role.DPO)
READERS = allow(Role.DPO, Role.ADMIN, Role.AUDITOR)


class AnnounceEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reason` is told to the person. `told_at` and `how` (post, phone …) where they were told already; else a letter
    is mailed. Without `ends_at` a week later."""

    reason: str
    ends_at: datetime | None = None
    told_at: datetime | None = None
    how: str = "mail"

    def __repr__(self) -> str:
        return "AnnounceEnd(…)"


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`grounds` are told to the person; `told_at` where they were told by other means."""

    grounds: str
    told_at: datetime | None = None

    def __repr__(self) -> str:
        return "Override(…)"


@get("/v1/restrictions", opt=READERS, sync_to_thread=True, operation_id="listRestrictions", tags=TAGS)
def list_restrictions(requests: NamedDependency[Requests]) -> list[RestrictionView]:
    """Those that stand, the oldest first, with the end that was announced."""
    return list(Limits(requests).restrictions())


@post(
    CUSTOMER + "/restriction/end",
    opt=DPO | {"body": AnnounceEnd},
    sync_to_thread=True,
    operation_id="announceRestrictionEnd",
    tags=TAGS,
)
def announce_end(
    customer: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
) -> RestrictionView:
    """The person is told that their restriction ends, when and why (Art. 18(3)): the step before it is lifted."""
    said = decode(body, AnnounceEnd)
    return Limits(requests).announce(
        CustomerRef(id=customer), said.reason, caller.name, ends_at=said.ends_at, told_at=said.told_at, how=said.how
    )


@delete(
    CUSTOMER + "/restriction",
    opt=DPO,
    sync_to_thread=True,
    status_code=200,
    operation_id="liftRestriction",
    tags=TAGS,
)
def lift_restriction(
    customer: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> StateVersion:
    """From the day on that the person was told; 409 before."""
    return StateVersion(Limits(requests).lift(CustomerRef(id=customer), caller.name))


@post(
    CUSTOMER + "/objections/{purpose:str}/override",
    opt=DPO | {"body": Override},
    status_code=200,
    sync_to_thread=True,
    operation_id="overrideObjection",
    tags=TAGS,
)
def override_objection(
    customer: FromPath[str],
    purpose: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
) -> StateVersion:
    """Compelling legitimate grounds (Art. 21(1)), told to the person first. Never for direct marketing."""
    said = decode(body, Override)
    found = Limits(requests).override(
        CustomerRef(id=customer), purpose, said.grounds, caller.name, told_at=said.told_at
    )
    return StateVersion(found)


HANDLERS = [list_restrictions, announce_end, lift_restriction, override_objection]
