"""Giving a receipt out: the record as its own policy described it, signed."""

from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.auditlog import Signer
from privacy_svc.consent import service
from privacy_svc.consent.model import Consent
from privacy_svc.consent.receipts import receipt
from privacy_svc.errors import NotFound
from privacy_svc.policy import PolicySet, recall


def issue_receipt(
    session: Session, signer: Signer, policies: PolicySet, consent: Consent, base_url: str
) -> dict[str, Any]:
    """What was recorded about the purpose until this consent. Verified with `auditlog.verify_json` and the public
    key alone. The same at any time: later records have their own."""
    if not consent.notice_id:
        raise NotFound(
            "This consent was imported without the text that was shown: a receipt would say what nobody knows."
        )
    then = policies if policies.version == consent.policy_version else recall(session, consent.policy_version)
    if then is None:
        raise NotFound("The policy under which this consent was recorded is not kept here.")
    said = [
        event
        for event in service.history(session, consent.subject_id, consent.purpose)
        if event.state_version <= consent.state_version
    ]
    return signer.sign_json(receipt(then, consent.subject_id, said, base_url))
