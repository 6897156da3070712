"""Free texts are checked when a module writes them, as the data map asks."""

import shutil
from pathlib import Path

import pytest

from privacy_svc.auditlog import EventType
from privacy_svc.db import Database
from privacy_svc.errors import Misconfigured
from privacy_svc.examples import folder
from privacy_svc.policy import load_policies
from privacy_svc.runtime import Runtime
from privacy_svc.store.checking import Unwanted
from privacy_svc.store.writing import change
from tests.factories import check_log, make_runtime
from tests.shop import sqlite_shop

SUPPORT = "service.support"
CARD = "4111 1111 1111 1111"
NOTE = f"Paid with {CARD}, is on sick leave."


def checking(tmp_path: Path, how: str, field: str = "body") -> Path:
    """The example policies, whose tickets are checked."""
    policies = tmp_path / "checking"
    shutil.copytree(folder("policies"), policies)
    file = policies / "datasets" / "shop.yml"
    number = {"body": 1031, "email": 1003}[field]
    text = file.read_text()
    assert f"{{id: {number}, " in text
    file.write_text(text.replace(f"{{id: {number}, ", f"{{id: {number}, check: {how}, "))
    return policies


def write(shop: Runtime, text: str) -> dict[str, dict[str, int]]:
    policies = shop.policies.current
    asked = shop.gateway.ask(policies, "support", "shop", "tickets", SUPPORT, ["body"])
    _, found = change(shop.gateway, shop.database, policies, asked, "1", {"body": text})
    return found


def read(shop: Runtime) -> str:
    policies = shop.policies.current
    asked = shop.gateway.ask(policies, "support", "shop", "tickets", SUPPORT, ["body"])
    return str(shop.gateway.read(shop.database, policies, asked, "1").fields["body"])


@pytest.mark.parametrize(("how", "left"), [("warn", NOTE), ("redact", "Paid with [CREDIT_CARD], is on [HEALTH].")])
def test_warned_or_taken_out(database: Database, tmp_path: Path, how: str, left: str) -> None:
    """The module is told what was found, the log has kinds and counts, and the text is kept or redacted."""
    shop = make_runtime(tmp_path, database, {"shop": sqlite_shop(tmp_path)}, checking(tmp_path, how))
    assert write(shop, NOTE) == {"body": {"CREDIT_CARD": 1, "HEALTH": 1}}
    assert read(shop) == left
    assert write(shop, "Called back.") == {}
    check_log(shop.database, shop.log)
    with shop.database.read() as session:
        payloads = [e.payload or {} for e in shop.log.search(session, type=EventType.RECORD_WRITE)]
    assert [p["unwanted"] for p in payloads if "unwanted" in p] == [{"body": {"CREDIT_CARD": 1, "HEALTH": 1}}]
    assert CARD not in str(payloads)
    shop.stores.close()


def test_refused(database: Database, tmp_path: Path) -> None:
    """A refused text is not written; the message names the field and the kinds, not the words."""
    shop = make_runtime(tmp_path, database, {"shop": sqlite_shop(tmp_path)}, checking(tmp_path, "refuse"))
    before = read(shop)
    with pytest.raises(Unwanted, match=r"body \(CREDIT_CARD, HEALTH\)") as error:
        write(shop, NOTE)
    assert "4111" not in str(error.value)
    assert read(shop) == before
    shop.stores.close()


def test_only_free_text_is_checked(tmp_path: Path) -> None:
    """A check at a column for something else is refused with its place."""
    with pytest.raises(Misconfigured) as error:
        load_policies(checking(tmp_path, "warn", "email"))
    assert "only a free text is checked" in str(error.value.faults)
