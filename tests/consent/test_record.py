"""Recording consents: what is kept, what is refused, what holds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from privacy_svc.auditlog import EventType
from privacy_svc.consent import Guardian, NoticeRef, Source, current, evidence, history, subject_state
from privacy_svc.db import now
from privacy_svc.errors import Erased, InvalidBody, NotFound
from privacy_svc.policy import decide
from privacy_svc.vault import Fence
from tests.consent.conftest import CARE, MOTHER, NEWS, Desk, wanted
from tests.factories import check_log


def _faults(desk: Desk, state: Any = "given", **changed: Any) -> dict[str, str]:
    with pytest.raises(InvalidBody) as caught:
        desk.say(state, **changed)
    return {f.pointer: f.detail for f in caught.value.faults}


def test_a_consent_is_kept_as_it_was_said(desk: Desk) -> None:
    """With the text shown, its digest, the channel, who recorded it, and until when it holds."""
    said = desk.say(at=datetime(2026, 1, 31, 12, tzinfo=UTC))
    assert said.notice.digest == desk.policies.notices["news", 2, "en"].digest
    assert (said.state, said.channel, said.recorded_by, said.method) == ("given", "web", "shop", "expressed")
    assert said.given_at == said.recorded_at == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert said.valid_until == datetime(2028, 1, 31, 12, tzinfo=UTC)
    with desk.database.read() as session:
        assert history(session, desk.subject) == [said]


def test_a_given_consent_permits_and_a_withdrawn_one_does_not(desk: Desk) -> None:
    """The decision reads what was recorded, from the next statement on."""

    def permits() -> bool:
        with desk.database.read() as session:
            state = subject_state(session, desk.subject, now())
        return decide(desk.policies, "mail", "news", ["email"], state, now()).permit_all

    assert not permits()
    desk.say(guardian=MOTHER)
    assert permits()
    withdrawn = desk.say("withdrawn")
    assert not permits()
    with desk.database.read() as session:
        assert subject_state(session, desk.subject, now()).version == withdrawn.state_version


def test_a_withdrawal_needs_neither_notice_nor_consent_before(desk: Desk) -> None:
    """Withdrawing is as easy as giving (Art. 7(3)); the record names the text it is about."""
    first = desk.say("withdrawn", notice=None)
    assert (first.notice.id, first.notice.version, first.notice.language) == ("news", 2, "en")
    desk.say(notice=NoticeRef("news", 1, "de"))
    later = desk.say("withdrawn", notice=None)
    assert (later.notice.version, later.notice.language, later.valid_until) == (1, "de", None)


def test_what_was_said_last_stands_even_if_it_is_heard_of_late(desk: Desk) -> None:
    """Events count by when they happened: a paper consent of last week does not undo today's withdrawal."""
    desk.say("withdrawn")
    late = desk.say(given_at=now() - timedelta(days=7))
    with desk.database.read() as session:
        (news,) = current(session, desk.subject, now())
    assert (news.state, [c.state for c in news.history]) == ("withdrawn", ["withdrawn", "given"])
    assert late.recorded_at > late.given_at


def test_a_withdrawal_holds_though_the_clock_is_behind(desk: Desk) -> None:
    """What is said now comes after what is recorded, whatever two machines' clocks say."""
    at = now()
    desk.say(at=at)
    desk.say("withdrawn", at=at - timedelta(seconds=5))
    with desk.database.read() as session:
        assert subject_state(session, desk.subject, at).consents["news"].state == "withdrawn"


def test_a_consent_expires(desk: Desk) -> None:
    """By the policy's duration, or sooner where the caller says so."""
    at = now()
    desk.say(at=at, expires_at=at + timedelta(days=10))
    with desk.database.read() as session:
        for days, state in ((9, "given"), (10, "expired"), (800, "expired")):
            later = at + timedelta(days=days)
            assert subject_state(session, desk.subject, later).consents["news"].state == state
            assert [c.state for c in current(session, desk.subject, later)] == [state]


def test_the_proof_is_sealed(desk: Desk) -> None:
    """Reference, evidence and guardian are in no table in clear, and open with the evidence key."""
    said = desk.say(
        source=Source("phone", reference="call of Ana Muster", evidence={"recording": "ana.wav", "seconds": 4.5}),
        guardian=MOTHER,
    )
    with desk.database.read() as session:
        tables = ("consents", "audit_outbox")
        rows = " ".join(str(tuple(r)) for t in tables for r in session.execute(text(f"select * from {t}")))
        assert "Muster" not in rows
        assert "ana.wav" not in rows
        assert said.guardian
        assert evidence(session, desk.vault, said.id) == {
            "reference": "call of Ana Muster",
            "evidence": {"recording": "ana.wav", "seconds": 4.5},
            "guardian": {"verification": "id card seen", "name": "Maria Muster", "contact": MOTHER.contact},
        }


