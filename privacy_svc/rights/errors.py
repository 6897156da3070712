"""What can be wrong about a request."""

from collections.abc import Mapping, Sequence
from typing import Any

from privacy_svc.errors import BadRequest, Conflict, Fault, Forbidden, NotFound, PrivacyError


class UnknownRequest(NotFound):
    slug, title = "unknown-request", "There is no such request"


class WrongCode(Forbidden):
    slug, title = "wrong-code", "The code is wrong or no longer valid"
    remedy = "Type the newest code as it was mailed, or have a new one sent: POST /v1/requests/{id}/code."


class OnHold(Conflict):
    slug, title = "on-hold", "A legal hold stops the erasure"
    remedy = "Lift the hold when its ground is gone, or refuse the request on that ground."


class Unanswered(Conflict):
    slug, title = "request-open", "Another request of the person has to be answered first"
    remedy = "Answer or end the request that `detail` names, then approve the erasure."


class AddressMissing(Conflict):
    slug, title = "no-address-on-file", "There is no e-mail address on file to send a code to"
    remedy = "Have a member of the staff verify the person: POST /v1/requests/{id}/verify with a reason."


class PackageLinkGone(PrivacyError):
    """Also for a token that never was one, and for an erased person: it tells nobody which."""

    status, slug, title = 410, "package-link-gone", "This link does not lead to a package any more"
    remedy = "Ask for a new one: it is sent to your address on file."


class CertificateLinkGone(PackageLinkGone):
    slug, title = "certificate-link-gone", "This link does not lead to a certificate any more"
    remedy = "Open the link of the last letter, whole; who has lost it asks the data protection officer."


class BadDetails(BadRequest):
    slug, title = "bad-details", "The details do not fit the right"
    remedy = "`detail` says what this right needs in `details`."


class DataLeft(PrivacyError):
    """The read-back after an erasure found values of the person."""

    slug, title = "data-left", "Values of the person are still in the store"
    remedy = (
        "Say of each place whether the value is taken out of the text there or may stay: `privacy-svc request leftover "
        "ID --place …`, or POST …/leftovers; of a single row with `--row`, `row`. Or remove it in the store. Then "
        "approve the request again."
    )

    def __init__(self, detail: str, *, faults: Sequence[Fault] = (), rows: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail, faults=faults)
        self.rows = dict(rows or {})
        """By place: key, and whether it is a namesake's."""


class Interrupted(PrivacyError):
    """A run that ended for a reason nobody foresaw."""

    slug, title = "interrupted", "The run ended unexpectedly"
    remedy = (
        "The operator finds the cause in the worker's log under the request's id; approving again goes on from there."
    )
