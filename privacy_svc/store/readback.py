"""The search for what an erasure may have left, in the person's own rows and in the indexes.

A few look-ups by key, however many customers there are. Everybody else's rows are `sweeping`'s.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import String, func, select, update
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table
from sqlalchemy.orm import Session

from privacy_svc.policy import Collection, Erase, Field, PolicySet
from privacy_svc.store import blind
from privacy_svc.store.binding import BoundCollection, Row, Stores
from privacy_svc.store.dates import date_columns, holding_days
from privacy_svc.store.emptying import KEY
from privacy_svc.store.kinds import is_sealed, python_type
from privacy_svc.store.known import GONE, Known, stands_for_nothing
from privacy_svc.store.leftover import Decided, FoundAt, Leftover, leftovers, shown_key
from privacy_svc.store.model import IndexEntry
from privacy_svc.store.numbers import number_columns, numbers_of
from privacy_svc.store.opening import open_value
from privacy_svc.store.rows import by_keys, chunks, key_values, row_key
from privacy_svc.store.walk import Raw, own_of, walk_raw_all
from privacy_svc.vault import Vault

NOTHING = Decided()
INDEX = "(index)"
"""The place of what a blind index still leads to."""


def read_back(
    session: Session,
    stores: Stores,
    vault: Vault,
    policies: PolicySet,
    subject_id: str,
    known: Known,
    decided: Decided = NOTHING,
    standing: Sequence[Raw] | None = None,
) -> tuple[list[Leftover], list[Leftover]]:
    """What is left in the person's own rows and in the indexes; and what was found where a person `decided` that it is
    taken out of the text, and was. `standing`: their rows, where they were read since their key was destroyed. Raises
    StoreUnavailable."""
    left: dict[tuple[str, str], list[FoundAt]] = dict(_index_entries(session, subject_id))
    treated: dict[tuple[str, str], list[FoundAt]] = {}
    to_take_out: list[tuple[BoundCollection, str, str, str]] = []
    raw = walk_raw_all(session, stores, policies, subject_id) if standing is None else standing
    for bound, rows in _by_collection(stores, raw):
        path = bound.collection.path
        for name, key, text in _texts(stores, bound, rows):
            if not known.in_own(text):
                continue
            if decided.redacts(f"{path}.{name}", key, namesake=False):
                to_take_out.append((bound, name, key, text))
            else:
                left.setdefault((path, name), []).append(FoundAt(shown_key(bound.collection, key)))
        for name, at_key in _numbers_and_days(stores, bound, rows, known):
            left.setdefault((path, name), []).append(FoundAt(at_key))
    for place, at in _same_address(session, stores, vault, policies, subject_id, known):
        left.setdefault(place, []).extend(at)
    for bound, name, key, text in to_take_out:  # last: what a search took out that then fails is told by nobody
        taken_out = put(stores, bound, name, key, before=text, after=known.taken_out(text))
        found = FoundAt(shown_key(bound.collection, key))
        (treated if taken_out else left).setdefault((bound.collection.path, name), []).append(found)
    return leftovers(left), leftovers(treated)


def _by_collection(stores: Stores, raw: Iterable[Raw]) -> Iterator[tuple[BoundCollection, list[Row]]]:
    found: dict[Collection, list[Row]] = {}
    for collection, row in own_of(raw):
        found.setdefault(collection, []).append(row)
    yield from ((stores.bind(collection), rows) for collection, rows in found.items())


def _texts(stores: Stores, bound: BoundCollection, rows: Sequence[Row]) -> Iterator[tuple[str, str, str]]:
    """Field, row and text of everything that erasure should have emptied, and of columns nobody mapped."""
    for row in rows:
        key = row_key(bound.collection, row)
        for field in bound.collection.fields:
            value = row[field.name]
            if _is_searched(field) and isinstance(value, str) and not is_emptied(field, key, value):
                yield field.name, key, value
    names = unmapped_texts(bound)
    if names and rows:
        yield from _unmapped(stores, bound, names, [row_key(bound.collection, r) for r in rows])


def _numbers_and_days(
    stores: Stores, bound: BoundCollection, rows: Sequence[Row], known: Known
) -> Iterator[tuple[str, str | None]]:
    """The field, and the row's key as far as it is known, of each number and birthday of theirs in their own rows."""
    kept = {f.name for f in bound.collection.fields if not _is_searched(f)}
    keys = [row_key(bound.collection, row) for row in rows] if bound.collection.key else []
    numbers, days = ([n for n in found if n not in kept] for found in (number_columns(bound), date_columns(bound)))
    for name, row, _ in numbers_of(stores, bound, numbers, known.own_numbers, keys):
        yield name, shown_key(bound.collection, row_key(bound.collection, row))
    yield from ((name, None) for name in holding_days(stores, bound, days, known.days, keys))


