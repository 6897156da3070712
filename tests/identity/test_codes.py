"""Customers sign in with codes: who gets one, which works, and what somebody who guesses learns."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import event, text

from privacy_svc.auditlog import EventType
from privacy_svc.db import now
from privacy_svc.http import CustomerRef, Role
from privacy_svc.identity import (
    Asked,
    Post,
    Reached,
    SessionEnded,
    ask,
    caller_of_session,
    list_sessions,
    redeem,
    revoke_session,
)
from privacy_svc.identity.codes import ASKED_BY_NETWORK, ASKED_FOR_ADDRESS, MINUTES, TRIED_BY_NETWORK, TRIES
from privacy_svc.mail import Letter, Mailer
from privacy_svc.runtime import Runtime
from privacy_svc.settings import Settings
from tests.factories import erase
from tests.identity.conftest import entries
from tests.shop import ANA
from tests.smtp import SmtpServer

HERE = "192.0.2.1"


class Desk:
    """The shop, with a mail server that really receives."""

    def __init__(self, shop: Runtime, server: SmtpServer) -> None:
        self.shop, self.server = shop, server
        mailer = Mailer(Settings(smtp_url=server.url))
        self.post = Post(shop.database, shop.log, shop.directory, mailer)

    def ask(self, address: str, network: str = HERE) -> Asked | Reached:
        with self.shop.database.write() as session:
            return ask(session, self.shop.log, address, network)

    def asked(self, address: str, network: str = HERE) -> Asked:
        """And sent, where there is somebody to send it to."""
        found = self.ask(address, network)
        assert isinstance(found, Asked)
        self.post.send(found, Letter("Your code", f"It is {found.digits}."))
        return found

    def redeem(self, flow: str, digits: str, network: str = HERE, before: str = "") -> str | Reached | None:
        with self.shop.database.write() as session:
            return redeem(session, self.shop.log, flow, digits, network, before)

    def sign_in(self, before: str = "") -> str:
        asked = self.asked(ANA["email"])
        secret = self.redeem(asked.flow, asked.digits, before=before)
        assert isinstance(secret, str)
        return secret

    def types(self) -> list[str]:
        return [e.type for e in entries(self.shop.database, self.shop.log) if e.type.startswith("identity:")]


@pytest.fixture
def desk(shop: Runtime) -> Iterator[Desk]:
    with SmtpServer() as server:
        yield Desk(shop, server)


def wrong(digits: str) -> str:
    return f"{(int(digits) + 1) % 1_000_000:06d}"


def test_a_code_signs_the_customer_in(desk: Desk) -> None:
    """It comes to the address on file, and the session speaks of that person alone."""
    asked = desk.asked(ANA["email"].upper())
    (mail,) = desk.server.to(ANA["email"])
    found = re.search(r"\d{6}", mail.get_content())
    assert found
    secret = desk.redeem(asked.flow, f" {found[0][:3]} {found[0][3:]}\n")
    assert isinstance(secret, str)
    with desk.shop.database.read() as session:
        caller = caller_of_session(session, secret)
        assert caller.subject == desk.shop.directory.find(session, CustomerRef(email=ANA["email"]))
    assert (caller.role, caller.name) == (Role.CUSTOMER, "person")
    assert desk.types() == [EventType.SIGN_IN_CODE_SENT, EventType.SESSION_STARTED]


@pytest.mark.parametrize("address", ["nobody@mail.example", "no address at all", "", "a@b\r\nBcc: c@d.example"])
def test_an_address_that_nobody_has_is_asked_for_the_code_all_the_same(desk: Desk, address: str) -> None:
    """A code is made, no mail is sent, and even the right digits are refused like wrong ones."""
    asked = desk.asked(address)
    assert desk.server.messages == []
    assert desk.redeem(asked.flow, asked.digits) is None
    known = desk.asked(ANA["email"])
    assert desk.redeem(known.flow, wrong(known.digits)) is None
    failures = [e for e in entries(desk.shop.database, desk.shop.log) if e.type == EventType.SIGN_IN_FAILED]
    assert [e.payload for e in failures] == [{"by": "code", "attempt": 1}] * 2


def test_the_answer_takes_the_same_statements_for_everybody(desk: Desk) -> None:
    """What is done before the answer does not depend on whether the address is known."""
    said: list[str] = []
    event.listen(desk.shop.database.engine, "before_cursor_execute", lambda *a: said.append(str(a[2])))
    found = []
    for n, address in enumerate(("first@mail.example", ANA["email"], "nobody@mail.example")):
        said.clear()
        asked = desk.ask(address, f"192.0.2.{n}")
        assert isinstance(asked, Asked)
        before_answer = list(said)
        desk.post.send(asked, Letter("Your code", "It is for you."))
        said.clear()
        assert desk.redeem(asked.flow, wrong(asked.digits), f"192.0.2.{n}") is None
        found.append((before_answer, list(said)))
    assert found[1] == found[2]


@pytest.mark.parametrize("address", [ANA["email"], "nobody@mail.example"])
def test_nobody_waits_while_the_store_is_searched(desk: Desk, address: str) -> None:
    """Whoever asks for codes neither stalls others' writes nor learns from their waiting whether we know an address."""
    shop, waited = desk.shop, list[bool]()

    def write_meanwhile(*_: object) -> None:
        with ThreadPoolExecutor(1) as other:
            written = other.submit(desk.ask, "other@mail.example", "198.51.100.9")
            waited.append(wait([written], 3).done == set())
            if waited[-1]:
                raise RuntimeError("the store is searched while the write lock is held")

    desk.asked(ANA["email"])  # who is known is not admitted
    asked = desk.ask(address)
    assert isinstance(asked, Asked)
    event.listen(shop.stores.engine("shop"), "before_cursor_execute", write_meanwhile)
    desk.post.send(asked, Letter("Your code", "It is for you."))
    assert waited
    assert not any(waited)


