"""Faults to be found: each function plants one into a company in good order and returns the evidence to be shown."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update

from privacy_svc.consent.model import Consent
from privacy_svc.db import new_id, now
from privacy_svc.policy import PolicySet, remember
from privacy_svc.policy.model import PolicyVersion
from privacy_svc.rights.model import DataRequest, RequestEvent
from tests.audits.conftest import Office

DAY = timedelta(days=1)
Plant = Callable[[Office], str]
PLANTS: dict[str, Plant] = {}


def plants(check: str) -> Callable[[Plant], Plant]:
    """The function plants the fault that `check` is for, beside what looks like it and is none."""

    def register(plant: Plant) -> Plant:
        assert check not in PLANTS
        PLANTS[check] = plant
        return plant

    return register


def request(office: Office, **differently: Any) -> str:
    at = now()
    row = {
        "id": new_id(),
        "right": "access",
        "subject_id": office.ana,
        "state": "verifying",
        "channel": "web",
        "opened_by": "desk",
        "opened_at": at - 40 * DAY,
        "received_at": at - 40 * DAY,
        "due_at": at + 30 * DAY,
        "due_conservative": at + 30 * DAY,
    } | differently
    with office.database.write() as session:
        session.add(DataRequest(**row))
    return str(row["id"])


def told(office: Office, request_id: str, type_: str, ago: timedelta) -> None:
    """A line of the request's timeline."""
    with office.database.write() as session:
        session.add(RequestEvent(request_id=request_id, at=now() - ago, type=type_, actor="dora"))


def in_force_since(office: Office, policies: PolicySet, ago: timedelta) -> None:
    with office.database.write() as session:
        remember(session, policies)
        kept = update(PolicyVersion).where(PolicyVersion.version == policies.version)
        session.execute(kept.values(first_seen_at=now() - ago))


def another_consent(office: Office, **differently: Any) -> str:
    with office.database.write() as session:
        row = session.scalars(select(Consent)).first()
        assert row is not None
        values = {c.key: getattr(row, c.key) for c in Consent.__table__.columns}
        wanted = values | {"id": new_id(), "state_version": 99} | differently
        session.execute(insert(Consent), [wanted])
    return str(wanted["id"])
