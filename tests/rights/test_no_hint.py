"""Nothing tells from outside whether a person is known: not what is answered, not when, not how often one may try."""

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar import Litestar

from privacy_svc.errors import BadRequest, Conflict, Erased
from privacy_svc.http import CustomerRef
from privacy_svc.rights import RequestView, Right, State, Wanted, Worker, WrongCode, verification
from privacy_svc.rights.parts import Event, find
from tests.rights.company import Company
from tests.rights.test_erasure import erased
from tests.rights.test_opening import types_of
from tests.rights.test_routes import app
from tests.smtp import SmtpServer

__all__ = ["app"]
KNOWN, UNKNOWN = "ana@mail.example", "nobody@mail.example"


async def post(app: Litestar, path: str, body: object, events: list[str]) -> tuple[int, dict[str, Any]]:
    """One request by the bare protocol (ASGI), which says when the answer is out."""
    answer: dict[str, Any] = {"body": b""}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer["status"] = message["status"]
        else:
            answer["body"] += message.get("body", b"")
            events.append("answer")

    headers = [(b"x-role", b"module"), (b"x-name", b"desk"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "scheme": "http"}
    await app(scope | {"root_path": "", "http_version": "1.1", "asgi": {"version": "3.0"}}, receive, send)  # type: ignore[arg-type, operator]
    return answer["status"], json.loads(answer["body"] or b"{}")


def test_the_answer_does_not_wait_for_the_mail(company: Company, app: Litestar) -> None:
    """Walking the store and mailing the code, which only a known person costs, come after the answer is out."""
    events: list[str] = []
    with SmtpServer(on_message=lambda: events.append("mail")) as server:
        company.mail_by(server.url)
        told = {}
        for email in (KNOWN, UNKNOWN):
            body = {"right": "access", "customer": {"email": email}}
            status, told[email] = asyncio.run(post(app, "/v1/requests", body, events))
            assert status == 201
            status, _ = asyncio.run(post(app, f"/v1/requests/{told[email]['id']}/code", {}, events))
            assert status == 202
        assert events == ["answer", "mail", "answer", "mail", "answer", "answer"]
    assert told[KNOWN].keys() == told[UNKNOWN].keys()
    assert told[KNOWN]["state"] == told[UNKNOWN]["state"]


def opened(company: Company, email: str) -> RequestView:
    return company.requests.open(Wanted(Right.ACCESS, CustomerRef(email=email)), "portal")


def test_who_shares_an_address_is_told_apart_by_nothing(company: Company, app: Litestar) -> None:
    """A couple with one mailbox has the same rights: the answer is the same, no code goes to both, and staff name the
    one it is, who then gets what they asked for; the file that proves it stays with the request."""
    company.write("INSERT INTO customers VALUES (4, 'Rui', 'ana@mail.example', NULL, 'Porto')")
    events: list[str] = []
    told = {}
    for email in (KNOWN, UNKNOWN):
        body = {"right": "access", "customer": {"email": email}}
        status, told[email] = asyncio.run(post(app, "/v1/requests", body, events))
        assert status == 201
    assert told[KNOWN].keys() == told[UNKNOWN].keys()
    assert told[KNOWN]["state"] == told[UNKNOWN]["state"]
    assert company.mails() == []
    request = str(told[KNOWN]["id"])
    file = company.requests.attach(request, "card.txt", b"Rui, born in May", "desk")
    assert company.requests.details(request, "dora").said["ambiguous"] is True
    with pytest.raises(Conflict, match="Several people"):
        company.requests.vouch(request, "passport", "dora")
    with pytest.raises(BadRequest, match="none of those"):
        company.requests.vouch(request, "passport", "dora", CustomerRef(id="2"))
    done = company.requests.vouch(request, "passport", "dora", CustomerRef(id="4"))
    assert (done.state, done.subject) == (State.IN_PROGRESS, company.subject("4"))
    assert "contact" not in company.requests.details(request, "dora").said
    assert company.requests.file(request, file.id, "dora")[1] == b"Rui, born in May"
    with pytest.raises(Conflict, match="verifying"):
        company.requests.vouch(request, "passport", "dora", CustomerRef(id="1"))


def test_only_a_shared_address_is_somebodys_choice(company: Company) -> None:
    """Who is unknown, and who is known, is nobody else by anybody's word."""
    for email in (KNOWN, UNKNOWN):
        with pytest.raises(Conflict, match="several people share"):
            company.requests.vouch(opened(company, email).id, "passport", "dora", CustomerRef(id="2"))


def test_tries_and_codes_are_counted_for_both(company: Company) -> None:
    """Wrong codes and new codes run out for somebody unknown just as for somebody known; only staff see which."""
    seen = {}
    for email in (KNOWN, UNKNOWN):
        request = opened(company, email)
        for _ in range(7):
            with pytest.raises(WrongCode):
                company.requests.verify(request.id, "not it", "portal")
        for _ in range(4):
            company.requests.send_code(request.id, "portal", quietly=True)
        with pytest.raises(Conflict):
            company.requests.reserve_code(request.id)
        lines = company.requests.timeline(request.id)
        seen[email] = [line.params["attempt"] for line in lines if line.type.endswith("verification_failed")]
    assert seen[KNOWN] == seen[UNKNOWN] == [1, 2, 3, 4, 5, 5, 5]
    assert "not_sent" in types_of(company, request.id)


def test_no_code_verifies_somebody_unknown(company: Company) -> None:
    """The code that is made for nobody opens nothing, even if it were guessed."""
    request = opened(company, UNKNOWN)
    with company.database.write() as session:
        from privacy_svc.rights import verification
        from privacy_svc.rights.parts import find

        row = session.get_one(verification.VerificationCode, request.id)
        found = find(session, request.id)
        row.code_hash = verification._hash(session, company.requests.parts, found, "123456")
    with pytest.raises(WrongCode):
        company.requests.verify(request.id, "123456", "portal")
    assert company.requests.show(request.id).state == State.VERIFYING


def test_a_code_that_was_not_sent_is_sent_by_the_worker(company: Company) -> None:
    """A process that ended between the answer and the mail leaves nobody waiting; once is enough."""
    import time_machine

    with time_machine.travel("2026-08-03T12:00:00Z") as clock:
        with company.database.write() as session:
            wanted = Wanted(Right.ACCESS, CustomerRef(email=KNOWN))
            request = company.requests.receive(session, wanted, "portal").id
        company.requests.send_missing_codes("worker")
        assert company.mails() == []
        clock.shift(61)
        for _ in range(2):
            company.requests.send_missing_codes("worker")
    assert len(company.mails()) == 1
    assert types_of(company, request).count("sent") == 2  # the code, and its letter


def test_codes_asked_for_at_once_are_counted_for_both(company: Company, app: Litestar) -> None:
    """Eight at the same moment: as many are accepted for somebody known as for somebody unknown, and no code is mailed
    twice. What they cost, the look into the store and the mail, comes after the count."""

    async def race(request: object) -> list[int]:
        asked = (post(app, f"/v1/requests/{request}/code", {}, []) for _ in range(8))
        return sorted(status for status, _ in await asyncio.gather(*asked))

    seen = {}
    for email in (KNOWN, UNKNOWN):
        with company.database.write() as session:  # its own code is still to be sent
            request = company.requests.receive(session, Wanted(Right.ACCESS, CustomerRef(email=email)), "desk").id
        seen[email] = asyncio.run(race(request))
    assert seen[KNOWN] == seen[UNKNOWN] == [202] * 4 + [409] * 4
    assert len(set(company.mails())) == len(company.mails()) <= 5


def test_an_erased_person_is_like_anybody_by_an_address(company: Company, app: Litestar, worker: Worker) -> None:
    """The CRM filled the row again: a module that asks by e-mail or phone is answered as for somebody unknown; by the
    CRM's key, or our own, and to staff, it is said that they were erased."""
    company.seal()
    erased(company)
    company.write("UPDATE customers SET name = 'Ana', email = :e, phone = '+49 30 9018 2042' WHERE id = 1", e=KNOWN)
    told = {}
    for who in ({"email": KNOWN}, {"phone": "+49 30 9018 2042"}, {"email": UNKNOWN}):
        status, answer = asyncio.run(post(app, "/v1/requests", {"right": "access", "customer": who}, []))
        told[json.dumps(who)] = status, answer.keys(), answer["state"]
    assert len({str(one) for one in told.values()}) == 1
    assert next(iter(told.values()))[0] == 201
    status, _ = asyncio.run(post(app, "/v1/requests", {"right": "access", "customer": {"id": "1"}}, []))
    assert status == 410
    with pytest.raises(Erased):
        company.requests.open(Wanted(Right.ACCESS, CustomerRef(email=KNOWN), staff=True), "dora")


def test_nobodys_mailbox_is_filled(company: Company, app: Litestar) -> None:
    """Twenty requests for one person are twenty answers like any other and eight mails, and more only by and by; the
    timeline and staff are told. Somebody else gets theirs."""
    import time_machine

    start = datetime(2026, 8, 3, 12, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        answers = {}
        for email in (KNOWN, UNKNOWN):
            body = {"right": "access", "customer": {"email": email}}
            answers[email] = [asyncio.run(post(app, "/v1/requests", body, [])) for _ in range(20)]
        told = {email: {(s, answer["state"]) for s, answer in answers[email]} for email in answers}
        assert told[KNOWN] == told[UNKNOWN] == {(201, "verifying")}
        last = str(answers[KNOWN][-1][1]["id"])
        assert len(company.mails()) == 8
        assert "withheld" in types_of(company, last)
        with pytest.raises(Conflict, match="a member of the staff"):
            company.requests.send_code(last, "dora")
        company.requests.open(Wanted(Right.ACCESS, CustomerRef(id="2")), "desk")
        assert len(company.mails()) == 9
        for hour in range(1, 8):
            clock.move_to(start + timedelta(hours=hour))
            for _ in range(3):
                opened(company, KNOWN)
        assert len(company.mails()) == 9 + 8


def test_two_at_once_do_not_pass_the_limit(company: Company) -> None:
    """A second process that makes a code while the eighth is being made waits for it, and mails none."""
    for _ in range(7):
        opened(company, KNOWN)
    with company.database.write() as session:
        wanted = Wanted(Right.ACCESS, CustomerRef(email=KNOWN))
        eighth, ninth = (company.requests.receive(session, wanted, "portal").id for _ in range(2))
    parts = company.requests.parts
    with company.database.read() as session:
        code = verification.reserved(session, parts, find(session, eighth))
    assert code is not None
    other = threading.Thread(target=company.requests.send_after_answer, args=(ninth, "portal"))
    with company.database.write() as session:
        made = verification.fill(session, parts, find(session, eighth, lock=True), code, "portal")
        other.start()
        other.join(1)
    other.join()
    assert made is not None
    assert made[0] is Event.CODE_SENT
    assert "withheld" in types_of(company, ninth)
    assert len(company.mails()) == 7
