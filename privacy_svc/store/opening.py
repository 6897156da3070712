"""Opening values as the store holds them: sealed, or still in clear."""

from sqlalchemy.orm import Session

from privacy_svc.errors import Erased
from privacy_svc.policy import Field
from privacy_svc.vault import SubjectCipher, Tampered, Vault, is_sealed_text


def open_with(cipher: SubjectCipher | None, field: Field, row: str, value: object) -> object:
    """The value in clear. A sealed value without a key is Erased; one in a field that has no id is Tampered:
    somebody moved it there."""
    if not is_sealed_text(value):
        return value
    if field.id is None:
        raise Tampered(f"A sealed value stands in {field.name}, which the data map does not seal.")
    if cipher is None:
        raise Erased("This person's data were erased.")
    assert isinstance(value, str)
    return cipher.open_text(field.id, row, value)


def open_value(session: Session, vault: Vault, subject_id: str | None, field: Field, row: str, value: object) -> object:
    """The same for a single value; None where the person was erased."""
    if not is_sealed_text(value):
        return value
    try:
        cipher = vault.cipher(session, subject_id) if subject_id else None
        return open_with(cipher, field, row, value)
    except Erased:
        return None
