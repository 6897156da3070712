"""Many references at once: which rows they mean, in a statement a chunk instead of several a reference.

Says of each what `Directory` says of it alone; where a set cannot tell, it asks for that one.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from privacy_svc.errors import Erased
from privacy_svc.policy import Collection, Field
from privacy_svc.store import blind, subjects
from privacy_svc.store.binding import BoundCollection, Row, Stores
from privacy_svc.store.errors import UnknownRecord
from privacy_svc.store.inclear import MOST, in_clear, is_complete
from privacy_svc.store.opening import open_with
from privacy_svc.store.rows import by_keys, chunks, key_values, row_key
from privacy_svc.vault import Vault, normalise

Found = list[tuple[Collection, str]]
"""Rows, by the key as we write it."""


class Finder:
    """Rows of identity collections, in one session."""

    def __init__(self, session: Session, stores: Stores, vault: Vault, region: str) -> None:
        self._session, self._stores, self._vault, self._region = session, stores, vault, region

    def by_key(self, collection: Collection, keys: Iterable[str]) -> dict[str, Found]:
        """The row each key means, if any; of known ones without a look at the store."""
        wanted = list(dict.fromkeys(keys))
        known = subjects.known(self._session, collection, wanted)
        found: dict[str, Found] = {k: [(collection, k)] for k in known}
        bound = self._stores.bind(collection)
        for chunk in chunks(k for k in wanted if k not in known):
            found.update((k, [(collection, row)]) for k, row in self._present(bound, chunk).items())
        return found

    def _present(self, bound: BoundCollection, keys: Sequence[str]) -> dict[str, str]:
        typed = {k: v for k in keys if (v := _typed(bound, k)) is not None}
        if not typed:
            return {}
        columns = select(*bound.key_columns)
        with self._stores.read(bound.collection.dataset) as connection:
            rows = connection.execute(columns.where(by_keys(bound, typed))).mappings().all()
            there = {tuple(r[n] for n in bound.collection.key): row_key(bound.collection, r) for r in rows}
            found = {k: there[values] for k, values in typed.items() if values in there}
            if len(rows) > len(set(found.values())):  # equal to the database only: other case, trailing spaces
                for key in typed.keys() - found.keys():
                    one = connection.execute(columns.where(by_keys(bound, [key]))).mappings().first()
                    found |= {key: row_key(bound.collection, one)} if one else {}
        return found

    def by_address(self, collections: Sequence[Collection], kind: str, values: Iterable[str]) -> dict[str, Found]:
        """The rows each e-mail address or phone number means, at most a few."""
        comparable = {v: m for v in dict.fromkeys(values) if (m := normalise(kind, v, self._region)) is not None}
        by_meaning: dict[str, dict[tuple[Collection, str], None]] = {}
        fields = [(c, f) for c in collections for f in c.fields if f.identity == kind]
        for chunk in chunks(comparable):
            for collection, field in fields:
                rows = self._candidates(collection, field, kind, chunk)
                for meaning, key in self._opened(collection, field, kind, rows):
                    by_meaning.setdefault(meaning, {})[collection, key] = None
        return {v: list(by_meaning.get(meaning, ())) for v, meaning in comparable.items()}

    def _candidates(self, collection: Collection, field: Field, kind: str, values: Sequence[str]) -> dict[str, Row]:
        """Of the blind index and in clear, so that one sealed and one clear row of the same value are both met."""
        bound = self._stores.bind(collection)
        column = bound.table.c[field.name]
        columns = select(*bound.key_columns, column)
        complete = is_complete(self._session, field)
        sealed = blind.look_up_many(self._session, self._vault, field, kind, values) if kind in field.index else ()

        def clear(some: Sequence[str]) -> Select[Any]:
            return columns.where(in_clear(column, kind, some, complete=complete)).limit(MOST * len(some))

        with self._stores.read(collection.dataset) as connection:
            rows = connection.execute(clear(values)).mappings().all()
            if len(rows) == MOST * len(values):  # one value of thousands of rows must not hide the others
                rows = [r for v in values for r in connection.execute(clear([v])).mappings()]
            found: dict[str, Row] = {row_key(collection, r): r for r in rows}
            for chunk in chunks(key for key in sealed if key not in found):
                read = connection.execute(columns.where(by_keys(bound, chunk))).mappings()
                found.update((row_key(collection, r), r) for r in read)
        return found

    def _opened(
        self, collection: Collection, field: Field, kind: str, rows: Mapping[str, Row]
    ) -> Iterable[tuple[str, str]]:
        owners = subjects.known(self._session, collection, rows)
        ciphers = self._vault.ciphers(self._session, owners.values())
        for key, row in rows.items():
            cipher = ciphers.get(owners.get(key, ""))
            try:
                opened = open_with(cipher.at(key) if cipher else None, field, row[field.name])
            except Erased:
                continue
            meaning = normalise(kind, opened, self._region) if isinstance(opened, str) else None
            if meaning is not None:
                yield meaning, key


def _typed(bound: BoundCollection, key: str) -> tuple[Any, ...] | None:
    try:
        return tuple(key_values(bound, key).values())
    except UnknownRecord:
        return None
