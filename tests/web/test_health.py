"""Each part that is away is named by /health/ready, and only that one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import time_machine
from sqlalchemy import Engine, event, text

from privacy_svc.auditlog import EventType, tree_row
from privacy_svc.db import now
from privacy_svc.http import Role
from tests.web.conftest import Site


def away(site: Site) -> set[str]:
    """The parts that /health/ready names."""
    answer = site.client.get("/health/ready")
    if answer.status_code == 200:
        return set()
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/not-ready")
    assert "retry-after" in answer.headers
    assert not any(word in answer.text for word in (str(site.runtime.settings.home), "sqlite", "postgres", "SELECT"))
    return {e["pointer"].removeprefix("/") for e in answer.json()["errors"]}


def test_missing_keys_are_named(site: Site) -> None:
    """Without its root keys the service lives and is not ready; it is again when they are back."""
    keys = site.runtime.settings.home / "keys"
    with site.runtime.database.write() as session:
        site.runtime.vault.create_subject(session)
    shutil.move(keys, keys.with_name("elsewhere"))
    assert "keys" in away(site)
    assert site.client.get("/health/live").status_code == 200
    shutil.move(keys.with_name("elsewhere"), keys)
    assert away(site) == set()


def test_a_full_disk_is_named(site: Site) -> None:
    """A write that finds no room is answered so, by the database's own error; for a minute the service is not ready."""
    caller, said = site.token(Role.DPO), {"type": "shop:page:seen", "payload": {"words": "x" * 30_000}}
    site.runtime.log.integrate(site.runtime.database)
    with no_room(site.runtime.database.engine):
        answer = site.client.post("/v1/audit/events", json=said, headers=caller)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/database-full")
    assert away(site) == {"database"}
    with time_machine.travel(now() + timedelta(minutes=1)):
        assert away(site) == set()


@contextmanager
def no_room(engine: Engine) -> Iterator[None]:
    """SQLite may not grow; PostgreSQL says what it says when its disk is full."""
    if engine.dialect.name == "sqlite":
        counted = ["PRAGMA max_page_count = 1"]
        listened = (engine, "begin", lambda connection: connection.exec_driver_sql(counted[0]))
        event.listen(*listened)
        yield
        counted[0] = "PRAGMA max_page_count = 1000000"
        return
    full = "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
    with engine.begin() as connection:
        connection.exec_driver_sql(full + "$$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$")
        connection.exec_driver_sql(
            "CREATE TRIGGER no_room BEFORE INSERT ON audit_outbox FOR EACH ROW EXECUTE FUNCTION no_room()"
        )
    yield
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER no_room ON audit_outbox")
        connection.exec_driver_sql("DROP FUNCTION no_room")


def test_a_store_that_is_away_is_named(site: Site) -> None:
    """The customer store's file is gone."""
    path = site.runtime.settings.stores["shop"].removeprefix("sqlite:///")
    shutil.move(path, f"{path}.away")
    site.runtime.stores.close()
    assert away(site) == {"stores"}


def test_refused_policies_are_a_warning(site: Site) -> None:
    """Ready, because the last good ones decide; with the time, in the metrics, and nothing of the files."""
    policies = site.runtime.policies
    policies.interval, policies._next, policies._quiet = 0, 0.0, 0.0
    file, scrape = policies.folder / "modules.yml", site.token(Role.ADMIN)
    good = file.read_text()
    for more, refused in (("", False), ("nonsense: true\n", True), ("", False)):
        file.write_text(good + more)
        answer = site.client.get("/health/ready")
        assert answer.status_code == 200
        assert bool(answer.json()["warnings"]) == refused
        assert f"privacy_policies_refused {float(refused)}" in site.client.get("/metrics", headers=scrape).text


def test_personal_data_that_no_data_map_names_is_a_warning(site: Site) -> None:
    """Ready, and told how many tables, but not which."""
    engine = site.runtime.stores.engine("shop")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE leads (id INTEGER, email_address TEXT)"))
        connection.execute(text("CREATE TABLE parts (id INTEGER, name TEXT)"))
    [warning] = site.client.get("/health/ready").json()["warnings"]
    assert warning.startswith("stores: 1 table ")
    assert "leads" not in warning


def test_tables_of_another_version_are_named(site: Site) -> None:
    """A privacy database whose migration this code does not know is not served."""
    with site.runtime.database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("DELETE FROM alembic_version"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('another')"))
    assert away(site) == {"migrations"}


def test_a_halted_log_is_named(site: Site) -> None:
    """Nothing is signed until a person has looked: the service says so to whoever watches it."""
    with site.runtime.database.write() as session:
        tree_row.halt(session, "a witness")
    assert away(site) == {"log"}
    assert "halted" in site.client.get("/health/ready").text
    with site.runtime.database.write() as session:
        tree_row.resume(session)
    assert away(site) == set()


def test_a_log_that_stands_still_is_named(site: Site) -> None:
    """Entries that wait for more than a minute say that no sequencer runs."""
    site.runtime.log.stop()
    with site.runtime.database.write() as session:
        site.runtime.log.append(session, EventType.AUDIT_COMPLETED, actor="test", payload={})
    with time_machine.travel(now() + timedelta(minutes=2), tick=False):
        assert "log" in away(site)
