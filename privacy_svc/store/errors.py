"""What can be wrong about a name of the customer store."""

import difflib
from collections.abc import Iterable

from privacy_svc.errors import Forbidden, Misconfigured, NotFound


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


class CannotExpire(Misconfigured):
    slug, title = "cannot-expire", "The store does not let go of what a retention rule ends"
    remedy = (
        "Change the rule in the data map, or the columns in the store, as `errors` says. Nothing was changed there."
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` for a message, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
