"""What a person who is signed in sees and has done: everything here is about this one person, and about nobody else.

Identity needs no further proof: the code that signed them in went to the address on file, as a request's would.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EntryView, EventType, LogInconsistent, NotYet, membership_document
from privacy_svc.errors import NotFound
from privacy_svc.http import CustomerRef
from privacy_svc.policy import Collection, Field, Source
from privacy_svc.rights import verification
from privacy_svc.rights.accessing import overview
from privacy_svc.rights.article15 import in_language
from privacy_svc.rights.errors import UnknownRequest
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.opening import Wanted
from privacy_svc.rights.package_words import say
from privacy_svc.rights.packages_service import Packages
from privacy_svc.rights.page import happened, named, shown
from privacy_svc.rights.parts import WORKER, find
from privacy_svc.rights.reading import Filter
from privacy_svc.rights.recounting import recipients_of
from privacy_svc.rights.releases import keep
from privacy_svc.rights.service import Requests
from privacy_svc.rights.states import Right
from privacy_svc.rights.tables import Table
from privacy_svc.rights.views import RequestView
from privacy_svc.rights.waking import ring
from privacy_svc.rights.words import spoken

PERSON = "person"
CHANNEL = "portal"
EVERYTHING = 100
"""Requests of one person that are listed."""
_OURSELVES = frozenset({WORKER, "unknown", "privacy-svc", "command-line"})
"""Actors behind whom no person of the staff looked at anything."""
_ASKED_ABOUT = frozenset({None, Source.PROVIDED})
"""What is right or wrong about the rest, the person cannot simply say: they ask the staff."""


@dataclass(frozen=True, slots=True)
class Value:
    """`place` names the field for a correction; None where none can be asked for here. `may_go`: it can be left empty,
    which the addresses by which a person is known cannot."""

    label: str
    text: str = field(repr=False)
    place: str | None = None
    may_go: bool = False


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is held in one place. `count` rows, of which the first are here."""

    title: str
    sources: tuple[str, ...]
    is_person: bool
    rows: tuple[tuple[Value, ...], ...] = field(repr=False)
    count: int


@dataclass(frozen=True, slots=True)
class Held:
    """`received`: who got them, by name, and since when; `may_receive`: whom the policy names."""

    shelves: tuple[Shelf, ...]
    received: tuple[Mapping[str, Any], ...]
    may_receive: tuple[Mapping[str, Any], ...]
    redacted: int
    unclear: int


@dataclass(frozen=True, slots=True)
class LogLine:
    """`what` happened, in the reader's words; `by` is None for what the person did themselves."""

    index: int
    at: datetime
    what: str
    by: str | None
    purpose: str | None


