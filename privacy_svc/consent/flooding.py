"""Nobody's form, and no caller, may fill somebody's mailbox with links to confirm."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from privacy_svc.consent.model import Confirmation
from privacy_svc.http import TooManyRequests
from privacy_svc.vault import Vault, normalise

A_DAY = 5
"""Links about one person."""
A_MAILBOX = 10
"""Links to one address, whomever they are about: a caller gives a guardian's, and may name many children."""


def mailbox_of(session: Session, vault: Vault, address: str) -> bytes:
    """A hash that only the organisation's key makes."""
    normal = normalise("email", address, vault.region) or address
    return vault.organisation_cipher(session).tag(f"confirmations|{normal}", 32)


def require_few(session: Session, subject_id: str, mailbox: bytes, at: datetime) -> None:
    """Raises TooManyRequests."""
    since = at - timedelta(days=1)
    if _links(session, Confirmation.subject_id == subject_id, since) >= A_DAY:
        raise TooManyRequests(f"At most {A_DAY} links a day are sent to one person.")
    if _links(session, Confirmation.mailbox == mailbox, since) >= A_MAILBOX:
        raise TooManyRequests(f"At most {A_MAILBOX} links a day are sent to one address.")


def _links(session: Session, whose: ColumnElement[bool], since: datetime) -> int:
    return (
        session.scalar(select(func.count()).select_from(Confirmation).where(whose, Confirmation.asked_at > since)) or 0
    )
