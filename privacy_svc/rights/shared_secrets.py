"""What a recipient and we share: the secret that signs webhooks, the token for their OpenDSR address. Sealed at rest by
the organisation's key; handed out once, by the command that makes it; never logged."""

import base64
import os
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.client.webhooks import PREFIX
from privacy_svc.db import new_id, now
from privacy_svc.errors import BadRequest
from privacy_svc.rights.recipients_model import RECIPIENT_SECRET, RecipientSecret
from privacy_svc.vault import Vault

WEBHOOK, TOKEN = "webhook", "token"
BYTES = 32
ROTATION = timedelta(days=7)
"""How long a replaced secret signs along, for the recipient to change over."""


def new_webhook_secret(session: Session, vault: Vault, log: Log, recipient: str, actor: str) -> tuple[str, datetime]:
    """The new secret, and until when the one before signs along."""
    secret = PREFIX + base64.b64encode(os.urandom(BYTES)).decode()
    ends_at = now() + ROTATION
    for older in _standing(session, recipient, WEBHOOK):
        older.ends_at = older.ends_at or ends_at
    _keep(session, vault, log, recipient, WEBHOOK, secret, actor)
    return secret, ends_at


def set_token(session: Session, vault: Vault, log: Log, recipient: str, token: str, actor: str) -> None:
    """As the recipient gave it to us; the one before is forgotten."""
    if not token.isascii() or not token.isprintable() or not token.strip() or " " in token:
        raise BadRequest("A token is one word of visible ASCII characters.")
    for older in _standing(session, recipient, TOKEN):
        session.delete(older)
    _keep(session, vault, log, recipient, TOKEN, token, actor)


def opened(session: Session, vault: Vault, recipient: str, use: str) -> list[str]:
    """Those that are in use, the newest first."""
    found = _standing(session, recipient, use)
    cipher = vault.organisation_cipher(session) if found else None
    return [cipher.open(RECIPIENT_SECRET, s.id, s.sealed) for s in found if cipher]


def known(session: Session) -> dict[str, int]:
    """How many secrets are in use, by recipient."""
    found: dict[str, int] = {}
    for recipient in session.scalars(select(RecipientSecret.recipient).where(_stands())):
        found[recipient] = found.get(recipient, 0) + 1
    return found


def _keep(session: Session, vault: Vault, log: Log, recipient: str, use: str, secret: str, actor: str) -> None:
    name = new_id()
    sealed = vault.organisation_cipher(session).seal(RECIPIENT_SECRET, name, secret)
    session.add(RecipientSecret(id=name, recipient=recipient, use=use, sealed=sealed))
    log.append(session, EventType.RECIPIENT_SECRET_CHANGED, actor=actor, payload={"recipient": recipient, "use": use})


def _standing(session: Session, recipient: str, use: str) -> list[RecipientSecret]:
    mine = (RecipientSecret.recipient == recipient, RecipientSecret.use == use, _stands())
    return list(session.scalars(select(RecipientSecret).where(*mine).order_by(RecipientSecret.id.desc())))


def _stands() -> ColumnElement[bool]:
    return or_(RecipientSecret.ends_at.is_(None), RecipientSecret.ends_at > now())
