"""Planted faults of the register of breaches."""

from typing import Any

from privacy_svc.audits.breach_model import Breach
from privacy_svc.db import now
from tests.audits.conftest import Office
from tests.audits.planting import DAY, plants


def _breach(office: Office, **differently: Any) -> str:
    row = {"aware_at": now() - 4 * DAY, "registered_at": now() - 4 * DAY, "registered_by": "dora", "sealed": b""}
    with office.database.write() as session:
        breach = Breach(**row | differently)
        session.add(breach)
        session.flush()
        return breach.id


@plants("breaches-unassessed")
def _unassessed(office: Office) -> str:
    _breach(office, aware_at=now() - DAY / 2)
    return _breach(office)


@plants("breaches-untold")
def _untold(office: Office) -> str:
    """Beside one that nobody has to be told of, and one whose time is not over."""
    assessed = {"assessed_at": now() - DAY}
    _breach(office, risk="unlikely", **assessed)
    _breach(office, risk="risk", aware_at=now() - 2 * DAY, **assessed)
    _breach(office, risk="risk", authority_told_at=now() - DAY, **assessed)
    return _breach(office, risk="risk", **assessed)


@plants("breaches-untold-to-people")
def _people_untold(office: Office) -> str:
    high = {"risk": "high", "authority_told_at": now() - 3 * DAY, "assessed_at": now() - 3.5 * DAY}
    _breach(office, people_exempt="34(3)(a)", **high)
    _breach(office, people_told_at=now() - DAY, **high)
    return _breach(office, **high)
