"""The data map bound to real databases: engines, tables, and the check that they still fit."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Select, Table, inspect, select
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.exc import DBAPIError, InternalError, NoSuchTableError, OperationalError
from sqlalchemy.types import NullType, TypeEngine

from privacy_svc.db import Database, make_engine, parse_url
from privacy_svc.errors import Fault, Misconfigured, SchemaChanged, StoreUnavailable
from privacy_svc.policy import Collection, DataMap, Dataset, Field
from privacy_svc.store.errors import UnknownCollection, UnknownDataset, nearest
from privacy_svc.store.kinds import BINARY, TEXT, Held, kind_of, python_type
from privacy_svc.store.limits import limit, with_limits
from privacy_svc.store.model import SealedColumn
from privacy_svc.store.schema_mark import schema_mark

Row = Mapping[Any, Any]
"""One row of a collection: field name to the value as the store holds it."""


def open_store(url: str, *, read_only: bool = False) -> Engine:
    """An engine on the CRM's own database. Unlike a database of ours it keeps its journal mode, and a
    missing SQLite file is an error instead of a new empty store."""
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        try:
            return _limited(make_engine(with_limits(parsed).render_as_string(hide_password=False)))
        except ModuleNotFoundError as error:
            raise Misconfigured(
                f"The driver {error.name!r} is not installed. For MariaDB: pip install 'privacy-svc[mysql]' "
                "and a URL that begins with mysql+pymysql://"
            ) from None
    path = Path(parsed.database or "")
    if not path.is_file():
        raise StoreUnavailable(f"The store's file {path.name!r} does not exist.")
    waiting = {name: said for name, said in parsed.query.items() if name == "timeout"}
    query = {"mode": "ro" if read_only else "rw", "uri": "true", **waiting}
    uri = parsed.set(database=f"file:{path.resolve()}", query=query)
    pragmas = ("query_only = ON",) if read_only else ("secure_delete = ON", "foreign_keys = ON")
    return _limited(make_engine(uri.render_as_string(hide_password=False), pragmas=pragmas))


def _limited(engine: Engine) -> Engine:
    limit(engine)
    return engine


@dataclass(frozen=True)
class BoundCollection:
    """A collection and its table. `types` are the store's own column types, as SQL."""

    collection: Collection
    table: Table
    types: Mapping[str, TypeEngine[Any]]
    nullable: frozenset[str]
    raw: bool = False
    """SQLite: a column holds whatever it was given."""
    statements: dict[object, Select[Any]] = field(default_factory=dict, compare=False, repr=False)
    """Kept, so that each is built and compiled once; see `statement`."""

    def statement(self, name: object, build: Callable[[], Select[Any]]) -> Select[Any]:
        found = self.statements.get(name)
        if found is None:
            found = self.statements[name] = build()
        return found

    @cached_property
    def key_columns(self) -> list[Column[Any]]:
        return [self.table.c[name] for name in self.collection.key]

    def is_text(self, field: str) -> bool:
        return python_type(self.types[field]) is str


class Stores:
    """The customer stores by dataset key. Engines are opened on first use and kept.

    `database` remembers what sealed columns were; without it they are read as the types they have now.
    """

    def __init__(self, urls: Mapping[str, str], database: Database | None = None) -> None:
        self._urls, self._database = dict(urls), database
        self._engines: dict[str, Engine] = {}
        self._bound: dict[str, dict[Collection, BoundCollection]] = {}
        self._marks: dict[str, object] = {}
        """What the tables of a dataset were like when the first of them was bound."""

    def __repr__(self) -> str:
        return f"Stores({sorted(self._urls)})"

    @property
    def datasets(self) -> frozenset[str]:
        """Keys of the stores that are connected."""
        return frozenset(self._urls)

    def engine(self, dataset: str) -> Engine:
        if dataset not in self._engines:
            if dataset not in self._urls:
                raise Misconfigured(
                    f"No store is connected for dataset {dataset!r}{nearest(dataset, self._urls)}: "
                    f"set stores.{dataset} in privacy.toml or PRIVACY_STORE_{dataset.upper()}."
                )
            self._engines[dataset] = open_store(self._urls[dataset])
        return self._engines[dataset]

    def bind(self, collection: Collection) -> BoundCollection:
        """The collection's table; raises SchemaChanged when a mapped column is not there."""
        known = self._bound.setdefault(collection.dataset, {})
        bound = known.get(collection)
        if bound is None:
            if collection.dataset not in self._marks:
                self._marks[collection.dataset] = self._mark(collection.dataset)
            with self.answering():
                bound = _bind(self.engine(collection.dataset), collection, self._kinds(collection))
            known[collection] = bound  # of the tables as they were when it was asked for: see `look_anew`
        return bound

    def forget(self, collection: Collection) -> None:
        """The table was altered; the next `bind` looks at it again."""
        self._bound.get(collection.dataset, {}).pop(collection, None)

    def look_anew(self) -> None:
        """Before the person's data are looked for everywhere: of a store whose tables are others than they were,
        nothing is taken as known. Raises StoreUnavailable."""
        for dataset, before in list(self._marks.items()):
            mark = self._mark(dataset)
            if mark != before:
                self._bound[dataset] = {}
                self._marks[dataset] = mark
                # What is known of its keys and indexes hangs on the engine: this one has the same connections.
                self._engines[dataset] = self.engine(dataset).execution_options()

    def _mark(self, dataset: str) -> object:
        with self.read(dataset) as connection:
            return schema_mark(connection)

    def _kinds(self, collection: Collection) -> dict[str, str]:
        """Kinds of the sealed columns by name."""
        if self._database is None or not collection.sealed:
            return {}
        names = {f.id: f.name for f in collection.sealed}
        wanted = select(SealedColumn.field_id, SealedColumn.kind).where(SealedColumn.field_id.in_(names))
        with self._database.read() as session:
            return {names[i]: kind for i, kind in session.execute(wanted)}

    def check(self, data_map: DataMap) -> None:
        """Every mapped table and column is there. Raises SchemaChanged naming all that are not."""
        faults: list[Fault] = []
        for collection in data_map.collections():
            try:
                self.bind(collection)
            except SchemaChanged as error:
                faults.extend(error.faults)
        if faults:
            raise SchemaChanged("The store no longer fits the data map.", faults=faults)

    @contextmanager
    def read(self, dataset: str) -> Iterator[Connection]:
        """For statements that read one store."""
        with self.answering(), self.connect(dataset) as connection:
            yield connection

    def connect(self, dataset: str) -> Connection:
        """On PostgreSQL each statement sees what is committed by then, in a transaction or not: without one, its begin
        and its end are two round trips less."""
        engine = self.engine(dataset)
        alone = engine.dialect.name == "postgresql"
        connection = engine.connect()
        return connection.execution_options(isolation_level="AUTOCOMMIT") if alone else connection

    def reading(self) -> "Reading":
        """For several statements that follow each other."""
        return Reading(self)

    @contextmanager
    def write(self, dataset: str) -> Iterator[Connection]:
        """A transaction on one store; commits at the end."""
        engine = self.engine(dataset).execution_options(immediate=True)
        with self.answering(), engine.begin() as connection:
            yield connection

    @staticmethod
    @contextmanager
    def answering() -> Iterator[None]:
        """The driver's own errors as ours, without their parameters."""
        try:
            yield
        except (OperationalError, InternalError) as error:  # a read-only PostgreSQL is an InternalError
            raise StoreUnavailable(_why(error)) from None

    def close(self) -> None:
        for engine in self._engines.values():
            engine.dispose()


