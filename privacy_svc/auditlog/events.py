"""The log's vocabulary: `source:subject:action`, one closed list."""

import enum
from typing import Self


class EventType(enum.StrEnum):
    """What happened, and in `says` when it is written. Types are never renamed: leaves carry them for good."""

    says: str

    def __new__(cls, value: str, says: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.says = says
        return member

    DECISION_PERMIT = "policy:decision:permit", "A module asked and may use what it asked for."
    DECISION_DENY = "policy:decision:deny", "A module asked and was refused, all or in part."
    AUDIENCE_DECIDED = "policy:audience:decided", "A module asked which people it may use for a purpose."
    POLICY_SIMULATED = "policy:set:simulated", "Somebody asked what another policy would decide about everybody."
    POLICY_LOADED = "policy:set:loaded", "Another set of policy files took effect."
    RECORD_READ = "gateway:record:read", "A module read somebody's record."
    VALUE_TAMPERED = "gateway:value:tampered", "A stored value was not what this service had sealed there."
    RECORD_WRITE = "gateway:record:write", "A module changed somebody's record."
    RECORD_CREATE = "gateway:record:create", "A module wrote a new record."
    RECORD_WRITE_FAILED = "gateway:record:write_failed", "A logged write did not reach the store."
    CONSENT_REQUESTED = "consent:record:requested", "Somebody was asked for consent."
    CONSENT_GIVEN = "consent:record:given", "Somebody consented to a purpose."
    CONSENT_REFUSED = "consent:record:refused", "Somebody said no to a purpose."
    CONSENT_WITHDRAWN = "consent:record:withdrawn", "Somebody took a consent back."
    CONSENT_DENIED = (
        "consent:record:denied",
        "A module wanted to record a consent, or to read consents, that it may not; it names nobody.",
    )
    CONSENT_INVALIDATED = "consent:record:invalidated", "A consent stopped counting without being taken back."
    CONSENT_READ = "consent:record:read", "Somebody's consents or a receipt were looked at."
    CONSENT_IMPORTED = "consent:record:imported", "Consents came in from a file; it says what of whom."
    CONSENT_EXPORTED = "consent:record:exported", "Consents were handed out as a file."
    ADDRESS_SUPPRESSED = "consent:suppression:added", "An address is not to be used again; it names no address."
    ADDRESS_RELEASED = "consent:suppression:lifted", "A suppressed address may be used again."
    SUPPRESSION_CHECKED = "consent:suppression:checked", "Addresses were held against the suppression list."
    OBJECTION_RAISED = "consent:objection:raised", "Somebody objected (GDPR 21)."
    OBJECTION_LIFTED = "consent:objection:lifted", "An objection was taken back or overridden."
    RESTRICTION_PLACED = "consent:restriction:placed", "Somebody's data may only be stored (GDPR 18)."
    RESTRICTION_LIFTED = "consent:restriction:lifted", "A restriction ended."
    SUBJECT_CREATED = "vault:subject:created", "A person got keys of their own."
    SUBJECT_ERASED = "vault:subject:erased", "A person's data key was destroyed."
    EVIDENCE_ENDED = (
        "vault:evidence:ended",
        "An erased person's evidence key met its date; it says of how many entries the payload went.",
    )
    SUBJECT_READMITTED = "vault:subject:readmitted", "An erased person came back, with a new key."
    EPOCH_ROLLED = "vault:epoch:rolled", "A new root key took over."
    EPOCH_DESTROYED = "vault:epoch:destroyed", "A root key was destroyed, and with it older backups of the key tables."
    KEYS_ROTATED = "vault:keys:rotated", "People's data keys were replaced."
    INDEX_ROTATED = "vault:index:rotated", "The blind index was rebuilt under a new key."
    RESTORE_REPLAYED = "vault:restore:replayed", "A restored backup was told of the erasures after it."
    COLLECTION_SEALED = "store:collection:sealed", "A collection's mapped fields were encrypted."
    COLLECTION_UNSEALED = "store:collection:unsealed", "A collection's fields were decrypted again."
    FACTS_CHANGED = (
        "store:facts:changed",
        "The store tells another birth date, country or end of a relationship; it says which.",
    )
    REQUEST_RECEIVED = "rights:request:received", "A rights request came in; its time limit runs."
    REQUEST_VERIFIED = "rights:request:verified", "Who asks was shown to be who they say."
    REQUEST_VERIFICATION_FAILED = "rights:request:verification_failed", "A wrong code was sent."
    REQUEST_APPROVED = "rights:request:approved", "Staff approved a request."
    REQUEST_REFUSED = "rights:request:refused", "Staff refused a request on a ground."
    APPROVAL_GIVEN = "rights:approval:given", "The first of two people approved a request."
    REFUSAL_PROPOSED = "rights:refusal:proposed", "Staff proposed a refusal; a second person has to confirm it."
    QUESTION_ASKED = "rights:question:asked", "The person was asked something; it says whether the clock stops."
    QUESTION_ANSWERED = "rights:question:answered", "A question to the person was settled, and the clock runs again."
    QUESTION_UNANSWERED = "rights:question:unanswered", "The person did not answer in time; staff decide."
    PERSON_REMINDED = "rights:person:reminded", "The person was reminded of a question."
    REQUEST_WARNED = "rights:request:warned", "The deadline of a request comes near."
    REQUEST_OVERDUE = "rights:request:overdue", "The deadline of a request has passed."
    REQUEST_MERGED = "rights:request:merged", "Two requests of a person for the same became one."
    TASK_OPENED = "rights:task:opened", "A person has something to do for a request, in a system without an interface."
    ELSEWHERE_WAITS = (
        "rights:elsewhere:waits",
        "Another system did not do its part of a request yet; it is tried again.",
    )
    ELSEWHERE_DONE = "rights:elsewhere:done", "Another system, or a person, did their part of a request."
    ELSEWHERE_LIFTED = "rights:elsewhere:lifted", "Another system, or a person, lifted a restriction there too."
    DECISION_REVIEWED = "rights:decision:reviewed", "A person looked at an automated decision again (GDPR 22(3))."
    RESTRICTION_END_ANNOUNCED = "rights:restriction:end_announced", "The person was told that their restriction ends."
    RESTRICTION_ENDED = "rights:restriction:ended", "An announced end of a restriction came (GDPR 18(3))."
    OBJECTION_OVERRIDDEN = (
        "rights:objection:overridden",
        "The person was told of compelling grounds against their objection (GDPR 21(1)).",
    )
    REQUEST_EXTENDED = "rights:request:extended", "The time limit was extended (GDPR 12(3))."
    REQUEST_STARTED = "rights:request:started", "Work on a request began."
    REQUEST_WAITS = "rights:request:waits", "Something that a request needs is away; it is tried again."
    REQUEST_COMPLETED = "rights:request:completed", "A request was fulfilled."
    REQUEST_FAILED = "rights:request:failed", "A request stopped at an error and waits for staff."
    REQUEST_CANCELLED = "rights:request:cancelled", "Staff ended a request, as a duplicate or a mistake."
    REQUEST_WITHDRAWN = "rights:request:withdrawn", "The person took the request back."
    CERTIFICATE_ISSUED = "rights:certificate:issued", "A certificate of an erasure was signed; it says which issue."
    LEFTOVER_DECIDED = "rights:leftover:decided", "Staff decided about a place where an erasure left a value."
    FILE_ATTACHED = "rights:file:attached", "A file that proves what a request says was added."
    FILE_READ = "rights:file:read", "Staff read a file of a request."
    FILES_DELETED = "rights:file:deleted", "The files of a request were deleted, some days after its end."
    KEPT_ENDED = "rights:kept:ended", "What an erasure had left by law met its date and was emptied; it says how much."
    DATA_SHOWN = "rights:data:shown", "The person looked at their data in the Privacy Centre."
    DATA_LOOKED_AT = "rights:data:looked_at", "Staff looked at everything that is held about a person; it says why."
    PACKAGE_CREATED = "rights:package:created", "An access or portability package was made."
    PACKAGE_DOWNLOADED = "rights:package:downloaded", "A package was fetched."
    PACKAGE_DELETED = "rights:package:deleted", "A package was deleted, because the time of its last link is over."
    PACKAGE_LINK_MADE = "rights:link:made", "A link was made by which a person fetches their package."
    PACKAGE_LINK_REVOKED = "rights:link:revoked", "A link to a package was revoked."
    VALUE_RECTIFIED = "rights:value:rectified", "A value was corrected (GDPR 16)."
    RECIPIENT_TOLD = "rights:recipient:told", "A recipient was told of a change (GDPR 19)."
    RECIPIENT_ANSWERED = "rights:recipient:answered", "A recipient said what became of it."
    RECIPIENT_UNREACHED = "rights:recipient:unreached", "A recipient could not be told; a person has to see to it."
    RECIPIENT_EXEMPT = "rights:recipient:exempt", "Telling a recipient is impossible or disproportionate (GDPR 19)."
    RECIPIENT_SECRET_CHANGED = "rights:recipient:secret_changed", "A recipient got a new secret."
    ROWS_EXPIRED = "rights:retention:erased", "Rows are erased because their period is over; it says by which rule."
    ROWS_NOT_ERASED = "rights:retention:failed", "The store refused such an erasure; nothing of it was done there."
    CODE_SENT = "rights:code:sent", "A verification code was sent."
    CODE_NOT_SENT = "rights:code:not_sent", "There was nowhere to send a verification code to."
    CODE_WITHHELD = "rights:code:withheld", "A verification code was not mailed, because too many were."
    CODE_ENDED = "rights:code:ended", "A verification code was ended, because the address it went to is no more."
    DETAILS_ENDED = "rights:details:ended", "What was said by somebody of whom nothing is held was deleted."
    DETAILS_READ = "rights:details:read", "Staff read what a request asks for, in clear."
    LETTER_SENT = "rights:letter:sent", "The person was written to."
    LETTER_FAILED = "rights:letter:failed", "A message to the person could not be sent."
    HOLD_PLACED = "rights:hold:placed", "Erasure was put off by a legal hold."
    HOLD_READ = "rights:hold:read", "Staff read why somebody's data are held, in clear."
    HOLD_LIFTED = "rights:hold:lifted", "A legal hold ended."
    CLIENT_ADDED = "identity:client:added", "A client got a token."
    CLIENT_REVOKED = "identity:client:revoked", "A client's token was revoked."
    LINK_CREATED = "identity:link:created", "A one-time sign-in link was made for staff."
    SIGN_IN_CODE_SENT = "identity:code:sent", "A customer was mailed a code to sign in with."
    SIGN_IN_CODE_NOT_SENT = "identity:code:not_sent", "A code to sign in with could not be mailed; it says why."
    SIGN_IN_FAILED = "identity:session:refused", "Credentials were refused."
    SIGN_IN_LOCKED = "identity:session:locked", "There were too many tries; it says by which limit, and names nobody."
    SESSION_STARTED = "identity:session:started", "Staff or a customer signed in."
    SESSION_ENDED = "identity:session:ended", "Staff or a customer signed out."
    SESSION_REVOKED = "identity:session:revoked", "A session was ended from elsewhere."
    TEXT_EXAMINED = "pii:text:examined", "A text was examined for personal data."
    STORES_SCANNED = (
        "pii:store:scanned",
        "Columns of the stores were looked over for personal data; it says what was found.",
    )
    BREACH_REGISTERED = "audits:breach:registered", "A personal data breach was entered in the register (GDPR 33(5))."
    BREACH_ASSESSED = "audits:breach:assessed", "The risk of a breach was judged; it says how."
    BREACH_AUTHORITY_TOLD = "audits:breach:authority_told", "The authority was told of a breach (GDPR 33(1))."
    BREACH_PEOPLE_TOLD = (
        "audits:breach:people_told",
        "The people were told of a breach, or need not be; it says by which exemption (GDPR 34).",
    )
    BREACH_AFFECTED = "audits:breach:affected", "Somebody looked up whom a breach touched; it says how many."
    BREACH_READ = "audits:breach:read", "Somebody read what is said of a breach."
    BREACH_CLOSED = "audits:breach:closed", "A breach was closed."
    AUDIT_COMPLETED = "audits:run:completed", "An audit programme was run."
    PAYLOADS_ERASED = (
        "auditlog:payload:erased",
        "Payloads were erased with their person; it says how many, and how many were others.",
    )
    LOG_PRUNED = "auditlog:entry:pruned", "Entries whose retention was over were deleted; it says up to where."
    LOG_HALTED = "auditlog:tree:halted", "A witness has seen another log: nothing is signed until a person has looked."
    LOG_RESUMED = "auditlog:tree:resumed", "A person has looked, and the log is signed again."
    LOG_RELEARNED = (
        "auditlog:tree:relearned",
        "After a restore the log took its later entries back; it says of how many the payload was in no backup.",
    )
    LOG_KEY_ROTATED = (
        "auditlog:key:rotated",
        "A new signing key took over; it says from which, and after which entry.",
    )
    LOG_READ = "auditlog:entry:read", "Entries of this log were looked at."
    MODULE_EVENT = "module:event:appended", "A module's own entry; its word for it is in the payload."
    MODULE_EVENT_REFUSED = (
        "module:event:refused",
        "A module named a customer who is not known here, or was erased, for an entry of its own; it names nobody.",
    )


SOURCES = frozenset(kind.partition(":")[0] for kind in EventType)
"""What writes here: no module's own type begins like one of ours."""
ABOUT_NOBODY = frozenset(
    {
        EventType.POLICY_SIMULATED,
        EventType.POLICY_LOADED,
        EventType.CONSENT_DENIED,
        EventType.ADDRESS_SUPPRESSED,
        EventType.ADDRESS_RELEASED,
        EventType.SUPPRESSION_CHECKED,
        EventType.EVIDENCE_ENDED,
        EventType.EPOCH_ROLLED,
        EventType.EPOCH_DESTROYED,
        EventType.KEYS_ROTATED,
        EventType.INDEX_ROTATED,
        EventType.RESTORE_REPLAYED,
        EventType.COLLECTION_SEALED,
        EventType.COLLECTION_UNSEALED,
        EventType.STORES_SCANNED,
        EventType.RECIPIENT_SECRET_CHANGED,
        EventType.ROWS_NOT_ERASED,
        EventType.CLIENT_ADDED,
        EventType.CLIENT_REVOKED,
        EventType.LINK_CREATED,
        EventType.SIGN_IN_FAILED,
        EventType.SIGN_IN_LOCKED,
        EventType.BREACH_REGISTERED,
        EventType.BREACH_ASSESSED,
        EventType.BREACH_AUTHORITY_TOLD,
        EventType.BREACH_PEOPLE_TOLD,
        EventType.BREACH_AFFECTED,
        EventType.BREACH_READ,
        EventType.BREACH_CLOSED,
        EventType.AUDIT_COMPLETED,
        EventType.PAYLOADS_ERASED,
        EventType.LOG_PRUNED,
        EventType.LOG_HALTED,
        EventType.LOG_RESUMED,
        EventType.LOG_RELEARNED,
        EventType.LOG_KEY_ROTATED,
        EventType.MODULE_EVENT_REFUSED,
    }
)
"""Of the service itself, or of many whom the entry must not name. All others a person may find among what is logged
about them, and there are words for it (`rights.languages`)."""
