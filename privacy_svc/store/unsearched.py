"""What no search after an erasure looks through: tables that the data map does not name or has no key of, and columns
that are no text and may hold one. It is told, never passed over in silence."""

import datetime as dt
import decimal
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import inspect
from sqlalchemy.types import LargeBinary

from privacy_svc.pii import category_of_column
from privacy_svc.policy import Collection, DataMap, within
from privacy_svc.store.binding import Stores
from privacy_svc.store.kinds import BINARY, kind_of, python_type

_TELLING = (
    "user.contact.email", "user.contact.phone_number", "user.contact.address.street", "user.name",
    "user.demographic.date_of_birth", "user.government_id", "user.financial.bank_account", "user.financial.credit_card",
)  # fmt: skip
_PLAIN = (bool, int, float, decimal.Decimal, dt.date, dt.time, dt.timedelta, uuid.UUID)
"""Nothing that names a person is written in these."""

RECENT = 600.0


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A table that the data map does not name, and its columns that are called like personal data."""

    dataset: str
    table: str
    personal: tuple[str, ...]

    @property
    def path(self) -> str:
        return f"{self.dataset}.{self.table}"


_lately: WeakKeyDictionary[Stores, tuple[DataMap, float, list[Unmapped]]] = WeakKeyDictionary()


def unmapped_tables(stores: Stores, data_map: DataMap) -> list[Unmapped]:
    """Of all connected stores, those without any data map too. Reads names only. Raises StoreUnavailable.

    `pii scan` has a rule of its own, `drafting.unmapped_personal`, and the two are not one: it drafts a data map for a
    person to read, so it looks into rows and also tells single columns of mapped tables, and what may be nothing. This
    one is for `policy check`, the health probe and an erasure's certificate, which must not read anybody's values, are
    asked every few minutes, and alarm somebody each time: it tells whole tables, by the names that hardly ever err. The
    words that names are known by are the same for both, `pii.headers`.
    """
    return [found for dataset in sorted(stores.datasets) for found in _of(stores, data_map, dataset)]


def unmapped_lately(stores: Stores, data_map: DataMap) -> list[Unmapped]:
    """The same, not looked at again for RECENT seconds: a probe asks every few seconds."""
    known = _lately.get(stores)
    if known is None or known[0] is not data_map or known[1] < time.monotonic() - RECENT:
        known = _lately[stores] = (data_map, time.monotonic(), unmapped_tables(stores, data_map))
    return known[2]


def _of(stores: Stores, data_map: DataMap, dataset: str) -> Iterator[Unmapped]:
    known = data_map.by_key[dataset].by_name if dataset in data_map.by_key else {}
    with stores.answering():
        look = inspect(stores.engine(dataset))
        tables = [t for t in look.get_table_names() if t not in known]
        for table in sorted(tables):
            columns = [c["name"] for c in look.get_columns(table)]
            yield Unmapped(dataset, table, tuple(name for name in columns if _is_telling(name)))


def _is_telling(column: str) -> bool:
    category = category_of_column(column)
    return category is not None and within(category, _TELLING)


def not_searched(stores: Stores, data_map: DataMap) -> list[str]:
    """Places that a search for a person's values does not look through. Raises StoreUnavailable."""
    mapped = (place for collection in data_map.collections() for place in _within(stores, collection))
    return sorted({*mapped, *(found.path for found in unmapped_tables(stores, data_map))})


def _within(stores: Stores, collection: Collection) -> Sequence[str]:
    if not collection.key:
        return [collection.path]
    types = stores.bind(collection).types
    return [f"{collection.path}.{name}" for name, kind in types.items() if _may_hold_text(kind)]


def _may_hold_text(kind: Any) -> bool:
    """JSON, arrays, files. What is text, or has no type, is searched."""
    if isinstance(kind, LargeBinary) or kind_of(kind) == BINARY:
        return True
    held = python_type(kind)
    return held is not None and not issubclass(held, (str, *_PLAIN))
