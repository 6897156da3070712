"""What people agreed to, refused, objected to and had restricted: append-only, provable, true from the commit on.

States are those of the W3C Data Privacy Vocabulary; receipts follow ISO/IEC TS 27560:2023. Every change raises the
subject's state version in its transaction; `subject_state` is what decisions read.
"""

from privacy_svc.consent import listroutes, objectroutes, routes
from privacy_svc.consent.after_restore import Renewed, renew
from privacy_svc.consent.checks import require_open_to_objection
from privacy_svc.consent.choices import CHOICES, PERSON, Choices, can_be_taken_back
from privacy_svc.consent.confirming import forget_links, forget_links_of
from privacy_svc.consent.errors import LinkGone, NoticeChanged, UnknownLink
from privacy_svc.consent.exporting import export, export_lines
from privacy_svc.consent.facts import Reading
from privacy_svc.consent.following import ListKeeper
from privacy_svc.consent.importing import Importer, Totals
from privacy_svc.consent.intake import Brought, Intake, Taken
from privacy_svc.consent.invalidating import invalidate_all
from privacy_svc.consent.issue import issue_receipt
from privacy_svc.consent.judging import Refused
from privacy_svc.consent.letters import PATH as CONFIRM_PATH
from privacy_svc.consent.objections import (
    lift_objection,
    lift_restriction,
    object_to,
    objects_since,
    restrict,
    restricted_people,
    restricted_since,
)
from privacy_svc.consent.policies import note_policy
from privacy_svc.consent.posting import deliver, send_due
from privacy_svc.consent.proving import Asked, entry_of, overview
from privacy_svc.consent.purpose_states import FACTS, SharedStates, Standing, asking, purpose_states, standings
from privacy_svc.consent.reading import Format, Shape, guess_format, inspect, read
from privacy_svc.consent.recording import record
from privacy_svc.consent.releasing import release_unowned as release_unowned_suppressions
from privacy_svc.consent.schemas import (
    ConsentView,
    CustomerConsents,
    Guardian,
    NoticeRef,
    PurposeConsent,
    RecordConsent,
    Source,
)
from privacy_svc.consent.service import current, evidence, find, forget_evidence, history
from privacy_svc.consent.standing import subject_state, subject_states, unknown_subject_state
from privacy_svc.consent.states import Method, State
from privacy_svc.consent.suppression import ALL as SUPPRESS_ALL
from privacy_svc.consent.suppression import Cause, digests, disown, enlist_erased, enlist_theirs, follow_address, owners
from privacy_svc.consent.suppression import counts as count_suppressions
from privacy_svc.consent.switching import Position, Switch, Switches
from privacy_svc.consent.unsubscribing import FIELD as UNSUBSCRIBE_FIELD
from privacy_svc.consent.unsubscribing import ONE_CLICK as UNSUBSCRIBE_VALUE
from privacy_svc.consent.unsubscribing import PATH as UNSUBSCRIBE_PATH
from privacy_svc.consent.versions import hold_many

HANDLERS = [*routes.HANDLERS, *objectroutes.HANDLERS, *listroutes.HANDLERS]

__all__ = [
    "CHOICES",
    "CONFIRM_PATH",
    "FACTS",
    "HANDLERS",
    "PERSON",
    "SUPPRESS_ALL",
    "UNSUBSCRIBE_FIELD",
    "UNSUBSCRIBE_PATH",
    "UNSUBSCRIBE_VALUE",
    "Asked",
    "Brought",
    "Cause",
    "Choices",
    "ConsentView",
    "CustomerConsents",
    "Format",
    "Guardian",
    "Importer",
    "Intake",
    "LinkGone",
    "ListKeeper",
    "Method",
    "NoticeChanged",
    "NoticeRef",
    "Position",
    "PurposeConsent",
    "Reading",
    "RecordConsent",
    "Refused",
    "Renewed",
    "Shape",
    "SharedStates",
    "Source",
    "Standing",
    "State",
    "Switch",
    "Switches",
    "Taken",
    "Totals",
    "UnknownLink",
    "asking",
    "can_be_taken_back",
    "count_suppressions",
    "current",
    "deliver",
    "digests",
    "disown",
    "enlist_erased",
    "enlist_theirs",
    "entry_of",
    "evidence",
    "export",
    "export_lines",
    "find",
    "follow_address",
    "forget_evidence",
    "forget_links",
    "forget_links_of",
    "guess_format",
    "history",
    "hold_many",
    "inspect",
    "invalidate_all",
    "issue_receipt",
    "lift_objection",
    "lift_restriction",
    "note_policy",
    "object_to",
    "objects_since",
    "overview",
    "owners",
    "purpose_states",
    "read",
    "record",
    "release_unowned_suppressions",
    "renew",
    "require_open_to_objection",
    "restrict",
    "restricted_people",
    "restricted_since",
    "send_due",
    "standings",
    "subject_state",
    "subject_states",
    "unknown_subject_state",
]
