"""Global Privacy Control: a browser's signal ends what the policy says it ends, once."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from privacy_svc.consent import Method, Source, current, purpose_states, subject_state
from privacy_svc.db import now
from privacy_svc.errors import Misconfigured
from privacy_svc.http import Role
from tests.consent.conftest import CARE, Desk
from tests.consent.test_double_opt_in import DOUBLE, Ways
from tests.consent.test_routes import NEWS, Web, web
from tests.factories import check_log
from tests.policy.small import PURPOSES, compiled

__all__ = ["web"]

OBJECTIONS = "/v1/customers/1001/objections"
HONOURS = "    honours_gpc: true\n    use: "
BOTH = PURPOSES.replace("    use: marketing", HONOURS + "marketing").replace(
    "    use: analytics", HONOURS + "analytics"
)


@pytest.fixture
def honouring(web: Web, tmp_path: Path) -> Web:
    (tmp_path / "policies" / "purposes.yml").write_text(BOTH)
    return web


def signalled(web: Web) -> list[str]:
    status, said = web("POST", "/v1/customers/1001/signals", {"gpc": 1})
    assert status == 200
    return list(said["purposes"])


def test_a_signal_ends_what_honours_it_once(honouring: Web, desk: Desk) -> None:
    """Consent is withdrawn, the rest objected to, visible and logged; repeated, it changes nothing."""
    honouring("POST", "/v1/consents", NEWS)
    assert signalled(honouring) == ["news", "statistics"]
    _, before = honouring("GET", "/v1/customers/1001/consents", role=Role.DPO)
    assert signalled(honouring) == []
    _, found = honouring("GET", "/v1/customers/1001/consents", role=Role.DPO)
    assert {**found, "as_of": 0, "known_at": 0} == {**before, "as_of": 0, "known_at": 0}
    assert found["objections"] == ["statistics"]
    (news,) = found["consents"]
    assert [(c["state"], c["channel"]) for c in news["history"]] == [("withdrawn", "gpc"), ("given", "web")]
    check_log(desk.database, desk.log)


@pytest.mark.parametrize("before", [True, False])
def test_what_the_person_says_later_stands(honouring: Web, desk: Desk, before: bool) -> None:
    """Also where there was nothing to withdraw when the signal first came."""
    if before:
        honouring("POST", "/v1/consents", NEWS)
    signalled(honouring)
    honouring("POST", "/v1/consents", NEWS)
    assert signalled(honouring) == []
    with desk.database.read() as session:
        assert subject_state(session, desk.subject, now()).consents["news"].state == "given"
        many = purpose_states(session, [desk.subject], desk.reading("news"))[desk.subject]
        assert many.consents["news"].state == "given"


@pytest.mark.parametrize("state", ["given", "refused"])
def test_no_module_silences_the_signal(honouring: Web, desk: Desk, state: str) -> None:
    """By calling what it records after the signal's channel."""
    honouring("POST", "/v1/consents", NEWS | {"state": state, "source": {"channel": "gpc"}})
    assert "news" in signalled(honouring)
    with desk.database.read() as session:
        assert subject_state(session, desk.subject, now()).consents["news"].state == "withdrawn"


def test_an_objection_of_before_does_not_silence_the_signal(honouring: Web, desk: Desk) -> None:
    """Raised and lifted before the first signal, it was about then: the signal counts. Who lifts that objection has
    said so after it, and is left alone."""

    def objected() -> frozenset[str]:
        with desk.database.read() as session:
            return subject_state(session, desk.subject, now()).objections

    def lift() -> None:
        assert honouring("DELETE", f"{OBJECTIONS}/statistics", role=Role.DPO)[0] == 200

    honouring("POST", OBJECTIONS, {"purpose": "statistics"})
    lift()
    assert "statistics" in signalled(honouring)
    assert objected() == {"statistics"}
    lift()
    assert (signalled(honouring), objected()) == ([], frozenset())


