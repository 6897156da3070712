"""A walk through a span of time finds what a search finds, once each, whatever the times do."""

from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
import time_machine

from privacy_svc.auditlog import EventType, Log, Wanted, walk, walking
from privacy_svc.db import Database
from privacy_svc.db.tables import metadata
from tests.factories import make_log, make_vault

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KINDS = (EventType.AUDIT_COMPLETED, EventType.BREACH_READ, EventType.LOG_READ)


@pytest.fixture
def log(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Log:
    """Forty entries of three kinds, a minute apart, of which some bear the time of a clock that went back."""
    metadata.create_all(database.engine)
    monkeypatch.setattr(walking, "PAGE", 3)
    log = make_log(tmp_path, make_vault(tmp_path, database))
    for n in range(40):
        with time_machine.travel(NOON + (n if n % 7 else n - 5) * MINUTE, tick=False), database.write() as session:
            log.append(session, KINDS[n % 3], actor=f"by-{n % 2}", payload={"n": n})
        log.integrate(database)
    return log


def test_a_walk_is_a_search(log: Log, database: Database) -> None:
    """Of each span, kind and actor, in pages as short as three; `until` is not in it."""
    spans = ((0, 60), (7, 20), (12, 13), (50, 60), (-10, 0))
    for (since, until), types, actor in product(spans, ((), KINDS[:1], KINDS[:2]), (None, "by-1")):
        wanted = Wanted(since=NOON + since * MINUTE, until=NOON + until * MINUTE, types=types, actor=actor, limit=100)
        seen: list[tuple[int, int]] = []
        walked = [e.id for page in walk(log, database, wanted, lambda *told, to=seen: to.append(told)) for e in page]
        with database.read() as session:
            assert walked == [e.id for e in log.find(session, wanted)], wanted
        assert seen == sorted(seen)
        assert not seen or seen[-1][0] == seen[-1][1]


def test_what_enters_meanwhile_is_not_in_it(log: Log, database: Database) -> None:
    """A walk that looks at the log is not led on by its own traces."""
    count = 0
    for page in walk(log, database, Wanted(types=KINDS)):
        count += len(page)
        with database.write() as session:
            log.append(session, KINDS[0], actor="by-0", payload={})
        log.integrate(database)
    assert count == 40
