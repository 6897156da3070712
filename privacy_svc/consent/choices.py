"""The one path of everything people say about a purpose, whichever way it came: API, Privacy Centre, link in a mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from itertools import chain

from litestar.di import NamedDependency, Provide
from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log, Signer
from privacy_svc.consent import unsubscribing
from privacy_svc.consent.checks import require_open_to_objection
from privacy_svc.consent.confirming import Confirmer, Offered, Post
from privacy_svc.consent.following import ListKeeper
from privacy_svc.consent.invalidating import withdraw_former
from privacy_svc.consent.model import Consent
from privacy_svc.consent.objections import lift_objection, object_to, objects_since, was_signalled
from privacy_svc.consent.recording import Saying, record_all
from privacy_svc.consent.schemas import ConsentView, RecordConsent, Source, UnsubscribeLink
from privacy_svc.consent.standing import latest
from privacy_svc.consent.states import State
from privacy_svc.consent.suppression import Cause
from privacy_svc.consent.versions import hold
from privacy_svc.db import each, now
from privacy_svc.errors import Erased, PrivacyError
from privacy_svc.http import CustomerDirectory, CustomerRef
from privacy_svc.policy import LegalBasis, PolicyHolder, PolicySet, Purpose, is_objectionable
from privacy_svc.settings import Settings
from privacy_svc.vault import Vault

PERSON = "person"
"""The actor of what people do themselves."""
GPC, ONE_CLICK = "gpc", "one-click"
"""Channels: a browser's general signal, a link in a mail."""
Said = tuple[ConsentView, Post | None]
_PERMITTING = frozenset({State.GIVEN, State.REQUESTED})


@dataclass(frozen=True)
class Choices:
    """Records, keeps the suppression list in step, asks for confirmation; all in the caller's transaction."""

    vault: Vault
    log: Log
    directory: CustomerDirectory
    policies: PolicySet
    base_url: str
    signer: Signer

    @cached_property
    def keeper(self) -> ListKeeper:
        return ListKeeper(self.vault, self.log, self.directory)

    @cached_property
    def confirmer(self) -> Confirmer:
        return Confirmer(self.vault, self.log, self.directory, self.policies, self.base_url, self.signer)

    def say(self, session: Session, subject_id: str, wanted: RecordConsent, actor: str) -> Said:
        """`say_all` of one. Raises InvalidBody, Erased, NoAddress, TooManyRequests."""
        return self._say_one(session, Saying(subject_id, wanted, actor))

    def _say_one(self, session: Session, saying: Saying) -> Said:
        found = self.say_all(session, [saying])[0]
        if isinstance(found, PrivacyError):
            raise found
        return found

    def say_all(self, session: Session, sayings: Sequence[Saying]) -> list[Said | PrivacyError]:
        """Each one's record, or why it is refused. Where the purpose asks for double opt-in, with a letter to send once
        this is committed. Raises what a look at the store does: then nothing holds."""
        asking = {n: saying for n, saying in enumerate(sayings) if self.confirmer.needed_for(saying.wanted)}
        plain = {n: saying for n, saying in enumerate(sayings) if n not in asking}
        found: dict[int, Said | PrivacyError] = {}
        if plain:
            found |= zip(plain, self._record(session, list(plain.values())), strict=True)
        if asking:
            found |= zip(asking, each(session, [partial(self._ask, saying) for saying in asking.values()]), strict=True)
        return [found[n] for n in range(len(sayings))]

    def _ask(self, saying: Saying, session: Session) -> Said:
        return self.confirmer.ask(session, saying.subject_id, saying.wanted, saying.actor)

    def _record(self, session: Session, sayings: Sequence[Saying]) -> list[Said | PrivacyError]:
        found = record_all(session, self.vault, self.log, self.policies, sayings, now())
        said = [(s, view) for s, view in zip(sayings, found, strict=True) if isinstance(view, ConsentView)]
        given = {view.purpose for _, view in said if view.state == State.GIVEN}
        lifting = bool(given) and self.keeper.lists(session, given)
        for saying, view in said:
            stands = saying.wanted.given_at is None or self._stands(session, saying.subject_id, view)
            if stands and (lifting or view.state != State.GIVEN):  # late news may change nothing
                purpose = self.policies.purposes[view.purpose]
                self.keeper.follow(session, saying.subject_id, purpose, view.state, saying.actor)
        return [(view, None) if isinstance(view, ConsentView) else view for view in found]

    def _stands(self, session: Session, subject_id: str, said: ConsentView) -> bool:
        session.flush()
        last = next(latest(session, [subject_id], [said.purpose]), None)
        return last is not None and last.id == said.id

    def show_link(self, session: Session, token: str) -> Offered:
        """What a link of a letter asks to confirm. Changes nothing. Raises LinkGone."""
        return self.confirmer.show(session, token)

    def confirm(self, session: Session, token: str, *, gpc: bool = False) -> ConsentView:
        """The person pressed the button, which is more than their browser's general signal says: that is noted as of
        before, and what it objects to here is taken back. Raises LinkGone, Erased, StoreUnavailable."""
        subject_id, said, address = self.confirmer.confirm(session, token, PERSON)
        if gpc:
            self.signal(session, subject_id, PERSON, min(now(), said.given_at - timedelta(microseconds=1)))
            lift_objection(session, self.log, subject_id, said.purpose, PERSON, f"consent {said.id}")
        purpose = self.policies.purposes[said.purpose]
        if address is None:  # a guardian showed nothing of the child's addresses
            self.keeper.follow(session, subject_id, purpose, said.state, PERSON)
        else:
            self.keeper.follow_own(session, subject_id, purpose, PERSON, shown=address)
        return said

    def unsubscribe_link(self, subject_id: str, purpose: str) -> UnsubscribeLink:
        """Raises InvalidBody where there is nothing to withdraw or object to."""
        found = self.policies.purposes.get(purpose)
        if found is None or found.consent is None:
            require_open_to_objection(self.policies, purpose)
        url = unsubscribing.link(self.base_url, unsubscribing.make_token(self.signer, subject_id, purpose))
        warning = None if url.startswith("https:") else unsubscribing.NOT_HTTPS
        return UnsubscribeLink(url, dict(unsubscribing.headers(url)), warning)

    def read_unsubscribing(self, session: Session, token: str) -> tuple[str, str]:
        """Whom a link is about, and the purpose it ends: also one that the policy has no more, where the person ever
        said something about it. Raises UnknownLink."""
        opened = unsubscribing.open_token(token)
        former = select(Consent.purpose).where(Consent.subject_id == opened.subject_id).distinct()
        purposes = chain(self.policies.purposes, (key for key in session.scalars(former)))
        return opened.subject_id, unsubscribing.purpose_of(self.signer, opened, purposes)

    def unsubscribe(self, session: Session, token: str, *, gpc: bool = False) -> str:
        """At once, and as often as it is asked for: the purpose. Raises UnknownLink, KeyUnavailable."""
        subject_id, key = self.read_unsubscribing(session, token)
        purpose = self.policies.purposes.get(key)
        try:
            hold(session, subject_id)
        except Erased:  # they are written to no more
            return key
        if purpose is None:  # nobody works for it now; an older policy that came back would
            withdraw_former(session, self.log, subject_id, key, ONE_CLICK, PERSON)
        elif not is_over(session, subject_id, purpose):
            self.take_back(session, subject_id, purpose, ONE_CLICK, PERSON)
        if gpc:
            self.signal(session, subject_id, PERSON)
        return key

    def signal(self, session: Session, subject_id: str, actor: str, at: datetime | None = None) -> list[str]:
        """Global Privacy Control (`Sec-GPC: 1`) was seen; the purposes it was noted for now: see `_signalled`. Raises
        Erased, NotFound."""
        hold(session, subject_id)
        honouring = [p for p in self.policies.purposes.values() if p.honours_gpc]
        fresh = [p for p in honouring if not _signalled(session, subject_id, p)]
        for purpose in fresh:
            self.take_back(session, subject_id, purpose, GPC, actor, at)
        return [p.key for p in fresh]

    def take_back(
        self,
        session: Session,
        subject_id: str,
        purpose: Purpose,
        channel: str,
        actor: str,
        at: datetime | None = None,
    ) -> None:
        """A consent is withdrawn; what rests on another basis is objected to. A purpose may have both: an interest, and
        explicit consent for its special categories. What was agreed to while it rested on consent is withdrawn too: it
        would count again if that came back."""
        if purpose.consent is None:
            withdraw_former(session, self.log, subject_id, purpose.key, channel, actor)
        else:
            ref = CustomerRef(subject=subject_id)
            wanted = RecordConsent(ref, purpose.key, "withdrawn", Source(channel), given_at=at)
            self._say_one(session, Saying(subject_id, wanted, actor, superseded=at is not None))
        if _is_objected_to(purpose):
            signalled = channel == GPC
            object_to(session, self.log, subject_id, purpose.key, actor, channel, signalled=signalled)
            self.keeper.suppress(session, subject_id, purpose.key, Cause.OBJECTION, actor)


