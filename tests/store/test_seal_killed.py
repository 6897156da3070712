"""`privacy-svc seal` and `unseal` as processes that are killed at any moment, and what the next run makes of it."""

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from privacy_svc.examples import folder
from privacy_svc.home import opened
from privacy_svc.settings import Settings
from privacy_svc.store import seal_status, walk
from privacy_svc.store.model import IndexEntry
from tests import mariadb
from tests.conftest import fresh_postgres
from tests.e2e.service import Installation
from tests.factories import check_log
from tests.store.odd_store import DIALECTS

ROWS = 5000
RANDOM_KILLS = 3
SECONDS = 120
MAP = """
dataset:
  - fides_key: shop
    name: Shop
    description: People and notes about them.
    collections:
      - name: people
        privacy: {subject: customer, erase_rows: fields}
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true, data_type: integer}}
          - name: email
            data_categories: [user.contact.email]
            fides_meta: {identity: email}
            privacy: {id: 1003, seal: true, index: [email], erase: shred}
          - name: born
            data_categories: [user.demographic.date_of_birth]
            privacy: {id: 1005, seal: true, erase: shred}
      - name: notes
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true, data_type: integer}}
          - name: person
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: shop, field: people.id, direction: from}]}
          - {name: note, data_categories: [user.content.private], privacy: {id: 1040, seal: true, erase: shred}}
"""


