"""What somebody who was erased is known by, as far as a restored store or a restored key tells it again."""

from sqlalchemy.orm import Session

from privacy_svc.errors import Erased, KeyUnavailable, NotFound
from privacy_svc.policy import Collection, PolicySet
from privacy_svc.store.binding import Row, Stores
from privacy_svc.store.emptying import KEY
from privacy_svc.store.known import GONE, Known, known_of
from privacy_svc.store.opening import open_with
from privacy_svc.store.rows import row_key
from privacy_svc.store.walk import FoundRow, walk_raw_all
from privacy_svc.vault import SubjectCipher, Tampered, Vault


def known_again(session: Session, stores: Stores, vault: Vault, policies: PolicySet, subject_id: str) -> Known | None:
    """None where nothing tells it: then nobody can say what to take out of a text. Raises StoreUnavailable."""
    cipher = _cipher(session, vault, subject_id)
    raw = walk_raw_all(session, stores, policies, subject_id, vault if cipher else None)
    known = known_of((_found(cipher, *one) for one in raw), policies.organisation.phone_region)
    return known if len(known) else None


def _cipher(session: Session, vault: Vault, subject_id: str) -> SubjectCipher | None:
    try:
        return vault.cipher(session, subject_id)
    except (Erased, KeyUnavailable, NotFound, Tampered):
        return None


def _found(cipher: SubjectCipher | None, collection: Collection, row: Row, shared: bool) -> FoundRow:
    """Without what an erasure put there."""
    key = row_key(collection, row)
    opening = cipher.at(key) if cipher else None
    values = {}
    for field in collection.fields:
        try:
            value = open_with(opening, field, row[field.name])
        except (Erased, Tampered):
            value = None
        ours = (field.replace or "").replace(KEY, key)
        values[field.name] = None if isinstance(value, str) and (value == ours or GONE in value) else value
    return FoundRow(collection, key, values, row, shared)
