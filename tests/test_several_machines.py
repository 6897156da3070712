"""Homes on several machines, one database: the log's record outside of it is one."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from privacy_svc.auditlog import EventType
from privacy_svc.errors import Misconfigured
from privacy_svc.examples import folder
from privacy_svc.runtime import Runtime, create_home, open_runtime
from privacy_svc.settings import Settings
from tests.factories import check_log


def write(runtime: Runtime) -> None:
    """An entry, under a checkpoint of its own."""
    with runtime.database.write() as session:
        runtime.log.append(session, EventType.POLICY_LOADED, actor="x", payload={})
    runtime.log.integrate(runtime.database)


def test_machines_share_one_record(tmp_path: Path) -> None:
    """Each signs on what the other signed; a home that looks for the record elsewhere does not start, and says why."""
    url = f"sqlite:///{tmp_path / 'privacy.sqlite3'}"
    one = Settings(
        home=tmp_path / "one", policies=folder("policies"), database_url=url, log=str(tmp_path / "log"),
        ledger=str(tmp_path / "ledger"),
    )  # fmt: skip
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
