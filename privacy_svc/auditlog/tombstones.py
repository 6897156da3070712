"""What stands in the place of a payload, or of a person among many, that is gone as it should be.

A keyed hash of the place by the organisation's key: who only has the database can neither make one for an entry whose
payload they took away, nor move one, and an entry that comes back with its payload has none. No tombstone says whose
it was, or that two were of the same person.
"""

import hmac

from privacy_svc.auditlog.merkle import Hash, leaf_hash
from privacy_svc.vault import SubjectCipher

ERASED, LOST, UNPROVEN = "erased", "lost", "unproven"
"""Uses of a payload that is a tombstone: erased with its person; in no backup when the database was restored; erased
again after a restore, when no key was left that told whose it was: the columns for searching alone said so."""
TOMBSTONES = frozenset({ERASED, LOST, UNPROVEN})
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


def unproven(organisation: SubjectCipher, entry_id: str, tag: bytes, member: Hash) -> bytes:
    """A member whom an erasure without their key took the name of: the tag stays, as it may be another's."""
    return tag + organisation.tag(f"audit-unproven|{entry_id}|{member.hex()}", _LENGTH)


def len_unproven(tag: int) -> int:
    return tag + _LENGTH


def is_unproven(organisation: SubjectCipher, entry_id: str, tag: bytes, member: Hash) -> bool:
    return hmac.compare_digest(unproven(organisation, entry_id, tag[:-_LENGTH], member), tag)
