"""The address on file: where a person is reached, and where a code proves that it is them."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from privacy_svc.rights.parts import Parts
from privacy_svc.store import FoundRow, walk


def address_of(session: Session, parts: Parts, subject_id: str) -> str | None:
    """The e-mail address in the person's identity row. Raises Erased, KeyUnavailable, StoreUnavailable."""
    return address_in(walk(session, parts.stores, parts.vault, parts.policy, subject_id))


def address_in(rows: Iterable[FoundRow]) -> str | None:
    for row in rows:
        if row.collection.subject is None:
            continue
        for field in row.collection.fields:
            value = row.values[field.name]
            if field.identity == "email" and isinstance(value, str) and "@" in value:
                return value.strip()
    return None
