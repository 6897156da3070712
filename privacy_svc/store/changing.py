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
from privacy_svc.store.kinds import BINARY, as_text, fit
from privacy_svc.store.model import SealedColumn
from privacy_svc.store.rows import by_keys
from privacy_svc.vault import SubjectCipher, Vault


class Writer:
    """Writes values of one person. A field is sealed on write once `seal` has sealed its column: before that
    the column may be too narrow, and the CRM still reads it in clear."""

    def __init__(self, session: Session, vault: Vault, cipher: SubjectCipher) -> None:
        self._session, self._vault, self._cipher = session, vault, cipher
        ready = select(SealedColumn.field_id, SealedColumn.kind).where(SealedColumn.sealed_at.is_not(None))
        self._kinds = {field_id: kind for field_id, kind in session.execute(ready)}  # noqa: C416 - rows are not pairs

    def store(self, connection: Connection, bound: BoundCollection, key: str, values: Mapping[str, Any]) -> None:
        """Put the values into the row. Raises UnknownRecord, BadRequest."""
        stored = {n: self._stored(bound.collection, bound.collection.by_name[n], key, v) for n, v in values.items()}
        done = connection.execute(update(bound.table).where(by_keys(bound, [key])).values(stored))
        if done.rowcount != 1:
            raise UnknownRecord(f"{bound.collection.path} has no record with this key.")

    def _stored(self, collection: Collection, field: Field, key: str, value: Any) -> Any:
        """NULL and the empty string stay as they are: they say nothing."""
        if not field.seal or field.id is None or field.id not in self._kinds or value is None or value == "":
            return value
        kind = self._kinds[field.id]
        typed = fit(kind, value)
        if typed is None:
            raise BadRequest(f"{collection.path}.{field.name} is sealed and takes a {kind}.")
        if kind == BINARY:
            return self._cipher.seal(field.id, key, typed, field.pad)
        return type_coerce(self._cipher.seal_text(field.id, key, typed, field.pad), Text())

    def index(self, collection: Collection, key: str, values: Mapping[str, Any]) -> None:
        """Index entries of the changed fields, as of the new values."""
        fields = ((collection.by_name[n], v) for n, v in values.items())
        entries = [Indexed(f, key, self._cipher.subject_id, as_text(v)) for f, v in fields if f.index]
        blind.put(self._session, self._vault, entries)
