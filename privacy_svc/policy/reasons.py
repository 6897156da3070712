"""Why a use was denied: a closed list, each reason with its article and a plain sentence for a person.

Codes are part of the HTTP contract: they may be added to, never renamed.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class ReasonCode(enum.StrEnum):
    UNKNOWN_MODULE = "unknown_module"
    UNKNOWN_PURPOSE = "unknown_purpose"
    UNKNOWN_FIELD = "unknown_field"
    PURPOSE_NOT_GRANTED = "purpose_not_granted"
    SUBJECT_KIND_NOT_COVERED = "subject_kind_not_covered"
    ERASED = "erased"
    RESTRICTED = "restricted"
    OBJECTED = "objected"
    CONSENT_MISSING = "consent_missing"
    CONSENT_REFUSED = "consent_refused"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_EXPIRED = "consent_expired"
    CONSENT_NOTICE_OUTDATED = "consent_notice_outdated"
    CONSENT_UNPROVEN = "consent_unproven"
    CONSENT_NOT_EXPLICIT = "consent_not_explicit"
    GUARDIAN_MISSING = "guardian_missing"
    GUARDIAN_OVER = "guardian_over"
    SPECIAL_CATEGORY = "special_category"
    UNCATEGORISED_FIELD = "uncategorised_field"
    CATEGORY_PROHIBITED = "category_prohibited"
    CATEGORY_NOT_IN_PURPOSE = "category_not_in_purpose"
    RETENTION_PASSED = "retention_passed"
    OBLIGATION_NOT_SUPPORTED = "obligation_not_supported"
    TAMPERED = "tampered"

    @property
    def article(self) -> str:
        return _TEXTS[self][0]

    @property
    def sentence(self) -> str:
        return _TEXTS[self][1]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of one decision. `field` is None when it holds for the whole request."""

    code: ReasonCode
    detail: str
    article: str
    field: str | None = None


def reason(code: ReasonCode, field: str | None = None) -> Reason:
    return Reason(code, code.sentence, code.article, field)


_TEXTS: Mapping[ReasonCode, tuple[str, str]] = {
    ReasonCode.UNKNOWN_MODULE: ("GDPR 5(1)(b)", "The module that asks is not registered."),
    ReasonCode.UNKNOWN_PURPOSE: ("GDPR 5(1)(b)", "The purpose is not one the organisation has declared."),
    ReasonCode.UNKNOWN_FIELD: ("GDPR 5(1)(c)", "The data map knows no such field."),
    ReasonCode.PURPOSE_NOT_GRANTED: ("GDPR 5(1)(b)", "This module may not work for this purpose."),
    ReasonCode.SUBJECT_KIND_NOT_COVERED: ("GDPR 5(1)(b)", "The purpose does not concern this kind of person."),
    ReasonCode.ERASED: ("GDPR 17", "The person's data were erased."),
    ReasonCode.RESTRICTED: ("GDPR 18(2)", "The person had the use of their data restricted; they are only stored."),
    ReasonCode.OBJECTED: ("GDPR 21", "The person objected to this use."),
    ReasonCode.CONSENT_MISSING: ("GDPR 6(1)(a)", "This needs the person's consent, and there is none."),
    ReasonCode.CONSENT_REFUSED: ("GDPR 6(1)(a)", "The person was asked and refused."),
    ReasonCode.CONSENT_WITHDRAWN: ("GDPR 7(3)", "The person withdrew their consent."),
    ReasonCode.CONSENT_EXPIRED: ("GDPR 7(1)", "The person's consent has run out and was not renewed."),
    ReasonCode.CONSENT_NOTICE_OUTDATED: (
        "GDPR 4(11)",
        "The person agreed to another text than the one that covers this use now.",
    ),
    ReasonCode.CONSENT_UNPROVEN: (
        "GDPR 7(1)",
        "The consent was imported without proof of what the person was shown, or of how they agreed.",
    ),
    ReasonCode.CONSENT_NOT_EXPLICIT: (
        "GDPR 9(2)(a)",
        "This is about special categories of data: the person agreed, but not by a statement of its own.",
    ),
    ReasonCode.GUARDIAN_MISSING: ("GDPR 8(1)", "At this age, or while the age is unknown, a parent must agree."),
    ReasonCode.GUARDIAN_OVER: (
        "GDPR 8(1)",
        "A parent agreed for a child who is old enough now: the person is to be asked themselves.",
    ),
    ReasonCode.SPECIAL_CATEGORY: (
        "GDPR 9(1)",
        "This field is a special category of data, and the purpose names no condition that allows its use.",
    ),
    ReasonCode.UNCATEGORISED_FIELD: ("GDPR 5(1)(c)", "The data map does not say yet what kind of data this field is."),
    ReasonCode.CATEGORY_PROHIBITED: ("GDPR 5(1)(c)", "The purpose excludes this kind of data."),
    ReasonCode.CATEGORY_NOT_IN_PURPOSE: ("GDPR 5(1)(c)", "The purpose does not need this kind of data."),
    ReasonCode.RETENTION_PASSED: ("GDPR 5(1)(e)", "The time for which this purpose may keep the data has passed."),
    ReasonCode.TAMPERED: ("GDPR 5(1)(f)", "The stored value is not the one that was sealed there."),
    ReasonCode.OBLIGATION_NOT_SUPPORTED: (
        "GDPR 5(1)(c)",
        "Some of it may be used only in part, and the module does not say that it drops and masks what it is told to.",
    ),
}

STEPS: Mapping[ReasonCode, str] = {
    ReasonCode.UNKNOWN_MODULE: "1-known",
    ReasonCode.UNKNOWN_PURPOSE: "1-known",
    ReasonCode.UNKNOWN_FIELD: "1-known",
    ReasonCode.PURPOSE_NOT_GRANTED: "2-granted",
    ReasonCode.SUBJECT_KIND_NOT_COVERED: "2-granted",
    ReasonCode.ERASED: "3-erasure",
    ReasonCode.RESTRICTED: "4-restriction",
    ReasonCode.OBJECTED: "5-objection",
    ReasonCode.CONSENT_MISSING: "6-legal-basis",
    ReasonCode.CONSENT_REFUSED: "6-legal-basis",
    ReasonCode.CONSENT_WITHDRAWN: "6-legal-basis",
    ReasonCode.CONSENT_EXPIRED: "6-legal-basis",
    ReasonCode.CONSENT_NOTICE_OUTDATED: "6-legal-basis",
    ReasonCode.CONSENT_UNPROVEN: "6-legal-basis",
    ReasonCode.CONSENT_NOT_EXPLICIT: "7-special-category",
    ReasonCode.GUARDIAN_MISSING: "6-legal-basis",
    ReasonCode.GUARDIAN_OVER: "6-legal-basis",
    ReasonCode.SPECIAL_CATEGORY: "7-special-category",
    ReasonCode.UNCATEGORISED_FIELD: "8-minimisation",
    ReasonCode.CATEGORY_PROHIBITED: "8-minimisation",
    ReasonCode.CATEGORY_NOT_IN_PURPOSE: "8-minimisation",
    ReasonCode.RETENTION_PASSED: "9-retention",
    ReasonCode.OBLIGATION_NOT_SUPPORTED: "10-masking",
    ReasonCode.TAMPERED: "gateway",
}
"""The step of the decision that gives each reason (see decide.py)."""
