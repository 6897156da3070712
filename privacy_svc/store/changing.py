"""Writing values of one row: sealed where the column is sealed, indexed where the data map indexes."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Text, select, type_coerce, update
from sqlalchemy.orm import Session

from privacy_svc.errors import BadRequest
from privacy_svc.policy import Collection, Field
from privacy_svc.store import blind
from privacy_svc.store.binding import BoundCollection
from privacy_svc.store.blind import Indexed
from privacy_svc.store.errors import UnknownRecord
from privacy_svc.store.kinds import BINARY, as_text, fit, is_sealed
from privacy_svc.store.model import SealedColumn
from privacy_svc.store.rows import by_keys
from privacy_svc.vault import SubjectCipher, Vault


class Writer:
    """Writes values of one person. A field is sealed on write once `seal` has sealed its column: before that
    the column may be too narrow, and the CRM still reads it in clear."""

    def __init__(self, session: Session, vault: Vault, cipher: SubjectCipher) -> None:
        self._session, self._vault, self._cipher = session, vault, cipher
        self._kinds = sealed_kinds(session)

    def store(self, connection: Connection, bound: BoundCollection, key: str, values: Mapping[str, Any]) -> None:
        """Put the values into the row. Raises UnknownRecord, BadRequest."""
        stored = {n: self._stored(bound.collection, n, key, v) for n, v in values.items()}
        done = connection.execute(update(bound.table).where(by_keys(bound, [key])).values(stored))
        if done.rowcount != 1:
            raise UnknownRecord(f"{bound.collection.path} has no record with this key.")

    def _stored(self, collection: Collection, name: str, key: str, value: Any) -> Any:
        stored = as_stored(self._kinds, self._cipher, collection, collection.by_name[name], key, value)
        return type_coerce(stored, Text()) if stored is not value and isinstance(stored, str) else stored

    def index(self, collection: Collection, key: str, values: Mapping[str, Any]) -> None:
        """Index entries of the changed fields, as of the new values."""
        fields = ((collection.by_name[n], v) for n, v in values.items())
        entries = [Indexed(f, key, self._cipher.subject_id, as_text(v)) for f, v in fields if f.index]
        blind.put(self._session, self._vault, entries)


Kinds = Mapping[int, str]
"""Of the columns that are sealed, by field id: what their values are."""


def sealed_kinds(session: Session) -> Kinds:
    ready = select(SealedColumn.field_id, SealedColumn.kind).where(SealedColumn.sealed_at.is_not(None))
    return {field_id: kind for field_id, kind in session.execute(ready)}  # noqa: C416 - rows are not pairs


def as_stored(kinds: Kinds, cipher: SubjectCipher, collection: Collection, field: Field, key: str, value: Any) -> Any:
    """A value as the store holds it. NULL and the empty string stay: they say nothing. Raises BadRequest."""
    if not field.seal or field.id is None or field.id not in kinds or value is None or value == "":
        return value
    kind = kinds[field.id]
    typed = fit(kind, value)
    if typed is None:
        raise BadRequest(f"{collection.path}.{field.name} is sealed and takes a {kind}.")
    if is_sealed(typed):
        raise BadRequest(f"{collection.path}.{field.name} is to be given in clear: this value is sealed already.")
    seal = cipher.seal if kind == BINARY else cipher.seal_text
    return seal(field.id, key, typed, field.pad)
