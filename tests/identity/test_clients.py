"""Clients: tokens shown once, kept hashed, revocable."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import text

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import Database, now
from privacy_svc.errors import BadRequest, Conflict, NotFound, NotSignedIn
from privacy_svc.http import Role
from privacy_svc.identity import UnknownToken, add_client, authenticate, list_clients, revoke_client
from privacy_svc.identity.service import find_client, note_use, use_is_stale
from tests.factories import check_log
from tests.identity.conftest import entries


def _add(database: Database, log: Log, name: str = "marketing", role: Role = Role.MODULE) -> str:
    with database.write() as session:
        return add_client(session, log, name, role, "tester")[1]


def test_the_token_signs_its_client_in(database: Database, log: Log) -> None:
    """The caller behind a token has the client's id, name and role; the scheme is read in any case."""
    token = _add(database, log)
    with database.read() as session:
        (client,) = list_clients(session)
        for scheme in ("Bearer", "bearer", "BEARER"):
            caller = authenticate(session, f"{scheme} {token}")
            assert (caller.id, caller.name, caller.role) == (client.id, "marketing", Role.MODULE)


def test_the_token_is_kept_nowhere(database: Database, log: Log) -> None:
    """Neither the table nor the log knows the token, and it has 256 random bits."""
    token = _add(database, log)
    assert token.startswith("psv_")
    assert len(token) == len("psv_") + 43
    with database.read() as session:
        rows = [str(row) for row in session.execute(text("select * from clients"))]
    told = [str(e) for e in entries(database, log)]
    assert token not in " ".join(rows + told)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "psv_abc"])
def test_a_header_without_a_bearer_token_is_refused(database: Database, header: str | None) -> None:
    """RFC 6750 credentials or none."""
    with database.read() as session, pytest.raises(NotSignedIn) as caught:
        authenticate(session, header)
    assert not isinstance(caught.value, UnknownToken)


def test_an_unknown_token_is_refused_without_repeating_it(database: Database, log: Log) -> None:
    """Also one that differs in one character, and one that is not ASCII."""
    token = _add(database, log)
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), "psv_\udcff", token + "x"):
        with database.read() as session, pytest.raises(UnknownToken) as caught:
            authenticate(session, f"Bearer {wrong}")
        assert wrong not in str(caught.value)


def test_a_revoked_token_is_refused(database: Database, log: Log) -> None:
    """From the commit of the revocation; the client stays in the list."""
    token = _add(database, log)
    with database.write() as session:
        revoke_client(session, log, "marketing", "tester")
    with database.read() as session, pytest.raises(UnknownToken):
        authenticate(session, f"Bearer {token}")
    with database.read() as session:
        assert [c.revoked_at is not None for c in list_clients(session)] == [True]


def test_a_live_name_is_unique(database: Database, log: Log) -> None:
    """A second client of the name is refused while the first lives, and nothing else is lost by it."""
    first = _add(database, log)
    with database.write() as session:
        with pytest.raises(Conflict):
            add_client(session, log, "marketing", Role.DPO, "tester")
        add_client(session, log, "support", Role.MODULE, "tester")
    with database.write() as session:
        revoke_client(session, log, "marketing", "tester")
    second = _add(database, log)
    with database.read() as session:
        assert authenticate(session, f"Bearer {second}").name == "marketing"
        with pytest.raises(UnknownToken):
            authenticate(session, f"Bearer {first}")


@pytest.mark.parametrize("name", ["", "Marketing", "ana@example.org", "a b", "a/b", "x" * 65, "-x"])
def test_names_that_could_be_personal_are_refused(database: Database, log: Log, name: str) -> None:
    """Client names go into the log in clear."""
    with database.write() as session, pytest.raises(BadRequest):
        add_client(session, log, name, Role.MODULE, "tester")


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.CUSTOMER])
def test_a_token_is_not_for_everybody(database: Database, log: Log, role: Role) -> None:
    """Nobody holds a token as the public or as a customer."""
    with database.write() as session, pytest.raises(BadRequest):
        add_client(session, log, "x", role, "tester")


def test_revoking_an_unknown_name_suggests_the_nearest(database: Database, log: Log) -> None:
    """A client that is not there is not revoked in silence."""
    _add(database, log)
    with database.write() as session, pytest.raises(NotFound, match="marketing"):
        revoke_client(session, log, "marketting", "tester")


def test_last_use_is_written_once_a_minute(database: Database, log: Log) -> None:
    """A minute's calls cost one write, whoever else notes them too."""
    token = _add(database, log)
    at = now()
    with time_machine.travel(at, tick=False), database.write() as session:
        client = find_client(session, f"Bearer {token}")
        assert use_is_stale(client, at)
        note_use(session, client)
    with time_machine.travel(at + timedelta(seconds=59), tick=False), database.write() as session:
        client = find_client(session, f"Bearer {token}")
        assert not use_is_stale(client, now())
        note_use(session, client)
    with database.read() as session:
        assert find_client(session, f"Bearer {token}").last_used_at == at


def test_clients_come_and_go_in_the_log(database: Database, log: Log) -> None:
    """Who added and revoked whom is an entry each, and the log verifies."""
    _add(database, log)
    with database.write() as session:
        revoke_client(session, log, "marketing", "tester")
    assert [(e.type, e.actor, (e.payload or {}).get("client")) for e in entries(database, log)] == [
        (EventType.CLIENT_ADDED, "tester", "marketing"),
        (EventType.CLIENT_REVOKED, "tester", "marketing"),
    ]
    check_log(database, log)
