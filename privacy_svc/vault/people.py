"""People and their keys: the ground on which the vault's other parts stand."""

import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.db import among, new_id
from privacy_svc.errors import Conflict, Erased, NotFound
from privacy_svc.vault import erasure, opening, provisioning, rotation, undone
from privacy_svc.vault.cipher import SubjectCipher
from privacy_svc.vault.epochs import Schedule
from privacy_svc.vault.errors import Tampered
from privacy_svc.vault.index import BlindIndex
from privacy_svc.vault.lease import Lease, LeasedKeys
from privacy_svc.vault.ledger import Ledger
from privacy_svc.vault.model import Fence, Subject
from privacy_svc.vault.pages import Pages
from privacy_svc.vault.providers import KeyProvider

DATA, EVIDENCE = erasure.DATA, erasure.EVIDENCE
MANY = 5_000
"""People whose keys are asked for in one statement."""
_HELD = select(Subject.id).where(among(Subject.id, "ids")).order_by(Subject.id).with_for_update(read=True)
_HELD_ERASED = _HELD.where(Subject.erased_at.is_not(None))


_ORGANISATION = "vault.organisation"
_KEPT = "vault.kept"
GUARD_SECONDS = 5.0
SETTLED = timedelta(minutes=1)


@dataclass
class _Kept:
    """Of a transaction that asked for it (`keep_keys`): keys that were opened, by use and person, and who is held."""

    keys: dict[tuple[str, str], SubjectCipher] = field(default_factory=dict)
    held: set[tuple[str, bool]] = field(default_factory=set)


