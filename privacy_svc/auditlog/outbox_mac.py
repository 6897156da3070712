"""What an entry is known by while it waits in the outbox, where whoever can write to the database could put another."""

from hashlib import blake2b
from hmac import compare_digest

from privacy_svc.vault import SubjectCipher

_BYTES = 16


class Mac:
    """BLAKE2b (RFC 7693) of the leaf, keyed by the organisation: about a microsecond an entry."""

    def __init__(self, organisation: SubjectCipher) -> None:
        self._keyed = blake2b(key=organisation.tag("audit-outbox", 32), digest_size=_BYTES)

    def of(self, leaf: bytes) -> bytes:
        mac = self._keyed.copy()
        mac.update(leaf)
        return mac.digest()

    def fits(self, leaf: bytes, mac: object) -> bool:
        return isinstance(mac, bytes) and compare_digest(self.of(leaf), mac)
