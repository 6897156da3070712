"""What goes wrong with a log, in words for the operator."""

from privacy_svc.errors import PrivacyError


class LogInconsistent(PrivacyError):
    """The tree does not contain what was signed before. Nothing is signed until a person has looked."""

    slug, title = "log-inconsistent", "The audit log contradicts its own checkpoints"
    remedy = (
        "Run `privacy-svc log verify`; it names the entries. Restore the log from a backup; do not delete checkpoints."
    )


class LogHalted(LogInconsistent):
    """A witness has seen another log than this one: entries wait until a person has looked."""

    title = "The audit log is halted until a person has looked"
    remedy = (
        "Run `privacy-svc log verify`, and ask the witness's operator what it has seen. "
        "Then `privacy-svc log resume --reason TEXT`."
    )


class WitnessAway(PrivacyError):
    """The witness did not cosign; it is asked again. Nothing depends on it meanwhile."""

    slug, title = "witness-away", "The witness did not cosign the log"
