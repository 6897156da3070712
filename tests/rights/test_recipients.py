"""Art. 19: whoever received the data is told, and the ledger says what became of it."""

import base64
import io
import json
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from privacy_svc.auditlog import EventType
from privacy_svc.db import Database, now
from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.http import CustomerRef
from privacy_svc.mail import Mailer
from privacy_svc.rights import AddressMissing, Exemption, Packages, Recipients, Right, Wanted, ways
from privacy_svc.rights.backoff import LEASE, TRIES, wait_after
from privacy_svc.rights.courier import Courier
from privacy_svc.rights.fulfilment import Fulfilment
from privacy_svc.rights.parts import find
from tests.conftest import ONE_DATABASE, fresh_postgres
from tests.listening import Heard, Listener, Said, listening
from tests.rights.company import ANA, Company
from tests.rights.running import done, everything_in
from tests.rights.telling import (
    IDENTIFIER,
    carry_out,
    deliver,
    done_for,
    notice,
    telling,
    with_settings,
)
from tests.rights.test_approval import verified
from tests.rights.test_opening import types_of
from tests.smtp import SmtpServer

Found = Callable[..., Company]


@pytest.fixture
def found(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Found]:
    """Makes the company whose recipient is told as `tell` says."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'crm.sqlite'}"
        if database.engine.dialect.name == "postgresql":
            url = stack.enter_context(fresh_postgres(request.getfixturevalue("postgres_server")))

        def make(tell: str, **settings: object) -> Company:
            company: AbstractContextManager[Company] = telling(tmp_path / "home", database, url, tell, **settings)
            made = stack.enter_context(company)
            made.seal()
            return made

        yield make


def by_webhook(found: Found, server: Listener) -> tuple[Company, str]:
    company = found(f"{{by: webhook, url: '{server.url}/changes'}}")
    return company, Recipients(company.requests).new_secret("letterbox", "dora")[0]


def is_signed(heard: Heard, secret: str) -> bool:
    """By the specification, without any of our code."""
    mac = HMAC(base64.b64decode(secret.removeprefix("whsec_")), SHA256())
    mac.update(f"{heard.headers['webhook-id']}.{heard.headers['webhook-timestamp']}.".encode() + heard.body)
    wanted = "v1," + base64.b64encode(mac.finalize()).decode()
    return wanted in heard.headers["webhook-signature"].split(" ")


def test_a_webhook(found: Found) -> None:
    """Signed, once, after the erasure; it says request, right and what the recipient itself calls the person."""
    with listening() as server:
        company, secret = by_webhook(found, server)
        request = done_for(company)
        before = notice(company, request.id)
        assert (before.state, before.why, server.heard) == ("to_tell", "mapped", [])
        assert deliver(company) == 1
        assert deliver(company) == 0
    [heard] = server.heard
    assert is_signed(heard, secret)
    assert (heard.method, heard.path, heard.headers["webhook-id"]) == ("POST", "/changes", before.event)
    data = {"request": request.id, "right": "erasure", "article": "GDPR 17", "identifier": IDENTIFIER}
    assert json.loads(heard.body) == {"type": "rights.erasure", "data": data}
    after = notice(company, request.id)
    assert (after.state, after.told_by, after.answer, after.tries) == ("answered", "webhook", "received", 1)
    assert types_of(company, request.id)[-2:] == ["told", "answered"]
    kept = everything_in(company.database.engine.url.render_as_string(hide_password=False))
    assert IDENTIFIER not in kept
    assert secret not in kept
    assert base64.b64decode(secret.removeprefix("whsec_")) not in kept.encode("utf-8", "replace")


@ONE_DATABASE
def test_what_is_shared_is_never_printed(found: Found, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither the secret nor the identifier: not in `repr`, not in the log, where the recipient repeats both."""
    with listening(lambda heard: Said(500, heard.body)) as server:
        company, secret = by_webhook(found, server)
        request = done_for(company)
        with company.database.read() as session:
            said = ways.message(session, company.requests.parts, find(session, request.id), "letterbox")
        assert (said.secrets, said.identifier) == ((secret,), IDENTIFIER)
        deliver(company)
    shown = repr(said) + capsys.readouterr().out + repr(notice(company, request.id))
    assert "answered_500" in shown
    assert not [word for word in (secret, secret[6:], IDENTIFIER) if word in shown]


