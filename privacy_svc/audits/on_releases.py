"""Built-in checks of what was released, from the log: each is one kind of wrong that `lawfulness` knows."""

from collections import Counter
from collections.abc import Callable, Iterator

from sqlalchemy import bindparam, text

from privacy_svc.audits.context import Context, Evidence, NotApplicable
from privacy_svc.audits.judging import DAY, People
from privacy_svc.audits.lawfulness import Wrong
from privacy_svc.db import Instant
from privacy_svc.policy import PolicySet

WINDOW = 100
YEAR = 366
Check = Callable[[Context], Iterator[Evidence]]


def _releases(*kinds: Wrong) -> Check:
    def find(context: Context) -> Iterator[Evidence]:
        wrong = context.run.judged(context.before("window", WINDOW)).wrong
        for entry, at in {e: at for kind in kinds for e, at in wrong.get(kind, {}).items()}.items():
            yield Evidence(entry, at)

    return find


def not_judged(context: Context) -> int:
    """Uses in the window of people who were erased since."""
    return context.run.walked(context.before("window", WINDOW)).not_judged


def purposes_not_registered(context: Context) -> Iterator[Evidence]:
    """Purposes that people's data were used for when the policy, and so the register, of that day did not have them."""
    for purpose, at in context.run.judged(context.before("window", WINDOW)).unregistered.items():
        yield Evidence(purpose, at)


def purposes_unused(context: Context) -> Iterator[Evidence]:
    """Purposes that were granted all the time and that nobody's data were used for."""
    since = context.before("window", YEAR)
    then, now = _old_policy(context), context.run.policies
    granted = _granted(now) & _granted(then)
    yield from map(Evidence, sorted({purpose for _, purpose in granted} - context.run.judged(since).purposes))


def grants_unused(context: Context) -> Iterator[Evidence]:
    """Modules that might use data for a purpose all the time and never did, while others did."""
    granted = _granted(context.run.policies) & _granted(_old_policy(context))
    judged = context.run.judged(context.before("window", YEAR))
    for module, purpose in sorted(granted - judged.grants):
        if purpose in judged.purposes:
            yield Evidence(f"{module}:{purpose}")


def fields_never_read(context: Context) -> Iterator[Evidence]:
    """Fields that a purpose might have all the time and that nobody ever asked for under it, of purposes that are
    used."""
    covered = set(_covered(context.run.policies)) & set(_covered(_old_policy(context)))
    judged = context.run.judged(context.before("window", YEAR))
    for purpose, path in sorted(covered - judged.fields):
        if purpose in judged.purposes:
            yield Evidence(f"{purpose}:{path}")


def _granted(policies: PolicySet) -> set[tuple[str, str]]:
    return {(m.key, p) for m in policies.modules.values() for p in m.purposes}


def _covered(policies: PolicySet) -> Iterator[tuple[str, str]]:
    for purpose in policies.purposes.values():
        for collection in policies.data_map.collections():
            for f in collection.fields:
                if f.personal and any(map(purpose.covers, f.categories)):
                    yield purpose.key, f"{collection.path}.{f.name}"


def _old_policy(context: Context) -> PolicySet:
    """The policy at the window's beginning: what was not used since then can only be told of what was there. Raises
    NotApplicable where the log, or the first policy that is kept, is younger."""
    since = context.before("window", YEAR)
    oldest = text("SELECT min(at) AS at FROM log_entries").columns(at=Instant)
    first = context.run.views.execute(oldest).scalar()
    then = context.run.judge.policy_at(since)
    if first is None or first >= since or then is None:
        raise NotApplicable("The log, or the first policy that is kept, is younger than the time this asks about.")
    return then


MUCH = 500
TIMES = 3

_EXPORTED = text(
    """SELECT e.actor, p.at, p.person FROM log_people p JOIN log_entries e ON e.entry = p.entry
       WHERE e.type = 'consent:record:exported' AND p.at > :since ORDER BY p.at DESC"""
).columns(at=Instant)


def reads_in_a_day(context: Context) -> Iterator[Evidence]:
    """Who was given more than `MUCH` people's data within 24 hours, and more than `TIMES` what they were given on their
    own busiest day before, within `days.window`: a job that runs once a month, and the second day of a new module, are
    as busy as they were. Who was never busy has nothing to be compared with but the number. Every day since the
    programme ran last is looked at."""
    since, as_of = context.before("window", WINDOW), context.run.as_of
    read = {actor: Counter(days) for actor, days in context.run.walked(since).read.items()}
    exported = People()
    for row in context.run.views.execute(_EXPORTED.bindparams(bindparam("since", since, type_=Instant))):
        exported.add(row.actor, (as_of - row.at) // DAY, row.person)
    for actor, days in exported.told().items():
        read.setdefault(actor, Counter()).update(days)
    last = context.run.since
    recent = range(1 if last is None else max(1, min(-((last - as_of) // DAY), (as_of - since) // DAY)))
    for actor, days in sorted(read.items()):
        busy = (day for day in recent if days[day] > max(MUCH, TIMES * _busiest(days, day)))
        if (day := next(busy, None)) is not None:
            yield Evidence(actor, as_of - (day + 1) * DAY)


def _busiest(days: Counter[int], before: int) -> int:
    return max((n for day, n in days.items() if day > before), default=0)


JUDGING: dict[str, Check] = {
    "permits_without_consent": _releases(Wrong.NO_CONSENT),
    "permits_after_withdrawal": _releases(Wrong.WITHDRAWN),
    "permits_after_expiry": _releases(Wrong.EXPIRED),
    "permits_after_objection": _releases(Wrong.OBJECTED),
    "uses_while_restricted": _releases(Wrong.RESTRICTED),
    "special_categories_used": _releases(Wrong.SPECIAL),
    "criminal_data_used": _releases(Wrong.CRIMINAL),
    "permits_on_unfit_consent": _releases(Wrong.UNPROVEN, Wrong.OUTDATED),
    "uses_beyond_purpose": _releases(Wrong.NOT_COVERED, Wrong.OTHER_KIND),
    "uses_beyond_retention": _releases(Wrong.OVER),
    "uses_without_grant": _releases(Wrong.UNKNOWN_PURPOSE, Wrong.NOT_GRANTED),
    "purposes_not_registered": purposes_not_registered,
}
"""Checks of each use in a window: they say how many they could not judge."""
RELEASES: dict[str, Check] = {
    **JUDGING,
    "purposes_unused": purposes_unused,
    "grants_unused": grants_unused,
    "fields_never_read": fields_never_read,
    "reads_in_a_day": reads_in_a_day,
}
