"""What the database itself ties to rows that are to be deleted: in which order they go, and what goes with them.

The data map names the references that lead to a person; a database may have more of them, in tables nobody mapped, with
rules of their own (ON DELETE CASCADE, SET NULL, RESTRICT). They are read from the database, and told before anything
is deleted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import groupby
from weakref import WeakKeyDictionary

from sqlalchemy import Alias, ColumnElement, Connection, Engine, and_, column, exists, func, inspect, not_, or_, select
from sqlalchemy import table as sql_table

from privacy_svc.errors import Fault
from privacy_svc.policy import Collection, EraseRows
from privacy_svc.store.binding import BoundCollection, Row, Stores
from privacy_svc.store.rows import chunks, key_values, row_key

_DEEPEST = 8
"""Of cascades in tables that nobody mapped."""
_DEFERRED = {"postgresql": "SET CONSTRAINTS ALL DEFERRED", "sqlite": "PRAGMA defer_foreign_keys = ON"}
_known: WeakKeyDictionary[Engine, Sequence["ForeignKey"]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class ForeignKey:
    table: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    rule: str
    """ON DELETE: `cascade`, `set null`, `set default`, or `restrict` for all that stop it."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What the database does by itself to `rows` rows of a table that nobody deletes: `cascade` or `unlink`."""

    table: str
    method: str
    rows: int


def foreign_keys(engine: Engine) -> Sequence[ForeignKey]:
    """Of all tables, read once."""
    if engine not in _known:
        read = _of_sqlite if engine.dialect.name == "sqlite" else _reflected
        _known[engine] = list(read(engine))
    return _known[engine]


def _reflected(engine: Engine) -> Iterator[ForeignKey]:
    for (_, table), keys in inspect(engine).get_multi_foreign_keys().items():
        for key in keys:
            if key["referred_schema"] is None:
                columns, target = tuple(key["constrained_columns"]), tuple(key["referred_columns"])
                rule = _rule(key.get("options", {}).get("ondelete"))
                yield ForeignKey(table, columns, key["referred_table"], target, rule)


def _of_sqlite(engine: Engine) -> Iterator[ForeignKey]:
    """The reflection leaves ON DELETE out of keys that are written beside their column."""
    statement = (
        'SELECT m.name, p.id, p."table", p."from", p."to", p.on_delete FROM sqlite_master m '
        "JOIN pragma_foreign_key_list(m.name) p WHERE m.type = 'table' ORDER BY m.name, p.id, p.seq"
    )
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(statement).all()
    for (table, _), parts in groupby(rows, key=lambda row: (row[0], row[1])):
        columns = list(parts)
        target = columns[0][2]
        named = tuple(c[4] for c in columns)
        if None in named:  # the target's primary key is meant
            named = tuple(inspect(engine).get_pk_constraint(target)["constrained_columns"])
        yield ForeignKey(table, tuple(c[3] for c in columns), target, named, _rule(columns[0][5]))


def _rule(ondelete: str | None) -> str:
    rule = (ondelete or "").lower()
    return rule if rule in {"cascade", "set null", "set default"} else "restrict"


def in_order(stores: Stores, collections: Sequence[Collection]) -> list[Collection]:
    """Of one dataset: rows that refer to others go before these. In a cycle as they come; see `unlink`."""
    by_name = {c.name: c for c in collections}
    graph: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(by_name, ()))
    for child, parent in _edges(stores, collections):
        if child != parent and {child, parent} <= by_name.keys():
            graph.add(parent, child)
    try:
        return [by_name[name] for name in graph.static_order()]
    except CycleError:
        return list(collections)


def _edges(stores: Stores, collections: Sequence[Collection]) -> Iterator[tuple[str, str]]:
    for collection in collections:
        for field in collection.fields:
            if field.reference is not None and field.reference.dataset == collection.dataset:
                yield collection.name, field.reference.collection
    for dataset in dict.fromkeys(c.dataset for c in collections):
        yield from ((key.table, key.target) for key in foreign_keys(stores.engine(dataset)))


def defer(connection: Connection) -> None:
    """Foreign keys are checked when the transaction ends, as far as the database can."""
    statement = _DEFERRED.get(connection.dialect.name)
    if statement:
        connection.exec_driver_sql(statement)


def unlinkable(stores: Stores, bound: BoundCollection, deleted: Sequence[str]) -> list[str]:
    """Columns of rows that are to be deleted which may be emptied first, so that a cycle of rows comes apart. On
    databases that check at the end there is no need to."""
    engine = stores.engine(bound.collection.dataset)
    if engine.dialect.name == "sqlite":
        return []
    mine = [key for key in foreign_keys(engine) if key.table == bound.collection.name and key.target in deleted]
    return [name for key in mine for name in key.columns if name in bound.nullable and name in bound.table.c]


Deletes = Mapping[str, tuple[BoundCollection, Sequence[Row]]]
"""By table: the rows that are to be deleted."""


