"""Data subject requests, as routes, command line, web and demo use them. This is the boundary of the room:
each method is one transaction, and mail goes out after it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log, Signer
from privacy_svc.db import Database, now
from privacy_svc.errors import Conflict, PrivacyError
from privacy_svc.http import UNKEYED, Change, CustomerDirectory, CustomerRef
from privacy_svc.mail import Letter, Mailer, MailUnavailable
from privacy_svc.policy import PolicyHolder
from privacy_svc.rights import (
    approval,
    asking,
    attaching,
    extending,
    leftovers,
    notices,
    opening,
    owed,
    reading,
    refusing,
    reminding,
    timeline,
    verification,
)
from privacy_svc.rights.address import reach
from privacy_svc.rights.approval import Review
from privacy_svc.rights.asking import About
from privacy_svc.rights.errors import AddressMissing, WrongCode
from privacy_svc.rights.extending import Extension
from privacy_svc.rights.fulfilment import Fulfilment
from privacy_svc.rights.grounds import Ground
from privacy_svc.rights.leftovers import Decision
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.opening import Wanted
from privacy_svc.rights.owed_courier import Outbox
from privacy_svc.rights.owed_model import EXTENSION, REFUSAL, REVIEW
from privacy_svc.rights.parts import Event, Parts, find
from privacy_svc.rights.reading import Filter
from privacy_svc.rights.views import (
    Attached,
    LeftoverView,
    NoticeView,
    RequestDetails,
    RequestPage,
    RequestView,
    TimelineLine,
)
from privacy_svc.rights.waking import ring
from privacy_svc.settings import Settings
from privacy_svc.store import Stores
from privacy_svc.vault import Vault

if TYPE_CHECKING:
    from privacy_svc.rights.workflow import Worker

_log = structlog.get_logger(__name__)


class Requests:
    def __init__(  # noqa: PLR0913 - one keyword for each part of the service
        self,
        *,
        database: Database,
        vault: Vault,
        log: Log,
        signer: Signer,
        policies: PolicyHolder,
        stores: Stores,
        directory: CustomerDirectory,
        mailer: Mailer,
        settings: Settings,
    ) -> None:
        self.database = database
        self.parts = Parts(vault, log, signer, policies, stores, directory, mailer, settings)

    def worker(self, *, concurrency: int = 4) -> "Worker":
        """The worker for this process; start it where `privacy-svc worker`, the demo or a test wants one. Nothing else
        loads its engine, which takes as long as half of all the rest."""
        from privacy_svc.rights.workflow import Worker  # noqa: PLC0415 - the engine takes long to load

        return Worker(
            self.database, Fulfilment(self.database, self.parts), self.parts.settings, concurrency=concurrency
        )

    # Receiving and verifying

    def open(self, wanted: Wanted, actor: str) -> RequestView:
        """Opens a request and mails a code to the address on file, where there is one."""
        with self.database.write() as session:
            request = self.receive(session, wanted, actor)
        self.send_after_answer(request.id, actor)
        return self.show(request.id)

    def receive(self, session: Session, wanted: Wanted, actor: str) -> DataRequest:
        """The part of `open` that changes something, for a caller with a transaction of its own."""
        return opening.open_request(session, self.parts, wanted, actor)

    def send_missing_codes(self, actor: str) -> None:
        """Codes of requests whose process ended before they were sent."""
        with self.database.read() as session:
            waiting = verification.without_code(session)
        for request_id in waiting:
            self.send_after_answer(request_id, actor)

    def reserve_code(self, request_id: str) -> None:
        """Counts a code that `send_after_answer` makes and sends; the earlier one is void. Raises Conflict."""
        with self.database.write() as session:
            verification.reserve(session, find(session, request_id, lock=True))

    def send_after_answer(self, request_id: str, actor: str) -> None:
        """The code that is reserved, once a caller who must not notice has its answer. What goes wrong is logged, and
        what was not sent is sent by the worker."""
        try:
            self._send_reserved(request_id, actor)
        except PrivacyError as error:
            _log.warning("requests.code_waits", request=request_id, problem=error.slug)

    def send_code(self, request_id: str, actor: str, *, quietly: bool = False) -> None:
        """A new code; the earlier one is void. `quietly`: what keeps it from being mailed is only noted. Raises
        AddressMissing, Conflict."""
        self.reserve_code(request_id)
        became = self._send_reserved(request_id, actor)
        if became is Event.CODE_NOT_SENT and not quietly:
            raise AddressMissing("A code cannot be sent: there is no e-mail address on file.")
        if became is Event.CODE_WITHHELD and not quietly:
            raise Conflict("Too many codes were sent to this person; a member of the staff verifies them.")

    def _send_reserved(self, request_id: str, actor: str) -> Event | None:
        """What became of it. No lock waits for the customer store, by which a caller would notice."""
        with self.database.read() as session:
            wanted = verification.reserved(session, self.parts, find(session, request_id))
        if wanted is None:
            return None
        with self.database.write() as session:
            request = find(session, request_id, lock=True)
            filled = verification.fill(session, self.parts, request, wanted, actor)
        if filled is None:
            return None
        became, address, letter = filled
        if became is Event.CODE_SENT:
            self._send(request_id, address, letter, actor)
        return became

    def verify(self, request_id: str, code: str, actor: str, change: Change = UNKEYED) -> RequestView:
        """Raises WrongCode; the wrong try is counted and logged all the same, and spends no key."""
        with self.database.write() as session:
            request = find(session, request_id, lock=True)
            right = not change.is_due(session) or verification.check_code(session, self.parts, request, code, actor)
            if not right:
                change.once.unspend(session)
            ordered = request.attempt > request.dispatched
        if ordered:
            ring(self.parts.settings.home)
        if not right:
            raise WrongCode("The code is wrong or no longer valid.")
        return self.show(request_id)

    def vouch(
        self, request_id: str, reason: str, actor: str, who: CustomerRef | None = None, change: Change = UNKEYED
    ) -> RequestView:
        """A member of the staff verified the person another way; `who`: which of several with the same address."""
        return self.change(request_id, lambda s, r: verification.vouch(s, self.parts, r, reason, actor, who), change)

    # Deciding

    def approve(self, request_id: str, actor: str, change: Change = UNKEYED) -> RequestView:
        """Also runs again what failed."""
        return self.change(request_id, lambda s, r: approval.approve(s, self.parts, r, actor), change)

    def refuse(
        self,
        request_id: str,
        ground: Ground,
        explanation: str,
        actor: str,
        *,
        evidence: str = "",
        change: Change = UNKEYED,
    ) -> RequestView:
        """Closes it, or waits for `confirm_refusal` where the policy asks for a second person."""
        return self._write(
            request_id,
            REFUSAL,
            lambda s, r: refusing.refuse(s, self.parts, r, ground, explanation, evidence, actor),
            actor,
            change,
        )

    def confirm_refusal(self, request_id: str, actor: str, change: Change = UNKEYED) -> RequestView:
        return self._write(request_id, REFUSAL, lambda s, r: refusing.confirm(s, self.parts, r, actor), actor, change)

    def extend(self, request_id: str, reason: Extension, actor: str, change: Change = UNKEYED) -> RequestView:
        """It counts once the letter is sent, or somebody notes how the person was told."""
        ask = lambda s, r: extending.extend(s, self.parts, r, reason)  # noqa: E731
        return self._write(request_id, EXTENSION, ask, actor, change, reason=reason.value)

    def complete(
        self, request_id: str, result: Review, explanation: str, actor: str, change: Change = UNKEYED
    ) -> RequestView:
        """The end of a review by a person (Art. 22); they are told."""
        return self._write(
            request_id,
            REVIEW,
            lambda s, r: approval.finish_review(s, self.parts, r, result, explanation, actor),
            actor,
            change,
        )

    def cancel(self, request_id: str, reason: str | None, actor: str, change: Change = UNKEYED) -> RequestView:
        """A duplicate or a mistake of ours. Nobody is told; `reason` stays with it. Raises BadRequest, Conflict."""
        return self.change(request_id, lambda s, r: approval.cancel(s, self.parts, r, reason, actor), change)

    def withdraw(self, request_id: str, actor: str, change: Change = UNKEYED) -> RequestView:
        return self.change(request_id, lambda s, r: approval.end(s, self.parts, r, actor, withdrawn=True), change)

    # Files and leftovers

    def attach(self, request_id: str, name: str, content: bytes, actor: str) -> Attached:
        """A file that proves what the request says. Raises BadRequest, Conflict."""
        with self.database.write() as session:
            return self.attach_in(session, request_id, name, content, actor)

    def attach_in(self, session: Session, request_id: str, name: str, content: bytes, actor: str) -> Attached:
        """The same, for a caller with a transaction of its own."""
        request = find(session, request_id, lock=True)
        file = attaching.attach(session, self.parts, request, name, content, actor)
        return Attached(file.id, file.size)

    def file(self, request_id: str, file_id: str, actor: str) -> tuple[str, bytes]:
        """Media type and content; the look is logged."""
        with self.database.write() as session:
            return attaching.content_of(session, self.parts, find(session, request_id), file_id, actor)

    def leftovers(self) -> Sequence[LeftoverView]:
        """What erasures that failed on it wait for."""
        with self.database.read() as session:
            return leftovers.waiting(session)

    def decide_leftover(
        self,
        request_id: str,
        place: str,
        what: Decision,
        reason: str,
        actor: str,
        change: Change = UNKEYED,
        *,
        row: str | None = None,
    ) -> RequestView:
        """About a place where a search after an erasure found something, or one `row` there; `approve` then goes on by
        it."""
        verdict = leftovers.Verdict(place, what, reason, row)
        return self.change(request_id, lambda s, r: leftovers.decide(s, self.parts, r, verdict, actor), change)

    # Asking the person

    def ask(
        self,
        request_id: str,
        about: About,
        question: str,
        reason: str,
        actor: str,
        *,
        asked_at: datetime | None = None,
        how: str = "mail",
    ) -> RequestView:
        """Mails the question, or notes that it went out at `asked_at` by other means. Raises AddressMissing,
        MailUnavailable: the question was not asked, and the clock runs on."""
        with self.database.write() as session:
            request = find(session, request_id, lock=True)
            address = None if asked_at else reach(session, self.parts, request)
            letter = asking.ask(session, self.parts, request, about, question, reason)
            if asked_at is not None:
                asking.sent(session, self.parts, request, actor, asked_at, opening.one_word(how, "how"))
        if asked_at is None:
            self.deliver(request_id, address, letter, actor)
            self.change(request_id, lambda s, r: asking.sent(s, self.parts, r, actor, now(), "mail"))
        return self.show(request_id)

    def answer(
        self,
        request_id: str,
        text: str,
        actor: str,
        *,
        received_at: datetime | None = None,
        change: Change = UNKEYED,
    ) -> RequestView:
        """What the person answered; the clock runs again."""
        return self.change(request_id, lambda s, r: asking.answer(s, self.parts, r, text, actor, received_at), change)

    # What time brings

    def keep_time(self) -> int:
        """Warnings, reminders, questions without an answer: how many were noted. Called by every worker."""
        return reminding.keep_time(self.database, self.parts)

    # Reading

    def list(self, wanted: Filter) -> RequestPage:
        with self.database.read() as session:
            return reading.page_of(session, wanted)

    def show(self, request_id: str) -> RequestView:
        with self.database.read() as session:
            return reading.view(find(session, request_id))

    def timeline(self, request_id: str, language: str = "en") -> Sequence[TimelineLine]:
        zone = self.parts.organisation.time_zone
        with self.database.read() as session:
            return timeline.timeline(session, find(session, request_id), language, zone)

    def details(self, request_id: str, actor: str) -> RequestDetails:
        """What was said about it and what was corrected, opened; also after an erasure. The look is logged."""
        with self.database.write() as session:
            return reading.details_of(session, self.parts, find(session, request_id), actor)

    def notifications(self, request_id: str) -> Sequence[NoticeView]:
        with self.database.read() as session:
            return notices.views(session, self.parts, find(session, request_id))

    def certificate(self, request_id: str) -> str:
        with self.database.read() as session:
            return reading.certificate(session, find(session, request_id))

    # The boundary

    def change(
        self, request_id: str, transition: Callable[[Session, DataRequest], None], change: Change = UNKEYED
    ) -> RequestView:
        """Not done again where it was sent before with the same key: the answer is how the request stands now."""
        with self.database.write() as session:
            request = find(session, request_id, lock=True)
            if change.is_due(session):
                transition(session, request)
            ordered = request.attempt > request.dispatched
        if ordered:
            ring(self.parts.settings.home)
        return self.show(request_id)

    def _write(
        self,
        request_id: str,
        kind: str,
        transition: Callable[[Session, DataRequest], Letter | None],
        actor: str,
        change: Change,
        **params: str,
    ) -> RequestView:
        """A transition that may end with a letter to the person, in their language: owed until they are told."""
        owed_id = None
        with self.database.write() as session:
            request = find(session, request_id, lock=True)
            address = reach(session, self.parts, request)
            letter = transition(session, request) if change.is_due(session) else None
            if letter is not None:
                owed_id = owed.put(session, self.parts, request, kind, address, letter, actor, **params).id
        if owed_id is not None:
            Outbox(self.database, self.parts).send(owed_id, actor)
        return self.show(request_id)

    def _send(self, request_id: str, address: str | None, letter: Letter, actor: str) -> None:
        """A letter that could not be sent is noted, and does not undo what was decided: staff write to the person."""
        with suppress(MailUnavailable, AddressMissing):
            self.deliver(request_id, address, letter, actor)

    def deliver(self, request_id: str, address: str | None, letter: Letter, actor: str) -> None:
        """After the transaction, so that no lock waits for a mail server; the timeline says what became of it."""
        event = Event.LETTER_FAILED
        try:
            if address is None:
                raise AddressMissing("There is no e-mail address on file.")
            self.parts.mailer.send(address, letter)
            event = Event.LETTER_SENT
        finally:
            with self.database.write() as session:
                self.parts.note(session, find(session, request_id), event, actor, letter=letter.subject)
