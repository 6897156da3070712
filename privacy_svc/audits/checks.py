"""The DPO's checks and programmes, read from files: `checks/<id>.yml` and `programmes.yml`.

Every fault is collected with its file and line; a folder with one is not run at all, because a check that
silently drops out would look like one that passed.
"""

import enum
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from privacy_svc.audits.accepting import ACCEPTED, Acceptance, read_accepted
from privacy_svc.audits.builtins import Builtin
from privacy_svc.errors import Misconfigured
from privacy_svc.policy import Block, Faults, Node, read_yaml

PROGRAMMES = "programmes.yml"
CHECKS = "checks"
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SELECT = re.compile(r"\s*(--[^\n]*\n\s*)*(select|with)\b", re.IGNORECASE)
_KEYS = ("id", "area", "title", "question", "law", "severity", "how", "finding", "remedy")


class Severity(enum.StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Area(enum.StrEnum):
    """What a score is given for. After the topics of the ICO's accountability framework."""

    RIGHTS = "rights"
    CONSENT = "consent"
    MINIMISATION = "minimisation"
    STORAGE = "storage"
    SECURITY = "security"
    ACCOUNTABILITY = "accountability"
    BREACHES = "breaches"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class Check:
    """One question with its answer's meaning. Exactly one of `sql` and `builtin` says how it is found out."""

    id: str
    area: Area
    title: str
    question: str
    law: tuple[str, ...]
    severity: Severity
    finding: str
    """What a finding says; `{count}` stands for how many."""
    remedy: str
    sql: str = ""
    builtin: str = ""
    days: Mapping[str, int] = field(default_factory=dict)
    """Names for instants so many days before (negative: after) the as-of time."""
    digest: str = ""
    """Of the whole file: whatever is changed in a check is seen in its reports."""
    accepted: tuple[Acceptance, ...] = ()


class Every(enum.StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class Programme:
    """`every`: how often it runs by itself; None where a person runs it."""

    id: str
    title: str
    checks: tuple[Check, ...]
    every: Every | None = None

    @property
    def digest(self) -> str:
        """Of its list and all its checks."""
        return _digest("".join(f"{c.id} {c.digest}\n" for c in self.checks).encode())


def load_programmes(folder: Path, builtins: Mapping[str, Builtin]) -> Mapping[str, Programme]:
    """By id, in the file's order. Raises Misconfigured with every fault."""
    faults = Faults()
    checks = _with_accepted(folder, _load_checks(folder, builtins, faults), faults)
    root = _read(folder / PROGRAMMES, f"{folder.name}/{PROGRAMMES}", faults)
    found = _programmes(root, checks, faults)
    if faults:
        raise Misconfigured("The audit checks do not fit.", faults=faults)
    return found


def _read(path: Path, name: str, faults: Faults) -> Node | None:
    try:
        return read_yaml(name, path.read_bytes(), faults)
    except OSError as error:
        faults.at(name, f"cannot be read: {error.strerror}")
        return None


def _load_checks(folder: Path, builtins: Mapping[str, Builtin], faults: Faults) -> dict[str, Check]:
    """A file that cannot be read keeps its id known, so that it is not reported twice."""
    found: dict[str, Check] = {}
    for path in sorted((folder / CHECKS).glob("*.yml")):
        root = _read(path, f"{folder.name}/{CHECKS}/{path.name}", faults)
        if root is not None:
            check = _check(path.stem, root, builtins, faults)
            found[path.stem] = replace(check, digest=_digest(path.read_bytes()))
    return found


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _with_accepted(folder: Path, checks: dict[str, Check], faults: Faults) -> dict[str, Check]:
    """Nobody has to have the file."""
    if not (folder / ACCEPTED).exists():
        return checks
    root = _read(folder / ACCEPTED, f"{folder.name}/{ACCEPTED}", faults)
    accepted = list(read_accepted(root, checks, faults))
    return {k: replace(c, accepted=tuple(a for a in accepted if a.check == k)) for k, c in checks.items()}


def _check(name: str, root: Node, builtins: Mapping[str, Builtin], faults: Faults) -> Check:
    block = Block(root, faults, _KEYS, "check")
    given = block.text("id", required=True)
    if given and (given != name or not _ID.fullmatch(given)):
        block.fault("id", f"must be the file's name in small letters, digits and hyphens: {name!r}")
    area = block.choice("area", Area, required=True)
    severity = block.choice("severity", Severity, required=True)
    how = block.block("how", ("sql", "builtin", "days"), required=True)
    sql, builtin = _sql(how), _builtin(how, builtins)
    return Check(
        id=given,
        area=area or Area.ACCOUNTABILITY,
        title=block.text("title", required=True),
        question=block.text("question", required=True),
        law=tuple(word for word, _ in block.words("law", required=True)),
        severity=severity or Severity.HIGH,
        finding=block.text("finding", required=True),
        remedy=block.text("remedy", required=True),
        sql=sql,
        builtin=builtin,
        days=_days(how, _of_builtin(builtins[builtin]) if builtin in builtins else _of_sql(sql)),
    )


def _sql(how: Block) -> str:
    text = how.text("sql")
    if ("builtin" in how) == bool(text):
        how.fault("sql", "needs either 'sql' or 'builtin'")
    elif text and not _SELECT.match(text):
        how.fault("sql", "must be one SELECT, or WITH … SELECT")
    return text.rstrip(";")


def _builtin(how: Block, builtins: Mapping[str, Builtin]) -> str:
    return how.word("builtin", builtins) if "builtin" in how else ""


_Fault = Callable[[str, int], str]
"""What is wrong with a name and its days; empty where nothing is."""


def _days(how: Block, fault_of: _Fault) -> dict[str, int]:
    found = {}
    for key, _, node in how.entries("days"):
        if node.kind != "int" or not re.fullmatch(r"-?\d{1,5}", node.text):
            how.faults.at(node.place, f"{key!r} must be a whole number of days")
        elif fault := fault_of(key, int(node.text)):
            how.faults.at(node.place, fault)
        else:
            found[key] = int(node.text)
    return found


def _of_sql(sql: str) -> _Fault:
    def fault(name: str, _days: int) -> str:
        if name == "as_of":
            return "'as_of' is the time of the audit itself; choose another name"
        return "" if re.search(rf":{re.escape(name)}\b", sql) else f"the query does not use ':{name}'"

    return fault


def _of_builtin(builtin: Builtin) -> _Fault:
    """A span of no days, or one that lies in the future, would find nothing."""

    def fault(name: str, days: int) -> str:
        if name != builtin.span:
            return f"this check knows no {name!r}" + (f", only {builtin.span!r}" if builtin.span else "")
        return "" if days > 0 else f"{name!r} must be one day or more"

    return fault


def _programmes(root: Node | None, checks: Mapping[str, Check], faults: Faults) -> dict[str, Programme]:
    found = {}
    for key, _, node in Block(root, faults, ("programmes",)).entries("programmes", required=True):
        block = Block(node, faults, ("title", "every", "checks"), f"programme {key}")
        names = block.names("checks", checks, "check", required=True)
        title, every = block.text("title", required=True), block.choice("every", Every)
        found[key] = Programme(key, title, tuple(checks[n] for n in names), every)
    return found
