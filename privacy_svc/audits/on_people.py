"""Built-in checks of people: what of them is sealed, or depends on the policy's periods."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, bindparam, select, text

from privacy_svc.audits.context import Context, Evidence
from privacy_svc.db import Instant
from privacy_svc.policy import Tells, age_on, people_over, tellers
from privacy_svc.vault import BIRTH, Subject

CHUNK = 500

_BY_THEMSELVES = text(
    """SELECT consent, person, purpose, given_at FROM standing_consents
       WHERE state = 'given' AND NOT guardian AND person IN (SELECT person FROM persons WHERE birth_kept)
       ORDER BY consent"""
).columns(given_at=Instant)


def children_without_guardian(context: Context) -> Iterator[Evidence]:
    """Consents that stand, of who was too young to give them (Art. 8) by the age that the person's country sets."""
    run, zone = context.run, ZoneInfo(context.run.policies.organisation.time_zone)
    found = run.views.execute(_BY_THEMSELVES).all()
    known = dict(_births(context, sorted({row.person for row in found})))
    for row in found:
        purpose = run.policies.purposes.get(row.purpose)
        born, country = known.get(row.person, (None, None))
        needed = run.policies.consent_age(purpose, country) if purpose else None
        if needed is not None and born is not None and age_on(born, row.given_at.astimezone(zone).date()) < needed:
            yield Evidence(row.consent, row.given_at)


def _births(context: Context, people: list[str]) -> Iterator[tuple[str, tuple[date, str | None]]]:
    """Of whom the day is kept, who is younger than 21: a consent outlives the age it was given at. Raises
    KeyUnavailable, Tampered."""
    for start in range(0, len(people), CHUNK):
        chunk = people[start : start + CHUNK]
        with context.run.database.read() as session:
            rows = session.execute(
                select(Subject.id, Subject.birth, Subject.country).where(
                    Subject.id.in_(chunk), Subject.birth.is_not(None)
                )
            ).all()
            ciphers = context.run.log.vault.ciphers(session, [r.id for r in rows])
            for row in rows:
                if row.id in ciphers:
                    yield row.id, (date.fromisoformat(ciphers[row.id].open(BIRTH, row.id, row.birth)), row.country)


_OVER = text(
    """SELECT person, ended_on FROM persons p
       WHERE kind = :kind AND erased_at IS NULL AND ended_on <= :limit
         AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.person = p.person AND h.lifted_at IS NULL
                         AND (h.until IS NULL OR h.until > :as_of))
         AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.person = p.person AND r.closed_at IS NULL)
         AND NOT coalesce((SELECT s.stands FROM restrictions s WHERE s.person = p.person
                           ORDER BY s.state_version DESC LIMIT 1), false)
       ORDER BY person"""
).columns(ended_on=Date)


def kept_beyond_retention(context: Context) -> Iterator[Evidence]:
    """People whose every purpose is over by its period, `days.grace` days ago and more, and who are not erased. Whom a
    hold, a restriction or an open request keeps is not among them."""
    run = context.run
    day = run.today - timedelta(days=context.days.get("grace", 30))
    for kind in sorted(run.policies.kinds):
        limit = people_over(run.policies, kind, day)
        if not isinstance(limit, date):
            continue
        words: tuple[Any, ...] = (
            bindparam("kind", kind),
            bindparam("limit", limit, type_=Date),
            bindparam("as_of", run.as_of, type_=Instant),
        )
        yield from (Evidence(row.person) for row in run.views.execute(_OVER.bindparams(*words)))


def kinds_without_end(context: Context) -> Iterator[Evidence]:
    """Kinds of people of whom a period is promised, and whose end no field of the store tells: nobody is ever over."""
    policies = context.run.policies
    told = tellers(policies)
    for kind in sorted(policies.kinds):
        promised = any(p.retention for p in policies.purposes.values() if kind in p.subjects)
        if promised and policies.data_map.identities(kind) and (kind, Tells.RELATIONSHIP_END) not in told:
            yield Evidence(kind)


PEOPLE_CHECKS = {f.__name__: f for f in (children_without_guardian, kept_beyond_retention, kinds_without_end)}
