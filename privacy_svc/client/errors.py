"""Everything the SDK raises. Whatever it is, nothing may be used: there is no error after which a module goes on.

    PrivacyError
    ├── Denied             the policy says no
    │   └── Unanswered     nobody said yes: no answer, no answer in time, or none that can be understood
    ├── Problem            the service refused the call itself
    │   ├── BadCall        400, 405, 413, 415, 422: mend the call
    │   ├── NotSignedIn    401: the token is wrong or was revoked
    │   ├── Forbidden      403: the token or the policy does not allow this call
    │   ├── NotFound       404: no such customer, record, purpose or field; `slug` says which
    │   ├── Conflict       409
    │   ├── Erased         410: drop your reference to this person
    │   └── Failed         500: the service's log has the cause
    ├── Unsendable         what you passed is no JSON or no text: mend the call; nothing was sent
    └── WebhookRefused     a webhook that the service did not send, or not now

No message holds personal data or the token: the service's own texts hold none, and nothing that was sent is repeated.
"""

from collections.abc import Mapping, Sequence


class PrivacyError(Exception):
    """Base of all."""


class Denied(PrivacyError):
    """`reasons` are the policy's codes, e.g. `consent_missing`."""

    def __init__(self, message: str, reasons: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)


class Unanswered(Denied):
    """To be treated as a no. `sent`: a change that may have been made all the same; sent again with
    `idempotency_key` it is made once. `retry_after`: seconds, where the service named them."""

    def __init__(
        self, message: str, *, sent: bool = False, idempotency_key: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.sent, self.idempotency_key, self.retry_after = sent, idempotency_key, retry_after


class Unsendable(PrivacyError):
    pass


class Problem(PrivacyError):
    """RFC 9457. `slug` is the stable name, `errors` are the places that are wrong, `instance` names the request in the
    service's log."""

    def __init__(
        self,
        status: int,
        slug: str,
        title: str,
        detail: str,
        errors: Sequence[Mapping[str, str]] = (),
        instance: str = "",
    ) -> None:
        places = "; ".join(f"{e.get('pointer', '')} {e.get('detail', '')}" for e in errors)
        super().__init__(f"{status} {slug}: {detail or title}" + (f" ({places})" if places else ""))
        self.status, self.slug, self.title, self.detail = status, slug, title, detail
        self.errors, self.instance = tuple(errors), instance


class BadCall(Problem):
    pass


class NotSignedIn(Problem):
    pass


class Forbidden(Problem):
    pass


class NotFound(Problem):
    pass


class Conflict(Problem):
    pass


class Erased(Problem):
    pass


class Failed(Problem):
    pass


_KINDS = {401: NotSignedIn, 403: Forbidden, 404: NotFound, 409: Conflict, 410: Erased}


def problem(status: int, told: Mapping[str, object]) -> Problem:
    """The error that a problem+json document tells; one that tells nothing keeps its status."""
    kind = _KINDS.get(status, BadCall if status < 500 else Failed)
    errors = told.get("errors")
    places = [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
    slug = str(told.get("type", "")).rpartition("/")[2] or "unknown"
    text = {name: str(told.get(name, "")) for name in ("title", "detail", "instance")}
    return kind(status, slug, text["title"], text["detail"], places, text["instance"])
