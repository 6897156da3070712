"""The main job, end to end, on a customer store nobody here designed."""

import json
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from privacy_svc.vault import is_sealed_text
from tests.chinook import load_chinook
from tests.conftest import fresh_postgres, shared
from tests.e2e.service import Installation


@dataclass
class Shop:
    """Chinook connected to a service. Its PostgreSQL script spells names in snake case."""

    service: Installation
    store: str
    snake: bool

    def name(self, word: str) -> str:
        snake = "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(word))
        return snake if self.snake else word

    def record(self, key: str = "1") -> str:
        return f"/v1/records/crm/{self.name('Customer')}/{key}"

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        engine = create_engine(self.store)
        with engine.connect() as connection:
            quoted = f'"{self.name(table)}"'
            found = [tuple(r) for r in connection.execute(text(f"SELECT * FROM {quoted} ORDER BY 1"))]
        engine.dispose()
        return found


@pytest.fixture(params=["sqlite", "postgresql"])
def chinook(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    source = shared("data", "chinook.sqlite")
    if request.param == "sqlite":
        shutil.copy(source, tmp_path / "chinook.sqlite")
        (tmp_path / "chinook.sqlite").chmod(0o600)
        yield Shop(Installation(tmp_path), f"sqlite:///{tmp_path / 'chinook.sqlite'}", snake=False)
        return
    server = request.getfixturevalue("postgres_server")
    with fresh_postgres(server) as store, fresh_postgres(server) as database:
        load_chinook(store)
        yield Shop(Installation(tmp_path, database), store, snake=True)


def test_the_main_job(chinook: Shop) -> None:  # noqa: PLR0915 - one story
    """init, consent, decision, gateway, withdrawal, sealing, access, rectification, erasure and log, in that order."""
    service, name = chinook.service, chinook.name
    before = {t: chinook.rows(t) for t in ("Customer", "Invoice", "Employee", "Track")}

    service.run("init", "--store", chinook.store)
    assert {t: chinook.rows(t) for t in before} == before
    report = json.loads(service.run("--json", "policy", "check", expect=1))
    assert report["datasets"] == ["crm"]
    assert report["findings"], "the example's purposes speak of data that this store has not"
    for client, role in (("marketing", "module"), ("support", "module"), ("officer", "dpo")):
        service.client(client, role)

    with service.serving():
        consent(service, "given")
        question = evaluation(name("Email"))
        granted = service.call("marketing", "POST", "/access/v1/evaluation", json=question).json()
        assert granted["decision"] is True, granted
        record = service.call("support", "GET", chinook.record(), params={"purpose": "service.support"}).json()
        assert record["fields"][name("FirstName")] == "Luís"
        assert record["fields"][name("Phone")].endswith("5555")
        assert record["fields"][name("Phone")] != "+55 (12) 3923-5555"
        version = consent(service, "withdrawn")["state_version"]
        question["context"]["min_state_version"] = version
        denied = service.call("marketing", "POST", "/access/v1/evaluation", json=question).json()
        assert denied["decision"] is False
        assert denied["context"]["reasons"][0]["code"] == "consent_withdrawn"

        service.run("seal")
        sealed = {t: chinook.rows(t) for t in before}
        assert sealed["Track"] == before["Track"]
        assert not any("luisg@embraer.com.br" in map(str, row) for row in sealed["Customer"])
        assert all(sum(map(is_sealed_text, row)) >= 6 for row in sealed["Customer"])
        found = service.call(
            "support",
            "GET",
            f"/v1/records/crm/{name('Customer')}",
            params={"purpose": "service.support", "email": "LUISG@embraer.com.br"},
        ).json()
        assert [r["key"] for r in found["records"]] == ["1"]
        if not chinook.snake:
            raw = (service.folder / "chinook.sqlite").read_bytes()
            assert not [w for w in words(before["Customer"]) if w in raw]

        access = service.fulfil("access", {"id": "1"})
        assert access["state"] == "completed", access
        package = service.call("officer", "GET", f"/v1/requests/{access['id']}/package").content
        with zipfile.ZipFile(BytesIO(package)) as files:
            texts = {n: files.read(n).decode() for n in files.namelist()}
        assert any("luisg@embraer.com.br" in t for n, t in texts.items() if n.endswith(".json"))
        assert any("luisg@embraer.com.br" in t for n, t in texts.items() if n.endswith(".csv"))
        assert "luisg@embraer.com.br" in texts["index.html"]
        assert not any("leonekohler@surfeu.de" in t for t in texts.values())

        corrected = service.fulfil("rectification", {"id": "1"}, {"changes": {name("Phone"): "+55 12 3923 5556"}})
        assert corrected["state"] == "completed", corrected
        found = service.call(
            "support",
            "GET",
            f"/v1/records/crm/{name('Customer')}",
            params={"purpose": "service.support", "phone": "+55 (12) 3923-5556"},
        ).json()
        assert [r["key"] for r in found["records"]] == ["1"]

        erased = service.fulfil("erasure", {"id": "1"})
        assert erased["state"] == "completed", erased
        assert (
            service.call("support", "GET", chinook.record(), params={"purpose": "service.support"}).status_code == 410
        )
        gone = service.call(
            "support",
            "GET",
            f"/v1/records/crm/{name('Customer')}",
            params={"purpose": "service.support", "email": "luisg@embraer.com.br"},
        ).json()
        assert gone["records"] == []
        certificate = service.call("officer", "GET", f"/v1/requests/{erased['id']}/certificate").text
        (service.folder / "certificate.json").write_text(certificate)
        assert "luisg" not in certificate
        other = service.call("support", "GET", chinook.record("2"), params={"purpose": "service.support"}).json()
        assert other["fields"][name("Email")] == "leonekohler@surfeu.de"

    said = service.logs()
    assert '"event":"http"' in said
    assert not [w for w in ("luisg", "embraer", "Gonçalves", "3923-5555", "39235555", "leonekohler") if w in said]

    service.run("verify", "certificate.json")
    (service.folder / "forged.json").write_text(certificate.replace('"erasure"', '"access"', 1))
    service.run("verify", "forged.json", expect=1)
    service.run("log", "verify")
    service.run("unseal", "--yes")
    after = chinook.rows("Customer")
    assert after[1:] == before["Customer"][1:]
    assert chinook.rows("Employee") == before["Employee"]


def consent(service: Installation, state: str) -> dict[str, Any]:
    body = {
        "customer": {"id": "1"},
        "purpose": "marketing.email",
        "state": state,
        "notice": {"id": "newsletter", "version": 2, "language": "en"},
        "source": {"channel": "web"},
    }
    answer = service.call("marketing", "POST", "/v1/consents", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def evaluation(field: str) -> dict[str, Any]:
    return {
        "subject": {"type": "module", "id": "marketing"},
        "action": {"name": "use"},
        "resource": {"type": "customer", "id": "1", "properties": {"fields": [field]}},
        "context": {"purpose": "marketing.email"},
    }


def words(rows: list[tuple[Any, ...]]) -> set[bytes]:
    """E-mails, phones and streets of all customers, as bytes to look for in a file."""
    return {v.encode() for row in rows for v in row if isinstance(v, str) and ("@" in v or v.startswith("+"))}


def test_sqlite_store_can_be_read_by_anything_afterwards(tmp_path: Path) -> None:
    """After sealing and unsealing, the file is a sound SQLite database in its old journal mode."""
    shutil.copy(shared("data", "chinook.sqlite"), tmp_path / "chinook.sqlite")
    (tmp_path / "chinook.sqlite").chmod(0o600)
    service = Installation(tmp_path)
    service.run("init", "--store", "sqlite:///chinook.sqlite")
    service.run("seal")
    service.run("unseal", "--yes")
    with sqlite3.connect(tmp_path / "chinook.sqlite") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()
