"""The walker behind `walk`: level by level from a person's own rows, as the stores hold them.

To the rows that refer to those found (`policy.ways` says which reference decides), to rows of nobody that have the
person's address, and to rows the manifest leads to. One statement for each collection, reference, level and 500 values,
whatever the number of rows; nothing of a row is kept but what leads on.
"""

from collections import Counter
from collections.abc import Collection as Some
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import Session

from privacy_svc.policy import Collection, Field, PolicySet, Way
from privacy_svc.store import subjects
from privacy_svc.store.addressing import Addresses
from privacy_svc.store.binding import BoundCollection, Reading, Row, Stores
from privacy_svc.store.own_values import OwnValues
from privacy_svc.store.rows import Values, beyond, chunks, equals, equals_given, fitting, present, row_key, unset
from privacy_svc.store.sharing import held_by_others

PAGE = 1_000
"""Rows in memory at once."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of one collection, as the store holds them."""

    collection: Collection
    rows: Sequence[Row]
    shared: bool = False

    def __repr__(self) -> str:
        return f"Page({self.collection.path}, {len(self.rows)} rows)"


@dataclass(frozen=True, slots=True)
class _Hop:
    """To rows of `collection` whose `fields` have some values."""

    collection: Collection
    fields: tuple[str, ...]
    before: tuple[Way, ...] = ()
    """References that are not set there."""
    held_by: tuple[Collection, tuple[str, ...]] | None = None
    """Who refers to them, where that is the row we come from."""
    shared: bool = False
    """From rows that others lead to as well."""


