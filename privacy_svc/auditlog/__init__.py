"""The audit log: append-only, provable, and still true after an erasure.

RFC 9162 Merkle tree; C2SP signed notes, checkpoints, tiles and proofs, so that tools we did not
write can verify it. Entries are written in the transaction of what they record.
"""

from privacy_svc.auditlog import routes, tile_routes
from privacy_svc.auditlog.appending import Event, GroupEvent
from privacy_svc.auditlog.checkpoint import PROOF_HEADER, Checkpoint, is_checkpoint, open_checkpoint, verify_proof
from privacy_svc.auditlog.entry_check import Finding
from privacy_svc.auditlog.erasing import Theirs
from privacy_svc.auditlog.errors import LogHalted, LogInconsistent, NotYet, WitnessAway
from privacy_svc.auditlog.events import ABOUT_NOBODY, EventType
from privacy_svc.auditlog.export_check import TYPE as LOG_EXPORT
from privacy_svc.auditlog.export_check import Exported, verify_export
from privacy_svc.auditlog.gathering import People
from privacy_svc.auditlog.handover import TYPE as HANDOVER
from privacy_svc.auditlog.handover import verify_handover
from privacy_svc.auditlog.log import Log
from privacy_svc.auditlog.members import Membership
from privacy_svc.auditlog.membership_proof import TYPE as MEMBERSHIP
from privacy_svc.auditlog.membership_proof import membership_document, verify_membership
from privacy_svc.auditlog.merkle import ProofError
from privacy_svc.auditlog.model import MonthTag
from privacy_svc.auditlog.progress import Progress, unseen
from privacy_svc.auditlog.relearning import Relearned
from privacy_svc.auditlog.resealing import reseal_payloads
from privacy_svc.auditlog.searching import EntryView, Wanted
from privacy_svc.auditlog.signed_json import canonical, strict_json, verify_json
from privacy_svc.auditlog.signed_note import NoteError, Verifier
from privacy_svc.auditlog.signer import Signer
from privacy_svc.auditlog.unsaid import Unsaid
from privacy_svc.auditlog.verify import Report
from privacy_svc.auditlog.waiting import Backlog
from privacy_svc.auditlog.walking import walk
from privacy_svc.auditlog.witness import Witness

HANDLERS = [*routes.HANDLERS, *tile_routes.HANDLERS]

__all__ = [
    "ABOUT_NOBODY",
    "HANDLERS",
    "HANDOVER",
    "LOG_EXPORT",
    "MEMBERSHIP",
    "PROOF_HEADER",
    "Backlog",
    "Checkpoint",
    "EntryView",
    "Event",
    "EventType",
    "Exported",
    "Finding",
    "GroupEvent",
    "Log",
    "LogHalted",
    "LogInconsistent",
    "Membership",
    "MonthTag",
    "NotYet",
    "NoteError",
    "People",
    "Progress",
    "ProofError",
    "Relearned",
    "Report",
    "Signer",
    "Theirs",
    "Unsaid",
    "Verifier",
    "Wanted",
    "Witness",
    "WitnessAway",
    "canonical",
    "is_checkpoint",
    "membership_document",
    "open_checkpoint",
    "reseal_payloads",
    "strict_json",
    "unseen",
    "verify_export",
    "verify_handover",
    "verify_json",
    "verify_membership",
    "verify_proof",
    "walk",
]
