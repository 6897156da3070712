"""Rows of nobody that have a person's address: found in clear, and by the blind index where they are sealed.

An address that several people of the store share says nothing of whose a row is: such rows are counted, for a person
to look at, and never mixed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Session

from privacy_svc.policy import Collection, Field, PolicySet
from privacy_svc.store import blind, subjects
from privacy_svc.store.binding import BoundCollection, Row, Stores
from privacy_svc.store.inclear import in_clear
from privacy_svc.store.own_values import OwnValues
from privacy_svc.store.resolving import Finder
from privacy_svc.store.rows import by_keys, row_key
from privacy_svc.vault import Vault, normalise


class Addresses:
    """What one person is reached by, as their own rows have it, and whose rows these lead to."""

    def __init__(
        self,
        session: Session,
        stores: Stores,
        vault: Vault,
        policies: PolicySet,
        subject_id: str,
        own: OwnValues,
    ) -> None:
        self._session, self._stores, self._vault, self._policies = session, stores, vault, policies
        self._subject, self._own = subject_id, own
        self._region = policies.organisation.phone_region
        self._known: dict[str, dict[str, str]] = {}
        """By kind: values by what they mean."""
        self._shared: dict[tuple[str, str], bool] = {}
        self.unclear = Counter[str]()
        """By collection: rows that were left out."""

    def know(self, kind: str, value: object) -> None:
        meaning = normalise(kind, value, self._region) if isinstance(value, str) else None
        if meaning is not None:
            self._known.setdefault(kind, {}).setdefault(meaning, str(value))

    def rows(self, bound: BoundCollection) -> ColumnElement[bool] | None:
        """Candidates, to be asked about by `are_theirs`; None where there can be none."""
        ways = [
            way for field in bound.collection.fields if field.identity in self._known for way in self._by(bound, field)
        ]
        return or_(*ways) if ways else None

    def _by(self, bound: BoundCollection, field: Field) -> Iterator[ColumnElement[bool]]:
        kind = field.identity
        assert kind is not None
        values = list(self._known[kind].values())
        yield in_clear(bound.table.c[field.name], kind, values, complete=False)
        if field.seal and kind in field.index:
            found = (row for v in values for row in blind.look_up(self._session, self._vault, field, kind, v))
            if keys := [key for key, subject_id in found if subject_id == self._subject]:
                yield by_keys(bound, keys)

    def are_theirs(self, collection: Collection, rows: Iterable[Row]) -> list[Row]:
        kept = []
        for row in rows:
            met = [known for known in self._in(collection, row) if known is not None]
            if met and not any(self._is_shared(kind, meaning) for kind, meaning in met):
                kept.append(row)
            elif met:
                self.unclear[collection.path] += 1
        return kept

    def _in(self, collection: Collection, row: Row) -> Iterator[tuple[str, str] | None]:
        """Kind and meaning of each address in the row that is the person's."""
        key = row_key(collection, row)
        for field in collection.fields:
            if field.identity in self._known:
                opening = self._own.at(key) if field.seal else None
                value = self._own.opened(opening, collection, key, field, row[field.name])
                meaning = normalise(field.identity, value, self._region) if isinstance(value, str) else None
                yield (field.identity, meaning) if meaning in self._known[field.identity] else None

    def _is_shared(self, kind: str, meaning: str) -> bool:
        """Whether another person has it too."""
        if (kind, meaning) not in self._shared:
            finder = Finder(self._session, self._stores, self._vault, self._region)
            value = self._known[kind][meaning]
            people = self._policies.data_map.identities()
            found = finder.by_address(people, kind, [value])[value]
            mine = set(subjects.rows_of(self._session, self._subject))
            places = {(*subjects.known_as(self._session, c), key) for c, key in found}
            self._shared[kind, meaning] = not places <= mine
        return self._shared[kind, meaning]
