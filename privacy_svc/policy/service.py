"""Keeping the policies that were in force."""

import json
from functools import lru_cache

from sqlalchemy import String, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.policy.loader import compile_policies
from privacy_svc.policy.model import PolicyVersion
from privacy_svc.policy.policyset import PolicySet

_KNOWN = select(PolicyVersion.version).where(PolicyVersion.version == bindparam("version", type_=String()))


def remember(session: Session, policies: PolicySet) -> bool:
    """Keeps the set's files under its version; False when it is known already, also when another process
    writes it at this moment."""
    seen = session.info.setdefault("policies_seen", set())
    if policies.version in seen or session.scalar(_KNOWN, {"version": policies.version}) is not None:
        seen.add(policies.version)
        return False
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    files = json.dumps(dict(policies.files), sort_keys=True, ensure_ascii=False)
    row = {"version": policies.version, "files": files, "first_seen_at": now()}
    kept = session.execute(insert(PolicyVersion).values(row).on_conflict_do_nothing().returning(PolicyVersion.version))
    return kept.first() is not None


class Versions:
    """Remembers a set once: a process that has seen its version kept looks no more."""

    def __init__(self) -> None:
        self._kept: set[str] = set()

    def keep(self, session: Session, policies: PolicySet) -> bool:
        """In the transaction of the decision that names the version. True when it was new."""
        version, mine = policies.version, session.info.setdefault("policies_kept", set())
        if version in self._kept or version in mine:
            return False
        if remember(session, policies):
            mine.add(version)  # it may be rolled back yet
            return True
        self._kept.add(version)
        return False


def recall(session: Session, version: str) -> PolicySet | None:
    """The policy of a past decision; None when no such version was in force here."""
    found = session.get(PolicyVersion, version)
    return _compiled(found.files) if found else None


def newest(session: Session) -> PolicySet | None:
    """The policy that came into force last, of those never seen before; None where none was kept."""
    found = session.scalar(select(PolicyVersion.files).order_by(PolicyVersion.first_seen_at.desc()).limit(1))
    return _compiled(found) if found else None


@lru_cache(maxsize=8)
def _compiled(files: str) -> PolicySet:
    return compile_policies({path: text.encode() for path, text in json.loads(files).items()})
