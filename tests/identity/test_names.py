"""What the log calls whoever acts: nobody has somebody else's name."""

import threading
import time

import pytest

from privacy_svc.auditlog import Log
from privacy_svc.db import Database
from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.http import Role
from privacy_svc.identity import add_client, create_link, revoke_client
from privacy_svc.identity.by_provider import _name
from privacy_svc.identity.names import Holder, take_name
from privacy_svc.identity.provider import Person
from privacy_svc.identity.sessions import Account

MODULES = ("marketing",)


def called(database: Database, name: str, account: bytes = b"1" * 32) -> str:
    with database.write() as session:
        return _name(session, Person(Role.DPO, name, Account(account)), MODULES)


def test_who_comes_by_a_link_is_no_account_client_or_module(database: Database, log: Log) -> None:
    """Whoever was first has the name; the same person has further links."""
    with database.write() as session:
        for _ in range(2):
            create_link(session, log, Role.DPO, "paula", modules=MODULES)
        with pytest.raises(Conflict, match="by links"):
            add_client(session, log, "paula", Role.DPO, "test")
        with pytest.raises(Conflict, match="module"):
            create_link(session, log, Role.DPO, "marketing", modules=MODULES)
    assert called(database, "paula").startswith("staff-")


def test_an_account_is_no_link_or_client(database: Database, log: Log) -> None:
    """Neither by its own name nor by the one that was made of it."""
    assert called(database, "paula") == called(database, "renamed") == "paula"
    made = called(database, "paula", b"2" * 32)
    for name in ("paula", made):
        with database.write() as session:
            with pytest.raises(Conflict, match="an account"):
                create_link(session, log, Role.DPO, name)
            with pytest.raises(Conflict, match="an account"):
                add_client(session, log, name, Role.MODULE, "test")


def test_a_client_is_nobody_else(database: Database, log: Log) -> None:
    """Its name is given to another token once it is revoked; a tool has no module's."""
    with database.write() as session:
        add_client(session, log, "paula", Role.DPO, "test")
        with pytest.raises(Conflict):
            create_link(session, log, Role.DPO, "paula")
        with pytest.raises(Conflict, match="module"):
            add_client(session, log, "marketing", Role.DPO, "test", MODULES)
        add_client(session, log, "marketing", Role.MODULE, "test", MODULES)
        revoke_client(session, log, "paula", "test")
        add_client(session, log, "paula", Role.DPO, "test")
    assert called(database, "paula").startswith("staff-")


@pytest.mark.parametrize("name", ["", "Paula", "paula@shop.example", "worker", "a" * 65])
def test_what_is_no_name_is_nobodys(database: Database, name: str) -> None:
    """Nor what this service calls itself."""
    with database.write() as session, pytest.raises(BadRequest):
        take_name(session, name, Holder.LINK)


@pytest.mark.parametrize("name", ["paula", "marketing"])
def test_who_comes_in_two_tabs_at_once_has_one_name(database: Database, name: str) -> None:
    """Whichever is first, and whether or not the name is to be had."""
    found: list[str] = []
    second = threading.Thread(target=lambda: found.append(called(database, name)))
    with database.write() as session:
        found.append(_name(session, Person(Role.DPO, name, Account(b"1" * 32)), MODULES))
        session.flush()
        second.start()
        time.sleep(0.5)  # it comes to where it has to wait
    second.join(30)
    assert len(found) == 2
    assert len(set(found)) == 1
