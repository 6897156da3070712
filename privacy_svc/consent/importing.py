"""Consents from a file: in batches, each one transaction with its log entry and the note how far it came.

Idempotent: a record of the same person, purpose, state and time is there already, whoever brought it. Nothing that is
recorded is touched, and what was said later stands, so an old table never outvotes what a person said since. It lifts
no objection, and nothing from the suppression list but what it has put there itself.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, GroupEvent, Log
from privacy_svc.consent.alreadysaid import already_said, saying
from privacy_svc.consent.judging import Judge, Refused, Wanted, Why, Words
from privacy_svc.consent.listing import Listing
from privacy_svc.consent.model import EVIDENCE, Consent
from privacy_svc.consent.policies import keep_policy
from privacy_svc.consent.reading import Line
from privacy_svc.consent.suppression import is_empty
from privacy_svc.consent.tables import ConsentImport
from privacy_svc.consent.versions import hold_many, raise_versions, readmissions
from privacy_svc.db import Database, ahead, insert_rows, new_id, now, prefer_indexes
from privacy_svc.errors import Conflict
from privacy_svc.http import Contact, CustomerDirectory, NotAdmitted
from privacy_svc.policy import PolicySet
from privacy_svc.vault import Subject, Vault

BATCH = 5000
"""Rows of one transaction: so long other writers of SQLite wait."""
_NOT_ADMITTED = {
    NotAdmitted.UNKNOWN: (Why.UNKNOWN_CUSTOMER, "the customer store has no such person"),
    NotAdmitted.AMBIGUOUS: (Why.AMBIGUOUS_CUSTOMER, "several people share this address: name the customer by id"),
}
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
        run_id, totals = self._begin(digest, again=again)
        yield totals
        for batch in ahead(self._judged(islice(lines, totals.rows, None))):
            with self.database.write() as session:
                self._one_batch(session, run_id, batch, totals, tell)
            yield totals
        with self.database.write() as session:
            self._end(session, run_id, totals)

    def _judged(self, lines: Iterator[Line]) -> Iterator[list[Wanted | Refused]]:
        """Batch by batch: the next one is read while the database takes this one."""
        judge = Judge(self.policies, self.zone)
        while batch := list(islice(lines, self.batch)):
            at = now()
            yield [judge.judge(line, at) for line in batch]

    def _begin(self, digest: str, *, again: bool) -> tuple[str, Totals]:
        """The unfinished run of this file, or a new one."""
        if self.dry_run:
            return "", Totals()
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
            return run.id, Totals(run.rows, run.recorded, run.unchanged, Counter(run.refused))

    def _one_batch(
        self, session: Session, run_id: str, lines: Sequence[Wanted | Refused], totals: Totals, tell: Tell
    ) -> None:
        prefer_indexes(session)
        run = session.get(ConsentImport, run_id, with_for_update=True) if run_id else None
        if run is not None and run.rows != totals.rows:
            raise Conflict("Another process imports this file at this moment.")
        at = now()
        done = _Batch(self, session, run_id, at, run.started_at if run else at).take(lines)
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

    def _end(self, session: Session, run_id: str, totals: Totals) -> None:
        if run_id:
            session.get_one(ConsentImport, run_id).finished_at = now()
            payload = {"import": run_id, **totals.to_json()}
            self.log.append(session, EventType.CONSENT_IMPORTED, actor=self.actor, payload=payload)


class _Batch:
    """Some rows, in one transaction. `began`: when the run did."""

    def __init__(self, importer: Importer, session: Session, run_id: str, at: datetime, began: datetime) -> None:
        self._by, self._session, self._run_id, self._at = importer, session, run_id, at
        by = importer
        self._listing = Listing(session, by.vault, by.log, by.directory, by.actor, began)
        self.refused: list[Refused] = []
        self.recorded = self.unchanged = 0

    def take(self, lines: Sequence[Wanted | Refused]) -> "_Batch":
        self.refused += [one for one in lines if isinstance(one, Refused)]
        wanted = [one for one in lines if isinstance(one, Wanted)]
        suppressing = not is_empty(self._session)
        if suppressing:
            wanted = self._unsuppressed(wanted, {w.line.number: w.contacts for w in wanted}, {})
        admitted = self._admitted(wanted)
        if suppressing and admitted:
            known = self._by.directory.contacts(self._session, {s for _, s in admitted})
            contacts = {w.line.number: known.get(s, ()) for w, s in admitted}
            subjects = {w.line.number: s for w, s in admitted}
            left = {w.line.number for w in self._unsuppressed([w for w, _ in admitted], contacts, subjects)}
            admitted = [(w, s) for w, s in admitted if w.line.number in left]
        if admitted:
            self._record(admitted)
        self.refused.sort(key=lambda r: r.row)
        return self

    def _refuse(self, wanted: Wanted, why: Why, detail: str) -> None:
        self.refused.append(Refused(wanted.line.number, wanted.line.line, why, detail))

    def _unsuppressed(
        self, wanted: Sequence[Wanted], contacts: Mapping[int, Sequence[Contact]], subjects: Mapping[int, str]
    ) -> list[Wanted]:
        """Those whose addresses may be used for their purpose; what is there already needs no such leave again.
        `subjects`: of the rows whose person is known."""
        against = self._listing.against(wanted, contacts, subjects)
        left = []
        for w in wanted:
            stand = against.get(w.line.number)
            subject_id = (subjects.get(w.line.number) or self._find(w)) if stand else None
            if stand is None or (subject_id is not None and self._listing.said_here(w, subject_id, stand)):
                left.append(w)
            elif subject_id is not None and self._is_there(w, subject_id):
                self.unchanged += 1
            else:
                self._refuse(w, Why.SUPPRESSED, "the address is on the suppression list")
        return left

    def _find(self, w: Wanted) -> str | None:
        """Whom the row names, who is not erased; None where several people share the address."""
        try:
            found = self._by.directory.find(self._session, w.customer)
        except Conflict:
            return None
        return None if found is None or self._session.get_one(Subject, found).erased_at is not None else found

    def _is_there(self, w: Wanted, subject_id: str) -> bool:
        return saying(w, subject_id) in already_said(self._session, [w], [subject_id])

    def _admitted(self, wanted: Sequence[Wanted]) -> list[tuple[Wanted, str]]:
        subjects = self._by.directory.admit_many(self._session, [w.customer for w in wanted], self._by.actor)
        found = []
        for w, subject in zip(wanted, subjects, strict=True):
            if isinstance(subject, NotAdmitted):
                self._refuse(w, *_NOT_ADMITTED[subject])
            else:
                found.append((w, subject))
        return found

    def _record(self, admitted: Sequence[tuple[Wanted, str]]) -> None:
        versions = hold_many(self._session, {s for _, s in admitted})
        there = already_said(self._session, [w for w, _ in admitted], versions)
        back = readmissions(self._session, versions)
        new: list[tuple[Wanted, str]] = []
        for w, subject_id in admitted:
            one = saying(w, subject_id)
            if subject_id not in versions:
                self._refuse(w, Why.ERASED, "this person's data were erased")
            elif one in there:
                self.unchanged += 1
            elif w.permits and subject_id in back and w.given_at < back[subject_id]:
                self._refuse(w, Why.BEFORE_READMISSION, "agreed before this person was erased and came back")
            else:
                there.add(one)
                new.append((w, subject_id))
        self.recorded = len(new)
        if new:
            self._write(new, versions)
            self._listing.follow(new, self._at)

    def _write(self, new: Sequence[tuple[Wanted, str]], versions: dict[str, int]) -> None:
        """Versions rise in the order of the file: of two things said at one time, the later line stands."""
        by = self._by
        told, people = dict[int, str](), dict[str, list[str]]()
        for w, subject_id in new:
            words = told.get(id(w.words)) or told.setdefault(id(w.words), _told(w.words))
            people.setdefault(subject_id, []).append(words)
        raise_versions(self._session, {subject_id: len(said) for subject_id, said in people.items()})
        groups: dict[tuple[str, ...], int] = {}
        about = {
            s: (groups.setdefault(tuple(said), len(groups)), versions[s] + len(said)) for s, said in people.items()
        }
        payload = {"import": self._run_id, "rows": len(new), "groups": [list(g) for g in groups]}
        event = GroupEvent(EventType.CONSENT_IMPORTED, about, payload)
        entry = by.log.append_group(self._session, event, actor=by.actor)
        insert_rows(self._session, Consent, self._rows(new, versions, entry))

    def _rows(self, new: Sequence[tuple[Wanted, str]], versions: dict[str, int], entry: str) -> list[dict[str, Any]]:
        by = self._by
        proofs = by.vault.ciphers(self._session, {s for w, s in new if w.sealed}, "evidence")
        same = {"recorded_at": self._at, "recorded_by": by.actor, "policy_version": by.policies.version}
        rows = []
        for w, subject_id in new:
            versions[subject_id] += 1
            row_id, notice = new_id(), w.words.notice
            rows.append(
                {
                    "id": row_id,
                    "subject_id": subject_id,
                    "purpose": w.words.purpose.key,
                    "state": w.words.state,
                    "notice_id": notice.id,
                    "notice_version": notice.version,
                    "notice_language": notice.language,
                    "notice_digest": notice.digest,
                    "channel": w.channel,
                    "method": w.words.method,
                    "guardian": w.guardian,
                    "sealed": proofs[subject_id].seal(EVIDENCE, row_id, w.sealed) if w.sealed else None,
                    "given_at": w.given_at,
                    "valid_until": w.valid_until,
                    "state_version": versions[subject_id],
                    "entry_id": entry,
                    **same,
                }
            )
        return rows


def _told(words: Words) -> str:
    notice = words.notice
    shown = f"{notice.id} {notice.version} {notice.language}" if notice.id else "no notice"
    return f"{words.purpose.key} {words.state}, {shown}, {words.method}"