def test_while_a_secret_is_replaced(found: Found) -> None:
    """Both sign for a week, then the new one alone."""
    with listening() as server:
        company, first = by_webhook(found, server)
        second, until = Recipients(company.requests).new_secret("letterbox", "dora")
        done_for(company)
        deliver(company)
        with time_machine.travel(until + timedelta(seconds=1)):
            _restricted(company)
            deliver(company)
    during, later = server.heard
    assert [is_signed(during, s) for s in (first, second)] == [True, True]
    assert [is_signed(later, s) for s in (first, second)] == [False, True]


def _restricted(company: Company) -> None:
    request = company.requests.vouch(_open(company, Right.RESTRICTION, "2"), "passport", "dora")
    carry_out(company, request.id)


def _open(company: Company, right: Right, key: str) -> str:
    return company.requests.open(Wanted(right, CustomerRef(id=key)), "desk").id


def test_two_days_of_500(found: Found) -> None:
    """Tried again ever more seldom, always under the same id and the same body, until it is taken."""
    begun, broken = now(), [True]
    with listening(lambda _: Said(500 if broken[0] else 200)) as server:
        company, secret = by_webhook(found, server)
        request = done_for(company)
        deliver(company)
        waits = []
        while (at := notice(company, request.id).next_try_at) is not None:
            broken[0] = at < begun + timedelta(days=2)
            with time_machine.travel(at + timedelta(seconds=1)):
                waits.append(at)
                assert deliver(company) == 1
    told = notice(company, request.id)
    assert (told.state, told.problem) == ("answered", None)
    assert told.told_at is not None
    assert told.told_at > begun + timedelta(days=2)
    assert 10 < len(waits) < 20
    assert len({h.headers["webhook-id"] for h in server.heard}) == len({h.body for h in server.heard}) == 1
    assert all(is_signed(h, secret) for h in server.heard)
    assert len({h.headers["webhook-timestamp"] for h in server.heard}) == len(server.heard)


@ONE_DATABASE
def test_who_never_answers(found: Found) -> None:
    """After about ten days it is a person's turn; who mends it has it tried again."""
    with listening(Said(503)) as server:
        company, _ = by_webhook(found, server)
        request = done_for(company)
        deliver(company)
        while (at := notice(company, request.id).next_try_at) is not None:
            with time_machine.travel(at + timedelta(seconds=1)):
                deliver(company)
        assert len(server.heard) == TRIES
        assert (notice(company, request.id).state, notice(company, request.id).problem) == ("to_tell", "answered_503")
        assert types_of(company, request.id)[-1] == "unreached"
        assert [r for r, _ in Recipients(company.requests).untold()] == [request.id]
        server.answer = lambda _: Said()
        Recipients(company.requests).again(request.id, "letterbox")
        deliver(company)
    assert notice(company, request.id).state == "answered"


def test_waits_grow_to_half_a_day() -> None:
    """30 seconds at first, doubled, spread by a fifth, about ten days in all."""
    total = sum((wait_after(n) for n in range(1, TRIES)), timedelta())
    assert timedelta(seconds=24) <= wait_after(1) <= timedelta(seconds=36)
    assert wait_after(TRIES) <= timedelta(hours=14.4)
    assert timedelta(days=7) < total < timedelta(days=13)


@ONE_DATABASE
def test_gone(found: Found) -> None:
    """410 is an answer: nobody is there to be told, and it is not tried again."""
    with listening(Said(410)) as server:
        company, _ = by_webhook(found, server)
        request = done_for(company)
        deliver(company)
    assert len(server.heard) == 1
    gone = notice(company, request.id)
    assert (gone.state, gone.ground, gone.next_try_at) == ("impossible", "gone", None)
    assert types_of(company, request.id)[-1] == "exempt"


@pytest.mark.parametrize("target", ["http://169.254.169.254/latest/meta-data/", "/elsewhere"])
@ONE_DATABASE
def test_a_redirect_is_not_followed(found: Found, target: str) -> None:
    """Wherever to: the notice stays to be told, and nothing else was called."""
    with listening(Said(307, b"", {"Location": target})) as server:
        company, _ = by_webhook(found, server)
        request = done_for(company)
        deliver(company)
    assert [h.path for h in server.heard] == ["/changes"]
    assert (notice(company, request.id).state, notice(company, request.id).problem) == ("to_tell", "redirected")


