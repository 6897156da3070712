"""What every file of this room works with, and the two things all of them do: find a request, note what happened.

One transition is one transaction with one audit entry and one line of the timeline: `note` writes both.
"""

import enum
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log, Signer
from privacy_svc.db import insert_rows, new_id, now
from privacy_svc.http import CustomerDirectory
from privacy_svc.mail import Mailer
from privacy_svc.outbound import Outbound, networks
from privacy_svc.policy import Organisation, PolicyHolder, PolicySet
from privacy_svc.rights.deadlines import Profile, profile_of
from privacy_svc.rights.errors import UnknownRequest
from privacy_svc.rights.model import DataRequest, RequestEvent
from privacy_svc.settings import Settings
from privacy_svc.store import Stores
from privacy_svc.vault import Vault

WORKER = "worker"
"""The actor of what a workflow does by itself."""
RETENTION = "retention"
"""The channel of an erasure that the policy's periods ask for, and no person."""


class Event(enum.StrEnum):
    """Lines of a timeline; the same words in the audit log."""

    RECEIVED = "rights:request:received"
    CODE_SENT = "rights:code:sent"
    CODE_NOT_SENT = "rights:code:not_sent"
    CODE_WITHHELD = "rights:code:withheld"
    CODE_ENDED = "rights:code:ended"
    VERIFIED = "rights:request:verified"
    VERIFICATION_FAILED = "rights:request:verification_failed"
    MERGED = "rights:request:merged"
    ASKED = "rights:question:asked"
    ANSWERED = "rights:question:answered"
    UNANSWERED = "rights:question:unanswered"
    REMINDED = "rights:person:reminded"
    WARNED = "rights:request:warned"
    OVERDUE = "rights:request:overdue"
    FIRST_APPROVAL = "rights:approval:given"
    REFUSAL_PROPOSED = "rights:refusal:proposed"
    APPROVED = "rights:request:approved"
    REFUSED = "rights:request:refused"
    EXTENDED = "rights:request:extended"
    STARTED = "rights:request:started"
    WAITS = "rights:request:waits"
    COMPLETED = "rights:request:completed"
    FAILED = "rights:request:failed"
    CANCELLED = "rights:request:cancelled"
    WITHDRAWN = "rights:request:withdrawn"
    CERTIFIED = "rights:certificate:issued"
    LEFTOVER_DECIDED = "rights:leftover:decided"
    FILE_ATTACHED = "rights:file:attached"
    FILE_READ = "rights:file:read"
    FILES_DELETED = "rights:file:deleted"
    KEPT_ENDED = "rights:kept:ended"
    PACKAGE_CREATED = "rights:package:created"
    PACKAGE_DOWNLOADED = "rights:package:downloaded"
    PACKAGE_DELETED = "rights:package:deleted"
    LINK_MADE = "rights:link:made"
    LINK_REVOKED = "rights:link:revoked"
    VALUE_RECTIFIED = "rights:value:rectified"
    DETAILS_READ = "rights:details:read"
    DETAILS_ENDED = "rights:details:ended"
    RECIPIENT_TOLD = "rights:recipient:told"
    RECIPIENT_ANSWERED = "rights:recipient:answered"
    RECIPIENT_UNREACHED = "rights:recipient:unreached"
    RECIPIENT_EXEMPT = "rights:recipient:exempt"
    TASK_OPENED = "rights:task:opened"
    ELSEWHERE_WAITS = "rights:elsewhere:waits"
    ELSEWHERE_DONE = "rights:elsewhere:done"
    ELSEWHERE_LIFTED = "rights:elsewhere:lifted"
    REVIEWED = "rights:decision:reviewed"
    RESTRICTION_END_ANNOUNCED = "rights:restriction:end_announced"
    RESTRICTION_ENDED = "rights:restriction:ended"
    OBJECTION_OVERRIDDEN = "rights:objection:overridden"
    LETTER_SENT = "rights:letter:sent"
    LETTER_FAILED = "rights:letter:failed"
    SUBJECT_ERASED = "vault:subject:erased"
    HOLD_PLACED = "rights:hold:placed"
    HOLD_READ = "rights:hold:read"
    HOLD_LIFTED = "rights:hold:lifted"


@dataclass(frozen=True)
class Parts:
    vault: Vault
    log: Log
    signer: Signer
    policies: PolicyHolder
    stores: Stores
    directory: CustomerDirectory
    mailer: Mailer
    settings: Settings

    @property
    def policy(self) -> PolicySet:
        return self.policies.current

    @property
    def organisation(self) -> Organisation:
        return self.policy.organisation

    @property
    def outbound(self) -> Outbound:
        return Outbound(networks(self.settings.outbound_allow))

    @property
    def profile(self) -> Profile:
        return profile_of(self.organisation.deadlines.law)

    def note(self, session: Session, request: DataRequest, event: Event, actor: str, **params: Any) -> str:
        """A line of the timeline and the audit entry, in this transaction; returns the entry's id.

        `params` hold no personal data. The payload is sealed by the evidence key: it outlives an erasure.
        """
        line = {"request_id": request.id, "type": event.value, "actor": actor, "params": params}
        insert_rows(session, RequestEvent, [{"id": new_id(), "at": now(), **line}])
        return self.audit(session, request.subject_id, event, actor, request=request.id, right=request.right, **params)

    def audit(self, session: Session, subject_id: str | None, event: Event, actor: str, **payload: Any) -> str:
        return self.log.append(
            session, EventType(event.value), actor=actor, subject_id=subject_id, payload=payload, evidence=True
        )


def find(session: Session, request_id: str, *, lock: bool = False) -> DataRequest:
    """Raises UnknownRequest. `lock` makes a second transition of the same request wait for the first."""
    request = session.get(DataRequest, request_id, with_for_update=lock or None)
    if request is None:
        raise UnknownRequest("There is no such request.")
    return request
