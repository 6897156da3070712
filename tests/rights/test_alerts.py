"""What time brings: warned before, told after, each exactly once, whoever looks."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from privacy_svc.cli.worker import _tidy
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Extension, Filter, Order, Right, State, Wanted
from privacy_svc.runtime import Runtime
from tests.rights.company import Company
from tests.rights.test_approval import verified
from tests.rights.test_opening import opened, types_of
from tests.smtp import SmtpServer

START = datetime(2026, 8, 3, 12, tzinfo=UTC)
"""Due on Thursday 3 September, end of the day in Berlin."""
DAY = timedelta(days=1)
DPO = "dpo@acme.example"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def server(company: Company) -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        company.mail_by(server.url)
        yield server


def told(company: Company, request: str) -> list[str]:
    return [t for t in types_of(company, request) if t in {"warned", "overdue"}]


def test_warned_twice_and_told_once(company: Company, server: SmtpServer, clock: time_machine.Traveller) -> None:
    """Ten days before, three days before, and when it is over: in the timeline, the log, and a mail to the DPO."""
    request = verified(company)
    seen = []
    for day in range(40):
        clock.move_to(START + day * DAY)
        for _ in range(2):
            company.requests.keep_time()
        seen.append((day, told(company, request.id)))
    firsts = [next(day for day, lines in seen if len(lines) == n) for n in (1, 2, 3)]
    assert firsts == [22, 29, 32]  # 25 August, 1 September, 4 September
    assert told(company, request.id) == ["warned", "warned", "overdue"]
    letters = server.to(DPO)
    assert len(letters) == 3
    assert "due on 2026-09-03" in letters[0].get_content()
    assert "OVERDUE since 2026-09-03" in letters[2].get_content()
    assert not [m for m in letters if "ana" in m.as_string().lower()]
    company.log.integrate(company.database)
    with company.database.read() as session:
        logged = company.log.search(session, type="rights:request:overdue", limit=10)
    assert len(logged) == 1
    assert company.requests.list(Filter(order=Order.DUE, is_open=True)).requests[0].overdue


def test_a_worker_that_was_down_tells_once(company: Company, server: SmtpServer, clock: time_machine.Traveller) -> None:
    """Only the most urgent of what was missed, of all requests in one letter."""
    late, near = verified(company), opened(company, key="2")
    company.requests.extend(near.id, Extension.NUMBER, "dora")  # due on 3 November
    clock.move_to(START + 91 * DAY)
    company.requests.keep_time()
    company.requests.keep_time()
    assert told(company, late.id) == ["overdue"]
    assert told(company, near.id) == ["warned"]
    [letter] = server.to(DPO)
    assert late.id in letter.get_content()
    assert near.id in letter.get_content()


def test_a_new_deadline_is_warned_of_anew(company: Company, server: SmtpServer, clock: time_machine.Traveller) -> None:
    """After an extension the warnings are those of the later day."""
    request = verified(company)
    clock.move_to(START + 25 * DAY)
    company.requests.keep_time()
    company.requests.extend(request.id, Extension.COMPLEXITY, "dora")
    company.requests.keep_time()
    assert told(company, request.id) == ["warned"]
    clock.move_to(START + 85 * DAY)
    company.requests.keep_time()
    assert told(company, request.id) == ["warned", "warned"]


def test_what_has_ended_is_not_warned_of(company: Company, server: SmtpServer, clock: time_machine.Traveller) -> None:
    """Nobody is mailed about a request that is closed."""
    request = opened(company)
    company.requests.cancel(request.id, "a mistake", "dora")
    clock.move_to(START + 60 * DAY)
    assert company.requests.keep_time() == 0
    assert server.to(DPO) == []


def test_warnings_are_policy_data(company: Company, server: SmtpServer, clock: time_machine.Traveller) -> None:
    """The organisation says how many days before."""
    company.reword("deadlines: EU", "deadlines: {law: EU, warn_days: [20]}")
    request = verified(company)
    clock.move_to(START + 12 * DAY)
    company.requests.keep_time()
    clock.move_to(START + 30 * DAY)
    company.requests.keep_time()
    assert told(company, request.id) == ["warned"]


def test_a_mail_server_that_is_away_delays_the_letter_only(company: Company, clock: time_machine.Traveller) -> None:
    """The timeline says it in time; the letter goes out when the server is back, once."""
    request = verified(company)
    clock.move_to(START + 33 * DAY)
    with SmtpServer() as server:
        url = server.url
    company.mail_by(url)
    company.requests.keep_time()
    assert told(company, request.id) == ["overdue"]
    with SmtpServer() as server:
        company.mail_by(server.url)
        company.requests.keep_time()
        assert server.to(DPO) == []  # it was just tried
        clock.shift(timedelta(minutes=11))
        company.requests.keep_time()
        company.requests.keep_time()
        assert len(server.to(DPO)) == 1


def test_two_workers_tell_once(company: Company, server: SmtpServer) -> None:
    """Two that look at the same moment write one line and send one letter for each request."""
    with time_machine.travel(START - 200 * DAY):
        made = [verified(company, about=n).id for n in range(5)]
    start = threading.Barrier(2)

    def look() -> None:
        start.wait()
        for _ in range(3):
            company.requests.keep_time()

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [told(company, request) for request in made] == [["overdue"]] * 5
    content = "".join(m.get_content() for m in server.to(DPO))
    assert [content.count(request) for request in made] == [1] * 5


def test_the_worker_looks(shop: Runtime) -> None:
    """The worker's own round warns, with the composed service."""
    received = datetime.now(UTC) - 90 * DAY
    wanted = Wanted(Right.ERASURE, CustomerRef(id="1"), received, received_reason="found late")
    request = shop.requests.open(wanted, "desk").id
    for _ in range(2):
        _tidy(shop)
    lines = [line.type for line in shop.requests.timeline(request)]
    assert lines.count("rights:request:overdue") == 1
    outbox = [p.read_text() for p in (shop.settings.home / "outbox").glob("*.eml")]
    assert len([m for m in outbox if request in m]) == 1


def test_the_most_urgent_are_listed_first_page_by_page(company: Company, clock: time_machine.Traveller) -> None:
    """However many there are, the request that is due first is on the first page."""
    made = []
    for n in range(5):
        made.append(opened(company, about=n).id)
        clock.shift(-3 * DAY)
    company.requests.cancel(made[0], "a mistake", "dora")
    first = company.requests.list(Filter(is_open=True, order=Order.DUE, limit=3))
    rest = company.requests.list(Filter(is_open=True, order=Order.DUE, limit=3, cursor=first.cursor))
    assert [r.id for r in (*first.requests, *rest.requests)] == made[:0:-1]
    assert rest.cursor is None


def test_a_list_reads_nothing_that_is_sealed(company: Company) -> None:
    """Lists stay small whatever was said about the requests and given out (a peer's server died of that)."""
    from sqlalchemy import event

    opened(company, text="x" * 10_000)
    statements: list[str] = []
    engine = company.database.engine
    event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    page = company.requests.list(Filter(right=Right.ACCESS))
    assert page.requests[0].state == State.VERIFYING
    read = [s for s in statements if "FROM requests" in s]
    assert read
    assert not [s for s in read if "details" in s or "known_values" in s or "request_packages" in s]
