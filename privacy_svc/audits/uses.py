"""What the log says was released, to whom, about whom: one walk over permits, reads and audiences.

An audience of a crowd names nobody: of each of its groups to whom anything was released there is one use of nobody in
particular. Purpose, grant and fields can be judged by it; what its people had said cannot.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EntryView, EventType, Log, Wanted, walk
from privacy_svc.db import Database
from privacy_svc.store import is_released

RELEASES = (EventType.DECISION_PERMIT, EventType.RECORD_READ, EventType.AUDIENCE_DECIDED)


@dataclass(frozen=True, slots=True)
class Use:
    """Somebody's data, released to a module for a purpose. `person` is None for somebody of whom nothing else is known,
    and with `of_many` for the people of an entry whom it names no more, or never did; `fields` are as the log names
    them, and none where the question was about the purpose as such."""

    entry: str
    at: datetime
    actor: str
    module: str | None
    purpose: str | None
    person: str | None
    fields: tuple[str, ...]
    policy_version: str | None
    of_many: bool = False
    people: int = 1
    """How many they were; the first use of a long list has them all."""
    gone: bool = False
    """Of people who were erased since: their part of the log cannot be opened, and nothing else here is known."""


def uses(database: Database, log: Log, since: datetime, until: datetime) -> Iterator[list[Use]]:
    """In pages of entries, newest first. What is about people erased since is counted, no more (`gone`). Raises
    Tampered."""
    for found in walk(log, database, Wanted(types=RELEASES, since=since, until=until)):
        with database.read() as session:
            page = [use for entry in found for use in _of(entry, log, session)]
        yield page


def _of(entry: EntryView, log: Log, session: Session) -> Iterator[Use]:
    told = entry.told
    if entry.erased:
        yield _gone(entry, 1)
    if not told:
        return
    if "groups" in told:
        groups = told["groups"]
        members = log.members(session, [entry.id]).get(entry.id, [])
        people = [(person, group) for person, group in members if person is not None]
        for person, group in people:
            if is_released(groups[group]):
                yield _use(entry, told, person, groups[group])
        gone = sum(person is None and is_released(groups[group]) for person, group in members)
        if gone:
            yield _gone(entry, gone)
        named = {group for _, group in people}
        unnamed = [a for number, a in enumerate(groups) if number not in named and is_released(a)]
        permitted = told.get("permitted", 1) - len(people) if unnamed else 0
        for answer in unnamed:
            yield replace(_use(entry, told, None, answer), of_many=True, people=max(permitted, 0))
            permitted = 0
    elif entry.type == EventType.DECISION_PERMIT or is_released(told):
        yield _use(entry, told, entry.subject_id, told)


def _gone(entry: EntryView, people: int) -> Use:
    return Use(entry.id, entry.at, entry.actor, None, None, None, (), None, people=people, gone=True)


def _use(entry: EntryView, told: Mapping[str, Any], person: str | None, answer: Mapping[str, Any]) -> Use:
    fields = answer.get("fields", {})
    return Use(
        entry.id,
        entry.at,
        entry.actor,
        told.get("module"),
        told.get("purpose"),
        person,
        (*fields.get("permit", ()), *fields.get("mask", ())),
        told.get("policy_version"),
    )
