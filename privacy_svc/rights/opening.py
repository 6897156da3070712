"""Opening a request: whoever it comes from and however it comes, the clock runs from its receipt."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.consent import require_open_to_objection
from privacy_svc.db import CLOCK_SKEW, EARLIEST, new_id, now
from privacy_svc.errors import BadRequest, Erased, SharedAddress, UnknownCustomer
from privacy_svc.http import CustomerRef
from privacy_svc.policy import DIRECT_MARKETING, PROFILING
from privacy_svc.rights import choosing, clock, details, verification
from privacy_svc.rights.errors import BadDetails
from privacy_svc.rights.merging import CALLER, DATED_BY
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import Event, Parts
from privacy_svc.rights.states import Right, State
from privacy_svc.rights.words import TEXTS
from privacy_svc.store import check_changes
from privacy_svc.vault import Subject

LONG_AGO = timedelta(days=60)
"""What was received before that was over, or nearly, before it was entered: nobody says so without a reason."""
_CHANNEL = re.compile(r"[a-z][a-z0-9_-]{0,31}")
"""A word, because it is logged in clear."""
_OF_AN_OBJECTION = frozenset({"purpose", "reason", "view"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request as it comes in. `details` never appear in `repr`."""

    right: Right
    customer: CustomerRef
    received_at: datetime | None = None
    channel: str = "api"
    details: Mapping[str, Any] = field(default_factory=dict, repr=False)
    language: str | None = None
    """In which the person asked; else the customer store's word counts."""
    staff: bool = False
    """A person of the staff enters it, who may know whom we know."""
    received_reason: str = field(default="", repr=False)
    """Why it was received so long before it is entered, by somebody who answers for that."""


def open_request(session: Session, parts: Parts, wanted: Wanted, actor: str) -> DataRequest:
    """The new request, waiting for the person to show who they are.

    Somebody named by an address or number that we do not know, or that several people share, gets a request like
    anybody else: the answer gives no hint, and a person of the staff sees that there is nobody, or names them. An
    unknown key or subject is the caller's mistake and raises UnknownCustomer. Raises Erased for somebody who is, but
    not to who asks by an address and is not of the staff: the CRM may have written it anew.
    """
    one_word(wanted.channel, "channel")
    if wanted.language is not None and wanted.language not in TEXTS:
        raise BadRequest(f"language is one of {', '.join(TEXTS)}.")
    received_at = _received(wanted)
    subject_id, shared = _subject(session, parts, wanted, actor)
    check_details(parts, wanted.right, wanted.details, _kind(session, subject_id))
    request = DataRequest(
        id=new_id(),
        right=wanted.right.value,
        subject_id=subject_id,
        state=State.VERIFYING.value,
        channel=wanted.channel,
        opened_by=actor,
        received_at=received_at,
        language=wanted.language,
        paused_days=0,
        stops_clock=False,
    )
    clock.begin(parts.policy, request)
    session.add(request)
    session.flush()
    said: dict[str, Any] = {"given": dict(wanted.details)} if wanted.details else {}
    if subject_id is None:
        said["contact"] = wanted.customer.email or wanted.customer.phone
    if shared:
        said[choosing.AMBIGUOUS] = True
    if received_at < now() - LONG_AGO:
        said["received_reason"] = wanted.received_reason
    if said:
        details.add(session, parts.vault, request, **said)
    dated = {} if wanted.received_at is None or wanted.staff else {DATED_BY: CALLER}
    due = request.due_at.isoformat()
    parts.note(session, request, Event.RECEIVED, actor, channel=wanted.channel, due=due, **dated)
    verification.reserve(session, request)
    return request


def one_word(text: str, name: str) -> str:
    if not _CHANNEL.fullmatch(text):
        raise BadRequest(f"{name} is one word of small letters, such as portal, phone or letter.")
    return text


def _received(wanted: Wanted) -> datetime:
    given, at = wanted.received_at, now()
    if given is None:
        return at
    if given.tzinfo is None:
        raise BadRequest("received_at needs a time zone, such as 2026-11-23T09:00:00Z.")
    if given > at + CLOCK_SKEW:
        raise BadRequest("received_at lies in the future.")
    if given < EARLIEST:
        raise BadRequest("received_at lies before 1970.")
    if given < at - LONG_AGO and not wanted.received_reason.strip():
        raise BadRequest(
            f"received_at lies more than {LONG_AGO.days} days back: a member of the staff enters such a request, and "
            "says in received_reason why it is entered so late."
        )
    return min(given, at)


def _subject(session: Session, parts: Parts, wanted: Wanted, actor: str) -> tuple[str | None, bool]:
    """None where nobody has the address, or several people: then True."""
    by_address = wanted.customer.email is not None or wanted.customer.phone is not None
    try:
        subject_id = parts.directory.admit(session, wanted.customer, actor)
    except UnknownCustomer:
        if not by_address:
            raise
        return None, False
    except SharedAddress:
        return None, True
    subject = session.get(Subject, subject_id)
    if subject is not None and subject.erased_at is not None:
        if by_address and not wanted.staff:
            return None, False
        raise Erased("This person's data were erased; there is nothing left to ask for.")
    return subject_id, False


def _kind(session: Session, subject_id: str | None) -> str:
    subject = session.get(Subject, subject_id) if subject_id else None
    return subject.kind if subject else "customer"


def check_details(parts: Parts, right: Right, given: Mapping[str, Any], kind: str) -> None:
    """What a right cannot do without, said at once instead of after the approval. Raises BadDetails, UnknownField,
    CannotRectify."""
    if right is Right.RECTIFICATION:
        changes = given.get("changes")
        if not isinstance(changes, dict) or not changes:
            raise BadDetails('Rectification needs details {"changes": {field: correct value}}.')
        if any(isinstance(v, dict | list) for v in changes.values()):
            raise BadDetails("A correct value is a text, a number, true, false or null.")
        check_changes(parts.policy, kind, changes, parts.stores)
    if right is Right.OBJECTION:
        purpose = given.get("purpose", DIRECT_MARKETING)
        if not isinstance(purpose, str):
            raise BadDetails(
                f"Objection: details.purpose is {DIRECT_MARKETING}, {PROFILING} or a purpose of the policy."
            )
        if given.keys() - _OF_AN_OBJECTION:  # a misspelt `purpose` would object to something else
            raise BadDetails(f"Objection: details are {', '.join(sorted(_OF_AN_OBJECTION))}, and nothing else.")
        require_open_to_objection(parts.policy, purpose)
    if right is Right.AUTOMATED_DECISION and "purpose" in given:
        deciding = [key for key, purpose in parts.policy.purposes.items() if purpose.automated is not None]
        if given["purpose"] not in deciding:
            named = ", ".join(deciding) or "none"
            raise BadDetails(f"details.purpose is one that decides by automated means; the policy has {named}.")
