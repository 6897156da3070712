"""Writing through the gateway: a module changes or creates a record for a purpose."""

from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import Connection, insert
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType
from privacy_svc.db import Database
from privacy_svc.errors import BadRequest, Conflict, PrivacyError
from privacy_svc.policy import Decision, Effect, PolicySet
from privacy_svc.store import subjects
from privacy_svc.store.binding import BoundCollection, Row
from privacy_svc.store.changing import Writer
from privacy_svc.store.checking import Found, checked
from privacy_svc.store.errors import NotPermitted
from privacy_svc.store.gateway import Asked, Gateway, by_field
from privacy_svc.store.refreshing import keep_person
from privacy_svc.store.rows import one_row, owners, row_key

_log = structlog.get_logger(__name__)


def change(
    gateway: Gateway, database: Database, policies: PolicySet, asked: Asked, key: str, values: Mapping[str, Any]
) -> tuple[str, Found]:
    """Change a record; returns the decision's id, and what a check found in its texts.

    The store and our database cannot commit at one instant. The log entry and the index are
    durable before the store commits: a change without its entry cannot happen; an entry
    whose change was refused by the store is followed by one that says so. The row is held from
    the beginning: an erasure that comes in between cleans it after this change, not before.
    """
    stores = gateway.stores
    _refuse_links(asked, values)
    values, found = checked(asked.collection, values)
    logged: list[tuple[str, str]] = []
    try:
        with stores.write(asked.collection.dataset) as connection:
            row = one_row(connection, asked.bound, key, hold=True)
            with database.write() as session:
                subject_id = _owner(gateway, session, policies, asked, row)
                writer = Writer(session, gateway.vault, gateway.vault.cipher(session, subject_id))
                decision = gateway.pdp.decide(session, asked.question, subject_id)
                _require(decision, asked)
                more = _noted(asked, found)
                decision_id = gateway.pdp.log(
                    session, EventType.RECORD_WRITE, asked.question, subject_id, decision, more
                )
                writer.index(asked.collection, key, values)
            logged.append((subject_id, decision_id))
            writer.store(connection, asked.bound, key, values)
    except Exception as error:
        if logged:
            _record_failure(gateway, database, asked, *logged[0])
        raise _as_ours(error) from error
    _look_again(gateway, database, policies, asked, logged[0][0], values)
    return decision_id, found


def _refuse_links(asked: Asked, values: Mapping[str, Any]) -> None:
    """Keys and references say whose record it is; its sealed values are bound to that person and row."""
    links = [n for n in values if (f := asked.collection.by_name[n]).primary_key or f.reference is not None]
    if links:
        raise BadRequest(f"{', '.join(links)}: a record cannot be moved to another key or person; make a new one.")


def create(
    gateway: Gateway, database: Database, policies: PolicySet, asked: Asked, values: Mapping[str, Any]
) -> tuple[str, str, Found]:
    """A new record; returns its key, the decision's id, and what a check found in its texts.

    A new person has no consents yet, so only purposes on another legal basis may create one.
    The row is inserted and sealed in one store transaction: its key goes into each value's
    associated data. Our database commits inside it, before the store does.
    """
    values, found = checked(asked.collection, values)
    logged: list[tuple[str, str]] = []
    try:
        with gateway.stores.write(asked.collection.dataset) as connection, database.write() as session:
            key = _insert(connection, asked.bound, values)
            row = one_row(connection, asked.bound, key)
            subject_id = _owner(gateway, session, policies, asked, row)
            writer = Writer(session, gateway.vault, gateway.vault.cipher(session, subject_id))
            decision = gateway.pdp.decide(session, asked.question, subject_id)
            _require(decision, asked)
            more = _noted(asked, found)
            decision_id = gateway.pdp.log(session, EventType.RECORD_CREATE, asked.question, subject_id, decision, more)
            writer.index(asked.collection, key, values)
            writer.store(connection, asked.bound, key, values)
            logged.append((subject_id, decision_id))
    except Exception as error:
        if logged:
            _record_failure(gateway, database, asked, *logged[0])
        raise _as_ours(error) from error
    _look_again(gateway, database, policies, asked, logged[0][0], values)
    return key, decision_id, found


def _noted(asked: Asked, found: Found) -> dict[str, Any]:
    return {"collection": asked.collection.path} | ({"unwanted": found} if found else {})


def _look_again(
    gateway: Gateway, database: Database, policies: PolicySet, asked: Asked, subject_id: str, values: Mapping[str, Any]
) -> None:
    """What decisions need of the record is what the store has committed. The write stands, whatever happens here: the
    worker comes to everybody."""
    if not any(asked.collection.by_name[name].tells for name in values):
        return
    try:
        with database.write() as session:
            keep_person(session, gateway.reader(policies), gateway.pdp.audit, subject_id, asked.question.actor)
    except PrivacyError as error:
        _log.warning("facts.keeping_waits", problem=error.slug)


def _insert(connection: Connection, bound: BoundCollection, values: Mapping[str, Any]) -> str:
    """The row with its sealed fields still empty; they are sealed once its key is known."""
    first = {n: _placeholder(bound, n, v) for n, v in values.items()}
    made = connection.execute(insert(bound.table).values(first))
    return row_key(bound.collection, dict(zip(bound.collection.key, made.inserted_primary_key or (), strict=True)))


def _placeholder(bound: BoundCollection, name: str, value: Any) -> Any:
    """A column of another type than text takes no empty string; one that allows no NULL is not sealed yet."""
    if not bound.collection.by_name[name].seal:
        return value
    if bound.is_text(name):
        return ""
    return None if name in bound.nullable else value


def _owner(gateway: Gateway, session: Session, policies: PolicySet, asked: Asked, row: Row) -> str:
    """The subject a row belongs to, admitted where new."""
    key = row_key(asked.collection, row)
    found = owners(gateway.stores, policies.data_map, asked.collection, [row]).get(key)
    if found is None:
        raise BadRequest(f"This record of {asked.collection.path} belongs to no person of the data map.")
    person, person_key = found
    actor = asked.question.actor
    reader = gateway.reader(policies)
    return subjects.admit(session, reader, gateway.pdp.audit, person, [person_key], actor)[person_key]


def _require(decision: Decision, asked: Asked) -> None:
    """Each field in full: what is masked for reading may not be overwritten."""
    refused = {n: d for n, d in by_field(decision, asked).items() if d.effect is not Effect.PERMIT}
    if refused:
        told = ", ".join(f"{n} ({d.reason or 'masked'})" for n, d in refused.items())
        raise NotPermitted(f"Not permitted for {decision.purpose}: {told}.")


def _record_failure(gateway: Gateway, database: Database, asked: Asked, subject_id: str, decision_id: str) -> None:
    payload = {"decision_id": decision_id, "collection": asked.collection.path}
    with database.write() as session:
        gateway.pdp.audit.append(
            session, EventType.RECORD_WRITE_FAILED, actor=asked.question.actor, subject_id=subject_id, payload=payload
        )


def _as_ours(error: Exception) -> Exception:
    if isinstance(error, IntegrityError):
        return Conflict("The store refused the values: a unique, foreign key or NOT NULL rule does not allow them.")
    if isinstance(error, DataError):
        return BadRequest("The store refused a value's type or length.")
    return error