def _is_objected_to(purpose: Purpose) -> bool:
    return purpose.legal_basis is not LegalBasis.CONSENT and is_objectionable(purpose)


def can_be_taken_back(purpose: Purpose) -> bool:
    """Whether a person's no changes anything now: a purpose may have come to rest on a contract or a law meanwhile."""
    return purpose.consent is not None or is_objectionable(purpose)


def is_over(session: Session, subject_id: str, purpose: Purpose) -> bool:
    """Nothing is left to take back."""
    last = next(latest(session, [subject_id], [purpose.key]), None)
    if purpose.consent is None:
        withdrawn = last is None or last.state not in _PERMITTING
    else:
        withdrawn = last is not None and last.state == State.WITHDRAWN
    return withdrawn and (not _is_objected_to(purpose) or objects_since(session, subject_id, purpose.key) is not None)


def _signalled(session: Session, subject_id: str, purpose: Purpose) -> bool:
    """Whether a signal was noted for this purpose before. The rule:

    * The first one is an objection by automated means (Art. 21(5)), or a withdrawal, as good as any other. It is noted
      whatever was said before it: also where an objection by other means was lifted since, for that was before the
      signal, and also where one stands, so that the signal itself is known when that one is lifted.
    * It is noted once. A browser repeats it with each request, and a repetition is no new word: what the person says on
      purpose after the first one, by lifting the objection or by agreeing, stands.
    """
    if _is_objected_to(purpose):
        return was_signalled(session, subject_id, purpose.key)
    mine = (Consent.subject_id == subject_id, Consent.purpose == purpose.key)
    noted = (Consent.channel == GPC, Consent.state == State.WITHDRAWN.value)  # any caller may name a yes of theirs so
    return session.scalar(select(Consent.purpose).where(*mine, *noted).limit(1)) is not None


def _choices(
    vault: NamedDependency[Vault],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    policies: NamedDependency[PolicyHolder],
    settings: NamedDependency[Settings],
    signer: NamedDependency[Signer],
) -> Choices:
    return Choices(vault, log, directory, policies.current, settings.base_url, signer)


CHOICES = {"choices": Provide(_choices, sync_to_thread=False)}
"""For a handler that is given `choices`: one policy for the whole request."""
