"""Objections and restrictions: raised, lifted, read by decisions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from privacy_svc.auditlog import EventType
from privacy_svc.consent import (
    lift_objection,
    lift_restriction,
    object_to,
    purpose_states,
    require_open_to_objection,
    restrict,
    subject_state,
    unknown_subject_state,
)
from privacy_svc.consent.objections import require_liftable
from privacy_svc.consent.schemas import Source
from privacy_svc.consent.states import Method
from privacy_svc.db import now
from privacy_svc.errors import Erased, InvalidBody, NotFound
from privacy_svc.policy import DIRECT_MARKETING, Group, SubjectState, decide
from tests.consent.conftest import MOTHER, Desk
from tests.factories import check_log


def _state(desk: Desk) -> SubjectState:
    with desk.database.read() as session:
        return subject_state(session, desk.subject, now())


def _object(desk: Desk, purpose: str, *, lift: bool = False, reason: str | None = None) -> int:
    with desk.database.write() as session:
        return (lift_objection if lift else object_to)(session, desk.log, desk.subject, purpose, "shop", reason)


def _restrict(desk: Desk, *, lift: bool = False) -> int:
    with desk.database.write() as session:
        return (lift_restriction if lift else restrict)(session, desk.log, desk.subject, "dora")


def test_an_objection_stands_until_lifted(desk: Desk) -> None:
    """Each purpose by itself."""
    _object(desk, "statistics")
    _object(desk, DIRECT_MARKETING)
    assert _state(desk).objections == {"statistics", DIRECT_MARKETING}
    _object(desk, "statistics", lift=True)
    assert _state(desk).objections == {DIRECT_MARKETING}


def test_what_is_said_again_stands_since_then(desk: Desk) -> None:
    """Each time is a row, an entry and a version; what does not stand is not lifted."""
    assert [_object(desk, "statistics"), _object(desk, "statistics")] == [2, 3]
    assert [_restrict(desk), _restrict(desk)] == [4, 5]
    assert _object(desk, "news", lift=True) == 5
    raised, placed = EventType.OBJECTION_RAISED, EventType.RESTRICTION_PLACED
    assert sorted(e.type for e in desk.entries()) == sorted([raised, raised, placed, placed])


def test_a_late_consent_ends_no_objection_that_was_said_again(desk: Desk) -> None:
    """Objected, agreed on paper, objected again; then the paper comes in."""
    _object(desk, "news")
    agreed = now()
    _object(desk, "news")
    desk.say(given_at=agreed, guardian=MOTHER)
    assert _state(desk).objections == {"news"}


def test_a_late_consent_that_does_not_stand_ends_no_objection(desk: Desk) -> None:
    """Objected, agreed on paper, and withdrawn; then the paper comes in."""
    _object(desk, "news")
    agreed = now()
    desk.say("withdrawn")
    desk.say(given_at=agreed, guardian=MOTHER)
    assert _state(desk).objections == {"news"}


def test_a_restriction_stands_until_lifted(desk: Desk) -> None:
    """And can be placed again."""
    seen = []
    for lift in (False, True, False):
        _restrict(desk, lift=lift)
        seen.append(_state(desk).restricted)
    assert seen == [True, False, True]


def test_an_explicit_consent_during_a_restriction_permits(desk: Desk) -> None:
    """Art. 18(2): from its commit, however the state is read; one from before, one that was only ticked, and one from
    before a second restriction do not."""
    told = Source(channel="web", method=Method.EXPLICIT)
    desk.say(guardian=MOTHER, source=told)
    _restrict(desk)
    assert not _permitted(desk)
    desk.say(guardian=MOTHER)
    assert not _permitted(desk)
    desk.say(guardian=MOTHER, source=told)
    assert _permitted(desk)
    _restrict(desk)
    assert not _permitted(desk)
    desk.say(guardian=MOTHER, source=told)
    assert _permitted(desk)
    for lift in (True, False):
        _restrict(desk, lift=lift)
    assert not _permitted(desk)


def _permitted(desk: Desk) -> bool:
    with desk.database.read() as session:
        whole = _state(desk)
        one = purpose_states(session, [desk.subject], desk.reading("news"))[desk.subject]
    answers = {decide(desk.policies, "mail", "news", ["email"], s, now()).permit_all for s in (whole, one)}
    assert len(answers) == 1
    return answers.pop()


def test_direct_marketing_objected_to_is_denied_whatever_was_agreed(desk: Desk) -> None:
    """Art. 21(3), and consent given later does not lift an objection to all direct marketing by itself."""
    desk.say(guardian=MOTHER)
    _object(desk, DIRECT_MARKETING)
    desk.say(guardian=MOTHER)
    assert not decide(desk.policies, "mail", "news", ["email"], _state(desk), now()).permit_all


def test_agreeing_again_lifts_the_objection_to_that_purpose(desk: Desk) -> None:
    """A later opt-in re-allows; one from before the objection, heard of late, does not."""
    before = now() - timedelta(days=1)
    _object(desk, "news")
    desk.say(given_at=before, guardian=MOTHER)
    assert "news" in _state(desk).objections
    said = desk.say(guardian=MOTHER)
    assert _state(desk).objections == frozenset()
    assert decide(desk.policies, "mail", "news", ["email"], _state(desk), now()).permit_all
    lifted = desk.entries()[-1]
    assert (lifted.type, (lifted.payload or {})["reason"]) == (EventType.OBJECTION_LIFTED, f"consent {said.id}")


def test_refusing_lifts_nothing(desk: Desk) -> None:
    """Only a consent that is given is an opt-in."""
    _object(desk, "news")
    desk.say("refused")
    assert "news" in _state(desk).objections


def test_the_reason_is_in_the_log_sealed(desk: Desk) -> None:
    """The person's own words stand in no table of the room."""
    _object(desk, "statistics", reason="I am Ana and do not like it")
    (entry,) = desk.entries()
    assert (entry.payload or {})["reason"] == "I am Ana and do not like it"
    check_log(desk.database, desk.log)


