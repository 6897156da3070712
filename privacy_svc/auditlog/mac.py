"""What is in the log's tables and is not signed yet is known by a MAC: whoever can write to the database could else put
something of theirs there, and have it signed."""

from hashlib import blake2b
from hmac import compare_digest

from privacy_svc.auditlog.merkle import Hash
from privacy_svc.vault import SubjectCipher

_BYTES = 16


class Mac:
    """BLAKE2b (RFC 7693), keyed by the organisation for one use: about a microsecond."""

    def __init__(self, organisation: SubjectCipher, use: str) -> None:
        self._keyed = blake2b(key=organisation.tag(use, 32), digest_size=_BYTES)

    def of(self, what: bytes) -> bytes:
        mac = self._keyed.copy()
        mac.update(what)
        return mac.digest()

    def fits(self, what: bytes, mac: object) -> bool:
        return isinstance(mac, bytes) and compare_digest(self.of(what), mac)


def outbox_mac(organisation: SubjectCipher) -> Mac:
    """Of the leaves of entries that wait."""
    return Mac(organisation, "audit-outbox")


def tree_mac(organisation: SubjectCipher) -> Mac:
    """Of `what_stands`."""
    return Mac(organisation, "audit-tree")


def what_stands(size: int, root: Hash, first: int) -> bytes:
    """Of a tree that was pruned up to `first`."""
    return size.to_bytes(8) + root + first.to_bytes(8)


def without_first(size: int, root: Hash) -> bytes:
    """As versions wrote it that did not bind where the log begins."""
    return size.to_bytes(8) + root
