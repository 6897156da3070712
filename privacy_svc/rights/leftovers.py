"""What the searches after an erasure found, and what a person decides about it.

A value that is left fails the request. At a text it is taken out, by who knows that the text may change; or it is
accepted, with a reason that an authority may read: another person of the same name, an address that a family shares.
Of each row there is the key, and nothing of what stands there.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
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
from privacy_svc.rights.views import LeftoverRow, LeftoverView
from privacy_svc.store import Decided, FoundAt, Leftover, is_redactable, row_of

MOST_ROWS = 200
"""Of a place, that are named; more are found by the next search."""
_TAKEN_OUT = "taken_out"


class Decision(enum.StrEnum):
    REDACT = "redact"
    ACCEPT = "accept"


def decided(request: DataRequest) -> Decided:
    """Of places, and of single rows."""
    return _of(_said(request))


def decided_about(session: Session, subject_id: str) -> Decided:
    """By all erasures of a person; a later word counts."""
    mine = (DataRequest.subject_id == subject_id, DataRequest.right == Right.ERASURE.value)
    said: dict[str, str] = {}
    for request in session.scalars(select(DataRequest).where(*mine).order_by(DataRequest.received_at)):
        said |= _said(request)
    return _of(said)


def _of(said: Mapping[str, str]) -> Decided:
    redact, accept = (frozenset(p for p, what in said.items() if what == one) for one in Decision)
    return Decided(redact, accept)


def waiting(session: Session, most: int = 500) -> list[LeftoverView]:
    """Of all requests that failed on one, the oldest first."""
    failed = select(DataRequest).where(DataRequest.state == State.FAILED.value).order_by(DataRequest.received_at)
    return [
        _view(request, place)
        for request in session.scalars(failed.limit(most))
        if (request.failure or {}).get("slug") == DataLeft.slug
        for place in (request.failure or {}).get("places", ())
    ]


def _view(request: DataRequest, place: Mapping[str, Any]) -> LeftoverView:
    said, path = _said(request), place["place"]
    rows = [LeftoverRow(r["key"], r["namesake"], said.get(row_of(path, r["key"]))) for r in place.get("rows", ())]
    return LeftoverView(request.id, path, place["detail"], said.get(path), rows)


def note_taken_out(request: DataRequest, search: str, treated: Iterable[Leftover]) -> None:
    """What a search took out where a person decided so, with what it took out before: however it ends, the next one
    does not find it any more, and the certificate is to tell of it."""
    rows = {(x["collection"], x["field"]): x["rows"] for x in _taken_out(request, search)}
    for x in treated:
        rows[x.collection, x.field] = rows.get((x.collection, x.field), 0) + x.rows
    told = [{"collection": path, "field": name, "rows": n} for (path, name), n in rows.items()]
    tell_progress(request, **{_TAKEN_OUT: {**progress(request).get(_TAKEN_OUT, {}), search: told}})


def _taken_out(request: DataRequest, search: str) -> list[dict[str, Any]]:
    return list(progress(request).get(_TAKEN_OUT, {}).get(search, ()))


def judge(request: DataRequest, search: str, found: Sequence[Leftover]) -> dict[str, Any]:
    """What the certificate says of a search, by what it `found` left. Raises DataLeft for what nobody decided about."""
    said = decided(request)
    left = [rest for x in found if (rest := said.left(x))]
    if left:
        raise DataLeft(
            "The read-back found values of the person.",
            faults=[Fault(x.place, _detail(x)) for x in left],
            rows={x.place: [{"key": r.key, "namesake": r.namesake} for r in _named(x)] for x in left},
        )
    return {"at": now().isoformat(), "accepted": _counts(found), "redacted": _taken_out(request, search)}


def _named(found: Leftover) -> Sequence[FoundAt]:
    return [r for r in found.at if r.key is not None][:MOST_ROWS]


def _detail(found: Leftover) -> str:
    told, namesakes = f"{_rows(found.rows)} a known value", sum(r.namesake for r in found.at)
    return f"{told}; {namesakes} of another customer who has it too" if namesakes else told


def _rows(count: int) -> str:
    return "1 row still holds" if count == 1 else f"{count} rows still hold"


def _counts(found: Iterable[Leftover]) -> list[dict[str, Any]]:
    return [{"collection": x.collection, "field": x.field, "rows": x.rows} for x in found]


def _said(request: DataRequest) -> dict[str, str]:
    return dict(progress(request).get("decided", {}))


@dataclass(frozen=True, slots=True)
class Verdict:
    """About a place, or one row of it."""

    place: str
    what: Decision
    reason: str = field(repr=False)
    row: str | None = None


def decide(session: Session, parts: Parts, request: DataRequest, verdict: Verdict, actor: str) -> None:
    """About one place at which values were found, or one row there; the next approval goes on by it. A decision to
    redact a whole place passes over rows of customers who have the same value themselves."""
    place, what = verdict.place, verdict.what
    failure = request.failure or {}
    places = {p["place"]: p for p in failure.get("places", ())} if failure.get("slug") == DataLeft.slug else {}
    if request.state != State.FAILED or not places:
        raise Conflict("Nothing is left to be decided about: no search of this request failed.")
    if place not in places:
        raise BadRequest(f"{place!r} is no place at which a value was found; there are {', '.join(places)}.")
    rows = [r["key"] for r in places[place].get("rows", ())]
    if verdict.row is not None and verdict.row not in rows:
        raise BadRequest(
            f"That is no row of {place} at which a value was found; there are {', '.join(rows) or 'none'}."
        )
    if not verdict.reason.strip():
        raise BadRequest("Say why: an authority may ask.")
    if what is Decision.REDACT and not is_redactable(parts.stores, parts.policy, place):
        raise BadRequest(
            f"{place} is no text that could lose a part: mend it in the store, or accept it with a reason."
        )
    where = place if verdict.row is None else row_of(place, verdict.row)
    tell_progress(request, decided={**_said(request), where: what.value})
    known = list(details.read(session, parts.vault, request).get("leftovers", ()))
    said = {"place": where, "decision": what.value, "reason": verdict.reason, "by": actor, "at": now().isoformat()}
    details.add(session, parts.vault, request, leftovers=[*known, said])
    parts.note(session, request, Event.LEFTOVER_DECIDED, actor, place=where, decision=what.value)
