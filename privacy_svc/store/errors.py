"""What can be wrong about a name of the customer store."""

from collections.abc import Iterable

from privacy_svc import errors
from privacy_svc.errors import BadRequest, Conflict, Forbidden, Misconfigured, NotFound
from privacy_svc.vault import Tampered


class UnknownDataset(NotFound):
    slug, title = "unknown-dataset", "The data map has no such dataset"


class UnknownCollection(NotFound):
    slug, title = "unknown-collection", "The dataset has no such collection"


class UnknownField(NotFound):
    slug, title = "unknown-field", "The collection has no such field"


class UnknownPurpose(NotFound):
    slug, title = "unknown-purpose", "The policy has no such purpose"


class UnknownRecord(NotFound):
    slug, title = "unknown-record", "The collection has no such record"


class NotPermitted(Forbidden):
    slug, title = "not-permitted", "The policy does not permit this use"
    remedy = "`detail` names what is refused and why; the policy and the person's choices decide."


class CannotSeal(Misconfigured):
    slug, title = "cannot-seal", "The store cannot be sealed as the data map says"
    remedy = "Change the fields that `errors` name in the data map, or their columns in the store. Nothing was changed."


class CannotErase(Conflict):
    slug, title = "cannot-erase", "A customer store does not take the erasure"
    remedy = "Change what `errors` name in the data map or in the store, and approve the request again."


class Unreadable(Tampered):
    """The same of values that a request about the person has to reach, with their places."""

    slug, title = "unreadable-values", "Sealed values of this person do not open"
    remedy = (
        "They were changed or moved, or the privacy database was put back to before their keys were made: put back the "
        "values that `errors` name, or a later backup of the privacy database. Where there is neither, nobody can read "
        "them any more: empty them in the store, and approve the request again."
    )


class CannotRectify(BadRequest):
    slug, title = "cannot-rectify", "A value cannot be corrected so"
    remedy = "`errors` name the fields and why. Nothing was changed; ask the person, or mend the store or the data map."


class CannotExpire(Misconfigured):
    slug, title = "cannot-expire", "The store does not let go of what a retention rule ends"
    remedy = (
        "Change the rule in the data map, or the columns in the store, as `errors` says. Nothing was changed there."
    )


class Moved(Conflict):
    slug, title = "value-moved", "A value was changed meanwhile"
    remedy = "Look at the request's details again, with what stands there now, and approve it if it is still right."


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` for a message, or nothing."""
    near = errors.nearest(name, known)
    return f"; did you mean {near!r}?" if near else ""
