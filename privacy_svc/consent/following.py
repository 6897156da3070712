"""What a person says about themselves reaches the suppression list too, where their address is known.

Who withdraws from direct marketing or objects is suppressed for just that; what takes it back on the person takes it
back on the list. What an erasure suppressed is lifted only by the person's own new consent (Privacy Centre, double
opt-in); an objection to all direct marketing, by who lifts it.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.consent.objections import objects_since
from privacy_svc.consent.states import State
from privacy_svc.consent.suppression import Cause, digests, enlist, release, scopes_of
from privacy_svc.consent.tables import Suppression
from privacy_svc.db import among, now
from privacy_svc.errors import KeyUnavailable, StoreUnavailable
from privacy_svc.http import CustomerDirectory
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
            found = digests(session, self.vault, known) if known else []
        except (StoreUnavailable, KeyUnavailable) as error:
            payload = {"scope": scope, "reason": str(cause), "addresses": 0, "failed": error.slug}
            self.log.append(session, EventType.ADDRESS_SUPPRESSED, actor=actor, payload=payload)
            return 0
        return enlist(session, self.log, found, scope, cause, actor, now())

    def follow(self, session: Session, subject_id: str, purpose: Purpose, state: str, actor: str) -> None:
        """After a consent was recorded, by whomever."""
        if state == State.WITHDRAWN and purpose.direct_marketing:
            self.suppress(session, subject_id, purpose.key, Cause.UNSUBSCRIBE, actor)
        elif state == State.GIVEN:
            self.release(session, subject_id, [purpose.key], actor, "consent given")

    def follow_own(self, session: Session, subject_id: str, purpose: Purpose, actor: str) -> int:
        """After the person consented themselves: nothing stands against their addresses for this purpose any more, but
        what they still object to."""
        lifted = [scope for scope in scopes_of(purpose) if objects_since(session, subject_id, scope) is None]
        return self.release(session, subject_id, lifted, actor, "own consent")

    def release(self, session: Session, subject_id: str, scopes: Collection[str], actor: str, because: str) -> int:
        """Looks at the store only where there is something to lift. Raises StoreUnavailable, KeyUnavailable."""
        if not self.lists(session, scopes):
            return 0
        known = self.directory.contacts(session, [subject_id]).get(subject_id, ())
        return release(session, self.vault, self.log, known, scopes, actor, because) if known else 0

    @staticmethod
    def lists(session: Session, scopes: Collection[str]) -> bool:
        """Whether anybody's address is on the list for one of these."""
        session.flush()
        return session.connection().scalar(_ANY, {"scopes": list(scopes)}) is not None
