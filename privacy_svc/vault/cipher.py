"""One person's keys, ready to seal and open."""

import base64
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from privacy_svc.errors import Erased
from privacy_svc.vault import format as form
from privacy_svc.vault import values
from privacy_svc.vault.errors import Tampered
from privacy_svc.vault.keys import Key


class SubjectCipher:
    """Seals with the newest generation, opens the one a value names. Lives as long as one transaction."""

    __slots__ = ("_ciphers", "_erased_through", "_keys", "_organisation", "newest", "subject_id")

    def __init__(self, organisation: str, subject_id: str, keys: Mapping[int, Key], erased_through: int = 0) -> None:
        self._organisation, self.subject_id, self._keys = organisation, subject_id, keys
        self._erased_through = erased_through
        self.newest = max(keys)
        self._ciphers = {generation: key.cipher() for generation, key in keys.items()}

    def __repr__(self) -> str:
        return f"SubjectCipher({self.subject_id!r}, …)"

    def seal(self, field_id: int, row: str, value: object) -> bytes:
        place = form.Place(self._organisation, field_id, self.subject_id, row)
        return form.seal(self._ciphers[self.newest], self.newest, place, values.encode(value))

    def open(self, field_id: int, row: str, sealed: bytes) -> Any:
        """Raises Tampered, also for a generation that never was; Erased for one that was destroyed."""
        generation = form.generation_of(sealed)
        cipher = self._ciphers.get(generation)
        if cipher is None:
            if 0 < generation <= self._erased_through:
                raise Erased("This value's key was destroyed.")
            raise Tampered("A sealed value does not open.")
        place = form.Place(self._organisation, field_id, self.subject_id, row)
        return values.decode(form.open_(cipher, place, sealed))

    def seal_text(self, field_id: int, row: str, value: object) -> str:
        return form.to_text(self.seal(field_id, row, value))

    def open_text(self, field_id: int, row: str, sealed: str) -> Any:
        return self.open(field_id, row, form.from_text(sealed))

    def tag(self, label: str, length: int = 16) -> bytes:
        """A keyed hash by which only holders of this key recognise the person, e.g. in log entries."""
        mac = HMAC(self._keys[min(self._keys)].derive("tag"), SHA256())
        mac.update(label.encode())
        return mac.finalize()[:length]

    def tag_text(self, label: str) -> str:
        return base64.urlsafe_b64encode(self.tag(label)).rstrip(b"=").decode()
