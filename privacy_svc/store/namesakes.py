"""Whether the customer whom a row belongs to has a value of an erased person themselves: then it may mean them.

Of somebody whose own values do not open nobody can tell: their rows count as a namesake's, and wait for a person.
"""

from collections.abc import Mapping

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.db import Database
from privacy_svc.errors import Erased
from privacy_svc.pii import known_values_in
from privacy_svc.policy import Collection, PolicySet
from privacy_svc.store.binding import Row, Stores
from privacy_svc.store.known import Known, known_of
from privacy_svc.store.rows import by_keys, owners, row_key
from privacy_svc.store.subjects import known as known_subjects
from privacy_svc.store.walk import FoundRow, own_rows
from privacy_svc.vault import Tampered, Vault

Person = tuple[Collection, str]
"""The identity row's collection and key."""
_log = structlog.get_logger(__name__)


class Namesakes:
    def __init__(self, database: Database, stores: Stores, vault: Vault, policies: PolicySet) -> None:
        self._database, self._stores, self._vault, self._policies = database, stores, vault, policies
        self._theirs: dict[Person, frozenset[str] | None] = {}
        """None of whose values do not open."""

    def owners(self, collection: Collection, rows: Mapping[str, Row]) -> Mapping[str, Person]:
        """Of each row, by its key, whose it is."""
        return owners(self._stores, self._policies.data_map, collection, list(rows.values()))

    def has(self, person: Person | None, known: Known, text: str) -> bool:
        """Whether what stands in the text is a value of theirs as well, or may be."""
        if person is None:
            return False
        if person not in self._theirs:
            with self._database.read() as session:
                self._theirs[person] = self._of(session, *person)
        theirs = self._theirs[person]
        if theirs is None:
            return True
        shared = [v for v in known.alone if v.casefold() in theirs]
        return bool(shared and known_values_in(text, shared))

    def _of(self, session: Session, collection: Collection, key: str) -> frozenset[str] | None:
        subject_id = known_subjects(session, collection, [key]).get(key)
        try:
            rows = self._in_clear(collection, key) if subject_id is None else self._opened(session, subject_id)
        except Erased:
            return frozenset()
        except Tampered as error:  # one damaged row is not to keep every erasure waiting
            _log.warning("sweep.customer_unreadable", collection=collection.path, problem=error.slug)
            return None
        return frozenset(v.casefold() for v in known_of(rows, self._policies.organisation.phone_region).alone)

    def _opened(self, session: Session, subject_id: str) -> list[FoundRow]:
        return own_rows(session, self._stores, self._vault, self._policies, subject_id)

    def _in_clear(self, collection: Collection, key: str) -> list[FoundRow]:
        """Of somebody we have no key of: nothing of theirs is sealed."""
        bound = self._stores.bind(collection)
        columns = [bound.table.c[f.name] for f in collection.fields]
        with self._stores.read(collection.dataset) as connection:
            rows = connection.execute(select(*columns).where(by_keys(bound, [key]))).mappings().all()
        return [FoundRow(collection, row_key(collection, row), dict(row), row) for row in rows]
