"""What is refused on the way to a consent."""

from privacy_svc.errors import Conflict, Forbidden, NotFound, PrivacyError


class MayNotRecord(Forbidden):
    slug, title = "may-not-record", "This module may not record that somebody consented to this purpose"
    remedy = "Have the DPO name the purpose under the module's `records` in modules.yml. A no needs no such right."


class MayNotRead(Forbidden):
    slug, title = "may-not-read-consents", "This module may not read consents to this purpose"
    remedy = "Have the DPO name the purpose under the module's `purposes` or `records` in modules.yml."


class NoAddress(Conflict):
    slug, title = "no-address", "There is no e-mail address to confirm this consent by"
    remedy = "Enter the person's e-mail address in the customer store first, then record the consent again."


class LinkGone(PrivacyError):
    """Also for a token that never was one: it tells nobody which."""

    status, slug, title = 410, "confirmation-gone", "This link does not confirm anything any more"
    remedy = "Agree once more where you did before: a new link is sent to you. What you did before is not lost."


class UnknownLink(NotFound):
    slug, title = "unknown-link", "This is not a link to unsubscribe"
    remedy = "Open the whole link of the mail. `POST /v1/consents/unsubscribe-link` makes one."


class NoticeChanged(Conflict):
    """While the person read it."""

    slug, title = "notice-changed", "The text that was agreed to is not the one of now"
    remedy = "Show the person the text as it is now, and ask again."
