"""What a decision of this moment about one purpose reads, of thousands of people in one statement."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, String, bindparam, exists, select
from sqlalchemy.orm import Session, aliased

from privacy_svc.consent.model import Consent, Objection, Restriction
from privacy_svc.consent.states import IMPORTED, State
from privacy_svc.db import Instant, among, packed
from privacy_svc.policy import DIRECT_MARKETING, ConsentFact, SubjectState, and_above
from privacy_svc.vault import Subject

MANY = 10_000
"""People in one statement."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's version, and a state that all share of whom the same is true: it names nobody and no version."""

    subject_id: str
    version: int
    shared: SubjectState


def purpose_states(
    session: Session, subject_ids: Iterable[str], purpose: str, now: datetime
) -> dict[str, SubjectState]:
    """`subject_states` as far as a decision about this purpose reads it. What has expired says so; when the rest will
    is not told, so that equal states are equal."""
    ids = list(subject_ids)
    found = {s.subject_id: s for s in standings(session, ids, purpose, now)}
    return {
        i: replace(found[i].shared, subject_id=i, version=found[i].version) for i in dict.fromkeys(ids) if i in found
    }


def standings(session: Session, ids: list[str], purpose: str, now: datetime) -> Iterator[Standing]:
    """The same in the database's order; unknown people are absent. Past the mapper: a million are asked for."""
    session.flush()
    connection, shared = session.connection(), SharedStates(purpose)
    for start in range(0, len(ids), MANY):
        asked = {"ids": ids[start : start + MANY], **asking(purpose, now)}
        for subject_id, version, *facts in connection.execute(_ABOUT, asked):
            yield Standing(subject_id, version, shared.of(*facts))


def asking(purpose: str, now: datetime) -> dict[str, Any]:
    """The parameters of `FACTS`."""
    return {"purpose": purpose, "above": and_above(purpose), "now": now}


class SharedStates:
    """One state for all of whom the same `FACTS` are true."""

    def __init__(self, purpose: str) -> None:
        self._purpose = purpose
        self._states: dict[tuple[Any, ...], SubjectState] = {}

    def of(self, *facts: Any) -> SubjectState:
        found = self._states.get(facts)
        if found is None:
            found = self._states[facts] = _state(self._purpose, *facts)
        return found


def _stand(kind: Any, *of_purpose: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a restriction, or an objection to one of these, is the last word about the subject."""
    later = aliased(kind)
    since = exists().where(later.subject_id == kind.subject_id, later.state_version > kind.state_version)
    if of_purpose:
        since = since.where(later.purpose == kind.purpose)
    return exists().where(kind.subject_id == Subject.id, kind.stands, *of_purpose, ~since)


def _consent() -> ScalarSelect[str]:
    """The one that stands, packed: one look at the index a person, and one text to compare."""
    over = Consent.valid_until <= bindparam("now", type_=Instant())
    kept = (Consent.state, Consent.notice_id, Consent.notice_version, over, Consent.guardian, Consent.method)
    purpose = bindparam("purpose", type_=String())
    said = select(packed(*kept)).where(Consent.subject_id == Subject.id, Consent.purpose == purpose)
    last = said.order_by(Consent.given_at.desc(), Consent.state_version.desc()).limit(1)
    return last.correlate(Subject).scalar_subquery()


FACTS: tuple[Any, ...] = (
    Subject.kind,
    Subject.erased_at.is_not(None).label("erased"),
    _stand(Restriction).label("restricted"),
    _stand(Objection, Objection.purpose.in_(bindparam("above", expanding=True))).label("objected"),
    _stand(Objection, Objection.purpose == DIRECT_MARKETING).label("to_marketing"),
    _consent().label("said"),
)
"""What a decision about a purpose reads of a subject, in the `asking` of a moment."""
_ABOUT = select(Subject.id, Subject.state_version, *FACTS).where(among(Subject.id, "ids"))


def _state(purpose: str, *row: Any) -> SubjectState:
    """Of `FACTS`."""
    kind, erased, restricted, objected, to_marketing, packed_consent = row
    consents = {}
    if packed_consent is not None:
        said, notice, notice_version, over, guardian, method = json.loads(packed_consent)
        state = State.EXPIRED if over and said == State.GIVEN else State(said)
        proven = method != IMPORTED
        consents[purpose] = ConsentFact(state, notice, notice_version, None, bool(guardian), proven=proven)
    objections = [name for name, stands in ((purpose, objected), (DIRECT_MARKETING, to_marketing)) if stands]
    return SubjectState(
        subject_id="",
        kind=kind,
        version=0,
        erased=bool(erased),
        restricted=bool(restricted),
        objections=frozenset(objections),
        consents=consents,
        age=None,
        retention_anchor=None,
    )
