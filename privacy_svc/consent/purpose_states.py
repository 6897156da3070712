"""What a decision of this moment about one purpose reads, of thousands of people in one statement."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, bindparam, exists, select
from sqlalchemy.orm import Session, aliased

from privacy_svc.consent.model import Consent, Objection, Restriction
from privacy_svc.consent.states import IMPORTED, State
from privacy_svc.db import Instant, among
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
    connection, shared = session.connection(), dict[Any, SubjectState]()
    for start in range(0, len(ids), MANY):
        asked = {"ids": ids[start : start + MANY], "purpose": purpose, "above": and_above(purpose), "now": now}
        for subject_id, version, *same in connection.execute(_ABOUT, asked):
            key = tuple(same)
            if key not in shared:
                shared[key] = _state(purpose, *same)
            yield Standing(subject_id, version, shared[key])


def _about() -> Select[Any]:
    """The subject, whether a restriction and an objection stand, and the consent that stands."""
    said, purpose = aliased(Consent), bindparam("purpose", type_=String())
    standing = select(said.id).where(said.subject_id == Subject.id, said.purpose == purpose)
    last = standing.order_by(said.given_at.desc(), said.state_version.desc()).limit(1).correlate(Subject)
    return (
        select(
            Subject.id,
            Subject.state_version,
            Subject.kind,
            Subject.erased_at.is_not(None),
            _stands(Restriction).scalar_subquery(),
            _objected(),
            _stands(Objection).where(Objection.purpose == DIRECT_MARKETING).scalar_subquery(),
            Consent.state,
            Consent.notice_id,
            Consent.notice_version,
            Consent.valid_until <= bindparam("now", type_=Instant()),
            Consent.guardian,
            Consent.method,
        )
        .outerjoin(Consent, Consent.id == last.scalar_subquery())
        .where(among(Subject.id, "ids"))
    )


def _stands(kind: type[Objection] | type[Restriction]) -> Select[Any]:
    """Of the last one about the person; none where there was none."""
    mine = select(kind.stands).where(kind.subject_id == Subject.id)
    return mine.order_by(kind.state_version.desc()).limit(1).correlate(Subject)


def _objected() -> ColumnElement[bool]:
    """Whether the last word about the purpose, or about something above it, is an objection."""
    later = aliased(Objection)
    same = (later.subject_id == Objection.subject_id, later.purpose == Objection.purpose)
    taken_back = exists().where(*same, later.state_version > Objection.state_version)
    above = Objection.purpose.in_(bindparam("above", expanding=True))
    return exists().where(Objection.subject_id == Subject.id, above, Objection.stands, ~taken_back)


_ABOUT = _about()


def _state(purpose: str, *row: Any) -> SubjectState:
    """Of the statement's columns from `kind` on."""
    kind, erased, restricted, objected, to_marketing, said, notice, notice_version, over, guardian, method = row
    consents = {}
    if said is not None:
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
