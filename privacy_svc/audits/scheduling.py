"""Programmes that run by themselves: `every: day`, `week`, `month` or `quarter` in `programmes.yml`, once a period of
the organisation's own calendar, whatever the number of workers.

A worker claims the period before it runs, and has done when the DPO was told of what was found; a claim that led to
nothing ends, and another worker runs it again. Of checks that cannot be read the DPO is told once a day: nothing runs.
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
from privacy_svc.errors import Misconfigured
from privacy_svc.mail import Letter, Mailer, MailUnavailable

WORKER = "worker"
FILES = "(files)"
"""In the place of a programme: its checks. No programme is called so."""
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
        try:
            programmes = self.audits.programmes()
        except Misconfigured as error:
            self._tell_of_faults(error, today)
            raise
        due = [(p, period(p.every, today)) for p in programmes.values() if p.every is not None]
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
        found = report["summary"]["finding"] or report["summary"]["error"]
        if not found or self._tell(programme.id, _letter(report)):
            self._done(programme.id, turn)
        return report

    def _tell_of_faults(self, error: Misconfigured, today: date) -> None:
        turn = period(Every.DAY, today)
        if self._claim(FILES, turn, now()) and self._tell(FILES, _letter_of_faults(error)):
            self._done(FILES, turn)

    def _tell(self, what: str, letter: Letter) -> bool:
        try:
            self.mailer.send(self.audits.policies.current.organisation.dpo.email, letter)
        except MailUnavailable as error:
            _log.warning("audits.letter_waits", programme=what, problem=error.slug)
            return False
        return True

    def _done(self, programme: str, turn: str) -> None:
        with self.audits.database.write() as session:
            done = update(AuditTurn).where(AuditTurn.programme == programme, AuditTurn.period == turn)
            session.execute(done.values(done_at=now()))


def period(every: Every, day: date) -> str:
    """The name of the period that a day lies in; ISO 8601 where it has one."""
    if every is Every.DAY:
        return day.isoformat()
    if every is Every.WEEK:
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return f"{day:%Y-%m}" if every is Every.MONTH else f"{day.year}-Q{(day.month + 2) // 3}"


def _letter_of_faults(error: Misconfigured) -> Letter:
    lines = [f"- {fault.pointer}: {fault.detail}" for fault in error.faults]
    text = "\n".join(["The audit checks cannot be read, so no audit runs by itself:", "", *lines])
    return Letter("Audits do not run: the checks have an error", text)


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
