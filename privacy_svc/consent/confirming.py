"""Double opt-in: what was agreed to counts once the person confirmed it by a link that was mailed to them.

The link is a page with a button, because programs that look at links in mails must not confirm anything. It proves
that the mailbox is theirs, so it is evidence for this purpose by e-mail and for nothing else (BGH I ZR 164/09). What
a guardian agreed to for a child (Art. 8 GDPR) is the guardian's to confirm: their letter goes to them (decision 12).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import delete
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log, Signer
from privacy_svc.consent import letters, service, unsubscribing
from privacy_svc.consent.checks import check
from privacy_svc.consent.errors import LinkGone, NoAddress
from privacy_svc.consent.flooding import mailbox_of, require_few
from privacy_svc.consent.model import CONFIRMATION, Confirmation, Consent
from privacy_svc.consent.recording import record
from privacy_svc.consent.schemas import ConsentView, Guardian, NoticeRef, RecordConsent, Source
from privacy_svc.consent.standing import latest, state_at
from privacy_svc.consent.states import DOUBLE_OPT_IN, State
from privacy_svc.consent.versions import hold
from privacy_svc.db import now
from privacy_svc.errors import Fault, InvalidBody
from privacy_svc.http import Contact, CustomerDirectory
from privacy_svc.identity import digest, new_secret
from privacy_svc.mail import Letter
from privacy_svc.policy import PolicySet, Purpose
from privacy_svc.vault import Subject, Vault, normalise

STILL_KNOWN = timedelta(days=7)
LEASE = timedelta(minutes=5)
"""Longer than any sending takes: so long nobody else sends the letter."""


@dataclass(frozen=True, slots=True)
class Post:
    """A letter to send once the transaction is done, by `until` at the latest. `link` is the digest of its link."""

    address: str
    letter: Letter
    link: bytes
    until: datetime

    def __repr__(self) -> str:
        return "Post(…)"


@dataclass(frozen=True, slots=True)
class Offered:
    """What a link offers to confirm."""

    purpose: Purpose
    notice: NoticeRef
    expires_at: datetime


@dataclass(frozen=True)
class Confirmer:
    """Asks for confirmations and takes them; in the caller's transaction."""

    vault: Vault
    log: Log
    directory: CustomerDirectory
    policies: PolicySet
    base_url: str
    signer: Signer

    def needed_for(self, wanted: RecordConsent) -> bool:
        purpose = self.policies.purposes.get(wanted.purpose)
        rule = purpose.consent if purpose else None
        return wanted.state == "given" and rule is not None and rule.double_opt_in

    def ask(
        self, session: Session, subject_id: str, wanted: RecordConsent, actor: str
    ) -> tuple[ConsentView, Post | None]:
        """Records `requested`; a consent that stands goes on standing meanwhile. No letter where something later was
        recorded before. Raises InvalidBody, Erased, NoAddress, TooManyRequests."""
        at = now()
        purpose = check(self.policies, wanted, at)
        hold(session, subject_id)
        address = self._address(session, subject_id, wanted)
        require_few(session, subject_id, mailbox_of(session, self.vault, address), at)
        standing = next(latest(session, [subject_id], [purpose.key]), None)
        if standing is not None and state_at(standing.state, standing.valid_until, at) is State.GIVEN:
            said = msgspec.structs.replace(service.view(standing), state=State.REQUESTED)
            payload = {"consent": standing.id, "purpose": purpose.key, "again": True}
            self.log.append(
                session,
                EventType.CONSENT_REQUESTED,
                actor=actor,
                subject_id=subject_id,
                payload=payload,
                evidence=True,
            )
        else:
            said = self._record(session, subject_id, wanted, actor, at, confirmed=False)
            session.flush()
            standing = next(latest(session, [subject_id], [purpose.key]))
            if standing.id != said.id:
                return said, None
        return said, self._post(session, subject_id, purpose, wanted, standing, address, at)

    def show(self, session: Session, token: str) -> Offered:
        """Changes nothing. Raises LinkGone."""
        row = self._find(session, token)
        if session.get_one(Subject, row.subject_id).erased_at is not None:
            raise LinkGone("Your data were erased since the link was sent.")
        wanted, _ = self._offered(session, row)
        assert wanted.notice is not None
        return Offered(self.policies.purposes[row.purpose], wanted.notice, row.expires_at)

    def confirm(self, session: Session, token: str, actor: str) -> tuple[str, ConsentView, Contact | None]:
        """Records `given` by the link's holder; the subject, the consent, and the address that is shown to be theirs:
        none where a guardian confirmed. Raises LinkGone, Erased, StoreUnavailable."""
        hold(session, self._find(session, token).subject_id)  # first the person, as an erasure does: else both wait
        row = self._find(session, token, lock=True)
        standing = next(latest(session, [row.subject_id], [row.purpose]), None)
        if standing is None or standing.id != row.standing:
            raise LinkGone("You have said something else about this since the link was sent.")
        at = now()
        wanted, address = self._offered(session, row)
        by_guardian = wanted.guardian is not None
        if not by_guardian and not self._is_theirs(session, row.subject_id, address):
            raise LinkGone("Your e-mail address is another one now.")
        proof = {"channel": "email", "address": address, "link": row.digest.hex()[:16]}
        times = {"asked_at": row.asked_at.isoformat(), "confirmed_at": at.isoformat()}
        row.used_at, row.sealed, row.send_at = at, None, None
        said = self._record(session, row.subject_id, _proven(wanted, proof | times), actor, at, confirmed=True)
        return row.subject_id, said, None if by_guardian else Contact("email", address)

    def _record(
        self, session: Session, subject_id: str, wanted: RecordConsent, actor: str, at: datetime, *, confirmed: bool
    ) -> ConsentView:
        return record(
            session,
            self.vault,
            self.log,
            self.policies,
            actor=actor,
            subject_id=subject_id,
            wanted=wanted,
            at=at,
            confirmed=confirmed,
        )

    def _address(self, session: Session, subject_id: str, wanted: RecordConsent) -> str:
        """On file, not what a form says: a link to an address that is not the person's would prove nothing of them. A
        guardian is in no store; theirs is the one by which they were verified, and never the child's."""
        if wanted.guardian is not None:
            return self._of_guardian(session, subject_id, wanted.guardian)
        for kind, value in self.directory.contacts(session, [subject_id]).get(subject_id, ()):
            if kind == "email" and "@" in value:
                return value.strip()
        raise NoAddress("This purpose is confirmed by e-mail, and the customer store has no address of this person.")

    def _of_guardian(self, session: Session, subject_id: str, guardian: Guardian) -> str:
        """Raises InvalidBody."""
        given = (guardian.contact or "").strip()
        if normalise("email", given, self.vault.region) is None:
            why = "the guardian confirms this purpose by e-mail: give their address"
        elif self._is_theirs(session, subject_id, given):
            why = "is the child's own address: give the guardian's"
        else:
            return given
        raise InvalidBody("Nobody could confirm this.", faults=[Fault("/guardian/contact", why)])

    def _is_theirs(self, session: Session, subject_id: str, address: str) -> bool:
        """Whether they are still reached there: who has a mailbox of before confirms nothing for the one of now."""
        proven = normalise("email", address, self.vault.region)
        known = self.directory.contacts(session, [subject_id]).get(subject_id, ())
        return any(normalise(*contact, self.vault.region) == proven for contact in known if contact.kind == "email")

    def _post(
        self,
        session: Session,
        subject_id: str,
        purpose: Purpose,
        wanted: RecordConsent,
        standing: Consent,
        address: str,
        at: datetime,
    ) -> Post:
        assert purpose.consent is not None
        assert wanted.notice is not None
        hours, token = purpose.consent.confirm_hours, new_secret()
        row = Confirmation(
            digest=digest(token),
            subject_id=subject_id,
            purpose=purpose.key,
            standing=standing.id,
            asked_at=at,
            expires_at=at + timedelta(hours=hours),
            send_at=at + LEASE,
            mailbox=mailbox_of(session, self.vault, address),
        )
        text = self.policies.notices[wanted.notice.id, wanted.notice.version, wanted.notice.language]
        asked = {"wanted": msgspec.to_builtins(wanted), "address": address, "token": token, "text": text.digest}
        seal(session, self.vault, row, asked)
        session.add(row)
        return self._written(row, wanted, address, token)

    def post_again(self, session: Session, row: Confirmation) -> Post | None:
        """The letter of a link that waits to be sent; None where nothing is left to confirm."""
        if session.get_one(Subject, row.subject_id).erased_at is not None:
            return None
        standing = next(latest(session, [row.subject_id], [row.purpose]), None)
        if row.purpose not in self.policies.purposes or standing is None or standing.id != row.standing:
            return None
        asked = opened(session, self.vault, row)
        wanted = msgspec.convert(asked["wanted"], RecordConsent)
        return self._written(row, wanted, asked["address"], asked["token"])

    def _written(self, row: Confirmation, wanted: RecordConsent, address: str, token: str) -> Post:
        assert row.send_at is not None
        assert wanted.notice is not None
        purpose, hours = self.policies.purposes[row.purpose], (row.expires_at - row.asked_at) // timedelta(hours=1)
        organisation = self.policies.organisation
        language, for_child = wanted.notice.language, wanted.guardian is not None
        letter = letters.ask_to_confirm(
            organisation, purpose, language, hours, self.base_url, token, for_child=for_child
        )
        stop = unsubscribing.make_token(self.signer, row.subject_id, purpose.key)
        headers = unsubscribing.headers(unsubscribing.link(self.base_url, stop))
        return Post(address, replace(letter, headers=headers), row.digest, row.send_at)

    def _find(self, session: Session, token: str, *, lock: bool = False) -> Confirmation:
        row = session.get(Confirmation, digest(token), with_for_update=lock or None, populate_existing=True)
        if row is None:
            raise LinkGone("The link is not complete, or not one of ours.")
        if row.used_at is not None:
            raise LinkGone("The link was used before. If it was you, all is done.")
        if row.expires_at <= now():
            raise LinkGone("The link is too old.")
        if row.purpose not in self.policies.purposes:
            raise LinkGone("What the link is about does not exist any more.")
        return row

    def _offered(self, session: Session, row: Confirmation) -> tuple[RecordConsent, str]:
        """What the link confirms, and where it went. Raises LinkGone where that is not what the person was asked any
        more: nobody confirms a text that changed since they read it."""
        asked = opened(session, self.vault, row)
        wanted = msgspec.structs.replace(msgspec.convert(asked["wanted"], RecordConsent), given_at=None)
        assert wanted.notice is not None
        text = self.policies.notices.get((wanted.notice.id, wanted.notice.version, wanted.notice.language))
        if text is None or text.digest != asked.get("text", text.digest):
            raise LinkGone("The text you agreed to is another one now.")
        try:
            check(self.policies, wanted, now())
        except InvalidBody:
            raise LinkGone("What you agreed to is not asked for in this way any more.") from None
        return wanted, str(asked["address"])