def test_the_proof_outlives_an_erasure(desk: Desk) -> None:
    """Art. 17(3)(e): the data key is gone, the evidence key is not."""
    said = desk.say(source=Source("paper", reference="folder 7"))
    with desk.database.write() as session:
        desk.vault.erase(session, desk.subject, request_id="r1")
    with desk.database.read() as session:
        assert evidence(session, desk.vault, said.id) == {"reference": "folder 7"}
        assert subject_state(session, desk.subject, now()).erased


def test_an_erased_person_says_nothing_more(desk: Desk) -> None:
    """Nothing is recorded about them, and nothing of the attempt stays."""
    desk.say()
    with desk.database.write() as session:
        desk.vault.erase(session, desk.subject, request_id="r1")
    for state in ("given", "refused", "withdrawn"):
        with pytest.raises(Erased):
            desk.say(state)
    with desk.database.read() as session:
        assert len(history(session, desk.subject)) == 1


def test_what_was_agreed_before_an_erasure_does_not_count_after_it(desk: Desk) -> None:
    """Who was erased and came back is asked anew: a module cannot record what they agreed to before, by however little.
    A no from before is taken, and what they agree to from then on counts."""
    before = now()
    with desk.database.write() as session:
        desk.vault.erase(session, desk.subject, request_id="r1")
    with desk.database.write() as session:
        desk.vault.readmit(session, desk.subject)
    with desk.database.read() as session:
        back = session.get_one(Fence, desk.subject).readmitted_at
    assert back is not None
    for early in (before, back - timedelta(microseconds=1)):
        faults = _faults(desk, given_at=early)
        assert "erased" in faults["/given_at"]
    with desk.database.read() as session:
        assert history(session, desk.subject) == []
    assert desk.say("refused", given_at=before).state == "refused"
    assert desk.say(given_at=back).state == "given"
    with desk.database.read() as session:
        assert subject_state(session, desk.subject, now()).consents["news"].state == "given"


def test_nobody_is_nobody(desk: Desk) -> None:
    """A subject that is not there is an error, not an empty record."""
    desk.subject = "00000000-0000-7000-8000-000000000000"
    with pytest.raises(NotFound):
        desk.say()
    with desk.database.read() as session, pytest.raises(NotFound):
        subject_state(session, desk.subject, now())


@pytest.mark.parametrize(
    ("changed", "pointer", "hint"),
    [
        ({"purpose": "newz"}, "/purpose", "`news`"),
        ({"purpose": "service"}, "/purpose", "contract"),
        ({"notice": NoticeRef("newz", 1, "en")}, "/notice/id", "`news`"),
        ({"notice": NoticeRef("news", 9, "en")}, "/notice/version", "1, 2"),
        ({"notice": NoticeRef("news", 1, "fr")}, "/notice/language", "de, en"),
        ({"notice": CARE}, "/notice/id", "it names care"),
        ({"notice": None}, "/notice", "Art. 7(1)"),
        ({"source": Source("web", method="preticked")}, "/source/method", "Art. 4(11)"),
        ({"source": Source("web", method="implied")}, "/source/method", "Art. 4(11)"),
        ({"purpose": "care", "notice": CARE}, "/source/method", "Art. 9(2)(a)"),
        ({"source": Source("web", reference="box pre-ticked")}, "/source/reference", "Art. 4(11)"),
        ({"source": Source("pre-ticked")}, "/source/channel", "Art. 4(11)"),
        ({"source": Source("implied")}, "/source/channel", "Art. 4(11)"),
        ({"given_at": now() + timedelta(days=1)}, "/given_at", "future"),
        ({"expires_at": now() + timedelta(days=800)}, "/expires_at", "P24M"),
        ({"expires_at": now() - timedelta(days=1)}, "/expires_at", "before"),
    ],
)
def test_what_is_no_consent_is_refused(desk: Desk, changed: dict[str, Any], pointer: str, hint: str) -> None:
    """Named by JSON pointer, with the nearest right word, and nothing is recorded."""
    faults = _faults(desk, **changed)
    assert list(faults) == [pointer]
    assert hint in faults[pointer]
    with desk.database.read() as session:
        assert history(session, desk.subject) == []
        assert subject_state(session, desk.subject, now()).version == 1


