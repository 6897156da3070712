"""Erasure that reaches backups: data and key tables restored together, from before the erasure."""

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.engine import make_url

from tests import postgres
from tests.conftest import fresh_postgres
from tests.e2e.service import Installation
from tests.shop import postgres_shop, sqlite_shop

CUSTOMER = "/v1/records/crm/customers"
PURPOSE = {"purpose": "service.support"}


@dataclass
class Firm:
    """A service, its store, and how both databases are backed up and restored here."""

    service: Installation
    store: str
    backup_folder: Path

    @property
    def databases(self) -> dict[str, URL]:
        ours = self.service.database_url or f"sqlite:///{self.service.home / 'privacy.sqlite3'}"
        return {"privacy": make_url(ours), "store": make_url(self.store)}

    def back_up(self) -> None:
        self.backup_folder.mkdir(exist_ok=True)
        for name, url in self.databases.items():
            target = self.backup_folder / name
            if url.get_backend_name() == "sqlite":
                target.unlink(missing_ok=True)
                with sqlite3.connect(str(url.database)) as source, sqlite3.connect(target) as copy:
                    source.backup(copy)
            else:
                tool("pg_dump", "--format=custom", f"--file={target}", address(url))

    def restore(self, *names: str) -> None:
        for name in names:
            url, source = self.databases[name], self.backup_folder / name
            if url.get_backend_name() == "sqlite":
                for suffix in ("", "-wal", "-shm"):
                    Path(f"{url.database}{suffix}").unlink(missing_ok=True)
                shutil.copy(source, str(url.database))
                Path(str(url.database)).chmod(0o600)
            else:
                engine = create_engine(url)
                with engine.begin() as connection:
                    for schema in ("dbos", "public"):
                        connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
                    connection.execute(text("CREATE SCHEMA public"))
                engine.dispose()
                tool("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={address(url)}", str(source), quiet=True)

    def row(self, key: int) -> dict[str, Any]:
        engine = create_engine(self.store)
        with engine.connect() as connection:
            found = dict(connection.execute(text("SELECT * FROM customers WHERE id = :k"), {"k": key}).mappings().one())
        engine.dispose()
        return found

    def read(self, key: int) -> tuple[int, Any]:
        answer = self.service.call("support", "GET", f"{CUSTOMER}/{key}", params=PURPOSE)
        return answer.status_code, answer.json()


def address(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def tool(name: str, *arguments: str, quiet: bool = False) -> None:
    folder = postgres.binaries()
    if folder is None or not (folder / name).exists():
        pytest.skip(f"{name} is not here; install Debian's postgresql-client")
    done = subprocess.run([folder / name, *arguments], capture_output=True, text=True, check=False, timeout=120)
    harmless = quiet and "already exists" in done.stderr
    assert done.returncode == 0 or harmless, done.stderr


@pytest.fixture(params=["sqlite", "postgresql"])
def firm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Firm]:
    work = tmp_path / "work"
    work.mkdir()
    if request.param == "sqlite":
        yield Firm(Installation(work), sqlite_shop(work), tmp_path / "backup")
        return
    server = request.getfixturevalue("postgres_server")
    with postgres_shop(server) as store, fresh_postgres(server) as database:
        yield Firm(Installation(work, database), store, tmp_path / "backup")


def found(firm: Firm) -> None:
    """A service on the store, sealed, with two clients."""
    firm.service.run("init", "--store", firm.store)
    for client, role in (("support", "module"), ("officer", "dpo")):
        firm.service.client(client, role)
    firm.service.run("seal")


def erase(firm: Firm, key: int) -> dict[str, Any]:
    view = firm.service.fulfil("erasure", {"id": str(key)})
    assert view["state"] == "completed", view
    document = firm.service.call("officer", "GET", f"/v1/requests/{view['id']}/certificate").json()
    assert isinstance(document, dict)
    return document


def test_a_person_stays_erased_after_a_restore(firm: Firm) -> None:
    """Data and key tables from before the erasure are restored together after the root key's end: nothing is served
    before the replay; then the person is erased, everybody else reads, and the log says what happened."""
    found(firm)
    service = firm.service
    with service.serving():
        before = {key: firm.read(key) for key in (1, 2, 3)}
        assert {status for status, _ in before.values()} == {200}
    firm.back_up()
    with service.serving():
        document = erase(firm, 1)
        assert document["backups_by"] > document["online_at"]
        assert firm.read(1)[0] == 410
    service.run("keys", "roll-epoch")
    refused = service.run("keys", "destroy-epoch", "1", "--yes", expect=2)
    assert "--now" in refused
    service.run("keys", "destroy-epoch", "1", "--now", "--yes")

    firm.restore("privacy", "store")

    assert "restore replay" in service.run("serve", expect=2)
    assert "restore replay" in service.run("seal", expect=2)
    missing = json.loads(service.run("--json", "restore", "check", expect=1))
    once = ("fence", "evidence_kept", "suppressed", "epoch_retired", "epoch_destroyed")
    assert missing["kinds"] == dict.fromkeys(once, 1)
    replayed = json.loads(service.run("--json", "restore", "replay"))
    assert (replayed["erasures"], replayed["lost"]) == (1, 0)
    assert replayed["keys"] > 30
    service.run("restore", "check")
    with service.serving():
        assert firm.read(1)[0] == 410
        for key in (2, 3):
            status, record = firm.read(key)
            assert (status, record["fields"]) == (200, before[key][1]["fields"])
    told, left = before[1][1]["fields"], firm.row(1)
    assert not [f for f in ("first_name", "last_name", "email", "phone") if left[f] == told[f]]
    verified = json.loads(service.run("--json", "log", "verify"))
    assert verified["lost"] == replayed["logged"] > 0
    assert "a restore left gaps" in service.run("log", "verify").splitlines()[0]


