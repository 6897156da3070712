"""What can be wrong about credentials, beside `NotSignedIn` and `Forbidden`."""

from privacy_svc.errors import Forbidden, NotSignedIn
from privacy_svc.http import TooManyRequests


class UnknownToken(NotSignedIn):
    slug, title = "unknown-token", "The token is not known or was revoked"
    remedy = "Ask the operator for a new token: `privacy-svc clients add` makes one."


class SessionEnded(NotSignedIn):
    slug, title = "session-ended", "Nobody is signed in, or the session has ended"
    remedy = "Sign in again: `privacy-svc console --as NAME` prints a one-time link."


class CodeRefused(NotSignedIn):
    """The same for a wrong code, an old one, one that was tried too often, and an address that nobody has."""

    slug, title = "sign-in-code-refused", "The code is wrong or no longer valid"
    remedy = "Type the code of the newest mail, in the browser that asked for it; or ask for another one."


class TooManyTries(TooManyRequests):
    slug, title = "too-many-tries", "This was tried too often"
    remedy = "Wait for as many seconds as the response's `Retry-After` header says. Nothing else helps."

    def __init__(self, seconds: int) -> None:
        super().__init__("This was tried too often. Wait a while.")
        self.retry_after = seconds


class CrossSite(Forbidden):
    slug, title = "cross-site", "The request came from another site"
    remedy = "Open the page of this service and send the form from there."