def _why(error: DBAPIError) -> str:
    text = str(error.orig).lower()
    if "readonly" in text or "read-only" in text:
        return "The customer store is read-only; nothing was written."
    if "timeout" in text or "max_statement_time" in text or "is locked" in text:
        return "The customer store did not answer in time: a table is locked, or slow to search. Nothing was written."
    return "The customer store does not answer; nothing was written."


class Reading:
    """A read transaction a store, begun with the first statement; `end` lets go of all. They may begin again."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._open: dict[str, Connection] = {}

    def rows(self, dataset: str, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Row]:
        with self._stores.answering():
            return self.connection(dataset).execute(statement, values).mappings().all()

    def connection(self, dataset: str) -> Connection:
        if dataset not in self._open:
            with self._stores.answering():
                self._open[dataset] = self._stores.connect(dataset)
        return self._open[dataset]

    def end(self) -> None:
        while self._open:
            self._open.popitem()[1].close()


def _bind(engine: Engine, collection: Collection, kinds: Mapping[str, str]) -> BoundCollection:
    inspector = inspect(engine)
    try:
        found: dict[str, ReflectedColumn] = {c["name"]: c for c in inspector.get_columns(collection.name)}
    except NoSuchTableError:
        found = {}
    if not found:
        raise SchemaChanged(
            "The store no longer fits the data map.",
            faults=[
                Fault(
                    collection.path,
                    "the store has no such table" + nearest(collection.name, inspector.get_table_names()),
                )
            ],
        )
    missing = [f.name for f in collection.fields if f.name not in found]
    if missing:
        faults = [Fault(f"{collection.path}.{m}", "the table has no such column" + nearest(m, found)) for m in missing]
        raise SchemaChanged("The store no longer fits the data map.", faults=faults)
    raw = engine.dialect.name == "sqlite"
    columns = [
        Column(f.name, _type(f, found[f.name]["type"], kinds.get(f.name), raw=raw), primary_key=f.primary_key)
        for f in collection.fields
    ]
    return BoundCollection(
        collection,
        Table(collection.name, MetaData(), *columns),
        {name: column["type"] for name, column in found.items()},
        frozenset(n for n, c in found.items() if c["nullable"]),
        raw,
    )


def _type(field: Field, declared: TypeEngine[Any], kind: str | None, *, raw: bool) -> TypeEngine[Any]:
    """SQLite keeps what it is given, whatever a column's declared type, so values pass through as they are."""
    if raw:
        return declared if isinstance(declared, Integer) and not field.seal else NullType()
    if kind in {None, TEXT}:
        kind = kind_of(declared)
    return Held(kind) if field.seal and kind not in {TEXT, BINARY, None} else declared


def find_dataset(data_map: DataMap, key: str) -> Dataset:
    found = data_map.by_key.get(key)
    if found is None:
        raise UnknownDataset(f"There is no dataset {key!r}{nearest(key, data_map.by_key)}")
    return found


def find_collection(data_map: DataMap, dataset: str, name: str) -> Collection:
    found = find_dataset(data_map, dataset).by_name.get(name)
    if found is None:
        known = find_dataset(data_map, dataset).by_name
        raise UnknownCollection(f"Dataset {dataset!r} has no collection {name!r}{nearest(name, known)}")
    return found
