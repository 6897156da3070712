"""Whether an index tells more than it finds: the planner, from what is counted in the column.

An index shows which rows have equal values. Where few values are shared by many rows, that is nearly the values
themselves: the largest group in `country` is the home market. With R rows, and V values as they would be if all
were equally frequent (two to the power of the measured Shannon entropy), a lookup gives R/V rows on average.
CipherSweet asks for 2 ≤ R/V ≤ √R, https://ciphersweet.paragonie.com/security . Of that:

* V < 16 is refused once √R is 16 too (its planner takes no smaller populations), below that V < √R. So a small
  table is not refused for being small, nor any column for its table having grown.
* An index of a part of the value (last four, year, domain) is refused at V < √R however large the table: to find
  somebody it narrows too little, and the whole value can be indexed instead.
* R/V > √R alone is said, not refused. So is R/V < 2: an index of e-mail addresses is meant to name one person;
  what equality then shows is that the row exists.
* Fewer than 32 rows say nothing yet. A boolean is refused without counting.

False positives: values are cut to 63 bits, so of R other rows R/2⁶³ share a lookup's number by chance. All
matches are checked again after opening.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, select

from privacy_svc.errors import Fault
from privacy_svc.policy import Collection, Field
from privacy_svc.store.counting import RawTable
from privacy_svc.store.kinds import BINARY
from privacy_svc.store.model import IndexEntry
from privacy_svc.store.sealer import Sealer

BITS = 63
FEWEST_ROWS = 32
FEWEST_VALUES = 16
PARTS = frozenset({"last4", "year", "domain"})


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """One index, as counted. `values` are distinct ones, `effective` those that count: 2 to the entropy."""

    path: str
    normaliser: str
    rows: int = 0
    values: int = 0
    most: int = 0
    """Rows that a lookup of the most frequent value gives."""
    effective: float = 0.0
    refusal: str | None = None

    @property
    def each(self) -> float:
        """Rows that a lookup gives, on average."""
        return self.rows / self.effective if self.effective else 0.0

    @property
    def false_positives(self) -> float:
        """Rows that a lookup gives by chance."""
        return self.rows / 2.0**BITS


def plans(sealer: Sealer, dataset: str | None = None) -> list[IndexPlan]:
    """Every index of sealed fields, counted. Changes nothing."""
    return [p for c in sealer.collections(dataset) for p in _plans(sealer, c)]


def faults(sealer: Sealer, collection: Collection) -> list[Fault]:
    """Those that are refused."""
    return [
        Fault(p.path, f"index {p.normaliser}: {p.refusal}. Take it out of the data map's `index`")
        for p in _plans(sealer, collection)
        if p.refusal
    ]


def _plans(sealer: Sealer, collection: Collection) -> Iterator[IndexPlan]:
    indexed = [f for f in collection.sealed if f.index]
    if not indexed:
        return
    raw = sealer.raw(collection)
    for field in indexed:
        for normaliser in field.index:
            yield judge(
                f"{collection.path}.{field.name}",
                normaliser,
                raw.columns[field.name].kind,
                _counted(sealer, raw, field, normaliser),
            )


def judge(path: str, normaliser: str, kind: str, groups: Iterable[tuple[int, int]]) -> IndexPlan:
    """`groups` are pairs: so many rows share a value, so many values. Pure."""
    found = list(groups)
    rows, values = sum(n * m for n, m in found), sum(m for _, m in found)
    entropy = -sum(m * (n / rows) * math.log2(n / rows) for n, m in found)
    effective = 2**entropy if rows else 0.0
    most = max((n for n, _ in found), default=0)
    refusal = _refusal(normaliser, kind, rows, values, effective)
    return IndexPlan(path, normaliser, rows, values, most, effective, refusal)


def _refusal(normaliser: str, kind: str, rows: int, values: int, effective: float) -> str | None:
    if kind in {"boolean", BINARY}:
        return f"a {kind} column is not indexed"
    if rows < FEWEST_ROWS:
        return None
    root = math.sqrt(rows)
    if effective >= (root if normaliser in PARTS else min(root, FEWEST_VALUES)):
        return None
    return (
        f"{values} values in {rows} rows (as telling as {effective:.0f} equally frequent ones): "
        "their frequencies give them away"
    )


def _counted(sealer: Sealer, raw: RawTable, field: Field, normaliser: str) -> list[tuple[int, int]]:
    """Of values in clear or of index entries, whichever are more."""
    in_clear = _value(raw, field.name, normaliser)
    of_clear = select(func.count().label("n")).where(raw.clear(field.name)).group_by(in_clear).select_from(raw.table)
    with raw.stores.read(raw.collection.dataset) as connection:
        clear = _pairs(connection.execute(_histogram(of_clear)))
    mine = (IndexEntry.field_id == field.id, IndexEntry.normaliser == normaliser)
    of_entries = select(func.count().label("n")).where(*mine).group_by(IndexEntry.value)
    with sealer.database.read() as session:
        entries = _pairs(session.execute(_histogram(of_entries)))
    return max(clear, entries, key=lambda pairs: sum(n * m for n, m in pairs))


def _pairs(rows: Iterable[Any]) -> list[tuple[int, int]]:
    return [(int(n), int(m)) for n, m in rows]


def _histogram(groups: Select[Any]) -> Select[Any]:
    counted = groups.subquery()
    return select(counted.c.n, func.count()).group_by(counted.c.n)


def _value(raw: RawTable, name: str, normaliser: str) -> ColumnElement[Any]:
    """The normaliser, as near as SQL comes to it."""
    value: ColumnElement[Any] = func.lower(cast(raw.table.c[name], Text))
    if normaliser == "year":
        return func.substr(value, 1, 4)
    if normaliser == "last4":
        return func.substr(value, func.length(value) - 3)
    if normaliser != "domain":
        return value
    if raw.dialect.name == "postgresql":
        return func.split_part(value, "@", 2)
    return func.substr(value, func.instr(value, "@") + 1)
