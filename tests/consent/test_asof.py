"""What stood at a past time, as far as it was known at another."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from privacy_svc.consent import (
    Asked,
    CustomerConsents,
    NoticeRef,
    PurposeConsent,
    Source,
    history,
    invalidate_all,
    object_to,
    overview,
    subject_state,
)
from privacy_svc.db import now
from privacy_svc.http import CustomerRef
from privacy_svc.policy import decide
from tests.consent.conftest import Desk
from tests.policy.small import FILES, compiled

DAY = timedelta(days=1)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def ask(desk: Desk, as_of: datetime | None = None, known_at: datetime | None = None, **more: Any) -> CustomerConsents:
    policies = more.pop("policies", desk.policies)
    asked = Asked(as_of, known_at, proof=True, **more)
    with desk.database.read() as session:
        return overview(session, desk.log, policies, desk.subject, CustomerRef(id="1001"), asked, now())


def news(desk: Desk, as_of: datetime | None = None, known_at: datetime | None = None) -> PurposeConsent | None:
    return next((c for c in ask(desk, as_of, known_at).consents if c.purpose == "news"), None)


def state(desk: Desk, as_of: datetime | None = None, known_at: datetime | None = None) -> str | None:
    found = news(desk, as_of, known_at)
    return found.state if found else None


def test_a_paper_form_typed_in_later_has_two_times(desk: Desk) -> None:
    """Given on 1 March, known on 11 March: of 5 March we say now `given`, and on 5 March we knew nothing."""
    desk.say(at=MARCH + 10 * DAY, given_at=MARCH, source=Source("paper"))
    assert state(desk, MARCH + 4 * DAY) == "given"
    assert state(desk, MARCH + 4 * DAY, known_at=MARCH + 4 * DAY) is None
    assert state(desk, MARCH + 4 * DAY, known_at=MARCH + 10 * DAY) == "given"
    assert state(desk, MARCH - DAY) is None


def test_nothing_back_dated_permits_what_was_denied_then(desk: Desk) -> None:
    """What was decided at an instant can be repeated with what was known at it, whatever came in afterwards."""
    desk.say("refused", at=MARCH)
    at = MARCH + 4 * DAY
    with desk.database.read() as session:
        before = subject_state(session, desk.subject, at)
    desk.say(at=MARCH + 10 * DAY, given_at=MARCH + DAY)
    assert state(desk, at) == "given"
    assert not decide(desk.policies, "mail", "news", ["email"], before, at).permit_all
    assert state(desk, at, known_at=at) == before.consents["news"].state == "refused"


def test_since_and_until(desk: Desk) -> None:
    """A consent lasts until the next word or until it runs out; what has expired, since it ran out."""
    desk.say(at=MARCH, expires_at=MARCH + 30 * DAY)
    desk.say("withdrawn", at=MARCH + 40 * DAY)
    desk.say(at=MARCH + 50 * DAY)
    desk.say("withdrawn", at=MARCH + 60 * DAY)
    spans = [
        (f.state, f.since, f.until)
        for d in (1, 29, 30, 39, 40, 50, 60)
        if (f := news(desk, MARCH + d * DAY)) is not None
    ]
    given, expired = ("given", MARCH, MARCH + 30 * DAY), ("expired", MARCH + 30 * DAY, MARCH + 40 * DAY)
    withdrawn = ("withdrawn", MARCH + 40 * DAY, MARCH + 50 * DAY)
    again = ("given", MARCH + 50 * DAY, MARCH + 60 * DAY)
    assert spans == [given, given, expired, expired, withdrawn, again, ("withdrawn", MARCH + 60 * DAY, None)]


def test_until_is_what_was_known_then(desk: Desk) -> None:
    """Before the withdrawal was known, the consent was to end when it runs out."""
    desk.say(at=MARCH)
    desk.say("withdrawn", at=MARCH + 9 * DAY)
    then, today = news(desk, MARCH + DAY, MARCH + DAY), news(desk, MARCH + DAY)
    assert then is not None
    assert today is not None
    assert (then.until, today.until) == (datetime(2028, 3, 1, tzinfo=UTC), MARCH + 9 * DAY)


def test_old_texts_stay_readable(desk: Desk) -> None:
    """The exact text that was shown, after the policy has another, from the policy of then."""
    shown = desk.policies.notices["news", 1, "de"]
    desk.say(at=MARCH, notice=NoticeRef("news", 1, "de"))
    desk.say("withdrawn", at=MARCH + DAY, notice=None)
    edited = compiled(**{"notices/news/1.de.md": FILES["notices/news/1.de.md"] + "\nAnd more.\n"})
    assert edited.notices["news", 1, "de"].digest != shown.digest
    for days in (0, 1):
        (found,) = ask(desk, MARCH + days * DAY, policies=edited).consents
        assert found.proof is not None
        assert found.proof.notice is not None
        assert (found.proof.notice.text, found.proof.notice.digest) == (shown.text, shown.digest)


def test_a_text_that_is_not_kept_is_not_invented(desk: Desk) -> None:
    """Where the policy of then is gone, the answer has the digest and no text, not today's text."""
    desk.say(at=MARCH, notice=NoticeRef("news", 1, "de"))
    edited = compiled(**{"notices/news/1.de.md": FILES["notices/news/1.de.md"] + "\nAnd more.\n"})
    with desk.database.write() as session:
        session.connection().exec_driver_sql("DELETE FROM policy_versions")
    (found,) = ask(desk, policies=edited).consents
    assert found.proof is not None
    assert found.proof.notice is not None
    assert (found.proof.notice.text, bool(found.proof.notice.digest)) == (None, True)


