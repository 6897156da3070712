"""Limits of tokens and networks."""

import asyncio
import ipaddress
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from litestar.testing import TestClient
from structlog.testing import capture_logs

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import Database, now
from privacy_svc.identity import TooManyTries
from privacy_svc.identity.allowance import Allowances
from privacy_svc.identity.credentials import WRONG_TOKENS
from privacy_svc.identity.guard import _warn
from privacy_svc.identity.limits import Limit, Reached, take
from privacy_svc.identity.network import network_of
from tests.identity.conftest import entries
from tests.identity.test_guard import _app

PROXIES = (ipaddress.ip_network("10.0.0.0/8"),)


def spend(calls: int, *processes: Allowances) -> int:
    """In turn; how many were let through."""

    async def all_of_them() -> int:
        done = 0
        for n in range(calls):
            try:
                await processes[n % len(processes)].spend("client")
                done += 1
            except TooManyTries as error:
                assert 1 <= error.retry_after <= 60  # noqa: PT017 - one of many
        return done

    return asyncio.run(all_of_them())


def test_a_token_has_so_many_calls_a_minute_over_all_processes(database: Database) -> None:
    """Two processes share one count; the next minute begins anew, and 0 is no limit."""
    assert spend(300, Allowances(database, 200), Allowances(database, 200)) == 200
    with time_machine.travel(now() + timedelta(minutes=1), tick=False):
        assert spend(10, Allowances(database, 200)) == 10
    assert spend(300, Allowances(database, 0)) == 300


def test_one_call_in_a_hundredth_of_the_limit_writes(database: Database) -> None:
    """A call within what the process has taken asks nobody."""
    mine = Allowances(database, 10_000)
    assert spend(1, mine) == 1
    database.engine.dispose()
    database.write = None  # type: ignore[method-assign,assignment]
    assert spend(99, mine) == 99


def test_wrong_tokens_do_not_fill_the_log(database: Database, log: Log) -> None:
    """Sixty a minute from one network are entered, then one that says so; a right token is taken all the while."""
    with TestClient(_app(database, log)) as client, TestClient(_app(database, log)) as other:
        statuses = [
            (client, other)[n % 2].get("/me", headers={"Authorization": f"Bearer wrong{n}"})
            for n in range(WRONG_TOKENS.most + 3)
        ]
    assert [s.status_code for s in statuses] == [401] * WRONG_TOKENS.most + [429] * 3
    assert 1 <= int(statuses[-1].headers["retry-after"]) <= 60
    types = [e.type for e in entries(database, log)]
    assert types.count(EventType.SIGN_IN_FAILED) == WRONG_TOKENS.most
    assert types.count(EventType.SIGN_IN_LOCKED) == 1


@pytest.mark.parametrize(
    ("peer", "forwarded", "network"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),
        ("10.0.0.2", "203.0.113.5, 198.51.100.9", "198.51.100.9"),
        ("10.0.0.2", "198.51.100.9, 10.0.0.3", "198.51.100.9"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("10.0.0.2", "<script>", "unknown"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "", "192.0.2.1"),
        ("testclient", "", "unknown"),
        ("10.0.0.1", "203.0.113.9:51234", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, [2001:db8::1]:443", "2001:db8::/64"),
        ("10.0.0.1", "[2001:db8::1]", "2001:db8::/64"),
        ("10.0.0.1", "203.0.113.9:x", "unknown"),
    ],
)
def test_the_network_is_the_one_that_our_proxy_saw(peer: str, forwarded: str, network: str) -> None:
    """What a stranger writes into the header counts for nothing."""
    assert network_of(peer, forwarded, PROXIES) == network


def test_whose_network_nobody_knows_is_said_once(database: Database, log: Log) -> None:
    """They share their counts, and the operator learns why people are held up."""
    _warn.cache_clear()
    with TestClient(_app(database, log)) as client, capture_logs() as said:
        for _ in range(2):
            assert client.get("/me", headers={"Authorization": "Bearer psv_guess"}).status_code == 401
    assert [line["event"] for line in said].count("network.unknown") == 1


def test_counts_are_shared(database: Database) -> None:
    """Two processes count into the same row, and nothing is lost under concurrency."""
    limit = Limit("test", 10, timedelta(minutes=1))

    def once(_: int) -> Reached | None:
        with database.write() as session:
            return take(session, limit, b"key")

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(once, range(15)))
    assert [f is None for f in found].count(True) == 10
    assert [bool(f and f.first) for f in found].count(True) == 1
