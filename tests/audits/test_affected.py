"""Ways by which a breach touches people beside reads: their log, their word in somebody else's hand."""

import time_machine

from privacy_svc.auditlog import Event, EventType
from tests.audits.conftest import TODAY, Office
from tests.audits.test_breaches import HOUR, breaches, registered


def _did(office: Office, actor: str, *events: Event) -> None:
    with time_machine.travel(TODAY - 2 * HOUR), office.database.write() as session:
        office.log.append_many(session, list(events), actor=actor)
    office.log.integrate(office.database)


def test_what_a_stolen_token_says_in_people_s_names_touches_them(office: Office) -> None:
    """Where the client is known. Without one, people say such things themselves all the time. Whose log was opened is
    touched either way; entries about nobody touch nobody; those that name nobody are counted."""
    with office.database.write() as session:
        looked_at, consenting, objecting, noted, asking, own = office.vault.create_subjects(session, 6)
    _did(
        office,
        "shop",
        Event(EventType.LOG_READ, looked_at, {"reason": "x"}),
        Event(EventType.CONSENT_GIVEN, consenting, {"purpose": "marketing.email"}),
        Event(EventType.OBJECTION_RAISED, objecting, {"purpose": "marketing.email"}),
        Event(EventType.MODULE_EVENT, noted, {"type": "a:b:c", "payload": {}}),
        Event(EventType.REQUEST_RECEIVED, asking, {}),
        Event(EventType.LOG_READ, None, {"type": "consent"}),
        Event(EventType.MODULE_EVENT, None, {"type": "a:b:c", "payload": {}}),
        Event(EventType.SUPPRESSION_CHECKED, None, {"addresses": 9}),
    )
    _did(office, "person", Event(EventType.CONSENT_WITHDRAWN, own, {"purpose": "marketing.email"}))
    span = {"began_at": TODAY - 5 * HOUR, "ended_at": TODAY - HOUR}
    through_it = breaches(office).affected(registered(office, client="shop", **span).id, "dora")
    touched = {looked_at, consenting, objecting, noted, asking}
    assert {p["subject"] for p in through_it["people"]} == touched
    assert (through_it["unnamed"], through_it["nameless"]) == (0, {"consent:suppression:checked": 1})
    anybody = breaches(office).affected(registered(office, **span).id, "dora")
    assert {p["subject"] for p in anybody["people"]} == {looked_at}


def test_somebody_erased_is_one_person_at_least(office: Office) -> None:
    """Five entries may be about one person or five: which, nobody can tell any more."""
    with office.database.write() as session:
        gone = office.vault.create_subject(session).id
    payload = {"module": "shop", "purpose": "service.contract", "fields": {"permit": ["email"]}}
    _did(office, "shop", *[Event(EventType.RECORD_READ, gone, payload)] * 5)
    with office.database.write() as session:
        theirs = office.log.theirs(session, gone)
        office.vault.erase(session, gone)
        office.log.erase_payloads(session, theirs, actor="worker")
    office.log.integrate(office.database)
    span = {"began_at": TODAY - 5 * HOUR, "ended_at": TODAY - HOUR}
    found = breaches(office).affected(registered(office, client="shop", **span).id, "dora")
    assert (found["unnamed_at_least"], found["unnamed"], found["people"]) == (1, 5, [])
