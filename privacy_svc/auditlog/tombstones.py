"""What stands in the place of a payload, or of a person among many, that is gone as it should be.

A keyed hash of the place by the organisation's key: who only has the database can neither make one for an entry whose
payload they took away, nor move one, and an entry that comes back with its payload has none. No tombstone says whose
it was, or that two were of the same person.
"""

import hmac

from privacy_svc.auditlog.merkle import Hash, leaf_hash
from privacy_svc.vault import SubjectCipher

ERASED, LOST = "erased", "lost"
"""Uses of a payload that is a tombstone: erased with its person; in no backup when the database was restored."""
TOMBSTONES = frozenset({ERASED, LOST})
_LENGTH = 32


def tombstone(organisation: SubjectCipher, use: str, leaf: bytes) -> bytes:
    return organisation.tag(f"audit-{use}|{leaf_hash(leaf).hex()}", _LENGTH)


def is_tombstone(organisation: SubjectCipher, use: str, leaf: bytes, sealed: bytes) -> bool:
    return hmac.compare_digest(tombstone(organisation, use, leaf), sealed)


def nameless(organisation: SubjectCipher, entry_id: str, member: Hash) -> bytes:
    """A member of whom the leaf's hash alone is left, in the place of their tag."""
    return member + organisation.tag(f"audit-nameless|{entry_id}|{member.hex()}", _LENGTH)


def is_nameless(organisation: SubjectCipher, entry_id: str, tag: bytes) -> bool:
    return hmac.compare_digest(nameless(organisation, entry_id, tag[:_LENGTH]), tag)


def member_hash(tag: bytes) -> Hash:
    """Of a nameless member."""
    return tag[:_LENGTH]
