"""What can be wrong about credentials, beside `NotSignedIn` and `Forbidden`."""

from privacy_svc.errors import Forbidden, NotSignedIn, Unavailable
from privacy_svc.http import TooManyRequests


class UnknownToken(NotSignedIn):
    slug, title = "unknown-token", "The token is not known or was revoked"
    remedy = "Ask the operator for a new token: `privacy-svc clients add` makes one."


class SessionEnded(NotSignedIn):
    slug, title = "session-ended", "Nobody is signed in, or the session has ended"
    remedy = "Sign in again: `privacy-svc console --as NAME` prints a one-time link."


class TooManyTries(TooManyRequests):
    slug, title = "too-many-tries", "This was tried too often"
    remedy = "Wait for as many seconds as the response's `Retry-After` header says. Nothing else helps."

    def __init__(self, seconds: int) -> None:
        super().__init__("This was tried too often. Wait a while.")
        self.retry_after = seconds


class CrossSite(Forbidden):
    slug, title = "cross-site", "The request came from another site"
    remedy = "Open the page of this service and send the form from there."


class ProviderAway(Unavailable):
    slug, title = "provider-away", "Your organisation's sign-in does not answer"
    remedy = "Try again in a while. A one-time link of the operator works meanwhile: `privacy-svc console` prints one."


class SignInRefused(NotSignedIn):
    """`why` is one of our own words, for the log; the page says the same for all."""

    slug, title = "sign-in-refused", "This sign-in was not accepted"
    remedy = "Begin again at /dpo/sign-in. Where that does not help, the operator finds the reason in the audit log."

    def __init__(self, why: str) -> None:
        super().__init__("What came back from your organisation's sign-in does not fit what was asked of it here.")
        self.why = why


class NoRole(Forbidden):
    slug, title = "no-role", "Your account has no role here"
    remedy = "Ask whoever looks after your organisation's accounts for the group or role that this service knows."
