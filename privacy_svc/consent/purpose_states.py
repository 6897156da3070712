"""What a decision of this moment about one purpose reads, of thousands of people in one statement."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Integer,
    ScalarSelect,
    String,
    and_,
    bindparam,
    case,
    exists,
    false,
    select,
)
from sqlalchemy.orm import Session, aliased

from privacy_svc.consent.facts import Reading
from privacy_svc.consent.model import Consent, Objection, Restriction
from privacy_svc.consent.states import IMPORTED, Method, State
from privacy_svc.db import Instant, among, packed
from privacy_svc.policy import DIRECT_MARKETING, PROFILING, ConsentFact, SubjectState, and_above
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
    """The same in the database's order; unknown people are absent. Past the mapper: a million are asked for. Raises
    KeyUnavailable, Tampered."""
    session.flush()
    connection, shared = session.connection(), SharedStates(reading)
    for start in range(0, len(ids), MANY):
        asked = {"ids": ids[start : start + MANY], **asking(reading)}
        rows = connection.execute(_ABOUT, asked).all()
        states = shared.of(session, [tuple(facts) for _, _, *facts in rows])
        for (subject_id, version, *_), state in zip(rows, states, strict=True):
            yield Standing(subject_id, version, state)


def asking(reading: Reading) -> dict[str, Any]:
    """The parameters of `FACTS`."""
    first, second = (*reading.ends, None, None)[:2]
    asked = {"purpose": reading.purpose, "above": and_above(reading.purpose), "now": reading.at}
    more = {"profiling": reading.profiling, "highest": reading.highest, "first_end": first, "second_end": second}
    return asked | more


class SharedStates:
    """One state for all of whom the same is true as far as a reading can tell them apart."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._by_facts: dict[tuple[Any, ...], SubjectState] = {}
        self._states: dict[tuple[Any, ...], SubjectState] = {}

    def of(self, session: Session, rows: Sequence[tuple[Any, ...]]) -> list[SubjectState]:
        """Of each row of `FACTS`. Birth dates of those who may be too young are opened. Raises KeyUnavailable,
        Tampered."""
        sealed = {facts[0]: facts[1] for facts in rows if facts[0] is not None}
        ages = self._reading.open_ages(session, sealed) if sealed else {}
        return [self._young(facts, ages[facts[0]]) if facts[0] else self._grown(facts) for facts in rows]

    def _grown(self, facts: tuple[Any, ...]) -> SubjectState:
        """Or of unknown age."""
        found = self._by_facts.get(facts)
        if found is None:
            found = self._by_facts[facts] = self._state(self._reading.age(facts[3]), None, facts)
        return found

    def _young(self, facts: tuple[Any, ...], age: int) -> SubjectState:
        return self._state(age, self._reading.country(age, facts[2]), facts)

    def _state(self, age: int | None, country: str | None, facts: tuple[Any, ...]) -> SubjectState:
        same = (age, country, *facts[4:])
        if same not in self._states:
            self._states[same] = _state(self._reading, *same)
        return self._states[same]


def _stand(kind: Any, *of_purpose: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a restriction, or an objection to one of these, is the last word about the subject."""
    later = aliased(kind)
    since = exists().where(later.subject_id == kind.subject_id, later.state_version > kind.state_version)
    if of_purpose:
        since = since.where(later.purpose == kind.purpose)
    return exists().where(kind.subject_id == Subject.id, kind.stands, *of_purpose, ~since)


def _since_restriction() -> ColumnElement[bool]:
    """Whether the consent was given and recorded while the restriction stood that stands now: see `standing`. Looked
    at only where a consent is explicit, for no other goes on during one."""
    later = aliased(Restriction)
    again = exists().where(later.subject_id == Restriction.subject_id, later.state_version > Restriction.state_version)
    mine = (Restriction.subject_id == Consent.subject_id, Restriction.stands, ~again)
    before = (Restriction.state_version < Consent.state_version, Restriction.recorded_at <= Consent.given_at)
    return exists().where(*mine, *before).correlate(Consent)


def _consent() -> ScalarSelect[str]:
    """The one that stands, packed: one look at the index a person, and one text to compare."""
    over = Consent.valid_until <= bindparam("now", type_=Instant())
    since = case((Consent.method == Method.EXPLICIT.value, _since_restriction()), else_=false())
    kept = (Consent.state, Consent.notice_id, Consent.notice_version, over, Consent.guardian, Consent.method, since)
    purpose = bindparam("purpose", type_=String())
    said = select(packed(*kept)).where(Consent.subject_id == Subject.id, Consent.purpose == purpose)
    last = said.order_by(Consent.given_at.desc(), Consent.state_version.desc()).limit(1)
    return last.correlate(Subject).scalar_subquery()


_YOUNG = and_(Subject.birth.is_not(None), Subject.of_age < bindparam("highest", type_=Integer()))
"""Who may be too young is looked at alone: the sealed birth date says."""
_OVER = case(
    (Subject.ended_on <= bindparam("first_end", type_=Date()), 0),
    (Subject.ended_on <= bindparam("second_end", type_=Date()), 1),
    else_=None,
)
"""Which of the reading's `ends` the relationship's end does not lie beyond."""
FACTS: tuple[Any, ...] = (
    case((_YOUNG, Subject.id)).label("young"),
    case((_YOUNG, Subject.birth)).label("birth"),
    case((_YOUNG, Subject.country)).label("country"),
    Subject.of_age,
    _OVER.label("over"),
    Subject.kind,
    Subject.erased_at.is_not(None).label("erased"),
    _stand(Restriction).label("restricted"),
    _stand(Objection, Objection.purpose.in_(bindparam("above", expanding=True))).label("objected"),
    _stand(Objection, Objection.purpose == DIRECT_MARKETING).label("to_marketing"),
    case(
        (bindparam("profiling", type_=Boolean()), _stand(Objection, Objection.purpose == PROFILING)), else_=false()
    ).label("to_profiling"),
    _consent().label("said"),
)
"""What a decision about a purpose reads of a subject, in the `asking` of a moment."""
_ABOUT = select(Subject.id, Subject.state_version, *FACTS).where(among(Subject.id, "ids"))


def _state(reading: Reading, *row: Any) -> SubjectState:
    """Of age and country, and the rest of `FACTS`."""
    age, country, ended, kind, erased, restricted, objected, to_marketing, to_profiling, packed_consent = row
    purpose = reading.purpose
    consents = {}
    if packed_consent is not None:
        said, notice, notice_version, over, guardian, method, since = json.loads(packed_consent)
        state = State.EXPIRED if over and said == State.GIVEN else State(said)
        how = {"proven": method != IMPORTED, "explicit": method == Method.EXPLICIT, "since_restriction": bool(since)}
        consents[purpose] = ConsentFact(state, notice, notice_version, None, bool(guardian), **how)
    against = ((purpose, objected), (DIRECT_MARKETING, to_marketing), (PROFILING, to_profiling))
    objections = [name for name, stands in against if stands]
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
        retention_anchor=None if ended is None else reading.anchor(ended),
    )
