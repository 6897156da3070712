"""More callers than one process can serve: they hear so at once, and health stays true."""

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.faults.test_faults import SEED
from tests.faults.trial import CUSTOMERS, Served, found
from tests.shop import sqlite_shop

LIMIT = 40
"""More than a process has threads."""
PATIENCE = 60.0


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    service = found(tmp_path, sqlite_shop(tmp_path, CUSTOMERS), "", SEED, {"PRIVACY_WAITING_LIMIT": str(LIMIT)}).service
    try:
        service.start()
        service.ready()
        yield service
    finally:
        service.end()


def test_who_comes_too_many_hears_so_at_once(served: Served) -> None:
    """The store takes no write, and callers wait for it: the next one gets 503 with Retry-After while they still do,
    both health routes say what is so, and all goes on when the store does."""
    nowhere = served.url + "/nowhere"

    def write(number: int) -> int:
        headers = {"Authorization": f"Bearer {served.tokens['support']}"}
        url = f"{served.url}/v1/records/shop/customers/{number}?purpose=service.support"
        return httpx.patch(url, json={"city": "Porto"}, headers=headers, timeout=PATIENCE).status_code

    store = sqlite3.connect(served.folder / "shop.sqlite", isolation_level=None)
    with ThreadPoolExecutor(LIMIT) as callers:
        store.execute("BEGIN IMMEDIATE")
        try:
            waiting = [callers.submit(write, number) for number in range(1, LIMIT + 1)]
            until = time.monotonic() + PATIENCE
            while (refused := httpx.get(nowhere, timeout=PATIENCE)).status_code != 503:
                assert time.monotonic() < until, "nobody was refused"
            assert refused.json()["type"] == "/problems/overloaded"
            assert int(refused.headers["retry-after"]) > 0
            for path in ("/health/live", "/health/ready"):
                health = httpx.get(served.url + path, timeout=PATIENCE)
                assert health.status_code == 200, health.text
            assert not all(caller.done() for caller in waiting)
        finally:
            store.execute("ROLLBACK")
            store.close()
        assert 200 in {caller.result() for caller in waiting} <= {200, 503}
    assert httpx.get(nowhere, timeout=PATIENCE).status_code == 404
