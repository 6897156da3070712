"""Legal holds over HTTP: /v1/holds."""

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody

from privacy_svc.http import Caller, Role, allow, decode
from privacy_svc.rights.holds_service import Holds
from privacy_svc.rights.schemas import PlaceHold
from privacy_svc.rights.service import Requests
from privacy_svc.rights.views import HoldDetails, HoldView

TAGS = ["Rights requests"]
STAFF = allow(Role.DPO, Role.ADMIN)
READERS = allow(Role.DPO, Role.ADMIN, Role.AUDITOR)


@post("/v1/holds", opt=STAFF | {"body": PlaceHold}, sync_to_thread=True, operation_id="placeHold", tags=TAGS)
def place_hold(body: RawBody, requests: NamedDependency[Requests], caller: NamedDependency[Caller]) -> HoldView:
    """A legal hold: the person's data are not erased while it stands."""
    wanted = decode(body, PlaceHold)
    return Holds(requests).place_hold(
        wanted.customer, reason=wanted.reason, article=wanted.article, until=wanted.until, actor=caller.name
    )


@get("/v1/holds", opt=READERS, sync_to_thread=True, operation_id="listHolds", tags=TAGS)
def list_holds(requests: NamedDependency[Requests]) -> list[HoldView]:
    """Those that stand, the oldest first. One that is `lost` is told by the log alone: somebody changed the
    database."""
    return list(Holds(requests).holds())


@get("/v1/holds/{hold_id:str}", opt=allow(Role.DPO), sync_to_thread=True, operation_id="showHold", tags=TAGS)
def show_hold(
    hold_id: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> HoldDetails:
    """Why the data are held, in clear. Each look is logged."""
    return Holds(requests).hold(hold_id, caller.name)


@delete("/v1/holds/{hold_id:str}", opt=STAFF, sync_to_thread=True, operation_id="liftHold", tags=TAGS)
def lift_hold(hold_id: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]) -> None:
    Holds(requests).lift_hold(hold_id, caller.name)


HANDLERS = [place_hold, list_holds, show_hold, lift_hold]