class Shop:
    """An installation over a filled store, and a look at both databases from outside."""

    def __init__(self, home: Path, url: str, ours: str) -> None:
        self.store = create_engine(url)
        self.service = Installation(home, database_url=ours)
        self._fill()
        self.clear = self.dump()
        shutil.copytree(folder("policies"), home / "policies")
        (home / "policies/datasets/shop.yml").write_text(MAP)
        self.service.run("init", "--store", url, "--name", "shop")
        self.ours = create_engine(ours or f"sqlite:///{home / 'var' / 'privacy.sqlite3'}")

    def _fill(self) -> None:
        people = [
            {"i": i, "e": f"p{i}@x.example" if i % 7 else None, "b": f"{1930 + i % 80}-0{1 + i % 9}-11"}
            for i in range(ROWS)
        ]
        notes = [{"i": i, "p": i % ROWS, "n": "" if i % 5 == 0 else f"note {i}"} for i in range(ROWS // 2)]
        with self.store.begin() as connection:
            connection.execute(text("CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(60), born DATE)"))
            connection.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, person INTEGER, note VARCHAR(80))"))
            connection.execute(text("INSERT INTO people VALUES (:i, :e, :b)"), people)
            connection.execute(text("INSERT INTO notes VALUES (:i, :p, :n)"), notes)

    def dump(self) -> list[Any]:
        with self.store.connect() as connection:
            return [connection.execute(text(f"SELECT * FROM {t} ORDER BY id")).all() for t in ("people", "notes")]

    def sealed(self) -> int:
        return _number(
            self.store,
            "SELECT (SELECT count(email) FROM people WHERE email LIKE 'pcf1.%')"
            " + (SELECT count(note) FROM notes WHERE note LIKE 'pcf1.%')",
        )

    def count(self, table: str) -> int:
        return _number(self.ours, f"SELECT count(*) FROM {table}")

    def killed(self, command: tuple[str, ...], when: Callable[[], bool]) -> bool:
        """Runs the command and kills it once `when` holds; False where it ended before."""
        process = subprocess.Popen(
            [sys.executable, "-m", "privacy_svc", *command],
            cwd=self.service.folder,
            env=self.service.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        deadline = time.monotonic() + SECONDS
        while process.poll() is None and not when():
            assert time.monotonic() < deadline
            time.sleep(0.002)
        alive = process.poll() is None
        process.send_signal(signal.SIGKILL)
        _, said = process.communicate()
        assert process.returncode in {0, -signal.SIGKILL}, said.decode()
        return alive


def _number(engine: Engine, sql: str) -> int:
    """0 while the table is locked or not there."""
    try:
        with engine.connect() as connection:
            return int(connection.execute(text(sql)).scalar_one())
    except DBAPIError:
        return 0


@pytest.fixture(params=DIALECTS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with ExitStack() as stack:
        ours = ""
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / 'store.sqlite'}"
        elif request.param == "mariadb":
            server = mariadb.find()
            if server is None:
                pytest.skip(mariadb.HOW)
            url = stack.enter_context(mariadb.fresh_mariadb(server))
        else:
            server = request.getfixturevalue("postgres_server")
            ours = stack.enter_context(fresh_postgres(server))
            url = stack.enter_context(fresh_postgres(server))
        made = Shop(tmp_path, url, ours)
        yield made
        made.store.dispose()
        made.ours.dispose()


def after(seconds: float) -> Callable[[], bool]:
    begun = time.monotonic()
    return lambda: time.monotonic() - begun > seconds


def test_killed_at_any_moment(shop: Shop) -> None:
    """Killed at each boundary and at random moments, sealing ends as if it had never been; unsealing too."""
    seed = random.randrange(2**32)  # noqa: S311 - not a secret
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    chance = random.Random(seed)  # noqa: S311
    boundaries: list[Callable[[], bool]] = [
        lambda: shop.count("sealed_columns") > 0,  # what the columns were is written down, they are not altered yet
        lambda: shop.count("subject_rows") > 0,  # our first transaction is through, the store's is not
        lambda: shop.sealed() > 0,  # the store's first batch is through
        lambda: 0 < shop.sealed() < shop.count("index_entries"),  # between the two of a later batch
    ]
    kills = [shop.killed(("seal",), when) for when in boundaries]
    kills += [shop.killed(("seal",), after(chance.uniform(0.8, 6))) for _ in range(RANDOM_KILLS)]
    assert sum(kills) >= 3, "the kills came too late to say anything"
    shop.service.run("seal")
    check_sealed(shop)
    for when in (lambda: shop.sealed() < ROWS, after(chance.uniform(0.8, 4)), after(chance.uniform(0.8, 4))):
        shop.killed(("unseal", "--yes"), when)
    shop.service.run("unseal", "--yes")
    assert shop.dump() == shop.clear
    assert shop.count("index_entries") == shop.count("sealed_columns") == 0


def check_sealed(shop: Shop) -> None:
    """Nothing is left in clear, everything opens to what it was, and each address has the one entry it should have."""
    home = shop.service.home
    stores = {"shop": shop.store.url.render_as_string(hide_password=False)}
    settings = Settings(
        home=home, policies=home.parent / "policies", stores=stores, database_url=shop.service.database_url
    )
    with opened(settings) as runtime:
        assert sum(t.sealed for t in seal_status(runtime.sealer("test"))) == 0
        email = runtime.policies.current.data_map.by_key["shop"].by_name["people"].by_name["email"]
        with runtime.database.read() as session:
            (index,) = runtime.vault.indexes(session, email.id or 0, "email").values()
            entries = {e.row: e.value for e in session.query(IndexEntry).filter_by(field_id=email.id)}
            assert entries == {str(i): index.of(e) for i, e, _ in shop.clear[0] if e}
            people = dict(session.execute(text("SELECT key, subject_id FROM subject_rows")).all())
            assert len(people) == len(set(people.values())) == ROWS
            for i in random.sample(range(ROWS), 50):
                rows = walk(session, runtime.stores, runtime.vault, runtime.policies.current, people[str(i)])
                person = next(r.values for r in rows if r.collection.name == "people")
                assert (person["email"], str(person["born"])) == (shop.clear[0][i][1], str(shop.clear[0][i][2]))
                notes = {int(r.key): r.values["note"] for r in rows if r.collection.name == "notes"}
                assert notes == {n: note for n, p, note in shop.clear[1] if p == i}
        check_log(runtime.database, runtime.log)
