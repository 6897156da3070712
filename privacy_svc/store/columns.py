"""Which columns of a table can be sealed, what becomes of them, and what stands in the way, before anything is changed.

Each database has a file of its own that reads its catalogue; the reasons and ways out are the same for all.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from sqlalchemy import Connection, select

from privacy_svc.errors import Fault
from privacy_svc.policy import Collection, DataMap, Field, Reference
from privacy_svc.store import columns_mariadb, columns_postgresql, columns_sqlite
from privacy_svc.store.binding import BoundCollection, Stores
from privacy_svc.store.reasons import KEY, REFERRED, REFERS, Facts, TableFacts


class Catalogue(Protocol):
    """What each `columns_<dialect>` module offers."""

    def facts(self, connection: Connection, table: str, names: Sequence[str]) -> TableFacts: ...

    def widen(self, connection: Connection, table: str, columns: Mapping[str, Facts]) -> None: ...

    def restore(self, connection: Connection, table: str, columns: Mapping[str, Facts]) -> None: ...


CATALOGUES: Mapping[str, Catalogue] = {
    "sqlite": columns_sqlite,
    "postgresql": columns_postgresql,
    "mysql": columns_mariadb,
    "mariadb": columns_mariadb,
}


def look(connection: Connection, bound: BoundCollection) -> TableFacts:
    """The sealed fields' columns, as they are now."""
    found = CATALOGUES.get(connection.dialect.name)
    names = [f.name for f in bound.collection.sealed]
    if found is None:
        return TableFacts({}, (f"stores on {connection.dialect.name} cannot be sealed yet",))
    return found.facts(connection, bound.table.name, names)


def faults(stores: Stores, data_map: DataMap, collection: Collection) -> Iterator[Fault]:
    """Everything that stands in the way, at once. Changes nothing."""
    bound = stores.bind(collection)
    with stores.read(collection.dataset) as connection:
        facts = look(connection, bound)
        yield from (Fault(collection.path, why) for why in (*_rows(data_map, bound, connection), *facts.hindrances))
    for sealed in collection.sealed:
        found = facts.columns.get(sealed.name)
        mapped = _mapped(data_map, collection, sealed)
        reasons = dict.fromkeys((*mapped, *(found.hindrances if found else ())))
        yield from (Fault(f"{collection.path}.{sealed.name}", why) for why in reasons)


def notes(stores: Stores, collection: Collection) -> list[str]:
    """What does not stand in the way, but should be known."""
    bound = stores.bind(collection)
    with stores.read(collection.dataset) as connection:
        facts = look(connection, bound)
    return [f"trigger {name} runs for every row that is sealed" for name in facts.stamped]


def _rows(data_map: DataMap, bound: BoundCollection, connection: Connection) -> Iterator[str]:
    if data_map.owner(bound.collection) is None:
        yield "its rows lead to no person, so there is no key to seal them with"
    if not bound.collection.key:
        yield "its table has no primary key in the data map"
    for column in bound.key_columns:
        if (
            column.name in bound.nullable
            and connection.execute(select(column).where(column.is_(None)).limit(1)).first()
        ):
            yield f"some rows have no {column.name}, which is the primary key in the data map. Give them one"


def _mapped(data_map: DataMap, collection: Collection, sealed: Field) -> Iterator[str]:
    """What the data map says, also where the database declares nothing."""
    if sealed.primary_key:
        yield KEY
    if sealed.reference is not None:
        yield REFERS.format(f"{sealed.reference.collection}.{sealed.reference.field}")
    for other in data_map.collections():
        for f in other.fields:
            if f.reference == Reference(collection.dataset, collection.name, sealed.name):
                yield REFERRED.format(f"{other.name}.{f.name}")
