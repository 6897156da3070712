"""One person's keys, ready to seal and open."""

import base64
from collections.abc import Mapping
from os import urandom
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy_svc.errors import Erased
from privacy_svc.vault import format as form
from privacy_svc.vault import values
from privacy_svc.vault.errors import Tampered
from privacy_svc.vault.keys import Key


class SubjectCipher:
    """Seals with the newest generation, opens the one a value names. Lives as long as one transaction."""

    __slots__ = (
        "_ciphers",
        "_erased_through",
        "_heading",
        "_keys",
        "_organisation",
        "_subject",
        "_tags",
        "newest",
        "subject_id",
    )

    def __init__(
        self,
        organisation: str,
        subject_id: str,
        keys: Mapping[int, Key],
        erased_through: int = 0,
        tags: Key | None = None,
    ) -> None:
        self._organisation, self.subject_id, self._keys = organisation, subject_id, keys
        self._erased_through, self._tags = erased_through, tags
        self._subject = form.sized(subject_id)
        self.newest = max(keys)
        self._heading = form.heading(organisation, self.newest)
        self._ciphers: dict[int, AESGCM] = {}

    def __repr__(self) -> str:
        return f"SubjectCipher({self.subject_id!r}, …)"

    def at(self, row: str) -> "RowCipher":
        """For the fields of one row; `row` is the primary key as text."""
        return RowCipher(self, self._heading, self._subject + form.sized(row), self._cipher(self.newest))

    def seal(self, field_id: int, row: str, value: object, pad: int = 0) -> bytes:
        behind = self._subject + form.sized(row)
        return _seal(self._cipher(self.newest), self._heading.header, self._heading[field_id] + behind, value, pad)

    def open(self, field_id: int, row: str, sealed: bytes) -> Any:
        """Raises Tampered, also for a generation that never was; Erased for one that was destroyed."""
        if sealed[:6] != self._heading.header:
            return self.at(row).open(field_id, sealed)
        return _open(self._cipher(self.newest), self._heading[field_id] + self._subject + form.sized(row), sealed)

    def seal_text(self, field_id: int, row: str, value: object, pad: int = 0) -> str:
        return self.at(row).seal_text(field_id, value, pad)

    def open_text(self, field_id: int, row: str, sealed: str) -> Any:
        return self.at(row).open_text(field_id, sealed)

    def other(self, sealed: bytes, behind: bytes) -> "RowCipher":
        """For a value that names another generation than the newest. Raises Tampered, Erased."""
        generation = form.generation_of(sealed)
        if generation not in self._keys:
            if 0 < generation <= self._erased_through:
                raise Erased("This value's key was destroyed.")
            raise Tampered(form.DOES_NOT_OPEN)
        return RowCipher(self, form.heading(self._organisation, generation), behind, self._cipher(generation))

    def is_older(self, sealed: bytes | str) -> bool:
        """Whether a living generation before the newest sealed this; it is to be sealed anew."""
        generation = form.generation_of(form.from_text(sealed) if isinstance(sealed, str) else sealed)
        return generation < self.newest and generation in self._keys

    def _cipher(self, generation: int) -> AESGCM:
        if generation not in self._ciphers:
            self._ciphers[generation] = self._keys[generation].cipher()
        return self._ciphers[generation]

    def tag_key(self) -> Key:
        """What `tag` is keyed with; kept beside the key when the person's key is replaced."""
        return self._tags or Key(self._keys[min(self._keys)].derive("tag"))

    def tag(self, label: str, length: int = 16) -> bytes:
        """A keyed hash by which only holders of this key recognise the person, e.g. in log entries."""
        return self.tag_key().mac(label.encode())[:length]

    def tag_text(self, label: str) -> str:
        return base64.urlsafe_b64encode(self.tag(label)).rstrip(b"=").decode()


class RowCipher:
    """One person's fields in one row. What is the same for all of them is computed once: it is half the cost."""

    __slots__ = ("_behind", "_cipher", "_header", "_heading", "_person")

    def __init__(self, person: SubjectCipher, heading: form.Heading, behind: bytes, cipher: AESGCM) -> None:
        self._person, self._heading, self._header, self._behind = person, heading, heading.header, behind
        self._cipher = cipher

    def __repr__(self) -> str:
        return "RowCipher(…)"

    def seal(self, field_id: int, value: object, pad: int = 0) -> bytes:
        """`pad` rounds the clear length up to a multiple, so that it tells less; 0 for none."""
        return _seal(self._cipher, self._header, self._heading[field_id] + self._behind, value, pad)

    def open(self, field_id: int, sealed: bytes) -> Any:
        """Raises Tampered for anything but a value sealed with this person's keys at this place."""
        if sealed[:6] != self._header:
            return self._person.other(sealed, self._behind).open(field_id, sealed)
        return _open(self._cipher, self._heading[field_id] + self._behind, sealed)

    def seal_text(self, field_id: int, value: object, pad: int = 0) -> str:
        return form.to_text(self.seal(field_id, value, pad))

    def open_text(self, field_id: int, sealed: str) -> Any:
        return self.open(field_id, form.from_text(sealed))


def _seal(cipher: AESGCM, header: bytes, associated: bytes, value: object, pad: int) -> bytes:
    nonce = urandom(12)  # never pooled: a forked pool would repeat nonces
    clear = values.encode(value)
    if pad:
        clear = values.padded(clear, pad)
    return header + nonce + cipher.encrypt(nonce, clear, associated)


def _open(cipher: AESGCM, associated: bytes, sealed: bytes) -> Any:
    try:
        clear = cipher.decrypt(sealed[6:18], sealed[18:], associated)
    except (InvalidTag, ValueError):
        raise Tampered(form.DOES_NOT_OPEN) from None
    kind = clear[:1]
    if kind == values.TEXT and clear.isascii():
        return clear[1:].decode()
    return clear[1:] if kind == values.BYTES else values.decode(clear)
