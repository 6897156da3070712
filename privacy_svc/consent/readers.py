"""Who may know what people chose: the DPO all of it, a module what it works for. A refusal is logged."""

from typing import NoReturn

from privacy_svc.auditlog import EventType, Log
from privacy_svc.consent.checks import readable
from privacy_svc.consent.errors import MayNotRead
from privacy_svc.db import Database
from privacy_svc.errors import Forbidden
from privacy_svc.http import Caller, Role
from privacy_svc.policy import PolicySet


def refuse(database: Database, log: Log, caller: Caller, purpose: str | None, why: Forbidden) -> NoReturn:
    """Before anybody is looked up: a module must not learn by it who is known here."""
    with database.write() as session:
        log.append(session, EventType.CONSENT_DENIED, actor=caller.name, payload={"purpose": purpose})
    raise why


def readable_by(
    database: Database, log: Log, policies: PolicySet, caller: Caller, purpose: str | None
) -> frozenset[str] | None:
    """Purposes about which the caller may know choices; None for all. Raises MayNotRead, once that is logged."""
    if caller.role is not Role.MODULE:
        return None
    purposes = readable(policies, caller.name)
    if not purposes or (purpose is not None and purpose not in purposes):
        known = purpose if purpose in policies.purposes else None
        why = MayNotRead(f"modules.yml does not let {caller.name} use or record consents to this purpose.")
        refuse(database, log, caller, known, why)
    return purposes
