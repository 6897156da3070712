"""Objections and restrictions over HTTP. `{customer}` in a path is the CRM's own key."""

from litestar import Response, delete, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.consent import objections
from privacy_svc.consent.checks import require_open_to_objection
from privacy_svc.consent.following import ListKeeper
from privacy_svc.consent.routes import CUSTOMER, TAGS
from privacy_svc.consent.schemas import PlaceRestriction, RaiseObjection, StateChanged
from privacy_svc.consent.suppression import Cause
from privacy_svc.db import Database
from privacy_svc.http import Caller, CustomerDirectory, CustomerRef, Once, Role, allow, decode
from privacy_svc.policy import PolicyHolder
from privacy_svc.vault import Vault


@post(
    CUSTOMER + "/objections",
    opt=allow(Role.MODULE, Role.DPO) | {"body": RaiseObjection},
    sync_to_thread=True,
    operation_id="raiseObjection",
    tags=TAGS,
)
def raise_objection(
    customer: FromPath[str],
    body: RawBody,
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    vault: NamedDependency[Vault],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    caller: NamedDependency[Caller],
    once: NamedDependency[Once],
) -> Response[StateChanged]:
    """Against a purpose, a group of them, `profiling`, or all direct marketing (Art. 21): `"direct_marketing": true`,
    or the purpose `direct_marketing`. No reason is needed; it holds at once. A name nobody would heed is refused."""
    wanted = decode(body, RaiseObjection)
    require_open_to_objection(policies.current, wanted.against)

    def object_to(session: Session) -> StateChanged:
        subject_id = directory.admit(session, CustomerRef(id=customer), caller.name)
        version = objections.object_to(session, log, subject_id, wanted.against, caller.name, wanted.reason)
        keeper = ListKeeper(vault, log, directory)
        keeper.suppress(session, subject_id, wanted.against, Cause.OBJECTION, caller.name)
        return StateChanged(version)

    return once.write(database, body, StateChanged, object_to)


@delete(
    CUSTOMER + "/objections/{purpose:str}",
    opt=allow(Role.DPO),
    sync_to_thread=True,
    status_code=200,
    operation_id="liftObjection",
    tags=TAGS,
)
def lift_objection(
    customer: FromPath[str],
    purpose: FromPath[str],
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    vault: NamedDependency[Vault],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    caller: NamedDependency[Caller],
) -> StateChanged:
    """The person changed their mind. `direct_marketing` lifts the objection to all of it."""
    with database.write() as session:
        subject_id = directory.admit(session, CustomerRef(id=customer), caller.name)
        objections.require_liftable(session, policies.current, subject_id, purpose)
        version = objections.lift_objection(session, log, subject_id, purpose, caller.name)
        ListKeeper(vault, log, directory).lifted(session, subject_id, purpose, caller.name)
        return StateChanged(version)


@post(
    CUSTOMER + "/restriction",
    opt=allow(Role.DPO) | {"body": PlaceRestriction},
    sync_to_thread=True,
    operation_id="placeRestriction",
    tags=TAGS,
)
def place_restriction(
    customer: FromPath[str],
    body: RawBody,
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    caller: NamedDependency[Caller],
    once: NamedDependency[Once],
) -> Response[StateChanged]:
    """Nothing is used from now on but for what Art. 18(2) allows."""
    wanted = decode(body or b"{}", PlaceRestriction)

    def restrict(session: Session) -> StateChanged:
        subject_id = directory.admit(session, CustomerRef(id=customer), caller.name)
        return StateChanged(objections.restrict(session, log, subject_id, caller.name, wanted.reason))

    return once.write(database, body, StateChanged, restrict)


HANDLERS = [raise_objection, lift_objection, place_restriction]