def test_what_is_written_after_the_answer_is_the_same_for_everybody(desk: Desk) -> None:
    """As many transactions, with the same changes: the next request waits as long behind a known address."""
    desk.asked(ANA["email"])
    said: list[str] = []
    event.listen(desk.shop.database.engine, "before_cursor_execute", lambda *a: said.append(_change(a[2])))
    found = []
    for address in (ANA["email"], "nobody@mail.example"):
        asked = desk.ask(address)
        assert isinstance(asked, Asked)
        said.clear()
        desk.post.send(asked, Letter("Your code", "It is for you."))
        found.append([change for change in said if change])
    assert found[0] == found[1] != []


def _change(statement: str) -> str:
    """The kind of statement and its table, where it writes."""
    words = statement.replace("INTO ", "").split()
    return " ".join(words[:2]) if words[0] in {"INSERT", "UPDATE", "DELETE"} else ""


def test_five_tries_and_no_more(desk: Desk) -> None:
    """After five wrong ones the right one is refused too, and the log says once that it is locked."""
    asked = desk.asked(ANA["email"])
    for _ in range(TRIES):
        assert desk.redeem(asked.flow, wrong(asked.digits)) is None
    for _ in range(2):
        assert desk.redeem(asked.flow, asked.digits) is None
    assert desk.types().count(EventType.SIGN_IN_LOCKED) == 1


def test_many_who_guess_at_once_have_five_tries_together(desk: Desk) -> None:
    """In as many processes as there are: the count is in the database, and the row is locked while it is compared."""
    asked = desk.asked(ANA["email"])
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: desk.redeem(asked.flow, wrong(asked.digits)), range(11)))
    assert found == [None] * 11
    with desk.shop.database.read() as session:
        assert session.scalar(text("SELECT tries FROM sign_in_codes")) == TRIES
    assert desk.redeem(asked.flow, asked.digits) is None
    assert desk.types().count(EventType.SIGN_IN_LOCKED) == 1


def test_a_code_works_once_and_ten_minutes(desk: Desk) -> None:
    """The second use is refused, and so is one that is too old."""
    asked = desk.asked(ANA["email"])
    assert desk.redeem(asked.flow, asked.digits)
    assert desk.redeem(asked.flow, asked.digits) is None
    late = desk.asked(ANA["email"])
    with time_machine.travel(now() + timedelta(minutes=MINUTES), tick=False):
        assert desk.redeem(late.flow, late.digits) is None


def test_a_code_works_only_in_the_browser_that_asked(desk: Desk) -> None:
    """Another browser's secret, or none, does not open it: nobody is talked into signing in elsewhere."""
    mine, other = desk.asked(ANA["email"]), desk.asked("nobody@mail.example")
    for flow in (other.flow, "", "x"):
        assert desk.redeem(flow, mine.digits) is None