class Own:
    """One person's view, in their language. Raises Erased once they are."""

    def __init__(self, requests: Requests, subject_id: str, language: str) -> None:
        self._requests, self._database, self._parts = requests, requests.database, requests.parts
        self._subject, self._asked_in = subject_id, language
        self._language = spoken(self._parts.organisation, language)

    def held(self) -> Held:
        """Everything the customer stores have, with the values. The look is in the log."""
        return self._held(EventType.DATA_SHOWN, PERSON, {"by": CHANNEL})

    def looked_at(self, actor: str, reason: str) -> Held:
        """The same for a person of the staff, whose reason is kept with the look."""
        return self._held(EventType.DATA_LOOKED_AT, actor, {"reason": reason})

    def _held(self, event: EventType, actor: str, told: Mapping[str, Any]) -> Held:
        with self._database.write() as session:
            self._parts.log.append(session, event, actor=actor, subject_id=self._subject, payload=told)
        with self._database.read() as session:
            found = overview(session, self._parts, self._subject, self._language)
        if found.releases.is_new:
            with self._database.write() as session:
                keep(session, self._parts.vault, self._subject, found.releases)
        disclosed = recipients_of(self._parts, found.releases.since)
        recipients = found.information["recipients"]
        return Held(
            shelves=tuple(self._shelf(table) for table in found.tables if table.rows),
            received=tuple({**told, "since": datetime.fromisoformat(told["since"])} for told in disclosed),
            may_receive=tuple(recipients) if isinstance(recipients, list) else (),
            redacted=sum(told["count"] for told in found.redactions),
            unclear=sum(told["count"] for told in found.unclear),
        )

    def _shelf(self, table: Table) -> Shelf:
        collection = table.collection
        is_person = collection.subject is not None
        told = [f for f in table.fields if f.reference is None and (is_person or not f.primary_key)]
        words = {f.source.value if f.source else "unknown": f.received_from for f in told if f.personal}
        sources = tuple(say(self._language, f"source.{w}", **({"name": n} if n else {})) for w, n in words.items())
        rows = tuple(tuple(self._value(collection, f, row[f.name]) for f in told) for row in table.first)
        return Shelf(_title(collection.name), sources, is_person, rows, table.rows)

    def _value(self, collection: Collection, named_by: Field, value: object) -> Value:
        may = collection.subject is not None and not named_by.primary_key and named_by.personal
        may = may and named_by.source in _ASKED_ABOUT and isinstance(value, str)
        place = f"{collection.path}.{named_by.name}" if may else None
        return Value(named(named_by, self._language), shown(value), place, may and named_by.identity is None)

    # Who looked at it

    def log(self, after: int | None, limit: int) -> Sequence[LogLine]:
        """Entries about them, newest first, below index `after`."""
        with self._database.read() as session:
            found = self._parts.log.search(session, subject_id=self._subject, after=after, limit=limit)
        return [self._line(entry) for entry in found if entry.index is not None]

    def _line(self, entry: EntryView) -> LogLine:
        assert entry.index is not None
        purpose = (entry.payload or {}).get("purpose")
        what = happened(entry.type, self._language)
        title = self._purpose(purpose) if isinstance(purpose, str) else None
        return LogLine(entry.index, entry.at, what, self._actor(entry.actor), title)

    def _actor(self, name: str) -> str | None:
        """Modules are named; of staff only that it was staff (CJEU C-579/21)."""
        if name == PERSON:
            return None
        module = self._parts.policy.modules.get(name)
        if module is not None:
            return module.title
        return say(self._language, "service" if name in _OURSELVES else "staff")

    def _purpose(self, key: str) -> str:
        found = self._parts.policy.purposes.get(key) or self._parts.policy.groups.get(key)
        return in_language(found.title, self._asked_in) if found else key.replace("_", " ")

    def proof(self, index: int) -> str | Mapping[str, Any]:
        """Of an entry about them, to be checked with `privacy-svc verify`. For one about many people the proof that
        they are among them too. What a page showed is signed now where it is not yet. Raises NotFound, also for
        entries of others."""
        with suppress(NotYet):
            return self._proof(index)
        with suppress(LogInconsistent):  # halted: then it is not yet there
            self._parts.log.integrate(self._database)
        return self._proof(index)

    def _proof(self, index: int) -> str | Mapping[str, Any]:
        log = self._parts.log
        with self._database.read() as session:
            place = log.place_of(session, str(index))
            if place is None or (place.subject_id is not None and place.subject_id != self._subject):
                raise NotFound("There is no such entry about you.")
            if place.subject_id == self._subject:
                return log.proof(session, index)
            membership = log.membership(session, index, self._subject)
            return membership_document(log.proof(session, index), membership)

    # Requests

    def requests(self) -> Sequence[RequestView]:
        """Newest first."""
        return self._requests.list(Filter(subject_id=self._subject, limit=EVERYTHING)).requests

    def request(self, request_id: str) -> RequestView:
        """Raises UnknownRequest, also for those of others."""
        view = self._requests.show(request_id)
        if view.subject != self._subject:
            raise UnknownRequest("There is no such request.")
        return view

    def open(self, right: Right, details: Mapping[str, Any]) -> RequestView:
        """Received and verified in one go; it waits for staff only where the policy asks for them. Raises BadDetails,
        CannotRectify, UnknownField."""
        customer = CustomerRef(subject=self._subject)
        wanted = Wanted(right, customer, channel=CHANNEL, details=details, language=self._language)
        with self._database.write() as session:
            request = self._requests.receive(session, wanted, PERSON)
            opened = self._verified(session, request)
        return self._going_on(*opened)

    def _verified(self, session: Session, request: DataRequest) -> tuple[str, bool]:
        """Which request goes on, it or the one that it was merged into; and whether there is work to do at once."""
        verification.accept_signed_in(session, self._parts, request, PERSON)
        return request.merged_into or request.id, request.attempt > request.dispatched

    def _going_on(self, request_id: str, ordered: bool) -> RequestView:
        if ordered:
            ring(self._parts.settings.home)
        return self._requests.show(request_id)

    def withdraw(self, request_id: str) -> RequestView:
        """Raises Conflict where it is too late."""
        self.request(request_id)
        return self._requests.withdraw(request_id, PERSON)

    def confirm(self, request_id: str) -> RequestView:
        """One that somebody else opened for them, and that waits for them to show who they are. Raises Conflict where
        it does not."""
        self.request(request_id)
        with self._database.write() as session:
            opened = self._verified(session, find(session, request_id, lock=True))
        return self._going_on(*opened)

    def answer(self, request_id: str, text: str) -> RequestView:
        """To what they were asked. Raises Conflict where nothing was."""
        self.request(request_id)
        return self._requests.answer(request_id, text, PERSON)

    def package(self, request_id: str) -> bytes:
        self.request(request_id)
        return Packages(self._requests).package(request_id, PERSON)

    def certificate(self, request_id: str) -> str:
        self.request(request_id)
        return self._requests.certificate(request_id)


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
