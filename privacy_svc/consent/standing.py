"""What stands about a person now: the consent state that decisions read, for one person or thousands.

The subject's version is read first: what is read after it is of that version or a later one, so a decision
never claims a version whose changes it has not seen. `now` only tells what has expired; nothing recorded is
hidden by a clock that went back.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from privacy_svc.consent.model import Consent, Objection, Restriction
from privacy_svc.consent.states import IMPORTED, Method, State
from privacy_svc.db import among
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

    What a person said, not what they may be used for: `age`, `country` and `retention_anchor` are None here. Decisions
    read `purpose_states`.
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
    subjects = session.execute(_SUBJECTS, {"ids": ids}).all()
    consents: dict[str, dict[str, ConsentFact]] = {}
    restricted = {r.subject_id: r for r in _found(session, _RESTRICTIONS, ids) if r.stands}
    for c in latest(session, ids):
        consents.setdefault(c.subject_id, {})[c.purpose] = fact(c, now, restricted.get(c.subject_id))
    objections: dict[str, set[str]] = {}
    for o in _found(session, _OBJECTIONS, ids):
        if o.stands:
            objections.setdefault(o.subject_id, set()).add(o.purpose)
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
        country=None,
        retention_anchor=None,
    )


def fact(consent: Consent, now: datetime, restriction: Restriction | None = None) -> ConsentFact:
    """`restriction`: the one that stands."""
    return ConsentFact(
        state_at(consent.state, consent.valid_until, now),
        consent.notice_id,
        consent.notice_version,
        consent.valid_until,
        consent.guardian,
        proven=consent.method != IMPORTED,
        explicit=consent.method == Method.EXPLICIT,
        since_restriction=restriction is not None and _since(consent, restriction),
    )


def _since(consent: Consent, restriction: Restriction) -> bool:
    """Explicit; recorded later, and also said later: an import may bring what was said long ago."""
    if consent.method != Method.EXPLICIT:
        return False
    return consent.state_version > restriction.state_version and consent.given_at >= restriction.recorded_at


def state_at(said: str, valid_until: datetime | None, now: datetime) -> State:
    """What was said, or `expired` once it no longer holds."""
    over = said == State.GIVEN and valid_until is not None and valid_until <= now
    return State.EXPIRED if over else State(said)


def latest(session: Session, ids: list[str], purposes: Sequence[str] | None = None) -> Iterator[Consent]:
    """The consent that stands for each person and purpose, of these or of all."""
    if purposes is None:
        return _found(session, _CONSENTS, ids)
    return _found(session, _CONSENTS_TO, ids, purposes=purposes)


def last_words(session: Session, ids: list[str], purposes: Sequence[str]) -> Iterator[Consent]:
    """Of each person and purpose the last agreement or withdrawal, whatever else was said since."""
    return _found(session, _WORDS, ids, purposes=purposes)


def _found(session: Session, statement: Select[T], ids: list[str], **more: Sequence[str]) -> Iterator[T]:
    yield from session.scalars(statement, {"ids": ids, **more})


def _first(kind: type[T], by: Any, order: Any, *narrowed: ColumnElement[bool]) -> Select[T]:
    """The first row of each group. Built once: building it takes longer than the database."""
    rank = func.row_number().over(partition_by=by, order_by=order).label("rank")
    ranked = select(kind, rank).where(among(kind.subject_id, "ids"), *narrowed).subquery()
    return select(aliased(kind, ranked)).where(ranked.c.rank == 1)


_LAST = (Consent.given_at.desc(), Consent.state_version.desc())
_CONSENTS = _first(Consent, (Consent.subject_id, Consent.purpose), _LAST)
_CONSENTS_TO = _first(Consent, (Consent.subject_id, Consent.purpose), _LAST, among(Consent.purpose, "purposes"))
_WORDS = _first(
    Consent,
    (Consent.subject_id, Consent.purpose),
    _LAST,
    among(Consent.purpose, "purposes"),
    Consent.state.in_((State.GIVEN.value, State.WITHDRAWN.value)),
)
_OBJECTIONS = _first(Objection, (Objection.subject_id, Objection.purpose), (Objection.state_version.desc(),))
_RESTRICTIONS = _first(Restriction, (Restriction.subject_id,), (Restriction.state_version.desc(),))
_SUBJECTS = select(Subject.id, Subject.kind, Subject.state_version, Subject.erased_at).where(among(Subject.id, "ids"))
