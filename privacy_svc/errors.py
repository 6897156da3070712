"""One base error for the whole service.

A subclass states what kind of problem it is; the HTTP layer turns it into RFC 9457
problem+json, the command line into one line and an exit code. A room keeps its own
subclasses in its `errors.py`, or here when two rooms raise them.

No message may carry personal data: errors are logged and returned.
"""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

LONGEST_WORD = 80
"""Letters of a word that is looked for: who sends a longer one is not worth the time that it takes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One place that is wrong. `pointer` is a JSON pointer, a setting or `file:line`."""

    pointer: str
    detail: str


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known word that was probably meant, for the way out of a refusal; None where none is near. Capitals, and a
    dash for an underscore, are no difference."""
    words = {_plain(w): w for w in sorted(known, reverse=True)}
    found = difflib.get_close_matches(_plain(word[:LONGEST_WORD]), words, n=1, cutoff=cutoff)
    return words[found[0]] if found else None


def _plain(word: str) -> str:
    return word.lower().replace("-", "_")


class PrivacyError(Exception):
    """Base of every error this service raises on purpose."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side"
    remedy: ClassVar[str] = "The operator finds the cause in the service's log under this request's id."
    retry_after: int | None = None
    """Seconds, for what helps itself; of the kind, or of one error."""

    def __init__(self, detail: str, *, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n".join([self.detail, *(f"  {f.pointer}: {f.detail}" for f in self.faults)])


class BadRequest(PrivacyError):
    status, slug, title = 400, "bad-request", "The request cannot be understood"
    remedy = "Mend what `detail` and `errors` name and send it again."


class InvalidBody(BadRequest):
    slug, title = "invalid-body", "The body does not fit the contract"


class NotSignedIn(PrivacyError):
    status, slug, title = 401, "not-signed-in", "No valid credentials were sent"
    remedy = "Send `Authorization: Bearer <token>`; `privacy-svc clients add` makes one."


class Forbidden(PrivacyError):
    status, slug, title = 403, "forbidden", "These credentials may not do this"
    remedy = "Use a client with the role that `detail` names."


class NotFound(PrivacyError):
    status, slug, title = 404, "not-found", "There is no such thing here"
    remedy = "Check the path and the names in it; `detail` names the nearest known one."


class UnknownCustomer(NotFound):
    slug, title = "unknown-customer", "The customer store has no such customer"


class Conflict(PrivacyError):
    status, slug, title = 409, "conflict", "The present state does not allow this"
    remedy = "Read the current state; `detail` says what it would have to be."


class SharedAddress(Conflict):
    """Several people of the store have the address or number that was to name one."""


class Erased(PrivacyError):
    """The person's key is destroyed: what was sealed with it cannot be read again, by anybody."""

    status, slug, title = 410, "erased", "This person's data were erased"
    remedy = "Nothing brings them back. Remove the reference to this person."


class TooLarge(PrivacyError):
    status, slug, title = 413, "too-large", "The body is larger than allowed"
    remedy = "Send less at once; `detail` names the limit."


class HeadersTooLarge(PrivacyError):
    status, slug, title = 431, "headers-too-large", "The request's headers are larger than allowed"
    remedy = "Send fewer or shorter headers; a browser deletes the cookies of this site."


class Unavailable(PrivacyError):
    status, slug, title = 503, "unavailable", "Something this needs is away"
    remedy = "Try again; nothing was changed. `detail` names what is away."


class Overloaded(Unavailable):
    slug, title = "overloaded", "Too many requests wait here"
    remedy = "Send it again after as many seconds as `Retry-After` says, and fewer at a time. Nothing was changed."


class DatabaseBusy(Unavailable):
    slug, title = "database-busy", "The privacy database is busy or away"


class DatabaseFull(DatabaseBusy):
    """Where waiting does not help: somebody has to make room."""

    slug, title = "database-full", "The disk of the privacy database is full"
    remedy = "Nothing was changed. Make room on the disk that the database is on; the service goes on by itself."


class Deadlocked(DatabaseBusy):
    """Two transactions waited for each other; this one was ended, and may be tried again."""


class StoreUnavailable(Unavailable):
    slug, title = "store-unavailable", "The customer store cannot be reached or written"


class KeyUnavailable(Unavailable):
    """The key provider does not answer: unlike `Erased`, the data come back with it."""

    slug, title = "key-unavailable", "The key provider is away"


class Misconfigured(PrivacyError):
    """Wrong settings, policies or data map. The command line exits with 2."""

    slug, title = "misconfigured", "The configuration does not fit"
    remedy = "Mend the file and line that `errors` name; `privacy-svc policy check` tells whether it fits now."


class SchemaChanged(Misconfigured):
    status, slug, title = 503, "schema-changed", "The store's tables no longer fit the data map"
    remedy = "Bring policies/datasets in line with the store (or the store with the data map) and start again."


def all_problems() -> Iterator[type[PrivacyError]]:
    """Every error class in use, for the pages under /problems/ and their test."""
    waiting: list[type[PrivacyError]] = [PrivacyError]
    while waiting:
        kind = waiting.pop(0)
        yield kind
        waiting.extend(kind.__subclasses__())