def test_the_tables_hold_neither_codes_nor_addresses(desk: Desk) -> None:
    """Only hashes; also after a sign-in."""
    asked, secret = desk.asked(ANA["email"]), desk.sign_in()
    with desk.shop.database.read() as session:
        rows = [
            r for t in ("sign_in_codes", "sessions", "tallies") for r in session.execute(text(f"SELECT * FROM {t}"))
        ]
    for planted in (asked.digits, asked.flow, secret, ANA["email"], HERE):
        assert planted not in repr(rows)
        assert planted.encode() not in b"".join(v for r in rows for v in r if isinstance(v, bytes))
    assert asked.digits not in repr(asked)


def test_limits_hold_for_an_address_and_for_a_network(desk: Desk) -> None:
    """Known or not, the sixth code in an hour is refused, from wherever; and a network's thirty-first."""
    hourly, _ = ASKED_FOR_ADDRESS
    for n, address in enumerate((ANA["email"], "nobody@mail.example")):
        found = [desk.ask(address, f"192.0.2.{10 * n + i}") for i in range(hourly.most + 2)]
        assert [isinstance(f, Reached) for f in found] == [False] * hourly.most + [True] * 2
        assert isinstance(found[-1], Reached)
        assert 3590 <= found[-1].seconds <= 3600
    many = [desk.ask(f"nobody{n}@mail.example", "198.51.100.1") for n in range(ASKED_BY_NETWORK.most + 1)]
    assert [isinstance(f, Reached) for f in many].count(True) == 1
    assert desk.types().count(EventType.SIGN_IN_LOCKED) == 3
    with time_machine.travel(now() + hourly.period, tick=False):
        assert isinstance(desk.ask(ANA["email"]), Asked)


def test_a_network_that_guesses_is_held_up(desk: Desk) -> None:
    """Sixty tries an hour, whatever codes they are for; another network goes on."""
    for _ in range(TRIED_BY_NETWORK.most):
        assert desk.redeem("x", "123456") is None
    asked = desk.asked(ANA["email"])
    assert isinstance(desk.redeem(asked.flow, asked.digits), Reached)
    assert isinstance(desk.redeem(asked.flow, asked.digits, "198.51.100.7"), str)


def test_signing_in_again_ends_the_session_before(desk: Desk) -> None:
    """The browser's old secret works no more, and one that somebody planted never worked."""
    first = desk.sign_in()
    second = desk.sign_in(before=first)
    with desk.shop.database.read() as session:
        assert caller_of_session(session, second)
        for gone in (first, "planted"):
            with pytest.raises(SessionEnded):
                caller_of_session(session, gone)


def test_a_customer_sees_their_sessions_and_ends_them(desk: Desk) -> None:
    """All browsers are listed; one that is ended is signed out. Of others' none can be reached."""
    here, there = desk.sign_in(), desk.sign_in()
    with desk.shop.database.write() as session:
        subject = caller_of_session(session, here).subject
        assert subject
        mine = caller_of_session(session, there).id
        assert {s.id for s in list_sessions(session, subject)} == {mine, caller_of_session(session, here).id}
        revoke_session(session, desk.shop.log, mine, "person", subject)
    with desk.shop.database.read() as session:
        assert caller_of_session(session, here)
        with pytest.raises(SessionEnded):
            caller_of_session(session, there)
        assert list_sessions(session) == []


def test_an_erased_person_is_signed_out(desk: Desk) -> None:
    """With the key the session ends, in every process; a code that was sent before is refused."""
    secret, asked = desk.sign_in(), desk.asked(ANA["email"])
    with desk.shop.database.write() as session:
        subject = caller_of_session(session, secret).subject
        assert subject
        erase(desk.shop, session, subject)
    with desk.shop.database.read() as session, pytest.raises(SessionEnded):
        caller_of_session(session, secret)
    opened = desk.redeem(asked.flow, asked.digits)
    with desk.shop.database.read() as session, pytest.raises(SessionEnded):
        caller_of_session(session, opened if isinstance(opened, str) else "")


def test_a_mail_server_that_is_away_is_noted(shop: Runtime, tmp_path: Path) -> None:
    """The browser learns nothing of it; the log does."""
    with SmtpServer(refuse=True) as server:
        desk = Desk(shop, server)
        desk.asked(ANA["email"])
        assert desk.types() == [EventType.SIGN_IN_CODE_NOT_SENT]