@ONE_DATABASE
def test_an_address_in_our_own_network(found: Found) -> None:
    """Not called while the setting does not allow it, whatever the policy file says."""
    with listening() as server:
        company, _ = by_webhook(found, server)
        with_settings(company, outbound_allow="")
        request = done_for(company)
        deliver(company)
        assert notice(company, request.id).problem == "private_address"
    assert not server.heard


@ONE_DATABASE
def test_a_name_of_this_machine(found: Found) -> None:
    """`https://localhost` is judged by its address."""
    company = found("{by: webhook, url: 'https://localhost:9/changes'}", outbound_allow="")
    Recipients(company.requests).new_secret("letterbox", "dora")
    request = done_for(company)
    deliver(company)
    assert notice(company, request.id).problem == "private_address"


@ONE_DATABASE
def test_without_a_secret_nothing_is_sent(found: Found) -> None:
    """An unsigned notice would teach the recipient to accept one."""
    with listening() as server:
        company = found(f"{{by: webhook, url: '{server.url}'}}")
        request = done_for(company)
        deliver(company)
        assert not server.heard
        assert notice(company, request.id).problem == "no_secret"


def test_by_mail(found: Found) -> None:
    """A letter to the recipient, by a real server: the right, the reference and their own identifier, no name."""
    with SmtpServer() as server:
        company = found("{by: email}")
        request = done_for(company)
        parts = with_settings(company, smtp_url=server.url).requests.parts
        company.requests.parts = replace(parts, mailer=Mailer(parts.settings))
        deliver(company)
    [letter] = server.to("dpo@letterbox.example")
    text = f"{letter['Subject']}\n{letter.get_content()}"
    assert all(part in text for part in (request.id, IDENTIFIER, "GDPR 17", "Art. 19"))
    assert not [ANA[k] for k in ("name", "email", "phone") if ANA[k] in text]
    assert (notice(company, request.id).state, notice(company, request.id).told_by) == ("told", "email")


def test_rectification_and_restriction_are_told_too(found: Found) -> None:
    """Only to those whose purposes use what was corrected."""
    with listening() as server:
        company, _ = by_webhook(found, server)
        mail = done_for(company, Right.RECTIFICATION, changes={"email": "ana@new.example"})
        name = done_for(company, Right.RECTIFICATION, changes={"name": "Ana F."})
        limited = done_for(company, Right.RESTRICTION)
        deliver(company)
    assert company.requests.notifications(name.id) == []
    assert {json.loads(h.body)["data"]["request"] for h in server.heard} == {mail.id, limited.id}
    assert b"new.example" not in b"".join(h.body for h in server.heard)


def test_whoever_read_the_data_is_told(found: Found) -> None:
    """`disclosed`: the log has a use for a purpose with that recipient, and says so until the erasure."""
    company = found("{by: email}")
    with company.database.write() as session:
        subject = company.requests.parts.directory.admit(session, CustomerRef(id="1"))
        payload = {"module": "mail", "purpose": "newsletter"}
        company.log.append(session, EventType.RECORD_READ, actor="mail", subject_id=subject, payload=payload)
    company.log.integrate(company.database)
    assert notice(company, done_for(company).id).why == "disclosed"


def test_a_request_that_is_not_done_tells_nobody(found: Found) -> None:
    """The recipients are known from the first step, and are told when the last is done."""
    with listening() as server:
        company, _ = by_webhook(found, server)
        request = verified(company)
        company.requests.approve(request.id, "dora")
        work = Fulfilment(company.database, company.requests.parts)
        for name in ("prepare", "clean_stores", "destroy_keys"):
            assert work.perform(request.id, name) is None
        assert (notice(company, request.id).state, deliver(company)) == ("waiting", 0)
        with pytest.raises(Conflict):
            Recipients(company.requests).told(request.id, "letterbox", "by phone", None, "dora")
        carry_out(company, request.id)
        assert deliver(company) == 1