def seal(session: Session, vault: Vault, row: Confirmation, asked: dict[str, Any]) -> None:
    row.sealed = vault.cipher(session, row.subject_id, "evidence").seal(CONFIRMATION, row.digest.hex(), asked)


def opened(session: Session, vault: Vault, row: Confirmation) -> dict[str, Any]:
    assert row.sealed is not None
    found: Any = vault.cipher(session, row.subject_id, "evidence").open(CONFIRMATION, row.digest.hex(), row.sealed)
    return dict(found)


def _proven(wanted: RecordConsent, proof: dict[str, Any]) -> RecordConsent:
    """With the caller's evidence and ours."""
    given = wanted.source.evidence
    evidence = {DOUBLE_OPT_IN: proof} | ({"given": given} if given is not None else {})
    source = Source(wanted.source.channel, wanted.source.method, wanted.source.reference, evidence)
    return msgspec.structs.replace(wanted, source=source)


def forget_links(session: Session, at: datetime) -> None:
    """Links that have expired, with the address they went to. A while later, so that the page can still say so."""
    session.execute(delete(Confirmation).where(Confirmation.expires_at <= at - STILL_KNOWN))


def forget_links_of(session: Session, subject_id: str) -> None:
    """At the person's erasure: the addresses are sealed by the key that outlives it."""
    session.execute(delete(Confirmation).where(Confirmation.subject_id == subject_id))
