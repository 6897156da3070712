"""The register of breaches: the clock of 72 hours, who was touched by the log, who is told, nothing of it in clear."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import text

from privacy_svc.auditlog import Event, EventType, GroupEvent, crowds
from privacy_svc.audits import (
    AssessBreach,
    Breaches,
    BreachView,
    Exempt,
    RegisterBreach,
    Risk,
    TellAuthority,
    TellPeople,
)
from privacy_svc.db import now
from privacy_svc.errors import BadRequest, Conflict, NotFound
from privacy_svc.http import decode
from privacy_svc.policy import PolicyHolder
from privacy_svc.store.model import SubjectRow
from tests.audits.conftest import TODAY, Office
from tests.factories import check_log

HOUR = timedelta(hours=1)
SECRET = "Ana's token was posted by Bo"


def breaches(office: Office) -> Breaches:
    return Breaches(office.database, office.log, PolicyHolder(office.settings.policies))


def registered(office: Office, **said: Any) -> BreachView:
    return breaches(office).register(RegisterBreach(nature=SECRET, **said), "dora")


def assessment(risk: Risk, **more: Any) -> AssessBreach:
    return AssessBreach(risk=risk, reason="It was open.", consequences="Spam.", measures="It was closed.", **more)


def test_the_clock_runs_from_when_it_was_known(office: Office) -> None:
    """72 hours of the clock from `aware_at`, over weekends; without one from now."""
    friday = datetime(2026, 11, 20, 18, tzinfo=UTC)
    assert registered(office, aware_at=friday).authority_due == datetime(2026, 11, 23, 18, tzinfo=UTC)
    fresh = registered(office)
    assert fresh.authority_due - fresh.aware_at == 72 * HOUR
    assert "assessed" in fresh.next


@pytest.mark.parametrize(
    "said", [{"aware_at": datetime(2027, 1, 1, tzinfo=UTC)}, {"nature": "  "}, {"categories": ["user.cotnact"]}]
)
def test_a_registration_that_says_too_little(office: Office, said: dict[str, Any]) -> None:
    """A time to come, no words, a category that nothing has: refused, and nothing is entered."""
    with pytest.raises(BadRequest):
        breaches(office).register(RegisterBreach(**{"nature": "x"} | said), "dora")
    assert breaches(office).all() == []


def test_who_has_to_be_told_decides_when_it_is_closed(office: Office) -> None:
    """Nothing is closed unassessed; a risk wants the authority told, a high one the people too; an unlikely one
    nobody, and it stays in the register."""
    register = breaches(office)
    found = registered(office)
    with pytest.raises(Conflict, match="assessed"):
        register.close(found.id, "dora")
    register.assess(found.id, assessment(Risk.HIGH, people=40), "dora")
    with pytest.raises(Conflict, match="authority"):
        register.close(found.id, "dora")
    register.tell_authority(found.id, TellAuthority(reference="LfD-7"), "dora")
    with pytest.raises(Conflict, match="people"):
        register.close(found.id, "dora")
    register.tell_people(found.id, TellPeople(how="by letter"), "dora")
    assert register.close(found.id, "dora").closed_at is not None
    with pytest.raises(Conflict, match="closed"):
        register.assess(found.id, assessment(Risk.RISK), "dora")
    unlikely = registered(office)
    register.assess(unlikely.id, assessment(Risk.UNLIKELY), "dora")
    register.close(unlikely.id, "dora")
    assert {b.id for b in register.all()} == {found.id, unlikely.id}


def test_late_needs_its_reason(office: Office) -> None:
    """After 72 hours the authority is told why (Art. 33(1)); within them nobody is asked."""
    register = breaches(office)
    found = registered(office, aware_at=TODAY - 73 * HOUR)
    with pytest.raises(BadRequest, match="delay"):
        register.tell_authority(found.id, TellAuthority(), "dora")
    in_time = TellAuthority(told_at=TODAY - 2 * HOUR)
    assert register.tell_authority(found.id, in_time, "dora").authority_told_at == TODAY - 2 * HOUR
    late = registered(office, aware_at=TODAY - 73 * HOUR)
    register.tell_authority(late.id, TellAuthority(delay="The office was shut."), "dora")
    assert register.show(late.id, "dora").said["delay"] == "The office was shut."


def test_what_follows_the_first_notice_is_not_late(office: Office) -> None:
    """In phases (Art. 33(4)): each stays with its time and reference, the first counts, and only that has to say why it
    was late. A wrong time is corrected once, and all of it stays in the history."""
    register, found = breaches(office), registered(office, aware_at=TODAY - 100 * HOUR)
    register.tell_authority(found.id, TellAuthority(told_at=TODAY - 50 * HOUR, reference="LfD-7"), "dora")
    later = register.tell_authority(found.id, TellAuthority(told_at=TODAY - HOUR, reference="LfD-7/2"), "dora")
    assert later.authority_told_at == TODAY - 50 * HOUR
    first, second = (e for e in register.show(found.id, "dora").history if e.kind == "authority")
    assert [e.said for e in (first, second)] == [{"reference": "LfD-7"}, {"reference": "LfD-7/2"}]
    corrected = TellAuthority(told_at=TODAY - 40 * HOUR, replaces=first.id)
    assert register.tell_authority(found.id, corrected, "dora").authority_told_at == TODAY - 40 * HOUR
    with pytest.raises(BadRequest, match="replaces"):
        register.tell_authority(found.id, corrected, "dora")
    assert len([e for e in register.show(found.id, "dora").history if e.kind == "authority"]) == 3


def test_a_first_notice_that_is_corrected_may_be_late(office: Office) -> None:
    """Then its reason is asked for, as if it had been said so at once; the people's time is corrected too."""
    register, found = breaches(office), registered(office, aware_at=TODAY - 100 * HOUR)
    register.tell_authority(found.id, TellAuthority(told_at=TODAY - 50 * HOUR), "dora")
    [first] = register.show(found.id, "dora").history
    register.tell_authority(found.id, TellAuthority(told_at=TODAY - HOUR / 2), "dora")
    with pytest.raises(BadRequest, match="delay"):
        register.tell_authority(found.id, TellAuthority(told_at=TODAY - HOUR, replaces=first.id), "dora")
    late = TellAuthority(told_at=TODAY - HOUR, replaces=first.id, delay="It was a typing error.")
    assert register.tell_authority(found.id, late, "dora").authority_told_at == TODAY - HOUR
    register.tell_authority(found.id, TellAuthority(), "dora")
    register.tell_people(found.id, TellPeople(told_at=TODAY - 50 * HOUR, how="by letter"), "dora")
    [told] = (e for e in register.show(found.id, "dora").history if e.kind == "people")
    again = TellPeople(told_at=TODAY - 2 * HOUR, how="by letter", replaces=told.id)
    assert register.tell_people(found.id, again, "dora").people_told_at == TODAY - 2 * HOUR


