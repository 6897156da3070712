"""Figures of a year, which the console draws: requests by age and outcome, consents that stood, refused decisions by
reason, keys by generation.

Counts and no people. They read what audits read, and go through the log and all consents: a worker does it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, text

from privacy_svc.auditlog import EventType, Log, Progress, Wanted, unseen, walk
from privacy_svc.audits.reading import read_only
from privacy_svc.db import Database, Instant
from privacy_svc.policy import PolicySet

MONTHS = 12
AGES = ((7, "up to 7 days"), (14, "8 to 14 days"), (30, "15 to 30 days"), (60, "31 to 60 days"))
OLDER = "more than 60 days"
OUTCOMES = ("completed", "refused", "cancelled", "failed")
DENIALS = timedelta(days=30)
"""Of decisions: what was refused a year ago says nothing of the modules of today."""
_REQUESTS = text("SELECT state, received_at, closed_at FROM requests").columns(received_at=Instant, closed_at=Instant)
_CONSENTS = text(
    "SELECT c.person, c.purpose, c.state, c.recorded_at, c.valid_until, p.erased_at FROM consents c "
    "LEFT JOIN persons p ON p.person = c.person ORDER BY c.person, c.purpose, c.given_at, c.state_version"
).columns(recorded_at=Instant, valid_until=Instant, erased_at=Instant)
_KEYS = text("SELECT generation, count(*) FROM page_keys GROUP BY generation ORDER BY generation")


def figures(
    database: Database, log: Log, policies: PolicySet, at: datetime, progress: Progress = unseen
) -> dict[str, Any]:
    """For charts: labels with their values, by series where there are several."""
    ends = month_ends(at, ZoneInfo(policies.organisation.time_zone))
    with read_only(database, policies, at) as views:
        rows = views.execute(_REQUESTS).all()
        found = {
            "ages": ages([r for r in rows if r.closed_at is None], at),
            "outcomes": outcomes([r for r in rows if r.closed_at is not None], ends),
            "consents": standing(_consents(views), sorted(policies.purposes), ends),
            "generations": {f"generation {generation}": count for generation, count in views.execute(_KEYS)},
        }
    labels = [end.astimezone(ZoneInfo(policies.organisation.time_zone)) - timedelta(seconds=1) for end in ends]
    return {
        **found,
        "months": [f"{label:%Y-%m}" for label in labels],
        "at": at.isoformat(),
        "denied": _denied(database, log, at, progress),
    }


def month_ends(at: datetime, zone: ZoneInfo) -> list[datetime]:
    """The last of each month, and now: by the organisation's calendar, the oldest first."""
    local = at.astimezone(zone)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months = first.year * 12 + first.month - 1
    begun = [first.replace(year=m // 12, month=m % 12 + 1) for m in range(months - MONTHS + 2, months + 1)]
    return [*begun, at]


def ages(requests: Sequence[Any], at: datetime) -> dict[str, int]:
    """Of what is open, since it was received."""
    found = dict.fromkeys([*(label for _, label in AGES), OLDER], 0)
    for request in requests:
        days = (at - request.received_at).days
        found[next((label for most, label in AGES if days <= most), OLDER)] += 1
    return found


def outcomes(requests: Sequence[Any], ends: Sequence[datetime]) -> dict[str, list[int]]:
    """By how they ended, in the month in which they did; older ones are left out."""
    found = {outcome: [0] * len(ends) for outcome in OUTCOMES}
    earliest = ends[0] - timedelta(days=31)
    for request in requests:
        month = next((n for n, end in enumerate(ends) if request.closed_at <= end), None)
        if month is not None and request.closed_at > earliest and request.state in found:
            found[request.state][month] += 1
    return found


def standing(consents: Iterator[Any], purposes: Sequence[str], ends: Sequence[datetime]) -> dict[str, list[int]]:
    """How many people's consent to each purpose stood at each of these times. `consents`: by person and purpose, in the
    order in which they were given."""
    found = {purpose: [0] * len(ends) for purpose in purposes}
    for (_, purpose), rows in groupby(consents, key=lambda c: (c.person, c.purpose)):
        if purpose not in found:
            continue
        said = list(rows)
        for number, end in enumerate(ends):
            known = [c for c in said if c.recorded_at <= end]
            found[purpose][number] += bool(known) and _stands(known[-1], end)
    return {purpose: counts for purpose, counts in found.items() if any(counts)}


def _stands(consent: Any, at: datetime) -> bool:
    over = [end for end in (consent.valid_until, consent.erased_at) if end is not None]
    return bool(consent.state == "given" and all(end > at for end in over))


def _consents(views: Connection) -> Iterator[Row[Any]]:
    yield from views.execution_options(yield_per=5_000).execute(_CONSENTS)


def _denied(database: Database, log: Log, at: datetime, progress: Progress) -> dict[str, int]:
    """How often each reason was given, the most frequent first; a decision may have several. Of single questions: a
    list has its own totals. What was about people erased since cannot be opened, and is left out."""
    counted = Counter[str]()
    for page in walk(log, database, Wanted(types=(EventType.DECISION_DENY,), since=at - DENIALS, until=at), progress):
        for entry in page:
            told: Mapping[str, Any] = entry.told
            counted.update(told.get("reasons", ()))
    return dict(counted.most_common())
