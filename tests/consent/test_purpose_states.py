"""The state a decision reads in one statement is the state that the whole history gives."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from privacy_svc.consent import Reading, purpose_states, subject_states
from privacy_svc.consent.model import Consent, Objection, Restriction
from privacy_svc.consent.states import IMPORTED, Method, State
from privacy_svc.db import Database, new_id, now
from privacy_svc.policy import DIRECT_MARKETING, PolicySet, and_above, decide
from privacy_svc.vault import BIRTH, Subject, Vault
from tests.consent.conftest import Desk

SEED = 20261123
PURPOSES = ("news", "news.daily", "statistics", "care")


def test_it_is_the_whole_state_as_far_as_the_purpose_goes(
    database: Database, vault: Vault, policies: PolicySet
) -> None:
    """Over random histories of everything that is recorded, both ways to read the state agree in every field."""
    dice = random.Random(SEED)  # noqa: S311 - a test's dice
    print(f"seed {SEED}")  # noqa: T201
    at = now()
    with database.write() as session:
        people = [session.get_one(Subject, i) for i in vault.create_subjects(session, 60)]
        for person in people:
            for version in range(2, dice.randint(2, 14)):
                kind = dice.choice(["consent", "consent", "objection", "restriction"])
                place = {"subject_id": person.id, "state_version": version, "recorded_by": "test"}
                if kind == "consent":
                    session.add(_consent(dice, place))
                elif kind == "objection":
                    purpose = dice.choice([*PURPOSES, DIRECT_MARKETING])
                    session.add(Objection(**place, purpose=purpose, stands=dice.random() < 0.6))
                else:
                    placed = at - timedelta(days=dice.randint(0, 3))
                    session.add(Restriction(**place, stands=dice.random() < 0.6, recorded_at=placed))
                person.state_version = version
            if dice.random() < 0.1:
                session.get_one(Subject, person.id).erased_at = at
        ids = [p.id for p in people]
    with database.read() as session:
        whole = subject_states(session, ids, at)
        assert any(s.erased for s in whole.values())
        assert any(not f.proven for s in whole.values() for f in s.consents.values())
        assert {f.since_restriction for s in whole.values() for f in s.consents.values()} == {False, True}
        assert {f.explicit for s in whole.values() for f in s.consents.values()} == {False, True}
        for purpose in PURPOSES:
            found = purpose_states(session, [*ids, "nobody"], Reading(vault, (policies,), purpose, at))
            assert list(found) == ids
            for i in ids:
                facts = {p: replace(f, valid_until=None) for p, f in whole[i].consents.items() if p == purpose}
                own = {purpose} if whole[i].objections & set(and_above(purpose)) else set()
                objections = (whole[i].objections & {DIRECT_MARKETING}) | own
                assert found[i] == replace(whole[i], consents=facts, objections=objections)


@pytest.mark.parametrize("spoilt", ["cut", "no date", "another's"])
def test_one_spoilt_birth_date_is_that_persons_alone(desk: Desk, spoilt: str) -> None:
    """The others are decided on; that one counts as the youngest, also where the policy permits unknown ages, and it is
    told once, without the value."""
    news = replace(desk.policies.purposes["news"], unknown_age_permits=True)
    policies = replace(desk.policies, purposes={**desk.policies.purposes, "news": news})
    at = now()
    with desk.database.write() as session:
        other = desk.vault.create_subject(session).id
        ciphers = desk.vault.ciphers(session, [desk.subject, other])
        good = ciphers[other].seal(BIRTH, other, f"{at.year - 17}-01-01")
        garbage = ciphers[desk.subject].seal(BIRTH, desk.subject, "sealed garbage")
        bad = {"cut": good[:-1], "no date": garbage, "another's": good}[spoilt]
        for subject_id, birth in ((other, good), (desk.subject, bad)):
            session.get_one(Subject, subject_id).birth = birth
    desk.say()
    with capture_logs() as told, desk.database.read() as session:
        for _ in range(2):
            found = purpose_states(session, [other, desk.subject], Reading(desk.vault, (policies,), "news", at))
    assert (found[other].age, found[desk.subject].age) == (17, 0)
    assert "guardian_missing" in {
        str(r.code) for r in decide(policies, "mail", "news", [], found[desk.subject], at).reasons
    }
    assert [(line["event"], line["log_level"], line["subject"]) for line in told] == [
        ("consent.birth_date_unreadable", "error", desk.subject)
    ]
    assert "garbage" not in str(told)


def _consent(dice: random.Random, place: dict[str, object]) -> Consent:
    said = now() - timedelta(days=dice.randint(0, 3))
    over = dice.choice([None, said + timedelta(days=1), said + timedelta(days=900)])
    return Consent(
        **place,
        id=new_id(),
        purpose=dice.choice(PURPOSES),
        state=dice.choice([s for s in State if s is not State.EXPIRED]),
        notice_id=dice.choice(["", "news"]),
        notice_version=dice.randint(0, 3),
        notice_language="en",
        notice_digest="",
        policy_version="",
        channel="web",
        method=dice.choice([IMPORTED, *Method]),
        guardian=dice.random() < 0.3,
        sealed=None,
        given_at=said,
        valid_until=over,
    )
