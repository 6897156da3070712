"""The uses of a window judged, each by the policy it names and by what its person had said when it happened."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Date, bindparam, text

from privacy_svc.auditlog import Log
from privacy_svc.audits.lawfulness import History, Said, Stands, Wrong, wrongs
from privacy_svc.audits.uses import Use, uses
from privacy_svc.db import Database, Instant
from privacy_svc.policy import PolicySet, kept_versions, recall

BOUND = timedelta(seconds=5)
"""A decision that began before a withdrawal was committed may be logged this much after it."""
CHUNK = 500
DAY = timedelta(days=1)
_NOTHING = History()
_KINDS = ("consents", "objections", "restrictions")


class UnknownPolicy(Exception):
    """A release names a policy version that is not kept here."""


@dataclass(frozen=True)
class Judged:
    """Entries by what is wrong with them, with their instants; and what was used at all."""

    wrong: Mapping[Wrong, Mapping[str, datetime]]
    purposes: frozenset[str]
    unregistered: Mapping[str, datetime]
    """Purposes that the policy of their day did not have, nor has the one in force; since when."""
    unknown: frozenset[str]
    """Versions of policies that are named and not kept here. What names them is not judged."""
    grants: frozenset[tuple[str, str]]
    """Module and purpose."""
    fields: frozenset[tuple[str, str]]
    """Purpose and field, as dataset.collection.field."""
    read: Mapping[str, Mapping[int, int]]
    """By actor: of how many different people something was given out, in each span of 24 hours before the end of the
    window."""
    not_judged: int
    """Uses of people who were erased since."""


@dataclass
class People:
    """How many different people each actor was given in each day. Uses come newest first: of one day at a time it is
    remembered who they were."""

    _days: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    _seen: dict[str, tuple[int, set[str]]] = field(default_factory=dict)

    def add(self, actor: str, day: int, person: str | None, people: int = 1) -> None:
        """`people` where nobody is named."""
        if person is None:
            self._days[actor][day] += people
            return
        of, seen = self._seen.get(actor, (day, set()))
        if of != day:
            seen = set()
        if person not in seen:
            self._days[actor][day] += 1
        seen.add(person)
        self._seen[actor] = (day, seen)

    def told(self) -> Mapping[str, Mapping[int, int]]:
        return self._days


@dataclass
class Judge:
    """`views` are those of the audit; `current` is the policy in force."""

    views: Connection
    database: Database
    log: Log
    current: PolicySet
    _policies: dict[str, PolicySet | None] = field(default_factory=dict)

    def judge(self, since: datetime, until: datetime) -> Judged:
        wrong: dict[Wrong, dict[str, datetime]] = defaultdict(dict)
        purposes: set[str] = set()
        unregistered: dict[str, datetime] = {}
        unknown: set[str] = set()
        grants: set[tuple[str, str]] = set()
        fields: set[tuple[str, str]] = set()
        read = People()
        not_judged = 0
        for page in uses(self.database, self.log, since, until):
            histories = self._histories({u.person for u in page if u.person is not None})
            not_judged += sum(use.people for use in page if use.gone)
            for use in page:
                if use.gone:
                    continue
                read.add(use.actor, (until - use.at) // DAY, use.person, use.people)
                if self._is_a_question(use):
                    continue
                policies = self._policy(use)
                if policies is None:
                    unknown.add(use.policy_version or "")
                    continue
                for kind in self._wrongs(use, policies, histories.get(use.person or "", _NOTHING)):
                    wrong[kind].setdefault(use.entry, use.at)
                if use.purpose is not None:
                    purposes.add(use.purpose)
                    if not self._is_registered(use.purpose, use.at):
                        unregistered[use.purpose] = min(use.at, unregistered.get(use.purpose, use.at))
                    grants.add((use.module or "", use.purpose))
                    fields.update((use.purpose, path) for path in paths(policies, use))
        return Judged(
            wrong,
            frozenset(purposes),
            unregistered,
            frozenset(unknown),
            frozenset(grants),
            frozenset(fields),
            read.told(),
            not_judged,
        )

    def _is_a_question(self, use: Use) -> bool:
        """Staff asked what a module might do: nobody's data were used."""
        return use.actor != use.module and use.actor not in (self._policy(use) or self.current).modules

    def _wrongs(self, use: Use, policies: PolicySet, history: History) -> set[Wrong]:
        """Wrong at its instant, and just before as well: then it was no matter of who came first."""
        before = {_group(kind) for kind in wrongs(use, policies, history, use.at - BOUND)}
        return {kind for kind in wrongs(use, policies, history, use.at) if _group(kind) in before}

    def _policy(self, use: Use) -> PolicySet | None:
        """Of entries that name none, the one in force; None of a version that is not kept here."""
        version = use.policy_version
        if version is None or version == self.current.version:
            return self.current
        return self._recalled(version)

    def _recalled(self, version: str) -> PolicySet | None:
        if version not in self._policies:
            with self.database.read() as session:
                self._policies[version] = recall(session, version)
        return self._policies[version]

    def _is_registered(self, purpose: str, at: datetime) -> bool:
        """In force now, or on that day: the register of a day is the policy that had come last."""
        if purpose in self.current.purposes:
            return True
        policies = self.policy_at(at)
        return policies is not None and purpose in policies.purposes

    @cached_property
    def _seen(self) -> list[tuple[datetime, str]]:
        """When each kept policy was first in force, the newest first."""
        with self.database.read() as session:
            return [(kept.first_seen_at, kept.version) for kept in kept_versions(session, self.current.version)]

    def policy_at(self, at: datetime) -> PolicySet | None:
        """The one that had come last by then, of those kept."""
        version = next((v for seen, v in self._seen if seen <= at), None)
        return self._recalled(version) if version else None

    def _histories(self, people: Iterable[str]) -> dict[str, History]:
        wanted = sorted(people)
        found: dict[str, dict[str, Any]] = defaultdict(lambda: {k: [] for k in _KINDS})
        for start in range(0, len(wanted), CHUNK):
            chunk = wanted[start : start + CHUNK]
            for row in self.views.execute(_CONSENTS, {"people": chunk}):
                said = Said(
                    row.purpose,
                    row.state,
                    row.method == "explicit",
                    row.given_at,
                    row.valid_until,
                    row.recorded_at,
                    row.method == "imported",
                    row.notice,
                    row.notice_version,
                )
                found[row.person]["consents"].append(said)
            for row in self.views.execute(_PERSONS, {"people": chunk}):
                found[row.person] |= {"kind": row.kind, "ended_on": row.ended_on}
            for kind, statement in (("objections", _OBJECTIONS), ("restrictions", _RESTRICTIONS)):
                for row in self.views.execute(statement, {"people": chunk}):
                    found[row.person][kind].append(Stands(row.purpose, bool(row.stands), row.recorded_at))
        return {person: History(**lists) for person, lists in found.items()}