def test_an_exemption_has_its_point_and_reason(office: Office) -> None:
    """Either they were told, or a point of Art. 34(3) is named with its reason; not both, not neither."""
    register = breaches(office)
    found = registered(office)
    for wanted in (TellPeople(), TellPeople(how="x", exempt=Exempt.PROTECTED), TellPeople(exempt=Exempt.PROTECTED)):
        with pytest.raises(BadRequest):
            register.tell_people(found.id, wanted, "dora")
    exempt = TellPeople(exempt=Exempt.PROTECTED, reason="All of it was sealed.")
    assert register.tell_people(found.id, exempt, "dora").people_exempt == "34(3)(a)"


def test_who_was_touched_is_told_from_the_log(office: Office) -> None:
    """Reads, permits and writes of that client in that span, also among many; nobody else, nothing before or after;
    with the rows they are, and erased people as a number."""
    with office.database.write() as session:
        bo, kim, gone = office.vault.create_subjects(session, 3)
        session.add(SubjectRow(dataset="shop", collection="customers", key="7", subject_id=bo))
    _read(office, bo, "shop", ["phone"], ago=9 * HOUR)
    _read(office, bo, "shop", ["email"], ago=3 * HOUR)
    _read(office, gone, "shop", ["email"], ago=3 * HOUR)
    _read(office, kim, "support", ["email"], ago=3 * HOUR)
    groups = [{"fields": {"permit": ["city"]}}, {"fields": {"deny": ["city"]}, "reasons": ["restricted"]}]
    payload = {"module": "shop", "purpose": "service.contract", "groups": groups}
    with time_machine.travel(TODAY - 2 * HOUR), office.database.write() as session:
        many = GroupEvent(EventType.RECORD_READ, {bo: (0, 1), kim: (1, 1)}, payload)
        office.log.append_group(session, many, actor="shop")
    office.log.integrate(office.database)
    with office.database.write() as session:
        theirs = office.log.theirs(session, gone)
        office.vault.erase(session, gone)
        office.log.erase_payloads(session, theirs, actor="worker")
    office.log.integrate(office.database)
    span = {"began_at": TODAY - 5 * HOUR, "ended_at": TODAY - HOUR}
    found = breaches(office).affected(registered(office, client="shop", **span).id, "dora")
    [touched] = found["people"]
    assert (touched["subject"], touched["rows"]) == (bo, ["shop.customers/7"])
    assert (touched["fields"], touched["entries"]) == (["city", "email"], 2)
    assert (found["entries"], found["unnamed"]) == (3, 1)
    check_log(office.database, office.log)