def test_a_signal_beside_an_objection_is_noted_too(honouring: Web, desk: Desk) -> None:
    """Whoever lifts the objection later has said more than the browser, which goes on saying what it said then."""
    honouring("POST", OBJECTIONS, {"purpose": "statistics"})
    assert "statistics" in signalled(honouring)
    honouring("DELETE", f"{OBJECTIONS}/statistics", role=Role.DPO)
    assert signalled(honouring) == []
    with desk.database.read() as session:
        assert subject_state(session, desk.subject, now()).objections == frozenset()


def test_who_confirms_a_purpose_of_two_bases_with_the_signal_on_has_agreed(desk: Desk) -> None:
    """To the interest and to its special categories: the signal of the same click objects to neither."""
    interest = "legitimate_interests\n    assessment: LIA-9\n    assessment_reviewed: 2026-01-31\n    honours_gpc: true"
    mixed = PURPOSES.replace("contract\n    special_condition", f"{interest}\n    special_condition")
    ways = Ways(desk, mixed.replace("{notice: care,", "{notice: care, double_opt_in: true,"))
    told = Source("web", method=Method.EXPLICIT)
    token = ways.ask(purpose="care", notice=CARE, source=told)
    with desk.database.write() as session:
        ways.choices.confirm(session, token, gpc=True)
    with desk.database.read() as session:
        state = subject_state(session, desk.subject, now())
    assert (state.objections, state.consents["care"].state) == (frozenset(), "given")


@pytest.mark.parametrize("way", ["signal", "unsubscribe"])
def test_an_interest_with_a_consent_beside_it_ends_whole(desk: Desk, way: str) -> None:
    """Explicit consent covers its special categories alone: it is withdrawn, and the rest objected to, once."""
    interest = "legitimate_interests\n    assessment: LIA-9\n    assessment_reviewed: 2026-01-31\n    honours_gpc: true"
    mixed = PURPOSES.replace("contract\n    special_condition", f"{interest}\n    special_condition")
    choices = Ways(desk, mixed).choices
    token = (
        parse_qs(urlsplit(choices.unsubscribe_link(desk.subject, "care").url).query)["token"]
        if way == "unsubscribe"
        else []
    )
    versions = []
    for _ in range(2):
        with desk.database.write() as session:
            if way == "signal":
                choices.signal(session, desk.subject, "shop")
            else:
                choices.unsubscribe(session, token[0])
        with desk.database.read() as session:
            state = subject_state(session, desk.subject, now())
            versions.append(state.version)
            assert (state.objections, state.consents["care"].state) == ({"care"}, "withdrawn")
    assert versions[0] == versions[1]


def test_a_policy_that_does_not_honour_it(web: Web) -> None:
    """Nothing changes, and we say so to browsers; another word is no signal."""
    assert signalled(web) == []
    assert web.client.get("/.well-known/gpc.json").json() == {"gpc": False}
    for body in ({"gpc": True}, {"gpc": 0}, {}, {"gpc": "1"}):
        assert web("POST", "/v1/customers/1001/signals", body)[0] == 400


def test_browsers_are_told(honouring: Web) -> None:
    """At the place where the specification looks."""
    answer = honouring.client.get("/.well-known/gpc.json")
    assert (answer.json(), answer.headers["content-type"]) == ({"gpc": True}, "application/json")


def test_who_confirms_with_the_signal_on_has_agreed(desk: Desk) -> None:
    """Pressing the button says more than the browser; the conflict is in the history, and is not raised again."""
    ways = Ways(desk, DOUBLE.replace("    use: marketing", HONOURS + "marketing"))
    token = ways.ask()
    with desk.database.write() as session:
        ways.choices.confirm(session, token, gpc=True)
    assert ways.stands() == "given"
    with desk.database.write() as session:
        assert ways.choices.signal(session, desk.subject, "shop") == []
        (news,) = current(session, desk.subject, now())
    assert [c.channel for c in news.history] == ["web", "gpc", "web"]


def test_a_false_promise_is_refused() -> None:
    """What cannot be withdrawn or objected to cannot honour it."""
    spoilt = PURPOSES.replace("    use: essential.service\n", HONOURS + "essential.service\n", 1)
    with pytest.raises(Misconfigured, match="neither withdrawn nor objected"):
        compiled(**{"purposes.yml": spoilt})
