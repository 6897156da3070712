"""Built-in checks of what was released, from the log: each is one kind of wrong that `lawfulness` knows."""

from collections import Counter
from collections.abc import Callable, Iterator

from sqlalchemy import bindparam, text

from privacy_svc.audits.context import Context, Evidence
from privacy_svc.audits.judging import DAY
from privacy_svc.audits.lawfulness import Wrong
from privacy_svc.db import Instant

WINDOW = 100
YEAR = 366
Check = Callable[[Context], Iterator[Evidence]]


def _releases(*kinds: Wrong) -> Check:
    def find(context: Context) -> Iterator[Evidence]:
        wrong = context.run.judged(context.before("window", WINDOW)).wrong
        for entry, at in {e: at for kind in kinds for e, at in wrong.get(kind, {}).items()}.items():
            yield Evidence(entry, at)

    return find


def purposes_not_registered(context: Context) -> Iterator[Evidence]:
    """Purposes that people's data were used for and that the policy in force, and so the register, does not have."""
    for purpose, at in context.run.judged(context.before("window", WINDOW)).purposes.items():
        if purpose not in context.run.policies.purposes:
            yield Evidence(purpose, at)


def purposes_unused(context: Context) -> Iterator[Evidence]:
    """Purposes that nobody's data were used for, in a log that is as old."""
    since = context.before("window", YEAR)
    if _is_as_old(context):
        used = context.run.judged(since).purposes
        granted = {p for m in context.run.policies.modules.values() for p in m.purposes}
        yield from map(Evidence, sorted(granted - used.keys()))


def grants_unused(context: Context) -> Iterator[Evidence]:
    """Modules that may use data for a purpose and never did, while others, or nobody, do."""
    if _is_as_old(context):
        judged = context.run.judged(context.before("window", YEAR))
        for module in context.run.policies.modules.values():
            unused = sorted(p for p in module.purposes if p in judged.purposes and (module.key, p) not in judged.grants)
            yield from (Evidence(f"{module.key}:{purpose}") for purpose in unused)


def fields_never_read(context: Context) -> Iterator[Evidence]:
    """Fields that a purpose may have and that nobody ever asked for under it, of purposes that are used."""
    if not _is_as_old(context):
        return
    judged = context.run.judged(context.before("window", YEAR))
    for purpose in context.run.policies.purposes.values():
        if purpose.key not in judged.purposes:
            continue
        for collection in context.run.policies.data_map.collections():
            for f in collection.fields:
                path = f"{collection.path}.{f.name}"
                if f.personal and any(map(purpose.covers, f.categories)) and (purpose.key, path) not in judged.fields:
                    yield Evidence(f"{purpose.key}:{path}")


MUCH = 500
TIMES = 3

_EXPORTED = text(
    """SELECT e.actor, p.at FROM log_people p JOIN log_entries e ON e.entry = p.entry
       WHERE e.type = 'consent:record:exported' AND p.at > :since"""
).columns(at=Instant)


def reads_in_a_day(context: Context) -> Iterator[Evidence]:
    """Who was given more than `MUCH` people's data within the last 24 hours, and more than `TIMES` what they were given
    on their own busiest day of the `days.window` before: a job that runs once a month, and the second day of a new
    module, are as busy as they were. Who was never busy has nothing to be compared with but the number."""
    since, as_of = context.before("window", WINDOW), context.run.as_of
    read = {actor: Counter(days) for actor, days in context.run.judged(since).read.items()}
    for row in context.run.views.execute(_EXPORTED.bindparams(bindparam("since", since, type_=Instant))):
        read.setdefault(row.actor, Counter())[(as_of - row.at) // DAY] += 1
    for actor, days in sorted(read.items()):
        busiest = max((n for day, n in days.items() if day > 0), default=0)
        if days[0] > max(MUCH, TIMES * busiest):
            yield Evidence(actor, as_of - DAY)


def _is_as_old(context: Context) -> bool:
    """What was not used in so many days can only be told of a log, and a policy, that are older."""
    since = context.before("window", YEAR)
    oldest = text("SELECT min(at) AS at FROM log_entries").columns(at=Instant)
    first = context.run.views.execute(oldest).scalar()
    return first is not None and first < since


RELEASES: dict[str, Check] = {
    "permits_without_consent": _releases(Wrong.NO_CONSENT),
    "permits_after_withdrawal": _releases(Wrong.WITHDRAWN),
    "permits_after_expiry": _releases(Wrong.EXPIRED),
    "permits_after_objection": _releases(Wrong.OBJECTED),
    "uses_while_restricted": _releases(Wrong.RESTRICTED),
    "special_categories_used": _releases(Wrong.SPECIAL),
    "criminal_data_used": _releases(Wrong.CRIMINAL),
    "uses_without_grant": _releases(Wrong.UNKNOWN_PURPOSE, Wrong.NOT_GRANTED),
    "purposes_not_registered": purposes_not_registered,
    "purposes_unused": purposes_unused,
    "grants_unused": grants_unused,
    "fields_never_read": fields_never_read,
    "reads_in_a_day": reads_in_a_day,
}