def _handed_out(office: Office, event: Event | GroupEvent, actor: str, ago: timedelta = 2 * HOUR) -> None:
    with time_machine.travel(TODAY - ago), office.database.write() as session:
        if isinstance(event, GroupEvent):
            office.log.append_group(session, event, actor=actor)
        else:
            office.log.append_many(session, [event], actor=actor)


def _audience(people: dict[str, tuple[int, int]]) -> GroupEvent:
    groups = [{"fields": {"permit": ["email"]}, "reasons": []}, {"fields": {}, "reasons": ["objection"]}]
    told = {"module": "shop", "purpose": "marketing.email", "groups": groups, "asked": 9, "permitted": 2}
    return GroupEvent(EventType.AUDIENCE_DECIDED, people, told)


@pytest.mark.parametrize("many", [1_000, 1])
def test_an_audience_touches_everybody_it_permits(office: Office, many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also as a crowd, that nothing names but the tags: those who were permitted, and who was erased as a number."""
    monkeypatch.setattr(crowds, "MANY", many)
    with office.database.write() as session:
        bo, kim, gone, refused = office.vault.create_subjects(session, 4)
    _handed_out(office, _audience({bo: (0, 1), kim: (0, 1), gone: (0, 1), refused: (1, 1)}), "shop")
    office.log.integrate(office.database)
    with office.database.write() as session:
        theirs = office.log.theirs(session, gone)
        office.vault.erase(session, gone)
        office.log.erase_payloads(session, theirs, actor="worker")
    office.log.integrate(office.database)
    span = {"began_at": TODAY - 5 * HOUR, "ended_at": TODAY - HOUR}
    found = breaches(office).affected(registered(office, client="shop", **span).id, "dora")
    assert {p["subject"]: p["fields"] for p in found["people"]} == {bo: ["email"], kim: ["email"]}
    assert (found["unnamed"], found["entries"]) == (1, 1)
    assert [(a["asked"], a["permitted"]) for a in found["audiences"]] == [(9, 2)]
    assert "no trace" in found["note"]


def test_whoever_hands_data_out_touches(office: Office) -> None:
    """Staff who look, exports, packages, files: not only modules at the gateway."""
    kinds = ["DATA_LOOKED_AT", "CONSENT_READ", "DETAILS_READ", "FILE_READ", "PACKAGE_DOWNLOADED", "DATA_SHOWN"]
    with office.database.write() as session:
        people = office.vault.create_subjects(session, len(kinds) + 1)
    for kind, person in zip(kinds, people, strict=False):
        _handed_out(office, Event(EventType[kind], person, {"by": "x"}), "piet")
    _handed_out(
        office, GroupEvent(EventType.CONSENT_EXPORTED, {people[-1]: (0, 1)}, {"export": "1", "rows": 1}), "piet"
    )
    office.log.integrate(office.database)
    found = breaches(office).affected(registered(office, began_at=TODAY - 5 * HOUR, client="piet").id, "dora")
    assert {p["subject"]: p["ways"] for p in found["people"]} == {
        **{person: [EventType[kind]] for kind, person in zip(kinds, people, strict=False)},
        people[-1]: [EventType.CONSENT_EXPORTED],
    }


def test_the_last_instant_is_within_the_breach(office: Office) -> None:
    """What happened when it ended was touched."""
    _read(office, office.ana, "shop", ["email"], ago=2 * HOUR)
    office.log.integrate(office.database)
    with office.database.read() as session:
        at = office.log.search(session, type=EventType.RECORD_READ)[0].at
    found = breaches(office).affected(registered(office, client="shop", began_at=at, ended_at=at).id, "dora")
    assert [p["subject"] for p in found["people"]] == [office.ana]


def _read(office: Office, person: str, module: str, fields: list[str], ago: timedelta) -> None:
    payload = {"module": module, "purpose": "service.contract", "fields": {"permit": fields}}
    with time_machine.travel(TODAY - ago), office.database.write() as session:
        office.log.append_many(session, [Event(EventType.RECORD_READ, person, payload)], actor=module)


def test_a_client_that_there_is_not_is_refused_with_the_nearest(office: Office) -> None:
    """By a mistyped name the log would name nobody. A client, an actor of the log and staff who signed in are known."""
    with pytest.raises(BadRequest, match="'marketing'"):
        registered(office, client="Marketing ")
    found = registered(office, client="marketing")
    with pytest.raises(BadRequest, match="nobody-such"):
        breaches(office).assess(found.id, assessment(Risk.RISK, client="nobody-such"), "dora")
    _read(office, office.ana, "billing", ["email"], ago=HOUR)
    office.log.integrate(office.database)
    assert registered(office, client="billing").client == "billing"
    assert len(breaches(office).all()) == 2


def test_what_was_said_of_it_can_be_taken_back(office: Office) -> None:
    """Null clears the client, the span and the numbers; what is left out stays."""
    span = {"began_at": TODAY - 5 * HOUR, "ended_at": TODAY - HOUR}
    found, register = registered(office, client="marketing", **span), breaches(office)
    kept = register.assess(found.id, assessment(Risk.RISK, people=4, records=9), "dora")
    assert (kept.client, kept.began_at, kept.ended_at) == ("marketing", span["began_at"], span["ended_at"])
    body = {"risk": "risk", "reason": "r", "consequences": "c", "measures": "m"}
    names = ("client", "began_at", "ended_at", "people", "records")
    wanted = decode(json.dumps(body | dict.fromkeys(names)).encode(), AssessBreach)
    cleared = register.assess(found.id, wanted, "dora")
    assert [getattr(cleared, name) for name in names] == [None] * 5


def test_without_a_beginning_nobody_is_looked_up(office: Office) -> None:
    """A span is said first; it may not end before it began."""
    found = registered(office)
    with pytest.raises(Conflict, match="began_at"):
        breaches(office).affected(found.id, "dora")
    with pytest.raises(BadRequest, match="before"):
        registered(office, began_at=TODAY - HOUR, ended_at=TODAY - 2 * HOUR)


def test_what_was_said_is_sealed_and_each_look_is_logged(office: Office) -> None:
    """No column and no entry of the log holds the words; who read them is in the log."""
    found = registered(office, began_at=TODAY - HOUR)
    register = breaches(office)
    assert register.show(found.id, "dora").said == {"nature": SECRET}
    register.affected(found.id, "piet")
    register.notices(found.id, "piet")
    with office.database.engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM breaches")).mappings().one()
    assert SECRET.encode() not in row["sealed"]
    assert SECRET not in str({k: v for k, v in row.items() if k != "sealed"})
    assert "Ana" not in repr(register.show(found.id, "dora"))
    office.log.integrate(office.database)
    with office.database.read() as session:
        entries = office.log.search(session, type="audits:breach")
    assert [(e.type.split(":")[2], e.actor) for e in entries] == [
        ("read", "dora"),
        ("read", "piet"),
        ("affected", "piet"),
        ("read", "dora"),
        ("registered", "dora"),
    ]
    assert SECRET not in str([e.payload for e in entries])


def test_drafts_say_all_that_the_articles_ask(office: Office) -> None:
    """Art. 33(3)(a) to (d) to the authority; plain words without an id to the people, in each language."""
    found = registered(office, began_at=TODAY - HOUR, categories=["user.contact.email"])
    breaches(office).assess(found.id, assessment(Risk.HIGH, people=40), "dora")
    authority, *people = breaches(office).notices(found.id, "dora")
    organisation = PolicyHolder(office.settings.policies).current.organisation
    for part in (SECRET, "40", "user.contact.email", organisation.dpo.email, "Spam.", "It was closed."):
        assert part in authority.text
    assert organisation.authority.name in authority.to
    assert [d.language for d in people] == list(organisation.languages)
    for draft in people:
        assert found.id not in draft.text
        assert organisation.dpo.email in draft.text


def test_the_kinds_of_people_are_in_the_register_and_in_the_draft(office: Office) -> None:
    """Art. 33(3)(a) asks for them beside the categories of data; one that there is not is refused with the nearest."""
    with pytest.raises(BadRequest, match="'customer'"):
        registered(office, subjects=["custommer"])
    found = registered(office, subjects=["customer"])
    assert breaches(office).assess(found.id, assessment(Risk.RISK), "dora").subjects == ["customer"]
    both = breaches(office).assess(found.id, assessment(Risk.RISK, subjects=["customer", "employee"]), "dora")
    assert both.subjects == ["customer", "employee"]
    assert "customer, employee" in breaches(office).notices(found.id, "dora")[0].text


def test_a_second_judgement_takes_nothing_of_the_first(office: Office) -> None:
    """Each stays with its time and words (Art. 33(5)); an audit as of a time in between says what it said then, and
    who was judged at high risk first is untold since then."""
    with time_machine.travel(TODAY - 96 * HOUR):
        found = registered(office)
        breaches(office).assess(found.id, assessment(Risk.HIGH), "dora")
        breaches(office).tell_authority(found.id, TellAuthority(), "dora")
    between = now() - HOUR
    assert office.found(as_of=between).get("breaches-untold-to-people") == "finding"
    again = AssessBreach(risk=Risk.HIGH, reason="It was read.", consequences="Fraud.", measures="Police.")
    breaches(office).assess(found.id, again, "piet")
    assert office.found()["breaches-untold-to-people"] == "finding"
    breaches(office).assess(found.id, assessment(Risk.UNLIKELY), "piet")
    assert office.found(as_of=between).get("breaches-untold-to-people") == "finding"
    past = [e for e in breaches(office).show(found.id, "dora").history if e.kind == "assessed"]
    assert [(e.by, e.risk, e.said["reason"]) for e in past] == [
        ("dora", "high", "It was open."),
        ("piet", "high", "It was read."),
        ("piet", "unlikely", "It was open."),
    ]
    assert "It was" not in repr(past)
    with office.database.engine.connect() as connection:
        sealed = connection.scalars(text("SELECT sealed FROM breach_events")).all()
    assert not any(b"It was" in s for s in sealed)


def test_what_is_not_known_is_said_not_left_out(office: Office) -> None:
    """A first notice goes out before all is known (Art. 33(4))."""
    authority = breaches(office).notices(registered(office).id, "dora")[0]
    words = "not known yet" if authority.language == "en" else "noch nicht bekannt"
    assert authority.text.count(words) >= 6


def test_an_unknown_breach_is_not_found(office: Office) -> None:
    """404 for each of them."""
    with pytest.raises(NotFound):
        breaches(office).show("nothing", "dora")
    with pytest.raises(NotFound):
        breaches(office).tell_authority("nothing", TellAuthority(told_at=now() - HOUR), "dora")
