"""Whatever one searches by, an index finds it, on both dialects; by any page size everything is found once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import Connection, event, text

from privacy_svc.auditlog import Event, EventType, Wanted, crowds
from privacy_svc.auditlog.errors import UnknownType
from privacy_svc.db import Database
from tests.auditlog.conftest import Logbook

ENTRIES, BATCH = 3_000, 250
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
RARE = (EventType.CONSENT_GIVEN, EventType.CONSENT_WITHDRAWN)
SEARCHES: dict[str, dict[str, Any]] = {
    "type": {"type": EventType.CONSENT_GIVEN.value},
    "beginning of a type": {"type": "consent"},
    "common type": {"type": "policy"},
    "actor": {"actor": "rare"},
    "time": {"since": BEGIN + timedelta(minutes=40), "until": BEGIN + timedelta(minutes=45)},
    "person": {"subject_id": "?"},
    "all of them": {"subject_id": "?", "type": "consent", "actor": "rare", "since": BEGIN},
    "further on": {"type": "consent", "after": 2_000},
}


@pytest.fixture
def busy(book: Logbook) -> Logbook:
    """Decisions about many people, and few entries about consents by a rare actor."""
    with book.database.write() as session:
        people = book.vault.create_subjects(session, 200)
    for start in range(0, ENTRIES, BATCH):
        events = [
            Event(RARE[i % 3 % 2] if i % 100 == 0 else EventType.DECISION_PERMIT, people[i % 200], {"n": i})
            for i in range(start, start + BATCH)
        ]
        at = BEGIN + timedelta(minutes=start // 50)
        with time_machine.travel(at, tick=False), book.database.write() as session:
            for some, actor in ((events[:5], "rare"), (events[5:], "common")):
                book.log.append_many(session, some, actor=actor)
    book.integrate()
    with book.database.write() as session:
        session.execute(text("ANALYZE"))
    return book


@contextmanager
def plans(database: Database) -> Iterator[list[str]]:
    """Plans of the queries over entries that run meanwhile, a line each step."""
    found: list[str] = []

    def explain(connection: Connection, _: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.startswith("SELECT") and "audit_entries" in statement:
            sqlite = connection.dialect.name == "sqlite"
            cursor = connection.connection.cursor()
            cursor.execute(f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{statement}", parameters)
            found.extend(row[3 if sqlite else 0] for row in cursor.fetchall())

    event.listen(database.engine, "after_cursor_execute", explain)
    yield found


def test_an_index_finds_it(busy: Logbook) -> None:
    """No search passes over all entries."""
    somebody = busy.search(type="consent", limit=1)[0].subject_id
    with plans(busy.database) as found:
        for name, wanted in SEARCHES.items():
            found.clear()
            assert busy.search(**wanted | ({"subject_id": somebody} if "subject_id" in wanted else {}), limit=20)
            whole = [x for x in found if x.startswith("SCAN audit_entries") or "Seq Scan on audit_entries" in x]
            assert found
            assert not whole, name + "\n".join(found)


def test_a_persons_crowds_are_read_once(book: Logbook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page, each part that may name a person is looked through once, not at every page; who is in none, or of
    another month, costs an index alone."""
    monkeypatch.setattr(crowds, "MANY", 1)
    monkeypatch.setattr(crowds, "PART", 2)
    people = [book.person() for _ in range(6)]
    for at in (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 2, 3)):
        with time_machine.travel(at, tick=False):
            book.write_group(*people)
            book.write_group(*reversed(people))
            book.write(people[0])
    book.integrate()
    looked = list[bytes]()
    place_of = crowds.place_of
    monkeypatch.setattr(crowds, "place_of", lambda members, tag: looked.append(tag) or place_of(members, tag))
    paged, after = list[int | None](), None
    while found := book.search(subject_id=people[0], after=after, limit=2):
        paged += [v.index for v in found]
        after = found[-1].index
    assert paged == list(reversed(range(12)))
    assert len(looked) <= 12
    looked.clear()
    assert book.search(subject_id=people[0], type="consent") == []
    assert looked == []
    with plans(book.database) as found_plans:
        book.search(subject_id=people[0])
    if book.database.engine.dialect.name == "sqlite":
        assert any("COVERING INDEX ix_audit_crowds_ends" in step for step in found_plans), found_plans


def test_everything_is_found_once(busy: Logbook) -> None:
    """By type, its beginning and actor, page by page: just what is there, newest first."""
    everything = busy.search(limit=10_000)
    for wanted in ({"type": "consent"}, {"type": RARE[0].value}, {"actor": "rare"}, {"type": "consent", "actor": "x"}):
        by_hand = [
            v.index
            for v in everything
            if f"{v.type}:".startswith(wanted.get("type", "") + ":" * ("type" in wanted))
            and wanted.get("actor") in {None, v.actor}
        ]
        paged, after = [], None
        while found := busy.search(**wanted, after=after, limit=7):
            paged += [v.index for v in found]
            after = found[-1].index
        assert paged == by_hand
        lines = list(busy.log.export_entries(busy.database, Wanted(**wanted)))
        assert len(lines) == len(by_hand) + 2
    for mistyped in ("consen", "nothing"):
        with pytest.raises(UnknownType):
            busy.search(type=mistyped)
