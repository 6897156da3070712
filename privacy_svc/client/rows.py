"""A whole result of the module's own query, opened: SQLAlchemy's or a DB-API cursor's, few requests for many rows."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Protocol

from privacy_svc.client.answers import Record, Withheld
from privacy_svc.client.sendable import segment

FETCHED = 500
"""Rows taken from the database at once."""
MOST_ITEMS, MOST_BYTES = 2_000, 500_000
"""Of a request; the service takes a million bytes unless it was told otherwise."""
UNKNOWN = Withheld("deny", "unknown_record")
Item = Mapping[str, Any]
Ask = Callable[[Sequence[Item]], tuple[Sequence[Any], str]]
"""Asks the service about items: an answer for each, and the decision's id."""


class Fetching(Protocol):
    """A SQLAlchemy result (with `keys()`) or a DB-API cursor (with `description`)."""

    def fetchmany(self, size: int, /) -> Sequence[Any]: ...


@dataclass(frozen=True, slots=True)
class Column:
    """Which field of the data map a column of the result is; `key` names the columns of the result that hold the key of
    the row it comes from."""

    dataset: str
    collection: str
    field: str
    key: tuple[str, ...]


def columns(
    collection: str, fields: Iterable[str] | Mapping[str, str], *, key: str | Sequence[str] = "id"
) -> dict[str, Column]:
    """Columns of one collection, `dataset.collection`, named as its fields or as the mapping says: {column: field}.
    For a join, put several together with `|`."""
    dataset, dot, name = collection.partition(".")
    if not dot:
        raise ValueError("the collection is named dataset.collection, e.g. shop.customers")
    keys = (key,) if isinstance(key, str) else tuple(key)
    named = fields if isinstance(fields, Mapping) else {f: f for f in fields}
    return {column: Column(dataset, name, field, keys) for column, field in named.items()}


def open_rows(result: Fetching, wanted: Mapping[str, Column], ask: Ask) -> Iterator[Record]:
    """Each row in its order. Columns that are not wanted are handed on as they are."""
    names = _names(result)
    needed = {n for column, place in wanted.items() for n in (column, *place.key)}
    if wrong := sorted(n for n in needed if names.count(n) != 1):
        raise ValueError(f"the result needs exactly one column of each of these names: {', '.join(wrong)}")
    batch = _Batch(wanted, ask)
    while rows := result.fetchmany(FETCHED):
        for row in rows:
            values = dict(row) if isinstance(row, Mapping) else dict(zip(names, row, strict=True))
            if batch.add(values):
                yield from batch.opened()
    yield from batch.opened()


def item(place: Column, key: str, value: object) -> Item:
    return {
        "dataset": place.dataset,
        "collection": place.collection,
        "key": key,
        "field": place.field,
        "value": _sent(value),
    }


def read_answers(asked: int) -> Callable[[Any], tuple[Sequence[Any], str]]:
    def read(got: Any) -> tuple[Sequence[Any], str]:
        found = [a["value"] if "value" in a else _withheld(a["withheld"]) for a in got["items"]]
        if len(found) != asked:
            raise ValueError("not as many answers as items")
        return found, got["decision_id"] or ""

    return read


class _Batch:
    """Rows that wait to be asked about together."""

    def __init__(self, wanted: Mapping[str, Column], ask: Ask) -> None:
        self._wanted, self._ask = wanted, ask
        self._begin()

    def _begin(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._items: list[Item] = []
        self._places: list[tuple[int, str]] = []
        self._size = 0

    def add(self, row: dict[str, Any]) -> bool:
        """Whether it is full now."""
        self._rows.append(row)
        for column, place in self._wanted.items():
            key = _key(row, place)
            if key is None:
                continue
            one = item(place, key, row[column])
            self._items.append(one)
            self._places.append((len(self._rows) - 1, column))
            self._size += len(json.dumps(one, ensure_ascii=False).encode())
        return len(self._items) >= MOST_ITEMS or self._size >= MOST_BYTES

    def opened(self) -> list[Record]:
        """All of them, and begins anew."""
        answers, decision_id = self._ask(self._items) if self._items else ((), "")
        found = dict(zip(self._places, zip(self._items, answers, strict=True), strict=True))
        records = [self._record(n, row, found, decision_id) for n, row in enumerate(self._rows)]
        self._begin()
        return records

    def _record(
        self, number: int, row: dict[str, Any], found: Mapping[tuple[int, str], tuple[Item, Any]], decision_id: str
    ) -> Record:
        fields: dict[str, Any] = {}
        withheld: dict[str, Withheld] = {}
        for column, value in row.items():
            absent = value is None and column in self._wanted and _key(row, self._wanted[column]) is None
            if column not in self._wanted or absent:  # of an outer join, a row there is none of
                fields[column] = value
                continue
            asked, answer = found.get((number, column), ({}, UNKNOWN))
            if isinstance(answer, Withheld):
                withheld[column] = answer
            else:
                fields[column] = value if answer == asked["value"] else answer
        first = next(iter(self._wanted.values()), None)
        key = _key(row, first) if first else None
        return Record(key or "", fields, withheld, decision_id)


def _names(result: Fetching) -> list[str]:
    keys, description = getattr(result, "keys", None), getattr(result, "description", None)
    if callable(keys):
        return [str(k) for k in keys()]
    if description is None:
        raise TypeError("this is no SQLAlchemy result or DB-API cursor with rows")
    return [str(d[0]) for d in description]


def _key(row: Mapping[str, Any], place: Column) -> str | None:
    """As the service writes keys; None where a part is empty, as in an outer join."""
    parts = [row[name] for name in place.key]
    if any(part is None for part in parts):
        return None
    texts = [p.hex() if isinstance(p, bytes) else str(p) for p in parts]
    return texts[0] if len(texts) == 1 else ",".join(segment(t) for t in texts)


def _sent(value: object) -> object:
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, date | time):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)


def _withheld(told: Mapping[str, Any]) -> Withheld:
    return Withheld(told["effect"], told.get("reason"))
