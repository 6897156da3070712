"""Whom a change must be told to (Art. 19 GDPR): everybody to whom the person's data were disclosed, by the log, or who
is given data of these categories, by the policy. Noted before an erasure takes away what they know the person by."""

from collections.abc import Collection, Iterator, Sequence
from uuid import uuid4

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.policy import PolicySet, Purpose, Tell
from privacy_svc.rights import details
from privacy_svc.rights.address import address_in
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import Parts
from privacy_svc.rights.recipients_model import RECIPIENT_KNOWS, RecipientNotice
from privacy_svc.rights.releases import USES, purpose_of
from privacy_svc.store import FoundRow
from privacy_svc.vault import Subject

DISCLOSED, MAPPED = "disclosed", "mapped"
WAITING, TO_TELL = "waiting", "to_tell"
_PAGE = 500
_TO_TELL = (
    update(RecipientNotice.__table__)  # type: ignore[arg-type]
    .where(RecipientNotice.request_id == bindparam("request"), RecipientNotice.state == WAITING)
    .values(state=TO_TELL, next_at=bindparam("at"))
)


def gather(
    session: Session,
    parts: Parts,
    request: DataRequest,
    rows: Sequence[FoundRow],
    categories: Collection[str] | None = None,
) -> None:
    """Notes the recipients, to be told once the request is done. `categories`: those that change; all that are held
    where it is None."""
    assert request.subject_id is not None
    concerned = held_categories(rows) if categories is None else categories
    kind = session.get_one(Subject, request.subject_id).kind
    purposes = parts.policy.purposes.values()
    mapped = {r for p in purposes if kind in p.subjects and any(map(p.covers, concerned)) for r in p.recipients}
    disclosed = _disclosed(session, parts, request.subject_id)
    cipher = details.cipher_of(session, parts.vault, request)
    for key in sorted(mapped | disclosed):
        party = parts.organisation.recipients.get(key)
        known = known_by(rows, key, party.tell if party else None)
        sealed = cipher.seal(RECIPIENT_KNOWS, f"{request.id}/{key}", known) if any(known.values()) else None
        why = DISCLOSED if key in disclosed else MAPPED
        session.add(RecipientNotice(request_id=request.id, recipient=key, why=why, state=WAITING, about=sealed))


def begin_to_tell(session: Session, request: DataRequest) -> None:
    """The request is done: from this transaction's commit on a worker tells them."""
    session.flush()
    session.connection().execute(_TO_TELL, {"request": request.id, "at": now()})


def begin_anew(session: Session, parts: Parts, request: DataRequest, rows: Sequence[FoundRow]) -> None:
    """What they were told of is over: whoever was to be told is told that too, as something else that happened."""
    cipher = details.cipher_of(session, parts.vault, request)
    mine = select(RecipientNotice).where(RecipientNotice.request_id == request.id, RecipientNotice.ground.is_(None))
    for notice in session.scalars(mine.with_for_update()):
        party = parts.organisation.recipients.get(notice.recipient)
        known = known_by(rows, notice.recipient, party.tell if party else None)
        place = f"{request.id}/{notice.recipient}"
        notice.about = cipher.seal(RECIPIENT_KNOWS, place, known) if any(known.values()) else None
        notice.state, notice.event_id, notice.next_at, notice.tries = TO_TELL, str(uuid4()), now(), 0
        notice.told_at = notice.told_by = notice.answer = notice.answered_at = notice.problem = None


def held_categories(rows: Sequence[FoundRow]) -> frozenset[str]:
    return frozenset(
        category
        for row in rows
        for field in row.collection.fields
        if field.personal and row.values[field.name] is not None
        for category in field.categories
    )


def known_by(rows: Sequence[FoundRow], recipient: str, tell: Tell | None) -> dict[str, str | None]:
    """`identifier`: the recipient's own key for the person, where the data map has it. `identity`: by OpenDSR's words
    what the recipient knows them by, where they are told so."""
    own = next(_identifiers(rows, recipient), None)
    identity = None
    if tell is not None and tell.by == "opendsr":
        identity = address_in(rows) if tell.identity == "email" else own or _crm_key(rows)
    return {"identifier": own, "identity": identity}


def _identifiers(rows: Sequence[FoundRow], recipient: str) -> Iterator[str]:
    for row in rows:
        for field in row.collection.fields:
            value = row.values[field.name]
            if field.identifier_of == recipient and value is not None and str(value).strip():
                yield str(value).strip()


def _crm_key(rows: Sequence[FoundRow]) -> str | None:
    return next((row.key for row in rows if row.collection.subject is not None), None)


def _disclosed(session: Session, parts: Parts, subject_id: str) -> set[str]:
    """The recipients of the purposes for which the log says that the person's data were released."""
    policies, found = parts.policy, set[str]()
    possible = _all_recipients(policies)
    after: int | None = None
    more = True
    while more and found < possible:
        entries = parts.log.search(session, subject_id=subject_id, types=USES, after=after, limit=_PAGE)
        for entry in entries:
            found |= _recipients_of(policies, purpose_of(session, parts, entry, entry.told, subject_id))
        more = len(entries) == _PAGE
        after = entries[-1].index if entries else None
    return found


def _all_recipients(policies: PolicySet) -> set[str]:
    return {r for p in policies.purposes.values() for r in p.recipients}


def _recipients_of(policies: PolicySet, purpose: str | None) -> set[str]:
    found: Purpose | None = policies.purposes.get(purpose) if purpose is not None else None
    return set(found.recipients) if found else set()
