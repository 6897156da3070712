"""Figures of the year: counted as audits count, of people who are not named."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from privacy_svc.auditlog import EventType
from privacy_svc.audits.figures import OLDER, ages, figures, month_ends, outcomes, standing
from privacy_svc.db import now
from privacy_svc.policy import PolicyHolder
from tests.audits.conftest import TODAY, Office

BERLIN = ZoneInfo("Europe/Berlin")
ENDS = month_ends(TODAY, BERLIN)


@dataclass
class Asked:
    received_at: datetime
    state: str = "in_progress"
    closed_at: datetime | None = None


@dataclass
class Said:
    state: str
    recorded_at: datetime
    valid_until: datetime | None = None
    erased_at: datetime | None = None
    person: str = "ana"
    purpose: str = "news"


def test_months_end_by_the_organisations_calendar() -> None:
    """Twelve, of which the last ends now; midnight is that of Berlin, in summer and winter."""
    assert len(ENDS) == 12
    assert ENDS[-1] == TODAY
    assert ENDS[0].isoformat() == "2026-01-01T00:00:00+01:00"
    assert ENDS[-2].isoformat() == "2026-11-01T00:00:00+01:00"
    assert ENDS[4].isoformat() == "2026-05-01T00:00:00+02:00"


def test_open_requests_by_age() -> None:
    """Each in the first that it fits."""
    found = ages([Asked(TODAY - timedelta(days=d)) for d in (0, 7, 8, 30, 31, 61)], TODAY)
    assert list(found.values()) == [2, 1, 1, 1, 1]
    assert found[OLDER] == 1


def test_requests_by_their_outcome_in_the_month_of_their_end() -> None:
    """Of older ones nothing is told."""
    ended = [Asked(TODAY, "completed", TODAY), Asked(TODAY, "refused", TODAY - timedelta(days=31))]
    long_ago = Asked(TODAY, "completed", TODAY - timedelta(days=600))
    found = outcomes([*ended, long_ago], ENDS)
    assert found["completed"] == [0] * 11 + [1]
    assert found["refused"] == [0] * 10 + [1, 0]


def test_a_consent_stands_until_the_next_word_its_end_or_an_erasure() -> None:
    """At each time the last word of that time counts."""
    march, june, august = (ENDS[n] - timedelta(days=2) for n in (3, 6, 8))
    withdrawn = [Said("given", march), Said("withdrawn", june)]
    assert standing(iter(withdrawn), ["news"], ENDS)["news"] == [0] * 3 + [1] * 3 + [0] * 6
    over = [Said("given", march, valid_until=august), Said("given", march, erased_at=june, person="ben")]
    assert standing(iter(over), ["news"], ENDS)["news"] == [0] * 3 + [2] * 3 + [1] * 2 + [0] * 4
    assert standing(iter([Said("refused", march)]), ["news"], ENDS) == {}


def test_figures_of_a_company(office: Office) -> None:
    """On both databases; reasons are counted, nobody is named."""
    with office.database.write() as session:
        for reasons in (["consent_missing"], ["consent_missing", "objection"]):
            told = {"module": "m", "purpose": "p", "fields": {}, "reasons": reasons}
            office.log.append(session, EventType.DECISION_DENY, actor="m", subject_id=office.ana, payload=told)
    office.log.integrate(office.database)
    policies = PolicyHolder(office.settings.policies).current
    found = figures(office.database, office.log, policies, now())
    assert found["denied"] == {"consent_missing": 2, "objection": 1}
    assert found["consents"]["marketing.email"][-1] == 1
    assert found["months"][-1] == "2026-11"
    assert found["generations"] == {"generation 1": 1}
    assert office.ana not in json.dumps(found)
