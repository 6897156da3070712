"""What an ordinary company does, and what a remedy has mended, is no finding."""

from datetime import timedelta

import pytest
import time_machine

from privacy_svc.consent.model import Objection
from privacy_svc.db import now
from tests.audits.conftest import TODAY, Office
from tests.audits.planting import DAY, PLANTS, another_consent
from tests.audits.test_checks import ALL

assert ALL  # which planted what stands in PLANTS

LATER = TODAY + timedelta(hours=1)
_ON_CONSENTS = ("consent-evidence", "consent-not-expressed", "consent-without-end")


@pytest.mark.parametrize("check", _ON_CONSENTS)
def test_a_consent_that_was_asked_for_again_is_mended(office: Office, check: str) -> None:
    """The remedy of each check: the person is asked anew, and what was lacking before counts no more."""
    PLANTS[check](office)
    with time_machine.travel(LATER, tick=True):
        another_consent(office, state_version=100, given_at=now(), recorded_at=now())
        assert office.found() == {}


def test_a_consent_of_somebody_who_was_erased_is_none(office: Office) -> None:
    """Nobody can be asked, and nothing is used."""
    with office.database.write() as session:
        gone = office.vault.create_subject(session).id
    another_consent(office, subject_id=gone, valid_until=None, notice_digest="", method="preticked")
    assert office.found().keys() == set(_ON_CONSENTS)
    with office.database.write() as session:
        office.vault.erase(session, gone)
    assert office.found() == {}


def test_a_withdrawal_that_an_objection_followed_is_no_other_basis(office: Office) -> None:
    """The remedy of basis-changed stops the use: so nobody's word is passed over. Lifted, it is a finding again."""
    PLANTS["basis-changed"](office)
    line = {"subject_id": office.ana, "purpose": "analytics.product", "recorded_by": "desk"}
    for version, stands, found in ((110, True, {}), (111, False, {"basis-changed": "finding"})):
        with office.database.write() as session:
            session.add(Objection(state_version=version, stands=stands, recorded_at=now() - DAY, **line))
        assert office.found() == found


def test_a_child_s_consent_of_long_ago_stands_as_one_of_today(office: Office) -> None:
    """How old a consent is does not mend it."""
    child = PLANTS["children-without-guardian"](office)
    with time_machine.travel(TODAY + 380 * DAY, tick=True):
        found = next(r for r in office.run()["results"] if r["check"] == "children-without-guardian")
    assert [e["id"] for e in found["evidence"]] == [child]
