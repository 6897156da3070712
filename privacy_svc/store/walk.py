"""The subject walk: from a person to every row that speaks of them, over all stores of the data map."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.policy import Collection, PolicySet
from privacy_svc.store.binding import Row, Stores
from privacy_svc.store.gateway import rows_of_person
from privacy_svc.store.opening import open_with
from privacy_svc.store.rows import row_key
from privacy_svc.vault import SubjectCipher, Vault


@dataclass(frozen=True, slots=True)
class FoundRow:
    """One row of a person; `values` are opened. Values never appear in `repr`."""

    collection: Collection
    key: str
    values: dict[str, Any]

    def __repr__(self) -> str:
        return f"FoundRow({self.collection.path})"


def walk(session: Session, stores: Stores, vault: Vault, policies: PolicySet, subject_id: str) -> list[FoundRow]:
    """Every row of the person, opened: identity rows first, then by the data map's order.
    Raises Erased, KeyUnavailable, StoreUnavailable."""
    cipher = vault.cipher(session, subject_id)
    return [_found(cipher, collection, row) for collection, row in walk_raw(session, stores, policies, subject_id)]


def _found(cipher: SubjectCipher, collection: Collection, row: Row) -> FoundRow:
    key = row_key(collection, row)
    opening = cipher.at(key)
    return FoundRow(collection, key, {f.name: open_with(opening, f, row[f.name]) for f in collection.fields})


def walk_raw(session: Session, stores: Stores, policies: PolicySet, subject_id: str) -> list[tuple[Collection, Row]]:
    """The same rows as the store holds them."""
    collections = sorted(policies.data_map.collections(), key=lambda c: c.subject is None)
    return [(c, row) for c in collections for row in rows_of_person(session, stores, policies, c, subject_id)]
