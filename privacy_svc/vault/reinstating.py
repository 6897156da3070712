"""An erasure that single rows have undone is made again as the ledger tells it, to the generation: what a person who
came back has sealed since stays theirs."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.vault.erasure import EVIDENCE, EXCEPT_KEY, MORTAL
from privacy_svc.vault.ledger import Kind, Line
from privacy_svc.vault.model import Fence, PageKey, Subject, SubjectKey
from privacy_svc.vault.pages import Pages


@dataclass
class Told:
    """What all lines about one person come to; the fields are those of `Fence`. `kind` and `rows` as in the ledger."""

    subject_id: str
    kind: str
    erased_through: int
    request_id: str | None
    at: datetime
    rows: Sequence[Any]
    readmitted_at: datetime | None = None
    evidence_until: datetime | None = None
    evidence_ended_at: datetime | None = None
    evidence_through: int = 0

    def learn(self, line: Line) -> None:
        """The next line about this person."""
        body = line.body
        if line.kind is Kind.FENCE:
            self.erased_through = max(self.erased_through, body["erased_through"])
            self.request_id, self.at, self.rows = body["request_id"], line.at, body.get("rows", ())
            self.readmitted_at = self.evidence_until = self.evidence_ended_at = None
        elif line.kind is Kind.READMISSION:
            self.readmitted_at, self.evidence_until, self.evidence_ended_at = line.at, None, None
        elif line.kind is Kind.EVIDENCE_KEPT:
            self.evidence_until = datetime.fromisoformat(body["until"])
        elif line.kind is Kind.EVIDENCE_ENDED:
            self.evidence_through = max(self.evidence_through, body["through"])
            self.evidence_ended_at = line.at


def told(lines: Iterable[Line], people: Collection[str]) -> list[Told]:
    """Of these people, in the order of their first erasure."""
    found: dict[str, Told] = {}
    for line in lines:
        person = str(line.body.get("subject_id"))
        if person not in people:
            continue
        if line.kind is Kind.FENCE and person not in found:
            found[person] = Told(person, line.body.get("kind", "customer"), 0, None, line.at, ())
        if person in found:
            found[person].learn(line)
    return list(found.values())


def reinstate(session: Session, pages: Pages, person: Told) -> None:
    """The fence stands as told, and keys up to it are destroyed; their pages are due for a new page key. No new entry
    of the ledger: it knows."""
    subject = session.get(Subject, person.subject_id, with_for_update=EXCEPT_KEY, populate_existing=True)
    if subject is None:
        subject = Subject(id=person.subject_id, kind=person.kind, state_version=1)
        session.add(subject)
    if person.readmitted_at is None:
        subject.erased_at, subject.state_version = person.at, subject.state_version + 1
        subject.of_age, subject.birth, subject.country, subject.ended_on = 0, None, None, None
    session.flush()
    held = pages.hold(session, person.subject_id, (*MORTAL, EVIDENCE))
    over = (
        SubjectKey.subject_id == person.subject_id,
        SubjectKey.wrapped.is_not(None),
        or_(
            and_(SubjectKey.use.in_(MORTAL), SubjectKey.generation <= person.erased_through),
            and_(SubjectKey.use == EVIDENCE, SubjectKey.generation <= person.evidence_through),
        ),
    )
    touched = set(session.scalars(select(SubjectKey.page_key_id).where(*over)))
    session.execute(update(PageKey).where(PageKey.id.in_(touched)).values(replace_due=True))
    session.execute(update(SubjectKey).where(*over).values(wrapped=None))
    _fence(session, person, waits=bool(touched) or any(page.replace_due for page in held))
    session.flush()


def _fence(session: Session, person: Told, *, waits: bool) -> None:
    fence = session.get(Fence, person.subject_id, populate_existing=True)
    if fence is None:
        fence = Fence(subject_id=person.subject_id)
        session.add(fence)
    fence.erased_through, fence.evidence_through = person.erased_through, person.evidence_through
    fence.request_id, fence.at, fence.readmitted_at = person.request_id, person.at, person.readmitted_at
    fence.evidence_until, fence.evidence_ended_at = person.evidence_until, person.evidence_ended_at
    fence.page_replaced_at = None if waits else fence.page_replaced_at or now()