class People:
    """`organisation` is bound into every sealed value; a phone number without country code is one of `region`."""

    def __init__(
        self,
        provider: KeyProvider,
        organisation: str,
        ledger: Ledger,
        *,
        region: str = "DE",
        schedule: Schedule = Schedule(),  # noqa: B008 - immutable
        lease: Lease = Lease(),  # noqa: B008 - the same
    ) -> None:
        self.organisation, self.region, self.ledger, self.schedule = organisation, region, ledger, schedule
        self.provider = provider
        self._organisation_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"privacy-svc:{organisation}"))
        self._organisation_seen = False
        self.guarded = False
        """Whether the ledger is looked at while serving; the composed service turns it on."""
        self._look_again = 0.0
        self._looked_to = 0
        self._leased = LeasedKeys(lease)
        self.pages = Pages(provider, organisation, self._leased)
        self._indexes: dict[tuple[int, int, str], BlindIndex] = {}

    def __repr__(self) -> str:
        return f"Vault({self.organisation!r})"

    def create_subject(self, session: Session, kind: str = "customer", subject_id: str | None = None) -> Subject:
        """A person with keys, under a new or the given id. Raises Erased for a fenced id, Conflict for a known one."""
        if subject_id is None:
            return session.get_one(Subject, self.create_subjects(session, 1, kind)[0])
        if session.get(Fence, subject_id) is not None:
            raise Erased("This person was erased and comes back only by explicit re-admission.")
        if session.get(Subject, subject_id) is not None:
            raise Conflict("There is a subject with this id already.")
        provisioning.create(session, self.pages, self.organisation, kind, [subject_id])
        return session.get_one(Subject, subject_id)

    def create_subjects(self, session: Session, count: int, kind: str = "customer") -> list[str]:
        """The same of many new ones; their ids."""
        ids = [new_id() for _ in range(count)]
        provisioning.create(session, self.pages, self.organisation, kind, ids)
        return ids

    def readmit(self, session: Session, subject_id: str) -> Subject:
        """An erased person comes back, with a new key; see `provisioning.readmit`."""
        self._forget_keys(session)
        return provisioning.readmit(session, self.pages, self.organisation, subject_id)

    def cipher(self, session: Session, subject_id: str, use: str = DATA) -> SubjectCipher:
        """Raises Erased for a destroyed key, KeyUnavailable when the provider is away, NotFound for no such subject."""
        found = self.ciphers(session, [subject_id], use)
        if subject_id in found:
            return found[subject_id]
        if session.get(Subject, subject_id) is None:
            raise NotFound("There is no such subject.")
        fence = session.get(Fence, subject_id)
        if fence is None or (use == EVIDENCE and fence.evidence_ended_at is None):
            raise Tampered("A subject's key was taken away without an erasure.")
        if use == EVIDENCE:
            raise Erased("What was kept of this erased person as evidence has met its end too.")
        raise Erased("This person's data were erased.")

    def ciphers(self, session: Session, subject_ids: Iterable[str], use: str = DATA) -> dict[str, SubjectCipher]:
        """The same for many; erased and unknown ones are absent. One statement for each 5,000. Raises Restored when the
        database, or rows of erased people in it, were put back into the past under a running service."""
        self._guard(session)
        wanted = list(dict.fromkeys(subject_ids))
        kept: _Kept | None = session.info.get(_KEPT)
        if kept is not None and all((use, i) in kept.keys for i in wanted):
            return {i: kept.keys[use, i] for i in wanted}
        uses = [use] if kept is None else list(dict.fromkeys((use, DATA, EVIDENCE)))
        beside = self._beside(session, wanted, uses)
        found: dict[str, SubjectCipher] = {}
        for start in range(0, len(wanted), MANY):
            chunk = [*wanted[start : start + MANY], *beside]
            opened = opening.of_uses(session, self.pages, self.organisation, chunk, use, uses)
            for ours in beside:
                if ours in opened[DATA]:
                    session.info[_ORGANISATION] = opened[DATA][ours]
            found.update((i, cipher) for i, cipher in opened[use].items() if i not in beside)
            if kept is not None:
                kept.keys.update(((u, i), cipher) for u, ciphers in opened.items() for i, cipher in ciphers.items())
        return found

    @staticmethod
    def keep_keys(session: Session) -> None:
        """From here on a key is opened once, to the end of this transaction or what destroys keys in it: for a short
        one about one person. What was opened before `hold` is opened again after it."""
        session.info[_KEPT] = _Kept()

    @staticmethod
    def _forget_keys(session: Session) -> None:
        kept: _Kept | None = session.info.get(_KEPT)
        if kept is not None:
            kept.keys.clear()

    def _beside(self, session: Session, wanted: Sequence[str], uses: Sequence[str]) -> list[str]:
        """The organisation, whose key most who open somebody's need too, for the log: in the same statement."""
        lacks = DATA in uses and self._organisation_seen and _ORGANISATION not in session.info
        return [self._organisation_id] if lacks and self._organisation_id not in wanted else []

    def _guard(self, session: Session) -> None:
        if self.guarded and time.monotonic() >= self._look_again:
            self.ledger.check(session, settled=SETTLED)
            self._looked_to = undone.look(session, self.ledger, self._looked_to, SETTLED)
            self._look_again = time.monotonic() + GUARD_SECONDS

    @staticmethod
    def hold(session: Session, subject_ids: Iterable[str], *, erased: bool = False) -> None:
        """Until this transaction ends, an erasure of these people waits, and the end of their evidence keys. SQLite
        lets only one transaction write at a time and needs no lock. `erased`: only of those who are."""
        if session.get_bind().dialect.name == "sqlite":
            return
        wanted, kept = sorted(subject_ids), cast("_Kept | None", session.info.get(_KEPT))
        if kept is not None and kept.held.issuperset((i, erased) for i in wanted):
            return
        session.execute(_HELD_ERASED if erased else _HELD, {"ids": wanted})
        if kept is not None and not session.in_nested_transaction():
            kept.held.update((i, erased) for i in wanted)
        People._forget_keys(session)

    def organisation_cipher(self, session: Session) -> SubjectCipher:
        """The organisation's own keys, as a subject like any other; made on first use, opened once a session: nothing
        erases or rotates them."""
        if _ORGANISATION not in session.info:
            session.info[_ORGANISATION] = self._organisation_cipher(session)
            self._organisation_seen = True
        cipher: SubjectCipher = session.info[_ORGANISATION]
        return cipher

    def _organisation_cipher(self, session: Session) -> SubjectCipher:
        subject_id = self._organisation_id
        if session.get(Subject, subject_id) is None:
            try:
                with session.begin_nested():
                    self.create_subject(session, rotation.ORGANISATION, subject_id)
            except (IntegrityError, Conflict):
                pass  # another process made it at the same moment; it is there now
        return self.cipher(session, subject_id)