def test_an_erased_person_is_left_alone(desk: Desk) -> None:
    """No objection and no restriction is recorded any more."""
    with desk.database.write() as session:
        desk.vault.erase(session, desk.subject, request_id="r1")
    with pytest.raises(Erased):
        _object(desk, "news")
    with pytest.raises(Erased):
        _restrict(desk)


@pytest.mark.parametrize(
    ("purpose", "hint"),
    [("newz", "`news`"), ("Profiling", "`profiling`"), ("service", "contract"), ("archive", "legal")],
)
def test_an_objection_nobody_would_heed_is_refused(desk: Desk, purpose: str, hint: str) -> None:
    """Unknown purposes, and those that Art. 21 leaves out."""
    with pytest.raises(InvalidBody) as caught:
        require_open_to_objection(desk.policies, purpose)
    assert hint in caught.value.faults[0].detail


def test_what_the_policy_had_once_is_lifted(desk: Desk) -> None:
    """Under its old name; a name nobody ever had lifts nothing."""
    _object(desk, "oldnews")
    with desk.database.read() as session:
        require_liftable(session, desk.policies, desk.subject, "oldnews")
        with pytest.raises(NotFound, match="`news`"):
            require_liftable(session, desk.policies, desk.subject, "newz")


@pytest.mark.parametrize("purpose", ["news", "statistics"])
def test_marketing_and_legitimate_interests_are_open_to_objection(desk: Desk, purpose: str) -> None:
    """And an objection there is heeded by the decision."""
    require_open_to_objection(desk.policies, purpose)
    desk.say(guardian=MOTHER)
    module = {"news": "mail", "statistics": "shop"}[purpose]
    assert decide(desk.policies, module, purpose, [], _state(desk), now()).permit_all
    _object(desk, purpose)
    assert not decide(desk.policies, module, purpose, [], _state(desk), now()).permit_all


def test_a_group_is_open_to_objection_where_a_purpose_below_it_is(desk: Desk) -> None:
    """And the decision heeds it."""
    below = replace(desk.policies.purposes["news"], key="letters.news")
    groups = {"letters": Group("letters", {"en": "Letters"}), "care": Group("care", {"en": "Care"})}
    service = replace(desk.policies.purposes["service"], key="care.service")
    policies = replace(desk.policies, purposes={p.key: p for p in (below, service)}, groups=groups)
    require_open_to_objection(policies, "letters")
    for unheeded in ("care", "letter"):
        with pytest.raises(InvalidBody):
            require_open_to_objection(policies, unheeded)
    _object(desk, "letters")
    decision = decide(policies, "shop", below.key, [], _state(desk), now())
    assert "objected" in {str(r.code) for r in decision.reasons}


def test_of_an_unknown_person_nothing_is_recorded(desk: Desk) -> None:
    """Consent is missing, other bases hold."""
    nobody = unknown_subject_state("customer")
    assert (nobody.version, nobody.erased, nobody.restricted, nobody.consents) == (0, False, False, {})
    assert not decide(desk.policies, "mail", "news", [], nobody, now()).permit_all
    assert decide(desk.policies, "shop", "service", [], nobody, now()).permit_all
