"""Sends what people are owed: at once, and again in the threads that tell recipients. No transaction is open meanwhile;
a worker that is killed in between sends it again."""

import threading
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from privacy_svc.db import Database, now
from privacy_svc.errors import Erased, PrivacyError
from privacy_svc.mail import Letter, MailRefused, MailUnavailable
from privacy_svc.rights import extending, links, owed
from privacy_svc.rights.backoff import LEASE, TRIES, wait_after
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.owed_model import EXTENSION, PACKAGE, OwedLetter
from privacy_svc.rights.parts import WORKER, Event, Parts, find

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Written:
    """What goes out. `due`: the letter's own, which a letter that is readdressed meanwhile has no more."""

    address: str
    letter: Letter
    due: datetime

    def __repr__(self) -> str:
        return f"_Written(due={self.due.isoformat()})"


class Outbox:
    def __init__(self, database: Database, parts: Parts) -> None:
        self.database, self.parts = database, parts

    def work_off(self, ended: threading.Event | None = None) -> int:
        """Everything that is due now; how many."""
        count = 0
        while not (ended and ended.is_set()) and (owed_id := self._take()):
            self.send(owed_id, WORKER)
            count += 1
        return count

    def _take(self) -> str | None:
        with self.database.read() as session:
            if session.scalar(owed.due(now()).limit(1)) is None:
                return None
        with self.database.write() as session:
            found = session.scalar(owed.due(now()).limit(1).with_for_update(skip_locked=True))
            if found is None:
                return None
            found.next_at = now() + LEASE
            return found.id

    def send(self, owed_id: str, actor: str) -> None:
        """What goes wrong is noted: the decision that it tells of stands."""
        written, problem, hopeless = None, None, False
        try:
            with self.database.write() as session:
                written = self._written(session, owed_id)
            if written is None:
                return
            self.parts.mailer.send(written.address, written.letter)
        except MailRefused:
            problem, hopeless = "mail_refused", True
        except MailUnavailable:
            problem = "mail_unavailable"
        except Erased:
            problem, hopeless = "evidence_gone", True
        except PrivacyError as error:
            problem = error.slug.replace("-", "_")
        self._note(owed_id, actor, written, problem, hopeless=hopeless)

    def _written(self, session: Session, owed_id: str) -> _Written | None:
        """None where it is settled, or there is nothing to say any more."""
        letter = owed.find(session, owed_id)
        request = find(session, letter.request_id, lock=True)
        if letter.told_at is not None or letter.sealed is None or letter.next_at is None:
            return None
        if not _still_true(session, request, letter, now()):
            self.parts.note(session, request, Event.LETTER_FAILED, WORKER, kind=letter.kind, problem="too_late")
            session.delete(letter)
            return None
        letter.tries += 1
        address, said = owed.opened(session, self.parts, request, letter)
        if letter.kind == PACKAGE:
            said = links.letter(session, self.parts, request, links.lengthen(session, self.parts, request))
        assert address is not None
        return _Written(address, said, letter.next_at)

    def _note(self, owed_id: str, actor: str, written: _Written | None, problem: str | None, *, hopeless: bool) -> None:
        """Nothing of a letter that meanwhile was settled, or is to go to another address: that is tried by itself."""
        with self.database.write() as session:
            letter = owed.find(session, owed_id)
            request = find(session, letter.request_id, lock=True)
            if letter.told_at is not None or (written is not None and letter.next_at != written.due):
                return
            if problem is None:
                owed.told(session, self.parts, request, letter, now(), owed.MAIL, actor)
                return
            _log.warning("letters.not_sent", request=request.id, kind=letter.kind, problem=problem)
            again_at = None if hopeless or letter.tries >= TRIES else now() + wait_after(letter.tries)
            owed.failed(session, self.parts, request, letter, problem, actor, again_at=again_at)


def _still_true(session: Session, request: DataRequest, letter: OwedLetter, at: datetime) -> bool:
    if letter.kind == EXTENSION:
        return extending.may_count(request, at)
    return letter.kind != PACKAGE or links.is_there(session, request)
