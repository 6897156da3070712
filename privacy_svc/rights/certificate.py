"""What was done, as a document that can be checked offline: builds it; the log's key signs it. Pure.

No personal data: places, methods, numbers and times. A hash or a mask is never called erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from privacy_svc.policy import Organisation
from privacy_svc.rights.states import Right

TYPE = "privacy-svc/certificate"
VERSION = 3
BACKUPS_PENDING = (
    "The key is destroyed in the running system. The page key that wrapped it is still to be replaced: until then no "
    "date can be given for backups."
)
BACKUPS = (
    "The key is destroyed in the running system. From the date in backups_by on no backup of the key tables can bring "
    "it back: the root key they need is destroyed then, and backups of the customer stores from before are older than "
    "any that is kept. A backup restored earlier is told of this erasure first."
)
REDACTED = (
    "What the person is known by was taken out of these texts. "
    "The rest of them is kept; it is not shown to be nobody's."
)
SHARED = (
    "These stand in records that belong to other people as well (Art. 17(1) GDPR gives no right to have others' data "
    "erased). What the person alone is known by was taken out of them; the last person of a record takes it along."
)
SHARED_VALUES = (
    "These stand in records that belong to other people as well, of whom nobody has said that the value is wrong for "
    "them. What names the person alone was corrected there too."
)
PENDING = "pending"
"""Of a first issue the result, and of each issue what was not searched yet."""
FULFILLED, PARTLY = "fulfilled", "partially_fulfilled"
_NOT_ERASED = frozenset({"keep", "redact", "stays"})
"""Methods after which something of a place is left."""
EVIDENCE = (
    "What proves consents, this request and its answer is sealed by a second key, for the establishment, exercise or "
    "defence of legal claims (Art. 17(3)(e) GDPR), together with what is kept by law. That key is destroyed on the "
    "date in evidence_until, or once a claim that needs it has ended."
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What every certificate says of its request."""

    request_id: str
    right: Right
    received_at: datetime
    completed_at: datetime | None
    organisation: Organisation
    policy_version: str
    log: Mapping[str, Any]
    """Where the audit log says the same: origin and the entry's id."""


def certificate(facts: Facts, **about: Any) -> dict[str, Any]:
    organisation = facts.organisation
    return {
        "type": TYPE,
        "version": VERSION,
        "request": facts.request_id,
        "right": facts.right.value,
        "article": facts.right.article,
        "controller": {"id": organisation.id, "name": organisation.controller.name},
        "authority": organisation.authority.name,
        "received_at": _time(facts.received_at),
        "completed_at": _time(facts.completed_at) if facts.completed_at else None,
        "policy": facts.policy_version,
        "log": dict(facts.log),
        **about,
    }


@dataclass(frozen=True, slots=True)
class Issue:
    """A first one as soon as the person is out of reach, a second when all texts were searched: `replaces` is the
    SHA-256 of the first. `backups_by`: when every backup is out of reach, None while that is not known."""

    number: int
    replaces: str | None
    backups_by: datetime | None


@dataclass(frozen=True, slots=True)
class Proof:
    """The log's own that the key was destroyed, in C2SP tlog-proof form; and the entry's payload with its salt, by
    which anybody sees that the entry is this request's."""

    text: str | None = None
    payload: Mapping[str, Any] | None = None


def erasure(
    facts: Facts, done: Mapping[str, Any], issue: Issue, evidence_until: datetime | None, proof: Proof
) -> dict[str, Any]:
    """`done` is what the run noted; `evidence_until` when the evidence key ends, None for who came back meanwhile."""
    items = done["erased"]
    kept, redacted, stays = ([i for i in items if i["method"] == method] for method in ("keep", "redact", "stays"))
    result = PARTLY if is_partial(done) else FULFILLED
    return certificate(
        facts,
        issue=issue.number,
        replaces=issue.replaces,
        result=result if done.get("everywhere") else PENDING,
        online_at=done["online_at"],
        backups_by=_time(issue.backups_by) if issue.backups_by else None,
        backups=BACKUPS if issue.backups_by else BACKUPS_PENDING,
        evidence_until=_time(evidence_until) if evidence_until else None,
        evidence=EVIDENCE,
        done=[i for i in items if i["method"] not in _NOT_ERASED],
        kept=kept,
        shared=stays,
        sharing=SHARED if stays else None,
        redacted=redacted,
        redaction=REDACTED if redacted else None,
        proof=proof.text,
        proof_payload=proof.payload,
        read_back={
            "values_searched": done["searched"],
            "found": len(decided(done, "accepted")),
            "own_rows_and_indexes": done.get("own"),
            "everybodys_texts": done.get("everywhere") or PENDING,
        },
    )


def is_partial(done: Mapping[str, Any]) -> bool:
    """Whether something of the person is left by what the run noted: kept by law, in others' records, in the rest of a
    text, or where a person decided about what a search found."""
    methods = {i["method"] for i in done["erased"]}
    return bool(methods & _NOT_ERASED or decided(done, "accepted") or decided(done, "redacted"))


def decided(done: Mapping[str, Any], what: str) -> list[Mapping[str, Any]]:
    """Places at which a search found a value that was `accepted`, or `redacted`."""
    searches = (done.get("own") or {}, done.get("everywhere") or {})
    return [place for search in searches for place in search.get(what, ())]


def rectification(facts: Facts, done: Mapping[str, Any]) -> dict[str, Any]:
    """`kept`: copies that a law keeps as they were; `shared`: what stands in records of others as well."""
    shared = list(done.get("shared", ()))
    return certificate(
        facts,
        result=PARTLY if shared else FULFILLED,
        done=list(done["rectified"]),
        kept=list(done.get("kept", ())),
        shared=shared,
        sharing=SHARED_VALUES if shared else None,
    )


def restriction(facts: Facts, since: str) -> dict[str, Any]:
    return certificate(facts, result=FULFILLED, restricted_since=since)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
