"""How a person is reached: the address on file, where a code proves that it is them, and the language they speak."""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from privacy_svc.errors import Erased
from privacy_svc.http import Contact
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import Parts
from privacy_svc.rights.words import known
from privacy_svc.store import FoundRow, as_text, own_rows

LANGUAGE = "user.demographic.language"


def reach(session: Session, parts: Parts, request: DataRequest) -> str | None:
    """The e-mail address in the person's identity row; None for who is unknown or erased. Notes their language with
    the request, where they did not ask in one. Raises KeyUnavailable, StoreUnavailable."""
    if request.subject_id is None:
        return None
    try:
        rows = own_rows(session, parts.stores, parts.vault, parts.policy, request.subject_id)
    except Erased:
        return None
    request.language = request.language or language_in(rows)
    return address_in(rows)


def contacts_in(rows: Iterable[FoundRow]) -> list[Contact]:
    """Every e-mail address and phone number by which the data map says that the person is known."""
    return [
        Contact(field.identity, value)
        for row in rows
        for field in row.collection.fields
        if field.identity in {"email", "phone"} and (value := as_text(field, row.values[field.name]))
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


def language_in(rows: Sequence[FoundRow]) -> str | None:
    """Of those we have words for."""
    values = (
        row.values[field.name]
        for row in rows
        if row.collection.subject is not None
        for field in row.collection.fields
        if LANGUAGE in field.categories
    )
    return next((k for v in values if isinstance(v, str) and (k := known(v))), None)
