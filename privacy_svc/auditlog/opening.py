"""Payloads, opened where their key lives. One statement for each page of entries and key use."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol

from sqlalchemy.orm import Session

from privacy_svc.auditlog.entry import Sealable
from privacy_svc.auditlog.merkle import Hash
from privacy_svc.auditlog.tombstones import TOMBSTONES
from privacy_svc.errors import Erased, KeyUnavailable
from privacy_svc.vault import SubjectCipher, Tampered, Vault

PAYLOAD_FIELD = 3
"""Field id of log payloads in associated data."""
DATA, EVIDENCE = "data", "evidence"
MOST = 20_000
"""Keys kept at once."""


class Sealed(Protocol):
    """A payload, as its table has it."""

    @property
    def owner_id(self) -> str: ...

    @property
    def use(self) -> str: ...

    @property
    def sealed(self) -> bytes | None: ...


class Openers:
    """The keys of payloads' owners. Lives as long as one transaction. `each`: a key that is away hides only what it
    opens, instead of being raised; the caller has the organisation's own."""

    def __init__(self, session: Session, vault: Vault, *, each: bool = False) -> None:
        self._session, self._vault, self._each = session, vault, each
        self._away: set[tuple[str, str]] = set()
        self._ciphers: dict[tuple[str, str], SubjectCipher | None] = {}

    def learn(self, payloads: Iterable[Sealed]) -> None:
        """The keys that open these; None is kept where a key is destroyed."""
        if len(self._ciphers) > MOST:
            self._ciphers.clear()
            self._away.clear()
        wanted: dict[str, set[str]] = {}
        for payload in payloads:
            if payload.use not in TOMBSTONES and (payload.use, payload.owner_id) not in self._ciphers:
                wanted.setdefault(payload.use, set()).add(payload.owner_id)
        for use, owners in wanted.items():
            found, away = dict[str, SubjectCipher](), set[str]()
            if self._each:
                found, away = reachable(self._session, self._vault, owners, use)
            else:
                found = living(self._session, self._vault, owners, use)
            self._away |= {(use, owner) for owner in away}
            self._ciphers |= {(use, owner): found.get(owner) for owner in owners}

    def cipher(self, payload: Sealed) -> SubjectCipher | None:
        """None where the key is destroyed, or the payload is a tombstone. Only of what was learnt."""
        return None if payload.use in TOMBSTONES else self._ciphers[payload.use, payload.owner_id]

    def is_away(self, payload: Sealed) -> bool:
        return (payload.use, payload.owner_id) in self._away

    def open(self, payload: Sealed, leaf: Hash) -> Sealable | None:
        """None where the key is destroyed. Raises Tampered, also when the leaf is not the one it was sealed with."""
        cipher = self.cipher(payload)
        raw = None if cipher is None or payload.sealed is None else unseal(cipher, leaf, payload.sealed)
        return None if raw is None else Sealable.from_bytes(raw)

    def try_open(self, payload: Sealed, leaf: Hash) -> tuple[Sealable | None, bool]:
        """The same, and whether it was changed: one broken payload does not hide the entries beside it."""
        try:
            return self.open(payload, leaf), False
        except Tampered:
            return None, True


def unseal(cipher: SubjectCipher, leaf: Hash, sealed: bytes) -> bytes | None:
    """Of a `Sealable`; None where the generation it names is destroyed, while a newer one lives. Raises Tampered."""
    try:
        raw: bytes = cipher.open(PAYLOAD_FIELD, place(leaf), sealed)
    except Erased:
        return None
    return raw


def place(leaf: Hash) -> str:
    """What a payload is bound to: its leaf, so that an entry cannot be changed even while it waits for the tree."""
    return leaf.hex()


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


def reachable(
    session: Session, vault: Vault, owners: Iterable[str], use: str
) -> tuple[dict[str, SubjectCipher], set[str]]:
    """The same, and whose keys are away: a row that names a root key which never was must not hide all others."""
    owners = sorted(owners)
    try:
        return living(session, vault, owners, use), set()
    except KeyUnavailable:
        found, away = dict[str, SubjectCipher](), set[str]()
        for owner in owners:
            try:
                found.update(living(session, vault, [owner], use))
            except KeyUnavailable:
                away.add(owner)
        return found, away
