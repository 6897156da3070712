"""What people agreed to, refused, objected to and had restricted: append-only, provable, true from the commit on.

States are those of the W3C Data Privacy Vocabulary; receipts follow ISO/IEC TS 27560:2023. Every change raises the
subject's state version in its transaction; `subject_state` is what decisions read.
"""

from privacy_svc.consent.checks import require_open_to_objection
from privacy_svc.consent.invalidating import invalidate_all
from privacy_svc.consent.issue import issue_receipt
from privacy_svc.consent.objections import lift_objection, lift_restriction, object_to, restrict
from privacy_svc.consent.routes import HANDLERS
from privacy_svc.consent.schemas import ConsentView, Guardian, NoticeRef, PurposeConsent, RecordConsent, Source
from privacy_svc.consent.service import current, evidence, find, history, record
from privacy_svc.consent.standing import subject_state, subject_states, unknown_subject_state
from privacy_svc.consent.states import Method, State

__all__ = [
    "HANDLERS",
    "ConsentView",
    "Guardian",
    "Method",
    "NoticeRef",
    "PurposeConsent",
    "RecordConsent",
    "Source",
    "State",
    "current",
    "evidence",
    "find",
    "history",
    "invalidate_all",
    "issue_receipt",
    "lift_objection",
    "lift_restriction",
    "object_to",
    "record",
    "require_open_to_objection",
    "restrict",
    "subject_state",
    "subject_states",
    "unknown_subject_state",
]