def test_killed_between_telling_and_noting(found: Found) -> None:
    """Told again by the next worker, under the same id; noted once."""
    with listening() as server:
        company, _ = by_webhook(found, server)
        request = done_for(company)
        url = company.database.engine.url.render_as_string(hide_password=False)
        command = [sys.executable, "-m", "tests.rights.killed_courier", str(company.home), url, company.store_url]
        process = subprocess.run(command, capture_output=True, timeout=60, check=False)
        assert process.returncode == -signal.SIGKILL, process.stderr.decode()
        assert (notice(company, request.id).state, len(server.heard), deliver(company)) == ("to_tell", 1, 0)
        with time_machine.travel(now() + LEASE + timedelta(seconds=1)):
            assert deliver(company) == 1
    first, second = server.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert types_of(company, request.id).count("told") == 1


def test_two_workers_tell_once(found: Found) -> None:
    """What one has taken, the other leaves alone."""
    with listening() as server:
        company, _ = by_webhook(found, server)
        for key in ("1", "2"):
            request = company.requests.vouch(_open(company, Right.RESTRICTION, key), "passport", "dora")
            carry_out(company, request.id)
        couriers = [Courier(company.database, company.requests.parts) for _ in range(3)]
        threads = [threading.Thread(target=c.deliver_due) for c in couriers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.heard) == len({h.headers["webhook-id"] for h in server.heard}) == 2


def test_a_worker_tells(found: Found) -> None:
    """The worker that carries out the request tells the recipients by itself."""
    with listening() as server:
        company, _ = by_webhook(found, server)
        request = verified(company)
        company.requests.approve(request.id, "dora")
        with company.requests.worker():
            done(company, request.id)
            end = time.monotonic() + 20
            while notice(company, request.id).state != "answered" and time.monotonic() < end:
                time.sleep(0.05)
    assert len(server.heard) == 1
    assert notice(company, request.id).state == "answered"


def test_by_hand(found: Found) -> None:
    """A person tells, or says why nobody need be told; both with their words sealed."""
    company = found("null")
    first, second = done_for(company, Right.RESTRICTION), done_for(company)
    recipients = Recipients(company.requests)
    deliver(company)
    assert notice(company, first.id).problem == "by_hand"
    assert types_of(company, first.id)[-1] == "completed"
    assert company.requests.details(second.id, "dora").said["identifiers"] == {"letterbox": IDENTIFIER}
    with pytest.raises(BadRequest):
        recipients.told(first.id, "letterbox", " ", None, "dora")
    [told] = recipients.told(first.id, "letterbox", "phoned Mr Lee", "Ana is deleted there", "dora")
    assert (told.state, told.told_by, told.answer, told.noted_by) == ("answered", "person", "received", "dora")
    with pytest.raises(Conflict):
        recipients.told(first.id, "letterbox", "again", None, "dora")
    with pytest.raises(BadRequest):
        recipients.exempt(second.id, "letterbox", Exemption.DISPROPORTIONATE, "", "dora")
    [left] = recipients.exempt(second.id, "letterbox", Exemption.DISPROPORTIONATE, "dissolved in 2019", "dora")
    assert (left.state, left.ground, left.noted_by) == ("impossible", "disproportionate", "dora")
    said = company.requests.details(first.id, "dora").said["recipients"]["letterbox"]
    assert said == {"told": "phoned Mr Lee", "answer": "Ana is deleted there"}
    kept = everything_in(company.database.engine.url.render_as_string(hide_password=False))
    assert not [words for words in ("Mr Lee", "dissolved", "deleted there") if words in kept]


def test_the_person_is_told_who_was(found: Found) -> None:
    """On request, by a letter to the address on file; after an erasure there is none."""
    company = found("{by: email}")
    request = done_for(company, Right.RESTRICTION)
    deliver(company)
    Recipients(company.requests).tell_person(request.id, "dora")
    letter = company.mails()[-1]
    assert "To: ana@mail.example" in letter
    today = now().astimezone(ZoneInfo("Europe/Berlin"))
    assert f"Letterbox Ltd: told on {today:%Y-%m-%d}" in letter
    access = done_for(company, Right.ACCESS)
    with zipfile.ZipFile(io.BytesIO(Packages(company.requests).package(access.id, "dora"))) as package:
        [told] = json.loads(package.read("article15.json"))["recipients_told"]
        assert (told["name"], told["right"]) == ("Letterbox Ltd", "restriction")
        assert "Letterbox Ltd was told of your restriction" in package.read("index.html").decode()
    gone = done_for(company)
    with pytest.raises(AddressMissing):
        Recipients(company.requests).tell_person(gone.id, "dora")
