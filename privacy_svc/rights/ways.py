"""The ways to a recipient: by mail, by signed webhook, by OpenDSR. Each says as little as possible about the person."""

from sqlalchemy.orm import Session

from privacy_svc.client.webhooks import ID, SIGNATURE, TIMESTAMP, signature
from privacy_svc.db import Database, now
from privacy_svc.http import encode
from privacy_svc.mail import MailUnavailable
from privacy_svc.outbound import Unreachable
from privacy_svc.policy import Party, TellBy
from privacy_svc.rights import details, opendsr_sending, shared_secrets
from privacy_svc.rights.letters import Letters
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.outcome import Message, Outcome, refused
from privacy_svc.rights.parts import Parts
from privacy_svc.rights.recipients_model import RECIPIENT_KNOWS, RecipientNotice
from privacy_svc.rights.states import Right
from privacy_svc.rights.steps import progress

LIFTED = "lifted"
"""Noted with a restriction that is over."""
OPENDSR_RIGHTS = frozenset({Right.ERASURE})
"""What of Art. 16 to 18 OpenDSR 2.0 §6.2 has a word for; the rest goes by mail."""


def message(session: Session, parts: Parts, request: DataRequest, recipient: str) -> Message:
    """Raises Erased where the evidence key is gone, KeyUnavailable."""
    notice = session.get_one(RecipientNotice, (request.id, recipient))
    known = {}
    if notice.about is not None:
        cipher = details.cipher_of(session, parts.vault, request)
        known = cipher.open(RECIPIENT_KNOWS, f"{request.id}/{recipient}", notice.about)
    party = parts.organisation.recipients.get(recipient)
    use = shared_secrets.TOKEN if party and party.tell and party.tell.by is TellBy.OPENDSR else shared_secrets.WEBHOOK
    return Message(
        request_id=request.id,
        right=request.kind,
        received_at=request.received_at,
        event_id=notice.event_id,
        recipient=party,
        tries=notice.tries,
        told=notice.told_at is not None,
        identifier=known.get("identifier"),
        identity=known.get("identity"),
        secrets=tuple(shared_secrets.opened(session, parts.vault, recipient, use)),
        lifted=LIFTED in progress(request),
    )


def send(parts: Parts, said: Message, database: Database) -> Outcome:
    """No transaction is open meanwhile. Raises KeyUnavailable, Misconfigured."""
    party = said.recipient
    if party is None or party.tell is None:
        return Outcome(problem="by_hand", hopeless=True)
    try:
        if party.tell.by is TellBy.WEBHOOK:
            return _by_webhook(parts, said, party.tell.url)
        if party.tell.by is TellBy.OPENDSR and said.right in OPENDSR_RIGHTS:
            return opendsr_sending.send(parts, said, party, database)
        return _by_mail(parts, said, party)
    except Unreachable as error:
        return Outcome(problem=error.reason)


def _by_mail(parts: Parts, said: Message, party: Party) -> Outcome:
    letters = Letters(parts.organisation, None)
    letter = letters.to_recipient(said.right, party.name, said.request_id, said.identifier, lifted=said.lifted)
    try:
        parts.mailer.send(party.email, letter)
    except MailUnavailable:
        return Outcome(problem="mail_unavailable")
    return Outcome(sent=True, by=TellBy.EMAIL.value)


def _by_webhook(parts: Parts, said: Message, url: str) -> Outcome:
    if not said.secrets:
        return Outcome(problem="no_secret", hopeless=True)
    body, stamp = payload(said), int(now().timestamp())
    signatures = " ".join(signature(secret, said.event_id, stamp, body) for secret in said.secrets)
    headers = {
        "Content-Type": "application/json",
        ID: said.event_id,
        TIMESTAMP: str(stamp),
        SIGNATURE: signatures,
    }
    status = parts.outbound.call("POST", url, headers=headers, body=body).status
    if 200 <= status < 300:
        return Outcome(sent=True, by=TellBy.WEBHOOK.value, answer="received")
    return refused(status)


def payload(said: Message) -> bytes:
    """The same at every try."""
    data = {"request": said.request_id, "right": said.right.value, "article": said.right.article}
    if said.identifier is not None:
        data["identifier"] = said.identifier
    return encode({"type": f"rights.{said.right.value}{'_lifted' if said.lifted else ''}", "data": data})
