"""SQLite keeps what it is given: a row that somebody wrote there past the service hides no other from who searches."""

import pytest
from sqlalchemy import text

from privacy_svc.auditlog import LogInconsistent
from tests.auditlog.test_routes import Web, web  # noqa: F401 - a fixture


@pytest.fixture
def junk(web: Web) -> tuple[Web, list[str]]:  # noqa: F811
    """Three entries; who did the second is no text."""
    if web.book.database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL refuses a text that is none")
    ids = [web.book.write(web.subject_id) for _ in range(3)]
    web.book.integrate()
    change(web, "actor = CAST(x'ff63' AS TEXT)", ids[1])
    return web, ids


def change(web: Web, to: str, entry_id: str) -> None:  # noqa: F811
    with web.book.database.write() as session:
        session.execute(text(f"UPDATE audit_entries SET {to} WHERE id = :id"), {"id": entry_id})


def test_a_text_that_is_none_hides_no_other(junk: tuple[Web, list[str]]) -> None:
    """Search and the entry itself show a sign in the place of what is none, the export goes on; `verify` tells it."""
    web, ids = junk  # noqa: F811
    found = {e["id"]: e["actor"] for e in web.events("?type=gateway:record:read")}
    assert [found[i] for i in ids] == ["crm", "\ufffdc", "crm"]
    with web.book.database.read() as session:
        placed = web.book.log.place_of(session, ids[1])
        assert placed is not None
        assert placed.actor == "\ufffdc"
        assert web.book.log.place_of(session, ids[2]) is not None
    exported = web.get("/v1/audit/export").text
    assert all(entry_id in exported for entry_id in ids)
    assert ("altered", placed.index) in {(f.kind, f.index) for f in web.book.verify().findings}


def test_a_value_of_another_type_is_a_clear_error(junk: tuple[Web, list[str]]) -> None:
    """A time that is none cannot be shown: the answer says what kind of error it is."""
    web, ids = junk  # noqa: F811
    change(web, "at = 'yesterday'", ids[0])
    with pytest.raises(LogInconsistent, match="cannot be read"):
        web.book.search()
    assert web.get("/v1/audit/events").json()["type"].endswith("log-inconsistent")