def test_an_expiry_and_a_guardian_belong_to_a_given_consent(desk: Desk) -> None:
    """A refusal has neither."""
    assert set(_faults(desk, "refused", expires_at=now() + timedelta(days=1), guardian=MOTHER)) == {
        "/expires_at",
        "/guardian",
    }


def test_all_faults_are_named_at_once(desk: Desk) -> None:
    """So that nobody mends one to meet the next."""
    faults = _faults(desk, notice=NoticeRef("newz", 1, "en"), source=Source("web", method="implied"), purpose="newz")
    assert set(faults) == {"/purpose", "/notice/id", "/source/method"}


def test_explicit_consent_to_special_categories(desk: Desk) -> None:
    """With a statement of its own it is recorded, though the purpose rests on a contract."""
    assert desk.say(purpose="care", notice=CARE, source=Source("web", method="explicit")).method == "explicit"


def test_every_record_is_an_entry_without_evidence(desk: Desk) -> None:
    """The log says what was recorded by whom; the proof itself stays in its table. The log verifies."""
    desk.say(source=Source("phone", reference="call of Ana"))
    desk.say("refused")
    desk.say("withdrawn")
    logged = desk.entries()
    (loaded,) = (e for e in logged if e.type == EventType.POLICY_LOADED)
    assert loaded.payload == {"policy_version": desk.policies.version}
    entries = [e for e in logged if e != loaded]
    assert [e.type for e in entries] == [
        EventType.CONSENT_GIVEN,
        EventType.CONSENT_REFUSED,
        EventType.CONSENT_WITHDRAWN,
    ]
    assert {(e.actor, e.subject_id, (e.payload or {})["purpose"]) for e in entries} == {("shop", desk.subject, "news")}
    assert "Ana" not in str(entries)
    check_log(desk.database, desk.log)


def test_the_same_transaction_or_none(desk: Desk) -> None:
    """A record whose transaction fails leaves no entry, and no version."""

    def fail() -> None:
        with desk.database.write() as session:
            desk.record(session, wanted(), now())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert desk.entries() == []
    with desk.database.read() as session:
        assert history(session, desk.subject) == []
        assert subject_state(session, desk.subject, now()).version == 1


def test_no_repr_or_error_shows_a_person(desk: Desk) -> None:
    """Guardian and evidence stay out of what may be printed."""
    shown = [repr(Guardian("seen", name="Maria")), repr(Source("web", reference="Maria", evidence={"who": "Maria"}))]
    with pytest.raises(InvalidBody) as caught:
        desk.say(purpose="x", guardian=MOTHER, source=Source("web", reference="Maria"), notice=NEWS)
    assert "Maria" not in " ".join([*shown, str(caught.value), repr(caught.value)])


@pytest.mark.parametrize("no", ["withdrawn", "refused"])
@pytest.mark.parametrize("late", [timedelta(seconds=2), timedelta(days=40)])
def test_a_no_ends_what_was_recorded_before_it(desk: Desk, no: str, late: timedelta) -> None:
    """Whatever time its clock gave: it holds from the consent's time on, and the log keeps both times."""
    at = now()
    given = desk.say(at=at)
    said = desk.say(no, at=at + timedelta(seconds=1), given_at=at - late)
    assert (said.given_at, said.recorded_at) == (given.given_at, at + timedelta(seconds=1))
    with desk.database.read() as session:
        assert subject_state(session, desk.subject, at).consents["news"].state == no
        assert [c.state for c in current(session, desk.subject, at)] == [no]
    payload = desk.entries()[-1].payload or {}
    assert (payload["said_at"], payload["given_at"]) == ((at - late).isoformat(), at.isoformat())
    assert "said_at" not in (desk.entries()[0].payload or {})
    again = desk.say(at=at + timedelta(seconds=2))
    earlier = desk.say(no, at=at + timedelta(days=9), given_at=at + timedelta(days=3))
    assert (again.given_at, earlier.given_at) == (at + timedelta(seconds=2), at + timedelta(days=3))


def test_a_clock_that_is_a_little_ahead_says_now(desk: Desk) -> None:
    """A few minutes ahead is accepted as now, yes or no; more is refused."""
    at = now()
    given = desk.say(at=at, given_at=at + timedelta(minutes=4))
    withdrawn = desk.say("withdrawn", at=at + timedelta(seconds=1), given_at=at + timedelta(minutes=3))
    assert (given.given_at, withdrawn.given_at) == (at, at + timedelta(seconds=1))
    assert _faults(desk, at=at, given_at=at + timedelta(minutes=6)).keys() == {"/given_at"}
