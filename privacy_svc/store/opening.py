"""Opening values as the store holds them: sealed, or still in clear."""

from sqlalchemy.orm import Session

from privacy_svc.errors import Erased
from privacy_svc.policy import Field
from privacy_svc.store.kinds import is_sealed
from privacy_svc.vault import RowCipher, Tampered, Vault, is_damaged_text


def open_with(cipher: RowCipher | None, field: Field, value: object) -> object:
    """The value in clear. A sealed value without a key is Erased; one in a field that has no id is Tampered:
    somebody moved it there. Bytes are ours only where the data map seals the field."""
    if not (isinstance(value, str) or (isinstance(value, bytes) and field.seal)):
        return value
    if not is_sealed(value):
        if field.seal and isinstance(value, str) and is_damaged_text(value):
            raise Tampered(f"A sealed value in {field.name} has another beginning than it was given.")
        return value
    if field.id is None:
        raise Tampered(f"A sealed value stands in {field.name}, which the data map does not seal.")
    if cipher is None:
        raise Erased("This person's data were erased.")
    return open_sealed(cipher, field.id, value)


def open_sealed(cipher: RowCipher, field_id: int, value: str | bytes) -> object:
    """A sealed value of either form. Raises Tampered, Erased."""
    if isinstance(value, bytes):
        return cipher.open(field_id, value)
    return cipher.open_text(field_id, value)


def seal_like(cipher: RowCipher, field: Field, opened: object, before: str | bytes) -> str | bytes:
    """A value that was opened, sealed anew in the form it had."""
    assert field.id is not None
    seal = cipher.seal if isinstance(before, bytes) else cipher.seal_text
    return seal(field.id, opened, field.pad)


def open_value(session: Session, vault: Vault, subject_id: str | None, field: Field, row: str, value: object) -> object:
    """The same for a single value; None where the person was erased."""
    if not is_sealed(value):
        return value
    try:
        cipher = vault.cipher(session, subject_id).at(row) if subject_id else None
        return open_with(cipher, field, value)
    except Erased:
        return None
