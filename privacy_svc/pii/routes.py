"""Detection and redaction over HTTP. The log gets who, whose text and counts, never the text."""

from collections import Counter

from litestar import post
from litestar.di import NamedDependency
from litestar.params import RawBody

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import Database
from privacy_svc.errors import TooLarge
from privacy_svc.http import Caller, CustomerDirectory, Role, allow, decode
from privacy_svc.pii.engine import detect
from privacy_svc.pii.finding import Finding
from privacy_svc.pii.names import LANGUAGES
from privacy_svc.pii.redaction import redact
from privacy_svc.pii.schemas import DetectText, Findings, Redacted, RedactText, views
from privacy_svc.policy import Organisation, PolicyHolder

MOST = 100_000
"""Characters of a text: about a second of work."""
ROLES = allow(Role.MODULE, Role.DPO, Role.ADMIN)
TAGS = ["Personal data detection"]


def _found(wanted: DetectText, organisation: Organisation) -> list[Finding]:
    if len(wanted.text) > MOST:
        raise TooLarge(f"A text of at most {MOST} characters is examined at once.")
    usual = next((code for code in organisation.languages if code in LANGUAGES), "en")
    return detect(wanted.text, wanted.language or usual, organisation.phone_region)


def _note(
    database: Database, log: Log, directory: CustomerDirectory, caller: Caller, wanted: DetectText, found: list[Finding]
) -> None:
    counts = dict(sorted(Counter(f.entity for f in found).items()))
    with database.write() as session:
        subject = directory.admit(session, wanted.customer, caller.name) if wanted.customer else None
        payload = {"characters": len(wanted.text), "found": counts}
        log.append(session, EventType.TEXT_EXAMINED, actor=caller.name, subject_id=subject, payload=payload)


@post(
    "/v1/pii/detect",
    opt=ROLES | {"body": DetectText},
    sync_to_thread=True,
    status_code=200,
    operation_id="detectPersonalData",
    tags=TAGS,
)
def detect_text(
    body: RawBody,
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    caller: NamedDependency[Caller],
) -> Findings:
    """Where personal data stand in a text, each with its category."""
    wanted = decode(body, DetectText)
    found = _found(wanted, policies.current.organisation)
    _note(database, log, directory, caller, wanted, found)
    return Findings(views(found))


@post(
    "/v1/pii/redact",
    opt=ROLES | {"body": RedactText},
    sync_to_thread=True,
    status_code=200,
    operation_id="redactPersonalData",
    tags=TAGS,
)
def redact_text(
    body: RawBody,
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    caller: NamedDependency[Caller],
) -> Redacted:
    """The text with what was found labelled, masked or dropped."""
    wanted = decode(body, RedactText)
    found = _found(wanted, policies.current.organisation)
    _note(database, log, directory, caller, wanted, found)
    return Redacted(redact(wanted.text, found, wanted.style), views(found))


HANDLERS = [detect_text, redact_text]
