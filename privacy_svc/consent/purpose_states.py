"""What a decision of this moment about one purpose reads, of thousands of people in one statement."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, bindparam, exists, select, type_coerce
from sqlalchemy.orm import Session, aliased
from sqlalchemy.types import NullType

from privacy_svc.consent.facts import Reading
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


def purpose_states(session: Session, subject_ids: Iterable[str], reading: Reading) -> dict[str, SubjectState]:
    """`subject_states` as far as a decision about this purpose reads it. What has expired says so; when the rest will
    is not told, so that equal states are equal."""
    ids = list(subject_ids)
    found = {s.subject_id: s for s in standings(session, ids, reading)}
    return {
        i: replace(found[i].shared, subject_id=i, version=found[i].version) for i in dict.fromkeys(ids) if i in found
    }


def standings(session: Session, ids: list[str], reading: Reading) -> Iterator[Standing]:
    """The same, those who are not of age last; unknown people are absent. Past the mapper: a million are asked for."""
    session.flush()
    connection, shared, highest = session.connection(), _Shared(reading), reading.highest
    known = shared.by_row
    for start in range(0, len(ids), MANY):
        some = {"ids": ids[start : start + MANY], "purpose": reading.purpose, "above": and_above(reading.purpose)}
        young: dict[str, tuple[int, bytes, str | None, tuple[Any, ...]]] = {}
        for subject_id, version, birth, country, *same in connection.execute(_ABOUT, some | {"now": reading.at}):
            row = tuple(same)
            if birth is not None and row[0] < highest:
                young[subject_id] = version, birth, country, row
            else:
                yield Standing(subject_id, version, known.get(row) or shared.grown(row))
        ages_of = reading.open_ages(session, {i: of[1] for i, of in young.items()}) if young else {}
        for subject_id, (version, _, country, row) in young.items():
            yield Standing(subject_id, version, shared.young(row, ages_of[subject_id], country))


class _Shared:
    """The states of one reading: one object for all of whom the same is true. Rows are the statement's columns from
    `of_age` on; of a thousand ends of a relationship decisions tell few apart."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.by_row: dict[tuple[Any, ...], SubjectState] = {}
        self._states: dict[Any, SubjectState] = {}

    def grown(self, row: tuple[Any, ...]) -> SubjectState:
        """Or of unknown age."""
        found = self.by_row[row] = self._state(row, self._reading.age(row[0]), None)
        return found

    def young(self, row: tuple[Any, ...], age: int, country: str | None) -> SubjectState:
        return self._state(row, age, self._reading.country(age, country))

    def _state(self, row: tuple[Any, ...], age: int | None, country: str | None) -> SubjectState:
        _, ended_on, *said = row
        facts = (age, country, self._reading.anchor(ended_on))
        same = (*facts, *said)
        if same not in self._states:
            self._states[same] = _state(self._reading.purpose, facts, *said)
        return self._states[same]


_FACTS: list[Any] = [
    type_coerce(c, NullType()) for c in (Subject.birth, Subject.country, Subject.of_age, Subject.ended_on)
]
"""As the driver gives them: nearly all rows are alike, and only what is new is read."""


def _about() -> Select[Any]:
    """The subject, whether a restriction and an objection stand, and the consent that stands."""
    said, purpose = aliased(Consent), bindparam("purpose", type_=String())
    standing = select(said.id).where(said.subject_id == Subject.id, said.purpose == purpose)
    last = standing.order_by(said.given_at.desc(), said.state_version.desc()).limit(1).correlate(Subject)
    return (
        select(
            Subject.id,
            Subject.state_version,
            *_FACTS,
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


def _state(purpose: str, facts: tuple[int | None, str | None, datetime | None], *row: Any) -> SubjectState:
    """Of the statement's columns from `kind` on."""
    age, country, anchor = facts
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
        age=age,
        country=country,
        retention_anchor=anchor,
    )
