"""Carrying out one check: what it found, or why it could not be found out. A check that cannot run never passes."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

import structlog
from sqlalchemy import BindParameter, String, TextClause, bindparam, text
from sqlalchemy.exc import DBAPIError

from privacy_svc.audits import reading
from privacy_svc.audits.accepting import Acceptance
from privacy_svc.audits.builtins import BUILTINS
from privacy_svc.audits.checks import Check
from privacy_svc.audits.context import Context, Evidence, NotApplicable
from privacy_svc.audits.on_releases import JUDGING, not_judged
from privacy_svc.audits.reachable import OutOfReach, check_reach
from privacy_svc.audits.reading import schemas
from privacy_svc.db import Instant

MOST = 20
"""How many pieces of evidence a report shows; `count` has them all."""
_PSEUDONYM = re.compile(r"(?!\d{7,}$)[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}")
_log = structlog.get_logger(__name__)
Status = Literal["pass", "finding", "accepted", "error", "not_applicable"]
STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True, slots=True)
class Outcome:
    check: Check
    status: Status
    count: int = 0
    evidence: Sequence[Evidence] = ()
    accepted: Sequence[Acceptance] = ()
    """Found, and accepted for now: not in `count`. What has nothing else is `accepted`, which is no pass."""
    not_judged: int = 0
    """Uses that the check could not look at, because their people were erased since."""
    why: str = ""
    """Of an error, and of what is not applicable."""

    def document(self) -> dict[str, Any]:
        return {
            "check": self.check.id,
            "area": str(self.check.area),
            "title": self.check.title,
            "question": self.check.question,
            "law": list(self.check.law),
            "severity": str(self.check.severity),
            "status": self.status,
            "count": self.count,
            "not_judged": self.not_judged,
            "statement": self.statement,
            "evidence": [{"id": e.id, "since": e.since and timestamp(e.since)} for e in self.evidence],
            "accepted": [_accepted(a) for a in self.accepted],
            "remedy": self.check.remedy if self.status == "finding" else "",
            "how": self.check.digest,
        }

    @property
    def statement(self) -> str:
        if self.status == "not_applicable":
            return f"This cannot be asked yet: {self.why}"
        if self.status == "error":
            return f"This check could not run: {self.why}"
        unseen = f" {self.not_judged} uses of people erased since could not be judged." if self.not_judged else ""
        return self._found + unseen

    @property
    def _found(self) -> str:
        if self.status == "finding":
            also = f" {len(self.accepted)} more found and accepted." if self.accepted else ""
            return self.check.finding.replace("{count}", str(self.count)) + also
        return f"{len(self.accepted)} found and accepted." if self.accepted else "Nothing was found."


def _accepted(found: Acceptance) -> dict[str, str]:
    return {
        "id": found.evidence,
        "reason": found.reason,
        "by": found.by,
        "since": str(found.since),
        "until": str(found.until),
    }


def timestamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def carry_out(check: Check, context: Context) -> Outcome:
    """Never raises for what the check itself does: one broken check must not hide the others."""
    find: Callable[[Check, Context], Found] = _by_sql if check.sql else _by_builtin
    try:
        with context.run.views.begin_nested():
            count, evidence, accepted = find(check, context)
            unseen = not_judged(context) if check.builtin in JUDGING else 0
    except NotApplicable as none:
        return Outcome(check, "not_applicable", why=str(none))
    except Exception as error:  # noqa: BLE001 - whatever happens, the report says that this was not found out
        _log.warning("audits.check_failed", check=check.id, exc_info=error)
        return Outcome(check, "error", why=_why(error))
    if not all(_PSEUDONYM.fullmatch(e.id) for e in evidence):
        return Outcome(check, "error", why="it shows more than a pseudonym as evidence.")
    kept = [a for a in _standing(check, context) if a.evidence in accepted]
    status: Status = "finding" if count else "accepted" if kept else "pass"
    return Outcome(check, status, count, evidence, kept, unseen)


Found = tuple[int, list[Evidence], set[str]]
"""How many, the first of them, and which of the accepted ones were found as well."""


def _standing(check: Check, context: Context) -> list[Acceptance]:
    return [a for a in check.accepted if a.stands(context.run.run_on)]


def _by_sql(check: Check, context: Context) -> Found:
    instants = {"as_of": context.run.as_of}
    instants |= {name: context.run.as_of - timedelta(days=n) for name, n in check.days.items()}
    check_reach(check.sql, schemas(context.run.views))
    # The DPO's own SELECT, on a connection that cannot write.
    found = f"FROM ({check.sql}\n) AS found"
    accepted = {"accepted": [a.evidence for a in _standing(check, context)]}
    # CAST because what is shown may be a number or a uuid.
    told = "CAST(evidence AS TEXT)"
    if context.run.views.execute(_bound(f"SELECT count(*) {found} WHERE evidence IS NULL", instants)).scalar_one():
        raise NoEvidence
    count = context.run.views.execute(
        _bound(f"SELECT count(*) {found} WHERE {told} NOT IN :accepted", instants), accepted
    ).scalar_one()
    first = _bound(
        f"SELECT evidence, since {found} WHERE {told} NOT IN :accepted ORDER BY evidence, since LIMIT {MOST}", instants
    )
    rows = context.run.views.execute(first.columns(evidence=String, since=Instant), accepted)
    evidence = [Evidence(str(r.evidence), r.since) for r in rows]
    also = _bound(f"SELECT {told} {found} WHERE {told} IN :accepted", instants)
    return int(count), evidence, {str(told) for (told,) in context.run.views.execute(also, accepted)}


class NoEvidence(Exception):
    """A row without evidence leads nowhere, and equals nothing that is accepted or not."""


def _bound(sql: str, instants: Mapping[str, datetime]) -> TextClause:
    used: list[BindParameter[Any]] = [
        bindparam(name, at, type_=Instant) for name, at in instants.items() if re.search(rf":{name}\b", sql)
    ]
    if ":accepted" in sql:
        used.append(bindparam("accepted", expanding=True, type_=String))
    return text(sql).bindparams(*used)


def _by_builtin(check: Check, context: Context) -> Found:
    found: Iterable[Evidence] = BUILTINS[check.builtin].find(context)
    accepted = {a.evidence for a in _standing(check, context)}
    every = sorted(found, key=lambda e: e.id)
    counted = [e for e in every if e.id not in accepted]
    return len(counted), counted[:MOST], accepted & {e.id for e in every}


def _why(error: Exception) -> str:
    """What a database says of the query itself; of anything else only the kind, because it may quote data."""
    if isinstance(error, NoEvidence):
        return "it shows a row whose evidence is NULL."
    if isinstance(error, OutOfReach):
        return str(error)
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        diagnosis = getattr(getattr(error.orig, "diag", None), "message_primary", None)
        if state == "57014" or str(error.orig) == "interrupted":
            return f"it took longer than {reading.LONGEST} seconds."
        if state is None:
            return f"{error.orig}."
        if state[:2] in {"42", "25"}:
            return f"{diagnosis}."
    return f"{type(error).__name__}."
