"""Restriction, objection, automated decisions (Art. 18, 21, 22): what holds from when, and who is told before what."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from privacy_svc.consent import Reading, purpose_states, restrict, subject_state
from privacy_svc.consent.suppression import scopes_by_address
from privacy_svc.db import Database, now
from privacy_svc.errors import BadRequest, Conflict, Erased, InvalidBody
from privacy_svc.http import Contact, CustomerRef
from privacy_svc.mail import MailUnavailable
from privacy_svc.policy import decide
from privacy_svc.rights import AddressMissing, BadDetails, Limits, Recipients, Review, Right, State
from privacy_svc.rights.article15 import Held, answer
from privacy_svc.rights.evidence import end_all
from privacy_svc.rights.fulfilment import Fulfilment
from privacy_svc.rights.limits_model import RestrictionEnd
from tests.conftest import ONE_DATABASE
from tests.listening import Heard, Said, listening
from tests.rights.company import ANA, PURPOSES, Company, open_company
from tests.rights.running import erased
from tests.rights.telling import IDENTIFIER, carry_out, deliver, done_for, telling
from tests.rights.test_approval import verified
from tests.rights.test_opening import opened, types_of

ANA_ONE = CustomerRef(id="1")
NOBODY_TO_WRITE_TO = CustomerRef(id="3")
MORE = (
    PURPOSES
    + """\
  scoring:
    title: {en: Credit scoring, de: Bonität}
    description: {en: We reckon whether you pay., de: Wir rechnen aus.}
    legal_basis: contract
    use: essential.service
    dpv: dpv:CreditChecking
    subjects: [customer]
    categories: [user.name]
    automated:
      logic: {en: Points for paid invoices., de: Punkte für bezahlte Rechnungen.}
      consequences: {en: Below 50 you pay first., de: Unter 50 zahlen Sie vorher.}
      ground: contract
  insight:
    title: {en: Insight, de: Einblick}
    description: {en: What people like you buy., de: Was man kauft.}
    legal_basis: legitimate_interests
    assessment: LIA-1
    assessment_reviewed: 2026-01-31
    use: analytics.reporting
    dpv: dpv:ServiceUsageAnalytics
    subjects: [customer]
    categories: [user.name]
    profiling: true
  storage:
    title: {en: Storage, de: Speicherung}
    description: {en: Keeping, de: Aufbewahren}
    legal_basis: legal_obligation
    use: functional.storage
    dpv: dpv:RecordManagement
    subjects: [customer]
    categories: [user.name]
    storage_only: true
