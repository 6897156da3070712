"""Carrying out one check: what it found, or why it could not be found out. A check that cannot run never passes."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import structlog
from sqlalchemy import String, TextClause, bindparam, text
from sqlalchemy.exc import DBAPIError

from privacy_svc.audits.builtins import BUILTINS, Context, Evidence
from privacy_svc.audits.checks import Check
from privacy_svc.db import Instant

MOST = 20
"""How many pieces of evidence a report shows; `count` has them all."""
_PSEUDONYM = re.compile(r"(?!\d{7,}$)[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}")
_log = structlog.get_logger(__name__)
Status = Literal["pass", "finding", "error"]


@dataclass(frozen=True, slots=True)
class Outcome:
    check: Check
    status: Status
    count: int = 0
    evidence: Sequence[Evidence] = ()
    why: str = ""
    """Of an error."""

    def document(self) -> dict[str, Any]:
        return {
            "check": self.check.id,
            "title": self.check.title,
            "question": self.check.question,
            "law": list(self.check.law),
            "severity": str(self.check.severity),
            "status": self.status,
            "count": self.count,
            "statement": self.statement,
            "evidence": [{"id": e.id, "since": e.since and timestamp(e.since)} for e in self.evidence],
            "remedy": self.check.remedy if self.status == "finding" else "",
            "how": f"sha256:{hashlib.sha256((self.check.sql or self.check.builtin).encode()).hexdigest()}",
        }

    @property
    def statement(self) -> str:
        if self.status == "finding":
            return self.check.finding.replace("{count}", str(self.count))
        return "Nothing was found." if self.status == "pass" else f"This check could not run: {self.why}"


def timestamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def carry_out(check: Check, context: Context) -> Outcome:
    """Never raises for what the check itself does: one broken check must not hide the others."""
    find: Callable[[Check, Context], tuple[int, list[Evidence]]] = _by_sql if check.sql else _by_builtin
    try:
        with context.views.begin_nested():
            count, evidence = find(check, context)
    except Exception as error:  # noqa: BLE001 - whatever happens, the report says that this was not found out
        _log.warning("audits.check_failed", check=check.id, exc_info=error)
        return Outcome(check, "error", why=_why(error))
    if not all(_PSEUDONYM.fullmatch(e.id) for e in evidence):
        return Outcome(check, "error", why="it shows more than a pseudonym as evidence.")
    return Outcome(check, "finding" if count else "pass", count, evidence)


def _by_sql(check: Check, context: Context) -> tuple[int, list[Evidence]]:
    instants = {"as_of": context.as_of}
    instants |= {name: context.as_of - timedelta(days=n) for name, n in check.days.items()}
    # The DPO's own SELECT, on a connection that cannot write and reads only the views.
    found = f"FROM ({check.sql}\n) AS found"
    count = context.views.execute(_bound(f"SELECT count(*) {found}", instants)).scalar_one()
    first = _bound(f"SELECT evidence, since {found} ORDER BY evidence, since LIMIT {MOST}", instants)
    rows = context.views.execute(first.columns(evidence=String, since=Instant))
    return int(count), [Evidence(str(r.evidence), r.since) for r in rows]


def _bound(sql: str, instants: Mapping[str, datetime]) -> TextClause:
    used = [bindparam(name, at, type_=Instant) for name, at in instants.items() if re.search(rf":{name}\b", sql)]
    return text(sql).bindparams(*used)


def _by_builtin(check: Check, context: Context) -> tuple[int, list[Evidence]]:
    found: Iterable[Evidence] = BUILTINS[check.builtin](context)
    every = sorted(found, key=lambda e: e.id)
    return len(every), every[:MOST]


def _why(error: Exception) -> str:
    """What a database says of the query itself; of anything else only the kind, because it may quote data."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        diagnosis = getattr(getattr(error.orig, "diag", None), "message_primary", None)
        if state is None:
            return f"{error.orig}."
        if state[:2] in {"42", "25"}:
            return f"{diagnosis}."
    return f"{type(error).__name__}."
