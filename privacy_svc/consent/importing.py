"""Consents from a file: in batches, each one transaction with its log entry and the note how far it came.

Idempotent: a record of the same person, purpose, state and time is there already, whoever brought it. Nothing that is
recorded is touched, and what was said later stands, so an old table never outvotes what a person said since. It lifts
no objection, and nothing from the suppression list but what it has put there itself. However a file is cut into
batches, and wherever it was broken off, the same comes in; a dry run counts the same.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.consent.alreadysaid import Rehearsed
from privacy_svc.consent.importbatch import Batch, Hands
from privacy_svc.consent.judging import Judge, Refused, Wanted
from privacy_svc.consent.listing import Listing, withdrew
from privacy_svc.consent.policies import keep_policy
from privacy_svc.consent.reading import Line
from privacy_svc.consent.tables import ConsentImport
from privacy_svc.db import Database, ahead, new_id, now, prefer_indexes
from privacy_svc.errors import Conflict
from privacy_svc.http import CustomerDirectory
from privacy_svc.policy import PolicySet
from privacy_svc.vault import Vault

BATCH = 5000
"""Rows of one transaction: so long other writers of SQLite wait."""
Tell = Callable[[Sequence[Refused]], None]


@dataclass(slots=True)
class Totals:
    """`unchanged` were there already."""

    rows: int = 0
    recorded: int = 0
    unchanged: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "recorded": self.recorded,
            "unchanged": self.unchanged,
            "refused": sum(self.refused.values()),
            "reasons": dict(sorted(self.refused.items())),
        }


class _Run(NamedTuple):
    """Of one file. `rehearsed`: of a dry run."""

    id: str
    began: datetime
    rehearsed: Rehearsed | None


@dataclass(frozen=True)
class Importer:
    """`zone`: of times that name none."""

    database: Database
    vault: Vault
    log: Log
    directory: CustomerDirectory
    policies: PolicySet
    actor: str
    zone: tzinfo | None = None
    batch: int = BATCH
    dry_run: bool = False

    def run(self, digest: str, lines: Iterator[Line], tell: Tell, progress: Callable[[int], None]) -> Totals:
        """To the end; see `steps`."""
        for totals in self.steps(digest, lines, tell):
            progress(totals.rows)
        return totals

    def steps(self, digest: str, lines: Iterator[Line], tell: Tell, *, again: bool = False) -> Iterator[Totals]:
        """Rows of the file with this digest, after those that an earlier run that was broken off has done, or all of
        them `again`. Yields the totals, once before the first batch and after each.

        `tell` gets refused rows before their batch is committed: one may be told twice, none is lost.
        """
        run, totals = self._rehearse(digest, again=again) if self.dry_run else self._begin(digest, again=again)
        yield totals
        for batch in ahead(self._judged(islice(lines, totals.rows, None))):
            with self.database.write() as session:
                self._one_batch(session, run, batch, totals, tell)
            yield totals
        if not self.dry_run:
            self._free(run)
            with self.database.write() as session:
                self._end(session, run, totals)

    @property
    def _hands(self) -> Hands:
        return Hands(self.vault, self.log, self.directory, self.policies, self.actor)

    def _judged(self, lines: Iterator[Line]) -> Iterator[list[Wanted | Refused]]:
        """Batch by batch: the next one is read while the database takes this one."""
        judge = Judge(self.policies, self.zone)
        while batch := list(islice(lines, self.batch)):
            at = now()
            yield [judge.judge(line, at) for line in batch]

    def _begin(self, digest: str, *, again: bool) -> tuple[_Run, Totals]:
        """The unfinished run of this file, or a new one."""
        with self.database.write() as session:
            keep_policy(session, self.log, self.policies)
            run = session.scalar(select(ConsentImport).where(ConsentImport.digest == digest).with_for_update())
            if run is None:
                run = ConsentImport(digest=digest, started_by=self.actor)
                session.add(run)
            elif run.finished_at is not None or again:
                began = run.started_at if run.finished_at is None else now()
                run.started_at, run.finished_at, run.started_by = began, None, self.actor
                run.rows, run.recorded, run.unchanged, run.refused = 0, 0, 0, {}
            session.flush()
            return _Run(run.id, run.started_at, None), _totals(run)

    def _rehearse(self, digest: str, *, again: bool) -> tuple[_Run, Totals]:
        """The same, and nothing is written."""
        rehearsed = Rehearsed(self.directory)
        with self.database.read() as session:
            run = session.scalar(select(ConsentImport).where(ConsentImport.digest == digest))
            if run is None:
                return _Run(new_id(), now(), rehearsed), Totals()
            anew = run.finished_at is not None or again
            return _Run(run.id, run.started_at, rehearsed), Totals() if anew else _totals(run)

    def _one_batch(
        self, session: Session, of: _Run, lines: Sequence[Wanted | Refused], totals: Totals, tell: Tell
    ) -> None:
        prefer_indexes(session)
        run = None if self.dry_run else session.get_one(ConsentImport, of.id, with_for_update=True)
        if run is not None and run.rows != totals.rows:
            raise Conflict("Another process imports this file at this moment.")
        done = Batch(self._hands, session, of.id, now(), of.rehearsed).take(lines)
        if done.refused:
            tell(done.refused)
        totals.rows += len(lines)
        totals.recorded += done.recorded
        totals.unchanged += done.unchanged
        totals.refused.update(str(r.reason) for r in done.refused)
        if run is None:
            session.rollback()
        else:
            run.rows, run.recorded, run.unchanged = totals.rows, totals.recorded, totals.unchanged
            run.refused = dict(totals.refused)

    def _free(self, run: _Run) -> None:
        """Who agreed again later in the file; broken off here, it is done again."""
        with self.database.read() as session:
            people = withdrew(session, run.id, run.began)
        purposes = [p.key for p in self.policies.purposes.values() if p.direct_marketing]
        for start in range(0, len(people), self.batch):
            with self.database.write() as session:
                listing = Listing(session, self.vault, self.log, self.directory, self.actor, run.id)
                listing.free(people[start : start + self.batch], purposes)

    def _end(self, session: Session, run: _Run, totals: Totals) -> None:
        session.get_one(ConsentImport, run.id).finished_at = now()
        payload = {"import": run.id, **totals.to_json()}
        self.log.append(session, EventType.CONSENT_IMPORTED, actor=self.actor, payload=payload)


def _totals(run: ConsentImport) -> Totals:
    return Totals(run.rows, run.recorded, run.unchanged, Counter(run.refused))