"""
)
MODULES = "modules:\n  desk: {title: Desk, purposes: [support, newsletter, scoring, insight, storage]}\n"
PURPOSE_FILES = {"purposes.yml": MORE, "modules.yml": MODULES}


@pytest.fixture
def house(company: Company) -> Company:
    """The small company with purposes that profile, decide by themselves, and only store."""
    for name, content in PURPOSE_FILES.items():
        (company.home / "policies" / name).write_text(content)
    company.reword("id: test", "id: test")
    return company


def allows(company: Company, purpose: str, key: str = "1") -> bool:
    """What the gateway would decide, in a transaction of its own."""
    policies = company.requests.parts.policy
    with company.database.read() as session:
        subject = company.requests.parts.directory.find(session, CustomerRef(id=key))
        assert subject is not None
        states = purpose_states(session, [subject], Reading(company.vault, (policies,), purpose, now()))
    return decide(policies, "desk", purpose, ["name"], states[subject], now()).permit_all


def lettered(company: Company) -> str:
    return company.mails()[-1].replace("=\n", "").replace("\n", " ")


# Restriction


def test_a_restriction_holds_from_its_steps_commit(house: Company) -> None:
    """Another process's gateway denies from the step's commit on, before the letter and the end of the request; storage
    goes on."""
    request = verified(house, Right.RESTRICTION)
    assert allows(house, "support")
    work = Fulfilment(house.database, house.requests.parts)
    assert work.perform(request.id, "start") is None
    assert work.perform(request.id, "restrict") is None
    assert house.requests.show(request.id).state == State.IN_PROGRESS
    with open_company(house.home, house.database, house.store_url) as other:
        assert not allows(other, "support")
        assert allows(other, "storage")


def test_a_restriction_is_not_lifted_before_the_person_was_told(house: Company) -> None:
    """Art. 18(3): announced with day and reason, then lifted, not a moment earlier; both in log and timeline."""
    request, limits, start = done_for(house, Right.RESTRICTION), Limits(house.requests), datetime.now(UTC)
    with pytest.raises(Conflict, match=r"Art. 18\(3\)"):
        limits.lift(ANA_ONE, "piet")
    view = limits.announce(ANA_ONE, "Your address is right now.", "piet", ends_at=start + timedelta(days=3))
    assert (view.told_how, view.announced_by) == ("mail", "piet")
    letter = lettered(house)
    assert "To: ana@mail.example" in letter
    for said in ("Art. 18(3)", "Your address is right now.", "The Authority"):
        assert said in letter
    assert limits.restrictions() == [view]
    with pytest.raises(Conflict, match="not before"):
        limits.lift(ANA_ONE, "piet")
    assert not allows(house, "support")
    with time_machine.travel(start + timedelta(days=3, minutes=1)):
        assert limits.lift(ANA_ONE, "piet") == 3
        assert allows(house, "support")
        assert limits.restrictions() == []
        with pytest.raises(Conflict, match="not restricted"):
            limits.lift(ANA_ONE, "piet")
    assert types_of(house, request.id)[-2:] == ["end_announced", "ended"]
    logged = _logged(house)
    assert logged[-3:] == ["rights:restriction:end_announced", "consent:restriction:lifted", "rights:restriction:ended"]


@ONE_DATABASE
def test_who_was_told_of_a_restriction_is_told_of_its_end(database: Database, tmp_path: Path) -> None:
    """Art. 19: the letter said "until we write again"; the webhook gets another type, under an event of its own."""
    with (
        listening() as server,
        telling(
            tmp_path / "home", database, f"sqlite:///{tmp_path / 'crm.sqlite'}", f"{{by: webhook, url: '{server.url}'}}"
        ) as company,
    ):
        Recipients(company.requests).new_secret("letterbox", "dora")
        request, limits, start = done_for(company, Right.RESTRICTION), Limits(company.requests), datetime.now(UTC)
        deliver(company)
        limits.announce(ANA_ONE, "over", "piet", ends_at=start + timedelta(hours=1))
        with time_machine.travel(start + timedelta(hours=2)):
            limits.lift(ANA_ONE, "piet")
            deliver(company)
        first, second = (json.loads(h.body) for h in server.heard)
        assert (first["type"], second["type"]) == ("rights.restriction", "rights.restriction_lifted")
        assert second["data"]["identifier"] == first["data"]["identifier"] == IDENTIFIER
        assert len({h.headers["webhook-id"] for h in server.heard}) == 2
        assert types_of(company, request.id).count("told") == 2


@ONE_DATABASE
def test_who_is_being_told_when_it_ends_is_told_of_the_end_too(database: Database, tmp_path: Path) -> None:
    """Lifted while the first message is under way: that one is noted, and is not taken for the second."""

    def answer(_: Heard) -> Said:
        if len(server.heard) == 1:
            limits.lift(ANA_ONE, "piet")
        return Said()

    with (
        listening(answer) as server,
        telling(
            tmp_path / "home", database, f"sqlite:///{tmp_path / 'crm.sqlite'}", f"{{by: webhook, url: '{server.url}'}}"
        ) as company,
    ):
        Recipients(company.requests).new_secret("letterbox", "dora")
        request, limits, start = done_for(company, Right.RESTRICTION), Limits(company.requests), datetime.now(UTC)
        limits.announce(ANA_ONE, "over", "piet", ends_at=start + timedelta(hours=1))
        with time_machine.travel(start + timedelta(hours=2)):
            assert deliver(company) == 2
        assert [json.loads(h.body)["type"] for h in server.heard] == ["rights.restriction", "rights.restriction_lifted"]
        [notice] = company.requests.notifications(request.id)
        assert (notice.state, notice.event) == ("answered", server.heard[1].headers["webhook-id"])
        assert types_of(company, request.id).count("told") == 2


def _logged(company: Company) -> list[str]:
    company.log.integrate(company.database)
    with company.database.read() as session:
        found = company.log.search(
            session, subject_id=company.requests.parts.directory.find(session, ANA_ONE), limit=100
        )
    return [str(e.type) for e in sorted(found, key=lambda e: e.index or 0)]


def test_a_letter_that_was_not_sent_announces_nothing(house: Company) -> None:
    """The mail server is away: nobody was told, nothing can be lifted, and announcing again works."""
    done_for(house, Right.RESTRICTION)
    limits, start = Limits(house.requests), datetime.now(UTC)
    outbox = house.requests.parts.mailer
    house.mail_by("smtp://127.0.0.1:1")
    with pytest.raises(MailUnavailable):
        limits.announce(ANA_ONE, "over", "piet", ends_at=start + timedelta(days=1))
    object.__setattr__(house.requests.parts, "mailer", outbox)
    with time_machine.travel(start + timedelta(days=2)):
        assert limits.restrictions()[0].ends_at is None
        with pytest.raises(Conflict):
            limits.lift(ANA_ONE, "piet")
        limits.announce(ANA_ONE, "over", "piet", ends_at=start + timedelta(days=3))
    with time_machine.travel(start + timedelta(days=4)):
        limits.lift(ANA_ONE, "piet")


def test_who_has_no_address_is_told_by_other_means(house: Company) -> None:
    """Without an address on file staff say when and how they told the person: after it was restricted."""
    limits, start = Limits(house.requests), datetime.now(UTC)
    with house.database.write() as session:
        subject = house.requests.parts.directory.admit(session, NOBODY_TO_WRITE_TO)
        restrict(session, house.log, subject, "dora")
    with pytest.raises(AddressMissing):
        limits.announce(NOBODY_TO_WRITE_TO, "over", "piet")
    for wrong in (start - timedelta(days=1), start + timedelta(days=1)):
        with pytest.raises(BadRequest):
            limits.announce(NOBODY_TO_WRITE_TO, "over", "piet", told_at=wrong, how="post")
    with pytest.raises(BadRequest):
        limits.announce(NOBODY_TO_WRITE_TO, " ", "piet", told_at=now(), how="post")
    with pytest.raises(BadRequest):
        limits.announce(NOBODY_TO_WRITE_TO, "over", "piet", ends_at=start - timedelta(days=1))
    assert limits.announce(NOBODY_TO_WRITE_TO, "over", "piet", told_at=now(), how="post").told_how == "post"


def test_who_restricts_again_is_told_again(house: Company) -> None:
    """A second request meanwhile voids what was announced."""
    done_for(house, Right.RESTRICTION)
    limits, start = Limits(house.requests), datetime.now(UTC)
    limits.announce(ANA_ONE, "over", "piet", ends_at=start + timedelta(days=1))
    done_for(house, Right.RESTRICTION)
    with time_machine.travel(start + timedelta(days=2)), pytest.raises(Conflict, match="announce its end"):
        limits.lift(ANA_ONE, "piet")


def test_why_a_restriction_ends_is_sealed(house: Company) -> None:
    """The reason names people: it is not to be read in the database, and goes with the evidence."""
    done_for(house, Right.RESTRICTION)
    Limits(house.requests).announce(ANA_ONE, "Ana Figueiredo moved", "piet")
    with house.database.read() as session:
        [end] = session.scalars(select(RestrictionEnd))
    assert b"Ana" not in end.reason
    assert end.reason
    erasure = done_for(house, Right.ERASURE)
    assert erasure.state == State.COMPLETED
    with time_machine.travel(datetime.now(UTC) + timedelta(days=12 * 366)):
        assert end_all(house.database, house.requests.parts, "worker", automatic=False).people == 1
    with house.database.read() as session:
        assert session.scalars(select(RestrictionEnd.reason)).all() == [b""]


def test_the_erasures_own_restriction_is_no_way_back(house: Company) -> None:
    """Nobody lifts the restriction of an erased person."""
    done_for(house, Right.ERASURE)
    with pytest.raises(Erased):
        Limits(house.requests).announce(ANA_ONE, "over", "piet", told_at=now(), how="post")


# Objection


def test_an_objection_holds_without_anybodys_approval(house: Company) -> None:
    """Verified, it runs: to a purpose, and to all profiling, of every purpose that says it does it."""
    house.subject()
    assert allows(house, "insight")
    request = verified(house, Right.OBJECTION, purpose="profiling")
    assert request.state == State.IN_PROGRESS
    carry_out(house, request.id)
    assert not allows(house, "insight")
    assert allows(house, "support")
    with pytest.raises(InvalidBody):
        opened(house, Right.OBJECTION, purpose="support")


def test_profiling_that_nobody_does_cannot_be_objected_to(company: Company) -> None:
    """An objection that no decision heeds would be a false promise."""
    with pytest.raises(InvalidBody):
        opened(company, Right.OBJECTION, purpose="profiling")


@pytest.mark.parametrize("purpose", ["insight", "profiling"])
def test_compelling_grounds_are_told_and_then_the_use_goes_on(house: Company, purpose: str) -> None:
    """Art. 21(1): a named person, grounds, a letter with authority and remedy; in log and timeline; their address is
    free of it; another objection holds again."""
    request, limits = done_for(house, Right.OBJECTION, purpose=purpose), Limits(house.requests)
    email = Contact("email", ANA["email"])

    def suppressed() -> bool:
        with house.database.read() as session:
            return email in scopes_by_address(session, house.vault, [email])

    listed = purpose != "profiling"
    assert suppressed() is listed
    with pytest.raises(BadRequest):
        limits.override(ANA_ONE, purpose, " ", "piet")
    limits.override(ANA_ONE, purpose, "You have defrauded us twice.", "piet")
    assert allows(house, "insight")
    assert not suppressed()
    for said in ("You have defrauded us twice.", "The Authority", "court", "21(1)"):
        assert said in lettered(house)
    assert types_of(house, request.id)[-1] == "overridden"
    assert house.requests.details(request.id, "dora").said["overridden"] == "You have defrauded us twice."
    assert "consent:objection:lifted" in _logged(house)
    with pytest.raises(Conflict, match="No objection"):
        limits.override(ANA_ONE, purpose, "again", "piet")
    done_for(house, Right.OBJECTION, purpose=purpose)
    assert not allows(house, "insight")
    assert suppressed() is listed


@pytest.mark.parametrize("purpose", ["direct_marketing", "newsletter"])
def test_no_ground_overrides_an_objection_to_direct_marketing(house: Company, purpose: str) -> None:
    """Art. 21(2) and (3): absolute, whatever the grounds, by whatever name it was objected to."""
    done_for(house, Right.OBJECTION, purpose=purpose)
    with pytest.raises(Conflict, match="absolute"):
        Limits(house.requests).override(ANA_ONE, purpose, "We need the money.", "piet")
    with house.database.read() as session:
        assert purpose in subject_state(session, house.subject(), now()).objections


def test_grounds_that_nobody_could_be_told_override_nothing(house: Company) -> None:
    """The mail server is away: the objection stands."""
    done_for(house, Right.OBJECTION, purpose="insight")
    house.mail_by("smtp://127.0.0.1:1")
    with pytest.raises(MailUnavailable):
        Limits(house.requests).override(ANA_ONE, "insight", "fraud", "piet")
    assert not allows(house, "insight")
    Limits(house.requests).override(ANA_ONE, "insight", "fraud", "piet", told_at=now())
    assert allows(house, "insight")


# Automated decisions


def test_an_access_answer_tells_what_allows_a_decision(house: Company) -> None:
    """Art. 15(1)(h) with Art. 22(2): logic, consequences, and the ground."""
    held = Held("customer", frozenset({"user.name"}), ())
    [told] = answer(house.requests.parts.policy, held, "de")["automated_decisions"]
    assert told["logic"] == "Punkte für bezahlte Rechnungen."
    assert told["consequences"] == "Unter 50 zahlen Sie vorher."
    assert told["allowed_by"] == "22(2)(a)"


def test_the_review_says_who_when_and_with_what_result(house: Company) -> None:
    """The person is told; where the decision stands, with authority and remedy. The log has it."""
    request = verified(house, Right.AUTOMATED_DECISION, purpose="scoring", view="I always pay.")
    house.requests.approve(request.id, "piet")
    done = house.requests.complete(request.id, Review.UPHELD, "Four invoices are open.", "piet")
    assert (done.outcome, done.reviewed_by, done.closed_at is not None) == ("upheld", "piet", True)
    for said in ("It stands", "Four invoices are open.", "The Authority", "court"):
        assert said in lettered(house)
    assert house.requests.details(request.id, "dora").given["view"] == "I always pay."
    assert "rights:decision:reviewed" in _logged(house)
    line = next(n for n in house.requests.timeline(request.id, "de") if n.type == "rights:decision:reviewed")
    assert (line.text, line.actor) == ("Ein Mensch hat die Entscheidung noch einmal geprüft: sie bleibt.", "piet")


def test_a_changed_decision_needs_no_remedy(house: Company) -> None:
    """Who was right is not sent to court."""
    request = verified(house, Right.AUTOMATED_DECISION, purpose="scoring")
    house.requests.approve(request.id, "piet")
    house.requests.complete(request.id, Review.CHANGED, "We read it wrongly.", "piet")
    assert "It was changed" in lettered(house)
    assert "court" not in lettered(house)


def test_only_what_decides_by_itself_is_reviewed(house: Company) -> None:
    """A named purpose is one that decides by automated means."""
    with pytest.raises(BadDetails, match="scoring"):
        opened(house, Right.AUTOMATED_DECISION, purpose="support")
    policies = house.requests.parts.policy
    state = _state(house)
    assert decide(policies, "desk", "scoring", ["name"], state, now()).human_review
    assert not decide(policies, "desk", "support", ["name"], state, now()).human_review


def _state(company: Company) -> Any:
    subject = company.subject()
    with company.database.read() as session:
        return subject_state(session, subject, now())


@ONE_DATABASE
def test_who_was_erased_is_not_listed_as_restricted(company: Company) -> None:
    """An erasure restricts first; nobody can end that, and a list of all of them would hide who waits for an end."""
    assert erased(company).state == State.COMPLETED
    assert Limits(company.requests).restrictions() == []
