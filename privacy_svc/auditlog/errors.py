"""What goes wrong with a log, in words for the operator."""

from privacy_svc.errors import BadRequest, NotFound, PrivacyError


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


class WitnessContradicts(LogInconsistent):
    """The witness itself says that it has seen another log under this name: the log is halted."""


class WitnessAway(PrivacyError):
    """The witness did not cosign; it is asked again. Nothing depends on it meanwhile."""

    slug, title = "witness-away", "The witness did not cosign the log"


class UnknownType(BadRequest):
    slug, title = "unknown-entry-type", "The log has no entries of this type"
    remedy = "Use a type of `privacy-svc log types`, or a beginning of one up to a colon."


class NotYet(NotFound):
    """Written, and waiting for its place in the tree: nothing proves it yet."""

    slug, title, retry_after = "not-in-the-tree-yet", "The entry is not in the log's tree yet", 2
    remedy = "Ask again after as many seconds as `Retry-After` says."
