"""The address on file: where a person is reached, and where a code proves that it is them."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from privacy_svc.http import Contact
from privacy_svc.rights.parts import Parts
from privacy_svc.store import FoundRow, walk


def address_of(session: Session, parts: Parts, subject_id: str) -> str | None:
    """The e-mail address in the person's identity row. Raises Erased, KeyUnavailable, StoreUnavailable."""
    return address_in(walk(session, parts.stores, parts.vault, parts.policy, subject_id))


def contacts_in(rows: Iterable[FoundRow]) -> list[Contact]:
    """Every e-mail address and phone number by which the data map says that the person is known."""
    return [
        Contact(field.identity, value)
        for row in rows
        for field in row.collection.fields
        if field.identity in {"email", "phone"} and isinstance(value := row.values[field.name], str) and value.strip()
    ]


def address_in(rows: Iterable[FoundRow]) -> str | None:
    for row in rows:
        if row.collection.subject is None:
            continue
        for field in row.collection.fields:
            value = row.values[field.name]
            if field.identity == "email" and isinstance(value, str) and "@" in value:
                return value.strip()
    return None
