"""Whatever goes wrong is a no; what may be sent again is, and what is sent again is done once."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from privacy_svc.client import (
    BadCall,
    Client,
    Conflict,
    Denied,
    Erased,
    Failed,
    Forbidden,
    NotFound,
    NotSignedIn,
    PrivacyError,
    Problem,
    Source,
    Unanswered,
    Unsendable,
)
from privacy_svc.client.consenting import named
from privacy_svc.db import now
from tests.client.conftest import Connect, pauses
from tests.client.faulty import Faulty, Handler, cuts, drops, hangs, loses, passes, says
from tests.client.test_calls import MAIL, consent
from tests.e2e.service import Installation, free_port
from tests.shop import ANA

YES = {"decision": True, "context": {"decision_id": "d", "policy_version": "p", "state_version": 1}}
YES["context"] |= {"fields": {}, "reasons": [], "obligations": []}  # type: ignore[operator]


def ask(client: Client) -> Any:
    return client.evaluate("1", purpose=MAIL, fields=["email"])


def history(live: Installation, key: str) -> list[Any]:
    told = live.call("officer", "GET", f"/v1/customers/{key}/consents").json()
    return [entry for purpose in told["consents"] for entry in purpose["history"]]


@pytest.mark.parametrize("fault", [loses, drops, says(502), says(503, Retry_After="0")])
def test_a_lost_answer_is_one_consent(
    connect: Connect, faulty: Faulty, live: Installation, fault: Callable[[Handler], None]
) -> None:
    """Sent three times because two answers were lost, some after the work was done: recorded once, and answered."""
    faulty.script = [fault, fault, passes]
    key = "10"
    before = len(history(live, key))
    done = consent(connect("shop", faulty.url), key)
    assert len(history(live, key)) == before + 1
    assert done.id in {entry["id"] for entry in history(live, key)}
    keys = {headers["idempotency-key"] for _, _, headers, _ in faulty.seen}
    assert (len(faulty.seen), len(keys)) == (3, 1)
    assert len({body for *_, body in faulty.seen}) == 1


def test_ones_own_key_outlives_the_process(connect: Connect, live: Installation) -> None:
    """A module that was ended and begins again with the key it wrote down gets the first answer."""
    key = "order-1001-newsletter"
    first = consent(connect("shop"), "13", idempotency_key=key)
    assert consent(connect("shop"), "13", idempotency_key=key) == first
    assert len(history(live, "13")) == 1
    with pytest.raises(BadCall) as reused:
        consent(connect("shop"), "13", "withdrawn", idempotency_key=key)
    assert reused.value.slug == "idempotency-key-reused"


@pytest.mark.parametrize("fault", [drops, says(429), says(502), says(503), says(504)])
def test_reads_are_asked_again(connect: Connect, faulty: Faulty, fault: Callable[[Handler], None]) -> None:
    """With growing pauses, at most as often as it was told; then nobody said yes."""
    faulty.script = [fault, fault, says(200, json.dumps(YES).encode())]
    client = connect("marketing", faulty.url)
    assert ask(client)
    assert len(pauses(client)) == 2
    faulty.script = [fault]
    faulty.seen.clear()
    patient = connect("marketing", faulty.url, retries=6)
    with pytest.raises(Unanswered) as failed:
        ask(patient)
    assert not failed.value.sent
    assert len(faulty.seen) == 7
    assert all(0 <= pause <= min(10, 0.1 * 2**n) for n, pause in enumerate(pauses(patient)))


def test_the_service_says_when(connect: Connect, faulty: Faulty) -> None:
    """`Retry-After` in seconds or as a date is kept to; one beyond a minute is left to the caller."""
    later = format_datetime(now().replace(year=now().year + 1), usegmt=True)
    faulty.script = [says(503, Retry_After="7"), says(429, Retry_After="nonsense"), says(503, Retry_After=later)]
    client = connect("marketing", faulty.url)
    with pytest.raises(Unanswered) as failed:
        ask(client)
    first, second = pauses(client)
    assert 7 <= first < 8
    assert second < 1
    assert failed.value.retry_after is not None
    assert failed.value.retry_after > 10_000
    assert len(faulty.seen) == 3


@pytest.mark.parametrize("fault", [drops, says(503), says(500)])
def test_a_change_without_a_key_is_sent_once(
    connect: Connect, faulty: Faulty, fault: Callable[[Handler], None]
) -> None:
    """Changing a record is not tried again, and the error says that it may have been made."""
    faulty.script = [fault]
    with pytest.raises(PrivacyError) as failed:
        connect("shop", faulty.url).change("shop", "customers", "1", {"city": "x"}, purpose="service.contract")
    assert len(faulty.seen) == 1
    assert not isinstance(failed.value, Unanswered) or failed.value.sent


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"true",
        b"{}",
        b'{"decision": true}',
        b'{"decision": true, "context": {}}',
        b'{"decision": true, "context": 1}',
        b"\xff",
    ],
)
def test_what_is_no_answer_is_a_no(connect: Connect, faulty: Faulty, answer: bytes) -> None:
    """A success that cannot be understood raises, and is not asked for again."""
    faulty.script = [says(200, answer)]
    with pytest.raises(Unanswered, match="that is a no"):
        ask(connect("marketing", faulty.url))
    assert len(faulty.seen) == 1


@pytest.mark.parametrize("said", ["true", 1, "yes", [True], None])
def test_only_true_is_yes(connect: Connect, faulty: Faulty, said: object) -> None:
    """A decision that is anything but JSON's true is a no."""
    faulty.script = [says(200, json.dumps(YES | {"decision": said}).encode())]
    assert not ask(connect("marketing", faulty.url))


