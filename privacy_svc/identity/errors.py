"""What can be wrong about credentials, beside `NotSignedIn` and `Forbidden`."""

from privacy_svc.errors import Forbidden, NotSignedIn


class UnknownToken(NotSignedIn):
    slug, title = "unknown-token", "The token is not known or was revoked"
    remedy = "Ask the operator for a new token: `privacy-svc clients add` makes one."


class SessionEnded(NotSignedIn):
    slug, title = "session-ended", "Nobody is signed in, or the session has ended"
    remedy = "Sign in again: `privacy-svc console --as NAME` prints a one-time link."


class CrossSite(Forbidden):
    slug, title = "cross-site", "The request came from another site"
    remedy = "Open the page of this service and send the form from there."