def _group(kind: Wrong) -> Wrong:
    """No consent, one withdrawn, one that ended and one that is not for this are all none."""
    return Wrong.NO_CONSENT if kind in _NONE else kind


_NONE = {Wrong.WITHDRAWN, Wrong.EXPIRED, Wrong.UNPROVEN, Wrong.OUTDATED}


def paths(policies: PolicySet, use: Use) -> Iterator[str]:
    """The fields of a use by their whole names, whatever the caller called them."""
    purpose = policies.purposes.get(use.purpose or "")
    for kind in sorted(purpose.subjects) if purpose else ():
        known = policies.field_names(kind)
        for name in use.fields:
            if name in known:
                collection, found = known[name]
                yield f"{collection.path}.{found.name}"


def _about(sql: str, **instants: Any) -> Any:
    return text(sql).bindparams(bindparam("people", expanding=True)).columns(**instants)


_CONSENTS = _about(
    """SELECT person, purpose, state, method, notice, notice_version, given_at, valid_until, recorded_at FROM consents
       WHERE person IN :people ORDER BY person, given_at, state_version""",
    given_at=Instant,
    valid_until=Instant,
    recorded_at=Instant,
)
_PERSONS = _about("SELECT person, kind, ended_on FROM persons WHERE person IN :people", ended_on=Date)
_OBJECTIONS = _about(
    """SELECT person, purpose, stands, recorded_at FROM objections
       WHERE person IN :people ORDER BY person, state_version""",
    recorded_at=Instant,
)
_RESTRICTIONS = _about(
    """SELECT person, '' AS purpose, stands, recorded_at FROM restrictions
       WHERE person IN :people ORDER BY person, state_version""",
    recorded_at=Instant,
)
