"""What the searches after an erasure found, and what a person decides about it.

A value that is left fails the request. At a text it is taken out, by who knows that the text may change; or it is
accepted, with a reason that an authority may read: another person of the same name, an address that a family shares.
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import BadRequest, Conflict, Fault
from privacy_svc.rights import details
from privacy_svc.rights.errors import DataLeft
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import Event, Parts
from privacy_svc.rights.states import Right, State
from privacy_svc.rights.steps import progress, tell_progress
from privacy_svc.store import Leftover, is_redactable


class Decision(enum.StrEnum):
    REDACT = "redact"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Found:
    """`treated`: what was taken out where a person decided so."""

    left: Sequence[Leftover]
    treated: Sequence[Leftover] = field(default=())


def to_redact(request: DataRequest) -> frozenset[str]:
    return frozenset(place for place, what in _decided(request).items() if what == Decision.REDACT)


def decided_about(session: Session, subject_id: str) -> tuple[frozenset[str], frozenset[str]]:
    """Places at which a person's erasures took out what was found, and those at which it was accepted."""
    mine = (DataRequest.subject_id == subject_id, DataRequest.right == Right.ERASURE.value)
    decided: dict[str, str] = {}
    for request in session.scalars(select(DataRequest).where(*mine).order_by(DataRequest.received_at)):
        decided |= _decided(request)
    redact = frozenset(p for p, what in decided.items() if what == Decision.REDACT)
    return redact, frozenset(decided) - redact


def waiting(session: Session, most: int = 500) -> list[tuple[str, str, str, str | None]]:
    """Of all requests that failed on one: request, place, what stands there, and the decision if there is one; the
    oldest first."""
    failed = select(DataRequest).where(DataRequest.state == State.FAILED.value).order_by(DataRequest.received_at)
    return [
        (request.id, place["place"], place["detail"], _decided(request).get(place["place"]))
        for request in session.scalars(failed.limit(most))
        if (request.failure or {}).get("slug") == DataLeft.slug
        for place in (request.failure or {}).get("places", ())
    ]


def judge(request: DataRequest, found: Found) -> dict[str, Any]:
    """What the certificate says of a search. Raises DataLeft for places that nobody decided about."""
    decided = _decided(request)
    left = [x for x in found.left if decided.get(x.place) != Decision.ACCEPT]
    if left:
        faults = [Fault(x.place, f"{_rows(x.rows)} a known value") for x in left]
        raise DataLeft("The read-back found values of the person.", faults=faults)
    return {"at": now().isoformat(), "accepted": _counts(found.left), "redacted": _counts(found.treated)}


def _rows(count: int) -> str:
    return "1 row still holds" if count == 1 else f"{count} rows still hold"


def _counts(found: Iterable[Leftover]) -> list[dict[str, Any]]:
    return [{"collection": x.collection, "field": x.field, "rows": x.rows} for x in found]


def _decided(request: DataRequest) -> dict[str, str]:
    return dict(progress(request).get("decided", {}))


def decide(
    session: Session, parts: Parts, request: DataRequest, place: str, what: Decision, reason: str, actor: str
) -> None:
    """About one place at which values were found; the next approval goes on by it."""
    failure = request.failure or {}
    places = [p["place"] for p in failure.get("places", ())] if failure.get("slug") == DataLeft.slug else []
    if request.state != State.FAILED or not places:
        raise Conflict("Nothing is left to be decided about: no search of this request failed.")
    if place not in places:
        raise BadRequest(f"{place!r} is no place at which a value was found; there are {', '.join(places)}.")
    if not reason.strip():
        raise BadRequest("Say why: an authority may ask.")
    if what is Decision.REDACT and not is_redactable(parts.stores, parts.policy, place):
        raise BadRequest(
            f"{place} is no text that could lose a part: mend it in the store, or accept it with a reason."
        )
    tell_progress(request, decided={**_decided(request), place: what.value})
    known = list(details.read(session, parts.vault, request).get("leftovers", ()))
    said = {"place": place, "decision": what.value, "reason": reason, "by": actor, "at": now().isoformat()}
    details.add(session, parts.vault, request, leftovers=[*known, said])
    parts.note(session, request, Event.LEFTOVER_DECIDED, actor, place=place, decision=what.value)
