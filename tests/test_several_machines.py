"""Homes on several machines, one database: the log's record outside of it is one."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from privacy_svc.auditlog import EventType
from privacy_svc.errors import Misconfigured
from privacy_svc.examples import folder
from privacy_svc.home import create_home, open_runtime
from privacy_svc.runtime import Runtime
from privacy_svc.settings import Settings
from tests.factories import check_log


def settings(tmp_path: Path, name: str, **more: str) -> Settings:
    url = f"sqlite:///{tmp_path / 'privacy.sqlite3'}"
    shared = {"database_url": url, "ledger": str(tmp_path / "ledger"), **more}
    return Settings(home=tmp_path / name, policies=folder("policies"), **shared)  # type: ignore[arg-type]


def write(runtime: Runtime) -> None:
    """An entry, under a checkpoint of its own."""
    with runtime.database.write() as session:
        runtime.log.append(session, EventType.POLICY_LOADED, actor="x", payload={})
    runtime.log.integrate(runtime.database)


def test_machines_share_one_record(tmp_path: Path) -> None:
    """Each signs on what the other signed; a home that looks for the record elsewhere does not start, and says why."""
    one = settings(tmp_path, "one", log=str(tmp_path / "log"))
    first = create_home(one)
    write(first)
    write(first)
    two = replace(one, home=tmp_path / "two")
    shutil.copytree(one.home / "keys", two.home / "keys")
    second = open_runtime(two, check_stores=False)
    for runtime in (second, first, second):
        write(runtime)
    check_log(first.database, first.log)
    elsewhere = replace(two, log="")
    with pytest.raises(Misconfigured, match="share one folder"):
        open_runtime(elsewhere, check_stores=False)
    last_way_out = open_runtime(elsewhere, check_stores=False, check_record=False)
    with last_way_out.database.read() as session:
        assert last_way_out.log.record_lacks(session)
        assert not second.log.record_lacks(session)
    for runtime in (first, second, last_way_out):
        runtime.close()


def test_a_young_log_has_one_record_too(tmp_path: Path) -> None:
    """Before anything was signed: another machine with an empty folder, or another log's, by mistake does not start,
    and writes nothing there; with the first one's it does."""
    one = settings(tmp_path, "one", log=str(tmp_path / "log"))
    first = create_home(one)
    with first.database.write() as session:
        first.log.append(session, EventType.POLICY_LOADED, actor="x", payload={})
    two = replace(one, home=tmp_path / "two", log="")
    shutil.copytree(one.home / "keys", two.home / "keys")
    with pytest.raises(Misconfigured, match="share one folder"):
        open_runtime(two, check_stores=False)
    assert not two.log_folder.exists()
    stranger = create_home(settings(tmp_path, "stranger", database_url="", ledger=""))
    with pytest.raises(Misconfigured, match="share one folder"):
        open_runtime(replace(two, log=str(stranger.settings.log_folder)), check_stores=False)
    second = open_runtime(replace(two, log=one.log), check_stores=False)
    write(second)
    check_log(first.database, first.log)
    for runtime in (first, second, stranger):
        runtime.close()


def test_a_log_of_before_takes_the_record_it_finds(tmp_path: Path) -> None:
    """The database of a version without ids, or a backup of one, knows of none: the first to start says which it is."""
    one = settings(tmp_path, "one", log=str(tmp_path / "log"))
    first = create_home(one)
    known = (tmp_path / "log" / "id").read_text()
    for kept in (True, False):
        with first.database.write() as session:
            session.execute(text("UPDATE audit_tree SET record_id = NULL"))
        if not kept:
            (tmp_path / "log" / "id").unlink()
        open_runtime(one, check_stores=False).close()
        assert ((tmp_path / "log" / "id").read_text() == known) is kept
        write(first)
        with pytest.raises(Misconfigured, match="share one folder"):
            open_runtime(replace(one, log=str(tmp_path / "another")), check_stores=False)
    check_log(first.database, first.log)
    first.close()
