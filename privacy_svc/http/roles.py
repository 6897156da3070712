"""Who calls, and how a route says who may."""

import enum
from dataclasses import dataclass
from typing import Any


class Role(enum.StrEnum):
    """`PUBLIC` marks a route for which nobody needs to sign in; `SENDER` is another organisation that sends us requests
    by OpenDSR."""

    PUBLIC = "public"
    MODULE = "module"
    DPO = "dpo"
    ADMIN = "admin"
    AUDITOR = "auditor"
    CUSTOMER = "customer"
    SENDER = "sender"


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated caller. `name` is what the audit log calls the actor, e.g. the module's name."""

    id: str
    name: str
    role: Role
    subject: str | None = None
    """Who a customer is: the only person that what they call may speak of."""


def allow(*roles: Role) -> dict[str, Any]:
    """The route's roles, to be given as `opt=allow(Role.MODULE, …)`; read by the one guard in identity."""
    if not roles:
        raise ValueError("a route needs at least one role")
    return {"roles": frozenset(roles)}
