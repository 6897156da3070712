"""What stands about a person now: the consent state that decisions read, for one person or thousands.

The subject's version is read first: what is read after it is of that version or a later one, so a decision
never claims a version whose changes it has not seen. `now` only tells what has expired; nothing recorded is
hidden by a clock that went back.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from privacy_svc.consent.model import Consent, Objection, Restriction
from privacy_svc.consent.states import IMPORTED, State
from privacy_svc.errors import NotFound
from privacy_svc.policy import ConsentFact, SubjectState
from privacy_svc.vault import Subject

CHUNK = 500
T = TypeVar("T", Consent, Objection, Restriction)


def subject_state(session: Session, subject_id: str, now: datetime) -> SubjectState:
    """Raises NotFound."""
    found = subject_states(session, [subject_id], now).get(subject_id)
    if found is None:
        raise NotFound("There is no such subject.")
    return found


def subject_states(session: Session, subject_ids: Iterable[str], now: datetime) -> dict[str, SubjectState]:
    """The same for many, in their order, four statements for each 500; unknown ones are absent.

    `age` and `retention_anchor` are facts of the customer store: None here, for the store to fill in.
    """
    wanted = list(dict.fromkeys(subject_ids))
    found: dict[str, SubjectState] = {}
    for start in range(0, len(wanted), CHUNK):
        found.update((s.subject_id, s) for s in _states(session, wanted[start : start + CHUNK], now))
    return {i: found[i] for i in wanted if i in found}


def unknown_subject_state(kind: str) -> SubjectState:
    """Of a person about whom nothing was ever recorded: no consent, so only other legal bases may permit."""
    return _state("", kind, 0, erased=False)


def _states(session: Session, ids: list[str], now: datetime) -> Iterator[SubjectState]:
    columns = (Subject.id, Subject.kind, Subject.state_version, Subject.erased_at)
    subjects = session.execute(select(*columns).where(Subject.id.in_(ids))).all()
    consents: dict[str, dict[str, ConsentFact]] = {}
    for c in latest(session, ids):
        consents.setdefault(c.subject_id, {})[c.purpose] = fact(c, now)
    objections: dict[str, set[str]] = {}
    for o in _last(session, Objection, ids, Objection.subject_id, Objection.purpose):
        if o.stands:
            objections.setdefault(o.subject_id, set()).add(o.purpose)
    restricted = {r.subject_id for r in _last(session, Restriction, ids, Restriction.subject_id) if r.stands}
    for subject_id, kind, version, erased_at in subjects:
        yield _state(
            subject_id,
            kind,
            version,
            erased=erased_at is not None,
            restricted=subject_id in restricted,
            objections=frozenset(objections.get(subject_id, ())),
            consents=consents.get(subject_id),
        )


def _state(
    subject_id: str,
    kind: str,
    version: int,
    *,
    erased: bool,
    restricted: bool = False,
    objections: frozenset[str] = frozenset(),
    consents: dict[str, ConsentFact] | None = None,
) -> SubjectState:
    return SubjectState(
        subject_id=subject_id,
        kind=kind,
        version=version,
        erased=erased,
        restricted=restricted,
        objections=objections,
        consents=consents or {},
        age=None,
        retention_anchor=None,
    )


def fact(consent: Consent, now: datetime) -> ConsentFact:
    return ConsentFact(
        state_at(consent.state, consent.valid_until, now),
        consent.notice_id,
        consent.notice_version,
        consent.valid_until,
        consent.guardian,
        proven=consent.method != IMPORTED,
    )


def state_at(said: str, valid_until: datetime | None, now: datetime) -> State:
    """What was said, or `expired` once it no longer holds."""
    over = said == State.GIVEN and valid_until is not None and valid_until <= now
    return State.EXPIRED if over else State(said)


def latest(session: Session, ids: list[str], purpose: str | None = None) -> Iterator[Consent]:
    """The consent that stands for each person and purpose."""
    narrowed = [] if purpose is None else [Consent.purpose == purpose]
    order = (Consent.given_at.desc(), Consent.state_version.desc())
    return _first(session, Consent, ids, (Consent.subject_id, Consent.purpose), order, narrowed)


def _last(session: Session, kind: type[T], ids: list[str], *by: Any) -> Iterator[T]:
    return _first(session, kind, ids, by, (kind.state_version.desc(),), [])


def _first(
    session: Session, kind: type[T], ids: list[str], by: Any, order: Any, narrowed: list[ColumnElement[bool]]
) -> Iterator[T]:
    """The first row of each group, in one statement."""
    rank = func.row_number().over(partition_by=by, order_by=order).label("rank")
    ranked = select(kind, rank).where(kind.subject_id.in_(ids), *narrowed).subquery()
    yield from session.scalars(select(aliased(kind, ranked)).where(ranked.c.rank == 1))