@pytest.mark.parametrize(("obligation", "permitted"), [("field-filter", True), ("watermark", False)])
def test_an_unknown_obligation_is_a_no(connect: Connect, faulty: Faulty, obligation: str, permitted: bool) -> None:
    """A permit that hangs on what this client cannot do is none, and says why."""
    context = {**YES["context"], "obligations": [{"id": obligation, "type": "custom"}]}  # type: ignore[dict-item]
    faulty.script = [says(200, json.dumps(YES | {"context": context}).encode())]
    decision = ask(connect("marketing", faulty.url))
    assert (bool(decision), [r.code for r in decision.reasons]) == (
        permitted,
        [] if permitted else ["obligation_not_supported"],
    )


def test_nobody_there_and_nobody_in_time(connect: Connect, faulty: Faulty) -> None:
    """A closed port, a service that never answers, a redirect: an exception which is a kind of Denied."""
    faulty.script = [hangs]
    for client in (
        connect("marketing", f"http://127.0.0.1:{free_port()}"),
        connect("marketing", faulty.url, timeout=0.05, retries=1),
    ):
        with pytest.raises(Denied):
            ask(client)
    faulty.script = [says(302, Location="http://elsewhere.example/")]
    with pytest.raises(Unanswered, match="302"):
        ask(connect("marketing", faulty.url))


def test_an_audience_without_its_end(connect: Connect, faulty: Faulty) -> None:
    """Cut off, its members were given, and the end is an error: who did not come is a no."""
    faulty.script = [cuts]
    seen = []
    with pytest.raises(Unanswered, match="cut off"):
        seen.extend(connect("marketing", faulty.url).audience(purpose=MAIL))
    audience = connect("marketing", faulty.url).audience(purpose=MAIL)
    with pytest.raises(Unanswered):
        list(audience)
    with pytest.raises(Unanswered, match="not read to its end"):
        _ = audience.totals


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadCall),
        (401, NotSignedIn),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (410, Erased),
        (413, BadCall),
        (418, BadCall),
        (500, Failed),
    ],
)
def test_each_refusal_has_its_kind(connect: Connect, faulty: Faulty, status: int, kind: type[Problem]) -> None:
    """With the document's members; also where something before the service answers without one."""
    told = {"type": "/problems/a-slug", "title": "T", "detail": "D.", "instance": "urn:request:1"}
    told |= {"errors": [{"pointer": "/a", "detail": "wrong"}]}  # type: ignore[dict-item]
    faulty.script = [says(status, json.dumps(told).encode()), says(status, b"<html>")]
    client = connect("marketing", faulty.url)
    with pytest.raises(kind, match=rf"{status} a-slug: D\. \(/a wrong\)") as failed:
        ask(client)
    assert (failed.value.status, failed.value.slug, failed.value.instance) == (status, "a-slug", "urn:request:1")
    with pytest.raises(kind, match="unknown"):
        ask(client)


def test_neither_token_nor_person_is_shown(
    connect: Connect, live: Installation, faulty: Faulty, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in `repr`, not in errors, not in httpx's log, which says as much as ever of what others do."""
    token = live.tokens["support"]
    said = []
    with Client(f"http://user:{token}@127.0.0.1:1", token, module="support", retries=0) as client:
        said.append(repr(client))
        with pytest.raises(Unanswered) as failed:
            client.find("shop", "customers", purpose="service.support", email=ANA["email"])
        said += [str(failed.value), repr(failed.value), str(failed.value.__cause__)]
    faulty.script = [drops]
    for client in (connect("support"), connect("support", faulty.url)):
        try:
            said.append(repr(client.find("shop", "customers", purpose="service.support", email=ANA["email"])))
        except Unanswered as error:
            said.append(repr(error))
    with caplog.at_level(logging.DEBUG, "httpx"):
        connect("support").find("shop", "customers", purpose="service.support", email=ANA["email"])
        httpx.get(live.url + "/health/live")
    assert "/health/live" in caplog.text
    for text in (*said, caplog.text):
        assert token not in text
        assert "figueiredo" not in text.lower()


@pytest.mark.parametrize("value", ["planted\ud800", float("nan"), datetime(2026, 1, 1, tzinfo=UTC), {"planted"}])
def test_what_cannot_be_sent_is_one_of_our_errors(connect: Connect, faulty: Faulty, value: Any) -> None:
    """Nothing is sent, and neither the error nor what it came from holds the value."""
    client = connect("shop", faulty.url)
    calls: list[Callable[[], object]] = [
        lambda: client.record_consent(
            {"id": "1"}, purpose=MAIL, state="withdrawn", source=Source(channel="web", evidence={"planted": value})
        )
    ]
    if isinstance(value, str):
        calls += [lambda: client.evaluate(value, purpose=MAIL), lambda: client.consents(value)]
        calls += [lambda: client.consents("1", purpose=value)]
    for call in calls:
        with pytest.raises(Unsendable) as failed:
            call()
        assert "planted" not in str(failed.value)
        assert failed.value.__context__ is None
    assert faulty.seen == []


@pytest.mark.parametrize("url", ["127.0.0.1:8480", "", "ftp://privacy.example", "privacy.example"])
def test_an_address_that_is_none_is_told_at_once(url: str) -> None:
    """Where the client is made, not as a service that is away."""
    with pytest.raises(ValueError, match="https://"):
        Client(url, "token", module="support")


def test_a_key_is_what_the_crm_has() -> None:
    """A number too; what names nobody is said before anything is sent."""
    assert named(1001) == named("1001") == {"id": "1001"}
    with Client("http://127.0.0.1:1", "token", module="support", retries=0) as client:
        for nobody in (None, True, 1.5, ["1"]):
            with pytest.raises(ValueError, match="the CRM's own key"):
                client.evaluate(nobody, purpose=MAIL)  # type: ignore[arg-type]
