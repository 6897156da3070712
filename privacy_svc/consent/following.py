"""What a person says about themselves reaches the suppression list too, where their address is known.

Who withdraws from direct marketing or objects is suppressed for just that; what takes it back on the person takes
their own entry back, never that of somebody else with the same address. What an erasure suppressed is lifted only by
the own new consent of whoever has the address now (Privacy Centre, double opt-in); an objection to all direct
marketing, by who lifts it.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.consent.objections import stand_since
from privacy_svc.consent.releasing import release, release_erased
from privacy_svc.consent.states import State
from privacy_svc.consent.suppression import (
    Cause,
    enlist,
    owned,
    owners,
    scopes_of,
)
from privacy_svc.consent.tables import Suppression
from privacy_svc.db import among, now
from privacy_svc.errors import KeyUnavailable, StoreUnavailable
from privacy_svc.http import Contact, CustomerDirectory
from privacy_svc.policy import PROFILING, Purpose
from privacy_svc.vault import Vault

_ANY = select(Suppression.scope).where(among(Suppression.scope, "scopes")).limit(1)


@dataclass(frozen=True)
class ListKeeper:
    """Keeps the list in step, in the transaction of what the person said."""

    vault: Vault
    log: Log
    directory: CustomerDirectory

    def suppress(self, session: Session, subject_id: str, scope: str, cause: Cause, actor: str) -> int:
        """Every address of theirs that the store holds; how many are new to the list.

        An objection must not fail because a store is away: it stands on the person, and the log says what is missing.
        """
        if scope == PROFILING:
            return 0  # nobody is written to for it
        try:
            known = self.directory.contacts(session, [subject_id]).get(subject_id, ())
            hasher = self.vault.address_hasher(session, write=True) if known else None
        except (StoreUnavailable, KeyUnavailable) as error:
            payload = {"scope": scope, "reason": str(cause), "addresses": 0, "failed": error.slug}
            self.log.append(session, EventType.ADDRESS_SUPPRESSED, actor=actor, payload=payload)
            return 0
        found = owned(hasher, subject_id, known) if hasher is not None else []
        return enlist(session, self.log, found, scope, cause, actor, now())

    def follow(self, session: Session, subject_id: str, purpose: Purpose, state: str, actor: str) -> None:
        """After a consent was recorded, by whomever."""
        if state == State.WITHDRAWN and purpose.direct_marketing:
            self.suppress(session, subject_id, purpose.key, Cause.UNSUBSCRIBE, actor)
        elif state == State.GIVEN:
            self.agreed(session, subject_id, [purpose.key], actor, "consent given")

    def follow_own(
        self, session: Session, subject_id: str, purpose: Purpose, actor: str, shown: Contact | None = None
    ) -> int:
        """After the person consented themselves: nothing of theirs stands against their addresses for this purpose any
        more, but what they still object to; nor does what people who were erased left there, or, where one address is
        `shown` to be theirs, left at that one: a letter proves nothing of a telephone."""
        scopes, because = scopes_of(purpose), "own consent"
        if not self.lists(session, scopes):
            return 0
        known = [shown] if shown else self.directory.contacts(session, [subject_id]).get(subject_id, ())
        left = self._not_objected(session, subject_id, scopes)
        freed = release_erased(session, self.vault, self.log, known, left, actor, because) if known else 0
        return freed + self.agreed(session, subject_id, scopes, actor, because)

    def agreed(self, session: Session, subject_id: str, scopes: Collection[str], actor: str, because: str) -> int:
        """Their unsubscriptions under these scopes are over, and the objections that do not stand any more. Raises
        KeyUnavailable."""
        lifted = self._not_objected(session, subject_id, scopes)
        return self._release(session, subject_id, {Cause.UNSUBSCRIBE: scopes, Cause.OBJECTION: lifted}, actor, because)

    def lifted(self, session: Session, subject_id: str, scope: str, actor: str) -> int:
        """After an objection of theirs was lifted. Raises KeyUnavailable."""
        left = self._not_objected(session, subject_id, [scope])
        return self._release(session, subject_id, {Cause.OBJECTION: left}, actor, "objection lifted")

    def _release(
        self,
        session: Session,
        subject_id: str,
        scopes: dict[Cause, Collection[str]],
        actor: str,
        because: str,
    ) -> int:
        """Asks for keys only where there is something to lift."""
        if not self.lists(session, {s for under in scopes.values() for s in under}):
            return 0
        return release(session, self.log, owners(session, self.vault, subject_id), scopes, actor, because)

    @staticmethod
    def _not_objected(session: Session, subject_id: str, scopes: Collection[str]) -> list[str]:
        standing = stand_since(session, [subject_id], scopes)
        return [scope for scope in scopes if (subject_id, scope) not in standing]

    @staticmethod
    def lists(session: Session, scopes: Collection[str]) -> bool:
        """Whether anybody's address is on the list for one of these."""
        session.flush()
        return session.connection().scalar(_ANY, {"scopes": list(scopes)}) is not None
