"""Long work of the console: ordered, done by a worker one at a time, with its progress and its end on a page."""

import threading
from datetime import timedelta

import pytest
import time_machine

from privacy_svc.audits import Kind, Orders, Stage, UnknownOrder
from privacy_svc.audits.ordering import KEPT, LIVES, PATIENCE, TRIES
from privacy_svc.db import now
from privacy_svc.http import Role
from tests.web.conftest import Site
from tests.web.desk import done, post, worker


@pytest.fixture
def orders(site: Site) -> Orders:
    return Orders(site.runtime.database, site.runtime.vault)


def test_the_log_is_checked_by_a_worker(site: Site) -> None:
    """The page says that it waits, then what came of it; it looks again by itself, and by a link without a script."""
    site.sign_in(Role.AUDITOR)
    order = post(site, "/dpo/log/check")
    waiting = site.get(order).text
    assert "waits for its turn" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    assert f'<a href="{order}">Look again</a>' in waiting
    assert post(site, "/dpo/log/check") == order
    assert worker(site).do_next()
    ended = site.get(order).text
    assert "The log is whole" in ended
    assert "hx-trigger" not in ended


def test_a_broken_log_is_told_with_its_place(site: Site) -> None:
    """An entry that was changed behind the service's back."""
    site.sign_in()
    site.runtime.log.integrate(site.runtime.database)
    with site.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_entries SET actor = 'nobody' WHERE \"index\" = 0")
    page = done(site, "/dpo/log/check")
    assert "do not fit what was signed" in page
    assert "/dpo/log?at=0" in page


def test_without_a_worker_the_page_says_so(site: Site) -> None:
    """Neither silence nor a hope; it is done as soon as one runs."""
    site.sign_in()
    order = post(site, "/dpo/audits", programme="daily")
    with time_machine.travel(now() + PATIENCE + timedelta(seconds=1), tick=True):
        assert "No worker takes it up" in site.get(order).text
        assert worker(site).do_next()
        assert "Read the report" in site.get(order).text


def test_what_goes_wrong_is_told(site: Site) -> None:
    """Checks that became unreadable after the order."""
    site.sign_in()
    order = post(site, "/dpo/audits", programme="daily")
    check = site.runtime.settings.audits / "checks" / "key-files.yml"
    check.write_text(check.read_text().replace("severity: ", "severety: "))
    assert worker(site).do_next()
    page = site.get(order).text
    assert "It came to nothing" in page
    assert "key-files.yml" in page


def test_one_is_done_at_a_time(orders: Orders) -> None:
    """Of many workers that look at once one has the turn; the next has it after the end."""
    first, second = (orders.place(Kind.RUN, p, "dora") for p in ("daily", "quarterly"))
    claims = []
    threads = [threading.Thread(target=lambda: claims.append(orders.claim())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [claim] = [c for c in claims if c]
    assert claim.id == first
    assert (orders.find(first).stage, orders.find(second).stage) == (Stage.RUNNING, Stage.WAITING)
    orders.end(claim, {"run": "r"})
    assert orders.find(first).result == {"run": "r"}
    following = orders.claim()
    assert following is not None
    assert following.id == second


def test_who_dies_in_the_middle_is_followed(orders: Orders) -> None:
    """By another worker, which begins anew; the dead one's late words change nothing. After some tries it is given up,
    with words that say where to look."""
    order = orders.place(Kind.VERIFY, "", "dora")
    dead = orders.claim()
    assert dead is not None
    assert orders.beat(dead, 5, 10)
    assert (orders.find(order).done, orders.find(order).total) == (5, 10)
    for tried in range(1, TRIES + 1):
        with time_machine.travel(now() + tried * (LIVES + timedelta(seconds=1)), tick=True):
            assert orders.find(order).stage is Stage.UNCLAIMED
            assert (orders.claim() is None) is (tried == TRIES)
            assert not orders.beat(dead, 6, 10)
    orders.end(dead, {"size": 1})
    assert orders.find(order).stage is Stage.FAILED
    assert "worker's log" in str(orders.find(order).problem)


def test_orders_go_after_a_day(orders: Orders) -> None:
    """With whom they found; what waits stays."""
    orders.place(Kind.AFFECTED, "b", "dora")
    claim = orders.claim()
    assert claim is not None
    orders.end(claim, {"people": []})
    waits = orders.place(Kind.RUN, "daily", "dora")
    with time_machine.travel(now() + KEPT + timedelta(minutes=1)):
        orders.forget()
        assert orders.newest(Kind.AFFECTED, "b") is None
        assert orders.find(waits)
        with pytest.raises(UnknownOrder):
            orders.find(claim.id)
