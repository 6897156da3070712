"""The letters a request causes, in plain words. Pure.

A refusal names the authority and the remedy (Art. 12(4) GDPR): it cannot be written without them.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from privacy_svc.mail import Letter
from privacy_svc.policy import Organisation
from privacy_svc.rights.grounds import Ground
from privacy_svc.rights.states import Right

WHAT = {
    Right.ACCESS: "to see the data we hold about you",
    Right.RECTIFICATION: "to have your data corrected",
    Right.ERASURE: "to have your data erased",
    Right.RESTRICTION: "to restrict the use of your data",
    Right.PORTABILITY: "to receive your data to take elsewhere",
    Right.OBJECTION: "to stop a use of your data",
    Right.AUTOMATED_DECISION: "to have an automated decision reviewed by a person",
}


def _letter(organisation: Organisation, subject: str, *paragraphs: str) -> Letter:
    dpo = organisation.dpo
    closing = f"{organisation.controller.name}\nData protection: {dpo.name}" + (f", {dpo.email}" if dpo.email else "")
    return Letter(subject, "\n\n".join(["Hello,", *paragraphs, closing]) + "\n")


def code(organisation: Organisation, right: Right, digits: str, minutes: int) -> Letter:
    return _letter(
        organisation,
        f"Your code for {organisation.controller.name}",
        f"somebody, we hope you, asked us {WHAT[right]}. To show that it is you, give this code:",
        f"    {digits}",
        f"It is valid for {minutes} minutes. If it was not you, do nothing: without the code nothing happens.",
    )


def completed(organisation: Organisation, right: Right, where: str) -> Letter:
    told = {
        Right.ACCESS: f"Your data are ready for you in the Privacy Centre: {where}",
        Right.PORTABILITY: f"Your data are ready for you in the Privacy Centre: {where}",
        Right.RECTIFICATION: "Your data are corrected. We tell everybody who received them.",
        Right.ERASURE: "Your data are erased. This is the last message we send you about it.",
        Right.RESTRICTION: "Your data are only stored from now on. We tell you before that ends.",
        Right.OBJECTION: "We no longer use your data for this.",
        Right.AUTOMATED_DECISION: "A person has looked at the decision again.",
    }
    return _letter(organisation, "Your request is done", f"you asked us {WHAT[right]}.", told[right])


def refused(organisation: Organisation, right: Right, ground: Ground, explanation: str) -> Letter:
    authority = organisation.authority
    place = ", ".join(part for part in (authority.name, authority.address, authority.email) if part)
    return _letter(
        organisation,
        "About your request",
        f"you asked us {WHAT[right]}. We cannot do this.",
        f"The ground: {ground.sentence}\n{explanation}",
        f"You can complain to the supervisory authority (Art. 77 GDPR): {place}.",
        "You can also go to court (Art. 79 GDPR).",
    )


def extended(organisation: Organisation, right: Right, reason: str, due_at: datetime) -> Letter:
    day = due_at.astimezone(ZoneInfo(organisation.time_zone)).date().isoformat()
    return _letter(
        organisation,
        "Your request takes longer",
        f"you asked us {WHAT[right]}. We need more time, because of {reason} (Art. 12(3) GDPR).",
        f"You hear from us by {day} at the latest.",
    )
