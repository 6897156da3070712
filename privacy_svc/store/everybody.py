"""Who else of the people in the stores is meant by a name, an address or a number, asked for many at once.

By the blind indexes of sealed fields, whose answer is a yes: nobody's record is opened for it. Two values share a
number of an index once in 2**63, and then a word too many is taken out. By the columns themselves where values stand in
clear. A sealed name without `index: [name]` cannot be asked for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

from sqlalchemy import Column, ColumnElement, String, func, literal, or_, select, type_coerce
from sqlalchemy.orm import Session

from privacy_svc.pii import Asked, Pair
from privacy_svc.policy import Collection, Field, PolicySet, within
from privacy_svc.store import blind, subjects
from privacy_svc.store.binding import Stores
from privacy_svc.store.inclear import in_clear, is_complete
from privacy_svc.store.rows import chunks, row_key
from privacy_svc.vault import Vault, normalise

_MANY = 20_000
"""Values in one statement that looks at a whole table."""
NAME = "name"
"""The normaliser by which names are compared."""
_NAMES = ("user.name",)
_ASCII = str.maketrans({chr(c): chr(c + 32) for c in range(ord("A"), ord("Z") + 1)})


@dataclass(frozen=True)
class Everybody:
    """All people of the data map's identity collections but one, to whom a text is given. Raises StoreUnavailable."""

    session: Session
    stores: Stores
    vault: Vault
    policies: PolicySet
    subject_id: str

    def known(self, asked: Asked) -> Asked:
        """What of it is somebody's."""
        return Asked(
            self._addresses("email", asked.emails), self._addresses("phone", asked.phones), self._names(asked.names)
        )

    def _addresses(self, kind: str, values: Iterable[str]) -> frozenset[str]:
        comparable = {v: c for v in values if (c := normalise(kind, v, self._region)) is not None}
        if not comparable:
            return frozenset()
        known: set[str] = set()
        for collection in self.policies.data_map.identities():
            for field in (f for f in collection.fields if f.identity == kind):
                if kind in field.index:
                    known |= self._indexed(field, kind, comparable.values())
                known |= set(self._addresses_in_clear(collection, field, kind, list(comparable)))
        return frozenset(v for v, c in comparable.items() if c in known)

    def _addresses_in_clear(self, collection: Collection, field: Field, kind: str, values: list[str]) -> Iterator[str]:
        bound = self.stores.bind(collection)
        column, complete = bound.table.c[field.name], is_complete(self.session, field)
        rows: dict[str, Any] = {}
        with self.stores.read(collection.dataset) as connection:
            for some in chunks(values):
                found = select(*bound.key_columns, column).where(in_clear(column, kind, some, complete=complete))
                rows |= {row_key(collection, r): r[field.name] for r in connection.execute(found).mappings()}
        owners = subjects.known(self.session, collection, rows) if rows else {}
        for key, value in rows.items():
            meaning = normalise(kind, value, self._region) if isinstance(value, str) else None
            if meaning is not None and owners.get(key) != self.subject_id:
                yield meaning

    def _names(self, pairs: Iterable[Pair]) -> frozenset[Pair]:
        wanted = {pair: both for pair in pairs if (both := _both_ways(pair))}
        if not wanted:
            return frozenset()
        known: set[str] = set()
        for collection in self.policies.data_map.identities():
            fields = [f for f in collection.fields if any(within(c, _NAMES) for c in f.categories)]
            known |= self._names_indexed([f for f in fields if NAME in f.index], wanted.values())
            known |= set(self._names_in_clear(collection, fields, wanted))
        return frozenset(pair for pair, both in wanted.items() if any(" ".join(b) in known for b in both))

    def _names_indexed(self, fields: list[Field], wanted: Iterable[list[Pair]]) -> set[str]:
        pairs = list(dict.fromkeys(pair for both in wanted for pair in both))
        known: set[str] = set()
        for field in fields:
            known |= self._indexed(field, NAME, [" ".join(p) for p in pairs])
        for one, other in combinations(fields, 2):
            known |= {
                " ".join(p)
                for p in blind.held_together(self.session, self.vault, (one, other), NAME, pairs, self.subject_id)
            }
        return known

    def _names_in_clear(self, collection: Collection, fields: list[Field], pairs: Iterable[Pair]) -> Iterator[str]:
        """Of one column, and of two beside each other, in one look at the table. Not of a column that was sealed whole:
        what the CRM wrote there since is sealed, and indexed, by the next round."""
        bound = self.stores.bind(collection)
        fields = [f for f in fields if not is_complete(self.session, f) and (bound.raw or bound.is_text(f.name))]
        names = list(_names_of([bound.table.c[f.name] for f in fields]))
        spelt = list(dict.fromkeys(s for pair in pairs for s in _spelt(pair)))
        with self.stores.read(collection.dataset) as connection:
            for some in chunks(spelt, _MANY // len(names)) if names else ():
                found = select(*names).distinct().where(or_(*(name.in_(some) for name in names)))
                for value in chain.from_iterable(connection.execute(found)):
                    if isinstance(value, str) and (comparable := normalise(NAME, value)):
                        yield comparable

    def _indexed(self, field: Field, normaliser: str, values: Iterable[str]) -> set[str]:
        return blind.held_by_others(self.session, self.vault, field, normaliser, values, self.subject_id)

    @property
    def _region(self) -> str:
        return self.policies.organisation.phone_region


def _both_ways(pair: Pair) -> list[Pair]:
    """Family names stand first or last."""
    one, other = (normalise(NAME, part) for part in pair)
    return [(one, other), (other, one)] if one and other else []


def _spelt(pair: Pair) -> Iterator[str]:
    """Each way in small letters as databases make them: SQLite of ASCII alone."""
    for both in (" ".join(pair), " ".join(reversed(pair))):
        yield from (both.lower(), both.translate(_ASCII))


def _names_of(columns: list[Column[Any]]) -> Iterator[ColumnElement[Any]]:
    texts = [type_coerce(func.lower(func.trim(column)), String) for column in columns]
    yield from texts
    yield from (one + literal(" ", String) + other for one, other in combinations(texts, 2))