def _is_searched(field: Field) -> bool:
    return field.erase is not Erase.KEEP and not field.is_key


def is_emptied(field: Field, key: str, value: str) -> bool:
    """Whether nothing stands there but what an erasure put there. A text that only begins so is a text."""
    ours = (field.replace or GONE).replace(KEY, key)
    return value == ours or stands_for_nothing(value, key) or is_sealed(value)


def unmapped_texts(bound: BoundCollection) -> list[str]:
    """Text columns of the table that the data map does not name."""
    return [n for n, kind in bound.types.items() if n not in bound.table.c and _is_text(kind)]


def _is_text(kind: Any) -> bool:
    """Also SQLite's columns without a type, and types that are read as text."""
    return python_type(kind) in {str, None}


def _unmapped(
    stores: Stores, bound: BoundCollection, names: Sequence[str], keys: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    columns = [*bound.key_columns, *(sql_column(n, String, _selectable=bound.table) for n in names)]
    rows: list[Row] = []
    with stores.read(bound.collection.dataset) as connection:  # ended before anything is put back
        for chunk in chunks(keys):
            rows.extend(connection.execute(select(*columns).where(by_keys(bound, chunk))).mappings())
    for row in rows:
        for name in names:
            if isinstance(row[name], str):
                yield name, row_key(bound.collection, row), row[name]


def put(stores: Stores, bound: BoundCollection, name: str, key: str, *, before: Any, after: str) -> bool:
    """Another text in place of the one that was read, also in a column that nobody mapped; False where it does not
    stand there any more: what the CRM wrote meanwhile stays."""
    whole = _whole(bound, name)
    row = [whole.c[n] == v for n, v in key_values(bound, key).items()]
    with stores.write(bound.collection.dataset) as connection:
        # compared here, because databases hold texts equal that are not: in case, in trailing spaces
        if connection.scalar(select(whole.c[name]).where(*row).with_for_update()) != before:
            return False
        connection.execute(update(whole).where(*row).values({name: after}))
    return True


def _whole(bound: BoundCollection, name: str) -> Any:
    keys = (sql_column(c.name, c.type) for c in bound.key_columns)
    return sql_table(bound.table.name, *keys, sql_column(name, String))


def _index_entries(session: Session, subject_id: str) -> Iterator[tuple[tuple[str, str], list[FoundAt]]]:
    count = session.scalar(select(func.count()).select_from(IndexEntry).where(IndexEntry.subject_id == subject_id))
    if count:
        yield ("privacy.index_entries", INDEX), [FoundAt(None)] * count


def _same_address(
    session: Session, stores: Stores, vault: Vault, policies: PolicySet, subject_id: str, known: Known
) -> Iterator[tuple[tuple[str, str], list[FoundAt]]]:
    """Rows that are not known to be theirs with an address of theirs, as the blind indexes find them."""
    for collection in policies.data_map.collections():
        for field in collection.fields:
            if field.identity in field.index:
                others = blind.others_with(session, vault, field, field.identity, known.telling, subject_id)
                held = [
                    key for key, who in others if _holds(session, stores, vault, collection, field, key, who, known)
                ]
                if held:
                    at = [FoundAt(shown_key(collection, key), namesake=True) for key in held]
                    yield (collection.path, field.name), at


def _holds(
    session: Session,
    stores: Stores,
    vault: Vault,
    collection: Collection,
    field: Field,
    key: str,
    whose: str,
    known: Known,
) -> bool:
    """Index values are truncated: the row is looked at."""
    bound = stores.bind(collection)
    with stores.read(collection.dataset) as connection:
        value = connection.scalar(select(bound.table.c[field.name]).where(by_keys(bound, [key])))
    opened = open_value(session, vault, whose, field, key, value)
    return isinstance(opened, str) and known.in_own(opened)