def effects(
    connection: Connection, stores: Stores, mapped: Mapping[str, Collection], deletes: Deletes
) -> tuple[list[Effect], list[Fault]]:
    """What the database will do beside what is asked of it, and what stands against it. `mapped`: by table, of the same
    dataset."""
    told: list[Effect] = []
    faults: list[Fault] = []
    for bound, rows in deletes.values():
        keys = foreign_keys(stores.engine(bound.collection.dataset))
        look = _Look(connection, keys, mapped, deletes, told, faults)
        for chunk in chunks([row_key(bound.collection, r) for r in rows]):
            look.at(bound.collection.name, _these(bound, chunk), bound.collection.path, 0)
    return _summed(told), faults


@dataclass(frozen=True)
class _Look:
    connection: Connection
    keys: Sequence[ForeignKey]
    mapped: Mapping[str, Collection]
    deletes: Deletes
    told: list[Effect]
    faults: list[Fault]

    def at(self, target: str, which: Callable[[Alias], ColumnElement[bool]], path: str, depth: int) -> None:
        """Rows of all tables that refer to those rows of `target`."""
        for key in (k for k in self.keys if k.target == target):
            hit = self._referring(key, which, depth)
            alias = _alias(key.table, self._columns_of(key.table), f"t{depth}")
            count = self.connection.scalar(select(func.count()).select_from(alias).where(hit(alias))) or 0
            if count:
                self._judge(key, count, hit, path, depth)

    def _judge(
        self, key: ForeignKey, count: int, hit: Callable[[Alias], ColumnElement[bool]], path: str, depth: int
    ) -> None:
        collection = self.mapped.get(key.table)
        place = collection.path if collection else f"{path.partition('.')[0]}.{key.table}"
        if key.rule == "restrict":
            way = "its `erase_rows` must be delete too" if collection else "map this table with `erase_rows: delete`"
            self.faults.append(Fault(place, f"{count} rows refer to {path} and would stay: {way}"))
        elif key.rule == "cascade" and collection is not None:
            detail = f"the database would delete {count} rows with those of {path} (ON DELETE CASCADE), which the data "
            self.faults.append(Fault(place, f"{detail}map does not: keep the rows of {path} (`erase_rows: fields`)"))
        else:
            self.told.append(Effect(place, "cascade" if key.rule == "cascade" else "unlink", count))
            if key.rule == "cascade" and depth < _DEEPEST:
                self.at(key.table, hit, place, depth + 1)

    def _referring(
        self, key: ForeignKey, which: Callable[[Alias], ColumnElement[bool]], depth: int
    ) -> Callable[[Alias], ColumnElement[bool]]:
        """Rows of the key's table, but those that are deleted themselves."""

        def hit(of: Alias) -> ColumnElement[bool]:
            target = _alias(key.target, self._columns_of(key.target), f"p{depth}")
            pairs = zip(key.columns, key.target_columns, strict=True)
            joined = exists(
                select(1).select_from(target).where(*(of.c[c] == target.c[t] for c, t in pairs), which(target))
            )
            gone = self.deletes.get(key.table)
            return and_(joined, not_(_among(gone[0], gone[1], of))) if gone else joined

        return hit

    def _columns_of(self, table: str) -> list[str]:
        """All that a key of anything names."""
        collection = self.mapped.get(table)
        named = [*(collection.key if collection else ())]
        for key in self.keys:
            named += [
                *(key.columns if key.table == table else ()),
                *(key.target_columns if key.target == table else ()),
            ]
        return list(dict.fromkeys(named))


def _alias(name: str, columns: Sequence[str], alias: str) -> Alias:
    found = sql_table(name, *(column(c) for c in columns)).alias(alias)
    assert isinstance(found, Alias)
    return found


def _these(bound: BoundCollection, keys: Sequence[str]) -> Callable[[Alias], ColumnElement[bool]]:
    wanted = [key_values(bound, k) for k in keys]
    return lambda of: or_(*(and_(*(of.c[n] == v for n, v in values.items())) for values in wanted))


def _among(bound: BoundCollection, rows: Sequence[Row], of: Alias) -> ColumnElement[bool]:
    names = bound.collection.key
    return or_(*(and_(*(of.c[n] == row[n] for n in names)) for row in rows))


def _summed(told: Sequence[Effect]) -> list[Effect]:
    counts: dict[tuple[str, str], int] = {}
    for effect in told:
        counts[effect.table, effect.method] = counts.get((effect.table, effect.method), 0) + effect.rows
    return [Effect(table, method, n) for (table, method), n in counts.items()]


def deleted(rows: Sequence[tuple[Collection, Row]]) -> dict[Collection, list[Row]]:
    """Those of collections whose rows erasure deletes."""
    found: dict[Collection, list[Row]] = {}
    for collection, row in rows:
        if collection.erase_rows is EraseRows.DELETE:
            found.setdefault(collection, []).append(row)
    return found
