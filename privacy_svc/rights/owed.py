"""Letters to people that the law ties something to: kept, sealed, from the decision until the person is told.

Sent at once after the transaction that wrote it, and again by a worker while the mail server is away. Where there is
no address, or it is refused, a person tells them by other means and notes it; until then the DPO is shown it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from privacy_svc.db import new_id, now
from privacy_svc.errors import BadRequest, Conflict, NotFound
from privacy_svc.mail import Letter
from privacy_svc.rights import details, extending
from privacy_svc.rights.backoff import LEASE
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.owed_model import DONE, EXTENSION, LETTER, OwedLetter
from privacy_svc.rights.parts import Event, Parts

MAIL = "mail"
NO_ADDRESS = "no_address"


@dataclass(frozen=True, slots=True)
class Unsent:
    """A letter that was tried and not sent. Values never appear in `repr`."""

    kind: str
    address: str | None
    letter: Letter
    problem: str

    def __repr__(self) -> str:
        return f"Unsent({self.kind!r}, {self.problem!r})"


def put(
    session: Session,
    parts: Parts,
    request: DataRequest,
    kind: str,
    address: str | None,
    letter: Letter,
    actor: str,
    **params: Any,
) -> OwedLetter:
    """For who sends it after this transaction; where they do not get to it, a worker does."""
    owed = OwedLetter(id=new_id(), request_id=request.id, kind=kind, params=params)
    _seal(session, parts, request, owed, address, letter)
    owed.next_at, owed.problem = (now() + LEASE, None) if address else (None, NO_ADDRESS)
    session.add(owed)
    session.flush()
    if address is None:
        parts.note(session, request, Event.LETTER_FAILED, actor, kind=kind, problem=NO_ADDRESS)
    return owed


def put_unsent(session: Session, parts: Parts, request: DataRequest, unsent: Unsent, actor: str) -> None:
    """At the end of a run, whose own try it was."""
    owed = put(session, parts, request, unsent.kind, unsent.address, unsent.letter, actor)
    if unsent.address is not None:
        failed(session, parts, request, owed, unsent.problem, actor, again_at=now() + LEASE)


def opened(session: Session, parts: Parts, request: DataRequest, owed: OwedLetter) -> tuple[str | None, Letter]:
    """Raises Erased once the evidence about the person has met its end."""
    assert owed.sealed is not None
    found = details.cipher_of(session, parts.vault, request).open(LETTER, owed.id, owed.sealed)
    assert isinstance(found, dict)
    return found["address"], Letter(found["subject"], found["text"])


def address_anew(session: Session, parts: Parts, request: DataRequest, owed: OwedLetter, on_file: str | None) -> None:
    """To the address that is `on_file` by now; to the one it was written for where an erasure left none, or where the
    letter says that something is done, which may be meant for the one that was. Raises Conflict where there is none,
    Erased."""
    written_for, letter = opened(session, parts, request, owed)
    if owed.kind == DONE:
        address = written_for or on_file
    else:
        address = on_file or (written_for if _is_erased(session, parts, request) else None)
    if address is None:
        raise Conflict("There is no e-mail address on file. Tell the person by other means, and note it.")
    _seal(session, parts, request, owed, address, letter)
    owed.next_at = now() + LEASE


def leave_address(session: Session, parts: Parts, request: DataRequest, owed: OwedLetter, actor: str) -> None:
    """The one it was written for is the person's no more, and no other is on file: a person tells them. Raises
    Erased."""
    written_for, letter = opened(session, parts, request, owed)
    if written_for is not None:
        _seal(session, parts, request, owed, None, letter)
        failed(session, parts, request, owed, NO_ADDRESS, actor, again_at=None)


def _seal(
    session: Session, parts: Parts, request: DataRequest, owed: OwedLetter, address: str | None, letter: Letter
) -> None:
    content = {"address": address, "subject": letter.subject, "text": letter.text}
    owed.sealed = details.cipher_of(session, parts.vault, request).seal(LETTER, owed.id, content)


def _is_erased(session: Session, parts: Parts, request: DataRequest) -> bool:
    return request.subject_id is not None and parts.vault.erased_at(session, request.subject_id) is not None


def failed(
    session: Session,
    parts: Parts,
    request: DataRequest,
    owed: OwedLetter,
    problem: str,
    actor: str,
    *,
    again_at: datetime | None,
) -> None:
    """The timeline has the first time, and the last."""
    is_new = owed.problem is None or again_at is None
    owed.problem, owed.next_at = problem, again_at
    if is_new:
        parts.note(session, request, Event.LETTER_FAILED, actor, kind=owed.kind, problem=problem)


def told(
    session: Session, parts: Parts, request: DataRequest, owed: OwedLetter, at: datetime, how: str, actor: str
) -> None:
    """What the law ties to it holds from here on."""
    owed.told_at, owed.told_how, owed.told_by = at, how, actor
    owed.sealed = owed.next_at = owed.problem = None
    parts.note(session, request, Event.LETTER_SENT, actor, kind=owed.kind, how=how)
    if owed.kind == EXTENSION and extending.may_count(request, at):
        extending.told(session, parts, request, str(owed.params["reason"]), at, actor)


def told_otherwise(
    session: Session, parts: Parts, request: DataRequest, owed: OwedLetter, at: datetime, how: str, actor: str
) -> None:
    """A person says when and how. Raises Conflict, BadRequest."""
    if at.tzinfo is None or not owed.written_at.replace(microsecond=0) <= at <= now():
        raise BadRequest("told_at is a time after the letter was written, and not in the future.")
    if owed.kind == EXTENSION and not extending.may_count(request, at):
        raise Conflict("The first period was over by then, or the request is: more time does not count any more.")
    told(session, parts, request, owed, at, how, actor)


def settle(session: Session, request: DataRequest, kind: str, actor: str) -> None:
    """They were told the same by another letter."""
    mine = select(OwedLetter).where(OwedLetter.request_id == request.id, OwedLetter.kind == kind)
    for owed in session.scalars(mine.where(OwedLetter.told_at.is_(None)).with_for_update()):
        owed.told_at, owed.told_how, owed.told_by = now(), MAIL, actor
        owed.sealed = owed.next_at = owed.problem = None


def find(session: Session, owed_id: str) -> OwedLetter:
    """Locked. Raises NotFound."""
    owed = session.get(OwedLetter, owed_id, with_for_update=True, populate_existing=True)
    if owed is None:
        raise NotFound("There is no such letter.")
    return owed


def find_open(session: Session, owed_id: str) -> OwedLetter:
    owed = find(session, owed_id)
    if owed.told_at is not None or owed.sealed is None:
        raise Conflict("The person was told already.")
    return owed


def waiting(session: Session) -> Sequence[tuple[OwedLetter, DataRequest]]:
    """Of whom nobody knows yet that they were told, the oldest first."""
    joined = select(OwedLetter, DataRequest).join(DataRequest, DataRequest.id == OwedLetter.request_id)
    found = session.execute(joined.where(OwedLetter.told_at.is_(None)).order_by(OwedLetter.written_at, OwedLetter.id))
    return [(owed, request) for owed, request in found]


def due(at: datetime) -> Select[OwedLetter]:
    return select(OwedLetter).where(OwedLetter.next_at <= at).order_by(OwedLetter.next_at)
