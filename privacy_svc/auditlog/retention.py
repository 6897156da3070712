"""The end of entries whose retention is over: stretch by stretch, in a transaction each, which an entry speaks of."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from privacy_svc.auditlog import pruning
from privacy_svc.auditlog.entry import instant
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.grown import Grown
from privacy_svc.auditlog.searching import first_of
from privacy_svc.auditlog.signing import promised
from privacy_svc.auditlog.tree_row import locked
from privacy_svc.auditlog.witness import last_cosigned
from privacy_svc.db import Database, now

if TYPE_CHECKING:
    from privacy_svc.auditlog.log import Log

Held = Callable[[Session], Collection[str]]
"""People whose data are held, as of this transaction."""


def nobody(_: Session) -> Collection[str]:
    return ()


def prunable(log: "Log", database: Database, before: datetime, held: Held) -> int:
    """How many entries `prune` would delete."""
    with database.read() as session:
        begin = until = first_of(session)
    while True:
        with database.read() as session:
            further = _until(log, session, before, held, until)
        if further <= until:
            return until - begin
        until = further


def prune(
    log: "Log",
    database: Database,
    before: datetime,
    held: Held,
    actor: str,
    *,
    automatic: bool,
    progress: Callable[[int], None],
) -> int:
    """Delete entries older than `before`, but none about people whose data are held then (GDPR 17(3)); how many.
    `progress` is told after each stretch how many are gone. An automatic run goes a little way only: see
    `pruning.automatic`. Raises LogInconsistent."""
    log.integrate(database)
    total = 0
    with database.read() as session:
        end = pruning.automatic(session, before, now()) if automatic else before
    while gone := _stretch(log, database, end, held, actor):
        total += gone
        progress(total)
    return total


def _stretch(log: "Log", database: Database, before: datetime, held: Held, actor: str) -> int:
    with database.write() as session:
        tree = Grown(session, log.vault, locked(session), promised(session, log.signer, log.export), log.export.parent)
        tree.require_ours()
        people = held(session)
        until = _until(log, session, before, lambda _: people)
        if not set(held(session)) <= set(people):  # somebody is held since, as this was worked out
            until = _until(log, session, before, held)
        gone = pruning.prune(session, until)
        if gone:
            tree.row.mac = tree.mac()
            told = {"until": until, "entries": gone, "before": instant(before)}
            log.append(session, EventType.LOG_PRUNED, actor=actor, payload=told)
    log.integrate(database)  # first: a restore believes that leaves outside were pruned where an entry there says so
    log.mirror.prune(until)  # also where a run before ended just here
    return gone


def _until(log: "Log", session: Session, before: datetime, held: Held, begin: int | None = None) -> int:
    """What a witness has not cosigned stays: its next proof begins where it stands. One that has cosigned nothing
    needs no proof."""
    most = last_cosigned(session, log.witness) if log.witness else None
    return pruning.prunable(session, log.vault, before, held(session), begin, most)