def test_the_entry_is_named_and_found(desk: Desk) -> None:
    """Each record knows its entry; its place is there once it is in the tree."""
    said = desk.say(at=MARCH)
    (waiting,) = ask(desk).consents
    entry = desk.entries()[0]
    (placed,) = ask(desk).consents
    assert waiting.proof is not None
    assert placed.proof is not None
    assert (waiting.proof.log.entry, waiting.proof.log.index) == (said.entry, None)
    assert (placed.proof.log.entry, placed.proof.log.index) == (entry.id, entry.index)
    assert placed.proof.log.proof == f"/v1/audit/events/{entry.index}/proof"
    assert placed.history[0].index == entry.index


def test_objections_count_from_when_they_were_recorded(desk: Desk) -> None:
    """An objection of today says nothing about yesterday."""
    desk.say(at=now() - 2 * DAY)
    with desk.database.write() as session:
        object_to(session, desk.log, desk.subject, "direct_marketing", "shop")
    assert ask(desk).objections == ["direct_marketing"]
    before = ask(desk, now() - DAY)
    assert (before.objections, before.state_version) == ([], 2)


def test_without_times_it_is_what_decisions_read(desk: Desk) -> None:
    """Even where one machine's clock is behind: nothing recorded is hidden by it, or known out of order."""
    at = now()
    desk.say(at=at)
    desk.say("withdrawn", at=at - timedelta(seconds=5))
    desk.say(at=at - timedelta(seconds=4), purpose="news", given_at=at - timedelta(seconds=6))
    assert state(desk) == "withdrawn"
    assert state(desk, at, known_at=at) == "withdrawn"
    assert state(desk, at - timedelta(seconds=3), known_at=at - timedelta(seconds=3)) is None


def test_an_invalidation_has_its_entry_too(desk: Desk) -> None:
    """Whatever ends a consent knows its entry."""
    desk.say(at=MARCH)
    with desk.database.write() as session:
        invalidate_all(session, desk.log, desk.subject, "dora", now(), "test")
    with desk.database.read() as session:
        assert all(c.entry for c in history(session, desk.subject))


@pytest.mark.parametrize("evidence", [False, True])
def test_evidence_is_opened_only_where_asked(desk: Desk, evidence: bool) -> None:
    """The rest of the proof says only that there is some."""
    desk.say(source=Source("paper", reference="folder 7"))
    (found,) = ask(desk, evidence=evidence).consents
    assert found.proof is not None
    assert found.proof.evidence_kept
    assert found.proof.evidence == ({"reference": "folder 7"} if evidence else None)
