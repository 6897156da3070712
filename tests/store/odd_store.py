"""A store of odd tables on each of the three databases, under a data map of its own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from privacy_svc.db import Database
from privacy_svc.examples import folder
from privacy_svc.policy import Collection, DataMap, Dataset, Erase, Field, PolicySet, Reference
from privacy_svc.runtime import Runtime
from privacy_svc.store import Sealer
from tests import mariadb
from tests.conftest import fresh_postgres
from tests.factories import make_runtime

DIALECTS = ("sqlite", "postgresql", "mariadb")


@dataclass
class OddStore:
    """`sql` runs statements on the CRM's side, `sealer` seals under the collections given."""

    runtime: Runtime
    engine: Engine
    dialect: str
    collections: list[Collection] = field(default_factory=list)

    def sql(self, *statements: str, **parameters: Any) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        with self.engine.begin() as connection:
            for statement in statements:
                result = connection.execute(text(statement), parameters)
                found = [tuple(r) for r in result] if result.returns_rows else []
        return found

    def map(self, *collections: Collection) -> None:
        self.collections = list(collections)

    @property
    def policies(self) -> PolicySet:
        dataset = Dataset("shop", "Odd", tuple(self.collections))
        return replace(self.runtime.policies.current, data_map=DataMap((dataset,)))

    @property
    def sealer(self) -> Sealer:
        made = self.runtime.sealer("test")
        return replace(made, policies=self.policies, batch=3)

    def dump(self, table: str) -> list[tuple[Any, ...]]:
        """Values and types, as the driver gives them."""
        rows = self.sql(f"SELECT * FROM {table} ORDER BY 1, 2")
        return [tuple((type(v).__name__, v) for v in row) for row in rows]

    def schema(self, table: str) -> Any:
        """What the database itself says of the table's columns and indexes."""
        if self.dialect == "mariadb":
            return self.sql(f"SHOW CREATE TABLE {table}")
        if self.dialect == "sqlite":
            return self.sql("SELECT sql FROM sqlite_master ORDER BY name")
        columns = (
            "SELECT attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid) "
            "FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum "
            f"WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        )
        return self.sql(columns), self.sql(f"SELECT indexdef FROM pg_indexes WHERE tablename = '{table}' ORDER BY 1")


def people(table: str, *fields: Field, key: Sequence[str] = ("id",), name: str = "shop") -> Collection:
    """An identity collection with these fields sealed as they say."""
    keys = tuple(Field(k, ("user.unique_id",), primary_key=True) for k in key)
    return Collection(name, table, (*keys, *fields), subject="customer")


def belongings(table: str, column: str, target: str, *fields: Field, to: str = "id") -> Collection:
    """A collection whose rows belong to whom `column` leads to."""
    keys = (Field("id", ("system.operations",), primary_key=True),)
    link = Field(column, ("user.unique_id",), reference=Reference("shop", target, to))
    return Collection("shop", table, (*keys, link, *fields))


_ids: dict[str, int] = {}


def sealed(name: str, *index: str, identity: str | None = None) -> Field:
    number = _ids.setdefault(name, 5000 + len(_ids))
    return Field(name, ("user.contact",), id=number, seal=True, index=index, erase=Erase.SHRED, identity=identity)


@contextmanager
def odd_store(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OddStore]:
    """The privacy database is SQLite, save for a PostgreSQL store: there it is on the same server."""
    with ExitStack() as stack:
        if dialect == "sqlite":
            url = f"sqlite:///{tmp_path / 'odd.sqlite'}"
            (tmp_path / "odd.sqlite").touch()
        elif dialect == "mariadb":
            server = mariadb.find()
            if server is None:
                pytest.skip(mariadb.HOW)
            url = stack.enter_context(mariadb.fresh_mariadb(server))
        else:
            url = stack.enter_context(fresh_postgres(request.getfixturevalue("postgres_server")))
        database = Database(_privacy_url(dialect, request, tmp_path, stack.enter_context))
        stack.callback(database.engine.dispose)
        runtime = make_runtime(tmp_path, database, {"shop": url}, folder("policies"))
        stack.callback(runtime.stores.close)
        engine = create_engine(url)
        stack.callback(engine.dispose)
        yield OddStore(runtime, engine, dialect)


def _privacy_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path, enter: Callable[[Any], str]) -> str:
    if dialect == "postgresql":
        server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")
        return enter(fresh_postgres(server, template=template))
    path = tmp_path / "privacy.sqlite3"
    path.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
    return f"sqlite:///{path}"
