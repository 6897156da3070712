"""Payloads, opened where their key lives. One statement for each page of entries and key use."""

from collections.abc import Iterable
from contextlib import suppress
from itertools import groupby

from sqlalchemy.orm import Session

from privacy_svc.auditlog.entry import Sealable
from privacy_svc.auditlog.merkle import leaf_hash
from privacy_svc.auditlog.model import Payload
from privacy_svc.errors import Erased
from privacy_svc.vault import SubjectCipher, Tampered, Vault

PAYLOAD_FIELD = 3
"""Field id of log payloads in associated data."""
DATA, EVIDENCE = "data", "evidence"


class Openers:
    """The keys of some payloads' owners. Lives as long as one transaction."""

    def __init__(self, session: Session, vault: Vault, payloads: Iterable[Payload]) -> None:
        ordered = sorted(payloads, key=_use)
        self._ciphers = {
            use: living(session, vault, {p.owner_id for p in some}, use) for use, some in groupby(ordered, key=_use)
        }

    def cipher(self, payload: Payload) -> SubjectCipher | None:
        """None where the key is destroyed."""
        return self._ciphers[payload.use].get(payload.owner_id)

    def open(self, payload: Payload, leaf: bytes) -> Sealable | None:
        """None where the key is destroyed. Raises Tampered, also when the leaf is not the one it was sealed with."""
        cipher = self.cipher(payload)
        if cipher is None:
            return None
        try:
            return Sealable.from_json(cipher.open(PAYLOAD_FIELD, place(leaf), payload.sealed))
        except Erased:  # the generation it names, while a newer one lives
            return None


def place(leaf: bytes) -> str:
    """What a payload is bound to: its leaf, so that an entry cannot be changed even while it waits for the tree."""
    return leaf_hash(leaf).hex()


def living(session: Session, vault: Vault, owners: Iterable[str], use: str) -> dict[str, SubjectCipher]:
    """One person's broken keys do not hide the others' entries: they are left out, and what they sealed is missing."""
    owners = sorted(owners)
    try:
        return vault.ciphers(session, owners, use)
    except Tampered:
        found: dict[str, SubjectCipher] = {}
        for owner in owners:
            with suppress(Tampered):
                found.update(vault.ciphers(session, [owner], use))
        return found


def _use(payload: Payload) -> str:
    return payload.use
