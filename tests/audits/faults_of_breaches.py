"""Planted faults of the register of breaches."""

from datetime import timedelta
from typing import Any

from privacy_svc.audits.breach_model import Breach, BreachEvent
from privacy_svc.db import new_id, now
from tests.audits.conftest import Office
from tests.audits.planting import DAY, plants


def _breach(office: Office, *events: BreachEvent, **differently: Any) -> str:
    row = {"aware_at": now() - 4 * DAY, "registered_at": now() - 4 * DAY, "registered_by": "dora", "sealed": b""}
    with office.database.write() as session:
        breach = Breach(**row | differently)
        session.add(breach)
        session.flush()
        for event in events:
            event.breach_id = breach.id
            session.add(event)
        return breach.id


def _judged(risk: str, ago: timedelta = 3.5 * DAY) -> BreachEvent:
    return BreachEvent(kind="assessed", at=now() - ago, by="dora", risk=risk, sealed=b"")


def _told(kind: str, ago: timedelta = DAY, exempt: str | None = None) -> BreachEvent:
    told_at = None if exempt else now() - ago
    return BreachEvent(kind=kind, at=now() - ago, by="dora", told_at=told_at, exempt=exempt, sealed=b"")


@plants("breaches-unassessed")
def _unassessed(office: Office) -> str:
    _breach(office, aware_at=now() - DAY / 2)
    return _breach(office)


@plants("breaches-untold")
def _untold(office: Office) -> str:
    """Beside one that nobody has to be told of, and one whose time is not over."""
    _breach(office, _judged("unlikely"))
    _breach(office, _judged("risk"), aware_at=now() - 2 * DAY)
    _breach(office, _judged("risk"), _told("authority", 2 * DAY))
    return _breach(office, _judged("risk"))


@plants("breaches-told-late")
def _told_late(office: Office) -> str:
    """Beside one told within 72 hours, and one whose follow-up came after them."""
    _breach(office, _judged("risk"), _told("authority", 1.1 * DAY))
    _breach(office, _judged("risk"), _told("authority", 2 * DAY), _told("authority", DAY / 2))
    return _breach(office, _judged("risk"), _told("authority", 0.9 * DAY))


@plants("breaches-assessed-late")
def _assessed_late(office: Office) -> str:
    """Beside one judged in time and again since."""
    _breach(office, _judged("unlikely"), _judged("unlikely", DAY / 2))
    return _breach(office, _judged("unlikely", DAY / 2))


@plants("breaches-judged-down")
def _judged_down(office: Office) -> str:
    """Beside one judged down in time, and one judged down when everybody knew."""
    _breach(office, _judged("risk"), _judged("unlikely", 2 * DAY))
    _breach(office, _judged("risk"), _told("authority", 2 * DAY), _judged("unlikely", DAY / 2))
    return _breach(office, _judged("risk"), _judged("unlikely", DAY / 2))


@plants("breaches-times-moved")
def _moved(office: Office) -> str:
    """Beside one whose time was corrected and was never late."""
    found = ""
    for told_late in (False, True):
        first = _told("authority", DAY / 2 if told_late else 2 * DAY)
        first.id = new_id()
        corrected = _told("authority", 1.5 * DAY)
        corrected.at, corrected.replaces = now(), first.id
        found = _breach(office, _judged("risk"), first, corrected)
    return found


@plants("breaches-untold-to-people")
def _people_untold(office: Office) -> str:
    """Also where it was judged again since: the first judgement counts."""
    for event in (_told("people", exempt="34(3)(a)"), _told("people")):
        _breach(office, _judged("high", 3.5 * DAY), _told("authority", 3 * DAY), event)
    return _breach(office, _judged("high", 3.5 * DAY), _told("authority", 3 * DAY), _judged("high", DAY / 2))
