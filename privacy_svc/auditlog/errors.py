"""What goes wrong with a log, in words for the operator."""

from privacy_svc.errors import PrivacyError


class LogInconsistent(PrivacyError):
    """The tree does not contain what was signed before. Nothing is signed until a person has looked."""

    slug, title = "log-inconsistent", "The audit log contradicts its own checkpoints"
    remedy = (
        "Run `privacy-svc log verify`; it names the entries. Restore the log from a backup; do not delete checkpoints."
    )


class WitnessAway(PrivacyError):
    """The witness did not cosign; it is asked again. Nothing depends on it meanwhile."""

    slug, title = "witness-away", "The witness did not cosign the log"
