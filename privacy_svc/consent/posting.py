"""Letters that ask to confirm go out once what they are about is committed, whatever is killed: at least once.

Who asked for one sends it. A link whose letter was not noted as sent within the lease is a worker's: it sends the same
letter with the same link. A transaction takes it, and another notes the end; none is open while mail is sent.
"""

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import CursorResult, Select, delete, select
from sqlalchemy.orm import Session

from privacy_svc.consent.confirming import LEASE, Confirmer, Post, opened, seal
from privacy_svc.consent.model import Confirmation
from privacy_svc.db import Database, now
from privacy_svc.errors import PrivacyError, Unavailable
from privacy_svc.mail import Mailer, MailRefused, MailUnavailable
from privacy_svc.vault import Vault

_log = structlog.get_logger(__name__)


def deliver(database: Database, vault: Vault, mailer: Mailer, post: Post) -> None:
    """Once it is committed. What the mail server does not take now is a worker's."""
    try:
        mailer.send(post.address, post.letter)
    except MailUnavailable:
        _log.warning("consent.letter_waits", until=post.until.isoformat())
        return
    with database.write() as session:
        note_sent(session, vault, post)


def note_sent(session: Session, vault: Vault, post: Post) -> None:
    """From here on nobody but the person has the link's token."""
    row = session.get(Confirmation, post.link, with_for_update=True, populate_existing=True)
    if row is None or row.sealed is None or row.send_at is None:
        return  # it was used, forgotten or noted meanwhile
    row.send_at = None
    seal(session, vault, row, {name: value for name, value in opened(session, vault, row).items() if name != "token"})


def forget_unsent(session: Session, post: Post) -> bool:
    """A letter that could not be sent: nobody has its link, and it is none of the few that a person gets in a day.
    False where a worker has turned to it meanwhile."""
    unsent = delete(Confirmation).where(Confirmation.digest == post.link, Confirmation.send_at == post.until)
    done: CursorResult[Any] = session.connection().execute(unsent)
    return done.rowcount > 0


def send_due(database: Database, confirmer: Confirmer, mailer: Mailer) -> int:
    """Letters that nobody has sent, each tried once; how many went out. One that is refused or cannot be made holds up
    no other; a mail server that is away ends the round. What is not taken is tried again after as long as it has
    waited, until its link expires."""
    with database.read() as session:
        found = list(session.scalars(_due(now())))
    count = 0
    for link in found:
        try:
            count += _send(database, confirmer, mailer, link)
        except MailRefused:
            _log.warning("consent.letter_refused")
        except MailUnavailable:
            _log.warning("consent.letters_wait", letters=len(found) - count)
            break
        except Unavailable:
            raise
        except PrivacyError as error:
            _log.error("consent.letter_not_made", kind=type(error).__name__)
    return count


def _send(database: Database, confirmer: Confirmer, mailer: Mailer, link: bytes) -> int:
    with database.write() as session:
        post = _take(session, confirmer, link, now())
    if post is None:
        return 0
    mailer.send(post.address, post.letter)
    with database.write() as session:
        note_sent(session, confirmer.vault, post)
    return 1


def _due(at: datetime) -> Select[bytes]:
    due = select(Confirmation.digest).where(Confirmation.send_at <= at, Confirmation.expires_at > at)
    return due.order_by(Confirmation.send_at)


def _take(session: Session, confirmer: Confirmer, link: bytes, at: datetime) -> Post | None:
    """For nobody else until it is tried again; None where somebody else has it. What has become pointless is
    forgotten."""
    mine = select(Confirmation).where(Confirmation.digest == link, Confirmation.send_at <= at)
    row = session.scalar(mine.with_for_update(skip_locked=True))
    if row is None:
        return None
    row.send_at = at + max(LEASE, at - row.asked_at)
    post = confirmer.post_again(session, row)
    if post is None:
        session.delete(row)
    return post
