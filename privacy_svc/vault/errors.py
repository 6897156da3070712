"""What the vault alone raises; Erased and KeyUnavailable are in the base, other rooms raise them too."""

from privacy_svc.errors import Misconfigured, PrivacyError


class Tampered(PrivacyError):
    """A sealed value does not open where it stands: changed, cut, or moved from another place.

    One error without detail for every cause, so that nothing is learned by trying.
    """

    status, slug, title = 500, "tampered", "A sealed value was changed or moved"
    remedy = "Restore the value from a backup; the audit log tells who last wrote it through the gateway."


class Restored(Misconfigured):
    """The database was restored from a backup and does not know of later erasures. Nothing is served."""

    status, slug, title = 503, "restored", "A backup was restored and its fences are not replayed yet"
    remedy = "The operator runs `privacy-svc restore replay`; see docs/operations.md."
