"""Checks that SQL cannot do: they open sealed log payloads, recompute the tree, look at key files."""

import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, text

from privacy_svc.auditlog import EntryView, EventType, Log
from privacy_svc.audits.ropa import register
from privacy_svc.db import Database, Instant
from privacy_svc.policy import LegalBasis, PolicySet
from privacy_svc.settings import Settings

PAGE = 500
BOUND = timedelta(seconds=5)
"""A decision that began before a withdrawal was committed may be logged this much after it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing found: a pseudonym of ours, and since when."""

    id: str
    since: datetime | None = None


@dataclass(frozen=True)
class Context:
    """What a built-in check reads. `views` is the read-only connection that SQL checks use."""

    views: Connection
    database: Database
    policies: PolicySet
    log: Log
    settings: Settings
    as_of: datetime
    days: Mapping[str, int]

    def before(self, name: str, default: int) -> datetime:
        return self.as_of - timedelta(days=self.days.get(name, default))


def log_broken(context: Context) -> Iterator[Evidence]:
    """Recomputes the whole tree against every checkpoint signed or exported."""
    for finding in context.log.verify(context.database).findings:
        yield Evidence(f"log:{finding.kind}:{'-' if finding.index is None else finding.index}")


def permits_without_consent(context: Context) -> Iterator[Evidence]:
    """Permits and reads of the last `days.window` days for purposes of consent, without one that held then."""
    needing = {p.key for p in context.policies.purposes.values() if p.legal_basis is LegalBasis.CONSENT}
    since = context.before("window", 100)
    for kind in (EventType.DECISION_PERMIT, EventType.RECORD_READ):
        for entry in _entries(context, kind, since):
            purpose = entry.told.get("purpose")
            if purpose in needing and any(not _held(context, entry, i, purpose) for i in _used(context, entry)):
                yield Evidence(entry.id, entry.at)


def _used(context: Context, entry: EntryView) -> Iterator[str | None]:
    """Whose data were given out; of an entry about many people, those who are still named."""
    payload = entry.told
    if "groups" in payload:
        with context.database.read() as session:
            people = context.log.people(session, entry.id)
        yield from (i for i, group in people.items() if _released(payload["groups"][group]))
    elif entry.type == EventType.DECISION_PERMIT or _released(payload):
        yield entry.subject_id


def _released(answer: Mapping[str, Any]) -> bool:
    fields = answer.get("fields", {})
    return bool(fields.get("permit") or fields.get("mask"))


def _entries(context: Context, kind: EventType, since: datetime) -> Iterator[EntryView]:
    after = None
    while True:
        with context.database.read() as session:
            found = context.log.search(session, type=kind, since=since, until=context.as_of, after=after, limit=PAGE)
        yield from found
        if len(found) < PAGE:
            return
        after = found[-1].index


def _held(context: Context, entry: EntryView, subject_id: str | None, purpose: str) -> bool:
    return any(_standing(context, subject_id, purpose, at) for at in (entry.at, entry.at - BOUND))


_STANDING = text(
    """SELECT state, valid_until FROM consents
       WHERE person = :person AND purpose = :purpose AND recorded_at <= :at
       ORDER BY given_at DESC, state_version DESC LIMIT 1"""
).columns(valid_until=Instant)


def _standing(context: Context, subject_id: str | None, purpose: str, at: datetime) -> bool:
    words: tuple[Any, ...] = (
        bindparam("person", subject_id),
        bindparam("purpose", purpose),
        bindparam("at", at, type_=Instant),
    )
    found = context.views.execute(_STANDING.bindparams(*words)).one_or_none()
    return found is not None and found.state == "given" and (found.valid_until is None or found.valid_until > at)


def key_files_open_to_others(context: Context) -> Iterator[Evidence]:
    """Modes of the key folder and its files, as they are now. A key service elsewhere has no files to look at."""
    folder = context.settings.home / "keys"
    for path in [folder, *sorted(folder.glob("*"))] if folder.exists() else []:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Evidence(f"keys/{path.name}" if path != folder else "keys")


def erasures_undone(context: Context) -> Iterator[Evidence]:
    """The fence ledger, which lies outside the database, against its fences and keys, as they are now."""
    with context.database.read() as session:
        yield from map(Evidence, context.log.vault.undone(session))


def register_incomplete(context: Context) -> Iterator[Evidence]:
    """What Art. 30(1) asks for and the policy does not say."""
    for gap in register(context.policies)["missing"]:
        yield Evidence(f"{gap['activity']}:{gap['field']}")


BUILTINS: Mapping[str, Callable[[Context], Iterable[Evidence]]] = {
    f.__name__: f
    for f in (log_broken, permits_without_consent, erasures_undone, key_files_open_to_others, register_incomplete)
}