OF_A_PERSON = {"subjects": "id", "subject_keys": "subject_id", "subject_rows": "subject_id"}
"""Our tables with rows about one person that make them readable, and where their id stands."""


def test_rows_put_back_one_by_one_are_refused(firm: Firm) -> None:
    """Somebody who can write to the database puts an erased person's rows back as they were and takes the fence away;
    everything else is of today. No service starts, `restore check` says why; after a replay the person is erased."""
    found(firm)
    service = firm.service
    engine = create_engine(firm.databases["privacy"])
    with engine.connect() as connection:
        before = {
            table: [dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()]
            for table in (*OF_A_PERSON, "page_keys")
        }
    with service.serving():
        erase(firm, 1)
    with engine.begin() as connection:
        person = connection.execute(text("SELECT subject_id FROM fences")).scalar_one()
        mine = {t: [r for r in before[t] if r[column] == person] for t, column in OF_A_PERSON.items()}
        pages = {key["page_key_id"] for key in mine["subject_keys"]}
        for table in ("fences", "subject_keys", "subject_rows"):
            connection.execute(text(f"DELETE FROM {table} WHERE subject_id = :p"), {"p": person})
        connection.execute(text("UPDATE subjects SET erased_at = NULL WHERE id = :p"), {"p": person})
        put(connection, "page_keys", [r for r in before["page_keys"] if r["id"] in pages])
        for table in ("subject_keys", "subject_rows"):
            put(connection, table, mine[table])
    engine.dispose()

    assert "restore replay" in service.run("serve", expect=2)
    assert "1 erased people" in service.run("seal", expect=2)
    checked = json.loads(service.run("--json", "restore", "check", expect=1))
    assert (checked["missing"], checked["undone"]) == (0, 1)
    verified = json.loads(service.run("--json", "log", "verify", expect=1))
    assert (verified["findings"], "1 erased people" in verified["undone"]) == ([], True)
    assert "1 erased people" in service.run("log", "verify", expect=1).splitlines()[0]
    replayed = json.loads(service.run("--json", "restore", "replay"))
    assert (replayed["erasures"], replayed["undone"], replayed["lost"]) == (0, 1, 0)
    service.run("restore", "check")
    service.run("log", "verify")
    with service.serving():
        assert firm.read(1)[0] == 410
        assert firm.read(2)[0] == 200


def put(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    values = ", ".join(f":{n}" for n in names)
    connection.execute(text(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})"), rows)


def test_a_store_restored_alone_is_cleaned(firm: Firm) -> None:
    """When only the customer store comes back from a backup, replaying empties the erased person's rows again."""
    found(firm)
    firm.back_up()
    with firm.service.serving():
        erase(firm, 1)
    emptied = firm.row(1)
    firm.restore("store")
    assert firm.row(1) != emptied
    assert json.loads(firm.service.run("--json", "restore", "replay"))["cleaned"] == 1
    assert {k: v for k, v in firm.row(1).items() if v is None} == {k: v for k, v in emptied.items() if v is None}
    with firm.service.serving():
        assert firm.read(1)[0] == 410
        assert firm.read(2)[0] == 200


def test_somebody_who_comes_back(firm: Firm) -> None:
    """An erased customer is readmitted with a reason: what is written from now on reads, what was erased does not."""
    found(firm)
    service = firm.service
    with service.serving():
        erase(firm, 1)
        old = firm.row(1)["email"]
        assert "reason" in service.run("request", "readmit", "1", "--as", "dora", expect=2)
        service.run("request", "readmit", "1", "--reason", "signed up again", "--as", "dora")
        assert firm.read(1)[0] == 410
        wanted = {f: "new@mail.example" if f == "email" else None for f in ("email",)}
        answer = service.call("support", "PATCH", f"{CUSTOMER}/1", params=PURPOSE, json=wanted)
        assert answer.status_code in {200, 403}, answer.text
        assert firm.row(1)["email"] == old or answer.status_code == 200
