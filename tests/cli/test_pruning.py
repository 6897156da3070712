"""`log prune` and `retention run` by hand: more than the worker takes by itself goes only where somebody says so."""

import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from privacy_svc import settings
from privacy_svc.auditlog import EventType
from privacy_svc.cli.root import root
from privacy_svc.examples import folder
from privacy_svc.home import opened
from tests.shop import sqlite_shop

OLD = datetime(2020, 1, 1, tzinfo=UTC)
LATER = OLD + timedelta(days=4000)


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Of a service founded in 2020, with three months of 256 entries each and a few more that are to stay."""
    monkeypatch.chdir(tmp_path)
    found = ["--home", str(tmp_path / "var"), "--policies", str(folder("policies"))]
    with time_machine.travel(OLD, tick=False):
        done = CliRunner().invoke(root, [*found, "init", "--store", sqlite_shop(tmp_path), "--name", "shop"])
        assert done.exit_code == 0, done.output
    for month in range(3):
        write(found, OLD + timedelta(days=40 * month), 256 if month < 2 else 276)
    return found


def write(options: list[str], at: datetime, count: int) -> None:
    loaded = settings.load(home=Path(options[1]), policies=Path(options[3]))
    with time_machine.travel(at, tick=False), opened(loaded) as runtime:
        with runtime.database.write() as session:
            for _ in range(count):
                runtime.log.append(session, EventType.POLICY_LOADED, actor="x", payload={})
        runtime.log.integrate(runtime.database)


def call(options: list[str], *arguments: str, at: datetime = LATER) -> Result:
    with time_machine.travel(at, tick=False):
        return CliRunner().invoke(root, [*options, *arguments])


@pytest.mark.parametrize("command", [("log", "prune"), ("retention", "run")])
def test_a_clock_that_is_ahead_deletes_nothing_unasked(options: list[str], command: tuple[str, str]) -> None:
    """Nothing was logged for years: without --yes nothing goes, with it all that is over."""
    refused = call(options, *command)
    assert refused.exit_code == 2
    assert "is the clock right? If that is meant, say --yes." in refused.output
    assert "768 entries would" in call(options, "log", "prune", "--dry-run").output
    assert "768 entries" in call(options, *command, "--yes").output


def test_more_than_the_worker_takes_is_asked_for(options: list[str]) -> None:
    """Also of a log that is written to."""
    write(options, LATER, 1)
    refused = call(options, "log", "prune")
    assert refused.exit_code == 2
    assert "768 entries of the log would be deleted for good. They are of 80 days" in refused.output


def test_a_months_worth_goes_unasked(options: list[str]) -> None:
    """As the worker would take it."""
    soon = OLD + timedelta(days=4 * 365 + 30)
    write(options, soon, 1)
    assert "256 entries deleted" in call(options, "log", "prune", at=soon).output


def test_on_a_terminal_it_asks(options: list[str]) -> None:
    """And goes on only after a yes."""
    for answer, code, said in (("n", 2, "Go on?"), ("y", 0, "768 entries deleted.")):
        master, terminal = pty.openpty()
        os.write(master, f"{answer}\n".encode())
        command = [sys.executable, "-m", "privacy_svc", *options, "log", "prune"]
        done = subprocess.run(command, stdin=terminal, capture_output=True, text=True, timeout=60, check=False)
        for end in (master, terminal):
            os.close(end)
        assert done.returncode == code, done.stderr
        assert said in done.stdout + done.stderr


def test_who_is_over_is_counted_by_rule_and_goes_only_when_somebody_says_so(options: list[str]) -> None:
    """Years after they left: a dry run says how many by which rule, and without --yes nobody goes."""
    as_json, one = [*options, "--json"], ("retention", "run", "--rule", "people:customer")
    engine = create_engine(settings.load(home=Path(options[1]), policies=Path(options[3])).stores["shop"])
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET closed_on = '2010-05-01' WHERE id IN (1, 2)"))
    told = json.loads(call(as_json, *one, "--dry-run").stdout)
    [rule] = told["rules"]
    assert (rule["rule"], rule["of"], rule["due"], told["dry_run"]) == ("people:customer", "people", 2, True)
    refused = call(options, *one)
    assert (refused.exit_code, "2 people by people:customer" in refused.output) == (2, True)
    assert json.loads(call(as_json, "request", "list").stdout) == []
    assert json.loads(call(as_json, *one, "--yes").stdout)["rules"][0]["due"] == 2
    assert [r["channel"] for r in json.loads(call(as_json, "request", "list").stdout)] == ["retention"] * 2
    nearest = call(options, "retention", "run", "--rule", "people:custmer")
    assert "did you mean 'people:customer'" in str(nearest.exception)
