"""Staff: one-time links and sessions."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import time_machine
from sqlalchemy import text

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import Database, now
from privacy_svc.errors import BadRequest
from privacy_svc.http import Role
from privacy_svc.identity import (
    SessionEnded,
    caller_of_session,
    create_link,
    end_session,
    redeem_link,
    session_cookie,
)
from privacy_svc.identity.service import note_use
from privacy_svc.identity.sessions import IDLE, LIFE, find_session
from privacy_svc.identity.staff import LINK_LIFE
from tests.identity.conftest import entries


def _link(database: Database, log: Log) -> str:
    with database.write() as session:
        return create_link(session, log, Role.DPO, "dora")


def _redeem(database: Database, log: Log, token: str) -> str | None:
    with database.write() as session:
        return redeem_link(session, log, token, "192.0.2.1")


def _sign_in(database: Database, log: Log) -> str:
    secret = _redeem(database, log, _link(database, log))
    assert secret is not None
    return secret


def _name_at(database: Database, secret: str, at: datetime) -> str:
    with time_machine.travel(at, tick=False), database.read() as session:
        return caller_of_session(session, secret).name


def test_a_link_signs_in_with_its_role(database: Database, log: Log) -> None:
    """The session's caller is who the link was made for."""
    secret = _sign_in(database, log)
    with database.read() as session:
        caller = caller_of_session(session, secret)
    assert (caller.name, caller.role) == ("dora", Role.DPO)


def test_a_link_works_once(database: Database, log: Log) -> None:
    """The second use is refused and logged."""
    token = _link(database, log)
    assert _redeem(database, log, token)
    assert _redeem(database, log, token) is None
    assert [e.type for e in entries(database, log)] == [
        EventType.LINK_CREATED,
        EventType.SESSION_STARTED,
        EventType.SIGN_IN_FAILED,
    ]


def test_two_browsers_at_once_get_one_session(database: Database, log: Log) -> None:
    """Single use holds under concurrency."""
    token = _link(database, log)
    with ThreadPoolExecutor(4) as pool:
        secrets = list(pool.map(lambda _: _redeem(database, log, token), range(4)))
    assert len([s for s in secrets if s]) == 1


def test_a_link_expires(database: Database, log: Log) -> None:
    """After 15 minutes it is as good as unknown."""
    token = _link(database, log)
    with time_machine.travel(now() + LINK_LIFE, tick=False):
        assert _redeem(database, log, token) is None


@pytest.mark.parametrize("role", [Role.MODULE, Role.PUBLIC, Role.CUSTOMER])
def test_links_are_for_staff(database: Database, log: Log, role: Role) -> None:
    """No module and no customer signs in by link."""
    with database.write() as session, pytest.raises(BadRequest):
        create_link(session, log, role, "x")


def test_the_session_is_made_at_sign_in(database: Database, log: Log) -> None:
    """A value planted in the browser before is never signed in by it, and two sign-ins differ."""
    planted = "planted-by-an-attacker"
    first, second = _sign_in(database, log), _sign_in(database, log)
    assert len({planted, first, second}) == 3
    with database.read() as session:
        for nobody in (planted, "", None):
            with pytest.raises(SessionEnded):
                caller_of_session(session, nobody)


def test_secrets_are_kept_nowhere(database: Database, log: Log) -> None:
    """Neither link nor session can be taken from the tables or the log."""
    token = _link(database, log)
    secret = _redeem(database, log, token)
    assert secret is not None
    with database.read() as session:
        rows = [
            str(r) for table in ("staff_links", "sessions") for r in session.execute(text(f"select * from {table}"))
        ]
    told = " ".join(rows + [str(e) for e in entries(database, log)])
    assert token not in told
    assert secret not in told


def test_a_session_ends_when_idle(database: Database, log: Log) -> None:
    """30 minutes after its last use."""
    at = now()
    with time_machine.travel(at, tick=False):
        secret = _sign_in(database, log)
    assert _name_at(database, secret, at + IDLE - timedelta(seconds=1)) == "dora"
    with pytest.raises(SessionEnded):
        _name_at(database, secret, at + IDLE)


def test_a_session_ends_after_twelve_hours(database: Database, log: Log) -> None:
    """However much it is used."""
    at = now()
    with time_machine.travel(at, tick=False):
        secret = _sign_in(database, log)
    used = at
    while used + IDLE < at + LIFE:
        used += IDLE - timedelta(minutes=1)
        with time_machine.travel(used, tick=False), database.write() as session:
            note_use(session, find_session(session, secret))
    with pytest.raises(SessionEnded):
        _name_at(database, secret, at + LIFE)


def test_signing_out_ends_the_session(database: Database, log: Log) -> None:
    """At once; twice is no error and one entry."""
    secret = _sign_in(database, log)
    for _ in range(2):
        with database.write() as session:
            end_session(session, log, secret)
    with database.read() as session, pytest.raises(SessionEnded):
        caller_of_session(session, secret)
    assert [e.type for e in entries(database, log)].count(EventType.SESSION_ENDED) == 1


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites() -> None:
    """HttpOnly, SameSite=Strict, Path=/, and Secure where the service is reached by https."""
    header = session_cookie("s3cret", "https://privacy.example").to_header(header="")
    assert {p.strip() for p in header.split(";")} >= {
        "__Host-privacy_session=s3cret",
        "HttpOnly",
        "SameSite=strict",
        "Path=/",
        "Secure",
    }
    assert "Secure" not in session_cookie("s3cret", "http://127.0.0.1:8480").to_header(header="")
    assert "Max-Age=0" in session_cookie("", "https://privacy.example").to_header(header="")