@dataclass(slots=True)
class Walker:
    """One walk over the rows as the stores hold them. `wanted`: paths of the collections to go through; None: all."""

    session: Session
    stores: Stores
    policies: PolicySet
    subject_id: str
    own: OwnValues
    addresses: Addresses | None = None
    wanted: Some[str] | None = None
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _next: dict[_Hop, Counter[Values]] = field(default_factory=dict)
    _reading: Reading = field(init=False)

    def __post_init__(self) -> None:
        self._reading = self.stores.reading()

    def pages(self) -> Iterator[Page]:
        """As many as fill one are read together; nothing stays open while they are worked on. Raises Unreadable after
        the last."""
        together, count = list[Page](), 0
        try:
            for page in self._pages():
                together.append(page)
                count += len(page.rows)
                if count >= PAGE:
                    self._reading.end()
                    yield from together
                    together, count = [], 0
        finally:
            self._reading.end()
        yield from together
        self.own.require_all()

    def _pages(self) -> Iterator[Page]:
        for collection, keys in self._own():
            with self.stores.answering():
                rows = present(self._reading.connection(collection.dataset), self.stores.bind(collection), keys)
            for some in chunks(rows, PAGE):
                yield from self._take(collection, some)
        yield from self._levels()
        if self.addresses is not None:
            yield from self._addressed(self.addresses)
            yield from self._levels()

    def _own(self) -> Iterator[tuple[Collection, list[str]]]:
        """The person's own rows, by their keys."""
        mine = subjects.rows_of(self.session, self.subject_id)
        for collection in filter(self._is_wanted, self.policies.data_map.identities()):
            known_as = subjects.known_as(self.session, collection)
            keys = [key for dataset, name, key in mine if (dataset, name) == known_as]
            if keys:
                yield collection, keys

    def _levels(self) -> Iterator[Page]:
        while self._next:
            hops, self._next = self._next, {}
            for hop, values in hops.items():
                yield from self._down(hop, values) if hop.held_by is None else self._out(hop, values)

    def _down(self, hop: _Hop, values: Counter[Values]) -> Iterator[Page]:
        bound = self.stores.bind(hop.collection)
        before = tuple(way.fields for way in hop.before)
        statement = bound.statement(
            ("down", hop.fields, before),
            lambda: _paged(bound, equals_given(bound, hop.fields), *(unset(bound, fields) for fields in before)),
        )
        for some in chunks(values):
            for rows in self._carry_out(bound, statement, {"wanted": fitting(bound, hop.fields, some)}):
                yield from self._take(hop.collection, rows, shared=hop.shared)

    def _out(self, hop: _Hop, values: Counter[Values]) -> Iterator[Page]:
        assert hop.held_by is not None
        bound, holder, names = self.stores.bind(hop.collection), self.stores.bind(hop.held_by[0]), hop.held_by[1]
        whose = (self.session, self.stores, self.policies.data_map, self.subject_id)
        for some in chunks(values):
            others = held_by_others(*whose, holder, names, {v: values[v] for v in some})
            for shared in (False, True):
                part = [v for v in some if (v in others) is shared]
                for rows in self._read(bound, equals(bound, hop.fields, part)) if part else ():
                    yield from self._take(hop.collection, rows, shared=shared or hop.shared)

    def _addressed(self, addresses: Addresses) -> Iterator[Page]:
        """A row whose references say whose it is, or must, is not asked for its address."""
        for collection in filter(self._is_wanted, self.policies.data_map.ways.addressed()):
            bound, ways = self.stores.bind(collection), self.policies.data_map.ways.up(collection)
            if any(bound.nullable.isdisjoint(way.fields) for way in ways):
                continue
            candidates = addresses.rows(bound)
            if candidates is None:
                continue
            for rows in self._read(bound, candidates, *(unset(bound, way.fields) for way in ways)):
                yield from self._take(collection, addresses.are_theirs(collection, rows))

    def _read(self, bound: BoundCollection, *where: ColumnElement[bool]) -> Iterator[Sequence[Row]]:
        yield from self._carry_out(bound, _paged(bound, *where), {})

    def _carry_out(
        self, bound: BoundCollection, statement: Select[Any], values: Mapping[str, Any]
    ) -> Iterator[Sequence[Row]]:
        """A page at a time, each by a statement of its own. Of a table without a key all at once."""
        columns, dataset = bound.key_columns, bound.collection.dataset
        after: Values | None = None
        while True:
            further = statement if after is None else statement.where(beyond(columns, after))
            rows = self._reading.rows(dataset, further, {**values, "page": PAGE} if columns else values)
            is_last = not columns or len(rows) < PAGE
            if rows:
                yield rows
            if is_last:
                return
            after = tuple(rows[-1][column.name] for column in columns)

    def _take(self, collection: Collection, rows: Iterable[Row], *, shared: bool = False) -> Iterator[Page]:
        """What was not met before; where it leads is noted."""
        new = []
        for row in rows:
            place = (collection.path, row_key(collection, row) if collection.key else repr(row))
            if place not in self._seen:
                self._seen.add(place)
                new.append(row)
        if new:
            self._lead(collection, new, shared=shared)
            yield Page(collection, new, shared)

    def _lead(self, collection: Collection, rows: Sequence[Row], *, shared: bool) -> None:
        ways = self.policies.data_map.ways
        for down in filter(lambda d: self._is_wanted(d.collection), ways.down(collection)):
            hop = _Hop(down.collection, down.way.fields, down.before, shared=shared)
            self._to(hop, rows, collection, down.way.refers)
        for way in filter(lambda w: self._is_wanted(w.target), ways.out(collection)):
            hop = _Hop(way.target, way.refers, held_by=(collection, way.fields), shared=shared)
            self._to(hop, rows, collection, way.fields)
        if collection.subject and self.addresses is not None:
            for named in (f for f in collection.fields if f.identity):
                for row in rows:
                    self.addresses.know(named.identity or "", self._value(collection, row, named))

    def _to(self, hop: _Hop, rows: Sequence[Row], collection: Collection, names: Sequence[str]) -> None:
        fields = [collection.by_name[name] for name in names]
        found = (tuple(self._value(collection, row, f) for f in fields) for row in rows)
        leading = [values for values in found if None not in values]
        if leading:
            self._next.setdefault(hop, Counter()).update(leading)

    def _value(self, collection: Collection, row: Row, named: Field) -> Any:
        """None where it is not set, or cannot be opened any more."""
        if not named.seal or row[named.name] is None:
            return row[named.name]
        key = row_key(collection, row)
        return self.own.opened(self.own.at(key), collection, key, named, row[named.name])

    def _is_wanted(self, collection: Collection) -> bool:
        return self.wanted is None or collection.path in self.wanted


def _paged(bound: BoundCollection, *where: ColumnElement[bool]) -> Select[Any]:
    columns = bound.key_columns
    statement = select(bound.table).where(*where).order_by(*columns)
    return statement.limit(bindparam("page")) if columns else statement
