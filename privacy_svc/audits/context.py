"""What a built-in check reads, and what it finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from privacy_svc.auditlog import Log
from privacy_svc.audits.judging import Judge, Judged, UnknownPolicy
from privacy_svc.db import Database
from privacy_svc.policy import PolicySet
from privacy_svc.settings import Settings


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing found: a pseudonym of ours, and since when."""

    id: str
    since: datetime | None = None


class NotApplicable(Exception):
    """Raised by a built-in check where there is nothing yet that its question could be asked of; says why in a sentence
    without a name."""


@dataclass
class Audited:
    """What one run looks at. `views` is the read-only connection that SQL checks use; what several checks need is
    worked out once."""

    views: Connection
    database: Database
    policies: PolicySet
    log: Log
    settings: Settings
    as_of: datetime
    run_at: datetime
    since: datetime | None = None
    """The as-of time of the programme's report before; None where there is none."""
    _judged: dict[datetime, Judged] = field(default_factory=dict)

    def judged(self, since: datetime) -> Judged:
        """Every release since then. Raises UnknownPolicy where one names a policy that is not kept here: it cannot be
        judged by another."""
        found = self.walked(since)
        if found.unknown:
            raise UnknownPolicy("Entries name a policy that is not kept here.")
        return found

    def walked(self, since: datetime) -> Judged:
        """The same, also where some could not be judged."""
        if since not in self._judged:
            self._judged[since] = self.judge.judge(since, self.as_of)
        return self._judged[since]

    @cached_property
    def judge(self) -> Judge:
        return Judge(self.views, self.database, self.log, self.policies)

    @cached_property
    def today(self) -> date:
        """The organisation's local day of the as-of time."""
        return self._day(self.as_of)

    @cached_property
    def run_on(self) -> date:
        """The local day of the run itself: what was accepted, and is no more, stays so also in an audit of then."""
        return self._day(self.run_at)

    def _day(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.policies.organisation.time_zone)).date()


@dataclass(frozen=True)
class Context:
    """One check of a run, with the spans of time its file names."""

    run: Audited
    days: Mapping[str, int]

    def before(self, name: str, default: int) -> datetime:
        return self.run.as_of - timedelta(days=self.days.get(name, default))
