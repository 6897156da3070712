"""The one path of everything people say about a purpose, whichever way it came: API, Privacy Centre, link in a mail."""

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.consent import service
from privacy_svc.consent.confirming import Asked, Confirmer, Post
from privacy_svc.consent.following import ListKeeper
from privacy_svc.consent.schemas import ConsentView, RecordConsent
from privacy_svc.db import now
from privacy_svc.http import CustomerDirectory
from privacy_svc.policy import PolicySet
from privacy_svc.vault import Vault

PERSON = "person"
"""The actor of what people do themselves."""


@dataclass(frozen=True)
class Choices:
    """Records, keeps the suppression list in step, asks for confirmation; all in the caller's transaction."""

    vault: Vault
    log: Log
    directory: CustomerDirectory
    policies: PolicySet
    base_url: str

    @cached_property
    def keeper(self) -> ListKeeper:
        return ListKeeper(self.vault, self.log, self.directory)

    @cached_property
    def _confirmer(self) -> Confirmer:
        return Confirmer(self.vault, self.log, self.directory, self.policies, self.base_url)

    def say(
        self, session: Session, subject_id: str, wanted: RecordConsent, actor: str
    ) -> tuple[ConsentView, Post | None]:
        """Where the purpose asks for double opt-in, with a letter to send once this is committed. Raises InvalidBody,
        Erased, NoAddress, TooManyRequests."""
        if self._confirmer.needed_for(wanted):
            return self._confirmer.ask(session, subject_id, wanted, actor)
        said = service.record(
            session, self.vault, self.log, self.policies, actor=actor, subject_id=subject_id, wanted=wanted, at=now()
        )
        self.keeper.follow(session, subject_id, self.policies.purposes[said.purpose], said.state, actor)
        return said, None

    def show_link(self, session: Session, token: str) -> Asked:
        """What a link of a letter asks to confirm. Changes nothing. Raises LinkGone."""
        return self._confirmer.show(session, token)

    def confirm(self, session: Session, token: str) -> ConsentView:
        """The person pressed the button. Raises LinkGone, Erased, StoreUnavailable."""
        subject_id, said = self._confirmer.confirm(session, token, PERSON)
        self.keeper.follow_own(session, subject_id, self.policies.purposes[said.purpose], PERSON)
        return said
