"""Ends of restrictions, and grounds against objections, as routes and command line use them.

Whoever is to be told is told before anything changes: a letter that could not be sent changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.consent import restricted_people
from privacy_svc.db import now
from privacy_svc.errors import BadRequest
from privacy_svc.http import CustomerRef
from privacy_svc.mail import Letter
from privacy_svc.rights import lifting, overriding
from privacy_svc.rights.address import address_in, language_in
from privacy_svc.rights.errors import AddressMissing
from privacy_svc.rights.letters import Letters
from privacy_svc.rights.lifting import Told
from privacy_svc.rights.limits_model import RestrictionEnd
from privacy_svc.rights.opening import one_word
from privacy_svc.rights.service import Requests
from privacy_svc.rights.views import RestrictionView
from privacy_svc.store import walk
from privacy_svc.vault import Subject


class Limits:
    def __init__(self, requests: Requests) -> None:
        self.database, self.parts = requests.database, requests.parts

    def restrictions(self) -> Sequence[RestrictionView]:
        """Those that stand, the oldest first; not of people who were erased, whose restriction nobody can end."""
        there = select(Subject.id).where(Subject.erased_at.is_(None))
        with self.database.read() as session:
            return [
                _view(subject_id, since, lifting.announced(session, subject_id))
                for subject_id, since in restricted_people(session, there)
            ]

    def announce(
        self,
        customer: CustomerRef,
        reason: str,
        actor: str,
        *,
        ends_at: datetime | None = None,
        told_at: datetime | None = None,
        how: str = "mail",
    ) -> RestrictionView:
        """Writes to the person, or notes that they were told at `told_at` by other means. Raises AddressMissing,
        MailUnavailable: nobody was told, and nothing can be lifted."""
        with self.database.write() as session:
            subject_id = self.parts.directory.admit(session, customer, actor)
            end = lifting.announce(session, self.parts, subject_id, reason=reason, ends_at=ends_at, actor=actor)
            end_id, day = end.id, end.ends_at
        told = Told(told_at, one_word(how, "how")) if told_at is not None else None
        if told is None:
            with self.database.read() as session:
                letters, address = self._reach(session, subject_id)
            self._send(address, letters.restriction_ends(day, reason))
            told = Told(now(), "mail")
        with self.database.write() as session:
            end = session.get_one(RestrictionEnd, end_id, with_for_update=True)
            lifting.tell(session, self.parts, end, told, actor)
            return self._show(session, subject_id)

    def lift(self, customer: CustomerRef, actor: str) -> int:
        """The state version. Raises Conflict before the day that the person was told."""
        with self.database.write() as session:
            subject_id = self.parts.directory.admit(session, customer, actor)
            return lifting.lift(session, self.parts, subject_id, actor)

    def override(
        self, customer: CustomerRef, purpose: str, grounds: str, actor: str, *, told_at: datetime | None = None
    ) -> int:
        """The state version. The person is written to first, unless they were told at `told_at` by other means. Raises
        Conflict for direct marketing, AddressMissing, MailUnavailable."""
        if told_at is not None and (told_at.tzinfo is None or told_at > now()):
            raise BadRequest("told_at is a time that is over, with its time zone.")
        with self.database.write() as session:
            subject_id = self.parts.directory.admit(session, customer, actor)
            overriding.require_overridable(session, self.parts, subject_id, purpose, grounds)
        if told_at is None:
            with self.database.read() as session:
                letters, address = self._reach(session, subject_id)
            name = overriding.title(self.parts.policy, purpose, letters)
            self._send(address, letters.objection_overridden(name, grounds))
        with self.database.write() as session:
            return overriding.override(session, self.parts, subject_id, purpose, grounds, actor)

    def _reach(self, session: Session, subject_id: str) -> tuple[Letters, str | None]:
        rows = walk(session, self.parts.stores, self.parts.vault, self.parts.policy, subject_id)
        return Letters(self.parts.organisation, language_in(rows)), address_in(rows)

    def _send(self, address: str | None, letter: Letter) -> None:
        if address is None:
            raise AddressMissing("There is no e-mail address on file. Tell the person by other means, and say when.")
        self.parts.mailer.send(address, letter)

    def _show(self, session: Session, subject_id: str) -> RestrictionView:
        since = dict(restricted_people(session, [subject_id]))[subject_id]
        return _view(subject_id, since, lifting.announced(session, subject_id))


def _view(subject_id: str, since: datetime, end: RestrictionEnd | None) -> RestrictionView:
    told = end if end is not None and end.told_at is not None and end.told_at >= since else None
    return RestrictionView(
        subject=subject_id,
        since=since,
        told_at=told.told_at if told else None,
        told_how=told.told_how if told else None,
        announced_by=told.announced_by if told else None,
        ends_at=told.ends_at if told else None,
    )
