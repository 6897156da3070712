"""What the vault alone raises; Erased and KeyUnavailable are in the base, other rooms raise them too."""

from privacy_svc.errors import PrivacyError


class Tampered(PrivacyError):
    """A sealed value does not open where it stands: changed, cut, or moved from another place.

    One error without detail for every cause, so that nothing is learned by trying.
    """

    status, slug, title = 500, "tampered", "A sealed value was changed or moved"
    remedy = "Restore the value from a backup; the audit log tells who last wrote it through the gateway."
