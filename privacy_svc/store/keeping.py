"""Keeping people's facts beside their subjects: first with the admission, then where the store says something else.

A change raises the person's state version and is logged, without the values: it changes what is decided. Growing older
is no change; decisions know the day.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from privacy_svc import consent
from privacy_svc.auditlog import Event, EventType, GroupEvent, Log
from privacy_svc.db import among
from privacy_svc.policy import GROWN, OF_AGE, Collection, Facts, Tells, age_on
from privacy_svc.store.facts import FactReader, told_of
from privacy_svc.vault import BIRTH, Subject, SubjectCipher, Tampered

_SUBJECTS = cast("Table", Subject.__table__)
_COLUMNS = ("of_age", "birth", "country", "ended_on")
_KEPT = select(Subject.id, *(_SUBJECTS.c[name] for name in _COLUMNS)).where(among(Subject.id, "ids"))
_WRITE = (
    update(_SUBJECTS)
    .where(_SUBJECTS.c.id == bindparam("held"))
    .values(state_version=bindparam("version"), **{name: bindparam(f"new_{name}") for name in _COLUMNS})
)


def keep_first(session: Session, reader: FactReader, person: Collection, subject_of: Mapping[str, str]) -> None:
    """Of subjects that came into being in this transaction."""
    told, today = reader.read(session, person, subject_of), reader.today()
    young = [i for i, facts in told.items() if _young(facts, today)]
    ciphers = reader.vault.ciphers(session, young) if young else {}
    _write(session, [_row(i, 1, facts, today, ciphers) for i, facts in told.items() if facts != Facts()])


def keep(
    session: Session, reader: FactReader, log: Log, person: Collection, subject_of: Mapping[str, str], actor: str
) -> int:
    """Of people known before: how many changed. Erased ones are left alone, and those whose row the store no longer
    has. They are held before the store is read, so that of two who do this the later writes the newer."""
    if not subject_of or not told_of(reader.policies, person):
        return 0
    versions = consent.hold_many(session, subject_of.values())
    told, today = reader.read(session, person, {k: i for k, i in subject_of.items() if i in versions}), reader.today()
    if not told:
        return 0
    session.flush()
    kept = {row.id: row for row in session.connection().execute(_KEPT, {"ids": list(told)})}
    keys = [i for i, facts in told.items() if kept[i].birth is not None or _young(facts, today)]
    ciphers = reader.vault.ciphers(session, keys) if keys else {}
    changed, rows = dict[str, tuple[str, ...]](), list[dict[str, Any]]()
    for subject_id, facts in told.items():
        before = _facts(kept[subject_id], ciphers.get(subject_id))
        names = tuple(_changes(before, facts, today, was_of_age=kept[subject_id].of_age == OF_AGE))
        if names:
            changed[subject_id] = names
            versions[subject_id] += 1
        if names or _of_age(facts, today) != kept[subject_id].of_age:
            rows.append(_row(subject_id, versions[subject_id], facts, today, ciphers))
    _write(session, rows)
    _log(session, log, changed, versions, actor)
    return len(changed)


def reseal_births(session: Session, cipher: SubjectCipher) -> None:
    """A `vault.Holder`. Raises Tampered where the birth date does not open."""
    subject = session.get_one(Subject, cipher.subject_id, populate_existing=True)
    if subject.birth is not None and cipher.is_older(subject.birth):
        at = cipher.at(subject.id)
        subject.birth = at.seal(BIRTH, at.open(BIRTH, subject.birth))
    session.flush()


def _grown(facts: Facts, today: date) -> bool:
    return facts.born is not None and age_on(facts.born, today) >= OF_AGE


def _of_age(facts: Facts, today: date) -> int:
    age = age_on(facts.born, today) if facts.born is not None else 0
    return next((years for years in GROWN if age >= years), 0)


def _young(facts: Facts, today: date) -> bool:
    return facts.born is not None and not _grown(facts, today)


def _facts(kept: Any, cipher: SubjectCipher | None) -> Facts:
    """As they were written; of who is of age the birth date was not. One that cannot be read is written anew."""
    born = None
    if kept.birth is not None and cipher is not None:
        with suppress(Tampered, TypeError, ValueError):
            born = date.fromisoformat(cipher.open(BIRTH, kept.id, kept.birth))
    return Facts(born, kept.country, kept.ended_on)


def _changes(before: Facts, after: Facts, today: date, *, was_of_age: bool) -> Iterator[str]:
    grown = was_of_age or _grown(before, today)
    if grown != _grown(after, today) or (not grown and before.born != after.born):
        yield Tells.BIRTH_DATE.value
    if before.country != after.country:
        yield Tells.COUNTRY.value
    if before.ended_on != after.ended_on:
        yield Tells.RELATIONSHIP_END.value


def _row(
    subject_id: str, version: int, facts: Facts, today: date, ciphers: Mapping[str, SubjectCipher]
) -> dict[str, Any]:
    birth = None
    if facts.born is not None and _young(facts, today):
        birth = ciphers[subject_id].seal(BIRTH, subject_id, facts.born.isoformat())
    return {
        "held": subject_id,
        "version": version,
        "new_of_age": _of_age(facts, today),
        "new_birth": birth,
        "new_country": facts.country,
        "new_ended_on": facts.ended_on,
    }


def _write(session: Session, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.flush()
        session.connection().execute(_WRITE, rows)
        session.expire_all()


def _log(
    session: Session, log: Log, changed: Mapping[str, tuple[str, ...]], versions: Mapping[str, int], actor: str
) -> None:
    """One entry; whose same facts changed are one group of it."""
    if len(changed) == 1:
        ((subject_id, names),) = changed.items()
        event = Event(EventType.FACTS_CHANGED, subject_id, {"facts": names, "state_version": versions[subject_id]})
        log.append_many(session, [event], actor=actor)
    elif changed:
        groups = {names: number for number, names in enumerate(dict.fromkeys(changed.values()))}
        people = {i: (groups[names], versions[i]) for i, names in changed.items()}
        payload = {"groups": [{"facts": names} for names in groups]}
        log.append_group(session, GroupEvent(EventType.FACTS_CHANGED, people, payload), actor=actor)
