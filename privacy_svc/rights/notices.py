"""The ledger of Art. 19 GDPR: how each recipient's notice stands, and what a person may note about it.

waiting → to_tell → told → answered
                  ↘ impossible
"""

import enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import BadRequest, Conflict, NotFound
from privacy_svc.mail import Letter
from privacy_svc.rights import details
from privacy_svc.rights.letters import Letters
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import Event, Parts
from privacy_svc.rights.recipients import TO_TELL, WAITING
from privacy_svc.rights.recipients_model import RECIPIENT_KNOWS, RecipientNotice
from privacy_svc.rights.views import NoticeView

TOLD, ANSWERED, IMPOSSIBLE = "told", "answered", "impossible"
BY_PERSON = "person"


class Exemption(enum.StrEnum):
    """Art. 19, first sentence: when nobody need be told."""

    IMPOSSIBLE = "impossible"
    DISPROPORTIONATE = "disproportionate"


def views(session: Session, parts: Parts, request: DataRequest) -> list[NoticeView]:
    found = select(RecipientNotice).where(RecipientNotice.request_id == request.id).order_by(RecipientNotice.recipient)
    return [view(parts, notice) for notice in session.scalars(found)]


def view(parts: Parts, notice: RecipientNotice) -> NoticeView:
    return NoticeView(
        recipient=notice.recipient,
        name=name_of(parts, notice.recipient),
        state=notice.state,
        told_at=notice.told_at,
        answer=notice.answer,
        why=notice.why,
        told_by=notice.told_by,
        answered_at=notice.answered_at,
        expected_at=notice.expected_at,
        event=notice.event_id,
        tries=notice.tries,
        next_try_at=notice.next_at if notice.state == TO_TELL else None,
        problem=notice.problem,
        ground=notice.ground,
        noted_by=notice.noted_by,
    )


def untold(session: Session, limit: int) -> list[RecipientNotice]:
    """Those that no worker will tell: nothing is set up, or it has given up."""
    waits = (RecipientNotice.state == TO_TELL, RecipientNotice.next_at.is_(None))
    oldest = select(RecipientNotice).where(*waits).order_by(RecipientNotice.request_id, RecipientNotice.recipient)
    return list(session.scalars(oldest.limit(limit)))


def identifiers(session: Session, parts: Parts, request: DataRequest) -> dict[str, str]:
    """What each recipient who is still to be told knows the person by, for who tells them by hand."""
    waits = (RecipientNotice.request_id == request.id, RecipientNotice.about.is_not(None))
    found, cipher = dict[str, str](), details.cipher_of(session, parts.vault, request)
    for notice in session.scalars(select(RecipientNotice).where(*waits)):
        assert notice.about is not None
        known = cipher.open(RECIPIENT_KNOWS, f"{request.id}/{notice.recipient}", notice.about)["identifier"]
        if known:
            found[notice.recipient] = known
    return found


def name_of(parts: Parts, recipient: str) -> str:
    """As the policy calls them now; somebody it does not name any more by their key."""
    party = parts.organisation.recipients.get(recipient)
    return party.name if party else recipient


def find_notice(session: Session, request_id: str, recipient: str) -> RecipientNotice:
    """Locked. Raises NotFound."""
    found = session.get(RecipientNotice, (request_id, recipient), with_for_update=True)
    if found is None:
        raise NotFound("This request has no such recipient to tell.")
    return found


def note_told(
    session: Session,
    parts: Parts,
    request: DataRequest,
    notice: RecipientNotice,
    by: str,
    actor: str,
    *,
    answer: str | None = None,
) -> None:
    notice.state, notice.told_at, notice.told_by = TOLD, now(), by
    notice.next_at, notice.problem, notice.about = None, None, None
    log_told(session, parts, request, notice, by, actor)
    if answer:
        note_answer(session, parts, request, notice, answer, actor)


def log_told(
    session: Session, parts: Parts, request: DataRequest, notice: RecipientNotice, by: str, actor: str
) -> None:
    said = {"recipient": notice.recipient, "name": name_of(parts, notice.recipient)}
    parts.note(session, request, Event.RECIPIENT_TOLD, actor, by=by, **said)


def note_answer(
    session: Session, parts: Parts, request: DataRequest, notice: RecipientNotice, answer: str, actor: str
) -> None:
    if notice.answer == answer:
        return
    notice.state, notice.answer, notice.answered_at = ANSWERED, answer, now()
    said = {"recipient": notice.recipient, "name": name_of(parts, notice.recipient)}
    parts.note(session, request, Event.RECIPIENT_ANSWERED, actor, answer=answer, **said)


def note_exempt(
    session: Session, parts: Parts, request: DataRequest, notice: RecipientNotice, ground: str, actor: str
) -> None:
    notice.state, notice.ground, notice.next_at, notice.about = IMPOSSIBLE, ground, None, None
    said = {"recipient": notice.recipient, "name": name_of(parts, notice.recipient)}
    parts.note(session, request, Event.RECIPIENT_EXEMPT, actor, ground=ground, **said)


# By a person of the staff


def told_by_person(
    session: Session, parts: Parts, request: DataRequest, recipient: str, how: str, answer: str | None, actor: str
) -> None:
    """`how` and `answer` are free text, sealed with the request's details: people write names into such fields."""
    notice = _open_notice(session, request, recipient)
    if not how.strip():
        raise BadRequest("Say how the recipient was told: by telephone to whom, by letter of which day.")
    _say(session, parts, request, recipient, told=how, **({"answer": answer} if answer else {}))
    notice.noted_by = actor
    note_told(session, parts, request, notice, BY_PERSON, actor, answer="received" if answer else None)


def exempt_by_person(
    session: Session, parts: Parts, request: DataRequest, recipient: str, ground: Exemption, reason: str, actor: str
) -> None:
    """Never by a rule: a named person says why (Art. 19, first sentence)."""
    notice = _open_notice(session, request, recipient)
    if not reason.strip():
        raise BadRequest("Say why telling this recipient is impossible or disproportionate (Art. 19 GDPR).")
    _say(session, parts, request, recipient, ground=ground.value, reason=reason)
    notice.noted_by = actor
    note_exempt(session, parts, request, notice, ground.value, actor)


def try_again(session: Session, request: DataRequest, recipient: str) -> None:
    """At once, and for as long as the first time: what was in the way is mended."""
    notice = _open_notice(session, request, recipient)
    notice.next_at, notice.tries, notice.problem = now(), 0, None


def letter_to_person(session: Session, parts: Parts, request: DataRequest) -> Letter:
    """Art. 19, second sentence: the person asks who was told."""
    told = [(v.name, v.told_at, v.state == IMPOSSIBLE) for v in views(session, parts, request)]
    return Letters(parts.organisation, request.language).recipients(request.kind, told)


def _open_notice(session: Session, request: DataRequest, recipient: str) -> RecipientNotice:
    notice = find_notice(session, request.id, recipient)
    if notice.state == WAITING:
        raise Conflict("The request is not done yet; recipients are told when it is.")
    if notice.state not in {TO_TELL, IMPOSSIBLE}:
        raise Conflict(f"This recipient is {notice.state} already.")
    return notice


def _say(session: Session, parts: Parts, request: DataRequest, recipient: str, **said: str) -> None:
    known = details.read(session, parts.vault, request).get("recipients", {})
    details.add(session, parts.vault, request, recipients={**known, recipient: {**known.get(recipient, {}), **said}})
