"""Running programmes and keeping their signed reports."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import select, text

from privacy_svc import __version__
from privacy_svc.auditlog import EventType, Log, NoteError, Progress, Signer, canonical, unseen, verify_json
from privacy_svc.audits.builtins import BUILTINS
from privacy_svc.audits.checks import Programme, load_programmes
from privacy_svc.audits.context import Audited, Context
from privacy_svc.audits.errors import AlteredReport, UnknownAudit, UnknownProgramme
from privacy_svc.audits.model import AuditRun, is_present
from privacy_svc.audits.reading import read_only
from privacy_svc.audits.running import STATUSES, Outcome, carry_out, timestamp
from privacy_svc.audits.scoring import altered, compared, since_before
from privacy_svc.db import Database, new_id, now
from privacy_svc.errors import BadRequest, nearest
from privacy_svc.policy import PolicyHolder, PolicySet
from privacy_svc.settings import Settings

TYPE = "privacy-svc/audit-report"
VERSION = 1
Report = dict[str, Any]


@dataclass(frozen=True)
class Audits:
    """The room's face. `run` is a boundary: it reads on a connection of its own, then writes its one row."""

    database: Database
    policies: PolicyHolder
    log: Log
    signer: Signer
    settings: Settings

    def programmes(self) -> Mapping[str, Programme]:
        """Read anew each time: the files are the DPO's to change. Raises Misconfigured."""
        return load_programmes(self.settings.audits, BUILTINS)

    def programme(self, name: str) -> Programme:
        """Raises UnknownProgramme, Misconfigured."""
        known = self.programmes()
        if name not in known:
            near = nearest(name, known)
            raise UnknownProgramme("There is no such programme" + (f"; did you mean {near!r}?" if near else "."))
        return known[name]

    def run(
        self,
        programme: str,
        actor: str,
        as_of: datetime | None = None,
        progress: Progress = unseen,
    ) -> Report:
        """The signed report. The same as-of time gives the same results, as far as the past was not changed.

        Raises UnknownProgramme, BadRequest for a time that is not past or before the log, Misconfigured for files with
        faults.
        """
        at = now()
        as_of = as_of or at
        if as_of.tzinfo is None or as_of > at:
            raise BadRequest("as_of is a time that has passed, with its time zone, e.g. 2026-11-01T00:00:00Z.")
        report = self._report(self.programme(programme), self.policies.current, as_of, at, actor, progress)
        self._keep(report, as_of, at)
        return report

    def _report(
        self,
        programme: Programme,
        policies: PolicySet,
        as_of: datetime,
        at: datetime,
        actor: str,
        progress: Progress,
    ) -> Report:
        before = self._before(programme.id, as_of)
        since = datetime.fromisoformat(before["as_of"]) if before else None
        with read_only(self.database, policies, as_of) as views:
            size = int(views.scalar(text("SELECT count(*) FROM log_entries")) or 0)
            if not size and not is_present(as_of, at):
                raise BadRequest("The log begins after as_of: of before, nothing can be told.")
            run = Audited(views, self.database, policies, self.log, self.settings, as_of, at, since)
            outcomes = []
            for number, check in enumerate(programme.checks):
                progress(number, len(programme.checks))
                outcomes.append(carry_out(check, Context(run, check.days)))
        documents = [o.document() for o in outcomes]
        results = [document | {"before": since_before(document, before)} for document in documents]
        organisation = policies.organisation
        return self.signer.sign_json(
            {
                "type": TYPE,
                "version": VERSION,
                "id": new_id(),
                "organisation": {"id": organisation.id, "name": organisation.controller.name},
                "software": f"privacy-svc {__version__}",
                "programme": {"id": programme.id, "title": programme.title, "checks": programme.digest},
                "as_of": timestamp(as_of),
                "run_at": timestamp(at),
                "present": is_present(as_of, at),
                "run_by": actor,
                "policy": policies.version,
                "log": {"origin": self.signer.name, "size": size},
                "summary": _summary(outcomes),
                "not_judged": max((o.not_judged for o in outcomes), default=0),
                "before": before and {"id": before["id"], "as_of": before["as_of"]},
                "altered": altered(results, before),
                "areas": compared(results, before),
                "results": results,
            }
        )

    def _before(self, programme: str, as_of: datetime) -> Report | None:
        """The last report of this programme about an earlier time."""
        earlier = select(AuditRun.document).where(AuditRun.programme == programme, AuditRun.as_of < as_of)
        with self.database.read() as session:
            found = session.scalar(earlier.order_by(AuditRun.as_of.desc(), AuditRun.id.desc()).limit(1))
        return None if found is None else self._opened(found)

    def _keep(self, report: Report, as_of: datetime, at: datetime) -> None:
        document, summary = json.dumps(report, ensure_ascii=False), report["summary"]
        run = AuditRun(
            id=report["id"],
            programme=report["programme"]["id"],
            as_of=as_of,
            run_at=at,
            run_by=report["run_by"],
            passed=summary["pass"],
            findings=summary["finding"],
            errors=summary["error"],
            document=document,
        )
        digest = hashlib.sha256(canonical(report)).hexdigest()
        payload = {"run": run.id, "programme": run.programme, "summary": summary, "sha256": digest}
        with self.database.write() as session:
            session.add(run)
            self.log.append(session, EventType.AUDIT_COMPLETED, actor=run.run_by, payload=payload)

    def find(self, run_id: str) -> Report:
        """A kept report, exactly as it was signed. Raises UnknownAudit, AlteredReport."""
        with self.database.read() as session:
            found = session.get(AuditRun, run_id)
            if found is None:
                raise UnknownAudit("There is no audit run of this id.")
            report = self._opened(found.document)
        if report["id"] != run_id:
            raise AlteredReport(f"What is kept as the report {run_id} is another.")
        return report

    def _opened(self, document: str) -> Report:
        """Signed by the key of today, or by one that handed over to it. Raises AlteredReport."""
        trusted = {self.signer.vkey, *(handover.old.vkey for handover in self.signer.handovers)}
        try:
            report: Report = json.loads(document)
            vkey = report["signature"]["key"]
            if vkey not in trusted:
                raise NoteError("it is signed by no key of ours")
            verify_json(report, vkey)
        except (NoteError, ValueError, KeyError, TypeError) as error:
            raise AlteredReport(f"A kept report does not hold: {error}.") from None
        return report

    def latest(self, limit: int = 1, programme: str | None = None, *, present: bool = False) -> Sequence[AuditRun]:
        """Newest first; of one programme, or all. `present`: without those about an earlier time."""
        runs = select(AuditRun).order_by(AuditRun.id.desc())
        if programme is not None:
            runs = runs.where(AuditRun.programme == programme)
        if not present:
            runs = runs.limit(limit)
        runs = runs.execution_options(yield_per=limit)
        with self.database.read() as session, closing(session.scalars(runs)) as found:
            return list(islice((run for run in found if run.is_present or not present), limit))


def _summary(outcomes: Sequence[Outcome]) -> dict[str, int]:
    return {status: sum(o.status == status for o in outcomes) for status in STATUSES}
