"""Programmes that run by themselves: `every: day`, `week`, `month` or `quarter` in `programmes.yml`, once a period of
the organisation's own calendar, whatever the number of workers.

A worker claims the period before it runs; a claim that led to nothing ends, and another worker runs it. Who was not
told of findings, because the mail server was away, is told by the report: the DPO's letter is a courtesy, the report
is kept.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from privacy_svc.audits.checks import PROGRAMMES, Every, Programme
from privacy_svc.audits.model import AuditTurn
from privacy_svc.audits.service import Audits, Report
from privacy_svc.db import now
from privacy_svc.mail import Letter, Mailer, MailUnavailable

WORKER = "worker"
CLAIM = timedelta(hours=2)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Schedule:
    audits: Audits
    mailer: Mailer

    def run_due(self) -> list[Report]:
        """What is due and nobody else runs; nothing where there are no programmes. Raises Misconfigured for files
        with faults."""
        if not (self.audits.settings.audits / PROGRAMMES).exists():
            return []
        today = now().astimezone(ZoneInfo(self.audits.policies.current.organisation.time_zone)).date()
        due = [(p, period(p.every, today)) for p in self.audits.programmes().values() if p.every is not None]
        return [self._run(programme, turn) for programme, turn in due if self._claim(programme.id, turn, now())]

    def _claim(self, programme: str, turn: str, at: datetime) -> bool:
        """Whether it is ours to run."""
        dialect = self.audits.database.engine.dialect.name
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        row = {"programme": programme, "period": turn, "claimed_at": at}
        first = insert(AuditTurn).values(row).on_conflict_do_nothing().returning(AuditTurn.programme)
        mine = (AuditTurn.programme == programme, AuditTurn.period == turn)
        # Beyond CLAIM in the future too: a clock that went back may not keep it for ever.
        stale = or_(AuditTurn.claimed_at < at - CLAIM, AuditTurn.claimed_at > at + CLAIM)
        again = update(AuditTurn).where(*mine, AuditTurn.done_at.is_(None), stale).values(claimed_at=at)
        with self.audits.database.read() as session:  # nearly always: no write where there is nothing to do
            found = session.scalars(select(AuditTurn).where(*mine)).first()
            if found is not None and (found.done_at or at - CLAIM <= found.claimed_at <= at + CLAIM):
                return False
        with self.audits.database.write() as session:
            if session.scalars(first).first() is not None:
                return True
            return bool(session.scalars(again.returning(AuditTurn.programme)).first())

    def _run(self, programme: Programme, turn: str) -> Report:
        report = self.audits.run(programme.id, WORKER)
        with self.audits.database.write() as session:
            done = update(AuditTurn).where(AuditTurn.programme == programme.id, AuditTurn.period == turn)
            session.execute(done.values(done_at=now()))
        if report["summary"]["finding"] or report["summary"]["error"]:
            self._tell(report)
        return report

    def _tell(self, report: Report) -> None:
        address = self.audits.policies.current.organisation.dpo.email
        try:
            self.mailer.send(address, _letter(report))
        except MailUnavailable as error:
            _log.warning("audits.letter_waits", programme=report["programme"]["id"], problem=error.slug)


def period(every: Every, day: date) -> str:
    """The name of the period that a day lies in; ISO 8601 where it has one."""
    if every is Every.DAY:
        return day.isoformat()
    if every is Every.WEEK:
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return f"{day:%Y-%m}" if every is Every.MONTH else f"{day.year}-Q{(day.month + 2) // 3}"


def _letter(report: Report) -> Letter:
    summary: dict[str, Any] = report["summary"]
    subject = f"{report['programme']['title']}: {summary['finding']} findings, {summary['error']} could not run"
    lines = [f"- {r['title']} ({r['severity']}): {r['statement']}" for r in report["results"] if r["status"] != "pass"]
    text = "\n".join(
        [
            f"The audit programme {report['programme']['id']} ran on {report['run_at']}.",
            "",
            *lines,
            "",
            f"The signed report with its evidence: /v1/audits/{report['id']}, or in the console.",
        ]
    )
    return Letter(subject, text)
