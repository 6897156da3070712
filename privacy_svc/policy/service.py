"""Keeping the policies that were in force."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

import msgspec
from sqlalchemy import String, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import Misconfigured, NotFound, PrivacyError
from privacy_svc.policy.loader import compile_policies, version_of
from privacy_svc.policy.model import PolicyVersion
from privacy_svc.policy.notices import FOLDER as NOTICES
from privacy_svc.policy.notices import read_notices
from privacy_svc.policy.policyset import Notice, PolicySet
from privacy_svc.policy.reading import Faults

_KNOWN = select(PolicyVersion.version).where(PolicyVersion.version == bindparam("version", type_=String()))
LEAST = len("sha256:") + 8
"""Characters that name a version, where no other begins so."""


class AlteredPolicy(PrivacyError):
    slug, title = "altered-policy", "A kept policy is not the one its version names"
    remedy = "Somebody changed the privacy database past this service: restore the row from a backup, and find out who."


class KeptPolicy(msgspec.Struct, frozen=True):
    """A policy that was in force, as its files were. Readable also where this release reads policies otherwise."""

    version: str
    first_seen_at: datetime
    files: Mapping[str, str]


class KeptVersion(msgspec.Struct, frozen=True):
    """`in_force`: it is now."""

    version: str
    first_seen_at: datetime
    files: int
    in_force: bool


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


def kept_versions(session: Session, in_force: str) -> list[KeptVersion]:
    """The newest first. Raises AlteredPolicy."""
    rows = session.scalars(select(PolicyVersion).order_by(PolicyVersion.first_seen_at.desc(), PolicyVersion.version))
    return [KeptVersion(r.version, r.first_seen_at, len(_files(r)), r.version == in_force) for r in rows]


def kept_policy(session: Session, version: str) -> KeptPolicy:
    """`version` in full, or its first characters, LEAST at least. Raises NotFound, AlteredPolicy."""
    asked = version if version.startswith("sha256:") else f"sha256:{version}"
    begins = PolicyVersion.version.startswith(asked, autoescape=True)
    found = session.scalars(select(PolicyVersion).where(begins).limit(2)).all() if len(asked) >= LEAST else []
    if len(found) > 1:
        raise NotFound(f"Several versions begin with {version}: name more of it.")
    if not found:
        raise NotFound(
            f"No policy of the version {version[:80]} was in force here; `policy versions` lists those kept."
        )
    files = _files(found[0])
    if version_of({path: text.encode() for path, text in files.items()}) != found[0].version:
        raise _altered(found[0].version)
    return KeptPolicy(found[0].version, found[0].first_seen_at, files)


def kept_notice(session: Session, version: str, key: tuple[str, int, str]) -> Notice | None:
    """A text of a policy that was in force: id, version and language. None where it is not kept. Raises
    AlteredPolicy."""
    found = session.get(PolicyVersion, version)
    notice, number, language = key
    path = f"{NOTICES}/{notice}/{number}.{language}.md"
    text = _files(found).get(path) if found else None
    return read_notices("", {path: text.encode()}, None, None, Faults()).get(key) if text else None


def recall(session: Session, version: str) -> PolicySet | None:
    """The policy of a past decision; None when no such version was in force here. Raises AlteredPolicy, Misconfigured
    where this release refuses what an older one took."""
    found = session.get(PolicyVersion, version)
    if found is None:
        return None
    _files(found)
    try:
        compiled = _compiled(found.files)
    except Misconfigured as error:
        told = f"This release cannot read the kept policy {version}; `policy show` prints it."
        raise Misconfigured(told, faults=error.faults) from error
    if compiled.version != version:
        raise _altered(version)
    return compiled


def _files(kept: PolicyVersion) -> dict[str, str]:
    """As they were written: texts by path. JSON can also name halves of characters, which are no text."""
    try:
        files = msgspec.convert(json.loads(kept.files), dict[str, str])
        for path, text in files.items():
            path.encode(), text.encode()
    except ValueError:  # of which JSON's, msgspec's and Unicode's errors are kinds
        raise _altered(kept.version) from None
    return files


def _altered(version: str) -> AlteredPolicy:
    return AlteredPolicy(f"The files kept as {version} are others than that names.")


def newest(session: Session) -> PolicySet | None:
    """The policy that came into force last, of those never seen before; None where none was kept. Raises the same."""
    version = newest_version(session)
    return recall(session, version) if version else None


def newest_version(session: Session) -> str | None:
    return session.scalar(select(PolicyVersion.version).order_by(PolicyVersion.first_seen_at.desc()).limit(1))


@lru_cache(maxsize=8)
def _compiled(files: str) -> PolicySet:
    return compile_policies({path: text.encode() for path, text in json.loads(files).items()})
