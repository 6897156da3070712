"""The uses of a window judged, each by the policy it names and by what its person had said when it happened."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, text

from privacy_svc.auditlog import Log
from privacy_svc.audits.lawfulness import History, Said, Stands, Wrong, wrongs
from privacy_svc.audits.uses import Use, uses
from privacy_svc.db import Database, Instant
from privacy_svc.policy import PolicySet, recall

BOUND = timedelta(seconds=5)
"""A decision that began before a withdrawal was committed may be logged this much after it."""
CHUNK = 500
DAY = timedelta(days=1)
_NOTHING = History()
_KINDS = ("consents", "objections", "restrictions")


@dataclass(frozen=True)
class Judged:
    """Entries by what is wrong with them, with their instants; and what was used at all."""

    wrong: Mapping[Wrong, Mapping[str, datetime]]
    purposes: Mapping[str, datetime]
    """When each was used first."""
    grants: frozenset[tuple[str, str]]
    """Module and purpose."""
    fields: frozenset[tuple[str, str]]
    """Purpose and field, as dataset.collection.field."""
    read: Mapping[str, Mapping[int, int]]
    """By actor: of how many people something was given out, in each span of 24 hours before the end of the window."""


@dataclass
class Judge:
    """`views` are those of the audit; `current` is the policy in force."""

    views: Connection
    database: Database
    log: Log
    current: PolicySet
    _policies: dict[str, PolicySet] = field(default_factory=dict)

    def judge(self, since: datetime, until: datetime) -> Judged:
        wrong: dict[Wrong, dict[str, datetime]] = defaultdict(dict)
        purposes: dict[str, datetime] = {}
        grants: set[tuple[str, str]] = set()
        fields: set[tuple[str, str]] = set()
        read: dict[str, Counter[int]] = defaultdict(Counter)
        for page in uses(self.database, self.log, since, until):
            histories = self._histories({u.person for u in page if u.person is not None})
            for use in page:
                read[use.actor][(until - use.at) // DAY] += use.people
                policies = self._policy(use)
                for kind in self._wrongs(use, policies, histories.get(use.person or "", _NOTHING)):
                    wrong[kind].setdefault(use.entry, use.at)
                if use.purpose is not None:
                    purposes[use.purpose] = min(use.at, purposes.get(use.purpose, use.at))
                    grants.add((use.module or "", use.purpose))
                    fields.update((use.purpose, path) for path in paths(policies, use))
        return Judged(wrong, purposes, frozenset(grants), frozenset(fields), read)

    def _wrongs(self, use: Use, policies: PolicySet, history: History) -> set[Wrong]:
        """Wrong at its instant, and just before as well: then it was no matter of who came first."""
        before = {_group(kind) for kind in wrongs(use, policies, history, use.at - BOUND)}
        return {kind for kind in wrongs(use, policies, history, use.at) if _group(kind) in before}

    def _policy(self, use: Use) -> PolicySet:
        """Of entries that name none, and of versions never kept here, the one in force."""
        version = use.policy_version
        if version is None or version == self.current.version:
            return self.current
        if version not in self._policies:
            with self.database.read() as session:
                self._policies[version] = recall(session, version) or self.current
        return self._policies[version]

    def _histories(self, people: Iterable[str]) -> dict[str, History]:
        wanted = sorted(people)
        found: dict[str, dict[str, list[Any]]] = defaultdict(lambda: {k: [] for k in _KINDS})
        for start in range(0, len(wanted), CHUNK):
            chunk = wanted[start : start + CHUNK]
            for row in self.views.execute(_CONSENTS, {"people": chunk}):
                said = Said(
                    row.purpose, row.state, row.method == "explicit", row.given_at, row.valid_until, row.recorded_at
                )
                found[row.person]["consents"].append(said)
            for kind, statement in (("objections", _OBJECTIONS), ("restrictions", _RESTRICTIONS)):
                for row in self.views.execute(statement, {"people": chunk}):
                    found[row.person][kind].append(Stands(row.purpose, bool(row.stands), row.recorded_at))
        return {person: History(**lists) for person, lists in found.items()}


def _group(kind: Wrong) -> Wrong:
    """No consent, one withdrawn and one that ended are all none."""
    return Wrong.NO_CONSENT if kind in {Wrong.WITHDRAWN, Wrong.EXPIRED} else kind


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
    """SELECT person, purpose, state, method, given_at, valid_until, recorded_at FROM consents
       WHERE person IN :people ORDER BY person, given_at, state_version""",
    given_at=Instant,
    valid_until=Instant,
    recorded_at=Instant,
)
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
