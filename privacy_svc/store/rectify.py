"""Rectification (Art. 16): correct values in the store, wherever the same wrong value stands for the person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.errors import BadRequest
from privacy_svc.policy import Collection, Field, PolicySet
from privacy_svc.store.binding import Stores
from privacy_svc.store.changing import Writer
from privacy_svc.store.errors import UnknownField
from privacy_svc.store.walk import FoundRow, walk
from privacy_svc.vault import Vault


@dataclass(frozen=True, slots=True)
class Change:
    """One value that was corrected. Values never appear in `repr`."""

    collection: Collection
    key: str
    field: Field
    old: Any
    new: Any

    def __repr__(self) -> str:
        return f"Change({self.collection.path}.{self.field.name})"


def check_changes(policies: PolicySet, kind: str, changes: Mapping[str, Any]) -> None:
    """Raises UnknownField or BadRequest for a change that can never be carried out."""
    for name in changes:
        found = policies.resolve_field(name, kind)
        if found is None:
            raise UnknownField(f"The data map has no field {name!r} for a {kind}.")
        collection, field = found
        if field.primary_key or field.reference is not None:
            raise BadRequest(f"{collection.path}.{field.name} links records and cannot be rectified.")


def rectify(
    session: Session,
    stores: Stores,
    vault: Vault,
    policies: PolicySet,
    subject_id: str,
    changes: Mapping[str, Any],
    kind: str = "customer",
) -> list[Change]:
    """Apply `changes` (field name as callers use it → new value) to the person's rows. Idempotent.

    A field named without its collection is corrected in the identity row; one named with it, in every
    row of the person in that collection. Index entries are written in `session`, which the caller
    commits after the store has.
    """
    check_changes(policies, kind, changes)
    rows = walk(session, stores, vault, policies, subject_id)
    writer = Writer(session, vault, vault.cipher(session, subject_id))
    done: list[Change] = []
    wanted: dict[tuple[str, str], tuple[FoundRow, dict[str, Any]]] = {}
    for name, new in changes.items():
        found = policies.resolve_field(name, kind)
        assert found is not None
        collection, field = found
        for row in rows:
            if row.collection.path != collection.path:
                continue
            # Also where the value is right already: a run broken off before our commit has yet to index it.
            wanted.setdefault((collection.path, row.key), (row, {}))[1][field.name] = new
            if row.values[field.name] != new:
                done.append(Change(row.collection, row.key, field, row.values[field.name], new))
    for row, values in wanted.values():
        with stores.write(row.collection.dataset) as connection:
            writer.store(connection, stores.bind(row.collection), row.key, values)
        writer.index(row.collection, row.key, values)
    return done
